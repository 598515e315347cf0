// SPDX-License-Identifier: Apache-2.0
// cli: sendmail(1), mailq(1) and newaliases(1), printed from the table of options.
#include "cli/sendmail_manual.h"

#include <array>
#include <string_view>

#include "base/format.h"
#include "cli/sendmail_options.h"
#include "config/manual.h"

namespace gatepost::cli {
namespace {

struct Status {
  int code;
  std::string_view text;
};
constexpr std::array kStatuses{
    Status{0, "the message is durable in the maildrop, and will not be lost"},
    Status{64, "the command line is wrong, or nobody is to get the message"},
    Status{65, "an address is none, or the message holds a NUL or is too large"},
    Status{67, "-bv: an address is none"},
    Status{69, "there is no maildrop, or it may not be used"},
    Status{74, "standard input or output failed"},
    Status{75, "the disk is full or failing: try again later"},
    Status{77, "authorized_submit_users keeps the caller out"},
    Status{78, "the configuration cannot be read"},
};

std::string page_head(std::string_view name, std::string_view what, std::string_view synopsis) {
  return format(
      ".\\\" Printed by gatepost manual {0}.\n.TH {1} 1 \"\" \"gatepost\" \"gatepost\"\n"
      ".SH NAME\n{0} \\- {2}\n.SH SYNOPSIS\n{3}\n.SH DESCRIPTION\n",
      name,
      name == "sendmail" ? "SENDMAIL"
      : name == "mailq"  ? "MAILQ"
                         : "NEWALIASES",
      config::roff(what), synopsis);
}

}  // namespace

std::string sendmail_help() {
  std::string out = "usage: sendmail [OPTION ...] [ADDRESS ...]\n\n";
  for (const SendmailOption& row : sendmail_options()) {
    append_format(out, "  -{} {}\n      {}\n", row.letter, row.argument, row.text);
  }
  return out;
}

std::string sendmail_page() {
  std::string out = page_head("sendmail", "takes mail from local programs",
                              ".B sendmail\n[OPTION ...] [ADDRESS ...]");
  out +=
      "Reads a message from standard input up to its end, or to a line with a dot alone, and "
      "leaves "
      "it in the maildrop, from where gatepost takes it in. It need not be running for that. Lines "
      "may end in LF or CRLF. Date, Message\\-ID and From are added where they lack, Bcc is "
      "removed, "
      "and addresses without a domain get @$myorigin.\n"
      ".PP\nRecipients that turn out not to exist are reported to the sender by mail.\n"
      ".SH OPTIONS\n";
  for (const SendmailOption& row : sendmail_options()) {
    append_format(out, ".TP\n.BR \\-{} \" {}\"\n{}\n", row.letter, config::roff(row.argument),
                  config::roff(row.text));
  }
  out += ".SH EXIT STATUS\n";
  for (const Status& status : kStatuses) {
    append_format(out, ".TP\n{}\n{}\n", status.code, config::roff(status.text));
  }
  out +=
      ".SH DIFFERENCES\nWith \\-t, Sendmail takes the addresses of the command line out of the "
      "recipients; here, as in Postfix, they are added. No dead.letter is written: who calls has "
      "the "
      "message still, and the exit status.\n"
      ".SH SEE ALSO\n.BR mailq (1),\n.BR newaliases (1),\n.BR gatepost.conf (5)\n";
  return out;
}

std::string mailq_page() {
  std::string out =
      page_head("mailq", "lists the mail that waits", ".B mailq\n[\\-c FILE] [\\-\\-json]");
  out +=
      "Prints the messages that wait to be sent on, in the form of postqueue \\-p: queue id "
      "(followed "
      "by ! for one on hold), size, time of arrival, sender; why it still waits; the recipients. "
      "The "
      "running service is asked at its control socket, which answers root, mail_owner and the "
      "members "
      "of control_group.\n"
      ".SH OPTIONS\n.TP\n.BR \\-c \" FILE\"\nThe configuration.\n.TP\n.B \\-\\-json\nOne JSON "
      "object "
      "for each message.\n"
      ".SH EXIT STATUS\n0 when the queue was listed; 69 when the service does not run or may not "
      "be "
      "asked.\n"
      ".SH SEE ALSO\n.BR sendmail (1),\n.BR gatepost.conf (5)\n";
  return out;
}

std::string newaliases_page() {
  std::string out = page_head("newaliases", "checks the alias files", ".B newaliases\n[\\-c FILE]");
  out +=
      "There is no database to build: gatepost reads alias files itself and sees when they change. "
      "This command checks the configuration and all files it names, and tells what is wrong in "
      "them, with file and line.\n"
      ".SH EXIT STATUS\n0 when all is right, 78 when something is wrong.\n"
      ".SH SEE ALSO\n.BR sendmail (1),\n.BR gatepost.conf (5)\n";
  return out;
}

}  // namespace gatepost::cli

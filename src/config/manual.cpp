// SPDX-License-Identifier: Apache-2.0
// config: gatepost.conf(5) and the sample file, printed from keys.def.
#include "config/manual.h"

#include <array>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "config/rows.h"

namespace gatepost::config {

namespace {

constexpr std::array kDifferences{
    Difference{"mynetworks", "the networks of all interfaces, or this host",
               "Only this host may send anywhere: what else lies in a network is not known."},
    Difference{"smtpd_tls_security_level", "empty",
               "TLS is offered, with a certificate made for the purpose where there is no other."},
    Difference{"smtpd_tls_received_header", "no", "What happened to a message can be read in it."},
    Difference{"smtpd_tls_loglevel", "0", "One line for each handshake."},
    Difference{"smtpd_tls_protocols", ">=TLSv1",
               "Older versions are broken, and RFC 8996 section 1 retires them."},
    Difference{"smtpd_forbid_bare_newline", "no before 3.9",
               "A message must not be split in two by what one server takes for its end and "
               "another does not."},
    Difference{"smtpd_forbid_unauth_pipelining", "no before 3.9",
               "Who does not wait for replies is no mail server."},
    Difference{"relay_domains", "$mydestination before compatibility level 2",
               "Nothing is sent on that nobody asked for."},
    Difference{
        "local_recipient_maps", "unix:passwd.byname and $alias_maps",
        "Users are those of passwd_file; an empty value does not accept mail for everybody."},
    Difference{"smtpd_hard_error_limit", "1 under stress", "There is no stress mode."},
    Difference{"maillog_file", "empty", "The journal is written to directly where there is one."},
};

constexpr std::string_view kHead =
    ".\\\" Printed by gatepost manual config.\n"
    ".TH GATEPOST.CONF 5 \"\" \"gatepost\" \"gatepost\"\n"
    ".SH NAME\n"
    "gatepost.conf \\- configuration of gatepost\n"
    ".SH SYNOPSIS\n"
    ".B /etc/gatepost/gatepost.conf\n"
    ".PP\n"
    ".B gatepost check\n"
    "tells what is wrong in it,\n"
    ".B gatepost config\n"
    "shows what is in force.\n";

struct Paragraph {
  std::string_view term;  // Empty: running text.
  std::string_view text;
};

constexpr std::array kForm{
    Paragraph{
        "",
        "The form is that of main.cf, and so are the names wherever Postfix has the same thing."},
    Paragraph{"NAME = VALUE",
              "sets a parameter. The value goes to the end of the line, without white space around "
              "it. Of "
              "a parameter that is set twice the last one counts."},
    Paragraph{"continuation",
              "A line that begins with white space goes on with the one before. Empty lines, and "
              "lines whose "
              "first character after white space is #, are left out, also in between."},
    Paragraph{"SERVICE.NAME = VALUE",
              "sets a parameter for one service: smtp, submission or submissions. Parameters "
              "marked \"each service\" allow "
              "that."},
    Paragraph{"$NAME, ${NAME}, $(NAME)",
              "stands for the value of another parameter, also one of your own making. $$ is a "
              "dollar sign."},
    Paragraph{"${NAME?TEXT}, ${NAME:TEXT}",
              "TEXT when the parameter has a value, or when it has none; ${NAME?{A}:{B}} has "
              "both."},
    Paragraph{"${{A} == {B} ? {X} : {Y}}",
              "compares; also != < <= > and >=. Numbers compare as numbers."},
    Paragraph{"times", "A number and s, m, h, d or w; without one, seconds."},
    Paragraph{"octets", "A number, with k, M or G (also KiB, MiB, GiB) in powers of 1024."},
    Paragraph{"lists",
              "Words separated by commas or white space; {braces} keep words together. In lists of "
              "domains and of "
              "address blocks, /FILE stands for the lines of a file, type:table for the keys of a "
              "table, and ! in "
              "front of an entry excludes what it matches. The first entry that matches decides."},
    Paragraph{"paths", "Relative ones begin at the folder of the configuration."},
};

constexpr std::array kTables{
    Paragraph{"",
              "Tables are read from text and read again when their file changes. One that has "
              "become wrong stays as "
              "it was, and the log says so."},
    Paragraph{"hash: btree: lmdb: cdb: dbm: texthash:",
              "A text file of lines \"key value\", as for postmap; there is no database to build. "
              "Case does not count."},
    Paragraph{"cidr:",
              "Lines \"192.0.2.0/24 value\"; !block, and if block ... endif. The first that "
              "matches counts."},
    Paragraph{
        "regexp:",
        "Lines \"/pattern/flags value\" with POSIX extended expressions (x: basic ones); "
        "!/pattern/, if and endif; $1 in the value. Case does not count unless the flag i says "
        "so."},
    Paragraph{
        "pcre:",
        "The same with Perl's expressions. A match that takes too long is a temporary error."},
    Paragraph{"static:VALUE", "finds every key."},
    Paragraph{"inline:{KEY=VALUE, {KEY = TWO WORDS}}",
              "A table in the configuration itself; cidr:, regexp: and pcre: take "
              "their lines in {{...}, {...}}."},
    Paragraph{"unix:passwd.byname", "/etc/passwd."},
    Paragraph{"unionmap:{A, B} pipemap:{A, B}",
              "All results of several tables, or each one's result as the next one's key."},
};

template <std::size_t kCount>
void add_paragraphs(std::string& out, const std::array<Paragraph, kCount>& paragraphs) {
  for (const Paragraph& paragraph : paragraphs) {
    if (paragraph.term.empty()) {
      append_format(out, "{}\n", roff(paragraph.text));
    } else {
      append_format(out, ".TP\n.B {}\n{}\n", roff(paragraph.term), roff(paragraph.text));
    }
  }
}

std::string facts_of(const Row& row) {
  std::string facts(row.kind->form);
  if (row.limits.check == Limits::Check::Between) {
    append_format(facts, ", at least {} and at most {}", row.limits.low.view(),
                  row.limits.high.view());
  }
  if (row.per_service()) facts += "; each service";
  if (row.reload == Reload::Start) facts += "; read at the start only";
  return facts;
}

void add_row(std::string& out, const Row& row) {
  std::string initial = row.initial.empty() ? "empty" : roff(row.initial);
  // Within quotes it would end them.
  for (std::size_t at = 0; (at = initial.find('"', at)) != initial.npos; ++at) {
    initial.replace(at, 1, "\\(dq");
  }
  append_format(out, ".TP\n.BR {} \" (default: {})\"\n{}\n", roff(row.name), initial,
                roff(row.text));
  append_format(out, ".br\nValue: {}.\n", roff(facts_of(row)));
  for (const std::string_view service : kServiceNames) {
    if (const auto value = service_default(service, row.name)) {
      append_format(out, ".br\nDefault of {}: {}.\n", roff(service), roff(*value));
    }
  }
}

/// Words of `text` in lines that begin with `lead`, at most `width` octets each.
void wrap(std::string& out, std::string_view lead, std::string_view text, std::size_t width) {
  std::string line(lead);
  for (const std::string_view word : split(text, " ")) {
    if (line.size() > lead.size() && line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line = lead;
    }
    line += " " + std::string(word);
  }
  out += line + "\n";
}

constexpr std::string_view kSampleHead =
    "# gatepost.conf: what follows are the defaults. gatepost check tells what is wrong in this "
    "file.\n"
    "#\n"
    "# A host that receives mail for its users needs no more than these:\n"
    "#\n"
    "# myhostname = mail.example.com\n"
    "# mydestination = example.com, $myhostname, localhost\n"
    "# passwd_file = /etc/gatepost/users\n"
    "# mail_location = /var/mail/%d/%n/Maildir\n"
    "# smtpd_tls_chain_files = /etc/gatepost/mail.example.com.pem\n"
    "\n"
    "# A line that begins with white space goes on with the one before. SERVICE.NAME = VALUE is "
    "for\n"
    "# one service only: smtp, submission or submissions. man 5 gatepost.conf says more.\n";

}  // namespace

std::span<const Difference> differences() {
  return kDifferences;
}

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.empty() && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string manual_page() {
  std::string out(kHead);
  out += ".SH FORM\n";
  add_paragraphs(out, kForm);
  out += ".SH TABLES\n";
  add_paragraphs(out, kTables);
  for (const Row& row : rows()) {
    if (row.is_title()) {
      append_format(out, ".SH {}\n", roff(upper(row.text.view())));
    } else {
      add_row(out, row);
    }
  }
  out += ".SH DIFFERENCES FROM POSTFIX\nParameters that have another default there:\n";
  for (const Difference& difference : kDifferences) {
    const Row* row = find_row(difference.name);
    const std::string_view ours =
        row == nullptr || row->initial.empty() ? "empty" : row->initial.view();
    append_format(out, ".TP\n.BR {} \" ({}; Postfix: {})\"\n{}\n", roff(difference.name),
                  roff(ours), roff(difference.postfix), roff(difference.why));
  }
  out +=
      ".PP\nA parameter of Postfix that has no use here is accepted with a note. One that asks for "
      "what gatepost does "
      "not do yet is an error.\n"
      ".SH SEE ALSO\n.BR gatepost (8),\n.BR postconf (5)\n";
  return out;
}

std::string settings_text() {
  std::string out;
  constexpr std::size_t kWidth = 100;
  for (const Row& row : rows()) {
    if (row.is_title()) {
      append_format(out, "{}{}\n", out.empty() ? "" : "\n", upper(row.text.view()));
      continue;
    }
    append_format(out, "\n{} ={}{}\n", row.name.view(), row.initial.empty() ? "" : " ",
                  row.initial.view());
    for (const std::string_view service : kServiceNames) {
      if (const auto value = service_default(service, row.name)) {
        append_format(out, "{}.{} = {}\n", service, row.name.view(), *value);
      }
    }
    wrap(out, "   ", row.text, kWidth);
    append_format(out, "    Value: {}.\n", facts_of(row));
  }
  return out;
}

std::string sample_file() {
  std::string out(kSampleHead);
  constexpr std::size_t kWidth = 96;
  for (const Row& row : rows()) {
    if (row.is_title()) {
      append_format(out, "\n# ---- {}\n", row.text.view());
      continue;
    }
    out += "\n";
    wrap(out, "#", row.text, kWidth);
    append_format(out, "#{} ={}{}\n", row.name.view(), row.initial.empty() ? "" : " ",
                  row.initial.view());
    for (const std::string_view service : kServiceNames) {
      if (const auto value = service_default(service, row.name)) {
        append_format(out, "#{}.{} = {}\n", service, row.name.view(), *value);
      }
    }
  }
  return out;
}

}  // namespace gatepost::config

// SPDX-License-Identifier: Apache-2.0
// tests: from the text of a configuration to settings and findings.
#include "config/load.h"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "config/all_tables.h"
#include "config/manual.h"
#include "policy/access.h"
#include "unit/tables/map_files.h"

using namespace gatepost;
using namespace gatepost::config;

namespace {

Loaded load(const std::string& text,
            test::MapFiles files = {},
            const std::string& host = "mx.example.com") {
  return config::load({"/etc/gatepost.conf", text, host}, files);
}

std::vector<std::string> lines(const Loaded& loaded) {
  std::vector<std::string> out;
  for (const Finding& finding : loaded.findings.all()) out.push_back(finding.line_text());
  return out;
}

/// All that is said, one line each.
std::string said(const std::string& text) {
  std::string out;
  for (const std::string& line : lines(load(text))) out += line + "\n";
  return out;
}

bool mentions(const std::string& text, std::string_view word) {
  return text.find(word) != text.npos;
}

/// The settings of a text that must be right.
Settings good(const std::string& text,
              test::MapFiles files = {},
              const std::string& host = "mx.example.com") {
  Loaded loaded = load(text, std::move(files), host);
  CAPTURE(lines(loaded));
  REQUIRE(loaded.ok());
  return std::move(loaded.settings);
}

std::string text_of(const tables::Patterns& patterns) {
  std::string out;
  for (const tables::Pattern& pattern : patterns) out += (out.empty() ? "" : " ") + pattern.text();
  return out;
}

std::string text_of(const std::vector<Endpoint>& endpoints) {
  std::string out;
  for (const Endpoint& endpoint : endpoints) out += (out.empty() ? "" : " ") + endpoint.text();
  return out;
}

}  // namespace

TEST_CASE("an empty configuration is right and says nothing", "[config][load]") {
  CHECK(said("").empty());
  const Settings settings = good("");
  CHECK(settings.myhostname == "mx.example.com");
  CHECK(settings.mydomain == "example.com");
  CHECK(settings.myorigin == "mx.example.com");
  CHECK(text_of(settings.mydestination) == "mx.example.com localhost.example.com localhost");
  CHECK(text_of(settings.mynetworks) == "127.0.0.0/8 ::1/128");
  CHECK(text_of(settings.smtp_listen) == "0.0.0.0:25 [::]:25");
  CHECK(settings.submission_listen.empty());
  CHECK(settings.smtp.smtpd_banner == "mx.example.com ESMTP gatepost");
  CHECK(settings.smtp.smtpd_timeout == std::chrono::seconds(300));
  CHECK(settings.smtp.message_size_limit == 10'240'000);
  CHECK(settings.smtp.smtpd_forbidden_commands ==
        ForbiddenCommands{{"CONNECT", "GET", "POST"}, true});
  CHECK(settings.smtp.smtpd_tls_security_level == TlsLevel::May);
}

TEST_CASE("the services have the defaults of master.cf", "[config][load]") {
  const Settings settings = good(
      "smtpd_tls_security_level = none\nsmtpd_tls_wrappermode = no\n"
      "submissions.smtpd_tls_security_level = encrypt\n");
  CHECK(settings.smtp.smtpd_tls_security_level == TlsLevel::None);
  CHECK(settings.submission.smtpd_tls_security_level == TlsLevel::Encrypt);
  CHECK(settings.submissions.smtpd_tls_wrappermode);
  CHECK_FALSE(settings.smtp.smtpd_tls_wrappermode);
  CHECK(settings.submission.smtpd_relay_restrictions.back() == "reject");
  CHECK(settings.smtp.smtpd_relay_restrictions.back() == "defer_unauth_destination");
}

TEST_CASE("a parameter may differ for one service", "[config][load]") {
  const Settings settings = good(
      "smtpd_timeout = 60s\nsubmission.smtpd_timeout = 2m\n"
      "submission.smtpd_starttls_timeout = $smtpd_timeout\n");
  CHECK(settings.smtp.smtpd_timeout == std::chrono::seconds(60));
  CHECK(settings.submissions.smtpd_timeout == std::chrono::seconds(60));
  CHECK(settings.submission.smtpd_timeout == std::chrono::seconds(120));
  CHECK(settings.submission.smtpd_starttls_timeout == std::chrono::seconds(120));
}

TEST_CASE("a parameter of the whole program cannot differ for one service", "[config][load]") {
  CHECK(mentions(said("submission.queue_directory = /x\n"),
                 ":1: \"queue_directory\" has one value for all services"));
  CHECK(mentions(said("submision.smtpd_timeout = 1s\n"), "unknown service \"submision\""));
  CHECK(mentions(said("submision.smtpd_timeout = 1s\n"), "did you mean \"submission\"?"));
}

TEST_CASE("an unknown name is told with its line and the nearest name", "[config][load]") {
  CHECK(
      said("\n# c\nsmtpd_baner = x\n") ==
      "/etc/gatepost.conf:3: unknown parameter \"smtpd_baner\"; did you mean \"smtpd_banner\"?\n");
  CHECK(mentions(said("smtp_lisen = *:25\n"), "did you mean \"smtp_listen\"?"));
  CHECK(said("zzzzzzzzzz = 1\n") == "/etc/gatepost.conf:1: unknown parameter \"zzzzzzzzzz\"\n");
}

TEST_CASE("all mistakes are told, not only the first", "[config][load]") {
  const Loaded loaded = load(
      "first_mistake = 1\nsmtpd_timeout = soon\nmyorigin = $nowhere\nno equals sign\n"
      "mynetworks = 10.0.0.0/99 192.0.2.1/24\n");
  CHECK_FALSE(loaded.ok());
  const auto all = lines(loaded);
  REQUIRE(all.size() >= 5);
  CHECK(all[0].starts_with("/etc/gatepost.conf:1: "));
  CHECK(all[1].starts_with("/etc/gatepost.conf:2: smtpd_timeout: \"soon\": expected a time"));
  CHECK(all[2].starts_with(
      "/etc/gatepost.conf:3: myorigin: \"$nowhere\" refers to an unknown parameter"));
  CHECK(all[3].starts_with("/etc/gatepost.conf:4: "));
  CHECK(mentions(all[3], "expected NAME = VALUE"));
  CHECK(mentions(all[4], "10.0.0.0/99"));
  CHECK(mentions(all[4], "192.0.2.0/24"));
}

TEST_CASE("one mistake that concerns three services is told once", "[config][load]") {
  CHECK(lines(load("smtpd_helo_required = perhaps\n")) ==
        std::vector<std::string>{
            "/etc/gatepost.conf:1: smtpd_helo_required: \"perhaps\": expected yes or no"});
}

TEST_CASE("names of the owner's making may be referred to, also by each other", "[config][load]") {
  const Settings settings =
      good("lan = 10.0.0.0/8\nhome = $lan 192.168.0.0/16\nmynetworks = 127.0.0.0/8 $home\n");
  CHECK(text_of(settings.mynetworks) == "127.0.0.0/8 10.0.0.0/8 192.168.0.0/16");
  CHECK(mentions(said("lan = 10.0.0.0/8\n"), "unknown parameter \"lan\""));
}

TEST_CASE("a parameter set twice goes by the last line, with a warning that names both",
          "[config][load]") {
  const Loaded loaded = load("smtpd_timeout = 1s\nmyhostname = a.example\nsmtpd_timeout = 2s\n");
  CHECK(loaded.ok());
  CHECK(loaded.settings.smtp.smtpd_timeout == std::chrono::seconds(2));
  CHECK(lines(loaded) ==
        std::vector<std::string>{"/etc/gatepost.conf:3: warning: \"smtpd_timeout\" is set a second "
                                 "time; line 1 has no effect"});
}

TEST_CASE("numbers, sizes and times have units and bounds", "[config][load]") {
  const Settings settings = good(
      "message_size_limit = 25MiB\nqueue_minfree = 1g\nsmtpd_error_sleep_time = 5\n"
      "smtpd_timeout = 1 h\nline_length_limit = 4k\n");
  CHECK(settings.smtp.message_size_limit == 25ULL << 20);
  CHECK(settings.queue_minfree == 1ULL << 30);
  CHECK(settings.smtp.smtpd_error_sleep_time == std::chrono::seconds(5));
  CHECK(settings.smtp.smtpd_timeout == std::chrono::hours(1));
  CHECK(settings.smtp.line_length_limit == 4096);
  for (const char* row :
       {"message_size_limit = many", "message_size_limit = -1", "message_size_limit = 99999999999G",
        "message_size_limit =", "smtpd_timeout = 5 parsecs", "smtpd_timeout = 0s",
        "smtpd_timeout = 1y", "smtpd_recipient_limit = 0", "smtpd_recipient_limit = 4294967296",
        "reject_code = 250", "reject_code = 5", "line_length_limit = 10",
        "smtpd_client_ipv6_prefix_length = 129", "memory_limit = 1M", "smtpd_tls_loglevel = 9"}) {
    CAPTURE(row);
    const Loaded loaded = load(row);
    CHECK_FALSE(loaded.ok());
    CHECK(mentions(lines(loaded).front(), ":1: "));
    CHECK(mentions(lines(loaded).front(), "expected"));
  }
}

TEST_CASE("choices are spelled as in Postfix", "[config][load]") {
  CHECK(good("smtpd_tls_security_level =\n").smtp.smtpd_tls_security_level == TlsLevel::None);
  CHECK(good("smtpd_tls_security_level = Encrypt\n").smtp.smtpd_tls_security_level ==
        TlsLevel::Encrypt);
  CHECK(good("smtpd_forbid_bare_newline = yes\n").smtp.smtpd_forbid_bare_newline ==
        BareNewline::Normalize);
  CHECK(good("smtpd_forbid_bare_newline = reject\n").smtp.smtpd_forbid_bare_newline ==
        BareNewline::Reject);
  CHECK(mentions(said("smtpd_forbid_bare_newline = no\n"), "note: "));
  CHECK(mentions(said("smtpd_tls_security_level = most\n"), "encrypt"));
  CHECK(mentions(said("log_format = jsno\n"), "did you mean \"json\"?"));
  CHECK(good("log_format = json\n").log_format == LogForm::Json);
  CHECK(good("greylist_when = Never\n").greylist_when == "never");
  CHECK(mentions(said("greylist_when = sometimes\n"), "expected one of always suspicious never"));
}

TEST_CASE("TLS versions are chosen in every spelling of Postfix, and 1.3 always stays",
          "[config][load]") {
  const auto floor = [](const std::string& value) {
    return good("smtpd_tls_protocols = " + value + "\n").smtpd_tls_protocols;
  };
  CHECK(floor(">=TLSv1.2") == TlsFloor::Tls12);
  CHECK(floor(">=TLSv1") == TlsFloor::Tls12);
  CHECK(floor("!SSLv2, !SSLv3, !TLSv1, !TLSv1.1") == TlsFloor::Tls12);
  CHECK(floor("") == TlsFloor::Tls12);
  CHECK(floor(">=TLSv1.3") == TlsFloor::Tls13);
  CHECK(floor("TLSv1.3") == TlsFloor::Tls13);
  CHECK(floor("!TLSv1.2") == TlsFloor::Tls13);
  CHECK(mentions(said("smtpd_tls_protocols = <=TLSv1.2\n"), "TLSv1.3"));
  CHECK(mentions(said("smtpd_tls_protocols = TLSv1.4\n"), "did you mean \"TLSv1"));
}

TEST_CASE("relay restrictions are known names", "[config][load]") {
  const Settings settings = good(
      "smtpd_relay_restrictions=permit_mynetworks,permit_sasl_authenticated,defer_unauth_"
      "destination\n");
  CHECK(settings.smtp.smtpd_relay_restrictions.size() == 3);
  CHECK(mentions(said("smtpd_relay_restrictions = permit_mynetwork, reject\n"),
                 "did you mean \"permit_mynetworks\"?"));
  CHECK_FALSE(load("smtpd_relay_restrictions = check_client_access hash:/x, reject\n").ok());
}

TEST_CASE("users log in and send as themselves where users send", "[config][load]") {
  const Settings plain = good("myhostname = mx.example\n");
  CHECK_FALSE(plain.smtp.smtpd_sasl_auth_enable);
  CHECK(plain.submission.smtpd_sasl_auth_enable);
  CHECK(plain.submissions.smtpd_sasl_auth_enable);
  CHECK(plain.submission.smtpd_relay_restrictions ==
        std::vector<std::string>{"permit_sasl_authenticated", "reject"});
  CHECK(plain.submissions.smtpd_sender_restrictions ==
        std::vector<std::string>{"reject_authenticated_sender_login_mismatch"});
  // What tutorials have for master.cf.
  CHECK(load("submission.smtpd_client_restrictions = permit_sasl_authenticated,reject\n"
             "submission.smtpd_sasl_type = dovecot\nsubmission.smtpd_sasl_path = private/auth\n"
             "submission.smtpd_recipient_restrictions = permit_sasl_authenticated, reject\n"
             "submission.smtpd_sender_restrictions = reject_sender_login_mismatch\n"
             "smtpd_sasl_security_options = noanonymous, noplaintext\n"
             "smtpd_sasl_tls_security_options = noanonymous\n"
             "smtpd_sasl_mechanism_filter = !external, static:rest\n")
            .ok());
  CHECK_FALSE(load("smtpd_sasl_mechanism_filter = gssapi\n").ok());
  CHECK_FALSE(load("smtpd_sender_restrictions = check_policy_service inet:127.0.0.1:1\n").ok());
}

TEST_CASE("restrictions name a DNS list behind them", "[config][load]") {
  const Settings settings = good(
      "smtpd_recipient_restrictions = permit_mynetworks,\n  Reject_RBL_client "
      "bl.example=127.0.0.[2..11], permit_dnswl_client wl.example reject_unknown_sender_domain\n");
  CHECK(settings.smtp.smtpd_recipient_restrictions ==
        std::vector<std::string>{"permit_mynetworks",
                                 "reject_rbl_client bl.example=127.0.0.[2..11]",
                                 "permit_dnswl_client wl.example", "reject_unknown_sender_domain"});
  CHECK(mentions(said("smtpd_client_restrictions = reject_rbl_client\n"), "expected the domain"));
  CHECK(mentions(said("smtpd_helo_restrictions = reject_rbl_client 127.0.0.1\n"), "127.0.0.1"));
  CHECK(mentions(said("smtpd_helo_restrictions = reject_rhsbl_helo bl.example*3\n"), "weight"));
  CHECK(mentions(said("smtpd_helo_restrictions = reject_rhsbl_hello bl.example\n"),
                 "did you mean \"reject_rhsbl_helo\"?"));
  CHECK(load("reject_tempfail_action = defer\n").ok());
  CHECK_FALSE(load("unknown_address_tempfail_action = maybe\n").ok());
}

TEST_CASE("warn_if_reject stands before a restriction", "[config][load]") {
  const Settings settings = good(
      "smtpd_client_restrictions = Warn_If_Reject reject_rbl_client bl.example, permit\n"
      "smtpd_relay_restrictions = warn_if_reject defer, reject_unauth_destination\n");
  CHECK(settings.smtp.smtpd_client_restrictions ==
        std::vector<std::string>{"warn_if_reject reject_rbl_client bl.example", "permit"});
  CHECK(settings.smtp.smtpd_relay_restrictions.front() == "warn_if_reject defer");
  CHECK(mentions(said("smtpd_client_restrictions = permit, warn_if_reject\n"), "behind it"));
  CHECK(mentions(said("smtpd_client_restrictions = warn_if_reject warn_if_reject permit\n"),
                 "behind it"));
  CHECK(mentions(said("smtpd_client_restrictions = warn_if_rejects permit\n"), "expected one of"));
}

TEST_CASE("words with names of a session are not expanded when they are read", "[config][load]") {
  const Settings settings = good(
      "my_footer = \\c. Call us\nsmtpd_reject_footer = $my_footer\n"
      "submission.smtpd_reject_footer = ${client_name?yes}\n"
      "rbl_reply_maps = inline:{bl.example=no}\nsmtpd_command_filter = pcre:{{/^x/ NOOP}}\n"
      "smtpd_discard_ehlo_keyword_address_maps = inline:{192.0.2.1=dsn}\n");
  CHECK(settings.smtp.smtpd_reject_footer == "\\c. Call us");
  CHECK(settings.postscreen_reject_footer == settings.smtp.smtpd_reject_footer);
  CHECK(settings.submission.smtpd_reject_footer == "${client_name?yes}");
  CHECK(settings.smtp.smtpd_expansion_filter == settings.postscreen_expansion_filter);
  CHECK(settings.smtp.smtpd_expansion_filter.starts_with(R"(\t\40!"#$%&'()"));
  CHECK(settings.smtp.default_rbl_reply.starts_with("$rbl_code "));
  CHECK(settings.postscreen_command_filter.size() == 1);
  CHECK(settings.postscreen_discard_ehlo_keyword_address_maps.size() == 1);
  CHECK(good("smtpd_reject_footer = $client_name\n").smtp.smtpd_reject_footer == "$client_name");
  CHECK_FALSE(load("default_rbl_reply =\n").ok());
}

TEST_CASE("config admits the restrictions policy knows", "[config][load]") {
  for (const policy::AccessRuleRow& row : policy::access_rules()) {
    CAPTURE(row.name);
    const std::string list = policy::takes_list(row) ? " bl.example" : "";
    const std::string entry = std::string(row.name) + list;
    CHECK(policy::parse_restriction(entry));
    CHECK(load("smtpd_recipient_restrictions = " + entry + "\n").ok());
    if (row.test == policy::DnsTest::None) continue;
    for (const std::string name : {"client", "helo", "sender", "relay"}) {
      CHECK(load("smtpd_" + name + "_restrictions = " + entry + "\n").ok());
    }
  }
}

TEST_CASE("addresses to listen at are written with their port", "[config][load]") {
  CHECK(text_of(good("smtp_listen = *:2525, 127.0.0.1:25 [::1]:25 127.0.0.1:25\n").smtp_listen) ==
        "0.0.0.0:2525 [::]:2525 127.0.0.1:25 [::1]:25");
  CHECK(good("smtp_listen =\nsubmission_listen = *:587\n").smtp_listen.empty());
  for (const char* value :
       {"300.1.1.1:25", "25", "127.0.0.1", "::1:25", "localhost:25", "*:0", "*:99999", "*:"}) {
    CAPTURE(value);
    CHECK_FALSE(load(std::string("smtp_listen = ") + value).ok());
  }
  CHECK(mentions(said("smtp_listen = *:25\nsubmission_listen = 0.0.0.0:25\n"),
                 "is in smtp_listen already"));
  CHECK(mentions(said("smtp_listen =\n"), "no service listens"));
}

TEST_CASE("Postfix's way to choose interfaces makes the addresses when smtp_listen is not set",
          "[config][load]") {
  CHECK(text_of(good("inet_interfaces = loopback-only\n").smtp_listen) == "127.0.0.1:25 [::1]:25");
  CHECK(text_of(good("inet_interfaces = localhost\ninet_protocols = ipv4\n").smtp_listen) ==
        "127.0.0.1:25");
  CHECK(text_of(good("inet_protocols = ipv6\n").smtp_listen) == "[::]:25");
  CHECK(text_of(good("inet_interfaces = all\ninet_protocols = all\n").smtp_listen) ==
        "0.0.0.0:25 [::]:25");
  CHECK(text_of(good("inet_interfaces = 192.0.2.1, [2001:db8::1]\n").smtp_listen) ==
        "192.0.2.1:25 [2001:db8::1]:25");
  CHECK(mentions(said("inet_interfaces = mx.example.com\n"), "names are not looked up"));
  CHECK_FALSE(load("inet_interfaces = 192.0.2.1\ninet_protocols = ipv6\n").ok());
  CHECK(mentions(said("inet_interfaces = all\nsmtp_listen = *:2525\n"), "without effect"));
}

TEST_CASE("lists take in files, with comments, negation and tables", "[config][load]") {
  test::MapFiles files;
  files.write("/nets", "# trusted\n10.0.0.0/8, 192.168.0.0/16 # not a comment here\n");
  CHECK_FALSE(load("mynetworks = /nets\n", files).ok());
  files.write("/nets", "# trusted\n10.0.0.0/8,\n  192.168.0.0/16\n\n/more\n");
  files.write("/more", "cidr:table\n");
  const Settings settings = good("mynetworks = 127.0.0.0/8, !/nets\n", files);
  CHECK(text_of(settings.mynetworks) == "127.0.0.0/8 !10.0.0.0/8 !192.168.0.0/16 !cidr:/etc/table");
  CHECK(text_of(good("mydestination = example.com, hash:/etc/d, !bad.example\n").mydestination) ==
        "example.com hash:/etc/d !bad.example");
}

TEST_CASE("a mistake in a file of a list is told with that file and line", "[config][load]") {
  test::MapFiles files;
  files.write("/nets", "10.0.0.0/8\n10.0.0.0/99\n");
  const auto all = lines(load("\nmynetworks = /nets\n", files));
  REQUIRE(all.size() >= 1);
  CHECK(all[0].starts_with("/etc/gatepost.conf:2: mynetworks: /nets:2: "));
  CHECK(mentions(said("mynetworks = /nowhere\n"), "/nowhere"));
}

TEST_CASE("files of a list that name each other are an error", "[config][load]") {
  test::MapFiles files;
  files.write("/a", "/b\n");
  files.write("/b", "/a\n");
  CHECK_FALSE(load("mynetworks = /a\n", files).ok());
}

TEST_CASE("relative paths begin at the folder of the configuration", "[config][load]") {
  const Settings settings = good(
      "passwd_file = users\nsmtpd_tls_chain_files = tls/a.pem ./b.pem /c.pem\n"
      "relay_recipient_maps = hash:relay unionmap:{hash:x, cidr:/y, inline:{a=b}}\n");
  CHECK(settings.passwd_file == "/etc/users");
  CHECK(settings.smtpd_tls_chain_files ==
        std::vector<std::string>{"/etc/tls/a.pem", "/etc/b.pem", "/c.pem"});
  REQUIRE(settings.relay_recipient_maps.size() == 2);
  CHECK(settings.relay_recipient_maps[0].text() == "hash:/etc/relay");
  CHECK(settings.relay_recipient_maps[1].text() ==
        "unionmap:{{hash:/etc/x}, {cidr:/y}, {inline:{a=b}}}");
}

TEST_CASE("myorigin may be in a file", "[config][load]") {
  test::MapFiles files;
  files.write("/etc/mailname", "example.net\nmore\n");
  CHECK(good("myorigin = /etc/mailname\n", files).myorigin == "example.net");
  files.write("/etc/mailname", "not a name\n");
  CHECK_FALSE(load("myorigin = /etc/mailname\n", files).ok());
}

TEST_CASE("host name and domain find each other without a circle", "[config][load]") {
  CHECK(good("", {}, "box").myhostname == "box.localdomain");
  CHECK(good("mydomain = example.org\n", {}, "box").myhostname == "box.example.org");
  CHECK(good("myhostname = mail.example.net\n").mydomain == "example.net");
  CHECK(good("myhostname = mail\n").mydomain == "localdomain");
  CHECK(good("myhostname = mail.$mydomain\n").myhostname == "mail.localdomain");
  CHECK(good("", {}, "").myhostname == "localhost.localdomain");
  CHECK_FALSE(load("myhostname = $mydomain\nmydomain = $myhostname\n").ok());
  CHECK_FALSE(load("myhostname = two words\n").ok());
}

TEST_CASE("a mail location leads every user to a mailbox of his own", "[config][load]") {
  CHECK(good("mail_location = maildir:/var/mail/%u\n").mail_location == "/var/mail/%u");
  CHECK(good("mail_location = %h/Maildir\n").mail_location == "%h/Maildir");
  for (const char* value : {"~/Maildir", "mail/%u", "/var/mail", "/var/mail/%x/%u", "/var/mail/%u%",
                            "mbox:/x/%u", ""}) {
    CAPTURE(value);
    CHECK_FALSE(load(std::string("mail_location = ") + value).ok());
  }
}

TEST_CASE("forbidden commands are words and one table", "[config][load]") {
  CHECK(good("smtpd_forbidden_commands = get, Connect\n").smtp.smtpd_forbidden_commands ==
        ForbiddenCommands{{"GET", "CONNECT"}, false});
  CHECK(good("smtpd_forbidden_commands =\n").smtp.smtpd_forbidden_commands == ForbiddenCommands{});
  CHECK_FALSE(load("smtpd_forbidden_commands = pcre:/etc/x\n").ok());
}

TEST_CASE("keys, certificates and names for them must fit", "[config][load]") {
  CHECK(mentions(said("smtpd_tls_key_file = /k\n"), "expected smtpd_tls_cert_file too"));
  CHECK(mentions(said("smtpd_tls_eckey_file = /k\n"), "expected smtpd_tls_eccert_file too"));
  CHECK(mentions(said("smtpd_tls_chain_files = /c\nsmtpd_tls_cert_file = /d\n"), "no effect"));
  CHECK(mentions(said("tls_server_sni_maps = pcre:/x\n"), "can be listed"));
  CHECK(mentions(said("submissions.smtpd_tls_security_level = none\n"), "contradicts"));
}

TEST_CASE("a domain in two lists is worth a warning", "[config][load]") {
  CHECK(mentions(said("mydestination = a.example\nvirtual_mailbox_domains = A.example\n"),
                 ":2: warning: virtual_mailbox_domains: \"a.example\" is in mydestination too"));
}

TEST_CASE("a parameter of Postfix without use is accepted with a note why", "[config][load]") {
  CHECK(said("transport_retry_time = 60s\ndaemon_directory = /usr/lib/postfix/sbin\n") ==
        "/etc/gatepost.conf:1: note: \"transport_retry_time\" has no use here: no mail is sent on "
        "yet\n"
        "/etc/gatepost.conf:2: note: \"daemon_directory\" has no use here: there is one program "
        "and no other files of it "
        "to find\n");
  CHECK(load("mynetworks = 127.0.0.0/8\nappend_dot_mydomain = no\nbiff = no\ncompatibility_level = "
             "3.6\n")
            .ok());
}

TEST_CASE("a parameter that asks for what is not there yet is an error unless it asks for nothing",
          "[config][load]") {
  for (const char* row :
       {"postscreen_of_tomorrow = x", "always_bcc = x@example.com", "relayhost = mx.example",
        "smtpd_data_restrictions = reject", "smtpd_sasl_type = saslauthd",
        "smtp_tls_security_level = encrypt", "home_mailbox = Maildir/", "always_bcc = x@y",
        "smtpd_milters = inet:localhost:1", "mynetworks_style = subnet",
        "smtpd_tls_req_ccert = yes", "smtpd_tls_mandatory_protocols = >=TLSv1.3",
        "smtpd_use_tls = no"}) {
    CAPTURE(row);
    const Loaded loaded = load(row);
    CHECK_FALSE(loaded.ok());
    CHECK(mentions(lines(loaded).front(), "does not do yet"));
  }
  for (const char* row :
       {"relayhost =", "alias_maps =", "smtpd_sasl_type = dovecot",
        "recipient_delimiter =", "smtpd_client_message_rate_limit = 0", "mynetworks_style = host",
        "lmtp_tls_cert_file =", "qmqpd_timeout = 300s", "local_transport = local:$myhostname",
        "smtpd_tls_dcert_file =",
        "mynetworks_style = ${{$compatibility_level} <level {2} ? {subnet} : {host}}",
        "smtpd_use_tls = yes", "smtpd_tls_mandatory_protocols = !SSLv2, !SSLv3 !TLSv1,!TLSv1.1"}) {
    CAPTURE(row);
    CHECK(load(row).ok());
  }
}

TEST_CASE("the conditions of Postfix's stress mode keep their meaning", "[config][load]") {
  const Settings settings =
      good("smtpd_hard_error_limit = ${stress?{1}:{20}}\nsmtpd_timeout = ${stress?{10}:{300}}s\n");
  CHECK(settings.smtp.smtpd_hard_error_limit == 20);
  CHECK(settings.smtp.smtpd_timeout == std::chrono::seconds(300));
}

TEST_CASE("what postconf -n of a Debian system prints is read as Postfix meant it",
          "[config][load]") {
  test::MapFiles files;
  files.write("/etc/mailname", "example.com\n");
  const Settings settings = good(
      "smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)\nbiff = no\nappend_dot_mydomain = "
      "no\n"
      "readme_directory = no\ncompatibility_level = "
      "3.6\nsmtpd_tls_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem\n"
      "smtpd_tls_key_file=/etc/ssl/private/ssl-cert-snakeoil.key\nsmtpd_tls_security_level=may\n"
      "smtp_tls_CApath=/etc/ssl/certs\nsmtp_tls_session_cache_database = "
      "btree:${data_directory}/smtp_scache\n"
      "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated "
      "defer_unauth_destination\n"
      "myhostname = mx.example.com\nalias_database = hash:/etc/aliases\nmyorigin = /etc/mailname\n"
      "mydestination = $myhostname, example.com, localhost.example.com, , localhost\nrelayhost =\n"
      "mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128\nmailbox_size_limit = 0\n"
      "inet_interfaces = all\ninet_protocols = all\n",
      files);
  CHECK(settings.smtp.smtpd_banner == "mx.example.com ESMTP gatepost (Debian/GNU)");
  CHECK(settings.myorigin == "example.com");
  CHECK(settings.mydestination.size() == 4);
}

TEST_CASE("greylisting that nobody could pass, or that means days and says seconds, is told",
          "[config][load]") {
  const std::string never = said("greylist_delay = 5m\ngreylist_retry_window = 1m\n");
  CHECK(mentions(never, ":2: greylist_retry_window: nobody could pass"));
  CHECK(mentions(never, "longer than greylist_delay"));
  CHECK_FALSE(load("greylist_delay = 300\ngreylist_retry_window = 300\n").ok());
  CHECK(mentions(said("greylist_delay = 1s\ngreylist_retry_window = 2\n"), "expected 2d"));
  CHECK(mentions(said("greylist_max_age = 35\n"), "expected 35d"));
  CHECK(load("greylist_max_age = 35\n").ok());
  CHECK(said("greylist_retry_window = 1h\ngreylist_max_age = 1d\n").empty());
  for (const char* header : {"no colon here", ": x", "two words: x"}) {
    const std::string text = "greylist_header = " + std::string(header) + "\n";
    CHECK(mentions(said(text), "greylist_header: expected a header field"));
    CHECK_FALSE(load(text).ok());
  }
  CHECK(said("greylist_header =\n").empty());
}

TEST_CASE("all tables that are named are found", "[config][load]") {
  const Settings settings = good(
      "mynetworks = cidr:/a\nmydestination = hash:/b\nrelay_recipient_maps = hash:/c\n"
      "smtpd_client_event_limit_exceptions =\nsmtpd_forbid_bare_newline_exclusions =\n");
  std::string all;
  for (const NamedTable& table : all_tables(settings))
    all += std::string(table.parameter) + " " + table.spec.text() + ";";
  CHECK(all ==
        "mydestination hash:/b;relay_recipient_maps hash:/c;alias_maps "
        "hash:/etc/aliases;mynetworks cidr:/a;postscreen_allowlist_interfaces "
        "static:all;ban_exceptions cidr:/a;");
}

TEST_CASE("what is shown of a parameter is what is in the file, or its default", "[config][show]") {
  Findings findings;
  const Document document = Document::parse(
      "smtpd_banner = $myhostname ESMTP\nsubmission.smtpd_timeout = 9s\n", "f", findings);
  const auto shown = [&](std::string_view service, std::string_view name, bool expanded) {
    const auto found = show(document, "mx.example.com", service, name, expanded);
    return found ? found->value + (found->set ? " (set)" : "") : "(none)";
  };
  CHECK(shown("", "smtpd_banner", false) == "$myhostname ESMTP (set)");
  CHECK(shown("", "smtpd_banner", true) == "mx.example.com ESMTP (set)");
  CHECK(shown("", "smtpd_timeout", false) == "300s");
  CHECK(shown("submission", "smtpd_timeout", false) == "9s (set)");
  CHECK(shown("submission", "smtpd_tls_security_level", false) == "encrypt");
  CHECK(shown("", "nonsense", false) == "(none)");
}

// SPDX-License-Identifier: Apache-2.0
// unit: what EHLO offers, and the parameters that come with it.
#include "smtp/extensions.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "support/play.h"

using namespace gatepost::smtp;

TEST_CASE("a keyword taken away takes its parameters with it", "[smtp][extensions]") {
  SessionSettings settings = gatepost::support::plain_settings();
  CHECK(admits_mail("envid", settings, PeerFacts{}));
  CHECK(admits_rcpt("NOTIFY", settings, PeerFacts{}));
  CHECK_FALSE(admits_rcpt("ENVID", settings, PeerFacts{}));
  CHECK_FALSE(admits_mail("", settings, PeerFacts{}));
  settings.hidden = parse_extensions("none, dsn");
  CHECK_FALSE(admits_mail("ENVID", settings, PeerFacts{}));
  CHECK_FALSE(admits_rcpt("NOTIFY", settings, PeerFacts{}));
  CHECK(format_ehlo(settings, PeerFacts{}).find("DSN") == std::string::npos);
}

TEST_CASE("a client's own list of hidden keywords takes the place of all", "[smtp][extensions]") {
  SessionSettings settings = gatepost::support::plain_settings();
  settings.hidden = parse_extensions("dsn");
  const PeerFacts one{.hidden = parse_extensions("8bitmime,\tnothing\nsilent-discard CHUNKING")};
  CHECK(format_extensions(*one.hidden) == "8BITMIME CHUNKING");
  CHECK((*one.hidden & kSilent) != 0);
  CHECK(is_offered(Extension::Dsn, settings, one));
  CHECK_FALSE(is_offered(Extension::Chunking, settings, one));
  CHECK_FALSE(is_offered(Extension::Dsn, settings, PeerFacts{}));
}

TEST_CASE("STARTTLS is offered until there is TLS", "[smtp][extensions]") {
  SessionSettings settings = gatepost::support::plain_settings();
  CHECK_FALSE(is_offered(Extension::Starttls, settings, PeerFacts{}));
  settings.starttls_offered = true;
  CHECK(is_offered(Extension::Starttls, settings, PeerFacts{}));
  CHECK_FALSE(is_offered(Extension::Starttls, settings, PeerFacts{.secured = true}));
}

TEST_CASE("limits are announced with their numbers, or not at all", "[smtp][extensions]") {
  SessionSettings settings = gatepost::support::plain_settings();
  settings.message_size_limit = 77;
  settings.recipient_limit = 5;
  const std::string text = format_ehlo(settings, PeerFacts{});
  CHECK(text.find("\nSIZE 77\n") != std::string::npos);
  CHECK(text.find("\nLIMITS RCPTMAX=5") != std::string::npos);
  settings.recipient_limit = 0;
  CHECK(format_ehlo(settings, PeerFacts{}).find("LIMITS") == std::string::npos);
}

TEST_CASE("AUTH is offered where it may be used", "[smtp][extensions][auth]") {
  SessionSettings settings = gatepost::support::plain_settings();
  const PeerFacts clear;
  const PeerFacts secured{.secured = true};
  CHECK_FALSE(is_offered(Extension::Auth, settings, secured));
  settings.auth_mechanisms = {"SCRAM-SHA-256", "PLAIN"};
  settings.auth_mechanisms_tls = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"};
  CHECK_FALSE(is_offered(Extension::Auth, settings, clear));
  CHECK(format_ehlo(settings, clear).find("AUTH") == std::string::npos);
  CHECK(format_ehlo(settings, secured).find("\nAUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN\n") !=
        std::string::npos);
  settings.auth_tls_only = false;
  CHECK(format_ehlo(settings, clear).find("\nAUTH SCRAM-SHA-256 PLAIN\n") != std::string::npos);
  settings.auth_broken_clients = true;
  CHECK(format_ehlo(settings, clear).find("\nAUTH=SCRAM-SHA-256 PLAIN\n") != std::string::npos);
  CHECK(admits_mail("AUTH", settings, clear));
}

TEST_CASE("from some clients AUTH is hidden, and it works all the same",
          "[smtp][extensions][auth]") {
  SessionSettings settings = gatepost::support::plain_settings();
  settings.auth_mechanisms_tls = {"PLAIN"};
  const PeerFacts peer{.secured = true, .auth_hidden = true};
  CHECK_FALSE(is_offered(Extension::Auth, settings, peer));
  CHECK(auth_offers(settings, peer).size() == 1);
  CHECK(format_ehlo(settings, peer).find("AUTH") == std::string::npos);
}

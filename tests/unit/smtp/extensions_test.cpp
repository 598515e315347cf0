// SPDX-License-Identifier: Apache-2.0
// unit: what EHLO offers, and the parameters that come with it.
#include "smtp/extensions.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "support/play.h"

using namespace gatepost::smtp;

TEST_CASE("a keyword taken away takes its parameters with it", "[smtp][extensions]") {
  SessionSettings settings = gatepost::support::plain_settings();
  CHECK(admits_mail("envid", settings, false));
  CHECK(admits_rcpt("NOTIFY", settings, false));
  CHECK_FALSE(admits_rcpt("ENVID", settings, false));
  CHECK_FALSE(admits_mail("", settings, false));
  settings.discard_ehlo_keywords = {"DSN"};
  CHECK_FALSE(admits_mail("ENVID", settings, false));
  CHECK_FALSE(admits_rcpt("NOTIFY", settings, false));
  CHECK(format_ehlo(settings, false).find("DSN") == std::string::npos);
}

TEST_CASE("STARTTLS is offered until there is TLS", "[smtp][extensions]") {
  SessionSettings settings = gatepost::support::plain_settings();
  CHECK_FALSE(is_offered(Extension::Starttls, settings, false));
  settings.starttls_offered = true;
  CHECK(is_offered(Extension::Starttls, settings, false));
  CHECK_FALSE(is_offered(Extension::Starttls, settings, true));
}

TEST_CASE("limits are announced with their numbers, or not at all", "[smtp][extensions]") {
  SessionSettings settings = gatepost::support::plain_settings();
  settings.message_size_limit = 77;
  settings.recipient_limit = 5;
  const std::string text = format_ehlo(settings, false);
  CHECK(text.find("\nSIZE 77\n") != std::string::npos);
  CHECK(text.find("\nLIMITS RCPTMAX=5") != std::string::npos);
  settings.recipient_limit = 0;
  CHECK(format_ehlo(settings, false).find("LIMITS") == std::string::npos);
}

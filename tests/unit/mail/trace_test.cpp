// SPDX-License-Identifier: Apache-2.0
// unit: Received fields and dates.
#include "mail/trace.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <catch2/catch_test_macros.hpp>

using gatepost::IpAddress;
using gatepost::Moment;
using gatepost::TlsFacts;
using namespace gatepost::mail;

namespace {

Moment at(std::int64_t seconds) {
  return Moment{} + std::chrono::seconds(seconds);
}

Trace plain() {
  Trace trace;
  trace.helo = "client.example";
  trace.client = *IpAddress::parse("192.0.2.7");
  trace.hostname = "mx.example.com";
  trace.id = "0123456789ABC";
  trace.at = at(1795239600);
  return trace;
}

}  // namespace

TEST_CASE("a trace field in the clear names peer, host, id and date", "[mail][trace]") {
  CHECK(format_received(plain()) ==
        "Received: from client.example (unknown [192.0.2.7])\n"
        "\tby mx.example.com (gatepost) with ESMTP id 0123456789ABC;\n"
        "\tSat, 21 Nov 2026 05:40:00 +0000 (UTC)\n");
}

TEST_CASE("one recipient is named", "[mail][trace]") {
  const Mailbox alice{"alice x", "example.com"};
  Trace trace = plain();
  trace.recipient = &alice;
  CHECK(format_received(trace) ==
        "Received: from client.example (unknown [192.0.2.7])\n"
        "\tby mx.example.com (gatepost) with ESMTP id 0123456789ABC\n"
        "\tfor <\"alice x\"@example.com>; Sat, 21 Nov 2026 05:40:00 +0000 (UTC)\n");
}

TEST_CASE("TLS is described as Postfix describes it", "[mail][trace]") {
  TlsFacts tls{"TLSv1.3", "TLS_AES_256_GCM_SHA384", 256,      256,
               "X25519",  "ECDSA (prime256v1)",     "SHA256", ""};
  Trace trace = plain();
  trace.client = *IpAddress::parse("2001:db8::7");
  trace.tls = &tls;
  trace.smtputf8 = true;
  CHECK(format_received(trace) ==
        "Received: from client.example (unknown [IPv6:2001:db8::7])\n"
        "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
        "\t key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256)\n"
        "\t(No client certificate requested)\n"
        "\tby mx.example.com (gatepost) with UTF8SMTPS id 0123456789ABC;\n"
        "\tSat, 21 Nov 2026 05:40:00 +0000 (UTC)\n");
  tls.key_exchange.clear();
  CHECK(format_received(trace).find("(256/256 bits))\n\t(No") != std::string::npos);
}

TEST_CASE("no peer text can add a line, a comment or a field", "[mail][trace]") {
  const Mailbox evil{"a\r\nX: y", "b.example"};
  Trace trace = plain();
  trace.helo = "x)\r\nBcc: eve <@\">;\\\xc3\xa4\x7f";
  trace.client_name = "evil\n.example (";
  trace.recipient = &evil;
  const std::string field = format_received(trace);
  CHECK(field.substr(0, field.find('\n')) ==
        "Received: from x???Bcc:?eve?????????? (evil?.example?? [192.0.2.7])");
  CHECK(field.find("\nX:") == std::string::npos);
  CHECK(field.find('\r') == std::string::npos);
  CHECK(std::count(field.begin(), field.end(), '\n') == 3);
  trace.helo = "";
  CHECK(format_received(trace).substr(0, 33) == "Received: from evil?.example?? (e");
}

TEST_CASE("a long name is cut", "[mail][trace]") {
  CHECK(escape_helo(std::string(1000, 'x')).size() == 255);
  CHECK(escape_helo("[IPv6:2001:db8::1]") == "[IPv6:2001:db8::1]");
}

TEST_CASE("protocols are those of RFC 3848 and RFC 6531", "[mail][trace]") {
  const gatepost::TlsFacts tls;
  const auto protocol = [&tls](std::string_view word, bool secured, bool utf8, bool login) {
    Trace trace;
    trace.protocol = word;
    trace.tls = secured ? &tls : nullptr;
    trace.smtputf8 = utf8;
    trace.authenticated = login;
    return format_protocol(trace);
  };
  CHECK(protocol("SMTP", false, false, false) == "SMTP");
  CHECK(protocol("ESMTP", false, false, false) == "ESMTP");
  CHECK(protocol("ESMTP", true, false, false) == "ESMTPS");
  CHECK(protocol("ESMTP", false, false, true) == "ESMTPA");
  CHECK(protocol("ESMTP", true, false, true) == "ESMTPSA");
  CHECK(protocol("ESMTP", false, true, false) == "UTF8SMTP");
  CHECK(protocol("ESMTP", true, true, false) == "UTF8SMTPS");
  CHECK(protocol("ESMTP", true, true, true) == "UTF8SMTPSA");
}

TEST_CASE("dates follow the calendar and the offset", "[mail][trace]") {
  CHECK(format_date(at(0), {}) == "Thu, 01 Jan 1970 00:00:00 +0000 (UTC)");
  CHECK(format_date(at(951825599), {}) == "Tue, 29 Feb 2000 11:59:59 +0000 (UTC)");
  CHECK(format_date(at(1795239600), {.minutes = 60, .name = "CET"}) ==
        "Sat, 21 Nov 2026 06:40:00 +0100 (CET)");
  CHECK(format_date(at(1795239600), {.minutes = -345, .name = ""}) ==
        "Fri, 20 Nov 2026 23:55:00 -0545");
  CHECK(format_date(at(4102444800), {}) == "Fri, 01 Jan 2100 00:00:00 +0000 (UTC)");
}

TEST_CASE("Received names the login where that is asked for", "[mail][trace]") {
  Trace trace;
  trace.helo = "client.example";
  trace.client = *gatepost::IpAddress::parse("192.0.2.1");
  trace.hostname = "mx.example.com";
  trace.id = "0A1B2";
  trace.authenticated = true;
  trace.login = "alice)\n@example.com";
  CHECK(format_received(trace).starts_with(
      "Received: from client.example (unknown [192.0.2.1])\n"
      "\t(Authenticated sender: alice??@example.com)\n"
      "\tby mx.example.com (gatepost) with ESMTPA id 0A1B2;\n\t"));
}

TEST_CASE("Received hides the client where that is asked for", "[mail][trace]") {
  gatepost::TlsFacts tls;
  tls.protocol = "TLSv1.3";
  Trace trace;
  trace.helo = "client.example";
  trace.client = *gatepost::IpAddress::parse("192.0.2.1");
  trace.hostname = "mx.example.com";
  trace.id = "0A1B2";
  trace.tls = &tls;
  trace.login = "alice";
  trace.authenticated = true;
  trace.hide_client = true;
  CHECK(format_received(trace).starts_with(
      "Received: by mx.example.com (gatepost) with ESMTPSA id 0A1B2;\n\t"));
}

// SPDX-License-Identifier: Apache-2.0
// fuzz: whatever is put into a reply or a trace field, its lines stay whole.
#include <algorithm>

#include "base/text.h"
#include "fuzz/input.h"
#include "mail/trace.h"
#include "smtp/replies.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  gatepost::smtp::Reply reply;
  reply.code = static_cast<std::uint16_t>(200 + input.octet() % 4U * 100U + input.octet() % 60U);
  if (input.octet() % 2U == 0) reply.enhanced = "2.1.5";
  reply.text = input.rest();
  std::string wire;
  append_reply(wire, reply);
  must(gatepost::is_utf8(wire));
  const std::string code = gatepost::format_number(reply.code);
  std::size_t at = 0;
  while (at < wire.size()) {
    const std::size_t end = wire.find("\r\n", at);
    must(end != wire.npos && end - at <= 510);
    const std::string_view line = std::string_view(wire).substr(at, end - at);
    at = end + 2;
    must(line.substr(0, 3) == code && line[3] == (at < wire.size() ? '-' : ' '));
    if (!reply.enhanced.empty()) must(line[4] == code[0] && line.substr(5, 5) == ".1.5 ");
    for (const char c : line) must(static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  }
  gatepost::mail::Trace trace;
  trace.helo = input.rest();
  trace.client_name = input.rest();
  trace.hostname = "mx.example.com";
  trace.id = "0";
  const std::string field = format_received(trace);
  must(std::count(field.begin(), field.end(), '\n') == 3 && field.back() == '\n');
  must(std::count(field.begin(), field.end(), '(') == 3);
  must(std::count(field.begin(), field.end(), ')') == 3);
  return 0;
}

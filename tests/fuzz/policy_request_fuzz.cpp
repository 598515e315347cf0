// SPDX-License-Identifier: Apache-2.0
// fuzz: requests of the policy protocol: bounded, and the same however they are cut; what is in them
// as senders and exceptions.
#include "fuzz/input.h"
#include "greylist/exceptions.h"
#include "greylist/key.h"
#include "greylist/policy_request.h"

using gatepost::fuzz::Input;
using gatepost::fuzz::must;
namespace greylist = gatepost::greylist;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string text = gatepost::fuzz::copy(input.rest());
  std::size_t whole = 0;
  std::string last;
  {
    greylist::PolicyReader reader;
    std::string_view rest = text;
    for (;;) {
      const auto read = reader.read(rest);
      if (!read || !*read) break;
      ++whole;
      const greylist::PolicyRequest& request = reader.request();
      must(request.sender.size() <= 512 && request.recipient.size() <= 512);
      last = request.sender + request.recipient + request.client_name;
      must(greylist::normal_sender(request.sender).size() <= request.sender.size() + 1);
      greylist::ClientExceptions clients;
      static_cast<void>(clients.add(request.client_name));
      static_cast<void>(clients.has({}, request.sender));
      greylist::RecipientExceptions recipients;
      static_cast<void>(recipients.add(request.recipient));
      static_cast<void>(recipients.has(request.sender));
    }
  }
  std::size_t pieces = 0;
  std::string same;
  greylist::PolicyReader reader;
  bool ended = false;
  for (std::size_t at = 0; at < text.size() && !ended; ++at) {
    std::string_view piece = std::string_view(text).substr(at, 1);
    while (!piece.empty()) {
      const auto read = reader.read(piece);
      ended = !read;
      if (ended) break;
      if (!*read) continue;
      ++pieces;
      same = reader.request().sender + reader.request().recipient + reader.request().client_name;
    }
  }
  must(pieces == whole && same == last);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// server: what those outside are told of addresses and servers behind a recipient's name.
#include "server/disclosure.h"

#include <algorithm>
#include <utility>

#include "base/address.h"
#include "base/text.h"

namespace gatepost::server {
namespace {

constexpr std::size_t kMostText = 1000;

bool is_inside_address(char c) {
  return is_alnum(c) || std::string_view("._+-=@").find(c) != std::string_view::npos;
}

/// One that is longer is another: alice@example.com is not in malice@example.com.
bool stands_alone(std::string_view text, std::size_t at, std::size_t length) {
  if (at > 0 && is_inside_address(text[at - 1])) return false;
  const std::string_view rest = text.substr(at + length);
  if (rest.empty()) return true;
  // A point may end the sentence.
  if (rest.front() == '.') return rest.size() == 1 || !is_alnum(rest[1]);
  return !is_inside_address(rest.front());
}

/// Paths name the user whose mailbox they lead to.
std::string without_paths(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = at == 0 || std::string_view(" \"'(<=").find(text[at - 1]) != text.npos;
    if (text[at] != '/' || !begins) {
      out += text[at++];
      continue;
    }
    out += "(mailbox)";
    at = std::min(text.find_first_of(" \"'):>,;", at), text.size());
  }
  return out;
}

}  // namespace

std::string rename(std::string_view text, const mail::Mailbox& final, const mail::Mailbox& given) {
  const std::string from = lower(final.text());
  if (from.empty() || given.empty()) return std::string(text);
  const std::string to = given.text();
  const std::string folded = lower(text);
  std::string out;
  std::size_t at = 0;
  while (out.size() < kMostText) {
    const std::size_t next = folded.find(from, at);
    if (next == std::string::npos) break;
    out += text.substr(at, next - at);
    out += stands_alone(text, next, from.size()) ? to : std::string(text.substr(next, from.size()));
    at = next + from.size();
  }
  out += text.substr(at);
  return out;
}

std::string without_sockets(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t begin = text.find("[/");
    const std::size_t end = text.find(']', std::min(begin, text.size()));
    out += text.substr(0, end == text.npos ? end : begin);
    if (end == text.npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string host_of(std::string_view peer) {
  const std::string_view name = peer.substr(0, peer.find('['));
  if (name.empty()) return std::string(peer);
  const auto address = IpAddress::parse(name);
  return address ? address->literal() : std::string(name);
}

Shown shown_of(const mail::Outcome& outcome) {
  const mail::Recipient& who = *outcome.recipient;
  Shown out{who, without_sockets(outcome.diagnostic), host_of(outcome.remote)};
  if (who.given.empty()) return out;
  // What could not be written is named by whose it is.
  const bool ours = outcome.remote.empty() && outcome.status.find(".3.0") == 1;
  if (ours) out.diagnostic = "the mailbox cannot be written to";
  out.diagnostic = without_paths(out.diagnostic);
  out.diagnostic = rename(out.diagnostic, who.mailbox, who.given);
  out.recipient.mailbox = who.given;
  return out;
}

smtp::Reply shown_of(const Recipients::Accepted& accepted, smtp::Reply refusal) {
  const mail::Recipient& who = accepted.recipient;
  const mail::Mailbox& given = who.given.empty() ? who.mailbox : who.given;
  std::string text = without_paths(without_sockets(refusal.text));
  for (const Target& target : accepted.found.mailboxes) {
    if (target.handed_over) text = rename(text, *target.handed_over, given);
  }
  refusal.text = std::move(text);
  return refusal;
}

}  // namespace gatepost::server

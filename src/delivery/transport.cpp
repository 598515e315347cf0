// SPDX-License-Identifier: Apache-2.0
// delivery: where mail is handed to.
#include "delivery/transport.h"

#include <optional>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::delivery {
namespace {

constexpr std::uint16_t kPort = 24;
/// sockaddr_un has room for 108 octets, the last of them zero.
constexpr std::size_t kMostPath = 107;

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  std::string whole(text);
  if (istarts_with(text, "localhost")) whole = "127.0.0.1" + whole.substr(9);
  if (auto endpoint = Endpoint::parse(whole)) return endpoint;
  return Endpoint::parse(format("{}:{}", whole, kPort));
}

}  // namespace

std::string Transport::peer(std::string_view hostname) const {
  if (!path.empty()) return format("{}[{}]", hostname, path);
  const std::string address = endpoint.address.text();
  return format("{}[{}]:{}", address, address, endpoint.port);
}

Result<Transport> parse_transport(std::string_view text) {
  text = trim(text);
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  Transport transport;
  if (name.empty() || iequals(name, "local") || iequals(name, "virtual")) return transport;
  const Error unclear{
      Cause::Permanent,
      format("\"{}\": expected virtual, local, lmtp:unix:/PATH or lmtp:inet:ADDRESS:PORT",
             printable(text, limits::kLogText)),
      0};
  if (!iequals(name, "lmtp") || colon == text.npos) return unclear;
  transport.lmtp = true;
  std::string_view to = text.substr(colon + 1);
  if (istarts_with(to, "unix:")) {
    to.remove_prefix(5);
    if (!to.starts_with('/') || to.size() > kMostPath) return unclear;
    transport.path = std::string(to);
    return transport;
  }
  if (istarts_with(to, "inet:")) to.remove_prefix(5);
  const auto endpoint = parse_endpoint(to);
  if (!endpoint || endpoint->port == 0) return unclear;
  transport.endpoint = *endpoint;
  return transport;
}

}  // namespace gatepost::delivery

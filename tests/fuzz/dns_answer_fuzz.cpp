// SPDX-License-Identifier: Apache-2.0
// fuzz: an answer of a server's: whatever it holds, what is read of it is bounded and clean.
#include "dns/answer.h"
#include "dns/names.h"
#include "fuzz/input.h"

using namespace gatepost;
using fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto type = static_cast<DnsType>(input.octet() % 6);
  const std::string text = fuzz::copy(input.rest());
  const DnsAnswer got = dns::parse_answer(
      {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "host.test", type);
  must(got.kind != DnsAnswer::Kind::Failed || !got.fault.empty());
  must(got.ttl <= dns::kMostTtl);
  must(got.addresses.size() <= dns::kMostAddresses);
  must(got.exchanges.size() <= dns::kMostExchanges);
  must(got.found() == !(got.addresses.empty() && got.exchanges.empty() && got.texts.empty()));
  std::size_t octets = 0;
  for (const std::string& one : got.texts) {
    octets += one.size();
    if (type != DnsType::Txt) must(dns::is_plain(one) && one.size() < 256);
  }
  must(octets <= dns::kMostText);
  for (const auto& one : got.exchanges) must(dns::is_plain(one.host) && one.host.size() < 256);
  return 0;
}

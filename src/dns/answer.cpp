// SPDX-License-Identifier: Apache-2.0
// dns: from an answer as it came to what was asked for.
#include "dns/answer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "dns/names.h"

namespace gatepost::dns {
namespace {

using Kind = DnsAnswer::Kind;

Duration ttl_of(unsigned seconds) {
  // RFC 2181 section 8: with the highest bit set it is zero.
  return std::chrono::seconds(seconds > 0x7fffffffU ? 0 : seconds);
}

/// What one answer holds, read once.
class Reader {
 public:
  Reader(const ares_dns_record_t& record, std::string_view name, DnsType type)
      : record_(record), owner_(name), type_(type), wanted_(record_type(type)) {}

  DnsAnswer read() {
    if (const char* fault = find_fault()) return failed_answer(fault);
    out_.ttl = kMostTtl;
    for (int aliases = 0; aliases <= kMostAliases; ++aliases) {
      if (collect()) return finish();
      if (!follow_alias()) return negative();
    }
    return failed_answer("the chain of aliases is too long");
  }

 private:
  [[nodiscard]] const char* find_fault() const {
    const char* asked = nullptr;
    ares_dns_rec_type_t type{};
    ares_dns_class_t category{};
    if (::ares_dns_record_query_cnt(&record_) != 1 ||
        ::ares_dns_record_query_get(&record_, 0, &asked, &type, &category) != ARES_SUCCESS ||
        type != wanted_ || category != ARES_CLASS_IN || asked == nullptr ||
        parse_escaped(asked) != owner_) {
      return "the answer is to another question";
    }
    const ares_dns_rcode_t code = ::ares_dns_record_get_rcode(&record_);
    if (code != ARES_RCODE_NOERROR && code != ARES_RCODE_NXDOMAIN)
      return ::ares_dns_rcode_tostr(code);
    const auto flags = static_cast<unsigned>(::ares_dns_record_get_flags(&record_));
    if ((flags & ARES_FLAG_QR) == 0) return "the answer is a question";
    if ((flags & ARES_FLAG_TC) != 0) return "the answer is cut off";
    if (count() > kMostRecords) return "the answer has too many records";
    return nullptr;
  }

  [[nodiscard]] std::size_t count() const {
    return ::ares_dns_record_rr_cnt(&record_, ARES_SECTION_ANSWER);
  }
  /// The record when it is of this type and the owner's; else null.
  [[nodiscard]] const ares_dns_rr_t* own(std::size_t index, ares_dns_rec_type_t type) const {
    const ares_dns_rr_t* rr = ::ares_dns_record_rr_get_const(&record_, ARES_SECTION_ANSWER, index);
    if (rr == nullptr || ::ares_dns_rr_get_type(rr) != type ||
        ::ares_dns_rr_get_class(rr) != ARES_CLASS_IN)
      return nullptr;
    const char* name = ::ares_dns_rr_get_name(rr);
    return (name != nullptr && parse_escaped(name) == owner_) ? rr : nullptr;
  }

  void count_ttl(const ares_dns_rr_t& rr) {
    out_.ttl = std::min(out_.ttl, ttl_of(::ares_dns_rr_get_ttl(&rr)));
  }

  /// False when the owner has no record of the type.
  bool collect() {
    bool any = false;
    for (std::size_t index = 0; index < count(); ++index) {
      const ares_dns_rr_t* rr = own(index, wanted_);
      if (rr == nullptr) continue;
      any = true;
      count_ttl(*rr);
      take(*rr);
    }
    return any;
  }

  void take(const ares_dns_rr_t& rr) {
    switch (type_) {
      case DnsType::A:
        return take_address(::ares_dns_rr_get_addr(&rr, ARES_RR_A_ADDR));
      case DnsType::Aaaa:
        return take_address(::ares_dns_rr_get_addr6(&rr, ARES_RR_AAAA_ADDR));
      case DnsType::Mx:
        return take_exchange(rr);
      case DnsType::Txt:
        return take_text(rr);
      case DnsType::Ptr:
        return take_name(rr, ARES_RR_PTR_DNAME);
      case DnsType::Ns:
        return take_name(rr, ARES_RR_NS_NSDNAME);
    }
    std::unreachable();
  }

  void take_address(const in_addr* address) {
    if (address == nullptr || out_.addresses.size() == kMostAddresses) return;
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), address, octets.size());
    out_.addresses.push_back(IpAddress::v4(octets));
  }
  void take_address(const ares_in6_addr* address) {
    if (address == nullptr || out_.addresses.size() == kMostAddresses) return;
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), address, octets.size());
    out_.addresses.push_back(IpAddress::v6(octets));
  }

  /// Nothing when it is no name that could stand in a line of text.
  std::optional<std::string> name_in(const ares_dns_rr_t& rr, ares_dns_rr_key_t key) {
    const char* text = ::ares_dns_rr_get_str(&rr, key);
    auto name = parse_escaped(text == nullptr ? "" : text);
    if (name && is_plain(*name) && (name->empty() || parse_name(*name))) return name;
    odd_ = true;
    return std::nullopt;
  }
  void take_name(const ares_dns_rr_t& rr, ares_dns_rr_key_t key) {
    auto name = name_in(rr, key);
    if (name && out_.texts.size() < kMostNames) out_.texts.push_back(*std::move(name));
  }
  void take_exchange(const ares_dns_rr_t& rr) {
    auto host = name_in(rr, ARES_RR_MX_EXCHANGE);
    if (!host) return;
    const auto preference = ::ares_dns_rr_get_u16(&rr, ARES_RR_MX_PREFERENCE);
    out_.exchanges.push_back({preference, *std::move(host)});
  }
  void take_text(const ares_dns_rr_t& rr) {
    std::size_t length = 0;
    const unsigned char* octets = ::ares_dns_rr_get_bin(&rr, ARES_RR_TXT_DATA, &length);
    if (octets == nullptr) length = 0;
    text_ += length + sizeof(std::string);
    if (text_ > kMostText) return;
    out_.texts.emplace_back(octets, octets + length);
  }

  bool follow_alias() {
    for (std::size_t index = 0; index < count(); ++index) {
      const ares_dns_rr_t* rr = own(index, ARES_REC_TYPE_CNAME);
      if (rr == nullptr) continue;
      const char* text = ::ares_dns_rr_get_str(rr, ARES_RR_CNAME_CNAME);
      auto next = parse_escaped(text == nullptr ? "" : text);
      odd_ = !next;
      if (odd_) return false;
      count_ttl(*rr);
      owner_ = *std::move(next);
      return true;
    }
    return false;
  }

  DnsAnswer finish() {
    if (::ares_dns_record_get_rcode(&record_) != ARES_RCODE_NOERROR)
      return failed_answer("NXDOMAIN with records");
    // Half a policy is worse than none.
    if (text_ > kMostText) return failed_answer("the texts are too long");
    std::stable_sort(
        out_.exchanges.begin(), out_.exchanges.end(),
        [](const auto& one, const auto& other) { return one.preference < other.preference; });
    if (out_.exchanges.size() > kMostExchanges) out_.exchanges.resize(kMostExchanges);
    if (odd_ && out_.exchanges.empty() && out_.texts.empty())
      return failed_answer("the answer is no host name");
    out_.kind = Kind::Found;
    out_.ttl = std::clamp(out_.ttl, kLeastTtl, kMostTtl);
    return std::move(out_);
  }

  // RFC 2308 section 5: the lesser of the SOA record's own TTL and its last field.
  [[nodiscard]] DnsAnswer negative() const {
    if (odd_) return failed_answer("an alias leads to an odd name");
    DnsAnswer out;
    out.kind =
        ::ares_dns_record_get_rcode(&record_) == ARES_RCODE_NXDOMAIN ? Kind::NoName : Kind::NoData;
    const std::size_t most =
        std::min(::ares_dns_record_rr_cnt(&record_, ARES_SECTION_AUTHORITY), kMostRecords);
    for (std::size_t index = 0; index < most; ++index) {
      const ares_dns_rr_t* rr =
          ::ares_dns_record_rr_get_const(&record_, ARES_SECTION_AUTHORITY, index);
      if (rr == nullptr || ::ares_dns_rr_get_type(rr) != ARES_REC_TYPE_SOA) continue;
      const Duration least = ttl_of(::ares_dns_rr_get_u32(rr, ARES_RR_SOA_MINIMUM));
      const Duration own = ttl_of(::ares_dns_rr_get_ttl(rr));
      out.ttl = std::clamp(std::min(least, own), kLeastTtl, kMostNegativeTtl);
      break;
    }
    return out;
  }

  const ares_dns_record_t& record_;
  std::string owner_;
  DnsType type_;
  ares_dns_rec_type_t wanted_;
  DnsAnswer out_;
  std::size_t text_ = 0;
  bool odd_ = false;
};

}  // namespace

ares_dns_rec_type_t record_type(DnsType type) {
  switch (type) {
    case DnsType::A:
      return ARES_REC_TYPE_A;
    case DnsType::Aaaa:
      return ARES_REC_TYPE_AAAA;
    case DnsType::Mx:
      return ARES_REC_TYPE_MX;
    case DnsType::Txt:
      return ARES_REC_TYPE_TXT;
    case DnsType::Ptr:
      return ARES_REC_TYPE_PTR;
    case DnsType::Ns:
      return ARES_REC_TYPE_NS;
  }
  std::unreachable();
}

DnsAnswer failed_answer(Literal fault, bool ours) {
  DnsAnswer out;
  out.fault = fault;
  out.ours = ours;
  return out;
}

DnsAnswer read_answer(const ares_dns_record_t& record, std::string_view name, DnsType type) {
  return Reader(record, name, type).read();
}

DnsAnswer parse_answer(std::span<const std::uint8_t> octets, std::string_view name, DnsType type) {
  ares_dns_record_t* record = nullptr;
  const ares_status_t status = ::ares_dns_parse(octets.data(), octets.size(), 0, &record);
  if (status != ARES_SUCCESS || record == nullptr)
    return failed_answer(::ares_strerror(static_cast<int>(status)));
  DnsAnswer out = read_answer(*record, name, type);
  ::ares_dns_record_destroy(record);
  return out;
}

}  // namespace gatepost::dns

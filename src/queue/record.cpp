// SPDX-License-Identifier: Apache-2.0
// queue: records: written by one function, read by one that believes nothing.
#include "queue/record.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace gatepost::queue {
namespace {

constexpr std::uint8_t kVersion = 4;
constexpr std::string_view kMagic = "GPQTEXT1";
/// Of a destination with all texts empty: what bounds the count before anything is allocated.
constexpr std::size_t kLeastDestination = 18;

class Writer {
 public:
  void number(std::uint64_t value, unsigned octets) {
    while (octets-- > 0) out_.push_back(static_cast<char>((value >> (8 * octets)) & 0xff));
  }
  void text(std::string_view value) {
    number(value.size(), 4);
    out_.append(value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// After the first thing amiss everything read is zero or empty, and bad() stays true.
class Reader {
 public:
  explicit Reader(std::string_view octets) : left_(octets) {}

  std::uint64_t number(unsigned octets) {
    if (left_.size() < octets) return fail();
    std::uint64_t value = 0;
    for (const char c : left_.substr(0, octets)) {
      value = (value << 8) | static_cast<unsigned char>(c);
    }
    left_.remove_prefix(octets);
    return value;
  }
  std::string text() {
    const auto length = static_cast<std::size_t>(number(4));
    if (length > kMostText || length > left_.size()) {
      fail();
      return {};
    }
    std::string value(left_.substr(0, length));
    left_.remove_prefix(length);
    return value;
  }
  template <class Enum>
  Enum choice(Enum last) {
    const auto value = number(1);
    if (value > static_cast<std::uint64_t>(last)) return static_cast<Enum>(fail());
    return static_cast<Enum>(value);
  }
  std::uint64_t fail() {
    bad_ = true;
    left_ = {};
    return 0;
  }
  [[nodiscard]] std::size_t left() const { return left_.size(); }
  [[nodiscard]] bool bad() const { return bad_; }

 private:
  std::string_view left_;
  bool bad_ = false;
};

unsigned notify_bits(const mail::Notify& notify) {
  return (notify.never ? 1U : 0U) | (notify.success ? 2U : 0U) | (notify.failure ? 4U : 0U) |
         (notify.delay ? 8U : 0U);
}

/// The largest that a Moment can tell.
constexpr auto kMostMicros = static_cast<std::uint64_t>(std::chrono::microseconds::max().count());

Moment read_moment(Reader& reader) {
  auto micros = reader.number(8);
  if (micros > kMostMicros) micros = reader.fail();
  return Moment(std::chrono::microseconds(static_cast<std::int64_t>(micros)));
}

std::uint64_t micros_of(Moment moment) {
  return static_cast<std::uint64_t>(moment.time_since_epoch().count());
}

bool read_flag(Reader& reader) {
  const auto flag = reader.number(1);
  if (flag > 1) reader.fail();
  return flag == 1;
}

Destination read_destination(Reader& reader, std::uint64_t version) {
  Destination destination;
  destination.recipient.mailbox.local = reader.text();
  destination.recipient.mailbox.domain = reader.text();
  const auto notify = reader.number(1);
  if (notify > 15) reader.fail();
  destination.recipient.notify = {(notify & 1) != 0, (notify & 2) != 0, (notify & 4) != 0,
                                  (notify & 8) != 0};
  destination.recipient.original = reader.text();
  destination.state = reader.choice(State::Failed);
  destination.reason = reader.text();
  if (version >= 4 && read_flag(reader)) {
    destination.recipient.given.local = reader.text();
    destination.recipient.given.domain = reader.text();
    if (destination.recipient.given.empty()) reader.fail();
  }
  return destination;
}

std::uint32_t checksum(std::string_view octets) {
  std::uint32_t sum = 2166136261U;
  for (const char c : octets) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619U;
  return sum;
}

}  // namespace

bool is_item_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), is_alnum);
}

std::string format_record(const Item& item) {
  Writer writer;
  writer.number(kVersion, 1);
  writer.text(item.id);
  writer.number(micros_of(item.arrived), 8);
  writer.number(item.octets, 8);
  writer.text(item.sender.local);
  writer.text(item.sender.domain);
  writer.number(static_cast<std::uint64_t>(item.options.body), 1);
  writer.number(item.options.smtputf8 ? 1 : 0, 1);
  writer.number(static_cast<std::uint64_t>(item.options.ret), 1);
  writer.text(item.options.envelope_id);
  writer.number(item.options.size, 8);
  writer.number(item.hold ? (item.hold_of_login ? 2 : 1) : 0, 1);
  writer.text(std::string_view(item.login).substr(0, kMostText));
  writer.number(micros_of(item.next), 8);
  writer.number(item.destinations.size(), 4);
  for (const Destination& each : item.destinations) {
    writer.text(each.recipient.mailbox.local);
    writer.text(each.recipient.mailbox.domain);
    writer.number(notify_bits(each.recipient.notify), 1);
    writer.text(each.recipient.original);
    writer.number(static_cast<std::uint64_t>(each.state), 1);
    writer.text(std::string_view(each.reason).substr(0, kMostText));
    writer.number(each.recipient.given.empty() ? 0 : 1, 1);
    if (each.recipient.given.empty()) continue;
    writer.text(each.recipient.given.local);
    writer.text(each.recipient.given.domain);
  }
  return writer.take();
}

std::optional<Item> parse_record(std::string_view octets) {
  if (octets.size() > kMostRecord) return std::nullopt;
  Reader reader(octets);
  const auto version = reader.number(1);
  if (version == 0 || version > kVersion) return std::nullopt;
  Item item;
  item.id = reader.text();
  if (!is_item_id(item.id)) return std::nullopt;
  item.arrived = read_moment(reader);
  item.octets = reader.number(8);
  item.sender.local = reader.text();
  item.sender.domain = reader.text();
  item.options.body = reader.choice(mail::Body::EightBitMime);
  item.options.smtputf8 = read_flag(reader);
  item.options.ret = reader.choice(mail::Return::Headers);
  item.options.envelope_id = reader.text();
  item.options.size = reader.number(8);
  if (version >= 2) {
    const auto hold = reader.number(1);
    if (hold > (version >= 3 ? 2U : 1U)) reader.fail();
    item.hold = hold != 0;
    item.login = reader.text();
    item.hold_of_login = version >= 3 ? hold == 2 : item.hold && !item.login.empty();
    item.next = read_moment(reader);
  }
  const auto count = static_cast<std::size_t>(reader.number(4));
  if (reader.bad() || count > reader.left() / kLeastDestination) return std::nullopt;
  item.destinations.reserve(count);
  for (std::size_t i = 0; i < count && !reader.bad(); ++i) {
    item.destinations.push_back(read_destination(reader, version));
  }
  if (reader.bad() || reader.left() != 0) return std::nullopt;
  return item;
}

std::string format_trailer(const Item& item) {
  const std::string record = format_record(item);
  Writer footer;
  footer.number(item.octets, 8);
  footer.number(record.size(), 4);
  footer.number(checksum(record), 4);
  return record + std::string(kMagic) + footer.take();
}

std::optional<Footer> parse_footer(std::string_view octets, std::uint64_t file_octets) {
  if (octets.size() != kFooterOctets || !octets.starts_with(kMagic)) return std::nullopt;
  Reader reader(octets.substr(kMagic.size()));
  Footer footer;
  footer.text_octets = reader.number(8);
  footer.record_octets = static_cast<std::uint32_t>(reader.number(4));
  footer.checksum = static_cast<std::uint32_t>(reader.number(4));
  // Compared without adding: the sum of what a stranger wrote may wrap.
  const std::uint64_t tail = kFooterOctets + std::uint64_t{footer.record_octets};
  if (footer.record_octets > kMostRecord || file_octets < tail) return std::nullopt;
  if (footer.text_octets != file_octets - tail) return std::nullopt;
  return footer;
}

std::optional<Item> parse_trailer(const Footer& footer, std::string_view record) {
  if (record.size() != footer.record_octets || checksum(record) != footer.checksum) {
    return std::nullopt;
  }
  auto item = parse_record(record);
  if (!item || item->octets != footer.text_octets) return std::nullopt;
  return item;
}

}  // namespace gatepost::queue

// SPDX-License-Identifier: Apache-2.0
// config: single values: numbers, times, names, paths and choices.
#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/finding.h"

namespace gatepost::config {

namespace {

Error refusal(std::string text) {
  return {Cause::Permanent, std::move(text)};
}

std::string shown(std::string_view text) {
  return printable(text, limits::kLogText);
}

Error expected(std::string_view text, std::string_view what) {
  return refusal(format("\"{}\": expected {}", shown(text), what));
}

std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
  return a * b;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

/// Digits and one of the units; nothing when it is anything else or does not fit.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, digits));
  const std::string_view name = trim(text.substr(digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (iequals(unit.name, name)) return multiply(*number, unit.factor);
  }
  return std::nullopt;
}

constexpr std::array kOctetUnits{Unit{"", 1},
                                 Unit{"k", 1ULL << 10},
                                 Unit{"kb", 1ULL << 10},
                                 Unit{"kib", 1ULL << 10},
                                 Unit{"m", 1ULL << 20},
                                 Unit{"mb", 1ULL << 20},
                                 Unit{"mib", 1ULL << 20},
                                 Unit{"g", 1ULL << 30},
                                 Unit{"gb", 1ULL << 30},
                                 Unit{"gib", 1ULL << 30},
                                 Unit{"b", 1}};
constexpr std::array kTimeUnits{Unit{"", 1},     Unit{"s", 1},     Unit{"m", 60},
                                Unit{"h", 3600}, Unit{"d", 86400}, Unit{"w", 604800}};

/// The bounds are written in keys.def, so that they parse.
template <class T, class Parse>
Result<T> within(T value, std::string_view text, const Limits& limits, Parse parse_bound) {
  if (limits.check != Limits::Check::Between) return value;
  GP_TRY(const auto low, parse_bound(limits.low));
  GP_TRY(const auto high, parse_bound(limits.high));
  if (value < low || value > high) {
    return expected(text, format("at least {} and at most {}", limits.low, limits.high));
  }
  return value;
}

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

template <class T, std::size_t kCount>
Result<T> choose(std::string_view text,
                 const std::array<Choice<T>, kCount>& choices,
                 std::string_view form) {
  std::vector<std::string_view> names;
  for (const Choice<T>& choice : choices) {
    if (iequals(choice.name, text)) return choice.value;
    names.push_back(choice.name);
  }
  return refusal(format("\"{}\": expected {}{}", shown(text), form, suggest(text, names)));
}

bool is_domain_name(std::string_view text) {
  if (text.empty() || text.size() > limits::kDomain || text.front() == '.' || text.back() == '.' ||
      text.find("..") != text.npos) {
    return false;
  }
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 127; });
}

bool is_one_word(std::string_view text) {
  return is_one_line(text) && text.find(' ') == text.npos;
}

}  // namespace

Result<std::uint64_t> parse_octets(std::string_view text) {
  const auto octets = parse_with_unit(text, kOctetUnits);
  if (!octets) return expected(text, "a number of octets, as 10240000, 64k, 10M or 1G");
  return *octets;
}

Result<Duration> parse_time(std::string_view text) {
  const auto seconds = parse_with_unit(text, kTimeUnits);
  constexpr std::uint64_t kCentury = 100ULL * 366 * 86400;
  if (!seconds || *seconds > kCentury)
    return expected(text, "a time with a unit, as 30s, 5m, 1h, 2d or 1w");
  return Duration(std::chrono::seconds(*seconds));
}

std::string absolute_path(std::string_view text, std::string_view folder) {
  if (text.empty() || text.starts_with('/')) return std::string(text);
  if (text.starts_with("./")) text.remove_prefix(2);
  return std::string(folder) + "/" + std::string(text);
}

Result<bool> parse(kinds::Bool, std::string_view text, const Limits&, ValueContext&) {
  if (iequals(text, "yes")) return true;
  if (iequals(text, "no")) return false;
  return expected(text, "yes or no");
}

Result<std::uint32_t> parse(kinds::Count,
                            std::string_view text,
                            const Limits& limits,
                            ValueContext&) {
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<std::uint32_t>::max())
    return expected(text, "a number");
  GP_TRY(const std::uint64_t checked, within(*number, text, limits, parse_octets));
  return static_cast<std::uint32_t>(checked);
}

Result<std::uint64_t> parse(kinds::Octets,
                            std::string_view text,
                            const Limits& limits,
                            ValueContext&) {
  GP_TRY(const std::uint64_t octets, parse_octets(text));
  // The kernel counts in signed numbers.
  if (octets > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return expected(text, "a number of octets a file can have");
  }
  constexpr std::uint64_t kLeastMemory = 16ULL << 20;
  if (limits.check == Limits::Check::MemoryLimit && octets != 0 && octets < kLeastMemory) {
    return expected(text, "0, or at least 16M");
  }
  return within(octets, text, limits, parse_octets);
}

Result<std::uint16_t> parse(kinds::Code, std::string_view text, const Limits&, ValueContext&) {
  const auto number = parse_number(text);
  if (!number || text.size() != 3 || *number < 400 || *number > 599) {
    return expected(text, "a reply code from 400 to 599");
  }
  return static_cast<std::uint16_t>(*number);
}

Result<std::uint32_t> parse(kinds::Mode, std::string_view text, const Limits&, ValueContext&) {
  std::uint32_t mode = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, mode, 8);
  // The owner may do all, and mail is nobody else's but a group's.
  const bool sound = error == std::errc() && end == last && (mode & 0700) == 0700;
  if (!sound || (mode & ~0770U) != 0) return expected(text, "0700, 0750 or 0770");
  return mode;
}

Result<Duration> parse(kinds::Time, std::string_view text, const Limits& limits, ValueContext&) {
  GP_TRY(const Duration time, parse_time(text));
  return within(time, text, limits, parse_time);
}

Result<std::string> parse(kinds::Text, std::string_view text, const Limits& limits, ValueContext&) {
  if (limits.check == Limits::Check::NotEmpty && text.empty())
    return refusal("expected a value that is not empty");
  if (limits.check == Limits::Check::Address && !is_one_word(text))
    return expected(text, "an address, as user@example.com");
  if (!is_one_line(text)) return expected(text, "text without control characters");
  return std::string(text);
}

Result<std::string> parse(kinds::Name,
                          std::string_view text,
                          const Limits&,
                          ValueContext& context) {
  std::string name(text);
  if (text.starts_with('/')) {
    GP_TRY(const std::string file, context.files.read(name, limits::kFile));
    name = trim(std::string_view(file).substr(0, file.find('\n')));
  }
  if (!is_domain_name(name)) {
    return refusal(format("\"{}\": expected a domain name, as mail.example.com{}", shown(name),
                          text.starts_with('/') ? format(", on the first line of {}", text) : ""));
  }
  return name;
}

Result<std::string> parse(kinds::Path,
                          std::string_view text,
                          const Limits& limits,
                          ValueContext& context) {
  if (limits.check == Limits::Check::NotEmpty && text.empty()) return refusal("expected a path");
  if (!is_one_line(text)) return expected(text, "a path without control characters");
  return absolute_path(text, context.folder);
}

Result<std::string> parse(kinds::Log,
                          std::string_view text,
                          const Limits& limits,
                          ValueContext& context) {
  return parse(kinds::Path{}, text, limits, context);
}

Result<std::string> parse(kinds::MailLocation,
                          std::string_view text,
                          const Limits&,
                          ValueContext&) {
  std::string_view path = text;
  if (path.starts_with("maildir:")) path.remove_prefix(8);
  if (!is_one_line(path) || !(path.starts_with('/') || path.starts_with("%h/"))) {
    return expected(text, "an absolute path, as /var/mail/%d/%n/Maildir or %h/Maildir");
  }
  for (std::size_t i = path.find('%'); i != path.npos; i = path.find('%', i + 2)) {
    if (i + 1 == path.size() ||
        std::string_view("undh%").find(path[i + 1]) == std::string_view::npos) {
      return expected(text, "after % one of u, n, d, h and %");
    }
  }
  if (path.find("%u") == path.npos && path.find("%n") == path.npos &&
      path.find("%h") == path.npos) {
    return expected(text, "%u, %n or %h in the path: else all users would share one mailbox");
  }
  return std::string(path);
}

Result<std::string> parse(kinds::Word, std::string_view text, const Limits&, ValueContext&) {
  if (!is_one_word(text)) return expected(text, "one word");
  return std::string(text);
}

Result<TlsLevel> parse(kinds::TlsLevel,
                       std::string_view text,
                       const Limits&,
                       ValueContext& context) {
  static constexpr std::array kChoices{
      Choice<TlsLevel>{"none", TlsLevel::None}, Choice<TlsLevel>{"may", TlsLevel::May},
      Choice<TlsLevel>{"encrypt", TlsLevel::Encrypt}, Choice<TlsLevel>{"", TlsLevel::None}};
  for (const std::string_view level : {"verify", "secure", "fingerprint", "dane", "dane-only"}) {
    if (!iequals(text, level)) continue;
    context.notes.push_back(format("\"{}\" is a level for sending; here it means encrypt", level));
    return TlsLevel::Encrypt;
  }
  return choose(text, kChoices, form_of(kinds::TlsLevel{}));
}

namespace {

constexpr std::array<std::string_view, 6> kTlsVersions{"SSLv2",   "SSLv3",   "TLSv1",
                                                       "TLSv1.1", "TLSv1.2", "TLSv1.3"};

Result<std::size_t> tls_version(std::string_view name) {
  for (std::size_t i = 0; i < kTlsVersions.size(); ++i) {
    if (iequals(kTlsVersions[i], name)) return i;
  }
  if (iequals(name, "TLSv1.0")) return std::size_t{2};
  return refusal(format("\"{}\": expected >=TLSv1.2 or >=TLSv1.3{}", shown(name),
                        suggest(name, {kTlsVersions.begin(), kTlsVersions.end()})));
}

}  // namespace

Result<TlsFloor> parse(kinds::TlsFloor, std::string_view text, const Limits&, ValueContext&) {
  // As in Postfix: names choose, !names exclude, >= and <= bound; without a name all are chosen.
  std::array<bool, kTlsVersions.size()> named{};
  std::array<bool, kTlsVersions.size()> excluded{};
  bool any_named = false;
  for (std::string_view word : split(text, ", \t\r\n")) {
    const bool low = word.starts_with(">=");
    const bool high = word.starts_with("<=");
    const bool negated = word.starts_with('!');
    word.remove_prefix(low || high ? 2 : negated ? 1 : 0);
    GP_TRY(const std::size_t version, tls_version(word));
    for (std::size_t i = 0; i < excluded.size(); ++i) {
      excluded[i] =
          excluded[i] || (low && i < version) || (high && i > version) || (negated && i == version);
    }
    if (!low && !high && !negated) any_named = named[version] = true;
  }
  const auto offered = [&](std::size_t i) { return !excluded[i] && (named[i] || !any_named); };
  if (!offered(5)) return expected(text, "a choice that leaves TLSv1.3 in");
  return offered(4) ? TlsFloor::Tls12 : TlsFloor::Tls13;
}

Result<BareNewline> parse(kinds::BareNewline,
                          std::string_view text,
                          const Limits&,
                          ValueContext& context) {
  static constexpr std::array kChoices{Choice<BareNewline>{"normalize", BareNewline::Normalize},
                                       Choice<BareNewline>{"yes", BareNewline::Normalize},
                                       Choice<BareNewline>{"note", BareNewline::Note},
                                       Choice<BareNewline>{"reject", BareNewline::Reject}};
  if (iequals(text, "no")) {
    context.notes.emplace_back("\"no\" means normalize: LF.LF never ends a message here");
    return BareNewline::Normalize;
  }
  return choose(text, kChoices, form_of(kinds::BareNewline{}));
}

Result<LogForm> parse(kinds::LogForm, std::string_view text, const Limits&, ValueContext&) {
  static constexpr std::array kChoices{Choice<LogForm>{"postfix", LogForm::Postfix},
                                       Choice<LogForm>{"json", LogForm::Json}};
  return choose(text, kChoices, form_of(kinds::LogForm{}));
}

Result<Families> parse(kinds::Families, std::string_view text, const Limits&, ValueContext&) {
  static constexpr std::array kChoices{Choice<Families>{"all", Families::All},
                                       Choice<Families>{"ipv4", Families::Ipv4},
                                       Choice<Families>{"ipv6", Families::Ipv6}};
  const auto words = split(text, ", \t\r\n");
  bool four = false;
  bool six = false;
  for (const std::string_view word : words) {
    GP_TRY(const Families one, choose(word, kChoices, form_of(kinds::Families{})));
    four = four || one != Families::Ipv6;
    six = six || one != Families::Ipv4;
  }
  if (!four && !six) return expected(text, form_of(kinds::Families{}));
  return four && six ? Families::All : four ? Families::Ipv4 : Families::Ipv6;
}

}  // namespace gatepost::config

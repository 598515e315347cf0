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
template <class T>
Result<void> check_bounds(T value,
                          std::string_view text,
                          const Limits& limits,
                          Result<T> (*parse_bound)(std::string_view)) {
  if (limits.check != Limits::Check::Between) return {};
  GP_TRY(const T low, parse_bound(limits.low));
  GP_TRY(const T high, parse_bound(limits.high));
  if (value >= low && value <= high) return {};
  return expected(text,
                  format("at least {} and at most {}", limits.low.view(), limits.high.view()));
}

/// A name and the value of an enumeration it stands for.
struct Choice {
  template <class T>
  constexpr Choice(Literal of, T choice) : name(of), value(static_cast<std::uint8_t>(choice)) {}
  Literal name;
  std::uint8_t value;
};

Result<std::uint8_t> choose(std::string_view text,
                            std::span<const Choice> choices,
                            std::string_view form) {
  std::vector<std::string_view> names;
  for (const Choice& choice : choices) {
    if (iequals(choice.name, text)) return choice.value;
    names.emplace_back(choice.name);
  }
  return refusal(format("\"{}\": expected {}{}", shown(text), form, suggest(text, names)));
}

template <class T>
Result<void> choose(std::string_view text,
                    std::span<const Choice> choices,
                    std::string_view form,
                    T& out) {
  GP_TRY(const std::uint8_t chosen, choose(text, choices, form));
  out = static_cast<T>(chosen);
  return {};
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

Result<void> parse(kinds::Bool, std::string_view text, const Limits&, ValueContext&, bool& out) {
  out = iequals(text, "yes");
  if (!out && !iequals(text, "no")) return expected(text, "yes or no");
  return {};
}

Result<void> parse(
    kinds::Count, std::string_view text, const Limits& limits, ValueContext&, std::uint32_t& out) {
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<std::uint32_t>::max())
    return expected(text, "a number");
  out = static_cast<std::uint32_t>(*number);
  return check_bounds(*number, text, limits, parse_octets);
}

Result<void> parse(
    kinds::Negative, std::string_view text, const Limits&, ValueContext&, std::int32_t& out) {
  constexpr std::uint64_t kMost = 1'000'000;
  const bool below = text.starts_with('-');
  const auto number = parse_number(text.substr(below ? 1 : 0));
  if (!number || *number > kMost || (!below && *number > 0)) {
    return expected(text, form_of(kinds::Negative{}));
  }
  out = -static_cast<std::int32_t>(*number);
  return {};
}

Result<void> parse(
    kinds::Octets, std::string_view text, const Limits& limits, ValueContext&, std::uint64_t& out) {
  GP_TRY(out, parse_octets(text));
  // The kernel counts in signed numbers.
  if (out > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return expected(text, "a number of octets a file can have");
  }
  constexpr std::uint64_t kLeastMemory = 16ULL << 20;
  if (limits.check == Limits::Check::MemoryLimit && out != 0 && out < kLeastMemory) {
    return expected(text, "0, or at least 16M");
  }
  return check_bounds(out, text, limits, parse_octets);
}

Result<void> parse(
    kinds::Code, std::string_view text, const Limits&, ValueContext&, std::uint16_t& out) {
  const auto number = parse_number(text);
  if (!number || text.size() != 3 || *number < 400 || *number > 599) {
    return expected(text, "a reply code from 400 to 599");
  }
  out = static_cast<std::uint16_t>(*number);
  return {};
}

Result<void> parse(
    kinds::Mode, std::string_view text, const Limits&, ValueContext&, std::uint32_t& out) {
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, out, 8);
  // The owner may do all, and mail is nobody else's but a group's.
  const bool sound = error == std::errc() && end == last && (out & 0700) == 0700;
  if (!sound || (out & ~0770U) != 0) return expected(text, "0700, 0750 or 0770");
  return {};
}

Result<void> parse(
    kinds::Time, std::string_view text, const Limits& limits, ValueContext&, Duration& out) {
  GP_TRY(out, parse_time(text));
  return check_bounds(out, text, limits, parse_time);
}

Result<void> parse(
    kinds::Text, std::string_view text, const Limits& limits, ValueContext&, std::string& out) {
  if (limits.check == Limits::Check::NotEmpty && text.empty())
    return refusal("expected a value that is not empty");
  if (limits.check == Limits::Check::Address && !is_one_word(text))
    return expected(text, "an address, as user@example.com");
  if (!is_one_line(text)) return expected(text, "text without control characters");
  out = text;
  return {};
}

Result<void> parse(kinds::Template,
                   std::string_view text,
                   const Limits& limits,
                   ValueContext& context,
                   std::string& out) {
  return parse(kinds::Text{}, text, limits, context, out);
}

Result<void> parse(
    kinds::Name, std::string_view text, const Limits&, ValueContext& context, std::string& out) {
  out = text;
  if (text.starts_with('/')) {
    GP_TRY(const std::string file, context.files.read(out, limits::kFile));
    out = trim(std::string_view(file).substr(0, file.find('\n')));
  }
  if (!is_domain_name(out)) {
    return refusal(format("\"{}\": expected a domain name, as mail.example.com{}", shown(out),
                          text.starts_with('/') ? format(", on the first line of {}", text) : ""));
  }
  return {};
}

Result<void> parse(kinds::Path,
                   std::string_view text,
                   const Limits& limits,
                   ValueContext& context,
                   std::string& out) {
  if (limits.check == Limits::Check::NotEmpty && text.empty()) return refusal("expected a path");
  if (!is_one_line(text)) return expected(text, "a path without control characters");
  out = absolute_path(text, context.folder);
  return {};
}

Result<void> parse(kinds::Log,
                   std::string_view text,
                   const Limits& limits,
                   ValueContext& context,
                   std::string& out) {
  return parse(kinds::Path{}, text, limits, context, out);
}

Result<void> parse(
    kinds::MailLocation, std::string_view text, const Limits&, ValueContext&, std::string& out) {
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
  out = path;
  return {};
}

Result<void> parse(
    kinds::Word, std::string_view text, const Limits& limits, ValueContext&, std::string& out) {
  if (!is_one_word(text)) return expected(text, "one word");
  out = text;
  if (limits.check != Limits::Check::OneOf) return {};
  out = lower(text);
  const auto known = split(limits.low, " ");
  if (std::find(known.begin(), known.end(), out) != known.end()) return {};
  return refusal(
      format("\"{}\": expected one of {}{}", shown(text), limits.low.view(), suggest(out, known)));
}

Result<void> parse(
    kinds::TlsLevel, std::string_view text, const Limits&, ValueContext& context, TlsLevel& out) {
  static constexpr Choice kChoices[]{{"none", TlsLevel::None},
                                     {"may", TlsLevel::May},
                                     {"encrypt", TlsLevel::Encrypt},
                                     {"", TlsLevel::None}};
  for (const std::string_view level : {"verify", "secure", "fingerprint", "dane", "dane-only"}) {
    if (!iequals(text, level)) continue;
    context.notes.push_back(format("\"{}\" is a level for sending; here it means encrypt", level));
    out = TlsLevel::Encrypt;
    return {};
  }
  return choose(text, kChoices, form_of(kinds::TlsLevel{}), out);
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

Result<void> parse(
    kinds::TlsFloor, std::string_view text, const Limits&, ValueContext&, TlsFloor& out) {
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
  out = offered(4) ? TlsFloor::Tls12 : TlsFloor::Tls13;
  return {};
}

Result<void> parse(
    kinds::Action, std::string_view text, const Limits&, ValueContext&, screen::Action& out) {
  using screen::Action;
  static constexpr Choice kChoices[]{{"ignore", Action::Ignore},
                                     {"continue", Action::Ignore},
                                     {"enforce", Action::Enforce},
                                     {"drop", Action::Drop}};
  return choose(text, kChoices, form_of(kinds::Action{}), out);
}

Result<void> parse(
    kinds::Burst, std::string_view text, const Limits&, ValueContext&, bans::BurstLimit& out) {
  GP_TRY(out, bans::BurstLimit::parse(text));
  return {};
}

Result<void> parse(
    kinds::BanRules, std::string_view text, const Limits&, ValueContext&, bans::Rules& out) {
  GP_TRY(out, bans::Rules::parse(text));
  return {};
}

Result<void> parse(
    kinds::Firewall, std::string_view text, const Limits&, ValueContext&, bans::Firewall& out) {
  GP_TRY(out, bans::Firewall::parse(text));
  return {};
}

Result<void> parse(kinds::OutagePolicy,
                   std::string_view text,
                   const Limits&,
                   ValueContext&,
                   screen::OutagePolicy& out) {
  using screen::OutagePolicy;
  static constexpr Choice kChoices[]{{"scale", OutagePolicy::Scale},
                                     {"fail-open", OutagePolicy::FailOpen},
                                     {"greylist-instead", OutagePolicy::GreylistInstead}};
  return choose(text, kChoices, form_of(kinds::OutagePolicy{}), out);
}

Result<void> parse(kinds::BareNewline,
                   std::string_view text,
                   const Limits&,
                   ValueContext& context,
                   BareNewline& out) {
  static constexpr Choice kChoices[]{{"normalize", BareNewline::Normalize},
                                     {"yes", BareNewline::Normalize},
                                     {"note", BareNewline::Note},
                                     {"reject", BareNewline::Reject}};
  if (iequals(text, "no")) {
    context.notes.emplace_back("\"no\" means normalize: LF.LF never ends a message here");
    out = BareNewline::Normalize;
    return {};
  }
  return choose(text, kChoices, form_of(kinds::BareNewline{}), out);
}

Result<void> parse(
    kinds::LogForm, std::string_view text, const Limits&, ValueContext&, LogForm& out) {
  static constexpr Choice kChoices[]{{"postfix", LogForm::Postfix}, {"json", LogForm::Json}};
  return choose(text, kChoices, form_of(kinds::LogForm{}), out);
}

Result<void> parse(
    kinds::Families, std::string_view text, const Limits&, ValueContext&, Families& out) {
  static constexpr Choice kChoices[]{
      {"all", Families::All}, {"ipv4", Families::Ipv4}, {"ipv6", Families::Ipv6}};
  const auto words = split(text, ", \t\r\n");
  bool four = false;
  bool six = false;
  for (const std::string_view word : words) {
    GP_CHECK(choose(word, kChoices, form_of(kinds::Families{}), out));
    four = four || out != Families::Ipv6;
    six = six || out != Families::Ipv4;
  }
  if (!four && !six) return expected(text, form_of(kinds::Families{}));
  out = four && six ? Families::All : four ? Families::Ipv4 : Families::Ipv6;
  return {};
}

}  // namespace gatepost::config

// SPDX-License-Identifier: Apache-2.0
// bans: what each offence weighs.
#include "bans/rules.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace gatepost::bans {
namespace {

constexpr std::array kRows{
#define GP_OFFENCE(enumerator, name, text) OffenceRow{Offence::enumerator, name, text},
#include "bans/offences.def"
#undef GP_OFFENCE
};
static_assert(kRows.size() == kOffences);

std::optional<Weight> parse_weight(std::string_view text) {
  const std::size_t dot = text.find('.');
  std::string_view decimals = dot == text.npos ? std::string_view() : text.substr(dot + 1);
  const auto whole = parse_number(text.substr(0, dot));
  if (!whole || *whole > 100) return std::nullopt;
  if (dot != text.npos && (decimals.empty() || decimals.size() > 2)) return std::nullopt;
  std::uint64_t part = 0;
  if (!decimals.empty()) {
    const auto read = parse_number(decimals);
    if (!read) return std::nullopt;
    part = decimals.size() == 1 ? *read * 10 : *read;
  }
  const std::uint64_t weight = *whole * kOne + part;
  if (weight > 100 * kOne) return std::nullopt;
  return static_cast<Weight>(weight);
}

}  // namespace

std::span<const OffenceRow> offences() {
  return kRows;
}

Result<Rules> Rules::parse(std::string_view text) {
  constexpr std::string_view kSeparators = ", \t";
  Rules out;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(kSeparators);
    if (begin == text.npos) return out;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(kSeparators));
    text.remove_prefix(word.size());
    const std::size_t equals = word.find('=');
    const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const OffenceRow& one) {
      return iequals(one.name, word.substr(0, equals));
    });
    std::optional<Weight> weight;
    if (equals != word.npos) weight = parse_weight(word.substr(equals + 1));
    if (row == kRows.end() || !weight) {
      std::string names;
      for (const OffenceRow& one : kRows) names.append(names.empty() ? "" : ", ").append(one.name);
      return Error{
          Cause::Permanent,
          "expected NAME=WEIGHT, with weights from 0 to 100 such as 0.5, and names of " + names};
    }
    out.weights[static_cast<std::size_t>(row->offence)] = *weight;
  }
}

std::string format_weight(Weight weight) {
  std::string out = format_number(weight / kOne);
  const Weight part = weight % kOne;
  if (part == 0) return out;
  out += '.';
  out += static_cast<char>('0' + part / 10);
  if (part % 10 != 0) out += static_cast<char>('0' + part % 10);
  return out;
}

}  // namespace gatepost::bans

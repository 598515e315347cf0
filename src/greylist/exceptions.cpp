// SPDX-License-Identifier: Apache-2.0
// greylist: clients and recipients that are never put off, in the syntax of postgrey's files.
#include "greylist/exceptions.h"

#include <algorithm>
#include <optional>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::greylist {
namespace {

constexpr std::size_t kMostProblems = 20;

std::string_view without_comment(std::string_view line) {
  return trim(line.substr(0, line.find('#')));
}

bool has_blank(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_space);
}

Error not_understood(std::string_view entry, std::string_view expected) {
  return {Cause::Permanent,
          format("\"{}\": expected {}", printable(entry, limits::kLogText), expected)};
}

/// Nothing when `entry` is none; an error when it is one that cannot be compiled.
Result<std::unique_ptr<tables::Matcher>> take_pattern(std::string_view entry) {
  if (entry.size() < 3 || entry.front() != '/' || entry.back() != '/') {
    return std::unique_ptr<tables::Matcher>();
  }
  std::string_view rest = entry;
  GP_TRY(auto matcher, tables::parse_pcre(rest));
  if (!rest.empty()) return not_understood(entry, "one /pattern/, with \\/ for a slash in it");
  return matcher;
}

/// One that costs too much to match is no exception.
bool any_matches(const std::vector<std::unique_ptr<tables::Matcher>>& patterns,
                 std::string_view text) {
  for (const auto& each : patterns) {
    const auto matched = each->matches({text, std::nullopt}, nullptr);
    if (matched && *matched) return true;
  }
  return false;
}

/// `suffix` in lower case; `text` is it, or ends with it behind one of `boundaries`.
bool ends_at(std::string_view text, std::string_view suffix, std::string_view boundaries) {
  if (text.size() < suffix.size()) return false;
  const std::size_t at = text.size() - suffix.size();
  if (!iequals(text.substr(at), suffix)) return false;
  return at == 0 || boundaries.find(text[at - 1]) != boundaries.npos;
}

bool is_dotted_number(std::string_view text) {
  return text.find_first_not_of("0123456789./") == text.npos;
}

/// 192.0 and 192.0.2 stand for whole blocks.
std::optional<Network> parse_block(std::string_view entry) {
  std::string whole(entry);
  const auto dots = std::count(entry.begin(), entry.end(), '.');
  if (is_dotted_number(entry) && dots < 3 && entry.find('/') == entry.npos) {
    if (dots == 2) whole += ".0/24";
    if (dots == 1) whole += ".0.0/16";
  }
  // Bits of a host behind the block's are no fault there: postgrey ignores them.
  const std::size_t slash = whole.find('/');
  const auto address = IpAddress::parse(whole.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == whole.npos) return Network{*address, address->bits()};
  const auto prefix = parse_number(std::string_view(whole).substr(slash + 1));
  if (!prefix || *prefix > address->bits()) return std::nullopt;
  const auto bits = static_cast<unsigned>(*prefix);
  return Network{address->masked(bits), bits};
}

}  // namespace

Result<void> ClientExceptions::add(std::string_view line) {
  const std::string_view entry = without_comment(line);
  if (entry.empty()) return {};
  GP_TRY(auto pattern, take_pattern(entry));
  if (pattern) {
    patterns_.push_back(std::move(pattern));
    return {};
  }
  constexpr std::string_view kForms = "a host name, an address, a block or /pattern/";
  if (const auto block = parse_block(entry)) {
    networks_.push_back(*block);
  } else if (has_blank(entry) || is_dotted_number(entry) ||
             entry.find_first_of(":/@") != entry.npos) {
    return not_understood(entry, kForms);
  } else {
    names_.push_back(lower(entry));
  }
  return {};
}

bool ClientExceptions::has(const IpAddress& client, std::string_view name) const {
  const auto holds = [&client](const Network& one) { return one.contains(client); };
  if (std::any_of(networks_.begin(), networks_.end(), holds)) return true;
  const auto named = [name](const std::string& one) { return ends_at(name, one, "."); };
  return std::any_of(names_.begin(), names_.end(), named) || any_matches(patterns_, name);
}

Result<void> RecipientExceptions::add(std::string_view line) {
  const std::string_view entry = without_comment(line);
  if (entry.empty()) return {};
  GP_TRY(auto pattern, take_pattern(entry));
  if (pattern) {
    patterns_.push_back(std::move(pattern));
    return {};
  }
  const std::size_t at = entry.rfind('@');
  if (has_blank(entry) || at == 0 || entry.front() == '/') {
    return not_understood(entry, "user@domain, user@, a domain or /pattern/");
  }
  if (at == entry.npos) {
    domains_.push_back(lower(entry));
  } else {
    addresses_.push_back({lower(entry.substr(0, at)), lower(entry.substr(at + 1))});
  }
  return {};
}

bool RecipientExceptions::has(std::string_view address) const {
  const std::size_t at = std::min(address.rfind('@'), address.size());
  const std::string_view local = address.substr(0, at);
  const std::string_view domain = address.substr(std::min(at + 1, address.size()));
  const auto is_one = [&](const Address& one) {
    if (!one.domain.empty() && !iequals(domain, one.domain)) return false;
    if (!istarts_with(local, one.user)) return false;
    return local.size() == one.user.size() || local[one.user.size()] == '+';
  };
  if (std::any_of(addresses_.begin(), addresses_.end(), is_one)) return true;
  const auto below = [domain](const std::string& one) { return ends_at(domain, one, "."); };
  return std::any_of(domains_.begin(), domains_.end(), below) || any_matches(patterns_, address);
}

template <class Exceptions>
void add_file(std::string_view path,
              std::string_view text,
              Exceptions& to,
              std::vector<std::string>& problems) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto added = to.add(text.substr(0, end));
    if (!added && problems.size() < kMostProblems) {
      problems.push_back(format("{}:{}: {}", path, number, added.error().detail));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

template void add_file(std::string_view,
                       std::string_view,
                       ClientExceptions&,
                       std::vector<std::string>&);
template void add_file(std::string_view,
                       std::string_view,
                       RecipientExceptions&,
                       std::vector<std::string>&);

}  // namespace gatepost::greylist

// SPDX-License-Identifier: Apache-2.0
// config: lists: words, paths, domains, networks, tables, endpoints.
#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/finding.h"
#include "config/values.h"
#include "screen/access.h"
#include "tables/lines.h"

namespace gatepost::config {

namespace {

constexpr std::size_t kMostNested = 10;
constexpr std::size_t kMostEntries = 1'000'000;

/// Restrictions that stand in any list; a test compares them with policy's table.
constexpr std::string_view kDnsRules =
    " reject_unknown_client_hostname reject_unknown_reverse_client_hostname "
    "reject_unknown_helo_hostname reject_unknown_sender_domain reject_unknown_recipient_domain";
/// Before any of them.
constexpr std::string_view kWarn = "warn_if_reject";
/// Those with a DNS list behind them.
constexpr std::string_view kListRules =
    " reject_rbl_client reject_rhsbl_client reject_rhsbl_reverse_client reject_rhsbl_helo "
    "reject_rhsbl_sender reject_rhsbl_recipient permit_dnswl_client permit_rhswl_client";

Error refusal(std::string text) {
  return {Cause::Permanent, std::move(text)};
}

std::string shown(std::string_view text) {
  return printable(text, limits::kLogText);
}

/// An entry of a list, and the place it was read from when that is a file.
struct Entry {
  std::string text;
  std::string place;  // "/etc/x:3: ", or empty
};

/// Reads lists with the files they name, each entry of a file by itself.
class ListReader {
 public:
  explicit ListReader(tables::Files& files) : files_(files) {}

  Result<void> read(std::string_view text, const std::string& place, bool negated) {
    const auto words = tables::split_list(text);
    if (!words) return refusal(place + words.error().detail);
    for (std::string_view word : *words) {
      bool not_this = negated;
      std::string_view path = word;
      while (path.starts_with('!')) {
        not_this = !not_this;
        path.remove_prefix(1);
      }
      if (path.starts_with('/')) {
        GP_CHECK(include(std::string(path), not_this, place));
      } else if (!path.empty()) {
        if (entries_.size() >= kMostEntries) return refusal(place + "too many entries in a list");
        entries_.push_back({(not_this ? "!" : "") + std::string(path), place});
      } else {
        return refusal(place + "a ! with nothing behind it in a list");
      }
    }
    return {};
  }

  std::vector<Entry> take() { return std::move(entries_); }

 private:
  Result<void> include(const std::string& path, bool negated, const std::string& place) {
    if (depth_ >= kMostNested)
      return refusal(place + "files that name each other, or are nested too deep");
    const Result<std::string> file = files_.read(path, limits::kFile);
    if (!file) return Error{file.error().cause, place + file.error().detail, file.error().system};
    ++depth_;
    tables::LineReader reader(*file);
    while (reader.next()) {
      GP_CHECK(read(reader.line(), format("{}:{}: ", path, reader.number()), negated));
    }
    --depth_;
    const auto problems = reader.take_problems();
    if (!problems.empty()) {
      return refusal(format("{}:{}: {}", path, problems.front().line, problems.front().text));
    }
    return {};
  }

  tables::Files& files_;
  std::vector<Entry> entries_;
  std::size_t depth_ = 0;
};

/// Relative files of tables begin where the configuration lies, also in tables of tables.
Result<tables::Spec> resolve(tables::Spec spec, const ValueContext& context, unsigned depth = 0) {
  if (spec.type == tables::Type::Union || spec.type == tables::Type::Pipe) {
    if (depth > kMostNested) return refusal("too many tables inside each other");
    GP_TRY(const auto names,
           tables::split_list(std::string_view(spec.argument).substr(1, spec.argument.size() - 2),
                              true));
    std::string all;
    for (const std::string& name : names) {
      GP_TRY(tables::Spec part, tables::parse_spec(name));
      GP_TRY(part, resolve(std::move(part), context, depth + 1));
      all += (all.empty() ? "{" : ", {") + part.text() + "}";
    }
    spec.argument = "{" + all + "}";
  } else if (spec.has_file() && spec.type != tables::Type::UnixPasswd) {
    spec.argument = absolute_path(spec.argument, context.folder);
  }
  return spec;
}

Result<void> patterns(std::string_view text,
                      ValueContext& context,
                      Result<tables::Pattern> (*parse_one)(std::string_view),
                      tables::Patterns& out) {
  ListReader reader(context.files);
  GP_CHECK(reader.read(text, "", false));
  std::string wrong;
  std::size_t mistakes = 0;
  for (const Entry& entry : reader.take()) {
    Result<tables::Pattern> pattern = parse_one(entry.text);
    if (!pattern) {
      if (++mistakes <= 5)
        wrong += (wrong.empty() ? "" : "; ") + entry.place + pattern.error().detail;
      continue;
    }
    if (auto* spec = std::get_if<tables::Spec>(&pattern->what)) {
      GP_TRY(tables::Spec resolved, resolve(*spec, context));
      pattern->what = std::move(resolved);
    }
    out.push_back(*std::move(pattern));
  }
  if (mistakes > 0) return refusal(wrong);
  return {};
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto endpoint = Endpoint::parse(text);
  if (!endpoint || endpoint->port == 0) {
    return refusal(format(
        "\"{}\": expected ADDRESS:PORT, as 192.0.2.1:25, [2001:db8::1]:25 or *:25", shown(text)));
  }
  return *endpoint;
}

}  // namespace

Result<void> parse(kinds::Words,
                   std::string_view text,
                   const Limits& limits,
                   ValueContext&,
                   std::vector<std::string>& out) {
  GP_TRY(out, tables::split_list(text));
  if (limits.check != Limits::Check::OneOf) return {};
  const auto known = split(limits.low, " ");
  for (std::string& word : out) {
    word = lower(word);
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    return refusal(format("\"{}\": expected one of {}{}", shown(word), limits.low.view(),
                          suggest(word, known)));
  }
  return {};
}

Result<void> parse(kinds::Restrictions,
                   std::string_view text,
                   const Limits& limits,
                   ValueContext&,
                   std::vector<std::string>& out) {
  GP_TRY(std::vector<std::string> words, tables::split_list(text));
  std::string all(limits.low);
  all += kDnsRules;
  all += kListRules;
  const auto known = split(all, " ");
  const auto with_list = split(kListRules, " ");
  const auto is_in = [](const auto& names, const std::string& word) {
    return std::find(names.begin(), names.end(), word) != names.end();
  };
  for (auto at = words.begin(); at != words.end(); ++at) {
    std::string& entry = out.emplace_back();
    std::string word = lower(*at);
    if (word == kWarn && at + 1 != words.end()) {
      entry = word + " ";
      word = lower(*++at);
    }
    if (word == kWarn) return refusal(word + ": expected a restriction behind it");
    if (!is_in(known, word)) {
      return refusal(
          format("\"{}\": expected one of {} {}{}", shown(word), all, kWarn, suggest(word, known)));
    }
    entry += word;
    if (!is_in(with_list, word)) continue;
    if (++at == words.end())
      return refusal(entry + ": expected the domain of a DNS list behind it");
    GP_TRY(const screen::Site site, screen::parse_site(*at));
    if (at->find('*') != at->npos) {
      return refusal(format("\"{}\": a weight is for postscreen_dnsbl_sites", shown(*at)));
    }
    entry += " " + *at;
  }
  return {};
}

Result<void> parse(
    kinds::Lists, std::string_view text, const Limits&, ValueContext&, screen::Sites& out) {
  GP_TRY(const std::vector<std::string> words, tables::split_list(text));
  GP_TRY(out, screen::parse_sites(words));
  return {};
}

Result<void> parse(kinds::Keywords,
                   std::string_view text,
                   const Limits& limits,
                   ValueContext& context,
                   std::vector<std::string>& out) {
  GP_CHECK(parse(kinds::Words{}, text, limits, context, out));
  for (std::string& word : out) word = upper(word);
  return {};
}

Result<void> parse(kinds::Paths,
                   std::string_view text,
                   const Limits&,
                   ValueContext& context,
                   std::vector<std::string>& out) {
  GP_TRY(out, tables::split_list(text));
  for (std::string& word : out) word = absolute_path(word, context.folder);
  return {};
}

Result<void> parse(kinds::Domains,
                   std::string_view text,
                   const Limits&,
                   ValueContext& context,
                   tables::Patterns& out) {
  return patterns(text, context, tables::parse_domain_pattern, out);
}

Result<void> parse(kinds::Networks,
                   std::string_view text,
                   const Limits&,
                   ValueContext& context,
                   tables::Patterns& out) {
  return patterns(text, context, tables::parse_address_pattern, out);
}

namespace {

Result<tables::Pattern> parse_access_entry(std::string_view text) {
  tables::Pattern out;
  if (tables::looks_like_table(text)) {
    GP_TRY(out.what, tables::parse_spec(text));
    return out;
  }
  std::vector<std::string_view> words;
  for (const screen::AccessWord& row : screen::kAccessWords) words.push_back(row.word);
  const std::string word = lower(text);
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    return refusal(format("\"{}\": expected {}{}", shown(text), form_of(kinds::AccessList{}),
                          suggest(word, words)));
  }
  out.what = word;
  return out;
}

}  // namespace

Result<void> parse(kinds::AccessList,
                   std::string_view text,
                   const Limits&,
                   ValueContext& context,
                   tables::Patterns& out) {
  return patterns(text, context, parse_access_entry, out);
}

Result<void> parse(kinds::Maps,
                   std::string_view text,
                   const Limits&,
                   ValueContext& context,
                   std::vector<tables::Spec>& out) {
  GP_TRY(const auto words, tables::split_list(text));
  for (const std::string& word : words) {
    GP_TRY(tables::Spec spec, tables::parse_spec(word));
    GP_TRY(spec, resolve(std::move(spec), context));
    out.push_back(std::move(spec));
  }
  return {};
}

Result<void> parse(kinds::Endpoints,
                   std::string_view text,
                   const Limits&,
                   ValueContext&,
                   std::vector<Endpoint>& out) {
  const auto add = [&out](const Endpoint& endpoint) {
    if (std::find(out.begin(), out.end(), endpoint) == out.end()) out.push_back(endpoint);
  };
  for (const std::string_view word : split(text, ", \t\r\n")) {
    if (word.starts_with("*:")) {
      const std::string port(word.substr(2));
      const auto four = parse_endpoint("0.0.0.0:" + port);
      const auto six = parse_endpoint("[::]:" + port);
      if (!four || !six) return parse_endpoint(word).error();
      add(*four);
      add(*six);
      continue;
    }
    GP_TRY(const Endpoint endpoint, parse_endpoint(word));
    add(endpoint);
  }
  return {};
}

Result<void> parse(kinds::DnsServers,
                   std::string_view text,
                   const Limits&,
                   ValueContext&,
                   std::vector<Endpoint>& out) {
  constexpr std::uint16_t kDomain = 53;
  for (const std::string_view word : split(text, ", \t\r\n")) {
    auto server = Endpoint::parse(word);
    if (const auto address = IpAddress::parse(word)) server = Endpoint{*address, kDomain};
    if (!server || server->port == 0) {
      return refusal(
          format("\"{}\": expected ADDRESS or ADDRESS:PORT, as 192.0.2.53, 2001:db8::53 or "
                 "127.0.0.1:5353",
                 shown(word)));
    }
    out.push_back(*server);
  }
  return {};
}

// As check_policy_service of Postfix names them, inet: and unix: are understood before either.
Result<void> parse(kinds::Places,
                   std::string_view text,
                   const Limits&,
                   ValueContext&,
                   std::vector<std::string>& out) {
  for (std::string_view word : split(text, ", \t\r\n")) {
    if (word.starts_with("inet:") || word.starts_with("unix:/")) word.remove_prefix(5);
    if (word.starts_with('/')) {
      out.emplace_back(word);
      continue;
    }
    GP_TRY(const Endpoint endpoint, parse_endpoint(word));
    out.push_back(endpoint.text());
  }
  return {};
}

Result<void> parse(
    kinds::Commands, std::string_view text, const Limits&, ValueContext&, ForbiddenCommands& out) {
  GP_TRY(const auto words, tables::split_list(text));
  for (const std::string& word : words) {
    if (word.find(':') == word.npos) {
      out.verbs.push_back(upper(word));
      continue;
    }
    const auto pieces = split(word, " \t");
    const bool known =
        pieces.size() == 2 && pieces[0] == "regexp:{{/^[^A-Z]/" && istarts_with(pieces[1], "bogus");
    if (!known) {
      return refusal(format(
          "\"{}\": expected words, or the one table regexp:{{{{/^[^A-Z]/ Bogus}}}}", shown(word)));
    }
    out.non_letters = true;
  }
  return {};
}

}  // namespace gatepost::config

// SPDX-License-Identifier: Apache-2.0
// tables: hash:, inline: and unix: tables: exact keys, kept small.
#include "tables/indexed.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::tables {

namespace {

static_assert(limits::kFile < std::numeric_limits<std::uint32_t>::max());

constexpr std::size_t kMostTold = 20;

Built finish(std::shared_ptr<IndexedTable> table, std::vector<Problem> problems) {
  for (const std::string& key : table->seal()) {
    problems.push_back(
        {0, "duplicate entry \"" + printable(key, limits::kLogText) + "\": the first one counts",
         false});
  }
  const bool usable = std::none_of(problems.begin(), problems.end(),
                                   [](const Problem& problem) { return problem.fatal; });
  if (!usable) table.reset();
  return {std::move(table), std::move(problems)};
}

/// The key of a row: up to white space, or "in quotes" with \" and \\ in it (postmap(1)).
bool take_key(std::string_view& line, std::string& key) {
  key.clear();
  if (!line.starts_with('"')) {
    const std::size_t end = std::min(line.find_first_of(" \t\r\v\f"), line.size());
    key = line.substr(0, end);
    line.remove_prefix(end);
    return true;
  }
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      key += line[++i];
    } else if (line[i] == '"') {
      line.remove_prefix(i + 1);
      return !key.empty();
    } else {
      key += line[i];
    }
  }
  return false;
}

}  // namespace

std::string_view IndexedTable::key_at(std::uint32_t row) const {
  return {text_.c_str() + row};
}

void IndexedTable::add(std::string_view key, std::string_view value) {
  rows_.push_back(static_cast<std::uint32_t>(text_.size()));
  if (letters_ == Case::Ignored) {
    std::transform(key.begin(), key.end(), std::back_inserter(text_), to_lower);
  } else {
    text_ += key;
  }
  text_ += '\0';
  text_ += value;
  text_ += '\0';
}

std::vector<std::string> IndexedTable::seal() {
  std::vector<std::string> again;
  // Rows are offsets, so that equal keys keep the order of the file without a stable sort's
  // second copy.
  std::sort(rows_.begin(), rows_.end(), [this](std::uint32_t a, std::uint32_t b) {
    const int order = key_at(a).compare(key_at(b));
    return order < 0 || (order == 0 && a < b);
  });
  const auto same = [this, &again](std::uint32_t a, std::uint32_t b) {
    if (key_at(a) != key_at(b)) return false;
    if (again.size() < kMostTold) again.emplace_back(key_at(b));
    return true;
  };
  rows_.erase(std::unique(rows_.begin(), rows_.end(), same), rows_.end());
  rows_.shrink_to_fit();
  text_.shrink_to_fit();
  return again;
}

Result<std::optional<std::string>> IndexedTable::find(std::string_view key) const {
  if (key.find('\0') != key.npos) return std::optional<std::string>();
  const std::string wanted = letters_ == Case::Ignored ? lower(key) : std::string(key);
  const auto at = std::lower_bound(
      rows_.begin(), rows_.end(), std::string_view(wanted),
      [this](std::uint32_t row, std::string_view other) { return key_at(row) < other; });
  if (at == rows_.end() || key_at(*at) != wanted) return std::optional<std::string>();
  return std::optional<std::string>(text_.c_str() + *at + wanted.size() + 1);
}

std::optional<Table::Entries> IndexedTable::entries() const {
  Entries out;
  out.reserve(rows_.size());
  for (const std::uint32_t row : rows_) {
    const std::string_view key = key_at(row);
    out.emplace_back(key, text_.c_str() + row + key.size() + 1);
  }
  return out;
}

Built build_indexed(std::string_view text) {
  auto table = std::make_shared<IndexedTable>(IndexedTable::Case::Ignored);
  table->reserve(text.size());
  LineReader reader(text);
  std::vector<Problem> problems;
  const auto warn = [&problems, &reader](std::string what) {
    if (problems.size() < kMostTold) problems.push_back({reader.number(), std::move(what), false});
  };
  std::string key;
  while (reader.next()) {
    std::string_view line = reader.line();
    const bool has_key = take_key(line, key);
    const std::string_view value = trim(line);
    if (!has_key || value.empty()) {
      warn("expected key, white space, value; the line is left out");
      continue;
    }
    if (key.size() > 1 && key.back() == ':') {
      warn("\"" + printable(key, limits::kLogText) + "\" ends in a colon: is this an alias file?");
    }
    table->add(key, value);
  }
  for (Problem& problem : reader.take_problems()) problems.push_back(std::move(problem));
  return finish(std::move(table), std::move(problems));
}

Built build_aliases(std::string_view text) {
  auto table = std::make_shared<IndexedTable>(IndexedTable::Case::Ignored);
  table->reserve(text.size());
  LineReader reader(text);
  std::vector<Problem> problems;
  std::string key;
  while (reader.next()) {
    std::string_view line = reader.line();
    if (line.front() == '"') {
      if (!take_key(line, key)) line = {};
      line = trim(line);
    } else {
      const std::size_t colon = std::min(line.find(':'), line.size());
      key = trim(line.substr(0, colon));
      line.remove_prefix(colon);
    }
    const bool good = line.starts_with(':') && !key.empty() && !trim(line.substr(1)).empty();
    if (good) {
      table->add(key, trim(line.substr(1)));
    } else if (problems.size() < kMostTold) {
      problems.push_back({reader.number(), "expected name: address, address ..."});
    }
  }
  for (Problem& problem : reader.take_problems()) problems.push_back(std::move(problem));
  return finish(std::move(table), std::move(problems));
}

Built build_inline(std::string_view argument) {
  auto table = std::make_shared<IndexedTable>(IndexedTable::Case::Ignored);
  // Spec has checked the outer braces.
  const auto words = split_list(argument.substr(1, argument.size() - 2), true);
  if (!words) return {nullptr, {{0, words.error().detail}}};
  std::vector<Problem> problems;
  for (const std::string& word : *words) {
    const std::size_t equals = word.find('=');
    const std::string_view key = trim(std::string_view(word).substr(0, equals));
    if (equals == word.npos || key.empty()) {
      problems.push_back({0, "\"" + word + "\": expected key=value or {key = value}"});
      continue;
    }
    table->add(key, trim(std::string_view(word).substr(equals + 1)));
  }
  if (words->empty()) problems.push_back({0, "an empty table: expected inline:{key=value, ...}"});
  return finish(std::move(table), std::move(problems));
}

Built build_passwd(std::string_view text) {
  auto table = std::make_shared<IndexedTable>(IndexedTable::Case::Kept);
  table->reserve(text.size());
  std::vector<Problem> problems;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    ++number;
    line = trim(line);
    const std::size_t colon = line.find(':');
    // A + or - asks for names of other services, which are not looked at.
    if (line.empty() || line.front() == '#' || line.front() == '+' || line.front() == '-') continue;
    if (colon == line.npos || colon == 0 || line.find('\0') != line.npos) {
      if (problems.size() < kMostTold) {
        problems.push_back(
            {number, "expected name:password:uid:gid:...; the line is left out", false});
      }
      continue;
    }
    table->add(line.substr(0, colon), line);
  }
  return finish(std::move(table), std::move(problems));
}

}  // namespace gatepost::tables

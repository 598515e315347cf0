// SPDX-License-Identifier: Apache-2.0
// cli: the text of a passwd-file, changed line by line.
#include "cli/user_file.h"

#include <algorithm>

#include "base/text.h"
#include "policy/users.h"

namespace gatepost::cli {

namespace {

constexpr std::size_t kExtraField = 7;

/// Where field `wanted` begins; nothing when the line has fewer.
std::optional<std::size_t> start_of_field(std::string_view line, std::size_t wanted) {
  std::size_t at = 0;
  for (; wanted > 0; --wanted) {
    at = line.find(':', at);
    if (at == std::string_view::npos) return std::nullopt;
    ++at;
  }
  return at;
}

/// Colons added until field `wanted` is there; where it begins.
std::size_t make_field(std::string& line, std::size_t wanted) {
  for (;;) {
    if (const auto at = start_of_field(line, wanted)) return *at;
    line.push_back(':');
  }
}

bool is_word(std::string_view word, std::string_view key) {
  return word.starts_with(key) && (word.size() == key.size() || word[key.size()] == '=');
}

}  // namespace

UserFile::UserFile(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    Line line{std::string(text.substr(0, end))};
    text.remove_prefix(std::min(end + 1, text.size()));
    line.carriage = line.text.ends_with('\r');
    if (line.carriage) line.text.pop_back();
    lines_.push_back(std::move(line));
  }
}

std::string UserFile::text() const {
  std::string out;
  for (const Line& line : lines_) {
    out += line.text;
    out += line.carriage ? "\r\n" : "\n";
  }
  return out;
}

bool UserFile::is_of(const Line& line, std::string_view name) {
  const std::string_view text = line.text;
  return !text.starts_with('#') && iequals(text.substr(0, text.find(':')), name);
}

const UserFile::Line* UserFile::find(std::string_view name) const {
  const auto found = std::find_if(lines_.begin(), lines_.end(),
                                  [name](const Line& line) { return is_of(line, name); });
  return found == lines_.end() ? nullptr : &*found;
}

UserFile::Line* UserFile::find(std::string_view name) {
  const auto found = std::find_if(lines_.begin(), lines_.end(),
                                  [name](const Line& line) { return is_of(line, name); });
  return found == lines_.end() ? nullptr : &*found;
}

void UserFile::add(std::string_view name, std::string_view secret) {
  std::erase_if(lines_, [](const Line& line) { return line.text == policy::kNoUsersLine; });
  Line line{std::string(name)};
  line.text.append(":").append(secret).append("::::::");
  line.carriage = !lines_.empty() && lines_.back().carriage;
  lines_.push_back(std::move(line));
}

void UserFile::set_secret(std::string_view name, std::string_view secret) {
  Line* line = find(name);
  if (line == nullptr) return;
  const std::size_t at = make_field(line->text, 1);
  const std::size_t end = std::min(line->text.find(':', at), line->text.size());
  line->text.replace(at, end - at, secret);
}

void UserFile::set_extra(std::string_view name,
                         std::string_view key,
                         const std::optional<std::string>& value) {
  Line* line = find(name);
  if (line == nullptr) return;
  std::string word(key);
  if (value && !value->empty()) word.append("=").append(*value);
  const std::size_t at = make_field(line->text, kExtraField);
  std::vector<std::string> words;
  bool placed = !value;
  for (const std::string_view one : split(std::string_view(line->text).substr(at), " ")) {
    if (!is_word(one, key)) {
      words.emplace_back(one);
    } else if (!placed) {
      words.push_back(word);
      placed = true;
    }
  }
  if (!placed) words.push_back(word);
  line->text.resize(at);
  for (const std::string& one : words) {
    if (line->text.size() > at) line->text.push_back(' ');
    line->text += one;
  }
}

void UserFile::remove(std::string_view name) {
  std::erase_if(lines_, [name](const Line& line) { return is_of(line, name); });
  const auto holds = [](const Line& line) {
    return !line.text.starts_with('#') && !trim(line.text).empty();
  };
  if (std::any_of(lines_.begin(), lines_.end(), holds)) return;
  lines_.push_back({std::string(policy::kNoUsersLine)});
}

const char* find_new_name_fault(std::string_view name) {
  if (const char* fault = policy::find_name_fault(name)) return fault;
  if (name.find(':') != name.npos) return "the user name holds a colon, which ends it in the file";
  if (name.front() == '#') return "the user name begins with #, as comments do";
  if (!is_utf8(name)) return "the user name is not UTF-8";
  if (name.find('@') != name.rfind('@')) return "the user name holds more than one @";
  return nullptr;
}

}  // namespace gatepost::cli

// SPDX-License-Identifier: Apache-2.0
// policy: who has a mailbox and a password: the users of a Dovecot passwd-file.
#include "policy/users.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::policy {
namespace {

// A file of garbage must not become a log of garbage.
constexpr std::size_t kMostProblems = 10;

/// What follows the colon number `count`; empty when there are fewer.
std::string_view after_colons(std::string_view line, std::size_t count) {
  for (; count > 0; --count) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return {};
    line.remove_prefix(colon + 1);
  }
  return line;
}

std::string_view field(std::string_view line, std::size_t wanted) {
  const std::string_view rest = after_colons(line, wanted);
  return rest.substr(0, rest.find(':'));
}

constexpr std::array<std::pair<UserMode, std::string_view>, 4> kModes{{
    {UserMode::Normal, "normal"},
    {UserMode::SendOnly, "send-only"},
    {UserMode::ReceiveOnly, "receive-only"},
    {UserMode::Disabled, "disabled"},
}};

}  // namespace

std::optional<std::string_view> User::extra_field(std::string_view key) const {
  std::string_view rest = extra;
  while (!rest.empty()) {
    std::string_view word = take_word(rest, " ");
    if (!word.starts_with(key)) continue;
    word.remove_prefix(key.size());
    if (word.empty()) return word;
    if (word.front() == '=') return word.substr(1);
  }
  return std::nullopt;
}

UserMode user_mode(const User& user) {
  UserMode mode = UserMode::Normal;
  if (const auto word = user.extra_field("gatepost_mode")) {
    mode = parse_user_mode(*word).value_or(UserMode::Disabled);
  }
  if (!user.extra_field("nologin")) return mode;
  const bool receives = mode == UserMode::Normal || mode == UserMode::ReceiveOnly;
  return receives ? UserMode::ReceiveOnly : UserMode::Disabled;
}

std::string_view format_user_mode(UserMode mode) {
  for (const auto& [one, word] : kModes) {
    if (one == mode) return word;
  }
  return {};
}

std::optional<UserMode> parse_user_mode(std::string_view word) {
  for (const auto& [mode, name] : kModes) {
    if (name == word) return mode;
  }
  return std::nullopt;
}

const char* find_name_fault(std::string_view name) {
  if (name.empty()) return "the user name is empty";
  if (name.size() > limits::kPath) return "the user name is longer than 256 octets";
  if (name.find('/') != name.npos) return "the user name holds a slash";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) {
      return "the user name holds a space or control character";
    }
  }
  const std::size_t at = name.rfind('@');
  const std::string_view local = name.substr(0, at);
  if (local.empty()) return "the user name has nothing before the @";
  if (at != name.npos && at + 1 == name.size()) return "the user name has nothing after the @";
  const std::string_view domain = (at == name.npos) ? std::string_view() : name.substr(at + 1);
  for (const std::string_view part : {local, domain}) {
    if (part == "." || part == "..") return "the user name is a directory reference";
  }
  return nullptr;
}

Users::Parsed Users::parse(std::string_view text) {
  Parsed out;
  std::size_t untold = 0;
  const auto tell = [&out, &untold](std::string problem) {
    if (out.problems.size() < kMostProblems) {
      out.problems.push_back(std::move(problem));
    } else {
      ++untold;
    }
  };
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    out.empty_on_purpose = out.empty_on_purpose || line == kNoUsersLine;
    if (trim(line).empty() || line.front() == '#') continue;
    const std::string name = lower(field(line, 0));
    if (const char* fault = find_name_fault(name)) {
      tell("line " + format_number(number) + ": " + fault);
      continue;
    }
    const std::string_view home = field(line, 5);
    const std::string_view extra = after_colons(line, 7);
    if (line.find('\0') != line.npos) {
      const bool in_home = home.find('\0') != home.npos;
      tell("line " + format_number(number) + (in_home ? ": the home" : ": a field") +
           " holds a NUL");
      continue;
    }
    out.users.users_.push_back(
        {name, Secret(std::string(field(line, 1))), std::string(home), std::string(extra)});
  }
  auto& users = out.users.users_;
  const auto by_name = [](const User& a, const User& b) { return a.name < b.name; };
  std::stable_sort(users.begin(), users.end(), by_name);
  const auto same = [&tell](const User& a, const User& b) {
    if (a.name != b.name) return false;
    tell("user " + a.name + " stands twice; the first line counts");
    return true;
  };
  users.erase(std::unique(users.begin(), users.end(), same), users.end());
  out.empty_on_purpose = out.empty_on_purpose && users.empty() && out.problems.empty();
  if (untold > 0) out.problems.push_back("and " + format_number(untold) + " more problems");
  return out;
}

const User* Users::find(std::string_view name) const {
  const std::string key = lower(name);
  const auto before = [](const User& user, const std::string& wanted) {
    return user.name < wanted;
  };
  const auto found = std::lower_bound(users_.begin(), users_.end(), key, before);
  return (found != users_.end() && found->name == key) ? &*found : nullptr;
}

Result<std::string> expand_mail_location(std::string_view pattern, const User& user) {
  constexpr std::string_view kScheme = "maildir:";
  if (istarts_with(pattern, kScheme)) pattern.remove_prefix(kScheme.size());
  const std::size_t at = user.name.rfind('@');
  const std::string local = user.name.substr(0, at);
  const std::string domain = (at == user.name.npos) ? "" : user.name.substr(at + 1);
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out.push_back(pattern[i]);
      continue;
    }
    const char letter = (i + 1 < pattern.size()) ? pattern[++i] : '\0';
    switch (letter) {
      case 'u':
        out += user.name;
        break;
      case 'n':
        out += local;
        break;
      case 'd':
        out += domain;
        break;
      case 'h':
        out += user.home;
        break;
      case '%':
        out += '%';
        break;
      default:
        return Error{Cause::Permanent, "mail_location: expected %u, %n, %d, %h or %% in \"" +
                                           std::string(pattern) + "\""};
    }
  }
  // Doubled slashes come from an empty %d; one path must have one spelling, since directory
  // syncs are shared by name.
  out.erase(
      std::unique(out.begin(), out.end(), [](char a, char b) { return a == '/' && b == '/'; }),
      out.end());
  if (out.empty() || out.front() != '/') {
    return Error{Cause::Permanent, "mail_location gives \"" + out + "\" for " + user.name +
                                       ", which is not an absolute path"};
  }
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

}  // namespace gatepost::policy

// SPDX-License-Identifier: Apache-2.0
// policy: who has a mailbox: the users of a Dovecot passwd-file.
#include "policy/users.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace gatepost::policy {
namespace {

// A file of garbage must not become a log of garbage.
constexpr std::size_t kMostProblems = 10;

std::string_view field(std::string_view line, std::size_t wanted) {
  for (; wanted > 0; --wanted) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return {};
    line.remove_prefix(colon + 1);
  }
  return line.substr(0, line.find(':'));
}

}  // namespace

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
    if (trim(line).empty() || line.front() == '#') continue;
    const std::string name = lower(field(line, 0));
    if (const char* fault = find_name_fault(name)) {
      tell("line " + format_number(number) + ": " + fault);
      continue;
    }
    const std::string_view home = field(line, 5);
    if (home.find('\0') != home.npos) {
      tell("line " + format_number(number) + ": the home holds a NUL");
      continue;
    }
    out.users.users_.push_back({name, std::string(home)});
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

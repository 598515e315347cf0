// SPDX-License-Identifier: Apache-2.0
// system: users and groups from their files.
#include "system/account.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <unistd.h>

#include "base/format.h"
#include "base/text.h"
#include "system/read_file.h"

namespace gatepost::system {
namespace {

// Of a hundred thousand users.
constexpr std::size_t kMostOctets = std::size_t{16} * 1024 * 1024;

/// What one line of passwd(5) or group(5) says; borrows from the file's text.
struct Entry {
  std::string_view name;
  std::uint32_t id = 0;   ///< uid or gid.
  std::string_view rest;  ///< What follows the colon after it.
};

/// The text up to the next colon, taken off the front of `line`.
std::string_view take_field(std::string_view& line) {
  const std::size_t end = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

/// Nothing for comments, the marks of name services ("+::::::") and what is no entry.
std::optional<Entry> parse_entry(std::string_view line) {
  line = trim(line);
  if (line.starts_with('#')) return std::nullopt;
  Entry entry;
  entry.name = take_field(line);
  take_field(line);
  const auto id = parse_id(take_field(line));
  if (!id || entry.name.empty()) return std::nullopt;
  entry.id = *id;
  entry.rest = line;
  return entry;
}

/// Calls `visit` with each entry until it says true; false when none did.
template <class Visit>
Result<bool> find_entry(const std::string& path, Visit visit) {
  auto text = read_file(path, kMostOctets);
  if (!text) return std::move(text).error();
  std::string_view left = *text;
  while (!left.empty()) {
    const auto entry = parse_entry(take_word(left, "\n"));
    if (entry && visit(*entry)) return true;
  }
  return false;
}

}  // namespace

Result<Account> find_account(std::string_view name,
                             const std::string& passwd_path,
                             const std::string& group_path) {
  Account account;
  account.name = name;
  auto user = find_entry(passwd_path, [&](Entry entry) {
    const auto gid = parse_id(take_field(entry.rest));
    if (name != entry.name || !gid) return false;
    account.uid = entry.id;
    account.gid = *gid;
    return true;
  });
  if (!user) return std::move(user).error();
  if (!*user) return Error{Cause::Permanent, format("no user \"{}\" in {}", name, passwd_path)};
  // A system without /etc/group has users all the same.
  auto groups = find_entry(group_path, [&](Entry entry) {
    while (!entry.rest.empty()) {
      const std::string_view member = take_word(entry.rest, ", ");
      if (name == member && entry.id != account.gid) account.groups.push_back(entry.id);
    }
    return false;
  });
  if (!groups && groups.error().system != ENOENT) return std::move(groups).error();
  return account;
}

Result<gid_t> find_group(std::string_view name, const std::string& group_path) {
  gid_t gid = 0;
  auto found = find_entry(group_path, [&](const Entry& entry) {
    gid = entry.id;
    return name == entry.name;
  });
  if (!found) return std::move(found).error();
  if (!*found) return Error{Cause::Permanent, format("no group \"{}\" in {}", name, group_path)};
  return gid;
}

Result<std::optional<std::string>> find_group_name(gid_t gid, const std::string& group_path) {
  std::string name;
  auto found = find_entry(group_path, [&](const Entry& entry) {
    if (entry.id != gid) return false;
    name = entry.name;
    return true;
  });
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<std::string>();
  return std::optional<std::string>(std::move(name));
}

Result<std::optional<Person>> find_person(uid_t uid, const std::string& passwd_path) {
  Person person;
  auto found = find_entry(passwd_path, [&](Entry entry) {
    if (entry.id != uid || !parse_id(take_field(entry.rest))) return false;
    person.name = entry.name;
    const std::string_view gecos = take_field(entry.rest);
    for (const char c : gecos.substr(0, gecos.find(','))) {
      if (c != '&') {
        person.full_name.push_back(c);
        continue;
      }
      // 4.2BSD's shorthand for the login name, which begins with a capital then.
      person.full_name += person.name;
      char& first = person.full_name[person.full_name.size() - person.name.size()];
      if (!person.name.empty()) first = to_upper(first);
    }
    return true;
  });
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<Person>();
  return std::optional<Person>(std::move(person));
}

Account own_account() {
  Account account;
  account.uid = ::geteuid();
  account.gid = ::getegid();
  const int count = ::getgroups(0, nullptr);
  if (count > 0) {
    account.groups.resize(static_cast<std::size_t>(count));
    const int got = ::getgroups(count, account.groups.data());
    account.groups.resize(static_cast<std::size_t>(std::max(got, 0)));
  }
  return account;
}

}  // namespace gatepost::system

// SPDX-License-Identifier: Apache-2.0
// system: users and groups from their files.
#include "system/account.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <grp.h>
#include <memory>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/format.h"
#include "base/text.h"

namespace gatepost::system {
namespace {

// A group with thousands of members is one line.
constexpr std::size_t kMostLine = 1024 * 1024;

struct CloseFile {
  void operator()(FILE* file) const { ::fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

Result<File> open_file(const std::string& path) {
  File file(::fopen(path.c_str(), "re"));
  if (!file) return system_error(format("open {}", path), errno);
  return file;
}

/// Calls `visit` with each entry until it says true; false when none did.
template <class Entry, class Next, class Visit>
Result<bool> find_entry(const std::string& path, Next next, Visit visit) {
  auto file = open_file(path);
  if (!file) return std::move(file).error();
  std::vector<char> line(kMostLine);
  Entry entry{};
  Entry* found = nullptr;
  for (;;) {
    const int failed = next(file->get(), &entry, line.data(), line.size(), &found);
    if (failed == ENOENT) return false;
    if (failed != 0) return system_error(format("read {}", path), failed);
    if (visit(entry)) return true;
  }
}

template <class Visit>
Result<bool> find_user(const std::string& path, Visit visit) {
  return find_entry<passwd>(path, &::fgetpwent_r, visit);
}
template <class Visit>
Result<bool> find_group_entry(const std::string& path, Visit visit) {
  return find_entry<::group>(path, &::fgetgrent_r, visit);
}

}  // namespace

Result<Account> find_account(std::string_view name,
                             const std::string& passwd_path,
                             const std::string& group_path) {
  Account account;
  account.name = name;
  auto user = find_user(passwd_path, [&](const passwd& entry) {
    if (name != entry.pw_name) return false;
    account.uid = entry.pw_uid;
    account.gid = entry.pw_gid;
    return true;
  });
  if (!user) return std::move(user).error();
  if (!*user) return Error{Cause::Permanent, format("no user \"{}\" in {}", name, passwd_path)};
  // A system without /etc/group has users all the same.
  auto groups = find_group_entry(group_path, [&](const ::group& entry) {
    for (char** member = entry.gr_mem; *member != nullptr; ++member) {
      if (name == *member && entry.gr_gid != account.gid) account.groups.push_back(entry.gr_gid);
    }
    return false;
  });
  if (!groups && groups.error().system != ENOENT) return std::move(groups).error();
  return account;
}

Result<gid_t> find_group(std::string_view name, const std::string& group_path) {
  gid_t gid = 0;
  auto found = find_group_entry(group_path, [&](const ::group& entry) {
    gid = entry.gr_gid;
    return name == entry.gr_name;
  });
  if (!found) return std::move(found).error();
  if (!*found) return Error{Cause::Permanent, format("no group \"{}\" in {}", name, group_path)};
  return gid;
}

Result<std::optional<std::string>> find_group_name(gid_t gid, const std::string& group_path) {
  std::string name;
  auto found = find_group_entry(group_path, [&](const ::group& entry) {
    if (entry.gr_gid != gid) return false;
    name = entry.gr_name;
    return true;
  });
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<std::string>();
  return std::optional<std::string>(std::move(name));
}

Result<std::optional<Person>> find_person(uid_t uid, const std::string& passwd_path) {
  Person person;
  auto found = find_user(passwd_path, [&](const passwd& entry) {
    if (entry.pw_uid != uid) return false;
    person.name = entry.pw_name;
    const std::string_view gecos = entry.pw_gecos == nullptr ? "" : entry.pw_gecos;
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

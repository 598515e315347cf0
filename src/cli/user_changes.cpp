// SPDX-License-Identifier: Apache-2.0
// cli: gatepost user add, passwd, del, mode: what changes the file.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <variant>

#include "app/disk_files.h"
#include "app/load.h"
#include "app/user_checks.h"
#include "auth/stored_secret.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/console.h"
#include "cli/locked_file.h"
#include "cli/options.h"
#include "cli/password_prompt.h"
#include "cli/user_file.h"
#include "cli/user_verbs.h"
#include "system/account.h"
#include "system/random.h"

namespace gatepost::cli {

namespace {

Error bad_data(std::string detail) {
  return {Cause::Permanent, std::move(detail), EINVAL};
}

/// A password for `name` that may be stored.
Result<Secret> take_password(const UserTask& task, std::string_view name) {
  Result<Secret> first = task.options.from_stdin
                             ? read_password_line()
                             : ask_password(format("New password for {}: ", name));
  if (!first) return first;
  if (const char* fault = auth::find_password_fault(first->reveal())) return bad_data(fault);
  if (task.options.from_stdin) return first;
  GP_TRY(const Secret second, ask_password("The same again: "));
  if (second.reveal() != first->reveal()) return bad_data("the two passwords are not the same");
  return first;
}

Result<Secret> make_secret(const Secret& password) {
  std::array<std::uint8_t, 16> salt{};
  GP_CHECK(system::fill_random(salt));
  return auth::make_scram_secret(password.reveal(),
                                 {reinterpret_cast<const char*>(salt.data()), salt.size()});
}

/// Whose a new file is: the service reads it after it has given up being root.
std::optional<gid_t> group_for(const UserTask& task) {
  if (::geteuid() != 0) return ::getegid();
  const auto account = system::find_account(task.settings.mail_owner);
  return account ? account->gid : gid_t{0};
}

/// Asked of the file on disk before anybody types a password for nothing.
Result<bool> has_user(const UserTask& task, std::string_view name) {
  GP_TRY(const policy::Users users, read_users(task));
  return users.find(name) != nullptr;
}

/// Puts `mode` into the line of `name`. A user who may not do anything is one to Dovecot as well.
void write_mode(UserFile& file, std::string_view name, policy::UserMode mode) {
  const bool normal = mode == policy::UserMode::Normal;
  const bool disabled = mode == policy::UserMode::Disabled;
  const auto word = std::string(policy::format_user_mode(mode));
  file.set_extra(name, "gatepost_mode", normal ? std::nullopt : std::optional(word));
  file.set_extra(name, "nologin", disabled ? std::optional(std::string()) : std::nullopt);
}

Result<void> add_line(const UserTask& task, const Secret& secret, policy::UserMode mode) {
  GP_TRY(LockedFile held, LockedFile::open(task.settings.passwd_file, group_for(task)));
  UserFile file(held.text());
  if (file.has(task.name)) {
    return Error{Cause::Permanent, task.name + " is a user already", EEXIST};
  }
  file.add(task.name, secret.reveal());
  if (task.options.quota) {
    GP_TRY(const auto rule, make_quota_rule(*task.options.quota, ""));
    file.set_extra(task.name, "userdb_quota_rule", rule);
  }
  write_mode(file, task.name, mode);
  return held.replace(file.text());
}

/// Changes the line of a user that must be there still: false when it is not.
template <class Change>
Result<bool> change_line(const UserTask& task, std::string_view name, const Change& change) {
  GP_TRY(LockedFile held, LockedFile::open(task.settings.passwd_file, std::nullopt));
  UserFile file(held.text());
  if (!file.has(name)) return false;
  change(file);
  GP_CHECK(held.replace(file.text()));
  return true;
}

/// Who asks: the system's user behind sudo(8), as a user of the file. sudo sets these variables
/// itself, and without sudo a caller has no right to the file.
Result<std::string> find_self(const UserTask& task, const policy::Users& users) {
  const char* caller = std::getenv("SUDO_USER");  // NOLINT: a command has one thread
  if (caller == nullptr || ::geteuid() != 0) {
    return Error{Cause::Permanent, "not permitted: type sudo gatepost user passwd --self", EPERM};
  }
  // A configuration of the caller's own would name a file of the caller's choice.
  struct stat facts {};
  if (::stat(task.configuration.c_str(), &facts) != 0 || facts.st_uid != 0 ||
      (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{Cause::Permanent, task.configuration + " may be written by others than root",
                 EPERM};
  }
  const std::string name = lower(caller);
  const std::string whole = name + "@" + lower(task.settings.myorigin);
  for (const std::string& one : {whole, name}) {
    if (users.find(one) != nullptr) return one;
  }
  return Error{Cause::Permanent,
               format("neither {} nor {} is a user", printable(whole, limits::kLogText),
                      printable(name, limits::kLogText)),
               ESRCH};
}

/// The name of who asks, after the old password.
Result<std::string> prove_self(const UserTask& task) {
  GP_TRY(const policy::Users users, read_users(task));
  GP_TRY(std::string name, find_self(task, users));
  const policy::User& user = *users.find(name);
  GP_TRY(const Secret old,
         task.options.from_stdin ? read_password_line() : ask_password("Old password: "));
  const auto stored = auth::parse_secret(user.secret.reveal());
  if (!stored || !auth::check_password(*stored, old.reveal()) ||
      policy::user_mode(user) == policy::UserMode::Disabled) {
    return Error{Cause::Permanent, "the old password is wrong", EPERM};
  }
  return name;
}

/// What no longer works, where it does not.
void tell_lost_scheme(const UserTask& task, std::string_view name) {
  const auto users = read_users(task);
  const policy::User* user = users ? users->find(name) : nullptr;
  if (user == nullptr) return;
  const auto stored = auth::parse_secret(user->secret.reveal());
  if (stored && stored->scheme == auth::Scheme::Plain) {
    complain(format("{} had a {{PLAIN}} password, which CRAM-MD5 needs; it is hashed now", name));
  }
}

/// What is odd about the new user; nothing where the configuration cannot be used at all.
void tell_oddities(const UserTask& task) {
  app::DiskFiles files;
  const auto loaded = app::load_settings(task.configuration, files);
  const auto* right = std::get_if<app::LoadedSettings>(&loaded);
  if (right == nullptr) return;
  for (const std::string& line : app::find_user_faults(*right, files, task.name)) complain(line);
}

}  // namespace

int add_user(const UserTask& task) {
  if (const char* fault = find_new_name_fault(task.name)) return fail(exits::kDataError, fault);
  const std::string word = task.options.mode.value_or("normal");
  const auto mode = policy::parse_user_mode(word);
  if (!mode) {
    return fail(exits::kUsage, "--mode: expected normal, send-only, receive-only or disabled");
  }
  if (task.options.quota) {
    const auto rule = make_quota_rule(*task.options.quota, "");
    if (!rule) return fail(exits::kUsage, rule.error().detail);
  }
  const auto there = has_user(task, task.name);
  if (!there && there.error().system != ENOENT) return fail_with(there.error());
  if (there && *there) return fail(exits::kCantCreate, task.name + " is a user already");
  auto password = take_password(task, task.name);
  if (!password) return fail_with(password.error());
  const auto secret = make_secret(*password);
  if (!secret) return fail_with(secret.error());
  const Result<void> added = add_line(task, *secret, *mode);
  if (!added) return fail_with(added.error());
  tell_oddities(task);
  const policy::User user{.name = task.name};
  const auto where = policy::expand_mail_location(task.settings.mail_location, user);
  return print(format("{} added; the mail lies in {}\n", task.name,
                      where ? *where : task.settings.mail_location));
}

int change_password(const UserTask& task) {
  std::string name = task.name;
  if (task.options.self) {
    auto proved = prove_self(task);
    if (!proved) return fail_with(proved.error());
    name = *std::move(proved);
  } else {
    const auto there = has_user(task, name);
    if (!there) return fail_with(there.error());
    if (!*there) return fail_no_user(task);
  }
  auto password = take_password(task, name);
  if (!password) return fail_with(password.error());
  const auto secret = make_secret(*password);
  if (!secret) return fail_with(secret.error());
  tell_lost_scheme(task, name);
  const auto changed =
      change_line(task, name, [&](UserFile& file) { file.set_secret(name, secret->reveal()); });
  if (!changed) return fail_with(changed.error());
  if (!*changed) return fail_no_user(task);
  return print(format("the password of {} is changed\n", name));
}

int delete_user(const UserTask& task) {
  const auto users = read_users(task);
  if (!users) return fail_with(users.error());
  const policy::User* user = users->find(task.name);
  if (user == nullptr) return fail_no_user(task);
  if (!task.options.yes &&
      !confirm(format("Delete {}, so that mail to it is refused? [y/N] ", task.name))) {
    return fail(exits::kUnavailable, "nothing was deleted; -y deletes without asking");
  }
  const auto changed =
      change_line(task, task.name, [&](UserFile& file) { file.remove(task.name); });
  if (!changed) return fail_with(changed.error());
  const auto where = policy::expand_mail_location(task.settings.mail_location, *user);
  return print(format("{} deleted; the mail stays in {}\n", task.name,
                      where ? *where : task.settings.mail_location));
}

int set_mode(const UserTask& task) {
  const auto mode = policy::parse_user_mode(task.value.value_or(""));
  if (!mode) {
    return fail(exits::kUsage, "mode: expected normal, send-only, receive-only or disabled");
  }
  const auto changed =
      change_line(task, task.name, [&](UserFile& file) { write_mode(file, task.name, *mode); });
  if (!changed) return fail_with(changed.error());
  if (!*changed) return fail_no_user(task);
  return print(format("{} is {} now\n", task.name, policy::format_user_mode(*mode)));
}

}  // namespace gatepost::cli

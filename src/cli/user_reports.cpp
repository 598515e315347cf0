// SPDX-License-Identifier: Apache-2.0
// cli: gatepost user list, quota, verify.
#include <cerrno>
#include <string_view>

#include "app/disk_files.h"
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
#include "control/json.h"
#include "policy/quota_rule.h"
#include "tables/match_list.h"
#include "tables/table_set.h"

namespace gatepost::cli {

namespace {

constexpr std::string_view kStorage = "*:storage=";

/// The name of the scheme, as it stands in braces; "CRYPT" for a bare hash.
std::string scheme_of(const policy::User& user) {
  const std::string_view text = user.secret.reveal();
  if (text.empty()) return "none";
  if (text.front() != '{') return text.front() == '$' ? "CRYPT" : "locked";
  return printable(text.substr(1, text.find('}') - 1), 32);
}

/// "1536 MiB"; exact, so that what is shown is what was set.
std::string format_octets(std::uint64_t octets) {
  constexpr std::string_view kUnits[] = {"", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  while (unit < 4 && octets != 0 && octets % 1024 == 0) {
    octets /= 1024;
    ++unit;
  }
  return format("{}{}", octets, kUnits[unit]);
}

std::string format_limits(const mail::QuotaLimits& limits) {
  if (!limits.any()) return "unlimited";
  std::string out = limits.octets == 0 ? "" : format_octets(limits.octets);
  if (limits.messages != 0) {
    append_format(out, "{}{} messages", out.empty() ? "" : ", ", limits.messages);
  }
  return out;
}

/// The limits of a user with a rule of its own; nothing without.
Result<std::optional<mail::QuotaLimits>> own_limits(const policy::User& user) {
  if (!user.extra_field(quota_key(user))) return std::optional<mail::QuotaLimits>();
  GP_TRY(const mail::QuotaLimits limits, policy::quota_of(user, {}));
  return std::optional<mail::QuotaLimits>(limits);
}

/// What the mailbox holds, where something keeps count of it.
std::optional<mail::QuotaUse> find_use(const UserTask& task, const policy::User& user) {
  const auto where = policy::expand_mail_location(task.settings.mail_location, user);
  if (!where) return std::nullopt;
  app::DiskFiles files;
  const auto text = files.read(*where + "/maildirsize", mail::kMostMaildirSize);
  const auto size = text ? mail::parse_maildirsize(*text) : std::nullopt;
  return size ? std::optional(size->use) : std::nullopt;
}

int show_quota(const UserTask& task, const policy::User& user) {
  const auto limits = own_limits(user);
  if (!limits) return fail(exits::kDataError, limits.error().detail);
  std::string out =
      format("{}: {}", user.name, *limits ? format_limits(**limits) : "no quota of its own");
  if (const auto use = find_use(task, user)) {
    append_format(out, "; holds {} octets in {} messages", use->octets, use->messages);
  }
  return print(out + "\n");
}

/// A bare user logs in with an address of any domain of mydestination.
const policy::User* find_bare(const UserTask& task, const policy::Users& users) {
  const std::size_t at = task.name.rfind('@');
  if (at == task.name.npos) return nullptr;
  app::DiskFiles files;
  tables::TableSet set(files);
  const auto ours = tables::MatchList::open(task.settings.mydestination, set);
  if (!ours) return nullptr;
  const auto local = ours->has_domain(task.name.substr(at + 1), tables::Parents::No);
  return local && *local ? users.find(task.name.substr(0, at)) : nullptr;
}

// One object a line, as `postqueue -j` and our other lists.
int list_json(const UserTask& task, const policy::Users& users) {
  std::string out;
  for (const policy::User& user : users.all()) {
    control::JsonDocument document;
    const auto one = document.object();
    document.put(one, "name", user.name);
    document.put(one, "mode", policy::format_user_mode(policy::user_mode(user)));
    document.put(one, "scheme", scheme_of(user));
    const auto secret = auth::parse_secret(user.secret.reveal());
    if (!secret) document.put(one, "problem", secret.error().detail);
    const auto limits = own_limits(user);
    if (limits && *limits) {
      document.put(one, "quota_octets", (*limits)->octets);
      document.put(one, "quota_messages", (*limits)->messages);
    }
    const auto where = policy::expand_mail_location(task.settings.mail_location, user);
    if (where) document.put(one, "maildir", *where);
    out += document.write(one);
  }
  return print(out);
}

}  // namespace

int fail_with(const Error& error) {
  int status = exits::kInputOutput;
  if (error.cause == Cause::Temporary || error.cause == Cause::Cancelled)
    status = exits::kTemporary;
  if (error.system == 0 && error.cause == Cause::Permanent) status = exits::kDataError;
  if (error.system == EINVAL) status = exits::kDataError;
  if (error.system == EEXIST) status = exits::kCantCreate;
  if (error.system == ESRCH) status = exits::kNoUser;
  if (error.system == ENOENT) status = exits::kConfig;
  if (error.system == EACCES || error.system == EPERM) status = exits::kNotPermitted;
  return fail(status, error.detail);
}

int fail_no_user(const UserTask& task) {
  return fail(exits::kNoUser, format("{} is no user of {}", printable(task.name, limits::kLogText),
                                     task.settings.passwd_file));
}

Result<policy::Users> read_users(const UserTask& task) {
  app::DiskFiles files;
  GP_TRY(std::string read, files.read(task.settings.passwd_file, limits::kFile));
  const Secret text(std::move(read));
  policy::Users::Parsed parsed = policy::Users::parse(text.reveal());
  for (const std::string& problem : parsed.problems) {
    complain(format("{}: {}", task.settings.passwd_file, problem));
  }
  return std::move(parsed.users);
}

std::string_view quota_key(const policy::User& user) {
  // A file that serves as userdb only has the field without its prefix.
  const bool bare = !user.extra_field("userdb_quota_rule") && user.extra_field("quota_rule");
  return bare ? "quota_rule" : "userdb_quota_rule";
}

Result<std::optional<std::string>> make_quota_rule(std::string_view size, std::string_view rule) {
  if (size == "none") return std::optional<std::string>();
  // Dovecot takes a bare number for kibibytes; who types one means something else.
  if (size.empty() || !is_digit(size.front()) || !is_alpha(size.back()) ||
      size.find(':') != size.npos) {
    return Error{Cause::Permanent, "expected a size with its unit, such as 500M or 2G, or none"};
  }
  std::string out = std::string(kStorage) + std::string(size);
  const auto before = policy::parse_quota_rule(rule);
  if (before && before->messages != 0) append_format(out, ":messages={}", before->messages);
  const auto checked = policy::parse_quota_rule(out);
  if (!checked) return checked.error();
  if (checked->octets == 0) {
    return Error{Cause::Permanent, "a quota of nothing is no limit: expected a size, or none"};
  }
  return std::optional<std::string>(std::move(out));
}

int quota_of_user(const UserTask& task) {
  const auto users = read_users(task);
  if (!users) return fail_with(users.error());
  const policy::User* user = users->find(task.name);
  if (user == nullptr) return fail_no_user(task);
  if (!task.value) return show_quota(task, *user);
  auto held = LockedFile::open(task.settings.passwd_file, std::nullopt);
  if (!held) return fail_with(held.error());
  // Once more under the lock: another editor may have been here meanwhile.
  const policy::Users::Parsed now = policy::Users::parse(held->text());
  user = now.users.find(task.name);
  if (user == nullptr) return fail_no_user(task);
  const std::string_view key = quota_key(*user);
  const auto rule = make_quota_rule(*task.value, user->extra_field(key).value_or(""));
  if (!rule) return fail(exits::kUsage, rule.error().detail);
  UserFile file(held->text());
  file.set_extra(task.name, key, *rule);
  const Result<void> replaced = held->replace(file.text());
  if (!replaced) return fail_with(replaced.error());
  const policy::Users::Parsed after = policy::Users::parse(file.text());
  user = after.users.find(task.name);
  return user == nullptr ? fail_no_user(task) : show_quota(task, *user);
}

int list_users(const UserTask& task) {
  const auto users = read_users(task);
  if (!users) return fail_with(users.error());
  if (task.options.json) return list_json(task, *users);
  std::string out;
  for (const policy::User& user : users->all()) {
    const auto limits = own_limits(user);
    const std::string quota = !limits   ? "bad quota"
                              : *limits ? format_limits(**limits)
                                        : std::string("-");
    const bool usable = static_cast<bool>(auth::parse_secret(user.secret.reveal()));
    append_format(out, "{:<36} {:<12} {:<14} {}{}\n", printable(user.name, limits::kLogText),
                  policy::format_user_mode(policy::user_mode(user)), quota, scheme_of(user),
                  usable ? "" : " (cannot be used)");
  }
  return print(out);
}

int verify_user(const UserTask& task) {
  const auto users = read_users(task);
  if (!users) return fail_with(users.error());
  const policy::User* user = users->find(task.name);
  if (user == nullptr) user = find_bare(task, *users);
  if (user == nullptr) return fail_no_user(task);
  const auto stored = auth::parse_secret(user->secret.reveal());
  if (!stored) {
    return fail(exits::kDataError, format("{}: {}", task.name, stored.error().detail));
  }
  const auto password = task.options.from_stdin
                            ? read_password_line()
                            : ask_password(format("Password of {}: ", task.name));
  if (!password) return fail_with(password.error());
  if (!auth::check_password(*stored, password->reveal())) {
    return fail(exits::kNotPermitted, "the password is wrong");
  }
  const policy::UserMode mode = policy::user_mode(*user);
  const bool sends = mode == policy::UserMode::Normal || mode == policy::UserMode::SendOnly;
  if (!sends) {
    complain(
        format("{} is {}, and may not log in to send", task.name, policy::format_user_mode(mode)));
  }
  return print("the password is right\n");
}

}  // namespace gatepost::cli

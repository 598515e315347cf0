// SPDX-License-Identifier: Apache-2.0
// app: what in passwd_file is probably not what its owner means.
#include "app/user_checks.h"

#include <algorithm>
#include <utility>

#include "auth/stored_secret.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "policy/login_right.h"
#include "policy/users.h"

namespace gatepost::app {
namespace {

using policy::DomainClass;

class Faults {
 public:
  explicit Faults(std::string where) : where_(std::move(where)) {}

  void tell(std::string_view text) {
    constexpr std::size_t kMostTold = 10;
    if (told_.size() < kMostTold) {
      told_.push_back(format("warning: {}{}", where_, text));
    } else {
      ++untold_;
    }
  }
  std::vector<std::string> take() {
    if (untold_ > 0) told_.push_back(format("warning: {}and {} more", where_, untold_));
    return std::move(told_);
  }

 private:
  std::string where_;
  std::vector<std::string> told_;
  std::size_t untold_ = 0;
};

void check_lines(std::string_view text, Faults& faults) {
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#' || line.find(':') != line.npos) continue;
    faults.tell(format("line {}: expected name:password, with a colon", number));
  }
}

void check_fields(const policy::User& user, Faults& faults) {
  const std::string name = printable(user.name, limits::kLogText);
  const auto mode = user.extra_field("gatepost_mode");
  if (mode && !policy::parse_user_mode(*mode)) {
    faults.tell(
        format("user {} is disabled: gatepost_mode {}: expected normal, send-only, receive-only or "
               "disabled",
               name, printable(*mode, limits::kLogText)));
  }
  if (const auto fault = policy::find_allow_nets_fault(user)) {
    faults.tell(format("user {} cannot log in: {}", name, *fault));
  }
  // Others are locks, or nothing: a user who only gets mail needs no password.
  const std::string_view secret = user.secret.reveal();
  if (!secret.starts_with('{') && !secret.starts_with('$')) return;
  const auto stored = auth::parse_secret(secret);
  if (!stored) faults.tell(format("user {} cannot log in: {}", name, stored.error().detail));
}

void check_way(const policy::User& user, SettingsDirectory& directory, Faults& faults) {
  const std::string name = printable(user.name, limits::kLogText);
  const std::size_t at = user.name.rfind('@');
  const bool bare = at == user.name.npos;
  const mail::Mailbox address{user.name.substr(0, at),
                              bare ? directory.minting_domain() : user.name.substr(at + 1)};
  const auto domain = directory.domain_class(address.domain);
  if (!domain) return;
  if (*domain != DomainClass::Local && *domain != DomainClass::Virtual) {
    const bool aliased = *domain == DomainClass::Alias;
    faults.tell(bare      ? format("user {} gets no mail: mydestination has no domain", name)
                : aliased ? format("user {} gets no mail: {} is one of virtual_alias_domains", name,
                                   address.domain)
                          : format("user {} gets no mail: {} is not a domain of ours", name,
                                   address.domain));
    return;
  }
  const auto leads = directory.follow(address, *domain);
  if (!leads || (leads->mailboxes.empty() && leads->others.empty())) return;
  const bool own = std::any_of(leads->mailboxes.begin(), leads->mailboxes.end(),
                               [&user](const auto& to) { return iequals(to.user, user.name); });
  if (!own) {
    faults.tell(
        format("user {} gets no mail: {} is also an alias, which counts", name, address.text()));
  }
}

void check_postmaster(const config::Settings& settings,
                      const policy::Users& users,
                      std::vector<std::string>& to) {
  const std::string& address = settings.postmaster_address;
  if (address.empty() || users.find(address) != nullptr) return;
  to.push_back(format("warning: postmaster_address: {} is no user of {}",
                      printable(address, limits::kLogText), settings.passwd_file));
}

}  // namespace

std::vector<std::string> find_user_faults(const LoadedSettings& loaded,
                                          tables::Files& files,
                                          std::string_view only) {
  const config::Settings& settings = *loaded.settings;
  auto read = files.read(settings.passwd_file, limits::kFile);
  if (!read) return {};
  const Secret text(*std::move(read));
  Faults faults(settings.passwd_file + ": ");
  if (only.empty()) check_lines(text.reveal(), faults);
  const policy::Users::Parsed parsed = policy::Users::parse(text.reveal());
  for (const policy::User& user : parsed.users.all()) {
    if (!only.empty() && !iequals(user.name, only)) continue;
    check_fields(user, faults);
    check_way(user, *loaded.directory, faults);
  }
  std::vector<std::string> out = faults.take();
  if (only.empty()) check_postmaster(settings, parsed.users, out);
  return out;
}

}  // namespace gatepost::app

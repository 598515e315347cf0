// SPDX-License-Identifier: Apache-2.0
// app: what the settings, their tables and the passwd-file say about logins.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "app/settings_directory.h"
#include "base/text.h"
#include "policy/quota_rule.h"
#include "system/random.h"

namespace gatepost::app {

Result<void> SettingsDirectory::open_login_lists(const config::Settings& settings) {
  const auto about = [](std::string_view parameter, const Error& error) {
    return Error{error.cause, std::string(parameter) + ": " + error.detail, error.system};
  };
  auto hidden = tables::MatchList::open(settings.smtpd_sasl_exceptions_networks, tables_);
  if (!hidden) return about("smtpd_sasl_exceptions_networks", hidden.error());
  auth_hidden_ = *std::move(hidden);
  for (const tables::Spec& spec : settings.smtpd_sender_login_maps) {
    auto handle = tables_.open(spec);
    if (!handle) return about("smtpd_sender_login_maps", handle.error());
    login_maps_.push_back(*std::move(handle));
  }
  return {};
}

bool SettingsDirectory::is_local_domain(std::string_view domain) {
  const auto which = domain_class(domain);
  return which && *which == policy::DomainClass::Local;
}

// A bare user has an address in every domain of mydestination, and people log in with theirs.
const policy::User* SettingsDirectory::find_meant(std::string_view name) {
  const policy::User* user = users_->find(name);
  if (user != nullptr) return user;
  const std::size_t at = name.rfind('@');
  if (at == name.npos) {
    return login_domain_.empty() ? nullptr : users_->find(std::string(name) + '@' + login_domain_);
  }
  return is_local_domain(name.substr(at + 1)) ? users_->find(name.substr(0, at)) : nullptr;
}

// The addresses of a bare user are one login, with one salt and one score of failures; those of
// other users differ from each other. So of the names that are nobody's as many are one login as
// users are bare. A user of one of the domains is not: the same of two others would be told from
// its own.
bool SettingsDirectory::seems_bare(std::string_view name) {
  const std::size_t at = name.rfind('@');
  if (at == name.npos || at == 0 || !is_local_domain(name.substr(at + 1))) return false;
  const std::shared_ptr<const auth::Decoys> secrets = decoys();
  if (!secrets) return false;
  const bool drawn = secrets->draws(name.substr(0, at), bare_users_, local_users_);
  const std::string front(name.substr(0, at + 1));
  const std::vector<policy::User>& all = users_->all();
  const auto before = [](const policy::User& user, const std::string& wanted) {
    return user.name < wanted;
  };
  bool whole = false;
  for (auto user = std::lower_bound(all.begin(), all.end(), front, before);
       user != all.end() && user->name.starts_with(front); ++user) {
    whole = whole || is_local_domain(std::string_view(user->name).substr(at + 1));
  }
  return drawn && !whole;
}

Result<server::LoginName> SettingsDirectory::find_login(std::string_view name) {
  // A password changed a moment ago counts now. A file that cannot be read keeps the users that
  // were; the tick tells.
  [[maybe_unused]] const Result<void> read = read_users();
  server::LoginName out{lower(name), std::nullopt};
  const policy::User* user = find_meant(out.name);
  if (out.name.find('@') == std::string::npos && !login_domain_.empty()) {
    out.name += '@' + login_domain_;
  }
  // Asked for users too: it costs what it costs for nobody.
  const bool bare = seems_bare(out.name);
  if (bare) out.name.resize(out.name.rfind('@'));
  if (user != nullptr) {
    out.name = user->name;
    out.user = user->copy();
  }
  return out;
}

void SettingsDirectory::use_login_key(Secret key) {
  login_key_ = std::move(key);
  decoys_.reset();
}

std::shared_ptr<const auth::Decoys> SettingsDirectory::decoys() {
  if (decoys_) return decoys_;
  if (login_key_.empty()) {
    std::array<std::uint8_t, 32> random{};
    if (!system::fill_random(random)) return nullptr;
    login_key_ = Secret(std::string(random.begin(), random.end()));
  }
  std::vector<std::string_view> secrets;
  secrets.reserve(users_->size());
  for (const policy::User& user : users_->all()) secrets.push_back(user.secret.reveal());
  bare_users_ = 0;
  local_users_ = 0;
  for (const policy::User& user : users_->all()) {
    const std::size_t at = user.name.rfind('@');
    const bool bare = at == user.name.npos;
    bare_users_ += bare ? 1 : 0;
    local_users_ += bare || is_local_domain(std::string_view(user.name).substr(at + 1)) ? 1 : 0;
  }
  decoys_ = std::make_shared<const auth::Decoys>(auth::Decoys::make(login_key_.copy(), secrets));
  return decoys_;
}

Result<policy::Owner> SettingsDirectory::owner_of(const mail::Mailbox& sender,
                                                  std::string_view login) {
  using policy::DomainClass;
  const std::string local = lower(sender.local);
  const std::string domain = lower(sender.domain);
  GP_TRY(const DomainClass which, domain_class(domain));
  policy::Owner found = policy::Owner::Nobody;
  // As Postfix: the first key that is there decides among the tables' logins.
  const auto keys = tables::recipient_keys(local, domain, which == DomainClass::Local);
  for (const std::string& key : keys) {
    for (const tables::TableHandle& table : login_maps_) {
      GP_TRY(const auto value, table->find(key));
      if (!value) continue;
      found = policy::Owner::Other;
      for (const std::string_view owner : split(*value, ", \t")) {
        if (login.empty()) continue;
        const policy::User* meant = find_meant(lower(owner));
        const std::string_view user = meant != nullptr ? std::string_view(meant->name) : owner;
        if (iequals(user, login)) return policy::Owner::Self;
      }
    }
    if (found != policy::Owner::Nobody) break;
  }
  if (which == DomainClass::Relay || which == DomainClass::Other) return found;
  // Who gets the mail for an address, and be it with others, may write from it.
  // Whom an address was given to binds who writes to it, not who writes from it.
  GP_TRY(const server::Resolution leads, follow(sender, which));
  for (const server::Target& target : leads.mailboxes) {
    if (!login.empty() && iequals(target.user, login)) return policy::Owner::Self;
    found = policy::Owner::Other;
  }
  for (const std::string& user : leads.closed) {
    if (!login.empty() && iequals(user, login)) return policy::Owner::Self;
    found = policy::Owner::Other;
  }
  return found;
}

bool SettingsDirectory::hides_auth(const IpAddress& client) {
  return grants(auth_hidden_, client);
}

void SettingsDirectory::find_quota_faults() {
  constexpr std::size_t kMostTold = 10;
  std::size_t faults = 0;
  for (const policy::User& user : users_->all()) {
    const auto quota = policy::quota_of(user, default_quota_);
    if (quota || ++faults > kMostTold) continue;
    warnings_.push_back("warning: " + passwd_file_ + ": user " + user.name +
                        " has no limit: " + quota.error().detail);
  }
  if (faults <= kMostTold) return;
  const std::string more = format_number(faults - kMostTold);
  warnings_.push_back("warning: " + passwd_file_ + ": " + more + " more quota rules are wrong");
}

}  // namespace gatepost::app

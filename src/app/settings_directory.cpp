// SPDX-License-Identifier: Apache-2.0
// app: what the settings, their tables and the passwd-file say about names and addresses.
#include "app/settings_directory.h"

#include <algorithm>
#include <utility>

#include "app/transports.h"
#include "base/limits.h"
#include "base/text.h"
#include "policy/alias_members.h"
#include "policy/folder.h"
#include "policy/quota_rule.h"
#include "policy/recipient.h"
#include "policy/throwaway.h"

namespace gatepost::app {
namespace {

using policy::DomainClass;

Result<std::vector<tables::TableHandle>> open_all(const std::vector<tables::Spec>& specs,
                                                  tables::TableSet& tables) {
  std::vector<tables::TableHandle> out;
  for (const tables::Spec& spec : specs) {
    GP_TRY(tables::TableHandle handle, tables.open(spec));
    out.push_back(std::move(handle));
  }
  return out;
}

}  // namespace

SettingsDirectory::SettingsDirectory(const config::Settings& settings, tables::Files& files)
    : files_(files),
      tables_(files),
      aliases_(tables_, *this),
      login_domain_(lower(settings.smtpd_sasl_local_domain)),
      passwd_file_(settings.passwd_file),
      mail_location_(settings.mail_location),
      myorigin_(lower(settings.myorigin)),
      postmaster_address_(lower(settings.postmaster_address)),
      default_quota_{settings.mailbox_size_limit, 0},
      create_folders_(settings.maildir_create_folders) {
  const auto local = local_transport(settings);
  local_handed_over_ = local && local->lmtp;
  const auto hosted = delivery::parse_transport(settings.virtual_transport);
  virtual_handed_over_ = hosted && hosted->lmtp;
}

Result<std::shared_ptr<SettingsDirectory>> SettingsDirectory::open(const config::Settings& settings,
                                                                   tables::Files& files) {
  std::shared_ptr<SettingsDirectory> out(new SettingsDirectory(settings, files));
  GP_CHECK(out->open_lists(settings));
  GP_CHECK(out->read_users());
  GP_CHECK(out->aliases_.open(settings, files));
  const AliasMaps::Lint lint = out->aliases_.lint();
  std::string faults;
  for (const std::string& error : lint.errors) faults += (faults.empty() ? "" : ", ") + error;
  if (!faults.empty()) return Error{Cause::Permanent, std::move(faults)};
  for (const std::string& warning : lint.warnings) out->warnings_.push_back("warning: " + warning);
  return out;
}

Result<void> SettingsDirectory::open_lists(const config::Settings& settings) {
  using tables::MatchList;
  const auto& with_parents = settings.parent_domain_matches_subdomains;
  const bool parents =
      std::find(with_parents.begin(), with_parents.end(), "relay_domains") != with_parents.end();
  relay_parents_ = parents ? tables::Parents::Yes : tables::Parents::No;
  GP_TRY(mydestination_, MatchList::open(settings.mydestination, tables_));
  GP_TRY(virtual_domains_, MatchList::open(settings.virtual_mailbox_domains, tables_));
  GP_TRY(relay_domains_, MatchList::open(settings.relay_domains, tables_));
  GP_TRY(alias_domains_, MatchList::open(settings.virtual_alias_domains, tables_));
  GP_TRY(mynetworks_, MatchList::open(settings.mynetworks, tables_));
  GP_TRY(unlimited_, MatchList::open(settings.smtpd_client_event_limit_exceptions, tables_));
  GP_TRY(bare_newline_, MatchList::open(settings.smtpd_forbid_bare_newline_exclusions, tables_));
  GP_TRY(relay_maps_, open_all(settings.relay_recipient_maps, tables_));
  GP_TRY(local_maps_, open_all(settings.local_recipient_maps, tables_));
  GP_TRY(sni_maps_, open_all(settings.tls_server_sni_maps, tables_));
  GP_CHECK(open_login_lists(settings));
  // A stranger's domain that counts as ours makes an open relay, whatever the rules say.
  GP_TRY(const DomainClass probe, domain_class("relay-probe.invalid"));
  if (probe != DomainClass::Other) {
    return Error{Cause::Permanent,
                 "mydestination, virtual_alias_domains, virtual_mailbox_domains or relay_domains "
                 "match every "
                 "domain, which "
                 "would make an open relay: expected the domains that are ours"};
  }
  return check_mynetworks();
}

Result<void> SettingsDirectory::check_mynetworks() const {
  // Addresses of documentation (RFC 5737, RFC 3849) are nobody's: a list that holds them all was
  // not written as a list of networks. Tables are seen here, as find_open_relay() cannot.
  bool all = true;
  for (const char* probe : {"192.0.2.1", "198.51.100.1", "203.0.113.1"}) {
    GP_TRY(const bool in, mynetworks_.has_address(*IpAddress::parse(probe)));
    all = all && in;
  }
  GP_TRY(const bool six, mynetworks_.has_address(*IpAddress::parse("2001:db8::1")));
  if (!all && !six) return {};
  return Error{Cause::Permanent,
               "mynetworks holds addresses that are nobody's, and so the Internet: expected the "
               "networks whose mail is sent on"};
}

Result<void> SettingsDirectory::read_users() {
  GP_TRY(const tables::Stamp stamp, files_.stamp(passwd_file_));
  if (stamp == users_stamp_) return {};
  GP_TRY(std::string read, files_.read(passwd_file_, limits::kFile));
  const Secret text(std::move(read));
  policy::Users::Parsed parsed = policy::Users::parse(text.reveal());
  users_stamp_ = stamp;
  for (const std::string& problem : parsed.problems) {
    warnings_.push_back(passwd_file_ + ": " + problem);
  }
  users_missing_ = false;
  // A file that lost its users all at once is being written, or is not the file it was. A 550
  // for everybody would bounce real mail; who means it reloads.
  if (parsed.users.size() == 0 && users_.size() > 0) {
    warnings_.push_back(passwd_file_ + ": no user is left; the users before stay until a reload");
    return {};
  }
  users_ = std::move(parsed.users);
  decoys_.reset();
  find_quota_faults();
  return {};
}

std::vector<std::string> SettingsDirectory::refresh() {
  tables::TableSet::Refresh tables = tables_.refresh();
  std::vector<std::string> problems = std::move(tables.problems);
  if (tables.changed) {
    // Each file may be right by itself, and all of them together lead in circles.
    AliasMaps::Lint lint = aliases_.lint();
    if (!lint.errors.empty()) tables_.revert();
    for (std::string& error : lint.errors) {
      problems.push_back(std::move(error) + "; the tables stay as they were");
    }
    if (lint.errors.empty()) {
      for (std::string& warning : lint.warnings) problems.push_back("warning: " + warning);
    }
  }
  const Result<void> users = read_users();
  if (!users && !users_missing_) problems.push_back(users.error().detail);
  users_missing_ = !users;
  return problems;
}

std::vector<std::string> SettingsDirectory::take_warnings() {
  std::vector<std::string> out = tables_.take_warnings();
  for (std::string& warning : warnings_) out.push_back(std::move(warning));
  warnings_.clear();
  return out;
}

Result<DomainClass> SettingsDirectory::domain_class(std::string_view domain) {
  const std::string name = lower(domain);
  GP_TRY(const bool local, mydestination_.has_domain(name, tables::Parents::No));
  if (local) return DomainClass::Local;
  GP_TRY(const bool aliased, alias_domains_.has_domain(name, tables::Parents::No));
  if (aliased) return DomainClass::Alias;
  GP_TRY(const bool hosted, virtual_domains_.has_domain(name, tables::Parents::No));
  if (hosted) return DomainClass::Virtual;
  GP_TRY(const bool relayed, relay_domains_.has_domain(name, relay_parents_));
  return relayed ? DomainClass::Relay : DomainClass::Other;
}

Result<server::Target> SettingsDirectory::target_of(const policy::User& user,
                                                    DomainClass domain) const {
  server::Target target;
  GP_TRY(target.maildir, policy::expand_mail_location(mail_location_, user));
  target.address = user.name;
  target.user = user.name;
  target.domain = domain;
  target.create_folder = create_folders_;
  // A rule that cannot be read is no reason to refuse anybody's mail; find_quota_faults() tells.
  target.quota = policy::quota_of(user, default_quota_).value_or({});
  return target;
}

void SettingsDirectory::use(server::AliasBook& book, const server::Clocks& clocks) {
  book_ = &book;
  clocks_ = &clocks;
}

std::int64_t SettingsDirectory::now() const {
  return clocks_->moment().time_since_epoch() / std::chrono::seconds(1);
}

void SettingsDirectory::note_use(std::string_view throwaway, const mail::Mailbox& sender) {
  if (book_ != nullptr) book_->note_use(throwaway, sender, now());
}

Result<server::Resolution> SettingsDirectory::resolve(const mail::Mailbox& recipient,
                                                      DomainClass domain,
                                                      const mail::Mailbox& sender) {
  const bool ours = domain != DomainClass::Other && book_ != nullptr;
  const std::string address = lower(recipient.local) + "@" + lower(recipient.domain);
  const mail::Throwaway* alias = ours ? book_->find(address) : nullptr;
  if (alias == nullptr) return follow(recipient, domain);
  server::Resolution out;
  out.throwaway = alias->address;
  const policy::Standing standing = policy::judge_throwaway(*alias, sender, now());
  out.trap = standing == policy::Standing::Trap;
  out.refusal = policy::refuse_throwaway(standing, recipient.text());
  if (standing == policy::Standing::Foreign) book_->note_leak(out.throwaway, sender, now());
  if (standing != policy::Standing::Open) return out;
  return follow(recipient, domain);
}

Result<server::Resolution> SettingsDirectory::follow(const mail::Mailbox& recipient,
                                                     DomainClass domain) {
  server::Resolution out;
  const std::string address = lower(recipient.local) + "@" + lower(recipient.domain);
  const mail::Throwaway* alias = book_ != nullptr ? book_->find(address) : nullptr;
  if (alias != nullptr) {
    out.throwaway = alias->address;
    if (alias->trap) return out;
    const auto members = policy::parse_alias_members(alias->targets);
    for (const policy::AliasMember& member :
         members ? *members : std::vector<policy::AliasMember>()) {
      // One of these leads to names and tables, never to another of these.
      mail::Mailbox to = member.mailbox;
      if (to.domain.empty()) to.domain = recipient.domain;
      GP_TRY(const DomainClass its, domain_class(to.domain));
      GP_TRY(const policy::Expansion found, aliases_.expand(to, its));
      if (found.fault != policy::Expansion::Fault::None) {
        return Error{Cause::Temporary, found.at + ": " + found.detail};
      }
      for (const policy::Leaf& leaf : found.leaves) GP_CHECK(put(leaf, out));
    }
    if (!out.mailboxes.empty() || !out.others.empty()) out.refusal.reset();
    return out;
  }
  GP_TRY(const policy::Expansion found, aliases_.expand(recipient, domain));
  const std::string who = "<" + recipient.text() + ">: ";
  switch (found.fault) {
    case policy::Expansion::Fault::None:
      break;
    case policy::Expansion::Fault::Loop:
      out.refusal =
          smtp::Reply{554, "5.4.6", who + "mail forwarding loop: aliases lead in a circle"};
      return out;
    case policy::Expansion::Fault::TooMany:
    case policy::Expansion::Fault::Broken:
      return Error{Cause::Temporary, found.at + ": " + found.detail};
  }
  for (const policy::Leaf& leaf : found.leaves) GP_CHECK(put(leaf, out));
  const bool nowhere = out.mailboxes.empty() && out.others.empty();
  const bool ours = domain == DomainClass::Local || domain == DomainClass::Virtual ||
                    domain == DomainClass::Alias;
  if (nowhere && ours && policy::is_postmaster(recipient)) {
    GP_TRY(server::Target target, postmaster());
    out.mailboxes.push_back(std::move(target));
    out.refusal.reset();
  }
  if (!nowhere) out.refusal.reset();
  return out;
}

Result<void> SettingsDirectory::put(const policy::Leaf& leaf, server::Resolution& to) {
  if (!leaf.moved.empty()) {
    // relocated(5)
    to.refusal = smtp::Reply{550, "5.1.6",
                             "<" + leaf.address.text() + ">: Recipient address rejected: " +
                                 "User has moved to " + leaf.moved};
    return {};
  }
  bool other = leaf.domain == DomainClass::Other;
  if (leaf.domain == DomainClass::Relay) {
    GP_TRY(other, is_relay_recipient(leaf.address));
  }
  if (other) {
    const auto same = [&leaf](const mail::Mailbox& one) { return one == leaf.address; };
    const bool there = std::any_of(to.others.begin(), to.others.end(), same);
    if (!there) {
      to.others.push_back(leaf.address);
      to.owners.push_back(leaf.owner);
    }
  }
  if (leaf.domain != DomainClass::Local && leaf.domain != DomainClass::Virtual) return {};
  GP_TRY(std::optional<server::Target> found, find_mailbox(leaf.address, leaf.domain));
  if (found && is_handed_over(leaf.domain)) found->handed_over = leaf.address;
  if (!found && policy::is_postmaster(leaf.address)) {
    GP_TRY(found, postmaster());
  }
  if (!found) return {};
  const auto same = [&found](const server::Target& one) {
    return one.maildir == found->maildir && one.extension == found->extension;
  };
  const bool there = std::any_of(to.mailboxes.begin(), to.mailboxes.end(), same);
  if (!there) to.mailboxes.push_back(*std::move(found));
  return {};
}

Result<bool> SettingsDirectory::has_taker(const policy::Leaf& leaf) {
  server::Resolution found;
  GP_CHECK(put(leaf, found));
  return found.refusal || !found.mailboxes.empty() || !found.others.empty();
}

Result<bool> SettingsDirectory::leads_to(const mail::Mailbox& address, std::string_view name) {
  GP_TRY(const DomainClass domain, domain_class(address.domain));
  GP_TRY(const server::Resolution found, follow(address, domain));
  return std::any_of(found.mailboxes.begin(), found.mailboxes.end(),
                     [name](const server::Target& one) { return iequals(one.user, name); });
}

Result<std::optional<server::Target>> SettingsDirectory::find_mailbox(const mail::Mailbox& address,
                                                                      DomainClass domain) {
  // A user added a moment ago exists now: one stat is cheaper than a wrong 550. A file that
  // cannot be read keeps the users that were; the tick tells.
  [[maybe_unused]] const Result<void> read = read_users();
  GP_TRY(std::optional<server::Target> found, find_exact(address, domain));
  if (found) return found;
  const auto extended = policy::split_extension(address.local, aliases_.settings().delimiters);
  if (!extended) return found;
  GP_TRY(found, find_exact({std::string(extended->user), address.domain}, domain));
  if (found) {
    found->extension = extended->extension;
    found->folder = policy::folder_of(extended->extension);
    found->address = lower(address.local) + "@" + lower(address.domain);
  }
  return found;
}

Result<std::optional<server::Target>> SettingsDirectory::find_exact(const mail::Mailbox& address,
                                                                    DomainClass domain) {
  const std::string local = lower(address.local);
  const std::string whole = local + "@" + lower(address.domain);
  const policy::User* user = users_.find(whole);
  const bool ours = domain == DomainClass::Local;
  if (user == nullptr && ours && local.find('@') == local.npos) user = users_.find(local);
  if (user != nullptr) {
    GP_TRY(server::Target target, target_of(*user, domain));
    if (user->name.find('@') == std::string::npos) target.address = whole;
    return std::optional<server::Target>(std::move(target));
  }
  if (!ours || local_maps_.empty()) return std::optional<server::Target>();
  const auto keys = tables::recipient_keys(local, lower(address.domain), /*domain_is_ours=*/true);
  GP_TRY(const bool listed, tables::has_any_key(local_maps_, keys));
  if (!listed || policy::find_name_fault(whole) != nullptr) return std::optional<server::Target>();
  GP_TRY(server::Target target, target_of(policy::User{.name = whole}, domain));
  target.user.clear();
  return std::optional<server::Target>(std::move(target));
}

Result<server::Target> SettingsDirectory::postmaster() {
  if (!postmaster_address_.empty()) {
    const policy::User* user = users_.find(postmaster_address_);
    if (user != nullptr) {
      GP_TRY(server::Target target, target_of(*user, DomainClass::Local));
      const std::size_t at = user->name.rfind('@');
      const std::string domain = at == std::string::npos ? myorigin_ : user->name.substr(at + 1);
      const mail::Mailbox mailbox{user->name.substr(0, at), domain};
      GP_TRY(target.domain, domain_class(domain));
      if (is_handed_over(target.domain)) target.handed_over = mailbox;
      return target;
    }
  }
  // Nobody reads it perhaps, but nothing is lost, and `gatepost check` says so.
  GP_TRY(server::Target target,
         target_of(policy::User{.name = "postmaster@" + myorigin_}, DomainClass::Local));
  target.user.clear();
  return target;
}

Result<bool> SettingsDirectory::is_relay_recipient(const mail::Mailbox& address) {
  if (relay_maps_.empty()) return true;
  const auto keys = tables::recipient_keys(lower(address.local), lower(address.domain),
                                           /*domain_is_ours=*/false);
  return tables::has_any_key(relay_maps_, keys);
}

bool SettingsDirectory::grants(const tables::MatchList& list, const IpAddress& client) {
  const Result<bool> in = list.has_address(client);
  return in && *in;
}

bool SettingsDirectory::in_mynetworks(const IpAddress& client) {
  return grants(mynetworks_, client);
}

bool SettingsDirectory::is_unlimited(const IpAddress& client) {
  return grants(unlimited_, client);
}

bool SettingsDirectory::may_send_bare_newlines(const IpAddress& client) {
  return grants(bare_newline_, client);
}

Result<SettingsDirectory::NamedFiles> SettingsDirectory::sni_files() const {
  NamedFiles out;
  for (const tables::TableHandle& table : sni_maps_) {
    const auto entries = table->entries();
    if (!entries) {
      return Error{
          Cause::Permanent,
          "tls_server_sni_maps: expected tables whose names can be listed, such as hash: and "
          "inline:"};
    }
    for (const auto& [name, value] : *entries) {
      std::vector<std::string> files;
      for (const std::string_view file : split(value, ", \t")) files.emplace_back(file);
      out.emplace_back(lower(name), std::move(files));
    }
  }
  return out;
}

}  // namespace gatepost::app

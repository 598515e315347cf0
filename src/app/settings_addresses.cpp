// SPDX-License-Identifier: Apache-2.0
// app: where addresses lead, by the tables of aliases, throw-away addresses and users.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "app/settings_directory.h"
#include "base/text.h"
#include "policy/alias_members.h"
#include "policy/folder.h"
#include "policy/quota_rule.h"
#include "policy/recipient.h"
#include "policy/throwaway.h"

namespace gatepost::app {

using policy::DomainClass;

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
  const policy::UserMode mode = policy::user_mode(user);
  target.closed = mode == policy::UserMode::SendOnly || mode == policy::UserMode::Disabled;
  return target;
}

void SettingsDirectory::look_at_users() {
  // A user added a moment ago exists now: one stat is cheaper than a wrong 550. A file that
  // cannot be read keeps the users that were; the tick tells.
  [[maybe_unused]] const Result<void> read = read_users();
}

void SettingsDirectory::use(server::AliasBook& book, const server::Clocks& clocks) {
  book_ = &book;
  clocks_ = &clocks;
}

std::int64_t SettingsDirectory::now() const {
  return clocks_->moment().time_since_epoch() / std::chrono::seconds(1);
}

std::optional<mail::ThrowawayUse> SettingsDirectory::claim(std::string_view throwaway,
                                                           const mail::Mailbox& sender) {
  return book_ == nullptr ? std::nullopt : book_->claim(throwaway, sender, now());
}

Task<Result<void>> SettingsDirectory::keep_uses(std::vector<mail::ThrowawayUse> uses) {
  if (book_ == nullptr) co_return Result<void>();
  Result<void> kept = co_await book_->keep(std::move(uses));
  co_return kept;
}

void SettingsDirectory::take_back(const mail::ThrowawayUse& use) {
  if (book_ != nullptr) book_->take_back(use);
}

// Where users have homes (%h) nothing says where an unknown one's was.
bool SettingsDirectory::has_remains(const mail::Mailbox& address) {
  const std::string whole = lower(address.local) + "@" + lower(address.domain);
  if (policy::find_name_fault(whole) != nullptr) return false;
  const auto target = target_of(policy::User{.name = whole}, DomainClass::Local);
  if (!target) return false;
  const auto found = files_.stamp(target->maildir);
  return found || (found.error().system != ENOENT && found.error().system != ENOTDIR);
}

Result<const mail::Throwaway*> SettingsDirectory::find_throwaway(const mail::Mailbox& address) {
  const mail::Throwaway* none = nullptr;
  // RFC 5321 section 4.5.1: postmaster is always there.
  if (book_ == nullptr || policy::is_postmaster(address)) return none;
  const mail::Throwaway* alias = book_->find(lower(address.local) + "@" + lower(address.domain));
  if (alias == nullptr) return none;
  // A user made at the place of one, and be it a trap, is meant.
  GP_TRY(const DomainClass domain, domain_class(address.domain));
  const bool users = domain == DomainClass::Local || domain == DomainClass::Virtual;
  GP_TRY(const auto user,
         users ? find_exact(address, domain) : Result<std::optional<server::Target>>(std::nullopt));
  return user && !user->user.empty() ? none : alias;
}

Result<server::Resolution> SettingsDirectory::resolve(const mail::Mailbox& recipient,
                                                      DomainClass domain,
                                                      const mail::Mailbox& sender) {
  look_at_users();
  if (domain == DomainClass::Other || book_ == nullptr) return expand(recipient, domain);
  GP_TRY(const mail::Throwaway* alias, find_throwaway(recipient));
  if (alias == nullptr) {
    GP_TRY(server::Resolution found, expand(recipient, domain));
    const bool nobody = found.mailboxes.empty() && found.others.empty() && !found.refusal;
    if (nobody && book_->is_incomplete() && policy::is_throwaway_name(recipient.local)) {
      // Perhaps one of those that were lost: real mail waits until somebody has looked.
      found.refusal = smtp::Reply{
          450, "4.3.0",
          "<" + recipient.text() + ">: Recipient address rejected: Temporary lookup failure"};
    }
    return found;
  }
  server::Resolution out;
  out.throwaway = alias->address;
  const policy::Standing standing = policy::judge_throwaway(*alias, sender, now());
  out.trap = standing == policy::Standing::Trap;
  out.refusal = policy::refuse_throwaway(standing, recipient.text());
  if (standing == policy::Standing::Foreign) book_->note_leak(out.throwaway, sender, now());
  if (standing != policy::Standing::Open) return out;
  return expand(*alias, recipient.domain);
}

Result<server::Resolution> SettingsDirectory::follow(const mail::Mailbox& recipient,
                                                     DomainClass domain) {
  look_at_users();
  GP_TRY(const mail::Throwaway* alias, find_throwaway(recipient));
  return alias != nullptr ? expand(*alias, recipient.domain) : expand(recipient, domain);
}

/// Whoever has an address that leads to others is not told who they are, or where they have gone.
void SettingsDirectory::conceal(std::string_view asked, server::Resolution& found) {
  if (!found.refusal) return;
  const std::string who = "<" + std::string(asked) + ">: ";
  if (istarts_with(found.refusal->text, who)) return;
  const bool moved = found.refusal->enhanced == "5.1.6";
  found.refusal->text = who + "Recipient address rejected: " +
                        (moved ? "User has moved" : "Mailbox disabled, not accepting messages");
}

Result<server::Resolution> SettingsDirectory::expand(const mail::Throwaway& alias,
                                                     const std::string& domain) {
  server::Resolution out;
  out.throwaway = alias.address;
  if (alias.trap) return out;
  const auto members = policy::parse_alias_members(alias.targets);
  for (const policy::AliasMember& member :
       members ? *members : std::vector<policy::AliasMember>()) {
    // One of these leads to names and tables, never to another of these.
    mail::Mailbox to = member.mailbox;
    if (to.domain.empty()) to.domain = domain;
    GP_TRY(const DomainClass its, domain_class(to.domain));
    GP_TRY(const policy::Expansion found, aliases_.expand(to, its));
    if (found.fault != policy::Expansion::Fault::None) {
      return Error{Cause::Temporary, found.at + ": " + found.detail};
    }
    for (const policy::Leaf& leaf : found.leaves) GP_CHECK(put(leaf, out));
  }
  if (!out.mailboxes.empty() || !out.others.empty()) out.refusal.reset();
  conceal(alias.address, out);
  return out;
}

Result<server::Resolution> SettingsDirectory::expand(const mail::Mailbox& recipient,
                                                     DomainClass domain) {
  server::Resolution out;
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
  conceal(recipient.text(), out);
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
  GP_TRY(std::optional<server::Target> found, find_known(leaf.address, leaf.domain));
  if (found && is_handed_over(leaf.domain)) found->handed_over = leaf.address;
  if ((!found || found->closed) && policy::is_postmaster(leaf.address)) {
    GP_TRY(found, postmaster());
  }
  if (!found) return {};
  if (found->closed) {
    // Told only where nobody else gets the mail either; see what calls this.
    to.refusal = smtp::Reply{550, "5.2.1",
                             "<" + leaf.address.text() + ">: Recipient address rejected: " +
                                 "Mailbox disabled, not accepting messages"};
    to.closed.push_back(found->user);
    return {};
  }
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

Result<std::optional<server::Target>> SettingsDirectory::find_mailbox(const mail::Mailbox& address,
                                                                      DomainClass domain) {
  look_at_users();
  return find_known(address, domain);
}

Result<std::optional<server::Target>> SettingsDirectory::find_known(const mail::Mailbox& address,
                                                                    DomainClass domain) {
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
  const policy::User* user = users_->find(whole);
  const bool ours = domain == DomainClass::Local;
  if (user == nullptr && ours && local.find('@') == local.npos) user = users_->find(local);
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
  const policy::User* user = users_->find(postmaster_address_);
  if (!postmaster_address_.empty() && user != nullptr) {
    GP_TRY(server::Target target, target_of(*user, DomainClass::Local));
    const std::size_t at = user->name.rfind('@');
    const std::string domain = at == std::string::npos ? myorigin_ : user->name.substr(at + 1);
    const mail::Mailbox mailbox{user->name.substr(0, at), domain};
    GP_TRY(target.domain, domain_class(domain));
    if (is_handed_over(target.domain)) target.handed_over = mailbox;
    if (!target.closed) return target;
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

Result<bool> SettingsDirectory::is_named(const mail::Mailbox& address, DomainClass domain) {
  look_at_users();
  const bool users = domain == DomainClass::Local || domain == DomainClass::Virtual;
  if (users) {
    GP_TRY(const auto user, find_exact(address, domain));
    if (user) return true;
  }
  return aliases_.is_named(address, domain);
}

}  // namespace gatepost::app

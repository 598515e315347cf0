// SPDX-License-Identifier: Apache-2.0
// app: what the settings, their tables and the passwd-file say about names and addresses.
#include "app/settings_directory.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "app/transports.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::app {
namespace {

using policy::DomainClass;

Error about(std::string_view parameter, const Error& error) {
  return {error.cause, std::string(parameter) + ": " + error.detail, error.system};
}

Result<std::vector<tables::TableHandle>> open_all(std::string_view parameter,
                                                  const std::vector<tables::Spec>& specs,
                                                  tables::TableSet& tables) {
  std::vector<tables::TableHandle> out;
  for (const tables::Spec& spec : specs) {
    auto handle = tables.open(spec);
    if (!handle) return about(parameter, handle.error());
    out.push_back(*std::move(handle));
  }
  return out;
}

Result<tables::MatchList> open_list(std::string_view parameter,
                                    const tables::Patterns& patterns,
                                    tables::TableSet& tables) {
  auto list = tables::MatchList::open(patterns, tables);
  if (!list) return about(parameter, list.error());
  return list;
}

}  // namespace

SettingsDirectory::SettingsDirectory(const Reading& from)
    : settings_(from.settings),
      files_(*from.files),
      tables_(files_, from.tables),
      aliases_(tables_, *this),
      login_domain_(lower(settings_->smtpd_sasl_local_domain)),
      passwd_file_(settings_->passwd_file),
      mail_location_(settings_->mail_location),
      myorigin_(lower(settings_->myorigin)),
      postmaster_address_(lower(settings_->postmaster_address)),
      default_quota_{settings_->mailbox_size_limit, 0},
      create_folders_(settings_->maildir_create_folders),
      users_(from.users) {
  const auto local = local_transport(*settings_);
  local_handed_over_ = local && local->lmtp;
  const auto hosted = delivery::parse_transport(settings_->virtual_transport);
  virtual_handed_over_ = hosted && hosted->lmtp;
}

Result<std::shared_ptr<SettingsDirectory>> SettingsDirectory::open(const config::Settings& settings,
                                                                   tables::Files& files) {
  Reading from{.settings = std::make_shared<const config::Settings>(settings),
               .tables = {},
               .users = std::make_shared<const policy::Users>(),
               .files = &files};
  std::shared_ptr<SettingsDirectory> out(new SettingsDirectory(from));
  // Before the lists: virtual_alias_domains is what virtual_alias_maps names, unless it is set.
  GP_CHECK(out->aliases_.open(settings, files));
  GP_CHECK(out->open_lists(settings));
  if (const Result<void> read = out->read_users(); !read) {
    if (read.error().system != ENOENT) return about("passwd_file", read.error());
    return Error{Cause::Permanent, "passwd_file: " + settings.passwd_file +
                                       " is not there; gatepost user add NAME makes it"};
  }
  const AliasMaps::Lint lint = out->aliases_.lint();
  std::string faults;
  for (const std::string& error : lint.errors) faults += (faults.empty() ? "" : ", ") + error;
  if (!faults.empty()) return Error{Cause::Permanent, std::move(faults)};
  for (const std::string& warning : lint.warnings) out->warnings_.push_back("warning: " + warning);
  out->make_exceptions();
  return out;
}

SettingsDirectory::Reading SettingsDirectory::reading() const {
  return {.settings = settings_, .tables = tables_.contents(), .users = users_, .files = &files_};
}

SettingsDirectory::Reading SettingsDirectory::read(Reading from) {
  try {
    SettingsDirectory fresh(from);
    tables::TableSet::Refresh refreshed = fresh.tables_.refresh();
    from.problems = std::move(refreshed.problems);
    if (refreshed.changed) {
      // Each file may be right by itself, and all of them together lead in circles.
      AliasMaps::Lint lint = fresh.lint();
      if (!lint.errors.empty()) fresh.tables_.revert();
      for (std::string& error : lint.errors) {
        from.problems.push_back(std::move(error) + "; the tables stay as they were");
      }
      if (lint.errors.empty()) {
        for (std::string& warning : lint.warnings) from.problems.push_back("warning: " + warning);
      }
    }
    from.tables = fresh.tables_.contents();
  } catch (const std::bad_alloc&) {
    // What is in force takes its memory already; a file that grew too large costs nobody's mail.
    tables::TableSet::hold(from.tables, *from.files);
    from.problems.emplace_back("no memory for the tables that changed; they stay as they were");
  }
  return from;
}

AliasMaps::Lint SettingsDirectory::lint() {
  Result<void> opened = aliases_.open(*settings_, files_);
  if (opened) opened = open_lists(*settings_);
  if (opened) return aliases_.lint();
  AliasMaps::Lint out;
  out.errors.push_back(opened.error().detail);
  return out;
}

void SettingsDirectory::take(const Reading& read) {
  tables_.take(read.tables);
  make_exceptions();
}

Result<void> SettingsDirectory::open_lists(const config::Settings& settings) {
  GP_CHECK(open_exceptions(settings));
  const auto& with_parents = settings.parent_domain_matches_subdomains;
  const bool parents =
      std::find(with_parents.begin(), with_parents.end(), "relay_domains") != with_parents.end();
  relay_parents_ = parents ? tables::Parents::Yes : tables::Parents::No;
  GP_TRY(mydestination_, open_list("mydestination", settings.mydestination, tables_));
  GP_TRY(virtual_domains_,
         open_list("virtual_mailbox_domains", settings.virtual_mailbox_domains, tables_));
  GP_TRY(relay_domains_, open_list("relay_domains", settings.relay_domains, tables_));
  GP_TRY(alias_domains_,
         open_list("virtual_alias_domains", settings.virtual_alias_domains, tables_));
  GP_TRY(mynetworks_, open_list("mynetworks", settings.mynetworks, tables_));
  GP_TRY(unlimited_, open_list("smtpd_client_event_limit_exceptions",
                               settings.smtpd_client_event_limit_exceptions, tables_));
  GP_TRY(never_banned_, open_list("ban_exceptions", settings.ban_exceptions, tables_));
  GP_TRY(bare_newline_, open_list("smtpd_forbid_bare_newline_exclusions",
                                  settings.smtpd_forbid_bare_newline_exclusions, tables_));
  GP_TRY(relay_maps_, open_all("relay_recipient_maps", settings.relay_recipient_maps, tables_));
  GP_TRY(local_maps_, open_all("local_recipient_maps", settings.local_recipient_maps, tables_));
  GP_TRY(sni_maps_, open_all("tls_server_sni_maps", settings.tls_server_sni_maps, tables_));
  GP_CHECK(open_login_lists(settings));
  GP_CHECK(open_screen_lists(settings));
  GP_CHECK(open_talks(settings));
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
  // for everybody would bounce real mail; who means it says so in the file, or reloads.
  if (parsed.users.size() == 0 && users_->size() > 0 && !parsed.empty_on_purpose) {
    warnings_.push_back(passwd_file_ + ": no user is left; the users before stay until a reload");
    return {};
  }
  users_ = std::make_shared<const policy::Users>(std::move(parsed.users));
  decoys_.reset();
  find_quota_faults();
  return {};
}

std::vector<std::string> SettingsDirectory::refresh_users() {
  const Result<void> users = read_users();
  const bool told = std::exchange(users_missing_, !users);
  if (users || told) return {};
  return {users.error().detail};
}

std::vector<std::string> SettingsDirectory::take_warnings() {
  std::vector<std::string> out = tables_.take_warnings();
  for (std::string& warning : warnings_) out.push_back(std::move(warning));
  warnings_.clear();
  return out;
}

Result<DomainClass> SettingsDirectory::domain_class(std::string_view domain) {
  // Without one it is a name of this host: the bare postmaster who waits in the queue.
  if (domain.empty()) return DomainClass::Local;
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

bool SettingsDirectory::is_never_banned(const IpAddress& client) {
  return grants(never_banned_, client);
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

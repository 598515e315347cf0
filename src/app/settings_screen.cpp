// SPDX-License-Identifier: Apache-2.0
// app: what the settings and their tables say about clients that are screened.
#include <utility>

#include "app/settings_directory.h"

namespace gatepost::app {

Result<void> SettingsDirectory::open_screen_lists(const config::Settings& settings) {
  const auto about = [](std::string_view parameter, const Error& error) {
    return Error{error.cause, std::string(parameter) + ": " + error.detail, error.system};
  };
  for (const tables::Pattern& pattern : settings.postscreen_access_list) {
    AccessEntry entry;
    if (const auto* spec = std::get_if<tables::Spec>(&pattern.what)) {
      auto handle = tables_.open(*spec);
      if (!handle) return about("postscreen_access_list", handle.error());
      entry.table = *std::move(handle);
      entry.word = spec->text();
    } else {
      entry.word = std::get<std::string>(pattern.what);
    }
    access_list_.push_back(std::move(entry));
  }
  auto earning = tables::MatchList::open(settings.postscreen_allowlist_interfaces, tables_);
  if (!earning) return about("postscreen_allowlist_interfaces", earning.error());
  earning_ = *std::move(earning);
  auto proxies = tables::MatchList::open(settings.proxy_protocol_peers, tables_);
  if (!proxies) return about("proxy_protocol_peers", proxies.error());
  proxies_ = *std::move(proxies);
  for (const tables::Spec& spec : settings.postscreen_dnsbl_reply_map) {
    auto handle = tables_.open(spec);
    if (!handle) return about("postscreen_dnsbl_reply_map", handle.error());
    list_names_.push_back(*std::move(handle));
  }
  return {};
}

screen::Access SettingsDirectory::screen_access(const IpAddress& client) {
  return find_screen_access(client).access;
}

SettingsDirectory::ScreenAccess SettingsDirectory::find_screen_access(const IpAddress& client) {
  using screen::Access;
  // Nothing: the next word is asked.
  const auto says = [&](std::string_view word) -> std::optional<Access> {
    const bool home = iequals(word, "permit_mynetworks") && in_mynetworks(client);
    const bool allowed =
        iequals(word, "permit_spf_allowlist") && allowed_ != nullptr && allowed_->allows(client);
    return home || allowed ? Access::Permit : screen::parse_access(word);
  };
  for (const AccessEntry& entry : access_list_) {
    if (!entry.table) {
      if (const auto access = says(entry.word)) return {*access, entry.word};
      continue;
    }
    const auto found = entry.table->find(client.text());
    // A table that cannot say decides nothing, as with postscreen.
    if (!found) return {Access::Dunno, entry.word};
    if (!*found) continue;
    // A list of its own, which dunno leaves for what comes next.
    for (const std::string_view word : split(**found, ", \t\r\n")) {
      const auto access = says(word);
      if (access == Access::Dunno) break;
      if (access) return {*access, entry.word};
    }
  }
  return {};
}

bool SettingsDirectory::may_earn(const IpAddress& local) {
  return grants(earning_, local);
}

bool SettingsDirectory::is_proxy(const IpAddress& peer) {
  return grants(proxies_, peer);
}

std::string SettingsDirectory::shown_list(std::string_view zone) {
  for (const tables::TableHandle& table : list_names_) {
    auto found = table->find(zone);
    if (found && *found) return **std::move(found);
  }
  return std::string(zone);
}

}  // namespace gatepost::app

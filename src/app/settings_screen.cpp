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

Result<void> SettingsDirectory::open_talks(const config::Settings& settings) {
  struct Entry {
    server::Talk which;
    std::size_t audience;
    std::string_view name;
    const std::vector<tables::Spec>& specs;
  };
  std::vector<Entry> all;
  const std::array services{&settings.smtp, &settings.submission, &settings.submissions};
  for (std::size_t i = 0; i < services.size(); ++i) {
    const config::ServiceSettings& one = *services[i];
    using server::Talk;
    all.push_back({Talk::EhloKeywords, i, "smtpd_discard_ehlo_keyword_address_maps",
                   one.smtpd_discard_ehlo_keyword_address_maps});
    all.push_back({Talk::CommandFilter, i, "smtpd_command_filter", one.smtpd_command_filter});
    all.push_back({Talk::Footer, i, "smtpd_reject_footer_maps", one.smtpd_reject_footer_maps});
    all.push_back({Talk::RblReply, i, "rbl_reply_maps", one.rbl_reply_maps});
  }
  constexpr std::size_t kTested = server::kUnderTest;
  all.push_back({server::Talk::EhloKeywords, kTested,
                 "postscreen_discard_ehlo_keyword_address_maps",
                 settings.postscreen_discard_ehlo_keyword_address_maps});
  all.push_back({server::Talk::CommandFilter, kTested, "postscreen_command_filter",
                 settings.postscreen_command_filter});
  all.push_back({server::Talk::Footer, kTested, "postscreen_reject_footer_maps",
                 settings.postscreen_reject_footer_maps});
  for (const Entry& entry : all) {
    for (const tables::Spec& spec : entry.specs) {
      auto handle = tables_.open(spec);
      if (!handle) {
        const Error& error = handle.error();
        return Error{error.cause, std::string(entry.name) + ": " + error.detail, error.system};
      }
      talks_[static_cast<std::size_t>(entry.which)][entry.audience].push_back(*std::move(handle));
    }
  }
  return {};
}

std::optional<std::string> SettingsDirectory::find_talk(server::Talk which,
                                                        std::size_t audience,
                                                        std::string_view key) {
  for (const tables::TableHandle& table : talks_[static_cast<std::size_t>(which)][audience]) {
    auto found = table->find(key);
    if (!found) return std::nullopt;
    if (*found) return **std::move(found);
  }
  return std::nullopt;
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

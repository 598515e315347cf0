// SPDX-License-Identifier: Apache-2.0
// app: files that are read as root at the start, and cannot be read again afterwards.
#include "app/owner_rights.h"

#include <unistd.h>

#include "app/tls_wiring.h"
#include "base/format.h"
#include "system/account.h"
#include "system/reading_rights.h"

namespace gatepost::app {
namespace {

std::string name_of(uid_t uid) {
  const auto person = system::find_person(uid);
  return person && *person ? (*person)->name : format("uid {}", uid);
}

/// The files of keys and certificates, which TLS reads by itself.
std::set<std::string> key_files(const LoadedSettings& loaded, NotedFiles& files) {
  std::set<std::string> out;
  const auto tls = make_tls_settings(*loaded.settings, *loaded.directory, files);
  if (!tls) return out;
  for (const tls::NamedChains& named : tls->names) {
    for (const tls::ChainFiles& chain : named.chains) {
      out.insert(chain.certificate);
      if (!chain.key.empty()) out.insert(chain.key);
    }
  }
  return out;
}

}  // namespace

Result<std::string> NotedFiles::read(const std::string& path, std::size_t most) {
  auto text = DiskFiles::read(path, most);
  if (text) noted_.insert(path);
  return text;
}

std::vector<std::string> find_unreadable_files(const LoadedSettings& loaded, NotedFiles& files) {
  if (::geteuid() != 0) return {};
  const std::string& name = loaded.settings->mail_owner;
  const auto owner = system::find_account(name);
  if (!owner) return {};  // check_host() tells.
  const std::set<std::string> keys = key_files(loaded, files);
  std::set<std::string> all = files.noted();
  all.insert(keys.begin(), keys.end());
  const auto found = system::find_unreadable(*owner, {all.begin(), all.end()});
  if (!found) return {format("warning: mail_owner {}: {}", name, found.error().detail)};
  std::vector<std::string> out;
  for (const system::Unreadable& one : *found) {
    std::string line = format(
        "warning: {}: mail_owner {} cannot read it ({}{} belongs to {}, mode {:04o}): ", one.path,
        name, one.barrier == one.path ? "" : "the folder ",
        one.barrier == one.path ? "it" : one.barrier, name_of(one.owner), one.mode);
    line += keys.contains(one.path)
                ? "a renewed one counts only after a restart; let a group of that user read it, or "
                  "hand it over by the service manager's credentials"
                : "a change of it counts only after a restart, and no reload works; let a group of "
                  "that user read it";
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace gatepost::app

// SPDX-License-Identifier: Apache-2.0
// app: what this machine has of what the settings name: users, groups, keys, ways to folders.
#include "app/host_checks.h"

#include <array>
#include <cerrno>
#include <unistd.h>
#include <utility>

#include "app/tls_wiring.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "system/passage.h"
#include "tls/server_context.h"

namespace gatepost::app {
namespace {

// A machine where the service is never started by root has no need of such a user.
constexpr std::string_view kUsualOwner = "gatepost";

void check_owner(const config::Settings& settings, HostReport& report) {
  const auto owner = find_mail_owner(settings);
  if (owner) return;
  if (settings.mail_owner == kUsualOwner) {
    report.warnings.push_back("warning: " + owner.error().detail + "; root cannot start it");
  } else {
    report.errors.push_back(owner.error().detail);
  }
}

/// False when what follows would only say the same again.
bool check_key_files(const config::Settings& settings, tables::Files& files, HostReport& report) {
  struct Named {
    std::string_view parameter;
    std::string_view path;
  };
  std::vector<Named> all;
  for (const std::string& path : settings.smtpd_tls_chain_files) {
    all.push_back({"smtpd_tls_chain_files", path});
  }
  if (all.empty()) {
    all = {{"smtpd_tls_cert_file", settings.smtpd_tls_cert_file},
           {"smtpd_tls_key_file", settings.smtpd_tls_key_file},
           {"smtpd_tls_eccert_file", settings.smtpd_tls_eccert_file},
           {"smtpd_tls_eckey_file", settings.smtpd_tls_eckey_file}};
  }
  bool readable = true;
  for (const Named& one : all) {
    if (one.path.empty()) continue;
    const auto text = files.read(std::string(one.path), limits::kFile);
    if (text) continue;
    readable = false;
    std::string line = format("{}: {}", one.parameter, text.error().detail);
    // A key is often root's alone, and root reads it before it becomes somebody else.
    if (text.error().system == EACCES && ::geteuid() != 0) {
      report.warnings.push_back(format("warning: {}: only its owner can tell if it fits", line));
    } else {
      report.errors.push_back(std::move(line));
    }
  }
  return readable;
}

void check_keys(const LoadedSettings& loaded, tables::Files& files, HostReport& report) {
  if (!wants_tls(*loaded.settings)) return;
  if (!check_key_files(*loaded.settings, files, report)) return;
  auto settings = make_tls_settings(*loaded.settings, *loaded.directory, files);
  // Without files of its own the service makes a certificate when it starts.
  if (!settings || settings->names.empty()) return;
  const auto contexts = tls::make_server_contexts(*std::move(settings));
  if (!contexts) return report.errors.push_back(contexts.error().detail);
  const tls::Refresh refresh = (*contexts)->refresh();
  auto& to = (*contexts)->current() ? report.warnings : report.errors;
  for (const std::string& problem : refresh.problems) to.push_back(problem);
}

void check_origin(const LoadedSettings& loaded, HostReport& report) {
  const config::Settings& settings = *loaded.settings;
  const auto domain = loaded.directory->domain_class(settings.myorigin);
  if (!domain || (*domain != policy::DomainClass::Other && *domain != policy::DomainClass::Relay)) {
    return;
  }
  report.warnings.push_back(
      format("warning: myorigin {} is not a domain of ours: mail for names without a domain, such "
             "as cron's for root, would wait for another host",
             settings.myorigin));
}

}  // namespace

Result<system::Account> find_mail_owner(const config::Settings& settings) {
  auto account = system::find_account(settings.mail_owner);
  if (!account) return Error{Cause::Permanent, "mail_owner: " + account.error().detail};
  if (account->uid != 0) return account;
  return Error{Cause::Permanent,
               format("mail_owner: \"{}\" is root: expected a user without rights, such as {}",
                      printable(settings.mail_owner, limits::kLogText), kUsualOwner)};
}

Result<std::optional<gid_t>> find_control_group(const config::Settings& settings) {
  if (settings.control_group.empty()) return std::optional<gid_t>();
  const auto group = system::find_group(settings.control_group);
  if (!group) return Error{Cause::Permanent, "control_group: " + group.error().detail};
  return std::optional<gid_t>(*group);
}

std::optional<std::string> find_maildrop_fault(const config::Settings& settings) {
  if (settings.maildrop_directory.empty()) return std::nullopt;
  const auto barrier = system::find_barrier(settings.maildrop_directory, system::anybody());
  if (!barrier) return std::nullopt;
  return format(
      "warning: maildrop_directory: {}: other users may not go through {}, and cannot use sendmail",
      settings.maildrop_directory, *barrier);
}

HostReport check_host(const LoadedSettings& loaded, tables::Files& files) {
  HostReport report;
  check_owner(*loaded.settings, report);
  const auto group = find_control_group(*loaded.settings);
  if (!group) report.errors.push_back(group.error().detail);
  check_keys(loaded, files, report);
  check_origin(loaded, report);
  if (auto fault = find_maildrop_fault(*loaded.settings)) {
    report.warnings.push_back(*std::move(fault));
  }
  return report;
}

}  // namespace gatepost::app

// SPDX-License-Identifier: Apache-2.0
// app: which PEM files make the chains of the TLS server.
#include "app/tls_wiring.h"

#include <utility>

#include "app/wiring.h"

namespace gatepost::app {
namespace {

// A chain is some kilobytes; what is larger is no certificate.
constexpr std::size_t kPemOctets = 1024 * 1024;

}  // namespace

bool wants_tls(const config::Settings& settings) {
  for (const server::Service service :
       {server::Service::Smtp, server::Service::Submission, server::Service::Submissions}) {
    if (listen_addresses(settings, service).empty()) continue;
    const config::ServiceSettings& own = service_settings(settings, service);
    if (own.smtpd_tls_wrappermode || own.smtpd_tls_security_level != config::TlsLevel::None) {
      return true;
    }
  }
  return false;
}

Result<std::vector<tls::ChainFiles>> pair_chain_files(const std::vector<std::string>& names,
                                                      tables::Files& files) {
  std::vector<tls::ChainFiles> out;
  std::string key;
  for (const std::string& name : names) {
    GP_TRY(const std::string text, files.read(name, kPemOctets));
    const bool has_key = text.find("PRIVATE KEY-----") != text.npos;
    const bool has_certificate = text.find("BEGIN CERTIFICATE-----") != text.npos;
    if (!has_key && !has_certificate) {
      return Error{Cause::Permanent, name + ": expected a PEM file with a key or certificates"};
    }
    if (has_key && !has_certificate) {
      if (!key.empty()) return Error{Cause::Permanent, key + ": a key without its certificate"};
      key = name;
      continue;
    }
    if (!has_key && key.empty()) {
      return Error{Cause::Permanent, name + ": the key has to come before its certificates"};
    }
    out.push_back({name, std::exchange(key, std::string())});
  }
  if (!key.empty()) return Error{Cause::Permanent, key + ": a key without its certificate"};
  return out;
}

Result<tls::ServerSettings> make_tls_settings(const config::Settings& settings,
                                              const SettingsDirectory& directory,
                                              tables::Files& files) {
  tls::ServerSettings out;
  out.hostname = settings.myhostname;
  out.self_signed_directory = settings.state_directory + "/tls";
  out.tls12 = settings.smtpd_tls_protocols == config::TlsFloor::Tls12;
  std::vector<tls::ChainFiles> chains;
  if (!settings.smtpd_tls_chain_files.empty()) {
    GP_TRY(chains, pair_chain_files(settings.smtpd_tls_chain_files, files));
  } else {
    const auto add = [&chains](const std::string& certificate, const std::string& key) {
      if (certificate.empty()) return;
      chains.push_back({certificate, key == certificate ? std::string() : key});
    };
    add(settings.smtpd_tls_eccert_file, settings.smtpd_tls_eckey_file);
    add(settings.smtpd_tls_cert_file, settings.smtpd_tls_key_file);
  }
  if (!chains.empty()) out.names.push_back({"", std::move(chains)});
  GP_TRY(const SettingsDirectory::NamedFiles named, directory.sni_files());
  for (const auto& [name, list] : named) {
    GP_TRY(std::vector<tls::ChainFiles> own, pair_chain_files(list, files));
    out.names.push_back({name, std::move(own)});
  }
  return out;
}

}  // namespace gatepost::app

// SPDX-License-Identifier: Apache-2.0
// app: which PEM files make the chains of the TLS server.
#pragma once

#include <string>
#include <vector>

#include "app/settings_directory.h"
#include "base/result.h"
#include "config/settings.h"
#include "tables/files.h"
#include "tls/server_context.h"

namespace gatepost::app {

/// True when any service that listens speaks TLS.
[[nodiscard]] bool wants_tls(const config::Settings& settings);

/// Postfix's ways to name certificates: smtpd_tls_chain_files where it is set, else
/// smtpd_tls_cert_file with smtpd_tls_key_file and their ecc twins; tls_server_sni_maps for
/// other names. None: a certificate is made below state_directory.
[[nodiscard]] Result<tls::ServerSettings> make_tls_settings(const config::Settings& settings,
                                                            const SettingsDirectory& directory,
                                                            tables::Files& files);

/// A list of PEM files as chains: a file with a key and certificates is one; a file with only a
/// key belongs to the certificates of the next (postconf(5), smtpd_tls_chain_files).
[[nodiscard]] Result<std::vector<tls::ChainFiles>> pair_chain_files(
    const std::vector<std::string>& names, tables::Files& files);

}  // namespace gatepost::app

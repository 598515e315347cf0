// SPDX-License-Identifier: Apache-2.0
// tls: the certificate of a server whose owner has none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "tls/crypto.h"

namespace gatepost::tls {

/// The name a certificate for `hostname` is made out to: itself, or "localhost" where it is
/// none that may stand in a certificate.
[[nodiscard]] std::string_view self_signed_name(std::string_view hostname);

/// Makes a P-256 key with a certificate for self_signed_name(hostname) signed by itself, valid from a day
/// before `now` for ten years, with a random serial number (RFC 5280 section 4.1.2.2). Both as
/// PEM, key first.
[[nodiscard]] Result<Secret> make_self_signed(const Crypto& crypto,
                                              std::string_view hostname,
                                              Moment now);

/// Where it is kept: one file for both, so that they change together.
[[nodiscard]] std::string self_signed_path(std::string_view directory);

/// Keeps `pem` at self_signed_path(directory), readable by us only; the directory is made
/// (0700) when it is missing, its parent is not. On disk when this returns.
Result<void> store_self_signed(const std::string& directory, const Secret& pem);

}  // namespace gatepost::tls

// SPDX-License-Identifier: Apache-2.0
// tls: one immutable set of keys with the rules every session of it follows.
#include "tls/context.h"

#include <algorithm>
#include <array>
#include <limits>

#include <mbedtls/ssl_ciphersuites.h>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "tls/crypto.h"

namespace gatepost::tls {
namespace {

// mbedTLS borrows these lists for as long as a configuration lives; hence static. Where both
// ends have a choice the client's order counts: all are strong, and it knows its hardware.
constexpr std::array<int, 10> kSuites{MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
                                      MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
                                      MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
                                      MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                      MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                                      MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                      MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                                      MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                                      MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                                      0};
constexpr std::array<std::uint16_t, 4> kGroups{
    MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
// PKCS #1 1.5 is for TLS 1.2 only (RFC 8446 section 4.2.3); the library knows.
constexpr std::array<std::uint16_t, 9> kSchemes{MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                                MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
                                                MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
                                                MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
                                                MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
                                                MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
                                                MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
                                                MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
                                                MBEDTLS_TLS1_3_SIG_NONE};

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= limits::kDomain &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

}  // namespace

ServerContext::ServerContext() {
  mbedtls_ssl_config_init(&config_);
}

ServerContext::~ServerContext() {
  mbedtls_ssl_config_free(&config_);
}

Result<std::shared_ptr<const ServerContext>> ServerContext::make(std::vector<LoadedName> names,
                                                                 bool tls12) {
  GP_ASSERT(!names.empty());
  std::shared_ptr<ServerContext> made(new ServerContext());
  made->names_ = std::move(names);
  GP_CHECK(made->prepare(tls12));
  return std::shared_ptr<const ServerContext>(std::move(made));
}

Result<void> ServerContext::prepare(bool tls12) {
  const int set = mbedtls_ssl_config_defaults(
      &config_, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  if (set != 0) return Error{Cause::Temporary, format("TLS configuration: {}", describe(set))};
  mbedtls_ssl_conf_rng(&config_, library_random, nullptr);
  mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_NONE);
  mbedtls_ssl_conf_min_tls_version(&config_,
                                   tls12 ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3);
  mbedtls_ssl_conf_max_tls_version(&config_, MBEDTLS_SSL_VERSION_TLS1_3);
  mbedtls_ssl_conf_ciphersuites(&config_, kSuites.data());
  mbedtls_ssl_conf_preference_order(&config_, MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_CLIENT);
  mbedtls_ssl_conf_groups(&config_, kGroups.data());
  mbedtls_ssl_conf_sig_algs(&config_, kSchemes.data());
  mbedtls_ssl_conf_sni(&config_, &ServerContext::on_server_name, this);
  for (const auto& chain : chains_for({})) {
    const int own = mbedtls_ssl_conf_own_cert(&config_, chain->certificates(), chain->key());
    if (own != 0) return Error{Cause::Temporary, format("TLS certificate: {}", describe(own))};
  }
  return {};
}

const std::vector<std::unique_ptr<Chain>>& ServerContext::chains_for(
    std::string_view server_name) const {
  const auto find = [this](std::string_view name) {
    return std::find_if(names_.begin(), names_.end(),
                        [name](const LoadedName& one) { return one.name == name; });
  };
  if (!server_name.empty()) {
    if (const auto exact = find(server_name); exact != names_.end()) return exact->chains;
    for (auto dot = server_name.find('.', 1); dot != std::string_view::npos;
         dot = server_name.find('.', dot + 1)) {
      const auto parent = find(server_name.substr(dot));
      if (parent != names_.end()) return parent->chains;
    }
  }
  const auto standard = find({});
  return standard != names_.end() ? standard->chains : names_.front().chains;
}

int ServerContext::on_server_name(void* self,
                                  mbedtls_ssl_context* session,
                                  const unsigned char* name,
                                  std::size_t length) {
  const auto& context = *static_cast<const ServerContext*>(self);
  const std::string_view asked(reinterpret_cast<const char*>(name), length);
  // A name that cannot be one gets the default chains, as an unknown one does: a mail client
  // that opens TLS opportunistically gains nothing from being refused.
  if (!is_host_name(asked)) return 0;
  std::string wanted = lower(asked);
  if (wanted.ends_with('.')) wanted.pop_back();
  // Called again for the second hello after a retry; the first choice is dropped.
  mbedtls_ssl_set_hs_own_cert(session, nullptr, nullptr);
  for (const auto& chain : context.chains_for(wanted)) {
    const int set = mbedtls_ssl_set_hs_own_cert(session, chain->certificates(), chain->key());
    if (set != 0) return set;
  }
  *static_cast<std::string*>(mbedtls_ssl_get_user_data_p(session)) = std::move(wanted);
  return 0;
}

std::int64_t ServerContext::not_after() const {
  auto first = std::numeric_limits<std::int64_t>::max();
  for (const auto& name : names_) {
    for (const auto& chain : name.chains) first = std::min(first, chain->not_after());
  }
  return first;
}

}  // namespace gatepost::tls

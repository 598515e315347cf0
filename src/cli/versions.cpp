// SPDX-License-Identifier: Apache-2.0
// cli: which version this is, and of what it is made.
#include "cli/versions.h"

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif

#include <ares.h>
#include <array>
#include <crypt.h>
#include <string_view>

#include <asio/version.hpp>
#include <fmt/base.h>
#include <mbedtls/version.h>
#include <pcre2.h>
#include <sqlite3.h>
#include <yyjson.h>

#include "base/format.h"
#include "base/version.h"
#include "control/json.h"

namespace gatepost::cli {

namespace {

std::string pcre2_version() {
  std::array<char, 64> text{};
  if (::pcre2_config(PCRE2_CONFIG_VERSION, text.data()) < 0) return "unknown";
  // "10.46 2025-08-27"
  const std::string_view whole(text.data());
  return std::string(whole.substr(0, whole.find(' ')));
}

std::string mbedtls_version() {
  std::array<char, 32> text{};
  mbedtls_version_get_string(text.data());
  return text.data();
}

}  // namespace

std::vector<LibraryVersion> library_versions() {
  return {
      {"asio",
       format("{}.{}.{}", ASIO_VERSION / 100000, ASIO_VERSION / 100 % 1000, ASIO_VERSION % 100)},
      {"mbedtls", mbedtls_version()},
      {"sqlite", ::sqlite3_libversion()},
      {"fmt", format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"pcre2", pcre2_version()},
      {"yyjson", format("{}.{}.{}", ::yyjson_version() >> 16U, ::yyjson_version() >> 8U & 0xFFU,
                        ::yyjson_version() & 0xFFU)},
      {"libxcrypt", XCRYPT_VERSION_STR},
      {"c-ares", ::ares_version(nullptr)},
  };
}

std::string format_versions(bool json) {
  if (!json) {
    std::string out = format("gatepost {}\n", kVersion);
    for (const LibraryVersion& one : library_versions()) {
      append_format(out, "{} {}\n", one.name, one.version);
    }
    return out;
  }
  control::JsonDocument document;
  const auto root = document.object();
  document.put(root, "gatepost", kVersion);
  const auto libraries = document.object();
  for (const LibraryVersion& one : library_versions())
    document.put(libraries, one.name, one.version);
  document.put(root, "libraries", libraries);
  return document.write(root);
}

}  // namespace gatepost::cli

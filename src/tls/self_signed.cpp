// SPDX-License-Identifier: Apache-2.0
// tls: the certificate of a server whose owner has none.
#include "tls/self_signed.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <memory>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/format.h"
#include "base/text.h"
#include "tls/crypto.h"

namespace gatepost::tls {
namespace {

constexpr std::size_t kMostCommonName = 64;  // ub-common-name, RFC 5280 appendix A.1.
constexpr std::string_view kFileName = "self-signed.pem";

Error library_error(std::string_view what, int code) {
  return {Cause::Permanent, format("self-signed certificate: {}: {}", what, describe(code))};
}

struct Key {
  Key() { mbedtls_pk_init(&pk); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() { mbedtls_pk_free(&pk); }
  mbedtls_pk_context pk;
};

struct Writer {
  Writer() { mbedtls_x509write_crt_init(&crt); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { mbedtls_x509write_crt_free(&crt); }
  mbedtls_x509write_cert crt;
};

/// A file descriptor closed at the end of its scope.
struct File {
  explicit File(int opened) : fd(opened) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

/// A board without a clock starts in 1970; a certificate that had ended by the time the clock
/// is set would be of no use.
constexpr Moment kLeast = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

std::string utc(Moment when) {
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(when - day));
  return format("{:04}{:02}{:02}{:02}{:02}{:02}", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                time.hours().count(), time.minutes().count(), time.seconds().count());
}

/// Only what needs no escaping in a distinguished name (RFC 4514 section 2.4) and may stand in
/// a dNSName (RFC 5280 section 4.2.1.6).
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_';
  });
}

Result<void> set_usage(mbedtls_x509write_cert& crt) {
  static constexpr char kServerAuth[] = MBEDTLS_OID_SERVER_AUTH;
  // The library only reads it.
  mbedtls_asn1_sequence usage{};
  usage.buf.tag = MBEDTLS_ASN1_OID;
  usage.buf.p = reinterpret_cast<unsigned char*>(const_cast<char*>(kServerAuth));
  usage.buf.len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH);
  int set = mbedtls_x509write_crt_set_basic_constraints(&crt, 0, -1);
  if (set == 0) set = mbedtls_x509write_crt_set_key_usage(&crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
  if (set == 0) set = mbedtls_x509write_crt_set_ext_key_usage(&crt, &usage);
  if (set == 0) set = mbedtls_x509write_crt_set_subject_key_identifier(&crt);
  if (set != 0) return library_error("usage", set);
  return {};
}

Result<void> set_names(mbedtls_x509write_cert& crt, std::string_view hostname) {
  const std::string_view common = hostname.size() <= kMostCommonName ? hostname : "gatepost";
  const std::string subject = format("CN={}", common);
  std::string name(hostname);
  mbedtls_x509_san_list alternative{};
  alternative.node.type = MBEDTLS_X509_SAN_DNS_NAME;
  alternative.node.san.unstructured_name.p = reinterpret_cast<unsigned char*>(name.data());
  alternative.node.san.unstructured_name.len = name.size();
  int set = mbedtls_x509write_crt_set_subject_name(&crt, subject.c_str());
  if (set == 0) set = mbedtls_x509write_crt_set_issuer_name(&crt, subject.c_str());
  if (set == 0) set = mbedtls_x509write_crt_set_subject_alternative_name(&crt, &alternative);
  if (set != 0) return library_error("name", set);
  return {};
}

Result<void> set_serial(mbedtls_x509write_cert& crt) {
  std::array<unsigned char, 16> serial{};
  if (!fill_random(serial)) return system_error("getrandom", errno);
  // Positive and without a leading zero octet, so that it is as long as it looks.
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7F) | 0x40);
  const int set = mbedtls_x509write_crt_set_serial_raw(&crt, serial.data(), serial.size());
  if (set != 0) return library_error("serial number", set);
  return {};
}

Result<void> write_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    const auto wrote = ::write(fd, octets.data(), octets.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return system_error("write", errno);
    octets.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return system_error("fsync", errno);
  return {};
}

}  // namespace

std::string_view self_signed_name(std::string_view hostname) {
  return is_plain_name(hostname) ? hostname : "localhost";
}

Result<Secret> make_self_signed(const Crypto& /*crypto*/, std::string_view hostname, Moment now) {
  Key key;
  int made = mbedtls_pk_setup(&key.pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
  if (made == 0) {
    made = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key.pk), library_random,
                               nullptr);
  }
  if (made != 0) return library_error("key", made);

  Writer writer;
  mbedtls_x509write_crt_set_version(&writer.crt, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&writer.crt, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(&writer.crt, &key.pk);
  mbedtls_x509write_crt_set_issuer_key(&writer.crt, &key.pk);
  GP_CHECK(set_names(writer.crt, self_signed_name(hostname)));
  GP_CHECK(set_serial(writer.crt));
  GP_CHECK(set_usage(writer.crt));
  // A day back: a client's clock may be behind ours.
  const std::string from = utc(now - std::chrono::hours(24));
  const std::string to = utc(std::max(now, kLeast) + std::chrono::days(3650));
  const int dated = mbedtls_x509write_crt_set_validity(&writer.crt, from.c_str(), to.c_str());
  if (dated != 0) return library_error("validity", dated);

  // In one string that wipes itself; it may not grow, or it would leave a copy of the key.
  constexpr std::size_t kRoom = 4096;
  std::array<unsigned char, kRoom> pem{};
  made = mbedtls_pk_write_key_pem(&key.pk, pem.data(), pem.size());
  if (made != 0) return library_error("key", made);
  std::string text;
  text.reserve(2 * kRoom);
  text += reinterpret_cast<const char*>(pem.data());
  explicit_bzero(pem.data(), pem.size());
  made = mbedtls_x509write_crt_pem(&writer.crt, pem.data(), pem.size(), library_random, nullptr);
  if (made == 0) text += reinterpret_cast<const char*>(pem.data());
  Secret both(std::move(text));
  if (made != 0) return library_error("writing", made);
  return both;
}

std::string self_signed_path(std::string_view directory) {
  return format("{}/{}", directory, kFileName);
}

Result<void> store_self_signed(const std::string& directory, const Secret& pem) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error(format("mkdir {}", directory), errno);
  }
  const File folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd < 0) return system_error(format("open {}", directory), errno);
  const std::string name(kFileName);
  const std::string temporary = format("{}.{}", name, ::getpid());
  ::unlinkat(folder.fd, temporary.c_str(), 0);
  const File file(::openat(folder.fd, temporary.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.fd < 0) return system_error(format("create {}/{}", directory, temporary), errno);
  Result<void> written = write_all(file.fd, pem.reveal());
  // Made by root in a directory that was prepared for another user, it has to be that user's.
  struct stat about {};
  if (written && ::geteuid() == 0 && ::fstat(folder.fd, &about) == 0 &&
      ::fchown(file.fd, about.st_uid, about.st_gid) != 0) {
    written = system_error("chown", errno);
  }
  if (written && ::renameat(folder.fd, temporary.c_str(), folder.fd, name.c_str()) != 0) {
    written = system_error("rename", errno);
  }
  if (!written) {
    ::unlinkat(folder.fd, temporary.c_str(), 0);
    return Error{Cause::Temporary, format("{}: {}", directory, written.error().detail),
                 written.error().system};
  }
  if (::fsync(folder.fd) != 0) return system_error(format("fsync {}", directory), errno);
  return {};
}

}  // namespace gatepost::tls

// SPDX-License-Identifier: Apache-2.0
// config: keys.def as a table to walk over: for the parser, the manual and the sample.
#include "config/rows.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace gatepost::config {

namespace {

template <class Value>
constexpr Shape shape_of() {
  if (std::is_same_v<Value, bool>) return Shape::Truth;
  return std::is_unsigned_v<Value> ? Shape::Number : Shape::Text;
}

template <class Traits>
Result<void> read_member(void* member,
                         std::string_view value,
                         const Limits& limits,
                         ValueContext& context) {
  typename Traits::Value fresh{};
  GP_CHECK(parse(Traits{}, value, limits, context, fresh));
  *static_cast<typename Traits::Value*>(member) = std::move(fresh);
  return {};
}

/// One for all rows of a kind: a function a row would be twenty times the table.
template <class Traits>
constexpr Kind kKind{form_of(Traits{}), shape_of<typename Traits::Value>(),
                     std::is_same_v<Traits, kinds::Template>, read_member<Traits>};

static_assert(std::is_standard_layout_v<Settings> && std::is_standard_layout_v<ServiceSettings>,
              "offsetof has a meaning");

#define GP_ROW(Owner, name, kind, initial, limits, reload, text) \
  Row{#name,                                                     \
      initial,                                                   \
      text,                                                      \
      &kKind<kinds::kind>,                                       \
      limit::limits,                                             \
      std::uint16_t{offsetof(Owner, name)},                      \
      std::is_same_v<Owner, ServiceSettings>,                    \
      Reload::reload},

constexpr Row kRows[] = {
#define GP_GROUP(title) Row{{}, {}, title},
#define GP_KEY(name, kind, initial, limits, reload, text) \
  GP_ROW(Settings, name, kind, initial, limits, reload, text)
#define GP_SERVICE_KEY(name, kind, initial, limits, reload, text) \
  GP_ROW(ServiceSettings, name, kind, initial, limits, reload, text)
#include "config/keys.def"
};

struct ServiceDefault {
  Literal service;
  Literal name;
  Literal value;
};
// What master.cf has for submission and submissions in Postfix: TLS always, and nobody but
// users, with their own addresses.
constexpr std::array kServiceDefaults{
    ServiceDefault{"submission", "smtpd_tls_security_level", "encrypt"},
    ServiceDefault{"submission", "smtpd_sasl_auth_enable", "yes"},
    ServiceDefault{"submission", "smtpd_relay_restrictions", "permit_sasl_authenticated, reject"},
    ServiceDefault{"submission", "smtpd_sender_restrictions",
                   "reject_authenticated_sender_login_mismatch"},
    ServiceDefault{"submissions", "smtpd_tls_security_level", "encrypt"},
    ServiceDefault{"submissions", "smtpd_tls_wrappermode", "yes"},
    ServiceDefault{"submissions", "smtpd_sasl_auth_enable", "yes"},
    ServiceDefault{"submissions", "smtpd_relay_restrictions", "permit_sasl_authenticated, reject"},
    ServiceDefault{"submissions", "smtpd_sender_restrictions",
                   "reject_authenticated_sender_login_mismatch"},
};

}  // namespace

Result<void> Row::read(Settings& owner, std::string_view value, ValueContext& context) const {
  GP_ASSERT(!of_service);
  return kind->read(reinterpret_cast<std::byte*>(&owner) + place, value, limits, context);
}

Result<void> Row::read(ServiceSettings& owner,
                       std::string_view value,
                       ValueContext& context) const {
  GP_ASSERT(of_service);
  return kind->read(reinterpret_cast<std::byte*>(&owner) + place, value, limits, context);
}

std::span<const Row> rows() {
  return kRows;
}

const Row* find_row(std::string_view name) {
  const auto found = std::find_if(std::begin(kRows), std::end(kRows), [name](const Row& row) {
    return name == row.name && !row.is_title();
  });
  return found == std::end(kRows) ? nullptr : found;
}

std::vector<std::string_view> row_names() {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) {
    if (!row.is_title()) names.emplace_back(row.name);
  }
  return names;
}

std::optional<std::string_view> service_default(std::string_view service, std::string_view name) {
  for (const ServiceDefault& one : kServiceDefaults) {
    if (service == one.service && name == one.name) return one.value;
  }
  return std::nullopt;
}

}  // namespace gatepost::config

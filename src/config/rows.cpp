// SPDX-License-Identifier: Apache-2.0
// config: keys.def as a table to walk over: for the parser, the manual and the sample.
#include "config/rows.h"

#include <algorithm>
#include <array>
#include <type_traits>

namespace gatepost::config {

namespace {

template <class Value>
constexpr Shape shape_of() {
  if (std::is_same_v<Value, bool>) return Shape::Truth;
  return std::is_unsigned_v<Value> ? Shape::Number : Shape::Text;
}

#define GP_READ(Owner, name, kind, limits)                                          \
  /* NOLINTNEXTLINE(bugprone-macro-parentheses): a type cannot be in parentheses */ \
  [](Owner& owner, std::string_view value, ValueContext& context) -> Result<void> { \
    GP_TRY(owner.name, parse(kinds::kind{}, value, limit::limits, context));        \
    return {};                                                                      \
  }
#define GP_FACTS(name, kind, initial, limits, reload, text)                    \
#name, initial, text, form_of(kinds::kind{}), limit::limits, Reload::reload, \
      shape_of < kinds::kind::Value>()

constexpr Row kRows[] = {
#define GP_GROUP(title) Row{{}, {}, title, {}},
#define GP_KEY(name, kind, initial, limits, reload, text)                                         \
  Row{GP_FACTS(name, kind, initial, limits, reload, text), GP_READ(Settings, name, kind, limits), \
      nullptr},
#define GP_SERVICE_KEY(name, kind, initial, limits, reload, text)   \
  Row{GP_FACTS(name, kind, initial, limits, reload, text), nullptr, \
      GP_READ(ServiceSettings, name, kind, limits)},
#include "config/keys.def"
};

struct ServiceDefault {
  std::string_view service;
  std::string_view name;
  std::string_view value;
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

std::span<const Row> rows() {
  return kRows;
}

const Row* find_row(std::string_view name) {
  const auto found = std::find_if(std::begin(kRows), std::end(kRows), [name](const Row& row) {
    return row.name == name && !row.is_title();
  });
  return found == std::end(kRows) ? nullptr : found;
}

std::vector<std::string_view> row_names() {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) {
    if (!row.is_title()) names.push_back(row.name);
  }
  return names;
}

std::optional<std::string_view> service_default(std::string_view service, std::string_view name) {
  for (const ServiceDefault& one : kServiceDefaults) {
    if (one.service == service && one.name == name) return one.value;
  }
  return std::nullopt;
}

}  // namespace gatepost::config

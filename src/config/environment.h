// SPDX-License-Identifier: Apache-2.0
// config: the values behind names, for one service: the file's, else the defaults.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "config/document.h"
#include "config/expand.h"

namespace gatepost::config {

/// What stands behind a parameter, and where it comes from.
struct Origin {
  std::string value;                       ///< Not expanded.
  const Assignment* assignment = nullptr;  ///< Null: a default.
};

/// SERVICE.NAME goes before the default of a service, that before NAME, that before the
/// default.
class Environment final : public Names {
 public:
  /// `document` outlives it. `service` is empty or one of kServiceNames.
  Environment(const Document& document, std::string_view host_name, std::string_view service);

  [[nodiscard]] std::optional<Origin> find(std::string_view name);
  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) override;
  [[nodiscard]] std::string suggestion(std::string_view name) override;

  /// Names that values refer to.
  [[nodiscard]] const std::set<std::string, std::less<>>& referenced() const { return referenced_; }

 private:
  std::string default_hostname();
  std::string default_domain();

  const Document& document_;
  std::string host_name_;
  std::string service_;
  bool finding_domain_ = false;
  std::set<std::string, std::less<>> referenced_;
};

}  // namespace gatepost::config

// SPDX-License-Identifier: Apache-2.0
// config: everything an owner may set, as values; the members are the rows of keys.def.
#pragma once

#include "config/types.h"

namespace gatepost::config {

/// What one of the services goes by. NAME = VALUE sets it for all three, SERVICE.NAME = VALUE
/// for one.
struct ServiceSettings {  // NOLINT(clang-analyzer-optin.performance.Padding): as Settings
#define GP_GROUP(title)
#define GP_KEY(name, kind, initial, limits, reload, text)
#define GP_SERVICE_KEY(name, kind, initial, limits, reload, text) kinds::kind::Value name{};
#include "config/keys.def"
};

/// One immutable object, made by load().
struct Settings {  // NOLINT(clang-analyzer-optin.performance.Padding): in the order of keys.def
  ServiceSettings smtp;
  ServiceSettings submission;
  ServiceSettings submissions;

#define GP_GROUP(title)
#define GP_KEY(name, kind, initial, limits, reload, text) kinds::kind::Value name{};
#define GP_SERVICE_KEY(name, kind, initial, limits, reload, text)
#include "config/keys.def"
};

}  // namespace gatepost::config

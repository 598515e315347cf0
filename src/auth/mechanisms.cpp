// SPDX-License-Identifier: Apache-2.0
// auth: the SASL mechanisms we speak, one row each.
#include "auth/mechanisms.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace gatepost::auth {
namespace {

constexpr std::array kMechanisms{
    Mechanism{MechanismId::ScramPlus, "SCRAM-SHA-256-PLUS", Use::Scram, true, false, true},
    Mechanism{MechanismId::Scram, "SCRAM-SHA-256", Use::Scram, true, false, false},
    Mechanism{MechanismId::Plain, "PLAIN", Use::Password, true, true, false},
    Mechanism{MechanismId::Login, "LOGIN", Use::Password, true, true, false},
    Mechanism{MechanismId::CramMd5, "CRAM-MD5", Use::Shared, false, false, false},
};

}  // namespace

std::span<const Mechanism> mechanisms() {
  return kMechanisms;
}

const Mechanism* find_mechanism(std::string_view name) {
  const auto* const found =
      std::find_if(kMechanisms.begin(), kMechanisms.end(),
                   [name](const Mechanism& row) { return iequals(row.name, name); });
  return found == kMechanisms.end() ? nullptr : found;
}

}  // namespace gatepost::auth

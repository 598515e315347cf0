// SPDX-License-Identifier: Apache-2.0
// app: authorized_submit_users, asked by uid.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/submitters.h"
#include "server/pickup.h"
#include "system/account.h"

namespace gatepost::app {

class SystemSubmitters final : public server::Submitters {
 public:
  explicit SystemSubmitters(std::vector<std::string> entries) : entries_(std::move(entries)) {}

  Result<bool> may_submit(std::uint32_t uid) override {
    // The usual case needs no look into a file: everybody may.
    if (policy::may_submit(entries_, {}) && entries_.size() == 1) return true;
    GP_TRY(const auto person, system::find_person(uid));
    return policy::may_submit(entries_, person ? person->name : std::string());
  }

 private:
  std::vector<std::string> entries_;
};

}  // namespace gatepost::app

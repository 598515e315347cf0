// SPDX-License-Identifier: Apache-2.0
// control: who may ask what, by the kernel's word on who is asking.
#include "control/access.h"

#include <algorithm>

namespace gatepost::control {

bool is_trusted(const Asker& asker, const Access& access) {
  return asker.uid == 0 || asker.uid == access.owner;
}

bool may(const Asker& asker, Who who, const Access& access) {
  if (is_trusted(asker, access)) return true;
  if (who != Who::Reader || !access.group) return false;
  return asker.gid == *access.group ||
         std::find(asker.groups.begin(), asker.groups.end(), *access.group) != asker.groups.end();
}

}  // namespace gatepost::control

// SPDX-License-Identifier: Apache-2.0
// control: who may ask what, by the kernel's word on who is asking.
#include "control/access.h"

#include <algorithm>

namespace gatepost::control {

bool may(const Asker& asker, Who who, const Access& access) {
  if (asker.uid == 0 || asker.uid == access.owner) return true;
  if (who != Who::Reader || !access.group) return false;
  return asker.gid == *access.group ||
         std::find(asker.groups.begin(), asker.groups.end(), *access.group) != asker.groups.end();
}

}  // namespace gatepost::control

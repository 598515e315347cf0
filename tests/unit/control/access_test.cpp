// SPDX-License-Identifier: Apache-2.0
// tests: who may ask what.
#include "control/access.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::control;

TEST_CASE("root and the owner may change, the group may look, others may nothing", "[control]") {
  const Access access{.owner = 100, .group = 50};
  CHECK(may({.uid = 0, .gid = 0}, Who::Owner, access));
  CHECK(may({.uid = 100, .gid = 100}, Who::Owner, access));
  CHECK(may({.uid = 7, .gid = 50}, Who::Reader, access));
  CHECK(may({.uid = 7, .gid = 7, .groups = {1, 50}}, Who::Reader, access));
  CHECK_FALSE(may({.uid = 7, .gid = 50}, Who::Owner, access));
  CHECK_FALSE(may({.uid = 7, .gid = 7, .groups = {1, 2}}, Who::Reader, access));
}

TEST_CASE("without a control group only root and the owner may look", "[control]") {
  const Access access{.owner = 100};
  CHECK(may({.uid = 100, .gid = 7}, Who::Reader, access));
  CHECK_FALSE(may({.uid = 7, .gid = 0, .groups = {0}}, Who::Reader, access));
}

// SPDX-License-Identifier: Apache-2.0
// tests: how answers are coloured on a terminal.
#include "cli/colors.h"

#include <catch2/catch_test_macros.hpp>

using gatepost::cli::color_status;

TEST_CASE("the first line shows by its colour whether the service runs, problems are red",
          "[cli]") {
  CHECK(
      color_status(
          "gatepost 0.1.0 is running since now\nhost  x\n! broken\ncertificate /a HAS EXPIRED\n") ==
      "\x1b[32mgatepost 0.1.0 is running since now\x1b[0m\nhost  x\n\x1b[31m! broken\x1b[0m\n"
      "\x1b[31mcertificate /a HAS EXPIRED\x1b[0m\n");
  CHECK(color_status("gatepost 0.1.0 is stopping since now\n") ==
        "\x1b[33mgatepost 0.1.0 is stopping since now\x1b[0m\n");
  CHECK(color_status("").empty());
}

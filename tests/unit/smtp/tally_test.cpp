// SPDX-License-Identifier: Apache-2.0
// unit: the counts of the disconnect line.
#include "smtp/tally.h"

#include <catch2/catch_test_macros.hpp>

using namespace gatepost::smtp;

TEST_CASE("the counts are written as Postfix writes them", "[smtp][tally]") {
  Tally tally;
  CHECK(tally.text() == "commands=0/0");
  for (const Verb verb : {Verb::Quit, Verb::Ehlo, Verb::Mail, Verb::Rcpt, Verb::Rcpt}) {
    tally.came(verb);
    if (verb != Verb::Rcpt) tally.granted(verb);
  }
  tally.granted(Verb::Rcpt);
  tally.came(Verb::Unknown);
  CHECK(tally.text() == "ehlo=1 mail=1 rcpt=1/2 quit=1 unknown=0/1 commands=4/6");
}

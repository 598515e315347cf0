// SPDX-License-Identifier: Apache-2.0
// state: the tables of state.db, of all stores that stand on it.
#include "state/state_schema.h"

#include <array>

namespace gatepost::state {
namespace {

// Times are seconds since 1970.
constexpr std::array<std::string_view, 6> kSteps = {
    // When the file was last written: a machine without a clock of its own begins there.
    R"sql(
CREATE TABLE clock(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  written INTEGER NOT NULL
) STRICT;
)sql",
    // Greylisting: triplets, one row for each, by what has passed, since a network's that wait are
    // counted; clients whose triplets passed, addresses that are traps, and networks that wrote to
    // one. Names are as greylist/key.h makes them.
    R"sql(
CREATE TABLE grey(
  net TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  PRIMARY KEY(net, passed, sender, recipient)
) STRICT, WITHOUT ROWID;
CREATE TABLE awl(
  client TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE trap(
  address TEXT PRIMARY KEY,
  made INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE trapped(
  net TEXT PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql",
    // Screening: a row for each client, or network, that has passed a test; record as postscreen(8)
    // keeps it, until the last of them ends.
    R"sql(
CREATE TABLE screen(
  client TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX screen_until ON screen(until);
)sql",
    // What the owner said while the service ran: networks that are let in, 0 for good; mail that is
    // expected, from where and for whom.
    R"sql(
CREATE TABLE allow(
  network TEXT NOT NULL UNIQUE,
  until INTEGER NOT NULL
) STRICT;
CREATE TABLE expect(
  scope TEXT NOT NULL UNIQUE,
  until INTEGER NOT NULL
) STRICT;
)sql",
    // Bans, those that are over too while they make the next one longer; until is the largest number
    // where a ban has no end. And networks a user logged in from.
    R"sql(
CREATE TABLE ban(
  network TEXT PRIMARY KEY,
  begun INTEGER NOT NULL,
  until INTEGER NOT NULL,
  count INTEGER NOT NULL,
  by_hand INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE ban_login(
  network TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql",
    // Addresses that do not exist, with the networks that asked for them; where net is empty, one
    // that does, or did. And traps that were learned by it.
    R"sql(
CREATE TABLE guess(
  address TEXT NOT NULL,
  net TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY(address, net)
) STRICT, WITHOUT ROWID;
CREATE INDEX guess_net ON guess(net);
CREATE TABLE made_trap(
  address TEXT PRIMARY KEY,
  made INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO made_trap SELECT address, made FROM trap;
DROP TABLE trap;
CREATE TABLE trap(
  address TEXT PRIMARY KEY,
  made INTEGER NOT NULL,
  learned INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO trap SELECT address, made, 0 FROM made_trap;
DROP TABLE made_trap;
)sql",
};

}  // namespace

std::span<const std::string_view> state_schema() {
  return kSteps;
}

}  // namespace gatepost::state

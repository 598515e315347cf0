// SPDX-License-Identifier: Apache-2.0
// app: what screening knows, as text for people and as JSON; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/view.h"
#include "screen/access.h"
#include "screen/guard.h"
#include "screen/record.h"
#include "screen/score.h"
#include "screen/settings.h"
#include "server/client_name.h"

namespace gatepost::app {

/// What is remembered of one client: a line.
[[nodiscard]] std::string format_record(std::string_view client,
                                        const screen::Record& record,
                                        Stamp now,
                                        const View& view);

/// One list's health: a line. `now` as of the wall.
[[nodiscard]] std::string format_list(const screen::Guard::Status& status,
                                      Stamp now,
                                      const View& view);

/// What would become of a client that connects now.
struct Outlook {
  struct List {
    std::string zone;
    screen::Finding finding;
    bool counts = false;
    std::string fault;              ///< Why it is muted; empty: it is not.
    std::vector<IpAddress> answer;  ///< Of a list that has it.
  };
  IpAddress client;
  server::ClientName name;
  bool dynamic = false;  ///< The name looks like one of somebody's home.
  bool screened = true;  ///< postscreen_enable
  std::string let_in;    ///< The network of `gatepost allow` it is in; empty: none.
  std::string banned;    ///< "until ..." or "for good"; empty: it is not.
  screen::Access access = screen::Access::Dunno;
  std::string entry;  ///< That said so.
  screen::Record record;
  bool known = false;  ///< It has passed all tests that are on.
  std::vector<List> lists;
  screen::Score score;
  screen::Ruling ruling;
  screen::Action dnsbl_action = screen::Action::Ignore;
  screen::Action denylist_action = screen::Action::Ignore;
  Duration wait{};      ///< For the greeting, at most; zero: none.
  bool proven = false;  ///< Why it waits less than others.
};

/// The outcome in a few words: "let in at once: ...".
[[nodiscard]] std::string format_verdict(const Outlook& outlook);
/// Several lines; as JSON one.
[[nodiscard]] std::string format_outlook(const Outlook& outlook, Stamp now, const View& view);

}  // namespace gatepost::app

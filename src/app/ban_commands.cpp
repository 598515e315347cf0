// SPDX-License-Identifier: Apache-2.0
// app: the verbs of the control socket about bans.
#include "app/ban_commands.h"

#include <cerrno>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/values.h"
#include "control/human.h"
#include "control/json.h"

namespace gatepost::app {
namespace {

using bans::Account;
using bans::Ban;
using bans::Ledger;
using control::JsonDocument;
using control::Verb;

/// Who wants all has sqlite3.
constexpr std::size_t kMostRows = 1000;

struct View {
  bool json = false;
  std::chrono::seconds offset{};
};

std::string when(Stamp stamp, const View& view) {
  const Moment moment{std::chrono::seconds(stamp)};
  return view.json ? control::format_utc(moment) : control::format_local(moment, view.offset);
}

std::string name_of(const Network& network) {
  const bool host = network.prefix == network.address.bits();
  return host ? network.address.text() : network.text();
}

void put_ban(JsonDocument& document, JsonDocument::Value at, const Ban& ban, const View& view) {
  document.put(at, "network", name_of(ban.network));
  document.put(at, "begun", when(ban.begun, view));
  if (ban.until != Ban::kForever) document.put(at, "until", when(ban.until, view));
  document.put(at, "count", std::uint64_t{ban.count});
  document.put(at, "by_hand", ban.by_hand);
  document.put(at, "reason", ban.reason);
}

std::string ban_text(const Ban& ban, const View& view) {
  const std::string until =
      ban.until == Ban::kForever ? "for good" : "until " + when(ban.until, view);
  return format("{} since {} {} ({}): {}", name_of(ban.network), when(ban.begun, view), until,
                ban.count, printable(ban.reason, limits::kLogText));
}

std::string list_text(const std::vector<Ban>& all, const View& view) {
  std::string out;
  std::size_t rows = 0;
  for (const Ban& ban : all) {
    if (++rows > kMostRows) break;
    if (!view.json) {
      out.append(ban_text(ban, view)).append("\n");
      continue;
    }
    JsonDocument document;
    const auto root = document.object();
    put_ban(document, root, ban, view);
    out += document.write(root);
  }
  if (out.empty() && !view.json) out = "No bans\n";
  return out;
}

std::string why_text(
    const Account& account, const std::string& let_in, bool exempt, Stamp now, const View& view) {
  std::string out = name_of(account.network) + "\n";
  if (!let_in.empty()) {
    append_format(out, "never banned nor limited: let in by gatepost allow: {}\n", let_in);
  } else if (exempt) {
    out += "never banned: ban_exceptions\n";
  }
  if (account.ban && account.ban->is_in_force(now)) {
    append_format(out, "banned: {}\n", ban_text(*account.ban, view));
  } else if (account.ban) {
    append_format(out, "was banned: {}\n", ban_text(*account.ban, view));
  } else {
    out += "not banned\n";
  }
  if (account.login) {
    append_format(out, "not to be banned for what it does: good login {}\n",
                  when(*account.login, view));
  }
  append_format(out, "score {}\n", bans::format_weight(account.score));
  for (const Account::Fault& fault : account.faults) {
    const auto& row = bans::offences()[static_cast<std::size_t>(fault.offence)];
    append_format(out, "{} {}: {}\n", when(fault.at, view), row.name, row.text);
  }
  return out;
}

std::string why_json(
    const Account& account, const std::string& let_in, bool exempt, Stamp now, const View& view) {
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "network", name_of(account.network));
  document.put(root, "exempt", exempt);
  if (!let_in.empty()) document.put(root, "allow", let_in);
  document.put(root, "banned", account.ban && account.ban->is_in_force(now));
  if (account.ban) {
    const auto ban = document.object();
    put_ban(document, ban, *account.ban, view);
    document.put(root, "ban", ban);
  }
  if (account.login) document.put(root, "login", when(*account.login, view));
  document.put_number(root, "score", bans::format_weight(account.score));
  const auto faults = document.array();
  for (const Account::Fault& fault : account.faults) {
    const auto one = document.object();
    document.put(one, "at", when(fault.at, view));
    document.put(one, "offence", bans::offences()[static_cast<std::size_t>(fault.offence)].name);
    document.append(faults, one);
  }
  document.put(root, "offences", faults);
  return document.write(root);
}

Result<Network> read_network(const std::string& word) {
  if (auto network = Network::parse(word)) return *network;
  return Error{Cause::Permanent,
               printable(word, limits::kLogText) +
                   ": expected an address, or a network such as 192.0.2.0/24 without host bits",
               EINVAL};
}

Result<std::string> add(server::Warden& warden, const std::vector<std::string>& words) {
  GP_TRY(const Network network, read_network(words.front()));
  Stamp time = Ban::kForever;
  if (words.size() > 1) {
    auto read = config::parse_time(words[1]);
    if (!read) return std::move(read).error();
    time = std::chrono::duration_cast<std::chrono::seconds>(*read).count();
    if (time <= 0) return Error{Cause::Permanent, "expected a time above 0", EINVAL};
  }
  GP_CHECK(warden.add(network, time, "by hand"));
  return name_of(network) + " is banned";
}

Result<std::string> remove(server::Warden& warden, const std::string& word) {
  GP_TRY(const Network network, read_network(word));
  bool gone = warden.remove(network);
  const bool host = network.prefix == network.address.bits();
  const Network its = Ledger::network_of(network.address);
  if (host && its != network) gone = warden.remove(its) || gone;
  if (const Ban* still = warden.ledger().find(network.address, warden.now())) {
    return Error{Cause::Permanent, "it is under the ban of " + name_of(still->network), ESRCH};
  }
  if (!gone) return Error{Cause::Permanent, name_of(network) + " is not banned", ESRCH};
  return name_of(network) + " is not banned any more";
}

}  // namespace

bool is_ban_verb(Verb verb) {
  return verb >= Verb::BanList && verb <= Verb::BanWhy;
}

Result<std::string> serve_bans(server::Warden& warden,
                               log::Clock& clock,
                               const control::Request& request) {
  const View view{request.json, clock.utc_offset(clock.now())};
  const Stamp now = warden.now();
  switch (request.verb) {
    case Verb::BanAdd:
      return add(warden, request.words);
    case Verb::BanDel:
      return remove(warden, request.words.front());
    case Verb::BanWhy: {
      const auto address = IpAddress::parse(request.words.front());
      if (!address) return Error{Cause::Permanent, "expected an address", EINVAL};
      const Account account = warden.ledger().look_up(*address, now);
      const bool exempt = warden.is_exempt(*address);
      const auto* entry = warden.find_let_in(*address);
      const std::string let_in = entry == nullptr ? "" : screen::shown_network(entry->network);
      return view.json ? why_json(account, let_in, exempt, now, view)
                       : why_text(account, let_in, exempt, now, view);
    }
    default:
      return list_text(warden.ledger().list(now), view);
  }
}

}  // namespace gatepost::app

// SPDX-License-Identifier: Apache-2.0
// app: the verbs of the control socket about screening and DNS lists.
#include "app/screen_commands.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "app/screen_reports.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/values.h"
#include "control/json.h"
#include "screen/trial.h"

namespace gatepost::app {
namespace {

using control::Verb;
using screen::Record;
using screen::Test;

constexpr std::uint32_t kMostClients = 100;
constexpr Stamp kMostPass = Stamp{366} * 86'400;

Error misuse(std::string text) {
  return {Cause::Permanent, std::move(text), EINVAL};
}

Result<IpAddress> read_client(const std::string& word) {
  const auto address = IpAddress::parse(word);
  if (address) return *address;
  return misuse("no address: " + printable(word, limits::kLogText));
}

std::string shown_key(const IpAddress& client) {
  const IpAddress key = front::ClientMemory::key_of(client);
  std::string out = key.text();
  if (!key.is_v4()) append_format(out, "/{}", front::ClientMemory::kIpv6Prefix);
  return out;
}

Error unknown_client(const IpAddress& client) {
  return {Cause::Permanent, "nothing is remembered of " + shown_key(client), ESRCH};
}

// ---- what is remembered

std::string format_counts(const ScreenDesk& desk, std::uint64_t clients) {
  const front::Screener& screener = desk.screening.screener();
  if (!desk.view.json) {
    return format("{}, {} under test{}\n",
                  control::format_count(clients, "client is remembered", "clients are remembered"),
                  control::format_count(screener.under_test(), "connection", "connections"),
                  screener.stressed() ? ", under stress" : "");
  }
  control::JsonDocument document;
  const auto root = document.object();
  document.put(root, "clients", clients);
  document.put(root, "under_test", std::uint64_t{screener.under_test()});
  document.put(root, "stress", screener.stressed());
  return document.write(root);
}

Task<Result<std::string>> show_all(const ScreenDesk& desk) {
  state::ScreenStore& store = desk.screening.store();
  const auto clients = co_await store.count();
  if (!clients) co_return clients.error();
  const auto rows = co_await store.list(kMostClients);
  if (!rows) co_return rows.error();
  std::string out = format_counts(desk, *clients);
  for (const state::ScreenStore::Row& row : *rows) {
    const auto client = IpAddress::parse(row.client);
    const auto record = Record::parse(row.record);
    if (client && record) out += format_record(shown_key(*client), *record, desk.now, desk.view);
  }
  co_return out;
}

Task<Result<std::string>> show(const ScreenDesk& desk, std::vector<std::string> words) {
  if (words.size() > 1) co_return misuse("expected one ADDRESS");
  if (words.empty()) {
    Result<std::string> all = co_await show_all(desk);
    co_return all;
  }
  const auto client = read_client(words.front());
  if (!client) co_return client.error();
  const Record record = co_await desk.screening.memory().find(*client);
  if (record == Record{}) co_return unknown_client(*client);
  co_return format_record(shown_key(*client), record, desk.now, desk.view);
}

Task<Result<std::string>> forget(const ScreenDesk& desk, std::vector<std::string> words) {
  if (words.size() != 1) co_return misuse("expected one ADDRESS, or ALL");
  front::ClientMemory& memory = desk.screening.memory();
  if (iequals(words.front(), "all")) {
    const auto clients = co_await desk.screening.store().count();
    memory.forget_all();
    if (!clients) co_return clients.error();
    co_return control::format_count(*clients, "client", "clients") + " forgotten";
  }
  const auto client = read_client(words.front());
  if (!client) co_return client.error();
  const Record record = co_await memory.find(*client);
  if (record == Record{}) co_return unknown_client(*client);
  memory.forget(*client);
  co_return shown_key(*client) + " is forgotten";
}

Result<std::string> pass(const ScreenDesk& desk, const std::vector<std::string>& words) {
  if (words.empty() || words.size() > 2) return misuse("expected ADDRESS [TIME]");
  GP_TRY(const IpAddress client, read_client(words[0]));
  std::optional<Stamp> span;
  if (words.size() == 2) {
    const auto time = config::parse_time(words[1]);
    const Stamp seconds =
        time ? std::chrono::duration_cast<std::chrono::seconds>(*time).count() : 0;
    if (seconds < 1 || seconds > kMostPass || is_digit(words[1].back())) {
      return misuse("expected a time with its unit, as 2h or 30d, of at most a year");
    }
    span = seconds;
  }
  Record record;
  for (const screen::TestRow& row : screen::kTests) {
    const Duration ttl = desk.screening.profile()->screen.of(row.test).ttl;
    const Stamp own = std::chrono::duration_cast<std::chrono::seconds>(ttl).count();
    record.of(row.test) = desk.now + span.value_or(std::max<Stamp>(own, 1));
  }
  desk.screening.memory().keep(client, record);
  return shown_key(client) + " has passed all tests, the last until " +
         when(record.last(), desk.view);
}

// ---- lists

/// Of the wall, for what the guard knows by the steady clock.
Result<std::string> tell_lists(const ScreenDesk& desk, const std::vector<std::string>& words) {
  const screen::Guard& guard = desk.screening.lists().guard();
  const Instant now = std::chrono::steady_clock::now();
  std::string out;
  for (std::size_t i = 0; i < guard.sites().size(); ++i) {
    const screen::Guard::Status status = guard.status(i, now);
    if (!words.empty() && !iequals(words.front(), status.zone)) continue;
    out += format_list(status, desk.now, desk.view);
  }
  if (out.empty() && !words.empty()) {
    return Error{Cause::Permanent, "no such list: " + printable(words.front(), limits::kLogText),
                 ESRCH};
  }
  return out.empty() && !desk.view.json ? "No lists are asked\n" : out;
}

Result<std::string> retry(const ScreenDesk& desk, const std::vector<std::string>& words) {
  if (words.size() != 1) return misuse("expected one ZONE");
  const std::string zone = lower(words.front());
  if (!desk.screening.lists().probe_now(zone)) {
    return Error{Cause::Permanent, "no such list: " + printable(zone, limits::kLogText), ESRCH};
  }
  return zone + " is probed now";
}

// ---- what would happen

/// As the gate does it: see front::ScreenGate.
void weigh(Outlook& outlook, const ScreenDesk& desk) {
  const server::Profile& profile = *desk.screening.profile();
  const screen::Settings& settings = profile.screen;
  const screen::Trial trial(settings, outlook.record, true, desk.now);
  outlook.known = trial.is_known();
  outlook.denylist_action = settings.denylist_action;
  outlook.dnsbl_action = settings.of(Test::Dnsbl).action;
  outlook.ruling = screen::rule(outlook.score, profile.thresholds);
  const bool untested = !outlook.let_in.empty() || !outlook.banned.empty() || !outlook.screened ||
                        outlook.access == screen::Access::Permit ||
                        (outlook.known && outlook.access != screen::Access::Reject);
  if (untested || !trial.is_due(Test::Pregreet) || outlook.ruling.allowed) return;
  outlook.wait =
      desk.screening.screener().stressed() ? settings.stress_greet_wait : settings.greet_wait;
  outlook.proven = server::is_proven(outlook.name, outlook.client, outlook.score);
  if (outlook.proven) outlook.wait = std::min(outlook.wait, settings.proven_wait);
}

Task<void> ask_lists(Outlook& outlook, const ScreenDesk& desk) {
  front::ListInquiry& lists = desk.screening.lists();
  front::ListInquiry::Asked asked(lists, outlook.client, nullptr);
  outlook.name = co_await server::find_client_name(desk.dns, outlook.client);
  const Instant until = std::chrono::steady_clock::now() + lists.timeout();
  co_await asked.wait(until);
  const screen::Guard& guard = lists.guard();
  const screen::ZoneSet counting = guard.counting();
  for (std::size_t i = 0; i < guard.sites().size(); ++i) {
    const screen::Guard::Status status = guard.status(i, until);
    outlook.lists.push_back({std::string(status.zone),
                             asked.finding(i),
                             (counting & screen::zone_bit(i)) != 0,
                             status.fault,
                             {}});
  }
  outlook.score = asked.score();
  for (Outlook::List& list : outlook.lists) {
    if (list.finding.kind != screen::Finding::Kind::Listed) continue;
    // It is remembered for a while: the list is hardly asked again.
    std::string question = front::question_name(outlook.client, list.zone);
    DnsAnswer answer = co_await desk.dns.look_up(std::move(question), DnsType::A);
    list.answer = std::move(answer.addresses);
  }
}

Task<Result<std::string>> test(const ScreenDesk& desk, std::vector<std::string> words) {
  if (words.size() != 1) co_return misuse("expected one ADDRESS");
  const auto client = read_client(words.front());
  if (!client) co_return client.error();
  Outlook outlook;
  outlook.client = *client;
  outlook.screened = desk.screening.profile()->screened;
  if (const auto* entry = desk.let_in.find(*client)) {
    outlook.let_in = screen::shown_network(entry->network);
  }
  const bans::Ban* ban = desk.warden.ledger().find(*client, desk.now);
  if (ban != nullptr && !desk.warden.is_exempt(*client)) {
    outlook.banned =
        ban->until == bans::Ban::kForever ? "for good" : "until " + when(ban->until, desk.view);
  }
  const auto access = desk.directory->find_screen_access(*client);
  outlook.access = access.access;
  outlook.entry = access.entry;
  outlook.record = co_await desk.screening.memory().find(*client);
  co_await ask_lists(outlook, desk);
  outlook.dynamic = server::looks_dynamic(outlook.name.name, *client);
  weigh(outlook, desk);
  co_return format_outlook(outlook, desk.now, desk.view);
}

}  // namespace

bool is_screen_verb(Verb verb) {
  return verb >= Verb::ScreenShow && verb <= Verb::DnsblRetry;
}

Task<Result<std::string>> serve_screening(ScreenDesk desk, control::Request request) {
  if (!desk.screening.profile()) {
    co_return Error{Cause::Temporary, "the service is not ready yet"};
  }
  std::vector<std::string> words = std::move(request.words);
  Result<std::string> out(std::string{});
  switch (request.verb) {
    case Verb::ScreenShow:
      out = co_await show(desk, std::move(words));
      break;
    case Verb::ScreenTest:
      out = co_await test(desk, std::move(words));
      break;
    case Verb::ScreenForget:
      out = co_await forget(desk, std::move(words));
      break;
    case Verb::ScreenPass:
      out = pass(desk, words);
      break;
    case Verb::DnsblRetry:
      out = retry(desk, words);
      break;
    default:
      out = tell_lists(desk, words);
      break;
  }
  co_return out;
}

}  // namespace gatepost::app

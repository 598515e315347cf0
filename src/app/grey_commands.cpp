// SPDX-License-Identifier: Apache-2.0
// app: the verbs of the control socket about greylisting and traps.
#include "app/grey_commands.h"

#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

#include "app/view.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "control/human.h"
#include "control/json.h"

namespace gatepost::app {
namespace {

using control::Verb;
using state::GreyStore;

/// Those seen last; who wants all has sqlite3.
constexpr std::size_t kMostRows = 1000;

/// A word is a client's address or network, a name it is known by, or a mail address.
GreyStore::Filter filter_of(const server::Greylisting& greylisting, const std::string& word) {
  GreyStore::Filter out;
  if (iequals(word, "all")) return out;
  const greylist::KeySettings settings = greylisting.key_settings();
  if (const auto address = IpAddress::parse(word)) {
    out.net = greylist::make_net(settings, *address);
    out.client = greylist::make_key(settings, {*address, {}, {}, {}}).client;
    return out;
  }
  const greylist::Key key = greylist::make_key(settings, {IpAddress(), word, word, word});
  out.net = key.net;
  out.client = key.client;
  out.sender = key.sender;
  out.recipient = key.recipient;
  return out;
}

std::string rows_text(const std::vector<GreyStore::Row>& rows, const View& view) {
  std::string out;
  for (const GreyStore::Row& row : rows) {
    const greylist::Triplet& its = row.triplet;
    if (!view.json) {
      append_format(out, "{} {} <{}> <{}> first {}, last {}\n", its.passed ? "passed " : "waiting",
                    printable(row.net, limits::kPath), printable(row.sender, limits::kPath),
                    printable(row.recipient, limits::kPath), when(its.first, view),
                    when(its.last, view));
      continue;
    }
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "net", row.net);
    document.put(root, "sender", row.sender);
    document.put(root, "recipient", row.recipient);
    document.put(root, "first", when(its.first, view));
    document.put(root, "last", when(its.last, view));
    document.put(root, "passed", its.passed);
    out += document.write(root);
  }
  return out;
}

std::string clients_text(const std::vector<GreyStore::Allowed>& clients,
                         std::uint32_t allow_after,
                         const View& view) {
  std::string out;
  for (const GreyStore::Allowed& one : clients) {
    const bool allowed = allow_after > 0 && one.seen.count >= allow_after;
    if (!view.json) {
      append_format(out, "{} {} {}, last {}\n", allowed ? "allowed" : "client ",
                    printable(one.client, limits::kPath),
                    control::format_count(one.seen.count, "time", "times"),
                    when(one.seen.last, view));
      continue;
    }
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "client", one.client);
    document.put(root, "count", std::uint64_t{one.seen.count});
    document.put(root, "last", when(one.seen.last, view));
    document.put(root, "allowed", allowed);
    out += document.write(root);
  }
  return out;
}

std::string trapped_text(const std::vector<GreyStore::Trapped>& trapped, const View& view) {
  std::string out;
  for (const GreyStore::Trapped& one : trapped) {
    if (!view.json) {
      append_format(out, "trapped {} until {}\n", printable(one.net, limits::kPath),
                    when(one.until, view));
      continue;
    }
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "trapped", one.net);
    document.put(root, "until", when(one.until, view));
    out += document.write(root);
  }
  return out;
}

std::string stats_text(const GreyStore::Stats& stats, bool json) {
  const std::pair<std::string_view, std::uint64_t> rows[] = {
      {"waiting", stats.waiting}, {"passed", stats.passed}, {"clients", stats.clients},
      {"allowed", stats.allowed}, {"traps", stats.traps},   {"trapped", stats.trapped}};
  std::string out;
  control::JsonDocument document;
  const auto root = document.object();
  for (const auto& [name, count] : rows) {
    document.put(root, name, count);
    append_format(out, "{} {}\n", name, count);
  }
  return json ? document.write(root) : out;
}

std::string traps_text(const std::vector<GreyStore::Trap>& traps, const View& view) {
  std::string out;
  for (const GreyStore::Trap& trap : traps) {
    if (!view.json) {
      out.append(printable(trap.address, limits::kPath));
      out.append(trap.learned ? " learned " + when(trap.made, view) : std::string()).append("\n");
      continue;
    }
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "address", trap.address);
    document.put(root, "made", when(trap.made, view));
    document.put(root, "learned", trap.learned);
    out += document.write(root);
  }
  return out;
}

Task<Result<std::string>> show(server::Greylisting& greylisting,
                               std::string word,
                               View view,
                               bool with_clients) {
  const GreyStore::Filter filter = filter_of(greylisting, word);
  GreyStore& store = greylisting.store();
  const std::uint32_t allow_after = greylisting.settings().rules.allow_after;
  std::string out;
  if (with_clients) {
    const auto clients = co_await store.clients(filter, kMostRows);
    if (!clients) co_return clients.error();
    out = clients_text(*clients, allow_after, view);
  }
  const bool with_rows = !with_clients || !filter.is_all();
  if (with_rows && with_clients) {
    const Stamp now = greylisting.now();
    const auto trapped = co_await store.trapped(filter, now, kMostRows);
    if (!trapped) co_return trapped.error();
    out += trapped_text(*trapped, view);
  }
  if (with_rows) {
    const auto rows = co_await store.list(filter, kMostRows);
    if (!rows) co_return rows.error();
    out += rows_text(*rows, view);
  }
  if (out.empty() && !view.json) out = "Nothing\n";
  co_return out;
}

Task<Result<std::string>> change(server::Greylisting& greylisting, Verb verb, std::string word) {
  const GreyStore::Filter filter = filter_of(greylisting, word);
  GreyStore& store = greylisting.store();
  const Stamp now = greylisting.now();
  Result<std::uint64_t> count(std::uint64_t{0});
  if (verb == Verb::GreylistPass) {
    count = co_await store.pass(filter, now);
  } else {
    count = co_await store.forget(filter);
  }
  if (!count) co_return std::move(count).error();
  if (*count == 0) {
    co_return Error{Cause::Permanent, printable(word, limits::kPath) + ": there is nothing of it",
                    ESRCH};
  }
  co_return control::format_count(*count, "row ", "rows ") +
      (verb == Verb::GreylistPass ? "passed" : "forgotten");
}

Task<Result<std::string>> change_trap(server::Greylisting& greylisting,
                                      Verb verb,
                                      std::string word) {
  if (word.find('@') == word.npos) {
    co_return Error{Cause::Permanent, "expected an address as user@domain", EINVAL};
  }
  std::string address = greylist::make_address(greylisting.key_settings(), word);
  GreyStore& store = greylisting.store();
  const Stamp now = greylisting.now();
  const std::string shown = printable(lower(word), limits::kPath);
  if (verb == Verb::TrapAdd) {
    const auto added = co_await store.add_trap(std::move(address), now);
    if (!added) co_return added.error();
    co_return shown + (*added ? " is a trap now" : " is a trap already");
  }
  const auto gone = co_await store.delete_trap(std::move(address));
  if (!gone) co_return gone.error();
  if (!*gone) co_return Error{Cause::Permanent, shown + " is no trap", ESRCH};
  co_return shown + " is no trap any more";
}

/// "TRIPLETS CLIENTS LEFT" and a line "N: PROBLEM" for each pair of words that cannot be understood,
/// counted from 0.
Task<Result<std::string>> import_rows(server::Greylisting& greylisting,
                                      std::vector<std::string> words) {
  const greylist::Rules rules = greylisting.settings().rules;
  std::vector<greylist::PostgreyRow> rows;
  std::string problems;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string value = i + 1 < words.size() ? words[i + 1] : std::string();
    auto row =
        greylist::read_postgrey_row(greylisting.key_settings(), rules.delay, words[i], value);
    if (row) {
      rows.push_back(*std::move(row));
    } else {
      append_format(problems, "{}: {}\n", i / 2, row.error().detail);
    }
  }
  const Stamp now = greylisting.now();
  const auto done = co_await greylisting.store().import(std::move(rows), rules, now);
  if (!done) co_return done.error();
  co_return format("{} {} {}\n", done->triplets, done->clients, done->left) + problems;
}

}  // namespace

bool is_grey_verb(Verb verb) {
  return verb >= Verb::GreylistList && verb <= Verb::TrapList;
}

Task<Result<std::string>> serve_greylist(server::Greylisting& greylisting,
                                         log::Clock& clock,
                                         control::Request request) {
  const std::string word = request.words.empty() ? std::string("all") : request.words.front();
  const View view{request.json, clock.utc_offset(clock.now())};
  GreyStore& store = greylisting.store();
  Result<std::string> out(std::string{});
  switch (request.verb) {
    case Verb::GreylistList: {
      const bool clients = iequals(word, "clients");
      std::string all("all");
      out = co_await show(greylisting, std::move(all), view, clients);
      break;
    }
    case Verb::GreylistShow:
      out = co_await show(greylisting, word, view, true);
      break;
    case Verb::GreylistStats: {
      const greylist::Rules rules = greylisting.settings().rules;
      const Stamp now = greylisting.now();
      const auto stats = co_await store.stats(rules, now);
      if (!stats) co_return stats.error();
      co_return stats_text(*stats, request.json);
    }
    case Verb::TrapList: {
      const auto traps = co_await store.traps(kMostRows);
      if (!traps) co_return traps.error();
      if (traps->empty() && !request.json) co_return "No traps\n";
      co_return traps_text(*traps, view);
    }
    case Verb::GreylistImport: {
      std::vector<std::string> words = std::move(request.words);
      out = co_await import_rows(greylisting, std::move(words));
      break;
    }
    case Verb::TrapAdd:
    case Verb::TrapDel: {
      const Verb verb = request.verb;
      out = co_await change_trap(greylisting, verb, word);
      break;
    }
    default: {
      const Verb verb = request.verb;
      out = co_await change(greylisting, verb, word);
      break;
    }
  }
  co_return out;
}

}  // namespace gatepost::app

// SPDX-License-Identifier: Apache-2.0
// app: what screening knows, as text for people and as JSON; pure.
#include "app/screen_reports.h"

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "control/json.h"

namespace gatepost::app {
namespace {

using control::JsonDocument;
using screen::Access;
using screen::Action;
using screen::Finding;
using screen::Guard;
using screen::Record;

void append_row(std::string& out, std::string_view name, std::string_view text) {
  append_format(out, "{:<12} {}\n", name, text);
}

/// "until 2026-11-26 08:00:00", "over since ...", "off", "not passed".
std::string pass_text(Stamp until, Stamp now, const View& view) {
  if (until == Record::kNever) return "not passed";
  if (until == Record::kDisabled) return "off";
  return (until > now ? "until " : "over since ") + when(until, view);
}

std::string record_text(const Record& record, Stamp now, const View& view) {
  std::string out;
  for (const screen::TestRow& row : screen::kTests) {
    append_format(out, "{}{} {}", out.empty() ? "" : ", ", row.label,
                  pass_text(record.of(row.test), now, view));
  }
  return out;
}

void put_record(JsonDocument& document,
                JsonDocument::Value root,
                const Record& record,
                Stamp now,
                const View& view) {
  const auto tests = document.object();
  for (const screen::TestRow& row : screen::kTests) {
    const Stamp until = record.of(row.test);
    const auto one = document.object();
    document.put(one, "passed", until > now);
    if (until > Record::kDisabled) document.put(one, "until", when(until, view));
    document.put(tests, row.label, one);
  }
  document.put(root, "tests", tests);
}

std::string_view name_of(Guard::State state) {
  switch (state) {
    case Guard::State::Untried:
      return "untried";
    case Guard::State::Heard:
      return "heard";
    case Guard::State::Doubted:
      return "doubted";
    case Guard::State::Muted:
      return "muted";
  }
  __builtin_unreachable();
}

std::string_view name_of(Access access) {
  if (access == Access::Permit) return "permit";
  return access == Access::Reject ? "reject" : "dunno";
}

std::string_view name_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::Unanswered:
      return "no answer";
    case Finding::Kind::Failed:
      return "failed";
    case Finding::Kind::NotListed:
      return "not listed";
    case Finding::Kind::Listed:
      return "listed";
  }
  __builtin_unreachable();
}

std::string_view consequence(Action action) {
  switch (action) {
    case Action::Ignore:
      return "noted in the log";
    case Action::Enforce:
      return "recipients refused with 550";
    case Action::Drop:
      return "hung up on with 521";
  }
  __builtin_unreachable();
}

std::string name_text(const Outlook& outlook) {
  using Kind = server::ClientName::Kind;
  const std::string name = printable(outlook.name.name, limits::kPath);
  switch (outlook.name.kind) {
    case Kind::None:
      return "none";
    case Kind::Unknown:
      return "nobody could say now";
    case Kind::Confirmed:
      return name + (outlook.dynamic ? ", which leads back to it; looks like a host at home"
                                     : ", which leads back to it");
    case Kind::Unconfirmed:
      return name + (outlook.dynamic ? ", which does not lead back; looks like a host at home"
                                     : ", which does not lead back");
  }
  __builtin_unreachable();
}

std::string list_text(const Outlook::List& list) {
  std::string out;
  if (!list.fault.empty()) {
    out = "muted: " + printable(list.fault, limits::kLogText);
  } else {
    out = name_of(list.finding.kind);
  }
  std::string_view separator = " as ";
  for (const IpAddress& address : list.answer) {
    append_format(out, "{}{}", separator, address.text());
    separator = ", ";
  }
  if (list.finding.matched) append_format(out, ", weight {}", list.finding.weight);
  if (!list.counts) out += "; does not count now";
  return out;
}

void put_lists(JsonDocument& document, JsonDocument::Value root, const Outlook& outlook) {
  const auto lists = document.array();
  for (const Outlook::List& list : outlook.lists) {
    const auto one = document.object();
    document.put(one, "zone", list.zone);
    document.put(one, "answer", name_of(list.finding.kind));
    const auto addresses = document.array();
    for (const IpAddress& address : list.answer) document.append(addresses, address.text());
    document.put(one, "addresses", addresses);
    document.put(one, "weight", std::int64_t{list.finding.weight});
    document.put(one, "counts", list.counts);
    if (!list.fault.empty()) document.put(one, "muted", list.fault);
    document.append(lists, one);
  }
  document.put(root, "lists", lists);
}

std::string wait_text(Duration wait) {
  return format("{}.{} s", wait.count() / 1000, wait.count() % 1000 / 100);
}

}  // namespace

std::string format_record(std::string_view client,
                          const Record& record,
                          Stamp now,
                          const View& view) {
  if (!view.json) return format("{} {}\n", client, record_text(record, now, view));
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "client", client);
  put_record(document, root, record, now, view);
  return document.write(root);
}

std::string format_list(const Guard::Status& status, Stamp now, const View& view) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(status.for_time);
  const std::string since = when(now - age.count(), view);
  if (!view.json) {
    std::string out = format("{} {} since {}", status.zone, name_of(status.state), since);
    if (!status.fault.empty())
      append_format(out, ": {}", printable(status.fault, limits::kLogText));
    append_format(out, "; weight {}", status.positive);
    if (status.negative != 0) append_format(out, " and {}", status.negative);
    append_format(out, "; {}, {}, {}",
                  control::format_count(status.questions, "question", "questions"),
                  control::format_count(status.hits, "hit", "hits"),
                  control::format_count(status.failures, "failure", "failures"));
    if (status.median.count() > 0) append_format(out, ", {} ms", status.median.count());
    if (!status.error.empty()) {
      append_format(out, "; last error: {}", printable(status.error, limits::kLogText));
    }
    out += '\n';
    return out;
  }
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "zone", status.zone);
  document.put(root, "state", name_of(status.state));
  if (!status.fault.empty()) document.put(root, "fault", status.fault);
  document.put(root, "since", since);
  document.put(root, "weight", std::int64_t{status.positive});
  document.put(root, "good_weight", std::int64_t{status.negative});
  document.put(root, "questions", status.questions);
  document.put(root, "hits", status.hits);
  document.put(root, "failures", status.failures);
  document.put(root, "median_ms", std::int64_t{status.median.count()});
  if (!status.error.empty()) document.put(root, "last_error", status.error);
  return document.write(root);
}

std::string format_verdict(const Outlook& outlook) {
  if (!outlook.let_in.empty()) return "let in at once: gatepost allow";
  if (!outlook.banned.empty()) return "kept out: banned " + outlook.banned;
  if (!outlook.screened) return "let in at once: postscreen_enable is off";
  if (outlook.access == Access::Permit) return "let in at once: postscreen_access_list";
  if (outlook.access == Access::Reject) {
    return format("{}: postscreen_access_list", consequence(outlook.denylist_action));
  }
  if (outlook.known) return "let in at once: it has passed all tests";
  if (outlook.ruling.listed) {
    return format(
        "{}{}: DNS lists", consequence(outlook.dnsbl_action),
        outlook.ruling.deferred ? " for now, as one that could save it is not heard" : "");
  }
  if (outlook.ruling.allowed) return "let in: DNS lists vouch for it";
  return "let in if it passes the tests that are left";
}

std::string format_outlook(const Outlook& outlook, Stamp now, const View& view) {
  const std::string verdict = format_verdict(outlook);
  const bool remembered = outlook.record != Record{};
  if (!view.json) {
    std::string out;
    append_row(out, "client", outlook.client.text());
    append_row(out, "name", name_text(outlook));
    if (!outlook.let_in.empty()) append_row(out, "allow", outlook.let_in);
    if (!outlook.banned.empty()) append_row(out, "banned", outlook.banned);
    append_row(out, "access list",
               outlook.entry.empty() ? std::string("says nothing")
                                     : format("{} by {}", name_of(outlook.access),
                                              printable(outlook.entry, limits::kLogText)));
    append_row(out, "remembered", remembered ? record_text(outlook.record, now, view) : "nothing");
    for (const Outlook::List& list : outlook.lists) {
      append_format(out, "list         {}: {}\n", list.zone, list_text(list));
    }
    if (!outlook.lists.empty()) {
      append_row(out, "score",
                 format("{}, listed from {}{}", outlook.score.total, outlook.ruling.threshold,
                        outlook.ruling.doubtful ? "; lists that could matter were not heard" : ""));
    }
    append_row(out, "waits",
               outlook.wait.count() == 0
                   ? std::string("not for the greeting")
                   : format("{} for the greeting{}", wait_text(outlook.wait),
                            outlook.proven ? ", as its name and the lists speak for it" : ""));
    append_row(out, "outcome", verdict);
    return out;
  }
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "client", outlook.client.text());
  using Kind = server::ClientName::Kind;
  if (!outlook.name.name.empty()) document.put(root, "name", outlook.name.name);
  document.put(root, "name_confirmed", outlook.name.kind == Kind::Confirmed);
  document.put(root, "name_dynamic", outlook.dynamic);
  if (!outlook.let_in.empty()) document.put(root, "allow", outlook.let_in);
  if (!outlook.banned.empty()) document.put(root, "banned", outlook.banned);
  document.put(root, "access", name_of(outlook.access));
  if (!outlook.entry.empty()) document.put(root, "access_entry", outlook.entry);
  if (remembered) put_record(document, root, outlook.record, now, view);
  document.put(root, "passed", outlook.known);
  put_lists(document, root, outlook);
  document.put(root, "score", std::int64_t{outlook.score.total});
  document.put(root, "threshold", std::int64_t{outlook.ruling.threshold});
  document.put(root, "listed", outlook.ruling.listed);
  document.put(root, "doubtful", outlook.ruling.doubtful);
  document.put(root, "greet_wait_ms", std::int64_t{outlook.wait.count()});
  document.put(root, "outcome", verdict);
  return document.write(root);
}

}  // namespace gatepost::app

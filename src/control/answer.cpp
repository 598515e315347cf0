// SPDX-License-Identifier: Apache-2.0
// control: from a request to its answer.
#include "control/answer.h"

#include <cerrno>

#include "base/format.h"
#include "control/json.h"
#include "control/metrics.h"
#include "control/queue_list.h"
#include "control/status.h"

namespace gatepost::control {

namespace {

std::string answer_queue(bool json,
                         Backend& backend,
                         const Result<std::vector<queue::Item>>& items) {
  if (!items) return format_refusal(exits::kTemporary, items.error().detail);
  return json ? format_queue_json(*items) : format_queue(*items, backend.status().utc_offset);
}

}  // namespace

std::string answer_reload(bool json, const Result<std::string>& changes) {
  if (!changes) return format_refusal(exits::kConfig, changes.error().detail);
  if (!json) return *changes + "\n";
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "reloaded", *changes);
  return document.write(root);
}

std::string format_help(bool json) {
  if (!json) {
    std::string out = "One request a connection: VERB [json] [ARGUMENT ...]\n";
    for (const VerbRow& row : verb_rows()) {
      append_format(out, "  {:<8} {}{}\n", row.name, row.text,
                    row.who == Who::Owner ? " (root and the owner only)" : "");
    }
    return out;
  }
  JsonDocument document;
  const auto root = document.array();
  for (const VerbRow& row : verb_rows()) {
    const auto verb = document.object();
    document.put(verb, "verb", row.name);
    document.put(verb, "changes", row.who == Who::Owner);
    if (!row.arguments.empty()) document.put(verb, "arguments", row.arguments);
    document.put(verb, "text", row.text);
    document.append(root, verb);
  }
  return document.write(root);
}

namespace {

int status_of(const Error& error) {
  if (error.system == EINVAL) return exits::kUsage;
  if (error.system == ESRCH) return exits::kNoUser;
  return error.cause == Cause::Permanent ? exits::kUnavailable : exits::kTemporary;
}

/// Their answers are whole: lines for people, or an object a line for programs.
bool is_list(const Request& request) {
  switch (request.verb) {
    case Verb::AliasList:
    case Verb::AliasReport:
    case Verb::GreylistList:
    case Verb::GreylistShow:
    case Verb::GreylistStats:
    case Verb::TrapList:
    case Verb::ScreenShow:
    case Verb::ScreenTest:
    case Verb::DnsblStatus:
    case Verb::AllowList:
    case Verb::ExpectList:
    case Verb::BanList:
    case Verb::BanWhy:
      return true;
    default:
      break;
  }
  if (request.words.empty()) return false;
  const std::string& first = request.words.front();
  if (request.verb == Verb::Spf) return first != "refresh";
  return request.verb == Verb::Login && first == "list";
}

}  // namespace

std::string answer_done(const Request& request, const Result<std::string>& done) {
  if (!done) {
    return format_refusal(status_of(done.error()), done.error().detail);
  }
  if (is_list(request)) return *done;
  if (!request.json) return *done + "\n";
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "done", *done);
  return document.write(root);
}

std::string answer(const Request& request,
                   Backend& backend,
                   const Result<std::vector<queue::Item>>& items) {
  switch (request.verb) {
    case Verb::Help:
      return format_help(request.json);
    case Verb::Status:
      return request.json ? format_status_json(backend.status(), backend.counters())
                          : format_status(backend.status(), backend.counters());
    case Verb::Metrics:
      return request.json ? format_metrics_json(backend.status(), backend.counters())
                          : format_metrics(backend.status(), backend.counters());
    case Verb::Queue:
      return answer_queue(request.json, backend, items);
    default:
      return format_refusal(exits::kSoftware, "nobody carried this out");
  }
}

}  // namespace gatepost::control

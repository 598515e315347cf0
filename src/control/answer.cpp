// SPDX-License-Identifier: Apache-2.0
// control: from a request to its answer.
#include "control/answer.h"

#include <utility>

#include "base/format.h"
#include "control/json.h"
#include "control/metrics.h"
#include "control/queue_list.h"
#include "control/status.h"

namespace gatepost::control {

namespace {

Task<std::string> answer_queue(bool json, Backend& backend) {
  auto items = co_await backend.queue();
  if (!items) co_return format_refusal(exits::kTemporary, items.error().detail);
  if (json) co_return format_queue_json(*items);
  const auto utc_offset = backend.status().utc_offset;
  co_return format_queue(*items, utc_offset);
}

std::string answer_reload(bool json, Backend& backend) {
  const auto changes = backend.reload();
  if (!changes) return format_refusal(exits::kConfig, changes.error().detail);
  if (!json) return *changes + "\n";
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "reloaded", *changes);
  return document.write(root);
}

}  // namespace

std::string format_help(bool json) {
  if (!json) {
    std::string out = "One request a connection: VERB [json]\n";
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
    document.put(verb, "text", row.text);
    document.append(root, verb);
  }
  return document.write(root);
}

Task<std::string> answer(Request request, Backend& backend) {
  switch (request.verb) {
    case Verb::Help:
      co_return format_help(request.json);
    case Verb::Status: {
      const StatusSnapshot snapshot = backend.status();
      co_return request.json ? format_status_json(snapshot, backend.counters())
                             : format_status(snapshot, backend.counters());
    }
    case Verb::Metrics: {
      const StatusSnapshot snapshot = backend.status();
      co_return request.json ? format_metrics_json(snapshot, backend.counters())
                             : format_metrics(snapshot, backend.counters());
    }
    case Verb::Queue: {
      std::string text = co_await answer_queue(request.json, backend);
      co_return text;
    }
    case Verb::Reload:
      co_return answer_reload(request.json, backend);
  }
  std::unreachable();
}

}  // namespace gatepost::control

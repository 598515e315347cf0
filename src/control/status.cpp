// SPDX-License-Identifier: Apache-2.0
// control: how the service is, for a person and for programs.
#include "control/status.h"

#include <algorithm>
#include <string_view>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "control/human.h"
#include "control/json.h"

namespace gatepost::control {

namespace {

using log::Counters;
using log::Family;
using std::chrono::seconds;

void append_row(std::string& out, std::string_view name, std::string_view text) {
  append_format(out, "{:<14} {}\n", name, text);
}

std::uint64_t all_sessions(const log::Gauges& gauges) {
  std::uint64_t sum = 0;
  for (const log::PhaseGauge& phase : gauges.sessions) sum += phase.sessions;
  return sum;
}

void append_listeners(std::string& out, const StatusSnapshot& snapshot) {
  std::string_view last;
  for (const ListenerStatus& listener : snapshot.listeners) {
    append_row(out, listener.service == last ? "" : std::string_view(listener.service),
               listener.address);
    last = listener.service;
  }
}

std::string sessions_text(const log::Gauges& gauges) {
  std::string out = format("{} open", all_sessions(gauges));
  if (gauges.sessions.size() < 2) return out;
  std::string_view separator = ": ";
  for (const log::PhaseGauge& phase : gauges.sessions) {
    if (phase.sessions == 0) continue;
    append_format(out, "{}{} in {}", separator, phase.sessions, phase.phase);
    separator = ", ";
  }
  return out;
}

std::string queue_text(const log::Gauges& gauges) {
  if (gauges.queue_items == 0) return "empty";
  return format(
      "{}, {}, the oldest since {}", format_count(gauges.queue_items, "message", "messages"),
      format_size(gauges.queue_octets), format_span(seconds{gauges.queue_oldest_seconds}));
}

std::string dns_text(const log::DnsGauge& dns) {
  return format("{}; {}, {} known, {} failed", dns.servers,
                format_count(dns.questions, "question", "questions"), dns.cached, dns.failed);
}

std::uint64_t muted_lists(const log::ScreenGauge& screen) {
  const auto muted = [](const log::ListGauge& list) { return list.muted; };
  return static_cast<std::uint64_t>(std::count_if(screen.lists.begin(), screen.lists.end(), muted));
}

std::string screen_text(const log::ScreenGauge& screen) {
  std::string out =
      format("{} under test{}, {}", format_count(screen.under_test, "connection", "connections"),
             screen.stressed ? " (stress)" : "",
             format_count(screen.clients, "client remembered", "clients remembered"));
  if (screen.lists.empty()) return out;
  append_format(out, ", {}", format_count(screen.lists.size(), "DNS list", "DNS lists"));
  if (const std::uint64_t muted = muted_lists(screen)) append_format(out, ", {} muted", muted);
  return out;
}

void put_screen(JsonDocument& document, JsonDocument::Value root, const log::ScreenGauge& gauge) {
  const auto screen = document.object();
  document.put(screen, "under_test", gauge.under_test);
  document.put(screen, "stress", gauge.stressed);
  document.put(screen, "clients", gauge.clients);
  document.put(screen, "lists", std::uint64_t{gauge.lists.size()});
  const auto muted = document.array();
  for (const log::ListGauge& list : gauge.lists) {
    if (list.muted) document.append(muted, list.zone);
  }
  document.put(screen, "muted", muted);
  document.put(root, "screening", screen);
}

void append_certificates(std::string& out, const log::Gauges& gauges) {
  for (const log::CertificateGauge& one : gauges.certificates) {
    if (one.expires_in < 0) {
      append_row(out, "certificate", format("{} HAS EXPIRED", one.file));
    } else {
      append_row(out, "certificate",
                 format("{} expires in {}", one.file, format_span(seconds{one.expires_in})));
    }
  }
}

void put_listeners(JsonDocument& document,
                   JsonDocument::Value root,
                   const StatusSnapshot& snapshot) {
  const auto listeners = document.array();
  for (const ListenerStatus& one : snapshot.listeners) {
    const auto listener = document.object();
    document.put(listener, "service", one.service);
    document.put(listener, "address", one.address);
    document.append(listeners, listener);
  }
  document.put(root, "listeners", listeners);
}

void put_gauges(JsonDocument& document, JsonDocument::Value root, const log::Gauges& gauges) {
  const auto sessions = document.object();
  document.put(sessions, "open", all_sessions(gauges));
  const auto phases = document.object();
  for (const log::PhaseGauge& phase : gauges.sessions) {
    document.put(phases, phase.phase, phase.sessions);
  }
  document.put(sessions, "phases", phases);
  document.put(root, "sessions", sessions);

  const auto queue = document.object();
  document.put(queue, "messages", gauges.queue_items);
  document.put(queue, "octets", gauges.queue_octets);
  document.put(queue, "oldest_seconds", gauges.queue_oldest_seconds);
  document.put(root, "queue", queue);

  const auto dns = document.object();
  document.put(dns, "servers", gauges.dns.servers);
  document.put(dns, "questions", gauges.dns.questions);
  document.put(dns, "cached", gauges.dns.cached);
  document.put(dns, "joined", gauges.dns.joined);
  document.put(dns, "sent", gauges.dns.sent);
  document.put(dns, "failed", gauges.dns.failed);
  document.put(dns, "under_way", gauges.dns.under_way);
  document.put(dns, "cache_octets", gauges.dns.cache_octets);
  document.put(root, "dns", dns);

  if (gauges.screen.on) put_screen(document, root, gauges.screen);
  if (gauges.triplets) {
    const auto greylisting = document.object();
    document.put(greylisting, "triplets", *gauges.triplets);
    document.put(root, "greylisting", greylisting);
  }

  const auto memory = document.object();
  document.put(memory, "resident_octets", gauges.memory_octets);
  if (gauges.memory_limit > 0) document.put(memory, "limit_octets", gauges.memory_limit);
  document.put(root, "memory", memory);
  if (gauges.storage_free) document.put(root, "storage_free_octets", *gauges.storage_free);

  const auto certificates = document.array();
  for (const log::CertificateGauge& one : gauges.certificates) {
    const auto certificate = document.object();
    document.put(certificate, "file", one.file);
    document.put(certificate, "expires_in_seconds", one.expires_in);
    document.append(certificates, certificate);
  }
  document.put(root, "certificates", certificates);
}

}  // namespace

std::string format_status(const StatusSnapshot& snapshot, const Counters& counters) {
  const log::Gauges& gauges = snapshot.gauges;
  std::string out = format("gatepost {} is {} since {} ({}), pid {}\n", snapshot.version,
                           snapshot.phase, format_local(snapshot.started, snapshot.utc_offset),
                           format_span(seconds{gauges.uptime_seconds}), snapshot.pid);
  append_row(out, "host", snapshot.hostname);
  append_row(out, "configuration", snapshot.configuration);
  append_listeners(out, snapshot);
  append_row(out, "sessions", sessions_text(gauges));
  append_row(out, "since start",
             format("{}, {} received, {} delivered, {}",
                    format_count(counters.total(Family::Connections), "connection", "connections"),
                    format_count(counters.total(Family::Messages), "message", "messages"),
                    counters.total(Family::Deliveries),
                    format_count(counters.total(Family::Rejects), "refusal", "refusals")));
  append_row(out, "queue", queue_text(gauges));
  if (!gauges.dns.servers.empty()) append_row(out, "dns", dns_text(gauges.dns));
  if (gauges.screen.on) append_row(out, "screening", screen_text(gauges.screen));
  if (gauges.triplets) {
    append_row(out, "greylisting", format_count(*gauges.triplets, "triplet", "triplets"));
  }
  if (gauges.storage_free) append_row(out, "storage", format_size(*gauges.storage_free) + " free");
  append_row(out, "memory",
             gauges.memory_limit == 0 ? format_size(gauges.memory_octets)
                                      : format("{} of {}", format_size(gauges.memory_octets),
                                               format_size(gauges.memory_limit)));
  append_certificates(out, gauges);
  for (const log::ListGauge& list : gauges.screen.lists) {
    if (list.muted) {
      append_format(out, "! DNS list {} is not heard: {}\n", list.zone,
                    printable(list.fault, limits::kLogText));
    }
  }
  if (counters.lost_lines() > 0) {
    append_format(out, "! {} could not be written\n",
                  format_count(counters.lost_lines(), "log line", "log lines"));
  }
  for (const std::string& problem : snapshot.problems) append_format(out, "! {}\n", problem);
  return out;
}

std::string format_status_json(const StatusSnapshot& snapshot, const Counters& counters) {
  JsonDocument document;
  const auto root = document.object();
  document.put(root, "version", snapshot.version);
  document.put(root, "pid", std::uint64_t{snapshot.pid});
  document.put(root, "phase", snapshot.phase);
  document.put(root, "started", format_utc(snapshot.started));
  document.put(root, "now", format_utc(snapshot.now));
  document.put(root, "uptime_seconds", snapshot.gauges.uptime_seconds);
  document.put(root, "hostname", snapshot.hostname);
  document.put(root, "configuration", snapshot.configuration);
  put_listeners(document, root, snapshot);
  const auto totals = document.object();
  document.put(totals, "connections", counters.total(Family::Connections));
  document.put(totals, "received", counters.total(Family::Messages));
  document.put(totals, "delivered", counters.total(Family::Deliveries));
  document.put(totals, "refused", counters.total(Family::Rejects));
  document.put(totals, "log_lines_lost", counters.lost_lines());
  document.put(root, "totals", totals);
  put_gauges(document, root, snapshot.gauges);
  const auto problems = document.array();
  for (const std::string& problem : snapshot.problems) document.append(problems, problem);
  document.put(root, "problems", problems);
  return document.write(root);
}

}  // namespace gatepost::control

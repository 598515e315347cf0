// SPDX-License-Identifier: Apache-2.0
// control: all counters and gauges, for monitoring.
#include "control/metrics.h"

#include <array>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "control/json.h"

namespace gatepost::control {

namespace {

using log::Counters;
using log::Family;

/// Places in kRows.
enum Row : std::size_t {
  Build,
  Uptime,
  Events,
  Connections,
  Messages,
  Rejects,
  TlsHandshakes,
  AuthAttempts,
  Deliveries,
  MessageSize,
  DeliveryDelay,
  Sessions,
  QueueMessages,
  QueueOctets,
  QueueOldest,
  DnsQuestions,
  DnsUnderWay,
  DnsCache,
  ScreenUnderTest,
  ScreenStress,
  ScreenClients,
  ListQuestions,
  ListHits,
  ListFailures,
  ListMuted,
  GreyTriplets,
  Memory,
  MemoryLimit,
  StorageFree,
  CertExpiry,
  LogLinesLost,
  kRowCount
};

constexpr std::array<MetricRow, kRowCount> kRows{{
    {"gatepost_build", MetricType::Info, "", "version", "The program's version."},
    {"gatepost_uptime_seconds", MetricType::Gauge, "seconds", "", "Time since start."},
    {"gatepost_events", MetricType::Counter, "", "event",
     "Events by name; see gatepost manual events."},
    {"gatepost_connections", MetricType::Counter, "", "listener", "Connections let in."},
    {"gatepost_messages_received", MetricType::Counter, "", "listener",
     "Messages stored and answered 250."},
    {"gatepost_rejects", MetricType::Counter, "", "stage, code", "Commands and messages refused."},
    {"gatepost_tls_handshakes", MetricType::Counter, "", "version, result",
     "TLS handshakes of clients."},
    {"gatepost_auth_attempts", MetricType::Counter, "", "mechanism, result",
     "Logins that were tried."},
    {"gatepost_delivery_attempts", MetricType::Counter, "", "transport, status",
     "Attempts to deliver to one recipient."},
    {"gatepost_message_size_bytes", MetricType::Histogram, "bytes", "",
     "Size of messages received."},
    {"gatepost_delivery_delay_seconds", MetricType::Histogram, "seconds", "",
     "Time from MAIL to the mailbox."},
    {"gatepost_sessions", MetricType::Gauge, "", "phase", "Sessions open now."},
    {"gatepost_queue_messages", MetricType::Gauge, "", "state", "Messages waiting to be sent on."},
    {"gatepost_queue_bytes", MetricType::Gauge, "bytes", "", "Size of the waiting messages."},
    {"gatepost_queue_oldest_seconds", MetricType::Gauge, "seconds", "",
     "Age of the oldest waiting message."},
    {"gatepost_dns_questions", MetricType::Counter, "", "answer",
     "Questions to DNS: known already, joined to one on its way, answered by a resolver, or failed "
     "there."},
    {"gatepost_dns_under_way", MetricType::Gauge, "", "", "Questions to DNS on their way now."},
    {"gatepost_dns_cache_bytes", MetricType::Gauge, "bytes", "",
     "Memory that remembered DNS answers take."},
    {"gatepost_screen_under_test", MetricType::Gauge, "", "", "Connections under test."},
    {"gatepost_screen_stress", MetricType::Gauge, "", "",
     "1: so many are that they get less time."},
    {"gatepost_screen_clients", MetricType::Gauge, "", "", "Clients that screening remembers."},
    {"gatepost_dnsbl_questions", MetricType::Counter, "", "list",
     "Questions to a DNS list about clients."},
    {"gatepost_dnsbl_hits", MetricType::Counter, "", "list", "Clients it listed."},
    {"gatepost_dnsbl_failures", MetricType::Counter, "", "list",
     "Questions it did not answer well."},
    {"gatepost_dnsbl_muted", MetricType::Gauge, "", "list",
     "1: it is not heard; see gatepost dnsbl status."},
    {"gatepost_greylist_triplets", MetricType::Gauge, "", "", "Triplets that greylisting knows."},
    {"gatepost_memory_bytes", MetricType::Gauge, "bytes", "class", "Memory of the process."},
    {"gatepost_memory_limit_bytes", MetricType::Gauge, "bytes", "",
     "memory_limit, where it is set."},
    {"gatepost_storage_free_bytes", MetricType::Gauge, "bytes", "",
     "Free space where queue_directory is."},
    {"gatepost_cert_expiry_seconds", MetricType::Gauge, "seconds", "file",
     "Time until the certificate expires; negative when it has."},
    {"gatepost_log_lines_lost", MetricType::Counter, "", "",
     "Log lines that could not be written."},
}};

struct Label {
  std::string_view name;
  std::string value;
};

struct Sample {
  Row row;
  std::string_view suffix;  ///< "_total", "_bucket" ...
  std::vector<Label> labels;
  std::string value;  ///< A number, in OpenMetrics and in JSON.
};

using Samples = std::vector<Sample>;

template <class Number>
std::string text_of(Number number) {
  return format("{}", number);
}

/// Thousandths in the canonical form of OpenMetrics: 1024.0, 0.005.
std::string thousandths_text(std::uint64_t value) {
  std::string out = format("{}.{:03}", value / 1000, value % 1000);
  while (out.ends_with('0') && !out.ends_with(".0")) out.pop_back();
  return out;
}

void add_family(Samples& samples, Row row, const Counters& counters, Family family) {
  const log::FamilyRow& names = log::describe(family);
  for (const log::Series& one : counters.series(family)) {
    std::vector<Label> labels{{names.first, one.first}};
    if (!names.second.empty()) labels.push_back({names.second, one.second});
    samples.push_back({row, "_total", std::move(labels), text_of(one.value)});
  }
}

void add_histogram(Samples& samples, Row row, const log::Histogram& histogram) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
    below += histogram.buckets[i];
    std::string bound =
        i < histogram.bounds.size() ? thousandths_text(histogram.bounds[i]) : "+Inf";
    samples.push_back({row, "_bucket", {{"le", std::move(bound)}}, text_of(below)});
  }
  samples.push_back({row, "_count", {}, text_of(histogram.count)});
  samples.push_back({row, "_sum", {}, thousandths_text(histogram.sum)});
}

void add_counters(Samples& samples, const Counters& counters) {
  for (std::size_t i = 0; i < log::kEventCount; ++i) {
    samples.push_back({Events,
                       "_total",
                       {{"event", std::string(log::kAbout[i].name)}},
                       text_of(counters.events(i))});
  }
  add_family(samples, Connections, counters, Family::Connections);
  add_family(samples, Messages, counters, Family::Messages);
  add_family(samples, Rejects, counters, Family::Rejects);
  add_family(samples, TlsHandshakes, counters, Family::TlsHandshakes);
  add_family(samples, AuthAttempts, counters, Family::AuthAttempts);
  add_family(samples, Deliveries, counters, Family::Deliveries);
  add_histogram(samples, MessageSize, counters.sizes());
  add_histogram(samples, DeliveryDelay, counters.delays());
}

void add_dns(Samples& samples, const log::DnsGauge& dns) {
  const auto add = [&samples](std::string_view answer, std::uint64_t count) {
    samples.push_back({DnsQuestions, "_total", {{"answer", std::string(answer)}}, text_of(count)});
  };
  add("known", dns.cached);
  add("joined", dns.joined);
  add("resolved", dns.sent - dns.failed - dns.under_way);
  add("failed", dns.failed);
  samples.push_back({DnsUnderWay, "", {}, text_of(dns.under_way)});
  samples.push_back({DnsCache, "", {}, text_of(dns.cache_octets)});
}

void add_screen(Samples& samples, const log::ScreenGauge& screen) {
  samples.push_back({ScreenUnderTest, "", {}, text_of(screen.under_test)});
  samples.push_back({ScreenStress, "", {}, screen.stressed ? "1" : "0"});
  samples.push_back({ScreenClients, "", {}, text_of(screen.clients)});
  using List = log::ListGauge;
  const auto add = [&](Row row, std::uint64_t List::*number) {
    for (const List& list : screen.lists) {
      samples.push_back({row, "_total", {{"list", list.zone}}, text_of(list.*number)});
    }
  };
  add(ListQuestions, &List::questions);
  add(ListHits, &List::hits);
  add(ListFailures, &List::failures);
  for (const List& list : screen.lists) {
    samples.push_back({ListMuted, "", {{"list", list.zone}}, list.muted ? "1" : "0"});
  }
}

void add_gauges(Samples& samples, const log::Gauges& gauges) {
  for (const log::PhaseGauge& phase : gauges.sessions) {
    samples.push_back({Sessions, "", {{"phase", phase.phase}}, text_of(phase.sessions)});
  }
  samples.push_back({QueueMessages, "", {{"state", "waiting"}}, text_of(gauges.queue_items)});
  samples.push_back({QueueOctets, "", {}, text_of(gauges.queue_octets)});
  samples.push_back({QueueOldest, "", {}, text_of(gauges.queue_oldest_seconds)});
  add_dns(samples, gauges.dns);
  if (gauges.screen.on) add_screen(samples, gauges.screen);
  if (gauges.triplets) samples.push_back({GreyTriplets, "", {}, text_of(*gauges.triplets)});
  samples.push_back({Memory, "", {{"class", "resident"}}, text_of(gauges.memory_octets)});
  if (gauges.memory_limit > 0) {
    samples.push_back({MemoryLimit, "", {}, text_of(gauges.memory_limit)});
  }
  if (gauges.storage_free) samples.push_back({StorageFree, "", {}, text_of(*gauges.storage_free)});
  for (const log::CertificateGauge& one : gauges.certificates) {
    samples.push_back({CertExpiry, "", {{"file", one.file}}, text_of(one.expires_in)});
  }
}

/// In the order of the rows: the samples of a family must stand together.
Samples collect(const StatusSnapshot& snapshot, const Counters& counters) {
  Samples samples;
  samples.reserve(128);
  samples.push_back({Build, "_info", {{"version", snapshot.version}}, "1"});
  samples.push_back({Uptime, "", {}, text_of(snapshot.gauges.uptime_seconds)});
  add_counters(samples, counters);
  add_gauges(samples, snapshot.gauges);
  samples.push_back({LogLinesLost, "_total", {}, text_of(counters.lost_lines())});
  return samples;
}

void append_label_value(std::string& out, std::string_view value) {
  const std::string safe = is_utf8(value) ? std::string(value) : printable(value, value.size());
  for (const char c : safe) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out.push_back('\\');
    out.push_back(c);
  }
}

void append_sample(std::string& out, const Sample& sample) {
  out.append(kRows[sample.row].name).append(sample.suffix);
  char separator = '{';
  for (const Label& label : sample.labels) {
    append_format(out, "{}{}=\"", separator, label.name);
    append_label_value(out, label.value);
    out.push_back('"');
    separator = ',';
  }
  if (!sample.labels.empty()) out.push_back('}');
  append_format(out, " {}\n", sample.value);
}

}  // namespace

std::span<const MetricRow> metric_rows() {
  return kRows;
}

std::string_view format_type(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
    case MetricType::Info:
      return "info";
  }
  std::unreachable();
}

std::string format_metrics(const StatusSnapshot& snapshot, const Counters& counters) {
  const Samples samples = collect(snapshot, counters);
  std::string out;
  auto next = samples.begin();
  for (std::size_t row = 0; row < kRowCount; ++row) {
    const MetricRow& family = kRows[row];
    append_format(out, "# TYPE {} {}\n", family.name, format_type(family.type));
    if (!family.unit.empty()) append_format(out, "# UNIT {} {}\n", family.name, family.unit);
    append_format(out, "# HELP {} {}\n", family.name, family.help);
    for (; next != samples.end() && next->row == row; ++next) append_sample(out, *next);
  }
  out += "# EOF\n";
  return out;
}

std::string format_metrics_json(const StatusSnapshot& snapshot, const Counters& counters) {
  const Samples samples = collect(snapshot, counters);
  JsonDocument document;
  const auto root = document.object();
  JsonDocument::Value list = nullptr;
  std::string last;
  for (const Sample& sample : samples) {
    std::string name(kRows[sample.row].name);
    name += sample.suffix;
    if (name != last) {
      list = document.array();
      document.put(root, name, list);
      last = std::move(name);
    }
    const auto one = document.object();
    const auto labels = document.object();
    for (const Label& label : sample.labels) document.put(labels, label.name, label.value);
    document.put(one, "labels", labels);
    document.put_number(one, "value", sample.value);
    document.append(list, one);
  }
  return document.write(root);
}

}  // namespace gatepost::control

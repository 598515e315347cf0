// SPDX-License-Identifier: Apache-2.0
// spf: the networks of several mailers, each as it was last known to be good, and the file that keeps them.
#include "spf/allowlist.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::spf {
namespace {

constexpr std::string_view kDomainLine = "# domain ";
constexpr std::string_view kSourceLine = "# from ";
constexpr std::string_view kHeader =
    "# Networks that SPF records name, written by gatepost: what is changed here is lost.\n"
    "# A cidr table of Postfix. After a domain: when it was good, and its TTL, in seconds.\n";

std::uint64_t seconds_of(Moment moment) {
  const auto count =
      std::chrono::duration_cast<std::chrono::seconds>(moment.time_since_epoch()).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

std::uint64_t seconds_of(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

std::optional<std::chrono::seconds> read_seconds(std::string_view word) {
  const auto number = parse_number(word);
  constexpr std::uint64_t kMost = 1ULL << 40U;
  if (!number || *number > kMost) return {};
  return std::chrono::seconds(*number);
}

/// Unlike Network::parse() it takes host bits: they may have been kept.
std::optional<Network> read_network(std::string_view word) {
  const std::size_t slash = std::min(word.find('/'), word.size());
  const auto address = IpAddress::parse(word.substr(0, slash));
  if (!address) return {};
  if (slash == word.size()) return Network{*address, address->bits()};
  const auto prefix = parse_number(word.substr(slash + 1));
  if (!prefix || *prefix > address->bits()) return {};
  return Network{*address, static_cast<unsigned>(*prefix)};
}

/// Fills mailers with what a text says, line by line.
class Reader {
 public:
  explicit Reader(std::vector<Allowlist::Mailer>& out) : out_(out) {}

  [[nodiscard]] bool take(std::string_view line) {
    if (line.starts_with(kDomainLine)) return take_domain(line.substr(kDomainLine.size()));
    if (line.starts_with(kSourceLine)) {
      if (out_.empty()) return false;
      source_ = out_.back().networks.add_source(std::string(line.substr(kSourceLine.size())));
      return true;
    }
    if (line.empty() || line.starts_with('#')) return true;
    const auto network = read_network(line.substr(0, line.find('\t')));
    if (!network || !source_) return false;
    out_.back().networks.add(*network, *source_);
    return true;
  }

 private:
  bool take_domain(std::string_view rest) {
    const std::string_view name = take_word(rest, " ");
    const auto taken = read_seconds(take_word(rest, " "));
    const auto ttl = read_seconds(take_word(rest, " "));
    if (!taken || !ttl) return false;
    out_.emplace_back();
    out_.back().domain = name;
    out_.back().taken = Moment(*taken);
    out_.back().ttl = *ttl;
    source_.reset();
    return true;
  }

  std::vector<Allowlist::Mailer>& out_;
  std::optional<std::uint32_t> source_;
};

}  // namespace

void append_table(std::string& out, const NetworkSet& set, std::string_view action) {
  for (std::uint32_t source = 0; source < set.sources().size(); ++source) {
    bool named = false;
    for (const NetworkSet::Listed& one : set.networks()) {
      if (one.source != source) continue;
      if (!std::exchange(named, true)) {
        append_format(out, "{}{}\n", kSourceLine, set.sources()[source]);
      }
      append_format(out, "{}\t{}\n", format_network(one.network), action);
    }
  }
}

void Allowlist::set_domains(const std::vector<std::string>& domains) {
  std::vector<Mailer> before = std::exchange(mailers_, {});
  for (const std::string& word : domains) {
    std::string domain = lower(word);
    if (domain.ends_with('.')) domain.pop_back();
    if (domain.empty() || mailer(domain) != nullptr) continue;
    const auto known = std::find_if(before.begin(), before.end(),
                                    [&](const Mailer& one) { return one.domain == domain; });
    if (known != before.end()) {
      mailers_.push_back(std::move(*known));
    } else {
      mailers_.emplace_back();
      mailers_.back().domain = std::move(domain);
    }
  }
}

Allowlist::Mailer* Allowlist::mailer(std::string_view domain) {
  for (Mailer& one : mailers_) {
    if (one.domain == domain) return &one;
  }
  return nullptr;
}

const Allowlist::Mailer* Allowlist::due(Moment now) const {
  const Moment last = now + std::max(settings_.least, settings_.most);
  for (const Mailer& one : mailers_) {
    // One that was walked while the clock was ahead would wait until it is right.
    if (one.due <= now || one.due > last || one.taken > now) return &one;
  }
  return nullptr;
}

std::optional<Moment> Allowlist::next() const {
  std::optional<Moment> out;
  for (const Mailer& one : mailers_) {
    if (!out || one.due < *out) out = one.due;
  }
  return out;
}

void Allowlist::hurry() {
  for (Mailer& one : mailers_) one.due = Moment{};
}

Moment Allowlist::due_after(const Mailer& one) const {
  const Duration most = std::max(settings_.least, settings_.most);
  return one.taken + (one.ttl == Duration::zero() ? settings_.least
                                                  : std::clamp(one.ttl, settings_.least, most));
}

Allowlist::Taken Allowlist::take(std::string_view domain, WalkResult result, Moment now) {
  Taken out;
  Mailer* const one = mailer(domain);
  if (one == nullptr) return out;
  const bool failed_before = !one->fault.empty();
  one->fault = std::move(result.fault);
  one->notes = std::move(result.notes);
  if (one->fault.empty()) {
    one->networks = std::move(result.networks);
    one->taken = now;
    one->ttl = result.ttl;
    one->due = due_after(*one);
    out.changed = true;
    if (failed_before) {
      out.told =
          format("{}: {} networks, after walks that failed", one->domain, one->networks.size());
    }
    return out;
  }
  one->due = now + kRetry;
  if (one->taken > now) {
    one->taken = now;
    out.changed = true;
  }
  const bool had = one->taken != Moment{};
  if (had && now - one->taken <= settings_.keep) {
    if (!failed_before) {
      out.told =
          format("{}: its {} networks are kept: {}", one->domain, one->networks.size(), one->fault);
    }
    return out;
  }
  if (had) {
    out.told = format("{}: its {} networks are too old and no more in force: {}", one->domain,
                      one->networks.size(), one->fault);
  } else if (!failed_before) {
    out.told = format("{}: {} networks, and these may not be all: {}", one->domain,
                      result.networks.size(), one->fault);
  }
  one->networks = std::move(result.networks);
  one->taken = Moment{};
  one->ttl = {};
  out.changed = had;
  return out;
}

std::optional<Allowlist::Found> Allowlist::find(const IpAddress& address) const {
  for (const Mailer& one : mailers_) {
    if (const auto* found = one.networks.find(address)) {
      return Found{found->network, one.networks.sources()[found->source]};
    }
  }
  return {};
}

std::size_t Allowlist::networks() const {
  std::size_t out = 0;
  for (const Mailer& one : mailers_) out += one.networks.size();
  return out;
}

std::string Allowlist::text(std::string_view action) const {
  std::string out(kHeader);
  for (const Mailer& one : mailers_) {
    // What was never good is found again at the next start.
    if (one.taken == Moment{}) continue;
    append_format(out, "{}{} {} {}\n", kDomainLine, one.domain, seconds_of(one.taken),
                  seconds_of(one.ttl));
    append_table(out, one.networks, action);
  }
  return out;
}

Result<void> Allowlist::restore(std::string_view text) {
  std::vector<Mailer> read;
  Reader reader(read);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!reader.take(line)) {
      return Error{Cause::Permanent, "not a line of ours: " + printable(line, limits::kLogText)};
    }
  }
  for (Mailer& one : read) {
    Mailer* const ours = mailer(one.domain);
    if (ours == nullptr || one.networks.size() == 0) continue;
    one.networks.settle();
    one.due = due_after(one);
    *ours = std::move(one);
  }
  return {};
}

}  // namespace gatepost::spf

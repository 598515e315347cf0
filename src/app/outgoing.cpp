// SPDX-License-Identifier: Apache-2.0
// app: the queue's way out.
#include "app/outgoing.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/transports.h"
#include "base/text.h"
#include "delivery/converse.h"
#include "log/events.h"
#include "mail/report.h"
#include "policy/recipient.h"
#include "server/recipients.h"
#include "server/reports.h"

namespace gatepost::app {
namespace {

using delivery::Hop;
using policy::DomainClass;

/// The text of an item, as the injector reads it.
class ItemSource final : public server::TextSource {
 public:
  ItemSource(storage::MailStore& store, const std::string& id) : text_(store, id) {}
  Task<Result<std::string_view>> read() override {
    auto piece = co_await text_.read();
    if (!piece) co_return std::move(piece).error();
    held_ = *std::move(piece);
    co_return std::string_view(held_);
  }

 private:
  delivery::QueuedText text_;
  std::string held_;
};

bool is_postmaster(const queue::Item& item, const delivery::Told& one) {
  return policy::is_postmaster(item.destinations[one.destination].recipient.mailbox);
}

}  // namespace

Outgoing::Outgoing(asio::io_context& loop,
                   net::TaskGroup& tasks,
                   server::Floor& floor,
                   server::Injector& injector)
    : floor_(floor),
      injector_(injector),
      runner_({loop, tasks, floor.deadlines, floor.store, floor.log, *this}),
      prober_(loop, floor.deadlines) {}

void Outgoing::configure(const config::Settings& settings,
                         std::shared_ptr<const server::Profile> profile) {
  profile_ = std::move(profile);
  // They were checked when the settings were loaded.
  local_ = local_transport(settings).value_or({});
  virtual_ = delivery::parse_transport(settings.virtual_transport).value_or({});
  prober_.configure(settings.myhostname);
  delivery::Runner::Settings runner;
  runner.hostname = settings.myhostname;
  runner.schedule = {settings.minimal_backoff_time, settings.maximal_backoff_time,
                     settings.maximal_queue_lifetime, settings.bounce_queue_lifetime};
  runner.run_delay = settings.queue_run_delay;
  runner.connect_timeout = settings.lmtp_connect_timeout;
  runner.command_timeout = settings.lmtp_rcpt_timeout;
  runner.data_timeout = settings.lmtp_data_xfer_timeout;
  runner.done_timeout = settings.lmtp_data_done_timeout;
  runner.concurrency = settings.lmtp_destination_concurrency_limit;
  runner_.configure(std::move(runner));
  runner_.wake();
}

void Outgoing::stop() {
  runner_.stop();
  prober_.stop();
}

const delivery::Transport& Outgoing::transport_of(DomainClass domain) const {
  return domain == DomainClass::Virtual ? virtual_ : local_;
}

Result<Hop> Outgoing::route(const mail::Mailbox& to, const mail::Mailbox& sender) {
  Hop hop;
  server::Directory& directory = *profile_->directory;
  if (to.domain.empty()) {
    hop.kind = Hop::Kind::Inject;
    return hop;
  }
  GP_TRY(const DomainClass domain, directory.domain_class(to.domain));
  if (domain == DomainClass::Other || domain == DomainClass::Relay) return hop;
  GP_TRY(server::Resolution found, directory.resolve(to, domain, sender));
  if (found.refusal || (found.mailboxes.empty() && found.others.empty())) {
    hop.kind = Hop::Kind::Nobody;
    hop.refusal = found.refusal ? *std::move(found.refusal)
                                : smtp::Reply{550, "5.1.1", "<" + to.text() + ">: user unknown"};
    return hop;
  }
  const bool one = found.mailboxes.size() == 1 && found.others.empty();
  const auto& handed_over = one ? found.mailboxes.front().handed_over : std::nullopt;
  if (handed_over && iequals(handed_over->text(), to.text())) {
    hop.kind = Hop::Kind::Lmtp;
    hop.transport = transport_of(found.mailboxes.front().domain);
    return hop;
  }
  const bool itself = found.mailboxes.empty() && found.others.size() == 1 &&
                      iequals(found.others.front().text(), to.text());
  if (!itself) hop.kind = Hop::Kind::Inject;
  return hop;
}

Task<Result<void>> Outgoing::inject(const queue::Item& item,
                                    const std::vector<std::size_t>& which) {
  server::Injection injection;
  injection.envelope.sender = item.sender;
  injection.envelope.options = item.options;
  for (const std::size_t n : which) {
    injection.envelope.recipients.push_back(item.destinations[n].recipient);
  }
  ItemSource source(floor_.store, item.id);
  injection.source = &source;
  injection.service = "queue";
  injection.may_wait = false;
  injection.arrived = item.arrived;
  const auto injected = co_await injector_.inject(std::move(injection));
  if (!injected) co_return injected.error();
  co_return Result<void>();
}

/// Names of all that `to` leads to, each the same whoever leads there.
Result<std::vector<std::string>> Outgoing::find_places(const mail::Mailbox& to,
                                                       const mail::Mailbox& sender) const {
  const server::Recipients none(*profile_->directory, {profile_->myorigin, {}});
  mail::Mailbox completed = to;
  GP_TRY(const DomainClass domain, none.classify(completed, nullptr));
  GP_TRY(const server::Resolution found, profile_->directory->resolve(completed, domain, sender));
  std::vector<std::string> out;
  for (const server::Target& target : found.mailboxes) {
    out.push_back(target.handed_over ? target.handed_over->text()
                                     : target.maildir + '\0' + target.folder);
  }
  for (const mail::Mailbox& other : found.others) out.push_back(other.text());
  return out;
}

std::vector<std::vector<std::size_t>> Outgoing::set_apart(const queue::Item& item,
                                                          const std::vector<std::size_t>& which) {
  std::vector<std::vector<std::size_t>> parts;
  std::map<std::string, std::size_t> part_of;
  for (const std::size_t n : which) {
    auto places = find_places(item.destinations[n].recipient.mailbox, item.sender);
    if (!places) continue;
    const std::size_t own = parts.size();
    parts.emplace_back(1, n);
    for (std::string& place : *places) {
      const auto [at, is_new] = part_of.try_emplace(std::move(place), own);
      if (is_new || at->second == own) continue;
      const std::size_t shared = at->second;
      parts[own].insert(parts[own].end(), parts[shared].begin(), parts[shared].end());
      parts[shared].clear();
      for (auto& [name, part] : part_of) {
        if (part == shared) part = own;
      }
    }
  }
  std::erase_if(parts, [](const auto& part) { return part.empty(); });
  return parts;
}

std::string Outgoing::report_text(const queue::Item& item,
                                  const std::vector<delivery::Told>& what,
                                  const mail::Mailbox& to,
                                  const mail::ReturnedText& returned) const {
  std::vector<mail::Outcome> outcomes;
  for (const delivery::Told& one : what) {
    mail::Outcome outcome;
    outcome.recipient = &item.destinations[one.destination].recipient;
    outcome.action = one.action;
    outcome.status = one.status;
    outcome.diagnostic = one.reason;
    outcome.remote = one.remote;
    outcomes.push_back(outcome);
  }
  mail::SenderOptions options = item.options;
  // RFC 3461 section 4.3: RET= is about failures.
  if (what.front().action != mail::Action::Failed) options.ret = mail::Return::Headers;
  const server::Reported about{item.id, to, options, item.arrived};
  return server::report_text(floor_, *profile_, about, item.id + "R", outcomes, returned);
}

Task<Result<void>> Outgoing::report(const queue::Item& item,
                                    const std::vector<delivery::Told>& what) {
  std::vector<delivery::Told> wanted;
  bool round = false;
  for (const delivery::Told& one : what) {
    const mail::Notify& notify = item.destinations[one.destination].recipient.notify;
    if (mail::wants_report(notify, one.action)) wanted.push_back(one);
    round = round || (item.sender.empty() && is_postmaster(item, one));
  }
  if (wanted.empty()) co_return Result<void>();
  const bool failed = wanted.front().action == mail::Action::Failed;
  if (!failed && item.sender.empty()) co_return Result<void>();
  if (round) co_return Error{Cause::Permanent, "a report to postmaster cannot be delivered", 0};
  mail::ReturnedText returned;
  delivery::QueuedText text(floor_.store, item.id);
  for (std::size_t octets = 0; octets <= mail::kMostReturned;) {
    const auto piece = co_await text.read();
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    returned.feed(*piece);
    octets += piece->size();
  }
  bool to_postmaster = item.sender.empty();
  for (;;) {
    // Bare, as RFC 5321 section 4.5.1 knows him: he is ours whatever the tables say.
    const mail::Mailbox postmaster{"postmaster", ""};
    const mail::Mailbox shown{"postmaster", profile_->myorigin};
    const mail::Mailbox& to = to_postmaster ? postmaster : item.sender;
    std::string told = report_text(item, wanted, to_postmaster ? shown : to, returned);
    server::Injection notice = server::make_notice(to, std::move(told));
    const auto sent = co_await injector_.inject(std::move(notice));
    if (sent) {
      floor_.log.emit(log::ReportSent{item.id, *sent, to_postmaster, !failed});
      co_return Result<void>();
    }
    // That it arrived is no matter for postmaster.
    if (to_postmaster || !failed || sent.error().cause != Cause::Permanent) co_return sent.error();
    to_postmaster = true;
  }
}

Task<std::optional<smtp::Reply>> Outgoing::probe(const mail::Mailbox& to,
                                                 DomainClass domain,
                                                 const mail::Mailbox& sender) {
  const delivery::Transport& transport = transport_of(domain);
  if (!transport.lmtp) co_return std::nullopt;
  auto refusal = co_await prober_.ask(transport, sender, to);
  co_return refusal;
}

}  // namespace gatepost::app

// SPDX-License-Identifier: Apache-2.0
// app: builds every part of the running service and keeps it running.
#include "app/app.h"

#include <algorithm>
#include <array>
#include <malloc.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "app/alias_commands.h"
#include "app/ban_commands.h"
#include "app/grey_commands.h"
#include "app/key_file.h"
#include "app/queue_verbs.h"
#include "app/reload.h"
#include "app/screen_commands.h"
#include "app/startup.h"
#include "app/submitters.h"
#include "app/tls_wiring.h"
#include "app/wiring.h"
#include "base/loop.h"
#include "base/text.h"
#include "base/version.h"
#include "log/events.h"
#include "system/process.h"
#include "system/service.h"
#include "system/signals.h"

namespace gatepost::app {
namespace {

constexpr auto kTick = std::chrono::seconds(1);
constexpr std::size_t kQueueListing = 100'000;

/// What is given up, one after the other, as memory comes near memory_limit.
struct ShedStep {
  std::uint64_t percent;
  std::string_view text;
};
constexpr std::array<ShedStep, 3> kShedSteps{{
    {80, "turning clients away that have not proved themselves"},
    {90, "turning new clients away"},
    {95, "trying nothing of the queue"},
}};
// A step is taken back so far below: the two do not alternate with every tick.
constexpr std::uint64_t kShedGap = 5;

/// What it does is in state.db, and nowhere else.
bool changes_state(control::Verb verb) {
  using control::Verb;
  return verb >= Verb::GreylistList && verb <= Verb::BanWhy && verb != Verb::DnsblRetry &&
         control::describe(verb).who == control::Who::Owner;
}

}  // namespace

App::App(std::unique_ptr<Opened> opened)
    : opened_(std::move(opened)),
      settings_(opened_->settings),
      loop_(opened_->loop),
      clock_(opened_->clock),
      counters_(opened_->counters),
      log_(*opened_->log),
      clocks_(clock_),
      deadlines_(loop_),
      tasks_(loop_, *this),
      clerk_(loop_, storage::Clerk::Settings{}),
      reader_(loop_, kReader),
      disk_(storage::make_system_files()),
      store_(storage::make_mail_store(clerk_, *disk_, make_store_settings(*settings_))),
      state_(loop_, *disk_, settings_->state_directory, clocks_.instant()),
      contexts_(std::move(opened_->contexts)),
      directory_(std::move(opened_->directory)),
      manager_(opened_->manager),
      logins_(clerk_),
      book_(std::make_unique<server::AliasBook>(clerk_, *disk_, log_)),
      dns_(loop_, steady_, make_dns_settings(*settings_)),
      owner_words_(state_, clocks_),
      greylisting_(state_, log_, clocks_),
      warden_(state_, log_, clocks_),
      floor_(std::make_unique<server::Floor>(
          server::Floor{log_, *store_, contexts_.get(), deadlines_, clocks_, &logins_})),
      injector_(*floor_),
      outgoing_(std::make_unique<Outgoing>(loop_, tasks_, *floor_, injector_)),
      reception_(std::make_unique<server::Reception>(*floor_, tasks_)),
      login_keeper_(std::make_unique<LoginKeeper>(
          LoginKeeper::Parts{logins_, *floor_, clerk_, tasks_, injector_})),
      signals_(loop_, opened_->signals.descriptor()),
      ticker_(loop_),
      grace_(loop_),
      reloaded_(loop_, Timer::time_point::max()),
      started_(clock_.now()) {
  ban_export_ = std::make_unique<BanExport>(BanExport::Parts{warden_, clerk_, tasks_, log_},
                                            settings_->state_directory + "/bans.nft");
  floor_->dns = &dns_.common();
  greylisting_.use(owner_words_.let_in(), owner_words_.expected());
  warden_.use(owner_words_.let_in());
  screening_ = std::make_unique<Screening>(Screening::Parts{
      *floor_, tasks_, deadlines_, dns_, state_, owner_words_.let_in(), owner_words_.expected()});
  reception_->use(&screening_->screener());
  reception_->use(*this);
}

App::~App() {
  // The descriptor is the signals' own.
  static_cast<void>(signals_.release());
}

int App::run() {
  wait_for_signal();
  tasks_.spawn("start", start());
  loop_.run();
  state_.stop(clock_.now(), clocks_.instant());
  look_after_state();
  reader_.abandon();
  clerk_.abandon();
  log_.flush();
  return exit_code_;
}

Task<void> App::start() {
  Result<void> opened = co_await store_->open();
  for (const std::string& problem : store_->take_problems()) {
    log_.emit(log::QueueRecovered{problem});
  }
  if (!opened) {
    log_.emit(log::StorageFailed{"", "queue_directory", opened.error().detail});
    exit_code_ = 71;
    drain("the queue cannot be opened");
    co_return;
  }
  std::vector<std::string> problems;
  std::string folder = settings_->queue_directory;
  const Result<void> book = co_await book_->open(std::move(folder), problems);
  for (const std::string& problem : problems) log_.emit(log::QueueRecovered{problem});
  if (!book) {
    log_.emit(log::StorageFailed{"", "aliases.db", book.error().detail});
    exit_code_ = 71;
    drain("the throw-away addresses cannot be read");
    co_return;
  }
  co_await owner_words_.load();
  co_await warden_.load();
  if (phase_ != Phase::Starting) co_return;
  open_doors();
}

void App::open_doors() {
  phase_ = Phase::Serving;
  directory_->use(*book_, clocks_);
  const auto profile = make_profile(*settings_, directory_);
  login_keeper_->open(settings_->state_directory);
  login_keeper_->configure(*settings_, profile, *directory_);
  screening_->configure(*settings_, profile);
  ban_export_->open();
  configure_bans(profile);
  floor_->warden = &warden_;
  reception_->configure(profile);
  if (floor_->dns != nullptr) {
    spf_ = std::make_unique<SpfKeeper>(SpfKeeper::Parts{*floor_->dns, *floor_, clerk_, tasks_});
    spf_->open(*settings_);
    directory_->use(*spf_);
  }
  greylisting_.use(open_key_file(settings_->state_directory + "/greylist.key", log_));
  configure_greylisting();
  floor_->greylisting = &greylisting_;
  if (opened_->has_maildrop) {
    pickup_ =
        std::make_unique<server::Pickup>(server::Pickup::Parts{*floor_, clerk_, tasks_, injector_},
                                         *disk_, settings_->maildrop_directory);
  }
  configure_local_mail(profile);
  outgoing_->configure(*settings_, profile);
  floor_->handover = outgoing_.get();
  outgoing_->start();
  if (opened_->control) {
    control_ = std::make_unique<ControlServer>(
        *std::move(opened_->control), opened_->access,
        ControlServer::Parts{loop_, tasks_, deadlines_, *this, log_});
    const Result<void> listening = control_->start();
    if (!listening) log_.emit(log::ConfigNote{"control_socket: " + listening.error().detail});
  }
  for (auto& [service, listener] : opened_->listeners) {
    reception_->open(service, std::move(listener));
  }
  opened_->listeners.clear();
  if (!opened_->policy_listeners.empty()) {
    greylisting_.lend();
    policy_server_ = std::make_unique<server::PolicyServer>(*floor_, greylisting_, tasks_);
    for (net::Listener& listener : opened_->policy_listeners) {
      policy_server_->open(std::move(listener));
    }
    opened_->policy_listeners.clear();
  }
  manager_.ready("serving");
  generation_ = state_.generation();
  tick();
}

void App::configure_local_mail(const std::shared_ptr<const server::Profile>& profile) {
  store_->set_hostname(settings_->myhostname);
  injector_.configure(profile);
  if (!pickup_) return;
  pickup_->configure(profile,
                     std::make_shared<SystemSubmitters>(settings_->authorized_submit_users));
}

void App::wait_for_signal() {
  signals_.async_wait(WatchedDescriptor::wait_read, [this](const std::error_code& error) {
    if (error) return;
    while (const auto signal = opened_->signals.next()) on_signal(*signal);
    wait_for_signal();
  });
}

void App::on_signal(system::Signal signal) {
  switch (signal) {
    case system::Signal::Hangup:
      return tasks_.spawn("reload", reload_by_signal());
    case system::Signal::User1: {
      const Result<void> reopened = log_.reopen();
      if (!reopened) log_.emit(log::ReloadFailed{reopened.error().detail});
      return;
    }
    case system::Signal::Terminate:
    case system::Signal::Interrupt:
      // A second request does not wait for anybody.
      if (phase_ == Phase::Draining) return reception_->abandon();
      return drain(signal == system::Signal::Terminate ? "SIGTERM" : "SIGINT");
  }
  std::unreachable();
}

void App::drain(std::string_view reason) {
  phase_ = Phase::Draining;
  // What is under way is still in the queue; it goes on at the next start.
  outgoing_->stop();
  manager_.stopping("draining");
  log_.emit(log::ServiceStopping{reason, static_cast<std::uint32_t>(reception_->sessions())});
  reception_->shut_down();
  if (pickup_) pickup_->shut_down();
  if (spf_) spf_->stop();
  if (policy_server_) policy_server_->close();
  grace_.expires_after(settings_->shutdown_grace_time);
  grace_.async_wait([this](const std::error_code& error) {
    if (!error) reception_->abandon();
  });
  drained_yet();
}

// Sessions end by themselves, or when the grace is over; looked for at short intervals, since a
// stop is rare and a callback from every session would be there for nothing else.
void App::drained_yet() {
  if (reception_->sessions() == 0) {
    finish();
    return;
  }
  ticker_.expires_after(std::chrono::milliseconds(20));
  ticker_.async_wait([this](const std::error_code& error) {
    if (!error) drained_yet();
  });
}

void App::finish() {
  grace_.cancel();
  if (control_) control_->close();
  dns_.stop();
  // What is on its way to the disk gets there; nobody waits for the answer any more.
  clerk_.settle();
  reader_.settle();
  std::error_code ignored;
  signals_.cancel(ignored);
  deadlines_.stop();
  ticker_.expires_after(std::chrono::milliseconds(1));
  ticker_.async_wait([this](const std::error_code&) {
    if (tasks_.running() > 0) {
      finish();
      return;
    }
    log_.emit(log::ServiceStopped{});
    loop_.stop();
  });
}

void App::tick() {
  if (phase_ != Phase::Serving) return;
  look_after_files();
  look_after_state();
  look_after_memory();
  if (pickup_) pickup_->look();
  log_.flush();
  manager_.still_alive();
  ticker_.expires_after(kTick);
  ticker_.async_wait([this](const std::error_code& error) {
    if (!error) tick();
  });
}

void App::look_after_files() {
  tell_files(directory_->refresh_users());
  tell_files(directory_->take_warnings());
  if (!reading_ && directory_->is_stale()) {
    reading_ = true;
    tasks_.spawn("tables", read_tables());
  }
  if (contexts_) tell_certificates(contexts_->refresh(), log_);
}

void App::configure_greylisting() {
  greylisting_.configure(make_greylist_settings(*settings_));
  greylisting_.use(directory_->grey_exceptions());
}

void App::configure_bans(std::shared_ptr<const server::Profile> profile) {
  warden_.configure(make_ban_settings(*settings_), settings_->client_connection_burst_limit,
                    std::move(profile));
  ban_export_->configure(settings_->ban_firewall, settings_->state_commit_interval);
}

// A clock that was ahead, and a file that took the place of another.
void App::mend_state() {
  const Stamp now = state_.now(clock_.now(), clocks_.instant());
  const Stamp back = std::exchange(looked_, now) - now;
  const bool stepped = is_sane(now) && back > kClockStep;
  if (stepped) {
    warden_.mend();
    owner_words_.mend(back);
  }
  const std::uint64_t generation = state_.generation();
  if (std::exchange(generation_, generation) == generation && !stepped) return;
  owner_words_.write_anew();
  warden_.write_anew();
}

void App::look_after_state() {
  if (phase_ == Phase::Serving) {
    mend_state();
    warden_.tick();
    ban_export_->tick();
  }
  if (phase_ == Phase::Serving) greylisting_.tick();
  state_.tick(clock_.now(), clocks_.instant(), settings_->state_commit_interval);
  owner_words_.tick();
  screening_->tick(state_.now(clock_.now(), clocks_.instant()));
  for (const std::string& line : state_.take_problems()) log_.emit(log::StateProblem{line});
}

void App::tell_files(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) log_.emit(log::ConfigNote{line});
}

Task<void> App::read_tables() {
  // A reload may put another in its place meanwhile; sessions that began with this one keep it.
  const std::shared_ptr<SettingsDirectory> directory = directory_;
  auto job = [from = directory->reading()]() mutable {
    return SettingsDirectory::read(std::move(from));
  };
  const auto read = co_await reader_.run(std::move(job));
  reading_ = false;
  directory->take(read);
  greylisting_.use(directory_->grey_exceptions());
  tell_files(read.problems);
}

void App::look_after_memory() {
  if (reception_->sessions() == 0) {
    // The allocator keeps what many sessions needed; a small board has other uses for it.
    ::malloc_trim(0);
  }
  const std::uint64_t limit = settings_->memory_limit;
  if (limit == 0) return;
  const std::uint64_t used = system::memory_used().value_or(0);
  std::size_t steps = 0;
  for (std::size_t i = 0; i < kShedSteps.size(); ++i) {
    const std::uint64_t gap = i < shedding_ ? kShedGap : 0;
    if (used * 100 >= limit * (kShedSteps[i].percent - gap)) steps = i + 1;
  }
  if (steps > 0) {
    reception_->shed_some();
    // Else what they had would still be counted the next time.
    ::malloc_trim(0);
  }
  if (std::exchange(shedding_, steps) == steps) return;
  screening_->screener().shed(steps > 0);
  reception_->shed(steps > 1);
  outgoing_->pause(steps > 2);
  const std::string_view text = steps == 0 ? "serving again" : kShedSteps[steps - 1].text;
  log_.emit(log::MemoryShed{used, limit, text});
}

log::Gauges App::gauges() const {
  log::Gauges out;
  out.sessions.push_back({"open", reception_->sessions()});
  const queue::Totals totals = store_->totals();
  const Moment now = clock_.now();
  out.queue_items = totals.items;
  out.queue_octets = totals.octets;
  if (totals.items > 0) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - totals.oldest).count();
    out.queue_oldest_seconds = static_cast<std::uint64_t>(std::max<decltype(age)>(age, 0));
  }
  out.memory_octets = system::memory_used().value_or(0);
  out.memory_limit = settings_->memory_limit;
  const Result<storage::Space> space = store_->space(settings_->queue_directory);
  if (space) out.storage_free = space->octets_free;
  if (contexts_ && contexts_->current())
    out.certificates.push_back({"smtpd_tls", contexts_->expires_in()});
  const dns::Totals& asked = dns_.totals();
  out.dns = {dns_.servers(), asked.questions, asked.known,      asked.joined,
             asked.sent,     asked.failed,    dns_.under_way(), dns_.cache().octets()};
  out.screen = screening_->gauge();
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(now - started_).count();
  out.uptime_seconds = static_cast<std::uint64_t>(std::max<decltype(up)>(up, 0));
  return out;
}

control::StatusSnapshot App::status() {
  control::StatusSnapshot out;
  out.version = kVersion;
  out.pid = static_cast<std::uint32_t>(::getpid());
  out.phase = (phase_ == Phase::Draining) ? "stopping" : "running";
  out.started = started_;
  out.now = clock_.now();
  out.utc_offset = clock_.utc_offset(out.now);
  out.hostname = settings_->myhostname;
  out.configuration = opened_->configuration;
  for (const auto& [service, local] : reception_->listening()) {
    const auto index = static_cast<std::size_t>(service);
    out.listeners.push_back({std::string(server::kServiceNames[index]), local.text()});
  }
  out.gauges = gauges();
  if (greylisting_.is_on()) out.gauges.triplets = greylisting_.store().triplets();
  out.problems = log_.problems();
  return out;
}

Task<Result<std::vector<queue::Item>>> App::queue() {
  return store_->list(kQueueListing);
}

// What the owner is told is done outlives whatever comes next.
Task<Result<std::string>> App::perform(control::Request request) {
  const bool is_kept = changes_state(request.verb);
  const std::uint64_t failures = state_.failures();
  auto done = co_await serve(std::move(request));
  if (!is_kept || !done) co_return done;
  const Moment wall = clock_.now();
  const Instant steady = clocks_.instant();
  const auto kept = co_await state_.commit(wall, steady, failures);
  if (kept) co_return done;
  co_return Error{Cause::Temporary, "in force, but a restart forgets it: " + kept.error().detail};
}

Task<Result<std::string>> App::serve(control::Request request) {
  if (request.verb == control::Verb::Login) {
    auto told = co_await login_keeper_->perform(std::move(request.words), request.json);
    outgoing_->wake();
    co_return told;
  }
  if (request.verb == control::Verb::Spf) {
    if (!spf_) co_return Error{Cause::Temporary, "there is no resolver"};
    auto told = co_await spf_->perform(std::move(request.words), request.json);
    co_return told;
  }
  if (OwnerWords::serves(request.verb)) {
    const View view{request.json, clock_.utc_offset(clock_.now())};
    co_return owner_words_.perform(request, view);
  }
  if (is_screen_verb(request.verb)) {
    const View view{request.json, clock_.utc_offset(clock_.now())};
    const Stamp now = state_.now(clock_.now(), clocks_.instant());
    ScreenDesk desk{*screening_, directory_, dns_, owner_words_.let_in(), warden_, view, now};
    auto answer = co_await serve_screening(std::move(desk), request);
    co_return answer;
  }
  if (is_grey_verb(request.verb)) {
    auto answer = co_await serve_greylist(greylisting_, clock_, request);
    co_return answer;
  }
  if (is_ban_verb(request.verb)) co_return serve_bans(warden_, clock_, request);
  if (is_alias_verb(request.verb)) {
    auto answer = co_await serve_aliases(*book_, *directory_, clock_, request);
    co_return answer;
  }
  auto done = co_await change_queue(*store_, request);
  outgoing_->wake();
  co_return done;
}

void App::task_failed(std::string_view name, std::string_view detail) {
  log_.emit(log::TaskFailed{name, detail});
}

}  // namespace gatepost::app

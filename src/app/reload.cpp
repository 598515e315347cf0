// SPDX-License-Identifier: Apache-2.0
// app: taking over new settings without losing a connection.
#include "app/reload.h"

#include <new>
#include <utility>

#include <asio/as_tuple.hpp>

#include "app/app.h"
#include "app/load.h"
#include "app/tls_wiring.h"
#include "app/wiring.h"
#include "base/loop.h"
#include "log/events.h"
#include "log/sink.h"

namespace gatepost::app {
namespace {

// The words of keys.def's column `reload`.
constexpr bool Live = false;  // NOLINT: the table's spelling.
constexpr bool Start = true;  // NOLINT: the table's spelling.

template <bool kAtStart, class T>
void keep(const T& in_force, T& next, const char* name, std::vector<std::string>& changed) {
  if constexpr (kAtStart) {
    if (next == in_force) return;
    changed.emplace_back(name);
    next = in_force;
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

}  // namespace

std::vector<std::string> keep_start_settings(const config::Settings& in_force,
                                             config::Settings& next) {
  std::vector<std::string> changed;
#define GP_GROUP(title)
#define GP_SERVICE_KEY(name, kind, initial, limits, reload, text) \
  static_assert(!(reload), "a service's settings are taken over live");
#define GP_KEY(name, kind, initial, limits, reload, text) \
  keep<reload>(in_force.name, next.name, #name, changed);
#include "config/keys.def"
  return changed;
}

void tell_certificates(const tls::Refresh& refresh, log::Log& log) {
  for (const std::string& problem : refresh.problems) log.emit(log::CertificateProblem{problem});
  if (refresh.made_self_signed) {
    log.emit(log::SelfSignedMade{"clients that check certificates will refuse it"});
  }
  if (refresh.changed) log.emit(log::CertificateLoaded{"in force for new connections"});
}

Result<std::string> App::fail_reload(std::string detail) {
  log_.emit(log::ReloadFailed{detail});
  manager_.ready("serving; the last reload failed");
  return Error{Cause::Permanent, std::move(detail)};
}

Result<NextSettings> read_next_settings(const std::string& file,
                                        tables::Files& files,
                                        const config::Settings& in_force) {
  try {
    auto loaded = load_settings(file, files);
    if (auto* refused = std::get_if<LoadRefusal>(&loaded)) {
      return Error{Cause::Permanent, joined(refused->lines)};
    }
    auto& fresh = std::get<LoadedSettings>(loaded);
    NextSettings next{*fresh.settings, std::move(fresh.directory), {}, std::move(fresh.notes), {}};
    next.waiting = keep_start_settings(in_force, next.settings);
    // The sandbox was closed around the folder of the mailboxes; nothing else can be written.
    if (mail_root(next.settings) != mail_root(in_force)) {
      return Error{Cause::Permanent, "mail_location: mailboxes in another folder need a restart"};
    }
    GP_TRY(next.tls, make_tls_settings(next.settings, *next.directory, files));
    return next;
  } catch (const std::bad_alloc&) {
    return Error{Cause::Permanent, "no memory for the tables as they are now"};
  }
}

Task<void> App::reload_by_signal() {
  // What came of it is in the log.
  [[maybe_unused]] const Result<std::string> outcome = co_await reload();
}

Task<Result<std::string>> App::reload() {
  const auto token = asio::as_tuple(kUseTask);
  while (reloading_) co_await reloaded_.async_wait(token);
  if (phase_ != Phase::Serving)
    co_return Error{Cause::Temporary, "the service is starting or stopping"};
  struct Turn {
    explicit Turn(App& an_app) : app(an_app) { app.reloading_ = true; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      app.reloading_ = false;
      app.reloaded_.cancel();
    }
    App& app;
  };
  const Turn turn(*this);
  auto outcome = co_await reload_now();
  co_return outcome;
}

Task<Result<std::string>> App::reload_now() {
  manager_.reloading();
  auto job = [file = opened_->configuration, &files = opened_->files, in_force = settings_] {
    return read_next_settings(file, files, *in_force);
  };
  auto next = co_await reader_.run(std::move(job));
  if (phase_ != Phase::Serving) co_return Error{Cause::Temporary, "the service is stopping"};
  if (!next) co_return fail_reload(next.error().detail);
  auto sink = log::choose_sink(next->settings.maillog_file);
  if (!sink) co_return fail_reload("maillog_file: " + sink.error().detail);
  std::string changes = put_into_force(*std::move(next), *std::move(sink));
  co_return changes;
}

std::string App::put_into_force(NextSettings next, std::unique_ptr<log::Sink> sink) {
  for (const std::string& note : next.notes) log_.emit(log::ConfigNote{note});
  settings_ = std::make_shared<const config::Settings>(std::move(next.settings));
  directory_ = std::move(next.directory);
  directory_->use(*book_, clocks_);
  if (spf_) directory_->use(*spf_);
  clock_.reload_zone();
  log_.configure(make_log_settings(*settings_), std::move(sink));
  take_over_keys(std::move(next.tls));
  dns_.configure(make_dns_settings(*settings_));
  const auto profile = make_profile(*settings_, directory_);
  login_keeper_->configure(*settings_, profile, *directory_);
  screening_->configure(*settings_, profile);
  configure_bans(profile);
  reception_->configure(profile);
  configure_greylisting();
  configure_local_mail(profile);
  outgoing_->configure(*settings_, profile);
  if (spf_) spf_->configure(*settings_);
  std::string changes = "settings, tables, users and certificates are read anew";
  if (!next.waiting.empty()) changes += "; these need a restart: " + joined(next.waiting);
  log_.emit(log::ServiceReloaded{changes});
  manager_.ready("serving");
  return changes;
}

void App::take_over_keys(tls::ServerSettings settings) {
  if (contexts_) {
    contexts_->configure(std::move(settings));
  } else if (wants_tls(*settings_)) {
    auto made = tls::make_server_contexts(std::move(settings));
    if (!made) return log_.emit(log::CertificateProblem{made.error().detail});
    contexts_ = *std::move(made);
    floor_->contexts = contexts_.get();
  }
  if (contexts_) tell_certificates(contexts_->refresh(), log_);
}

}  // namespace gatepost::app

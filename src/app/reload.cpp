// SPDX-License-Identifier: Apache-2.0
// app: taking over new settings without losing a connection.
#include "app/reload.h"

#include <utility>

#include "app/app.h"
#include "app/load.h"
#include "app/tls_wiring.h"
#include "app/wiring.h"
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

Result<std::string> App::reload() {
  if (phase_ != Phase::Serving)
    return Error{Cause::Temporary, "the service is starting or stopping"};
  manager_.reloading();
  auto loaded = load_settings(opened_->configuration, opened_->files);
  if (auto* refused = std::get_if<LoadRefusal>(&loaded)) return fail_reload(joined(refused->lines));
  auto& fresh = std::get<LoadedSettings>(loaded);
  config::Settings next = *fresh.settings;
  const std::vector<std::string> waiting = keep_start_settings(*settings_, next);
  // The sandbox was closed around the folder of the mailboxes; nothing else can be written.
  if (mail_root(next) != mail_root(*settings_)) {
    return fail_reload("mail_location: mailboxes in another folder need a restart");
  }
  auto tls = make_tls_settings(next, *fresh.directory, opened_->files);
  if (!tls) return fail_reload(tls.error().detail);
  auto sink = log::choose_sink(next.maillog_file);
  if (!sink) return fail_reload("maillog_file: " + sink.error().detail);
  // From here on nothing fails.
  for (const std::string& note : fresh.notes) log_.emit(log::ConfigNote{note});
  settings_ = std::make_shared<const config::Settings>(std::move(next));
  directory_ = std::move(fresh.directory);
  directory_->use(*book_, clocks_);
  clock_.reload_zone();
  log_.configure(make_log_settings(*settings_), *std::move(sink));
  take_over_keys(*std::move(tls));
  const auto profile = make_profile(*settings_, directory_);
  login_keeper_->configure(*settings_, profile, *directory_);
  reception_->configure(profile);
  configure_local_mail(profile);
  outgoing_->configure(*settings_, profile);
  std::string changes = "settings, tables, users and certificates are read anew";
  if (!waiting.empty()) changes += "; these need a restart: " + joined(waiting);
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

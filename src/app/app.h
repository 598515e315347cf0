// SPDX-License-Identifier: Apache-2.0
// app: builds every part of the running service, top to bottom; reading it is reading the program.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "app/ban_export.h"
#include "app/clocks.h"
#include "app/control_server.h"
#include "app/disk_files.h"
#include "app/login_keeper.h"
#include "app/outgoing.h"
#include "app/owner_words.h"
#include "app/reload.h"
#include "app/screening.h"
#include "app/settings_directory.h"
#include "app/spf_keeper.h"
#include "app/startup.h"
#include "base/loop.h"
#include "base/result.h"
#include "config/settings.h"
#include "control/backend.h"
#include "dns/resolver.h"
#include "log/counters.h"
#include "log/log.h"
#include "net/deadlines.h"
#include "net/task_group.h"
#include "server/alias_book.h"
#include "server/floor.h"
#include "server/greylisting.h"
#include "server/injector.h"
#include "server/login.h"
#include "server/pickup.h"
#include "server/policy_server.h"
#include "server/reception.h"
#include "server/warden.h"
#include "state/state_store.h"
#include "storage/clerk.h"
#include "storage/files.h"
#include "storage/mail_store.h"
#include "tls/server_context.h"

namespace gatepost::app {

/// starting -> serving -> draining -> stopped. One thread, but for the clerk's and the reader's.
class App final : public ControlBackend, private net::TaskWatch, private server::Reception::Watch {
 public:
  /// Takes what start-up opened; the process has its final privileges.
  explicit App(std::unique_ptr<Opened> opened);
  ~App() override;

  /// Serves until told to stop; the exit code.
  int run();

  control::StatusSnapshot status() override;
  const log::Counters& counters() const override { return counters_; }
  Task<Result<std::vector<queue::Item>>> queue() override;
  Task<Result<std::string>> perform(control::Request request) override;
  Task<Result<std::string>> reload() override;

 private:
  enum class Phase : std::uint8_t { Starting, Serving, Draining };

  Task<void> start();
  void open_doors();
  void wait_for_signal();
  void on_signal(system::Signal signal);
  void tick();
  void look_after_memory();
  void many_came() override { look_after_memory(); }
  void look_after_files();
  void look_after_state();
  void mend_state();
  void configure_greylisting();
  void configure_bans(std::shared_ptr<const server::Profile> profile);
  void tell_files(const std::vector<std::string>& lines);
  Task<void> read_tables();
  Task<void> reload_by_signal();
  Task<Result<std::string>> reload_now();
  Task<Result<std::string>> serve(control::Request request);
  std::string put_into_force(NextSettings next, std::unique_ptr<log::Sink> sink);
  Result<std::string> fail_reload(std::string detail);
  void configure_local_mail(const std::shared_ptr<const server::Profile>& profile);
  void take_over_keys(tls::ServerSettings settings);
  void drain(std::string_view reason);
  void drained_yet();
  void finish();
  log::Gauges gauges() const;
  void task_failed(std::string_view name, std::string_view detail) override;

  std::unique_ptr<Opened> opened_;
  std::shared_ptr<const config::Settings> settings_;
  asio::io_context& loop_;
  log::SystemClock& clock_;
  log::Counters& counters_;
  log::Log& log_;
  MachineClocks clocks_;
  SteadyClock steady_;
  net::Deadlines deadlines_;
  net::TaskGroup tasks_;
  storage::Clerk clerk_;
  storage::Clerk reader_;  ///< Reads tables and settings.
  std::unique_ptr<storage::Files> disk_;
  std::unique_ptr<storage::MailStore> store_;
  state::StateStore state_;
  std::unique_ptr<tls::ServerContexts> contexts_;
  std::shared_ptr<SettingsDirectory> directory_;
  system::ServiceManager& manager_;
  server::Logins logins_;
  std::unique_ptr<server::AliasBook> book_;
  dns::Resolver dns_;
  OwnerWords owner_words_;
  server::Greylisting greylisting_;
  server::Warden warden_;
  std::unique_ptr<server::Floor> floor_;
  server::Injector injector_;
  std::unique_ptr<BanExport> ban_export_;
  std::unique_ptr<Outgoing> outgoing_;
  std::unique_ptr<Screening> screening_;
  std::unique_ptr<server::Reception> reception_;
  std::unique_ptr<server::PolicyServer> policy_server_;  ///< Null: greylisting is not lent.
  std::unique_ptr<LoginKeeper> login_keeper_;
  std::unique_ptr<SpfKeeper> spf_;          ///< Null where nothing can be looked up.
  std::unique_ptr<server::Pickup> pickup_;  ///< Null without a maildrop.
  std::unique_ptr<ControlServer> control_;
  WatchedDescriptor signals_;
  Timer ticker_;
  Timer grace_;
  Timer reloaded_;  ///< Never expires; cancelled when a reload is over.
  Moment started_{};
  Phase phase_ = Phase::Starting;
  Stamp looked_ = 0;              ///< After the state, by its time.
  std::uint64_t generation_ = 0;  ///< Of the state, with all bans and words of the owner in it.
  std::size_t shedding_ = 0;      // How many of the steps are taken.
  bool reading_ = false;          ///< Tables, on the reader's thread.
  bool reloading_ = false;        ///< One at a time.
  int exit_code_ = 0;
};

}  // namespace gatepost::app

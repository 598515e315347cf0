// SPDX-License-Identifier: Apache-2.0
// app: the queue's way out: where addresses lead, who is told, and the runner that does it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "base/result.h"
#include "base/task.h"
#include "config/settings.h"
#include "delivery/prober.h"
#include "delivery/runner.h"
#include "delivery/world.h"
#include "mail/report.h"
#include "net/task_group.h"
#include "server/floor.h"
#include "server/injector.h"
#include "server/profile.h"

namespace gatepost::app {

class Outgoing final : public delivery::World, public server::Handover {
 public:
  /// All outlive this.
  Outgoing(asio::io_context& loop,
           net::TaskGroup& tasks,
           server::Floor& floor,
           server::Injector& injector);

  void configure(const config::Settings& settings, std::shared_ptr<const server::Profile> profile);
  void start() { runner_.start(); }
  void stop();
  /// While true nothing new is tried.
  void pause(bool yes) { runner_.pause(yes); }

  // delivery::World
  Moment now() override { return floor_.clocks.moment(); }
  Result<delivery::Hop> route(const mail::Mailbox& to, const mail::Mailbox& sender) override;
  Task<Result<void>> inject(const queue::Item& item,
                            const std::vector<std::size_t>& which) override;
  std::vector<std::vector<std::size_t>> set_apart(const queue::Item& item,
                                                  const std::vector<std::size_t>& which) override;
  Task<Result<void>> report(const queue::Item& item,
                            const std::vector<delivery::Told>& what) override;
  // server::Handover
  Task<std::optional<smtp::Reply>> probe(const mail::Mailbox& to,
                                         policy::DomainClass domain,
                                         const mail::Mailbox& sender) override;
  void wake() override { runner_.wake(); }

 private:
  [[nodiscard]] const delivery::Transport& transport_of(policy::DomainClass domain) const;
  [[nodiscard]] Result<std::vector<std::string>> find_places(const mail::Mailbox& to,
                                                             const mail::Mailbox& sender) const;
  [[nodiscard]] std::string report_text(const queue::Item& item,
                                        const std::vector<delivery::Told>& what,
                                        const mail::Mailbox& to,
                                        const mail::ReturnedText& returned) const;

  server::Floor& floor_;
  server::Injector& injector_;
  delivery::Runner runner_;
  delivery::Prober prober_;
  std::shared_ptr<const server::Profile> profile_;
  delivery::Transport local_;
  delivery::Transport virtual_;
};

}  // namespace gatepost::app

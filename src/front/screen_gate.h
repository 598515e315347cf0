// SPDX-License-Identifier: Apache-2.0
// front: screens one connection as postscreen(8) does, and goes on with it in the same session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bans/rules.h"
#include "base/loop.h"
#include "front/list_inquiry.h"
#include "screen/trial.h"
#include "server/client_name.h"
#include "server/gate.h"
#include "server/profile.h"

namespace gatepost::front {

class Screener;

class ScreenGate final : public server::Gate, private ListInquiry::Observer {
 public:
  ScreenGate(Screener& screener, std::shared_ptr<const server::Profile> profile);
  ~ScreenGate() override;
  ScreenGate(const ScreenGate&) = delete;
  ScreenGate& operator=(const ScreenGate&) = delete;

  Task<void> meet(const server::Peer& peer) override;
  Task<std::unique_ptr<server::Admission>> admit(net::Connection& connection,
                                                 server::Peer& peer) override;
  void shut_down() override;
  std::optional<smtp::Reply> hear(const smtp::Note& note) override;
  [[nodiscard]] bool refuses() const override { return trial_ && trial_->is_refused(); }
  std::optional<smtp::Reply> judge(const smtp::ServerSession& session) override;
  std::optional<smtp::Reply> stop(const smtp::ServerSession& session) override;
  [[nodiscard]] std::uint64_t most_octets() const override;
  [[nodiscard]] std::optional<smtp::Reply> rejection() const override;
  [[nodiscard]] bool is_passed() const override { return passed_; }
  void end(bool lost) override;

 private:
  /// What is looked up about the client beside the tests. Outlives the gate while that goes on.
  struct Lookup {
    ScreenGate* gate = nullptr;  ///< Null: it is gone.
    std::optional<server::ClientName> name;
    Timer* bell = nullptr;  ///< Of who waits for the name.
  };

  /// One of `*count`, as long as it lives.
  struct Counted {
    explicit Counted(std::shared_ptr<std::uint32_t> c) : count(std::move(c)) { ++*count; }
    Counted(Counted&&) = default;
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() {
      if (count) --*count;
    }
    std::shared_ptr<std::uint32_t> count;
  };

  static Task<void> look_up(Dns& dns,
                            IpAddress client,
                            std::shared_ptr<Lookup> lookup,
                            Counted counted);
  Task<void> screen_client();
  void begin_lookup();
  Task<void> tease(net::Connection& connection);
  void ask_lists();
  void take_early(std::string_view text, Instant begun);
  Task<void> name_client(server::Peer& peer);
  void lists_answered() override;
  void wake();
  /// When to see whether it has waited enough, if nothing happens before.
  [[nodiscard]] Instant next_look(Instant until) const;
  [[nodiscard]] bool has_waited_enough();
  [[nodiscard]] bool is_proven() const;
  [[nodiscard]] bool is_expected() const;
  void judge_early(server::Peer& peer);
  void fail(screen::Test test, std::string_view after, std::string_view text, Instant begun);
  void offend(bans::Offence offence) const;
  std::unique_ptr<server::Admission> closed(std::optional<smtp::Reply> reply);
  std::unique_ptr<server::Admission> settled();
  std::unique_ptr<server::Admission> watched();
  /// What has to be remembered is; `over`: it is told, too.
  void conclude(bool over = true);
  void say(std::string_view verdict) const;
  [[nodiscard]] smtp::Reply refusal(std::uint16_t code) const;
  [[nodiscard]] bool takes_lane(const smtp::ServerSession& session);
  void log_rejected(const smtp::ServerSession& session, const smtp::Reply& reply) const;
  [[nodiscard]] const IpAddress& client() const { return peer_->client.address; }
  /// "[192.0.2.1]:50013"
  [[nodiscard]] std::string who() const;
  [[nodiscard]] Instant now() const;
  [[nodiscard]] screen::Seconds today() const;

  Screener& screener_;
  std::shared_ptr<const server::Profile> profile_;
  const screen::Settings& settings_;
  const server::Peer* peer_ = nullptr;  // Null: not met yet.
  Instant began_{};
  std::optional<screen::Trial> trial_;  // Nothing: there is nothing to test.
  std::optional<ListInquiry::Asked> asked_;
  std::shared_ptr<Lookup> lookup_;
  net::Connection* waiting_ = nullptr;            // Where it waits for the end of the early tests.
  std::string input_;                             // What came meanwhile.
  std::unique_ptr<const std::string> list_name_;  // The list that is named to a refused client.
  std::optional<screen::Action> dropped_;
  std::unique_ptr<server::Admission> decided_;  // Before any test.
  bool testing_ = false;                        // There are tests to wait for.
  bool hung_up_ = false;
  bool unwaited_ = false;  // The wait for the greeting was left out for mail that is expected.
  bool counted_ = false;   // Among those under test.
  bool kept_ = false;      // It is remembered what this session has shown so far.
  bool known_by_sibling_ = false;
  bool told_pass_ = false;
  bool told_end_ = false;
  bool passed_ = false;
  bool stopping_ = false;
  bool lane_ = false;     // A mail for postmaster is on its way.
  bool unnamed_ = false;  // Too many names were looked up.
  bool softly_ = false;   // Being listed is a reason to come again, not to stay away.
};

}  // namespace gatepost::front

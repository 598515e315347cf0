// SPDX-License-Identifier: Apache-2.0
// state: the rows of greylisting in state.db.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "base/task.h"
#include "greylist/judge.h"
#include "greylist/key.h"
#include "greylist/postgrey_row.h"
#include "state/state_store.h"

namespace gatepost::state {

/// All calls from the loop's thread.
class GreyStore {
 public:
  /// `state` outlives it.
  explicit GreyStore(StateStore& state) : state_(state) {}

  struct Question {
    greylist::Key key;
    greylist::Rules rules;
    Stamp now = 0;
    bool traps_only = false;  ///< Who has not to do with a trap passes, and nothing is kept of it.
  };
  /// greylist::judge() with what is known of it, and keeps what comes of it. An error: nothing is
  /// known, and nobody shall be put off.
  Task<Result<greylist::Judgement>> judge(Question question);
  enum class Refused : std::uint8_t {
    Nothing,
    Caught,  ///< It was a trap, and the network is trapped.
    Ripe,    ///< Only guessers ask for it, and enough of them: it may become a trap.
  };
  /// What there is to learn from a refusal.
  struct Learning {
    std::uint32_t enough = 0;  ///< greylist_trap_learning; 0: nothing is.
    std::string address;       ///< The recipient without its extension.
  };
  /// False: there is no trap, nor a network that wrote to one.
  [[nodiscard]] bool may_trap() const { return !trapless_.load(); }
  /// Mail was refused whose recipient does not exist. When that is a trap, or `sure`, its network
  /// is trapped; the client alone, when mail of the network has passed. Clients of the auto-allowlist are not, nor does who is known guess.
  Task<Result<Refused>> catch_refused(Question question, bool sure, Learning learning);
  /// The address is somebody's, or was: never a learned trap.
  void note_existing(std::string address, Stamp now);

  struct Row {
    std::string net;
    std::string sender;
    std::string recipient;
    greylist::Triplet triplet;
  };
  /// Which rows: those of which any part is the same; with nothing set all.
  struct Filter {
    std::string net = {};
    std::string sender = {};
    std::string recipient = {};
    std::string client = {};
    [[nodiscard]] bool is_all() const { return net.empty() && sender.empty() && recipient.empty(); }
  };
  /// Those seen last, first.
  Task<Result<std::vector<Row>>> list(Filter filter, std::size_t most);
  /// They have waited enough. How many there were.
  Task<Result<std::uint64_t>> pass(Filter filter, Stamp now);
  /// They, and what is known of the client, are as never seen. How many there were.
  Task<Result<std::uint64_t>> forget(Filter filter);

  struct Allowed {
    std::string client;
    greylist::Client seen;
  };
  Task<Result<std::vector<Allowed>>> clients(Filter filter, std::size_t most);
  struct Trapped {
    std::string net;  ///< Or client.
    Stamp until = 0;
  };
  Task<Result<std::vector<Trapped>>> trapped(Filter filter, Stamp now, std::size_t most);

  struct Stats {
    std::uint64_t waiting = 0;  ///< Triplets.
    std::uint64_t passed = 0;   ///< Triplets.
    std::uint64_t clients = 0;
    std::uint64_t allowed = 0;  ///< Clients on the auto-allowlist.
    std::uint64_t traps = 0;
    std::uint64_t trapped = 0;  ///< Networks.
  };
  Task<Result<Stats>> stats(greylist::Rules rules, Stamp now);
  /// Triplets as of the last attempt that was judged.
  [[nodiscard]] std::uint64_t triplets() const { return triplets_.load(); }

  /// There was no room for another triplet since it was asked last.
  [[nodiscard]] bool take_full() { return full_.exchange(false); }

  struct Trap {
    std::string address;
    Stamp made = 0;
    bool learned = false;  ///< Nobody made it: see Learning.
  };
  /// False when it was one already, or was none. By hand a learned one becomes the owner's.
  Task<Result<bool>> add_trap(std::string address, Stamp now, bool learned = false);
  Task<Result<bool>> delete_trap(std::string address);
  Task<Result<std::vector<Trap>>> traps(std::size_t most);

  struct Import {
    std::uint64_t triplets = 0;  ///< Taken over.
    std::uint64_t clients = 0;   ///< The same.
    std::uint64_t left = 0;      ///< Are known here already, too old, or there is no room.
  };
  /// What another greylister knew. What is known here stays.
  Task<Result<Import>> import(std::vector<greylist::PostgreyRow> rows,
                              greylist::Rules rules,
                              Stamp now);

  /// Once a second or so. Removes what nobody needs any more, a few rows at a time, all of it in
  /// the course of an hour or some.
  void tick(const greylist::Rules& rules, Stamp now);

 private:
  /// What only the state's thread touches.
  struct Sweep {
    std::string net;  ///< Rows up to here are done.
    std::int64_t passed = 0;
    std::string sender;
    std::string recipient;
  };
  struct Count {
    std::uint64_t generation = 0;
    std::uint64_t rows = 0;
  };
  Result<greylist::Judgement> judge_in(StateDatabase& state, const Question& question);
  Result<greylist::Judgement> judge_trap(StateDatabase& state,
                                         const Question& question,
                                         const greylist::Known& known);
  Result<void> trap(StateDatabase& state, const Question& question);
  Result<void> make_room(StateDatabase& state, Stamp now);
  static Result<std::uint64_t*> counted(StateDatabase& state, Count& count, std::string_view sql);
  Result<bool> learn(StateDatabase& state,
                     const Question& question,
                     const Learning& learning,
                     bool allowed);
  Result<bool> sweep(StateDatabase& state, const greylist::Rules& rules, Stamp now);

  StateStore& state_;
  Sweep sweep_;
  Count count_;
  Count guesses_;
  Stamp barren_ = 0;  ///< When make_room() found nothing to take.
  Stamp swept_ = 0;   ///< The loop's: when the last sweep began.
  std::atomic<bool> sweeping_{false};
  std::atomic<bool> full_{false};
  std::atomic<bool> trapless_{false};       ///< As was seen, and nothing came since.
  std::atomic<std::uint64_t> triplets_{0};  ///< As count_.rows was.
};

}  // namespace gatepost::state

// SPDX-License-Identifier: Apache-2.0
// server: one text that is stored for several envelopes: lists whose owner is the sender.
#include "server/list_intake.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gatepost::server {
namespace {

class ListIntake final : public storage::Intake {
 public:
  explicit ListIntake(storage::MailStore& store) : store_(store) {}

  void add(storage::IntakeRequest request) {
    ids_.push_back(request.id);
    parts_.push_back(store_.begin(std::move(request)));
  }

  void append(std::string_view octets) override {
    for (const auto& part : parts_) part->append(octets);
  }

  [[nodiscard]] bool full() const override {
    return std::any_of(parts_.begin(), parts_.end(), [](const auto& part) { return part->full(); });
  }

  Task<Result<void>> drain() override {
    for (const auto& part : parts_) {
      Result<void> drained = co_await part->drain();
      if (!drained) co_return drained;
    }
    co_return Result<void>();
  }

  // The first part is the one with mailboxes, which cannot be taken back: it comes last.
  Task<Result<storage::Stored>> promise() override {
    Duration spent{};
    bool queued = false;
    for (std::size_t n = parts_.size(); n-- > 0;) {
      Result<storage::Stored> stored = co_await parts_[n]->promise();
      if (!stored) {
        for (std::size_t done = n + 1; done < ids_.size(); ++done) {
          std::string id = ids_[done];
          static_cast<void>(co_await store_.erase(std::move(id)));
        }
        co_return stored;
      }
      spent += stored->promise_time;
      queued = queued || stored->queued;
      if (n > 0) continue;
      stored->promise_time = spent;
      stored->queued = queued;
      co_return stored;
    }
    co_return Error{Cause::Bug, "a message for nobody"};
  }

 private:
  storage::MailStore& store_;
  std::vector<std::string> ids_;
  std::vector<std::unique_ptr<storage::Intake>> parts_;
};

}  // namespace

std::unique_ptr<storage::Intake> begin_with_lists(storage::MailStore& store,
                                                  storage::IntakeRequest request,
                                                  std::vector<storage::IntakeRequest> parts) {
  if (parts.empty()) return store.begin(std::move(request));
  auto out = std::make_unique<ListIntake>(store);
  out->add(std::move(request));
  for (storage::IntakeRequest& part : parts) out->add(std::move(part));
  return out;
}

}  // namespace gatepost::server

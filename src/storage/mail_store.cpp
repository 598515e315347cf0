// SPDX-License-Identifier: Apache-2.0
// storage: the store: intakes on the loop, their work with the clerk.
#include "storage/mail_store.h"

#include <cerrno>
#include <chrono>
#include <random>
#include <utility>

#include "queue/record.h"
#include "storage/clerk.h"
#include "storage/draft.h"
#include "storage/files.h"
#include "storage/queue_recovery.h"

namespace gatepost::storage {
namespace {

/// A draft travels to the clerk and back with its answer. While it is away it belongs to the
/// job: should the session's frame die meanwhile, the job still has all it needs.
template <class Answer>
struct Return {
  std::unique_ptr<Draft> draft;
  Result<Answer> answer;
};

class StoreIntake final : public Intake {
 public:
  StoreIntake(Clerk& clerk, std::unique_ptr<Draft> draft, std::uint64_t buffer_octets)
      : clerk_(clerk), draft_(std::move(draft)), buffer_octets_(buffer_octets) {}

  ~StoreIntake() override {
    if (!draft_ || !draft_->has_files()) return;
    auto drop = [draft = std::move(draft_)]() mutable { draft.reset(); };
    clerk_.leave(std::move(drop));
  }

  void append(std::string_view octets) override { draft_->buffer.append(octets); }

  [[nodiscard]] bool full() const override { return draft_->buffer.size() >= buffer_octets_; }

  Task<Result<void>> drain() override {
    auto job = [draft = std::move(draft_)]() mutable {
      auto answer = draft->spill();
      return Return<void>{std::move(draft), std::move(answer)};
    };
    auto returned = co_await clerk_.run(std::move(job));
    draft_ = std::move(returned.draft);
    co_return std::move(returned.answer);
  }

  // One job, whatever there is to do: between two of them a cancelled session would stop, and
  // with it the promise.
  Task<Result<Stored>> promise() override {
    const auto begin = std::chrono::steady_clock::now();
    auto job = [draft = std::move(draft_)]() mutable {
      auto answer = draft->promise();
      return Return<Stored>{std::move(draft), std::move(answer)};
    };
    auto returned = co_await clerk_.run(std::move(job));
    draft_ = std::move(returned.draft);
    if (returned.answer) {
      returned.answer->promise_time =
          std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
    }
    co_return std::move(returned.answer);
  }

 private:
  Clerk& clerk_;
  std::unique_ptr<Draft> draft_;
  const std::uint64_t buffer_octets_;
};

/// The name's own separators, as the Maildir convention escapes them.
std::string escape_hostname(std::string_view hostname) {
  std::string out;
  for (const char c : hostname) {
    if (c == '/') {
      out.append("\\057");
    } else if (c == ':') {
      out.append("\\072");
    } else {
      out.push_back(static_cast<unsigned char>(c) <= ' ' || c == ',' ? '_' : c);
    }
  }
  return out;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class DiskMailStore final : public MailStore {
 public:
  DiskMailStore(Clerk& clerk, Files& files, Settings settings)
      : clerk_(clerk), shelf_(files, std::move(settings), std::random_device()()) {}

  ~DiskMailStore() override { clerk_.settle(); }

  Task<Result<void>> open() override {
    auto job = [this] {
      return open_queue(shelf_.files, shelf_.settings.queue_directory, shelf_.texts, problems_);
    };
    auto opened = co_await clerk_.run(std::move(job));
    if (!opened) co_return std::move(opened).error();
    shelf_.index = *std::move(opened);
    co_return Result<void>();
  }

  void set_hostname(std::string_view hostname) override {
    shelf_.hostname = std::make_shared<const std::string>(escape_hostname(hostname));
  }

  std::unique_ptr<Intake> begin(IntakeRequest request) override {
    auto draft = std::make_unique<Draft>(shelf_, std::move(request));
    return std::make_unique<StoreIntake>(clerk_, std::move(draft), shelf_.settings.buffer_octets);
  }

  Task<Result<std::vector<queue::Item>>> list(std::size_t most) override {
    if (!shelf_.index) co_return not_open();
    auto job = [this, most] { return shelf_.index->list(most); };
    auto items = co_await clerk_.run(std::move(job));
    co_return items;
  }

  Task<Result<void>> erase(std::string id) override {
    if (!shelf_.index) co_return not_open();
    if (!queue::is_item_id(id)) co_return Result<void>();
    auto job = [this, name = std::move(id)] { return shelf_.take_out({&name, 1}); };
    const auto erased = co_await clerk_.run(std::move(job));
    if (!erased) co_return erased.error();
    co_return Result<void>();
  }

  Task<Result<std::size_t>> erase_all(std::vector<std::string> ids) override {
    if (!shelf_.index) co_return not_open();
    std::erase_if(ids, [](const std::string& id) { return !queue::is_item_id(id); });
    auto job = [this, which = std::move(ids)] { return shelf_.take_out(which); };
    auto erased = co_await clerk_.run(std::move(job));
    co_return erased;
  }

  Task<Result<std::vector<queue::Item>>> due(Moment now, std::size_t most) override {
    if (!shelf_.index) co_return not_open();
    auto job = [this, now, most] { return shelf_.index->due(now, most); };
    auto items = co_await clerk_.run(std::move(job));
    co_return items;
  }

  Task<Result<std::optional<queue::Item>>> find(std::string id) override {
    if (!shelf_.index) co_return not_open();
    auto job = [this, name = std::move(id)] { return shelf_.index->find(name); };
    auto item = co_await clerk_.run(std::move(job));
    co_return item;
  }

  Task<Result<std::size_t>> update(std::vector<std::string> ids, queue::Change change) override {
    if (!shelf_.index) co_return not_open();
    auto job = [this, which = std::move(ids), what = std::move(change)] {
      return shelf_.index->update(which, what);
    };
    auto changed = co_await clerk_.run(std::move(job));
    co_return changed;
  }

  Task<Result<std::string>> read_text(std::string id,
                                      std::uint64_t offset,
                                      std::size_t most) override {
    if (!shelf_.texts.is_open()) co_return not_open();
    auto job = [this, name = std::move(id), offset, most] {
      return shelf_.texts.read(name, offset, most);
    };
    auto piece = co_await clerk_.run(std::move(job));
    co_return piece;
  }

  Task<Result<mail::QuotaUse>> quota(std::string maildir, mail::QuotaLimits limits) override {
    const auto now =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    if (const auto known = shelf_.quotas.known(maildir, limits, now)) co_return *known;
    auto job = [this, path = std::move(maildir), limits, now] {
      return shelf_.quotas.use(path, limits, now);
    };
    auto use = co_await clerk_.run(std::move(job));
    co_return use;
  }

  std::vector<std::string> take_problems() override { return std::exchange(problems_, {}); }

  [[nodiscard]] queue::Totals totals() const override {
    return shelf_.index ? shelf_.index->totals() : queue::Totals{};
  }

  [[nodiscard]] Result<Space> space(const std::string& path) override {
    std::string at = path;
    auto found = shelf_.files.space(at);
    while (!found && found.error().system == ENOENT && at != "/" && at != ".") {
      at = parent_of(at);
      found = shelf_.files.space(at);
    }
    if (!found) return std::move(found).error();
    Space space;
    space.octets_free = found->octets;
    space.inodes_free = found->inodes;
    space.counts_inodes = found->counts_inodes;
    return space;
  }

 private:
  static Error not_open() { return Error{Cause::Bug, "the queue is not open", 0}; }

  Clerk& clerk_;
  Shelf shelf_;
  std::vector<std::string> problems_;
};

}  // namespace

Task<Result<std::size_t>> MailStore::set_hold(std::string id, bool hold) {
  std::vector<std::string> ids;
  ids.push_back(std::move(id));
  queue::Change change;
  change.hold = hold;
  return update(std::move(ids), std::move(change));
}

std::unique_ptr<MailStore> make_mail_store(Clerk& clerk,
                                           Files& files,
                                           MailStore::Settings settings) {
  settings.hostname = escape_hostname(settings.hostname);
  return std::make_unique<DiskMailStore>(clerk, files, std::move(settings));
}

}  // namespace gatepost::storage

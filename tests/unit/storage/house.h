// SPDX-License-Identifier: Apache-2.0
// tests: a store on a scratch folder, with a loop to run its tasks.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "storage/clerk.h"
#include "storage/files.h"
#include "storage/mail_store.h"

namespace gatepost::storage::test {

/// A folder that is gone with its object.
class Scratch {
 public:
  Scratch() {
    // In memory where there is such a place: the tests sync thousands of times, and prove
    // the order of calls, not the disk.
    std::string form = ::access("/dev/shm", W_OK) == 0
                           ? "/dev/shm/gatepost-XXXXXX"
                           : (std::filesystem::temp_directory_path() / "gatepost-XXXXXX").string();
    if (::mkdtemp(form.data()) != nullptr) path_ = form;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  if (!std::filesystem::is_directory(folder)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Contents of the files of a folder, in the order of their names.
inline std::vector<std::string> texts_in(const std::string& folder) {
  std::vector<std::string> texts;
  for (const std::string& name : names_in(folder)) texts.push_back(read_text(folder + "/" + name));
  return texts;
}

template <class T>
Task<void> keep_answer(Task<T> task, std::optional<T>& answer) {
  T value = co_await std::move(task);
  answer.emplace(std::move(value));
}

/// Runs one task to its end on `loop`.
template <class T>
T run_task(asio::io_context& loop, Task<T> task) {
  std::optional<T> answer;
  asio::co_spawn(loop, keep_answer(std::move(task), answer), asio::detached);
  loop.restart();
  loop.run();
  return std::move(*answer);
}

inline void run_task(asio::io_context& loop, Task<void> task) {
  asio::co_spawn(loop, std::move(task), asio::detached);
  loop.restart();
  loop.run();
}

inline Moment at_second(std::int64_t second) {
  return Moment(std::chrono::seconds(second));
}

/// A store in `root`: queue in root/queue, Maildirs below root/mail.
class House {
 public:
  House(Files& files,
        const std::string& root,
        bool share_text = true,
        std::uint64_t buffer_octets = 64 * 1024)
      : root_(root), clerk_(loop_, Clerk::Settings{4, 256 * 1024}) {
    MailStore::Settings settings;
    settings.queue_directory = root + "/queue";
    settings.share_text = share_text;
    settings.hostname = "mx.example";
    settings.buffer_octets = buffer_octets;
    store_ = make_mail_store(clerk_, files, settings);
  }

  Result<void> open() { return run_task(loop_, store_->open()); }

  [[nodiscard]] std::string maildir(const std::string& user) const {
    return root_ + "/mail/" + user + "/Maildir";
  }

  [[nodiscard]] IntakeRequest request(const std::string& id,
                                      const std::vector<std::string>& users) const {
    IntakeRequest request;
    request.id = id;
    request.arrived =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    request.envelope.sender = {"sender", "client.example"};
    request.received = "Received: from client.example\n\tby mx.example; now\n";
    for (const std::string& user : users) {
      request.local.push_back({maildir(user), user + "@us.example"});
    }
    return request;
  }
  [[nodiscard]] static mail::Recipient remote(const std::string& local) {
    return {{local, "elsewhere.example"}, {}, {}};
  }

  /// Appends `text` in pieces of the buffer's size, drained as a session would, and promises.
  /// A failed draft takes its files away on a thread of its own: that is over, too, when this
  /// returns, so that doubles of the disk see one call at a time, in the same order each time.
  Result<Stored> deliver(IntakeRequest request, const std::string& text) {
    auto stored = deliver_unsettled(std::move(request), text);
    clerk_.settle();
    return stored;
  }

  std::vector<queue::Item> queued() {
    auto items = run_task(loop_, store_->list(1000));
    return std::move(items).value_or({});
  }

  [[nodiscard]] std::vector<std::string> new_in(const std::string& user) const {
    return texts_in(maildir(user) + "/new");
  }
  /// Files in tmp/ of all Maildirs and texts of the queue.
  [[nodiscard]] std::size_t unseen() const {
    std::size_t count = names_in(root_ + "/queue/text").size();
    for (const std::string& user : names_in(root_ + "/mail")) {
      count += names_in(maildir(user) + "/tmp").size();
    }
    return count;
  }

  MailStore& store() { return *store_; }
  Clerk& clerk() { return clerk_; }
  asio::io_context& loop() { return loop_; }

 private:
  Result<Stored> deliver_unsettled(IntakeRequest request, const std::string& text) {
    auto intake = store_->begin(std::move(request));
    constexpr std::size_t kPiece = 16 * 1024;
    for (std::size_t at = 0; at < text.size(); at += kPiece) {
      intake->append(std::string_view(text).substr(at, kPiece));
      if (!intake->full()) continue;
      auto drained = run_task(loop_, intake->drain());
      if (!drained) return std::move(drained).error();
    }
    return run_task(loop_, intake->promise());
  }

  const std::string root_;
  asio::io_context loop_{1};
  Clerk clerk_;
  std::unique_ptr<MailStore> store_;
};

}  // namespace gatepost::storage::test

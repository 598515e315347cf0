// SPDX-License-Identifier: Apache-2.0
// bench: how fast the store keeps promises, beside a bare loop that does the least it could.
//
//   store_bench FOLDER [SECONDS [OCTETS [TURNS]]]
//
// FOLDER is an absolute path. Each row is measured in turns with the others, so that a busy
// machine is unfair to all alike; the best turn is printed, being the least disturbed one, and
// the median beside it. The bare loop creates, writes, syncs, renames and
// syncs the folder.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "base/format.h"
#include "storage/clerk.h"
#include "storage/files.h"
#include "storage/mail_store.h"

namespace gatepost::storage {
namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
  std::string folder;
  double seconds = 1;
  std::size_t octets = 10 * 1024;
  int turns = 5;
};

struct Measured {
  double rate = 0;
  double cpu_ms = 0;          ///< CPU of a message.
  double octets_written = 0;  ///< To the block layer, for each octet of mail.
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double octets_written() {
  std::ifstream io("/proc/self/io");
  std::string name;
  double value = 0;
  while (io >> name >> value) {
    if (name == "write_bytes:") return value;
  }
  return 0;
}

class Meter {
 public:
  Measured read(std::uint64_t messages, std::size_t octets) const {
    const std::chrono::duration<double> time = Clock::now() - begin_;
    const auto count = static_cast<double>(std::max<std::uint64_t>(messages, 1));
    return {count / time.count(), (cpu_seconds() - cpu_) * 1e3 / count,
            (octets_written() - written_) / count / static_cast<double>(octets)};
  }

 private:
  Clock::time_point begin_ = Clock::now();
  double cpu_ = cpu_seconds();
  double written_ = octets_written();
};

std::string text_of(std::size_t octets) {
  std::string text;
  while (text.size() < octets)
    text.append("A line of mail as long as lines of mail often are, sixty.\n");
  text.resize(octets);
  return text;
}

void bare_loop(
    const Plan& plan, int tmp, int fresh, unsigned thread, std::atomic<std::uint64_t>& messages) {
  const std::string text = text_of(plan.octets);
  const auto end = Clock::now() + std::chrono::duration<double>(plan.seconds);
  for (unsigned n = 0; Clock::now() < end; ++n) {
    const std::string name = format("{}.{}.{}", Clock::now().time_since_epoch().count(), thread, n);
    const int file = openat(tmp, name.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    const auto size = static_cast<ssize_t>(text.size());
    bool good = file >= 0 && write(file, text.data(), text.size()) == size && fsync(file) == 0;
    close(file);
    good = good && renameat(tmp, name.c_str(), fresh, name.c_str()) == 0 && fsync(fresh) == 0;
    if (!good) std::abort();
    messages.fetch_add(1);
  }
}

Measured run_bare(const Plan& plan, unsigned threads) {
  auto files = make_system_files();
  if (!make_folders(*files, plan.folder + "/bare/tmp")) std::abort();
  if (!make_folders(*files, plan.folder + "/bare/new")) std::abort();
  const int tmp = open((plan.folder + "/bare/tmp").c_str(), O_RDONLY | O_DIRECTORY);
  const int fresh = open((plan.folder + "/bare/new").c_str(), O_RDONLY | O_DIRECTORY);
  std::atomic<std::uint64_t> messages{0};
  const Meter meter;
  std::vector<std::thread> running;
  for (unsigned n = 0; n < threads; ++n) {
    running.emplace_back([&, n] { bare_loop(plan, tmp, fresh, n, messages); });
  }
  for (std::thread& each : running) each.join();
  close(tmp);
  close(fresh);
  return meter.read(messages, plan.octets);
}

Moment now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

struct Load {
  MailStore& store;
  const Plan& plan;
  std::string text;
  std::string maildir;
  bool queued = false;
  Clock::time_point end{};
  std::uint64_t messages = 0;
};

Task<void> send(Load& load, unsigned session) {
  while (Clock::now() < load.end) {
    IntakeRequest request;
    request.id = format("{:X}S{}", now().time_since_epoch().count(), session);
    request.arrived = now();
    request.envelope.sender = {"sender", "client.example"};
    request.received = "Received: from client.example by bench\n";
    if (load.queued) {
      request.envelope.recipients.push_back({{"someone", "elsewhere.example"}, {}, {}});
    } else {
      request.local.push_back({load.maildir, "someone@bench.example"});
    }
    auto intake = load.store.begin(std::move(request));
    intake->append(load.text);
    const auto stored = co_await intake->promise();
    if (!stored) std::abort();
    ++load.messages;
  }
}

Task<void> open_store(MailStore& store) {
  const auto opened = co_await store.open();
  if (!opened) std::abort();
}

Measured run_store(const Plan& plan, unsigned sessions, bool queued) {
  asio::io_context loop(1);
  auto files = make_system_files();
  Clerk clerk(loop, Clerk::Settings());
  MailStore::Settings settings;
  settings.queue_directory = plan.folder + "/queue";
  settings.hostname = "bench.example";
  auto store = make_mail_store(clerk, *files, settings);
  asio::co_spawn(loop, open_store(*store), asio::detached);
  loop.run();
  loop.restart();

  Load load{*store, plan, text_of(plan.octets), plan.folder + "/store", queued};
  load.end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(plan.seconds));
  const Meter meter;
  for (unsigned n = 0; n < sessions; ++n) asio::co_spawn(loop, send(load, n), asio::detached);
  loop.run();
  return meter.read(load.messages, plan.octets);
}

struct Row {
  std::string_view name;
  unsigned width;
  enum class Kind { Bare, Maildir, Queue } kind;
  std::vector<Measured> turns;
};

void sort_by_rate(std::vector<Measured>& turns) {
  std::sort(turns.begin(), turns.end(),
            [](const Measured& a, const Measured& b) { return a.rate < b.rate; });
}

int run(const Plan& plan) {
  using Kind = Row::Kind;
  std::vector<Row> rows = {
      {"bare loop, 1 thread", 1, Kind::Bare, {}},    {"store, 1 intake", 1, Kind::Maildir, {}},
      {"bare loop, 16 threads", 16, Kind::Bare, {}}, {"store, 10 intakes", 10, Kind::Maildir, {}},
      {"store, 50 intakes", 50, Kind::Maildir, {}},  {"queue, 1 intake", 1, Kind::Queue, {}},
      {"queue, 10 intakes", 10, Kind::Queue, {}},
  };
  for (int turn = 0; turn < plan.turns; ++turn) {
    for (Row& row : rows) {
      row.turns.push_back(row.kind == Kind::Bare
                              ? run_bare(plan, row.width)
                              : run_store(plan, row.width, row.kind == Kind::Queue));
    }
  }
  for (Row& row : rows) sort_by_rate(row.turns);
  const double bare = rows.front().turns.back().rate;
  std::string out = format("{:24}{:>10}{:>12}{:>10}{:>12}{:>16}\n", "", "msg/s", "of bare 1",
                           "median", "CPU ms/msg", "written/octet");
  for (const Row& row : rows) {
    const Measured& best = row.turns.back();
    append_format(out, "{:24}{:>10.0f}{:>11.0f}%{:>10.0f}{:>12.3f}{:>16.2f}\n", row.name, best.rate,
                  best.rate / bare * 100, row.turns[row.turns.size() / 2].rate, best.cpu_ms,
                  best.octets_written);
  }
  return ::write(STDOUT_FILENO, out.data(), out.size()) < 0 ? 1 : 0;
}

}  // namespace
}  // namespace gatepost::storage

int main(int count, char** arguments) {
  if (count < 2) return 64;
  gatepost::storage::Plan plan;
  plan.folder = arguments[1];
  if (count > 2) plan.seconds = std::strtod(arguments[2], nullptr);
  if (count > 3) plan.octets = std::strtoul(arguments[3], nullptr, 10);
  if (count > 4) plan.turns = std::max(1, std::atoi(arguments[4]));
  return gatepost::storage::run(plan);
}

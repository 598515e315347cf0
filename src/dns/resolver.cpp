// SPDX-License-Identifier: Apache-2.0
// dns: answers questions, each once, and remembers.
#include "dns/resolver.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>

#include "base/loop.h"
#include "dns/answer.h"
#include "dns/names.h"
#include "dns/resolv_conf.h"

namespace gatepost::dns {
namespace {

constexpr auto kLookAgain = std::chrono::seconds(5);
/// RFC 9520 section 3.2: a server that fails is not asked the same at once again.
constexpr auto kFailureTime = std::chrono::seconds(5);
constexpr std::string_view kNoServers = "127.0.0.1";

/// The front of the file: a list of servers that is longer is none.
std::string read_front(const std::string& path) {
  std::array<char, 8192> buffer{};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return {};
  const auto got = ::read(file, buffer.data(), buffer.size());
  ::close(file);
  return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

std::string joined(const std::vector<Endpoint>& servers) {
  std::string out;
  for (const Endpoint& server : servers) {
    if (!out.empty()) out += ',';
    out += server.text();
  }
  return out;
}

}  // namespace

/// One that is under way. Those who wait hold it too, and look at nothing else when they wake.
struct Resolver::Question final : Asker {
  Question(Resolver& by, std::string question, bool common)
      : resolver(by), key(std::move(question)), is_common(common), done(by.loop_) {}

  void answered(DnsAnswer what) override { resolver.take(*this, std::move(what)); }

  Resolver& resolver;
  std::string key;
  bool is_common;
  Timer done;  ///< Expires with the limit; cancelled when there is an answer.
  bool is_answered = false;
  DnsAnswer answer;
};

Resolver::Resolver(asio::io_context& loop,
                   const Clock& clock,
                   Settings settings,
                   Cache::Bounds bounds)
    : loop_(loop), clock_(clock), settings_(), cache_(bounds) {
  configure(std::move(settings));
}

Resolver::~Resolver() {
  stop();
}

void Resolver::stop() {
  // c-ares tells every asker while it is taken down.
  const std::unique_ptr<Channel> ended = std::move(channel_);
}

void Resolver::configure(Settings settings) {
  const bool fresh = !channel_ || settings.tries != settings_.tries;
  const bool own = !settings_.servers.empty();
  settings_ = std::move(settings);
  if (fresh) {
    channel_ = nullptr;
    channel_ = std::make_unique<Channel>(loop_, settings_.tries);
    servers_.clear();
  }
  // The file may be missing: then neither servers of other settings, nor none.
  if (settings_.servers.empty() && (fresh || own)) use_servers(std::string(kNoServers));
  stamp_ = {};
  looked_ = {};
  if (settings_.servers.empty()) return follow_resolv_conf();
  use_servers(joined(settings_.servers));
}

void Resolver::use_servers(std::string servers) {
  if (servers == servers_ || !channel_->use_servers(servers)) return;
  servers_ = std::move(servers);
  cache_.clear();
}

void Resolver::follow_resolv_conf() {
  const Instant now = clock_.now();
  if (!settings_.servers.empty() || (looked_ != Instant{} && now - looked_ < kLookAgain)) return;
  looked_ = now;
  struct stat facts {};
  if (::stat(settings_.resolv_conf.c_str(), &facts) != 0) return;
  const Stamp stamp{facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim.tv_sec,
                    facts.st_mtim.tv_nsec};
  if (stamp == stamp_) return;
  stamp_ = stamp;
  std::string servers = read_resolv_conf(read_front(settings_.resolv_conf));
  if (!servers.empty()) use_servers(std::move(servers));
}

Resolver::Questions::iterator Resolver::place_of(std::string_view key) {
  return std::lower_bound(questions_.begin(), questions_.end(), key,
                          [](const auto& one, std::string_view other) { return one->key < other; });
}

Task<DnsAnswer> Resolver::look_up(std::string name, DnsType type) {
  return find(std::move(name), type, false);
}

Task<DnsAnswer> Resolver::find(std::string name, DnsType type, bool common) {
  ++totals_.questions;
  const auto parsed = parse_name(name);
  if (!parsed) {
    DnsAnswer none;
    none.kind = DnsAnswer::Kind::NoName;
    co_return none;
  }
  if (!channel_) co_return failed_answer("the service is stopping", true);
  follow_resolv_conf();
  std::string key = *parsed;
  key += static_cast<char>(type);
  auto known = cache_.find(key, clock_.now());
  if (known) {
    ++totals_.known;
    co_return *std::move(known);
  }
  const std::shared_ptr<Question> question = ask(key, type, common);
  if (!question) co_return failed_answer("too many questions", true);
  if (!question->is_answered) {
    const auto token = asio::as_tuple(asio::deferred);
    co_await question->done.async_wait(token);
  }
  if (!question->is_answered) co_return failed_answer("no answer in time");
  co_return question->answer;
}

std::shared_ptr<Resolver::Question> Resolver::ask(const std::string& key,
                                                  DnsType type,
                                                  bool common) {
  const auto where = place_of(key);
  if (where != questions_.end() && (*where)->key == key) {
    ++totals_.joined;
    return *where;
  }
  if (questions_.size() >= settings_.questions) return nullptr;
  if (common && commons_ >= settings_.questions / 2) return nullptr;
  auto question = std::make_shared<Question>(*this, key, common);
  if (common) ++commons_;
  question->done.expires_after(settings_.limit);
  questions_.insert(where, question);
  ++totals_.sent;
  const std::string_view name(key);
  channel_->ask(name.substr(0, name.size() - 1), type, *question);
  return question;
}

void Resolver::take(const Question& question, DnsAnswer answer) {
  const auto where = place_of(question.key);
  const std::shared_ptr<Question> kept = *where;
  questions_.erase(where);
  if (kept->is_common) --commons_;
  const bool failed = answer.kind == DnsAnswer::Kind::Failed;
  if (failed) ++totals_.failed;
  const Duration good = failed ? Duration(kFailureTime) : answer.ttl;
  if (!answer.ours && good > Duration{}) cache_.put(kept->key, answer, clock_.now() + good);
  kept->answer = std::move(answer);
  kept->is_answered = true;
  kept->done.cancel();
}

}  // namespace gatepost::dns

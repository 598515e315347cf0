// SPDX-License-Identifier: Apache-2.0
// dns: c-ares on the loop: its sockets and its timer.
#include "dns/channel.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "base/loop.h"
#include "dns/answer.h"
#include "dns/names.h"

namespace gatepost::dns {
namespace {

/// What arrives whole over every path; longer answers come by TCP (DNS flag day 2020).
constexpr int kDatagram = 1232;
/// Questions from one port of ours: an answer that somebody else makes up has to guess it.
constexpr int kQuestionsOfPort = 32;

/// Within less than this no answer can have been waited for.
constexpr Duration kShortestWait(100);

/// What c-ares hands back with the answer; made for each question.
struct Pending {
  ares_channel_t* channel;
  Asker& asker;
  std::string name;
  DnsType type;
  Instant until;  ///< It was waited for then.
  Instant asked{};
};

void on_answer(void* argument,
               ares_status_t status,
               std::size_t timeouts,
               const ares_dns_record_t* record);

/// Whatever becomes of it, on_answer() is called.
void send(std::unique_ptr<Pending> pending) {
  const std::string spelled = format_escaped(pending->name);
  Pending& is = *pending.release();
  is.asked = std::chrono::steady_clock::now();
  ::ares_query_dnsrec(is.channel, spelled.c_str(), ARES_CLASS_IN, record_type(is.type), &on_answer,
                      &is, nullptr);
}

void on_answer(void* argument,
               ares_status_t status,
               std::size_t /*timeouts*/,
               const ares_dns_record_t* record) {
  std::unique_ptr<Pending> pending(static_cast<Pending*>(argument));
  if (status == ARES_ETIMEOUT) {
    // c-ares waits no longer than five times what the server's last answers took, a quarter of a
    // second at least: a resolver that knew those has not had time to ask anybody yet.
    const Instant now = std::chrono::steady_clock::now();
    if (now < pending->until && now - pending->asked >= kShortestWait)
      return send(std::move(pending));
  }
  const bool ours =
      status == ARES_EDESTRUCTION || status == ARES_ECANCELLED || status == ARES_ENOMEM;
  if (record == nullptr && status == ARES_EBADNAME) {
    // c-ares writes letters, digits and - _ / * only; nothing went out.
    DnsAnswer none;
    none.kind = DnsAnswer::Kind::NoName;
    return pending->asker.answered(std::move(none));
  }
  DnsAnswer answer = record != nullptr && !ours
                         ? read_answer(*record, pending->name, pending->type)
                         : failed_answer(::ares_strerror(static_cast<int>(status)), ours);
  pending->asker.answered(std::move(answer));
}

}  // namespace

Channel::Channel(asio::io_context& loop, const Settings& settings)
    : loop_(loop),
      self_(std::make_shared<Channel*>(this)),
      timer_(loop),
      patience_(settings.timeout * settings.tries) {
  // Neither options of resolv.conf nor names of a hosts file: servers are set by use_servers(). The
  // letters of a name keep their case (no 0x20): servers that do not give them back would be silent,
  // and ports and ids, which c-ares draws at random, are what every server gives back.
  std::string nowhere = "/dev/null";
  std::string by_question = "b";
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
  options.timeout = static_cast<int>(settings.timeout.count());
  options.maxtimeout = options.timeout;
  options.tries = settings.tries;
  options.ednspsz = kDatagram;
  options.udp_max_queries = kQuestionsOfPort;
  options.qcache_max_ttl = 0;
  options.lookups = by_question.data();
  options.resolvconf_path = nowhere.data();
  options.hosts_path = nowhere.data();
  options.sock_state_cb = &Channel::on_socket;
  options.sock_state_cb_data = this;
  constexpr int kGiven = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_MAXTIMEOUTMS |
                         ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_UDP_MAX_QUERIES |
                         ARES_OPT_QUERY_CACHE | ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF |
                         ARES_OPT_HOSTS_FILE | ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE |
                         ARES_OPT_DOMAINS;
  if (::ares_init_options(&channel_, &options, kGiven) != ARES_SUCCESS) channel_ = nullptr;
}

Channel::~Channel() {
  *self_ = nullptr;
  if (channel_ != nullptr) ::ares_destroy(channel_);
}

bool Channel::use_servers(const std::string& servers) {
  const bool taken =
      channel_ != nullptr && ::ares_set_servers_csv(channel_, servers.c_str()) == ARES_SUCCESS;
  arm();
  return taken;
}

void Channel::ask(std::string_view name, DnsType type, Asker& asker) {
  if (channel_ == nullptr) return asker.answered(failed_answer("no memory", true));
  const Instant until = std::chrono::steady_clock::now() + patience_;
  send(std::make_unique<Pending>(Pending{channel_, asker, std::string(name), type, until}));
  arm();
}

void Channel::cancel() {
  if (channel_ != nullptr) ::ares_cancel(channel_);
  arm();
}

void Channel::on_socket(void* self, ares_socket_t descriptor, int reads, int writes) {
  static_cast<Channel*>(self)->set_socket(descriptor, reads != 0, writes != 0);
}

void Channel::set_socket(ares_socket_t descriptor, bool reads, bool writes) {
  const auto found = std::find_if(
      sockets_.begin(), sockets_.end(),
      [descriptor](const auto& socket) { return socket->wire.native_handle() == descriptor; });
  if (!reads && !writes) {
    if (found == sockets_.end()) return;
    (*found)->open = false;
    static_cast<void>((*found)->wire.release());
    sockets_.erase(found);
    return;
  }
  auto socket = found != sockets_.end() ? *found : std::make_shared<Socket>(loop_, descriptor);
  if (found == sockets_.end()) sockets_.push_back(socket);
  socket->reads = reads;
  socket->writes = writes;
  wait_for(socket);
}

void Channel::wait_for(const std::shared_ptr<Socket>& socket) {
  using Wire = WatchedDescriptor;
  if (!socket->open) return;
  if (socket->reads && !socket->reading) {
    socket->reading = true;
    socket->wire.async_wait(Wire::wait_read, [this, socket](const std::error_code&) {
      socket->reading = false;
      if (socket->open) on_ready(socket, ARES_FD_EVENT_READ);
    });
  }
  if (socket->writes && !socket->writing) {
    socket->writing = true;
    socket->wire.async_wait(Wire::wait_write, [this, socket](const std::error_code&) {
      socket->writing = false;
      if (socket->open && socket->writes) on_ready(socket, ARES_FD_EVENT_WRITE);
    });
  }
}

void Channel::on_ready(const std::shared_ptr<Socket>& socket, unsigned event) {
  const ares_fd_events_t ready{socket->wire.native_handle(), event};
  ::ares_process_fds(channel_, &ready, 1, ARES_PROCESS_FLAG_NONE);
  wait_for(socket);
  arm();
}

void Channel::arm() {
  timeval left{};
  if (channel_ == nullptr || ::ares_timeout(channel_, nullptr, &left) == nullptr) {
    timer_.cancel();
    return;
  }
  // A moment later rather than a moment too early, which would be a turn for nothing.
  timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec) +
                       std::chrono::milliseconds(1));
  timer_.async_wait([self = self_](const std::error_code& error) {
    if (error || *self == nullptr) return;
    ::ares_process_fds((*self)->channel_, nullptr, 0, ARES_PROCESS_FLAG_NONE);
    (*self)->arm();
  });
}

}  // namespace gatepost::dns

// SPDX-License-Identifier: Apache-2.0
// log: where lines go: files and descriptors, the system's log, the journal.
#include "log/sink.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <span>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>
#include <utility>

#include "base/text.h"

namespace gatepost::log {

namespace {

/// syslog(3)'s numbers.
int priority_of(Level level) {
  switch (level) {
    case Level::Debug:
      return LOG_DEBUG;
    case Level::Info:
      return LOG_INFO;
    case Level::Warning:
      return LOG_WARNING;
    case Level::Error:
      return LOG_ERR;
  }
  __builtin_unreachable();
}

/// "<6>", and in the journal's own protocol the digit of it.
std::string_view prefix_of(Level level) {
  constexpr std::array<std::string_view, 8> kPrefixes{"<0>", "<1>", "<2>", "<3>",
                                                      "<4>", "<5>", "<6>", "<7>"};
  return kPrefixes[static_cast<std::size_t>(priority_of(level))];
}

/// A descriptor that is closed, unless it is only lent.
class Descriptor {
 public:
  Descriptor(int number, bool owned) : number_(number), owned_(owned) {}
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)), owned_(std::exchange(other.owned_, false)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (owned_ && number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
  bool owned_;
};

/// All of `octets`; how many could be written.
std::size_t write_all(int descriptor, std::string_view octets) {
  std::size_t done = 0;
  while (done < octets.size()) {
    const ssize_t n = ::write(descriptor, octets.data() + done, octets.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

/// Lines to a descriptor. A line cut short by a full disk is ended before the next one begins.
class LineWriter {
 public:
  bool write(int descriptor, std::string_view line) {
    if (torn_ && write_all(descriptor, "\n") == 0) return false;
    torn_ = false;
    const std::size_t done = write_all(descriptor, line);
    torn_ = done > 0 && done < line.size();
    return done == line.size();
  }

 private:
  bool torn_ = false;
};

class DescriptorSink final : public Sink {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}
  bool write(const Record& record) override { return writer_.write(descriptor_, record.whole); }

 private:
  int descriptor_;
  LineWriter writer_;
};

Result<Descriptor> open_log(const std::string& path) {
  // The folder may belong to the user we become. As root, a link there could lead to any file of
  // the system, so root follows none and takes no second name of a file.
  const bool root = ::geteuid() == 0;
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | (root ? O_NOFOLLOW : 0);
  const int number = ::open(path.c_str(), flags, 0640);
  if (number < 0) return system_error("open " + path, errno);
  Descriptor file(number, /*owned=*/true);
  struct stat facts {};
  if (::fstat(number, &facts) != 0) return system_error("stat " + path, errno);
  if (root && S_ISREG(facts.st_mode) && facts.st_nlink != 1) {
    return Error{Cause::Permanent, path + ": expected a file with one name only", 0};
  }
  return file;
}

class FileSink final : public Sink {
 public:
  FileSink(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  bool write(const Record& record) override { return writer_.write(file_.number(), record.whole); }
  Result<void> reopen() override {
    GP_TRY(auto fresh, open_log(path_));
    file_ = std::move(fresh);
    return {};
  }

 private:
  std::string path_;
  Descriptor file_;
  LineWriter writer_;
};

class PrioritySink final : public Sink {
 public:
  explicit PrioritySink(int descriptor) : descriptor_(descriptor) {}
  bool write(const Record& record) override {
    line_.assign(prefix_of(record.level)).append(record.tail);
    return writer_.write(descriptor_, line_);
  }

 private:
  int descriptor_;
  std::string line_;
  LineWriter writer_;
};

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Error{.cause = Cause::Permanent, .detail = "socket path too long: " + path};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

/// Whole messages to a socket of this machine. Its owner may be restarted, and has another socket
/// under the same name then.
class MessageSocket {
 public:
  explicit MessageSocket(sockaddr_un address) : address_(address) {}

  bool connect(int type) {
    Descriptor fresh(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0), /*owned=*/true);
    if (fresh.number() < 0) return false;
    const auto* to = reinterpret_cast<const sockaddr*>(&address_);  // NOLINT: the socket API's form
    if (::connect(fresh.number(), to, sizeof(address_)) != 0) return false;
    socket_ = std::move(fresh);
    return true;
  }
  void close() { socket_ = Descriptor(-1, /*owned=*/false); }
  [[nodiscard]] bool connected() const { return socket_.number() >= 0; }

  /// False with errno. A burst is waited out, a reader that stands still is not: after one wait in
  /// vain messages are dropped until one gets through.
  bool send(std::string_view message) {
    bool sent = send_now(message);
    if (!sent && errno == EAGAIN && patient_) {
      pollfd room{.fd = socket_.number(), .events = POLLOUT, .revents = 0};
      sent = ::poll(&room, 1, kPatienceMs) > 0 && send_now(message);
    }
    patient_ = sent;
    return sent;
  }

 private:
  bool send_now(std::string_view message) {
    const ssize_t sent =
        ::send(socket_.number(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return false;
    if (static_cast<std::size_t>(sent) == message.size()) return true;
    // Half a message in a stream would be taken for the begin of the next.
    close();
    errno = EPIPE;
    return false;
  }

  static constexpr int kPatienceMs = 100;

  sockaddr_un address_;
  Descriptor socket_{-1, /*owned=*/false};
  bool patient_ = true;
};

class SyslogSink final : public Sink {
 public:
  explicit SyslogSink(sockaddr_un address) : socket_(address) { connect(); }

  bool write(const Record& record) override {
    entry_.assign("<").append(
        format_number(kMail + static_cast<unsigned>(priority_of(record.level))));
    entry_.append(">").append(record.stamp);
    if (!record.stamp.empty()) entry_.push_back(' ');
    entry_.append(record.program).append(pid_).append(record.text);
    if (socket_.connected() && send()) return true;
    return !socket_.connected() && connect() && send();
  }

 private:
  // A log daemon of another time listens for a stream.
  bool connect() {
    stream_ = !socket_.connect(SOCK_DGRAM);
    return !stream_ || (errno == EPROTOTYPE && socket_.connect(SOCK_STREAM));
  }

  bool send() {
    const std::string_view entry(entry_.c_str(), entry_.size() + (stream_ ? 1 : 0));
    if (socket_.send(entry)) return true;
    if (errno != EAGAIN) socket_.close();
    return false;
  }

  static constexpr unsigned kMail = LOG_MAIL;

  MessageSocket socket_;
  bool stream_ = false;
  std::string pid_ = "[" + format_number(static_cast<std::uint64_t>(::getpid())) + "]: ";
  std::string entry_;
};

class JournalSink final : public Sink {
 public:
  explicit JournalSink(sockaddr_un address) : socket_(address) {}

  bool connect() { return socket_.connect(SOCK_DGRAM); }

  bool write(const Record& record) override {
    entry_.assign("SYSLOG_FACILITY=2\nPRIORITY=").append(prefix_of(record.level).substr(1, 1));
    entry_.append("\nSYSLOG_IDENTIFIER=").append(record.program);
    entry_.append("\nMESSAGE=").append(record.text).append("\n");
    if (socket_.send(entry_)) return true;
    return (errno == ECONNREFUSED || errno == ENOTCONN) && connect() && socket_.send(entry_);
  }

 private:
  MessageSocket socket_;
  std::string entry_;
};

/// systemd tells the device and inode of the journal's stream, so that a standard error which
/// was redirected since is not mistaken for it.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT: read before there are threads
  if (stream == nullptr) return false;
  const std::string_view text(stream);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto device = parse_number(text.substr(0, colon));
  const auto inode = parse_number(text.substr(colon + 1));
  struct stat facts {};
  return device && inode && ::fstat(STDERR_FILENO, &facts) == 0 && facts.st_dev == *device &&
         facts.st_ino == *inode;
}

}  // namespace

Result<std::unique_ptr<Sink>> open_file_sink(const std::string& path) {
  if (path == "/dev/stdout") return make_descriptor_sink(STDOUT_FILENO);
  GP_TRY(auto file, open_log(path));
  return std::unique_ptr<Sink>(std::make_unique<FileSink>(path, std::move(file)));
}

std::unique_ptr<Sink> make_descriptor_sink(int descriptor) {
  return std::make_unique<DescriptorSink>(descriptor);
}

std::unique_ptr<Sink> make_priority_sink(int descriptor) {
  return std::make_unique<PrioritySink>(descriptor);
}

std::unique_ptr<Sink> make_syslog_sink(const std::string& socket_path) {
  // A path too long is one where nobody listens.
  auto address = unix_address(socket_path);
  return std::make_unique<SyslogSink>(address ? *address
                                              : sockaddr_un{.sun_family = AF_UNIX, .sun_path = {}});
}

std::unique_ptr<Sink> connect_journal_sink(const std::string& socket_path) {
  auto address = unix_address(socket_path);
  if (!address) return nullptr;
  auto sink = std::make_unique<JournalSink>(*address);
  if (!sink->connect()) return nullptr;
  return sink;
}

Result<std::unique_ptr<Sink>> choose_sink(const std::string& maillog_file) {
  if (!maillog_file.empty()) return open_file_sink(maillog_file);
  if (stderr_is_journal()) {
    auto journal = connect_journal_sink("/run/systemd/journal/socket");
    return journal ? std::move(journal) : make_priority_sink(STDERR_FILENO);
  }
  if (::isatty(STDERR_FILENO) == 1 || ::access("/dev/log", W_OK) != 0) {
    return make_descriptor_sink(STDERR_FILENO);
  }
  return make_syslog_sink("/dev/log");
}

}  // namespace gatepost::log

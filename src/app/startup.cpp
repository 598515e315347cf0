// SPDX-License-Identifier: Apache-2.0
// app: what has to be done while the process still may: ports, directories, keys; then it may less.
#include "app/startup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/host_checks.h"
#include "app/load.h"
#include "app/reload.h"
#include "app/tls_wiring.h"
#include "app/wiring.h"
#include "base/format.h"
#include "base/text.h"
#include "base/version.h"
#include "log/events.h"
#include "log/sink.h"
#include "storage/maildrop.h"
#include "system/account.h"
#include "system/directory.h"
#include "system/passage.h"
#include "system/privileges.h"
#include "system/process.h"
#include "system/random.h"
#include "system/sandbox.h"

namespace gatepost::app {
namespace {

using server::Service;

// sysexits(3)
constexpr int kOsError = 71;
constexpr int kCannotCreate = 73;
constexpr int kConfig = 78;

Refusal refuse(std::string line, int exit_code) {
  return Refusal{{std::move(line)}, exit_code};
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return (slash == std::string::npos || slash == 0) ? "/" : path.substr(0, slash);
}

/// One start-up on its way; every step may refuse.
class Startup {
 public:
  explicit Startup(Opened& opened) : to_(opened) {}

  std::optional<Refusal> run() {
    if (auto refusal = configure()) return refusal;
    if (auto refusal = find_owner()) return refusal;
    if (auto refusal = open_sockets()) return refusal;
    if (auto refusal = make_directories()) return refusal;
    if (auto refusal = open_log()) return refusal;
    if (auto refusal = open_control()) return refusal;
    if (auto refusal = load_keys()) return refusal;
    return give_up_rights();
  }

 private:
  std::optional<Refusal> configure() {
    auto loaded = load_settings(to_.configuration, to_.files);
    if (auto* refused = std::get_if<LoadRefusal>(&loaded)) {
      return Refusal{std::move(refused->lines), kConfig};
    }
    auto& settings = std::get<LoadedSettings>(loaded);
    notes_ = std::move(settings.notes);
    to_.settings = std::move(settings.settings);
    to_.directory = std::move(settings.directory);
    if (to_.settings->memory_limit > 0) {
      const rlimit data{to_.settings->memory_limit, to_.settings->memory_limit};
      if (::setrlimit(RLIMIT_DATA, &data) != 0) {
        return refuse(system_error("memory_limit", errno).detail, kOsError);
      }
    }
    return std::nullopt;
  }

  std::optional<Refusal> find_owner() {
    owner_ = system::own_account();
    if (::geteuid() == 0) {
      auto account = find_mail_owner(*to_.settings);
      if (!account) return refuse(account.error().detail, kConfig);
      owner_ = *std::move(account);
    }
    to_.access.owner = owner_.uid;
    const auto group = find_control_group(*to_.settings);
    if (!group) return refuse(group.error().detail, kConfig);
    if (*group) to_.access.group = **group;
    return std::nullopt;
  }

  // A socket of the service manager stands for all addresses of its service: who starts us by
  // sockets has written the addresses there.
  std::optional<Refusal> open_sockets() {
    auto passed = system::take_passed_sockets();
    if (!passed) return refuse(passed.error().detail, kOsError);
    std::array<bool, server::kServices> given{};
    for (const system::PassedSocket& socket : *passed) {
      if (socket.name == "control") {
        to_.control = ControlSocket::adopt(socket.descriptor);
        continue;
      }
      const auto name =
          std::find(server::kServiceNames.begin(), server::kServiceNames.end(), socket.name);
      if (name == server::kServiceNames.end()) {
        ::close(socket.descriptor);
        return refuse(
            "socket \"" + socket.name +
                "\" of the service manager: expected FileDescriptorName=smtp, submission, "
                "submissions or control",
            kConfig);
      }
      const auto index = static_cast<std::size_t>(name - server::kServiceNames.begin());
      auto listener = net::Listener::adopt(to_.loop, socket.descriptor);
      if (!listener) return refuse(listener.error().detail, kOsError);
      to_.listeners.emplace_back(static_cast<Service>(index), *std::move(listener));
      given[index] = true;
    }
    for (const Service service : server::kAllServices) {
      if (given[static_cast<std::size_t>(service)]) continue;
      if (auto refusal = listen(service)) return refusal;
    }
    for (const std::string& place : to_.settings->greylist_policy_listen) {
      auto listener = listen_for_policy(place);
      if (!listener) return refuse("greylist_policy_listen: " + listener.error().detail, kOsError);
      to_.policy_listeners.push_back(*std::move(listener));
    }
    return std::nullopt;
  }

  Result<net::Listener> listen_for_policy(const std::string& place) {
    if (const auto local = Endpoint::parse(place)) return net::Listener::open(to_.loop, *local);
    ControlSettings settings;
    settings.path = place;
    settings.access.owner = owner_.uid;
    settings.owner_group = owner_.gid;
    // As postgrey's: the folder says who gets to it. That may be Postfix's own, so that the file
    // stays when we go, and is replaced at the next start.
    settings.mode = 0666;
    GP_TRY(ControlSocket socket, ControlSocket::open(settings));
    const int descriptor = socket.release();
    to_.policy_sockets.push_back(std::move(socket));
    return net::Listener::adopt_local(to_.loop, descriptor);
  }

  std::optional<Refusal> listen(Service service) {
    for (const Endpoint& local : listen_addresses(*to_.settings, service)) {
      auto listener = net::Listener::open(to_.loop, local);
      if (listener) {
        to_.listeners.emplace_back(service, *std::move(listener));
        continue;
      }
      // A kernel without IPv6 is no reason not to serve IPv4.
      const bool no_ipv6 =
          local.address.is_unspecified() && !local.address.is_v4() &&
          (listener.error().system == EAFNOSUPPORT || listener.error().system == EADDRNOTAVAIL);
      if (!no_ipv6) return refuse(listener.error().detail, kOsError);
      notes_.push_back(listener.error().detail + "; this address is left out");
    }
    return std::nullopt;
  }

  std::optional<Refusal> make_directories() {
    const config::Settings& settings = *to_.settings;
    const std::string mail = mail_root(settings);
    std::vector<std::string> wanted{settings.queue_directory, settings.state_directory};
    if (mail != "/") wanted.push_back(mail);
    // One that another lies in is given to its owner while it is still empty.
    std::stable_sort(wanted.begin(), wanted.end(),
                     [](const auto& one, const auto& other) { return one.size() < other.size(); });
    for (const std::string& path : wanted) {
      auto refusal = (path == mail) ? make_mail_root(path) : make_own(path);
      if (refusal) return refusal;
      writable_.push_back(path);
    }
    make_maildrop();
    // Users' homes lie anywhere: then the user we are decides where mail may be written.
    if (mail == "/") writable_.emplace_back("/");
    return std::nullopt;
  }

  std::optional<Refusal> make_own(const std::string& path) {
    const Result<void> made = system::prepare_directory(path, 0700, owner_);
    if (made) return std::nullopt;
    const std::string& told = made.error().detail;
    if (made.error().system != EACCES) return refuse(told, kCannotCreate);
    if (auto refusal = find_barrier(path)) return refusal;
    return refuse(
        format("{}; chown it, or run: install -d -o {} -m 0700 {}", told, owner_name(), path),
        kCannotCreate);
  }

  [[nodiscard]] std::optional<Refusal> find_barrier(const std::string& path) const {
    const auto barrier = system::find_barrier(path, owner_);
    if (!barrier) return std::nullopt;
    return refuse(format("{}: {} may not go through {}", path, owner_name(), *barrier),
                  kCannotCreate);
  }

  // A folder like /var/mail belongs to the system; the domains below it may still be ours.
  std::optional<Refusal> make_mail_root(const std::string& path) {
    const Result<void> made = system::prepare_directory(path, 0755, owner_);
    if (made) return std::nullopt;
    const bool there = ::access(path.c_str(), X_OK) == 0;
    if (!there) return refuse(made.error().detail, kCannotCreate);
    notes_.push_back(made.error().detail + "; mailboxes have to be writable themselves");
    return std::nullopt;
  }

  [[nodiscard]] std::string owner_name() const {
    return owner_.name.empty() ? format_number(owner_.uid) : owner_.name;
  }

  // Mail by SMTP does not need it, so its lack stops nothing.
  void make_maildrop() {
    const std::string& path = to_.settings->maildrop_directory;
    if (path.empty()) return;
    Result<void> made = system::prepare_directory(path, storage::kMaildropRights, owner_);
    if (made) made = make_corrupt(path + "/corrupt");
    if (!made) {
      notes_.push_back("maildrop_directory: " + made.error().detail + "; sendmail does not work");
      return;
    }
    to_.has_maildrop = true;
    if (auto fault = find_maildrop_fault(*to_.settings)) notes_.push_back(*std::move(fault));
    writable_.push_back(path);
  }

  // What is set aside may be other people's mail. Anybody can make a folder in the maildrop: one of
  // that name that was there before us is moved out of the way.
  Result<void> make_corrupt(const std::string& path) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) == 0) {
      const bool ours = facts.st_uid == 0 || facts.st_uid == owner_.uid;
      const bool closed = S_ISDIR(facts.st_mode) && (facts.st_mode & 077) == 0;
      if (!ours || !closed) {
        // A name nobody can take first.
        std::array<std::uint8_t, 8> random{};
        if (!system::fill_random(random)) return Error{Cause::Temporary, "no random octets"};
        std::string aside = path + ".not-ours.";
        for (const std::uint8_t octet : random) aside += format("{:02x}", octet);
        if (::rename(path.c_str(), aside.c_str()) != 0)
          return system_error("rename " + path, errno);
        notes_.push_back(format("{} was not ours alone: moved to {}", path, aside));
      }
    }
    return system::prepare_directory(path, 0700, owner_);
  }

  std::optional<Refusal> open_log() {
    const config::Settings& settings = *to_.settings;
    auto sink = log::choose_sink(settings.maillog_file);
    if (!sink) return refuse("maillog_file: " + sink.error().detail, kCannotCreate);
    const bool file = !settings.maillog_file.empty() && settings.maillog_file.front() == '/' &&
                      settings.maillog_file.rfind("/dev/", 0) != 0;
    if (file) {
      // Opened as root, appended to and opened anew as mail_owner.
      if (::geteuid() == 0 &&
          ::lchown(settings.maillog_file.c_str(), owner_.uid, owner_.gid) != 0) {
        return refuse(system_error("maillog_file " + settings.maillog_file, errno).detail,
                      kCannotCreate);
      }
      writable_.push_back(parent_of(settings.maillog_file));
    }
    to_.log = std::make_unique<log::Log>(make_log_settings(settings), *std::move(sink), to_.clock,
                                         to_.counters);
    to_.log->emit(
        log::ServiceStarted{kVersion, static_cast<std::uint32_t>(::getpid()), to_.configuration});
    for (const std::string& note : notes_) to_.log->emit(log::ConfigNote{note});
    for (const auto& [service, listener] : to_.listeners) {
      const std::string_view name = server::kServiceNames[static_cast<std::size_t>(service)];
      to_.log->emit(log::Listening{name, listener.local().text()});
    }
    return std::nullopt;
  }

  std::optional<Refusal> open_control() {
    if (to_.control) return std::nullopt;
    ControlSettings settings;
    settings.path = to_.settings->control_socket;
    settings.access = to_.access;
    settings.owner_group = owner_.gid;
    auto socket = ControlSocket::open(settings);
    if (!socket) return refuse("control_socket: " + socket.error().detail, kCannotCreate);
    to_.control = *std::move(socket);
    writable_.push_back(parent_of(settings.path));
    return std::nullopt;
  }

  // Keys are often readable by root alone. What is loaded here stays in force when a later look
  // at the files fails.
  std::optional<Refusal> load_keys() {
    if (!wants_tls(*to_.settings)) return std::nullopt;
    auto settings = make_tls_settings(*to_.settings, *to_.directory, to_.files);
    if (!settings) return refuse(settings.error().detail, kConfig);
    const std::string made = settings->self_signed_directory;
    if (settings->names.empty()) {
      const Result<void> ready = system::prepare_directory(made, 0700, owner_);
      if (!ready) return refuse(ready.error().detail, kCannotCreate);
    }
    own_certificate_ = settings->names.empty();
    auto contexts = tls::make_server_contexts(*std::move(settings));
    if (!contexts) return refuse(contexts.error().detail, kConfig);
    to_.contexts = *std::move(contexts);
    // The certificate we make ourselves is made as the owner, after the rights are gone.
    return own_certificate_ ? std::nullopt : refresh_keys();
  }

  std::optional<Refusal> refresh_keys() {
    const tls::Refresh refresh = to_.contexts->refresh();
    tell_certificates(refresh, *to_.log);
    if (to_.contexts->current()) return std::nullopt;
    return Refusal{refresh.problems, kConfig};
  }

  std::optional<Refusal> give_up_rights() {
    const bool root = ::geteuid() == 0;
    const auto files = system::raise_open_files();
    if (!files) to_.log->emit(log::ConfigNote{files.error().detail});
    const Result<void> dropped = system::drop_privileges(owner_);
    if (!dropped) return refuse(dropped.error().detail, kOsError);
    if (root) to_.log->emit(log::PrivilegesDropped{owner_.name});
    // Root got through everywhere when it made them.
    for (const std::string& path : writable_) {
      if (::access(path.c_str(), X_OK) == 0 || errno != EACCES) continue;
      if (auto refusal = find_barrier(path)) return refusal;
    }
    const auto sandbox = system::enter_sandbox({writable_});
    if (!sandbox) return refuse(sandbox.error().detail, kOsError);
    to_.log->emit(log::SandboxReady{format(
        "landlock version {}, seccomp {}{}{}", sandbox->landlock, sandbox->seccomp ? "on" : "off",
        sandbox->missing.empty() ? "" : ": ", sandbox->missing)});
    return own_certificate_ ? refresh_keys() : std::nullopt;
  }

  Opened& to_;
  system::Account owner_;
  std::vector<std::string> notes_;
  std::vector<std::string> writable_;
  bool own_certificate_ = false;
};

}  // namespace

std::variant<std::unique_ptr<Opened>, Refusal> start_up(const std::string& file) {
  // Nothing is for everybody. Mail, keys and queue have modes of their own, without the group.
  ::umask(027);
  system::ServiceManager manager = system::ServiceManager::take_environment();
  auto signals = system::Signals::open();
  if (!signals) return refuse(signals.error().detail, kOsError);
  auto opened = std::make_unique<Opened>(std::move(manager), *std::move(signals));
  opened->configuration = file;
  if (auto refusal = Startup(*opened).run()) return *std::move(refusal);
  return opened;
}

}  // namespace gatepost::app

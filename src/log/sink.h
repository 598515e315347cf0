// SPDX-License-Identifier: Apache-2.0
// log: where lines go.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/about.h"

namespace gatepost::log {

/// One line in parts, since each destination wants another selection of them. Views are borrowed
/// for the time of write().
struct Record {
  Level level = Level::Info;
  std::string_view stamp;    ///< "Nov 21 06:05:09"; empty where the text has a time of its own.
  std::string_view program;  ///< "gatepost/smtpd"
  std::string_view whole;    ///< The full line of a file, ending in LF.
  std::string_view tail;     ///< From the program on, ending in LF.
  std::string_view text;     ///< What follows the program and its process id, without LF.
};

class Sink {
 public:
  virtual ~Sink() = default;
  /// Hands the line over before it returns, so a crash right after loses nothing. False
  /// when it could not be written; mail does not wait for the log.
  virtual bool write(const Record& record) = 0;
  /// Opens a file anew after it was moved aside. The old one stays in use when that fails.
  [[nodiscard]] virtual Result<void> reopen() { return {}; }
};

/// Appends to a file made with mode 0640, or to standard output for "/dev/stdout".
[[nodiscard]] Result<std::unique_ptr<Sink>> open_file_sink(const std::string& path);
/// Full lines to the descriptor, which stays the caller's.
[[nodiscard]] std::unique_ptr<Sink> make_descriptor_sink(int descriptor);
/// "<6>gatepost/smtpd[412]: text" to the descriptor: sd-daemon(3).
[[nodiscard]] std::unique_ptr<Sink> make_priority_sink(int descriptor);
/// The system's log at that socket, facility mail, in the form of syslog(3): RFC 3164 without a
/// host. It need not be there yet.
[[nodiscard]] std::unique_ptr<Sink> make_syslog_sink(const std::string& socket_path);
/// journald's own protocol, so that the journal's identifier is "gatepost/smtpd" and tools that
/// read Postfix from the journal read us. Nothing where there is no journal.
[[nodiscard]] std::unique_ptr<Sink> connect_journal_sink(const std::string& socket_path);

/// The sink `maillog_file` asks for. Empty: the journal when standard error is connected to it
/// ($JOURNAL_STREAM), standard error when that is a terminal or there is no /dev/log, else the
/// system's log. To be called before paths are fenced off and threads started.
[[nodiscard]] Result<std::unique_ptr<Sink>> choose_sink(const std::string& maillog_file);

}  // namespace gatepost::log

// SPDX-License-Identifier: Apache-2.0
// log: what happens to the service as a whole.
#pragma once

#include <cstdint>
#include <string_view>

#include "log/about.h"
#include "log/line.h"

namespace gatepost::log {

/// The service is ready; `configuration` is the file it was set up by.
struct ServiceStarted {
  static constexpr About about{"service_started", Level::Info, "master",
                               "The service is up and takes mail."};
  std::string_view version;
  std::uint32_t pid = 0;
  std::string_view configuration;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("version", version);
    field("pid", pid);
    field("configuration", configuration);
  }
};

/// A listener is open; `address` is "ADDRESS:PORT".
struct Listening {
  static constexpr About about{"listening", Level::Info, "master",
                               "A listener accepts connections."};
  std::string_view service;
  std::string_view address;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("service", service);
    field("address", address);
  }
};

/// A reload was refused.
struct ReloadFailed {
  static constexpr About about{"reload_failed", Level::Error, "master",
                               "The new configuration was refused; the old one stays in force. "
                               "Run `gatepost check`."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// `changes` names the settings that changed.
struct ServiceReloaded {
  static constexpr About about{"service_reloaded", Level::Info, "master",
                               "A changed configuration is in force."};
  using Mends = ReloadFailed;  ///< `gatepost status` tells no more of it.
  std::string_view changes;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("changes", changes);
  }
};

/// The service began to drain.
struct ServiceStopping {
  static constexpr About about{"service_stopping", Level::Info, "master",
                               "The service takes no new connections and lets its sessions "
                               "finish."};
  std::string_view reason;
  std::uint32_t sessions = 0;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("reason", reason);
    field("sessions", sessions);
  }
};

/// The last event of a run.
struct ServiceStopped {
  static constexpr About about{"service_stopped", Level::Info, "master",
                               "The service has ended in order."};

  void line(Line& out) const;
  template <class Field>
  void each(Field&&) const {}
};

/// A certificate file was refused.
struct CertificateProblem {
  static constexpr About about{"certificate_problem", Level::Error, "tlsmgr",
                               "A key or certificate file cannot be used; what was loaded before "
                               "stays in force, or STARTTLS is refused."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// A set of chains was loaded.
struct CertificateLoaded {
  static constexpr About about{"certificate_loaded", Level::Info, "tlsmgr",
                               "New keys and certificates are in force."};
  using Mends = CertificateProblem;
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// A self-signed certificate was made.
struct SelfSignedMade {
  static constexpr About about{"self_signed_made", Level::Warning, "tlsmgr",
                               "No certificate is configured, so one was made. Mail servers "
                               "accept it; mail programs complain."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// A finding about the configuration that does not keep the service from running.
struct ConfigNote {
  static constexpr About about{"config_note", Level::Warning, "master",
                               "Something in the configuration deserves a look."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// Looking up the networks of a domain began to fail, goes well again, or failed for too long.
struct SpfListNote {
  static constexpr About about{"spf_list_note", Level::Warning, "spf",
                               "The networks of a domain in spf_allowlist_domains or "
                               "spf_blocklist_domains could not be looked up, or can be again."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// A control request was refused by its sender's user id.
struct ControlRefused {
  static constexpr About about{"control_refused", Level::Warning, "master",
                               "A local user asked for something on the control socket that is "
                               "not his to ask."};
  std::string_view verb;
  std::uint32_t uid = 0;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("verb", verb);
    field("uid", uid);
  }
};

/// Root was given up for `owner`.
struct PrivilegesDropped {
  static constexpr About about{"privileges_dropped", Level::Info, "master",
                               "The process is an ordinary user now."};
  std::string_view owner;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("owner", owner);
  }
};

/// The kernel's fences are up; `detail` says which.
struct SandboxReady {
  static constexpr About about{"sandbox_ready", Level::Info, "master",
                               "What the process may touch is limited from here on."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// A task ended by an exception.
struct TaskFailed {
  static constexpr About about{"task_failed", Level::Error, "master",
                               "A bug of gatepost ended one task; the others live on. Please "
                               "report it with this line."};
  std::string_view task;
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("task", task);
    field("detail", detail);
  }
};

/// accept(2) failed.
struct AcceptFailed {
  static constexpr About about{"accept_failed", Level::Warning, "master",
                               "The system would not hand over a connection, mostly because "
                               "there are no file descriptors left."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// Memory came near its limit. `used` and `limit` in octets; `action` is what was done.
struct MemoryShed {
  static constexpr About about{"memory_shed", Level::Warning, "master",
                               "Memory is near memory_limit; new work is turned away until it is "
                               "less."};
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
  std::string_view action;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("used", used);
    field("limit", limit);
    field("action", action);
  }
};

/// What happened to state.db.
struct StateProblem {
  static constexpr About about{"state_problem", Level::Warning, "master",
                               "The database of what may be lost was damaged, or its disk is "
                               "full or failing; mail goes on, and what was remembered of clients "
                               "may have to be learned again."};
  std::string_view detail;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("detail", detail);
  }
};

/// The log can be written again after `lines` were lost.
struct LogLinesLost {
  static constexpr About about{"log_lines_lost", Level::Warning, "master",
                               "Lines could not be written to the log for a while; mail went on."};
  std::uint64_t lines = 0;

  void line(Line& out) const;
  template <class Field>
  void each(Field&& field) const {
    field("lines", lines);
  }
};

}  // namespace gatepost::log

// SPDX-License-Identifier: Apache-2.0
// cli: a message on its way from a local program into the maildrop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "log/clock.h"
#include "mail/header_fixer.h"
#include "queue/item.h"
#include "storage/files.h"
#include "storage/maildrop.h"

namespace gatepost::cli {

/// Why sendmail(1) fails: one line for the user, and the sysexits(3) code.
struct Failure {
  int status = 0;
  std::string text;
};

/// Who calls, and what the configuration says about local mail.
class Submitter {
 public:
  /// Reads the configuration and /etc/passwd. The failure's status is 0 when there is none.
  [[nodiscard]] static Failure load(const std::string& configuration, Submitter& out);

  std::string folder;  ///< maildrop_directory
  std::string myorigin;
  std::string hostname;
  std::string mail_name;
  std::string login;
  std::string full_name;
  std::uint64_t message_size_limit = 0;
  std::uint32_t header_size_limit = 0;
};

/// One message. Destroyed before commit() it leaves nothing.
class Submission {
 public:
  /// `submitter` outlives it. `recipients`: how many commit() will name; more than one file takes
  /// go into several, each with the whole text.
  Submission(const Submitter& submitter, std::size_t recipients);

  /// Fields the message gets where it lacks them; `from`: the value of From.
  [[nodiscard]] mail::HeaderFixes make_fixes(std::string from) const;
  /// Stored text; status 0 when it is in.
  [[nodiscard]] Failure append(std::string_view text);
  /// Durable afterwards, for the service to find: the promise of exit status 0.
  [[nodiscard]] Failure commit(queue::Item item);
  [[nodiscard]] std::uint64_t octets() const { return octets_; }

 private:
  [[nodiscard]] Failure open();
  [[nodiscard]] Failure failed(const Error& error) const;

  const Submitter& submitter_;
  std::unique_ptr<storage::Files> files_;
  log::SystemClock clock_;
  Moment now_;
  std::size_t recipients_;
  std::string id_;  // For the Message-ID: nobody else has it.
  std::vector<storage::DropWriter> writers_;
  std::uint64_t octets_ = 0;
  bool eight_bit_ = false;
};

}  // namespace gatepost::cli

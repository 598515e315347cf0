// SPDX-License-Identifier: Apache-2.0
// server: what those outside are told of addresses and servers behind a recipient's name.
#pragma once

#include <string>
#include <string_view>

#include "mail/path.h"
#include "mail/report.h"
#include "server/recipients.h"
#include "smtp/steps.h"

namespace gatepost::server {

/// `text` with `given` wherever it names `final`.
[[nodiscard]] std::string rename(std::string_view text,
                                 const mail::Mailbox& final,
                                 const mail::Mailbox& given);
/// Without the "[/path]" behind the name of a server on this machine.
[[nodiscard]] std::string without_sockets(std::string_view text);
/// "mx.example.com" or "[192.0.2.1]", of what logs name "mx.example.com[/path]" or
/// "192.0.2.1[192.0.2.1]:24".
[[nodiscard]] std::string host_of(std::string_view peer);

/// An outcome as its report tells it.
struct Shown {
  mail::Recipient recipient;
  std::string diagnostic;
  std::string remote;
};
[[nodiscard]] Shown shown_of(const mail::Outcome& outcome);

/// The refusal of a recipient by the server its mail goes to, as the client is told.
[[nodiscard]] smtp::Reply shown_of(const Recipients::Accepted& accepted, smtp::Reply refusal);

}  // namespace gatepost::server

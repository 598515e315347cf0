// SPDX-License-Identifier: Apache-2.0
// server: under which address a copy waits in the queue while its mailbox cannot be opened.
#include "server/put_off.h"

#include <optional>
#include <string>
#include <utility>

namespace gatepost::server {
namespace {

using policy::DomainClass;

/// The queue serves these by the mailboxes they lead to.
bool is_ours(Directory& directory, const std::string& domain) {
  const Result<DomainClass> found = directory.domain_class(domain);
  return found && *found != DomainClass::Other && *found != DomainClass::Relay;
}

bool is_that_alone(const Resolution& found, const Target& target) {
  return !found.refusal && found.others.empty() && found.mailboxes.size() == 1 &&
         Recipients::is_same_place(found.mailboxes.front(), target.maildir, target.folder);
}

std::optional<mail::Recipient> waiting(const Recipients::Accepted& accepted,
                                       const Target& target,
                                       Directory& directory) {
  mail::Recipient out = accepted.recipient;
  // A throw-away address may have had its last use with this very message.
  const bool same = accepted.found.throwaway.empty() && is_that_alone(accepted.found, target);
  if (same && is_ours(directory, out.mailbox.domain)) {
    out.notify = Recipients::notify_behind(accepted);
    return out;
  }
  const std::size_t at = target.address.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  out = Recipients::member(accepted, target);
  out.notify = Recipients::notify_behind(accepted);
  if (!is_ours(directory, out.mailbox.domain)) return std::nullopt;
  const Result<Resolution> again = directory.resolve(out.mailbox, target.domain, accepted.sender);
  if (!again || !is_that_alone(*again, target)) return std::nullopt;
  return out;
}

/// All recipients that lead to the copy's mailbox wait as one.
void name_one(const Recipients& recipients, Directory& directory, storage::LocalCopy& copy) {
  for (const Recipients::Accepted& accepted : recipients.all()) {
    for (const Target& target : accepted.found.mailboxes) {
      if (target.handed_over) continue;
      if (!Recipients::is_same_place(target, copy.maildir, copy.folder)) continue;
      auto one = waiting(accepted, target, directory);
      if (one && copy.later) {
        Recipients::join(*copy.later, *std::move(one));
      } else if (one) {
        copy.later = std::move(one);
      }
    }
  }
}

}  // namespace

void name_waiting(const Recipients& recipients,
                  Directory& directory,
                  storage::IntakeRequest& request) {
  for (storage::LocalCopy& copy : request.local) name_one(recipients, directory, copy);
}

}  // namespace gatepost::server

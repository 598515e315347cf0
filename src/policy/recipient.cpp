// SPDX-License-Identifier: Apache-2.0
// policy: which recipients exist, in words for the peer.
#include "policy/recipient.h"

#include <string>
#include <utility>

#include "base/text.h"

namespace gatepost::policy {

smtp::Reply unknown_user_reply(std::string_view recipient,
                               DomainClass domain,
                               const UnknownUser& how) {
  std::uint16_t code = how.local_code;
  std::string_view table;
  switch (domain) {
    case DomainClass::Local:
    case DomainClass::Other:
      table = "local recipient table";
      break;
    case DomainClass::Virtual:
      table = "virtual mailbox table";
      code = how.virtual_code;
      break;
    case DomainClass::Relay:
      table = "relay recipient table";
      code = how.relay_code;
      break;
    case DomainClass::Alias:
      table = "virtual alias table";
      code = how.alias_code;
      break;
  }
  std::string text = "<" + std::string(recipient) + ">: Recipient address rejected: User unknown";
  if (how.show_table) text.append(" in ").append(table);
  return smtp::Reply{code, code >= 500 ? "5.1.1" : "4.1.1", std::move(text)};
}

bool is_postmaster(const mail::Mailbox& mailbox) {
  return iequals(mailbox.local, "postmaster");
}

}  // namespace gatepost::policy

// SPDX-License-Identifier: Apache-2.0
// server: what the names in an owner's words stand for in one session, and words below a refusal.
#include "server/session_names.h"

#include <algorithm>

#include "base/text.h"
#include "mail/trace.h"
#include "smtp/replies.h"

namespace gatepost::server {
namespace {

/// $sender, $sender_name and $sender_domain; `part` is what follows the first word.
std::optional<std::string> part_of(std::string_view address, std::string_view part) {
  const std::size_t at = std::min(address.rfind('@'), address.size());
  if (part == "_domain") return std::string(address.substr(std::min(at + 1, address.size())));
  if (!part.empty() && part != "_name") return std::nullopt;
  if (address.empty()) return std::string("<>");
  return std::string(part.empty() ? address : address.substr(0, at));
}

/// "Nov 26 10:46:47"
std::string local_time(const Clocks& clocks) {
  mail::Zone zone;
  const Moment now = clocks.moment();
  zone.minutes = clocks.utc_offset_minutes(now);
  const std::string date = mail::format_date(now, zone);  // "Thu, 26 Nov 2026 10:46:47 +0000"
  return date.substr(8, 3) + " " + date.substr(5, 2) + date.substr(16, 9);
}

}  // namespace

std::optional<std::string> SessionNames::value_of(std::string_view name) const {
  const ClientName* found = peer_.dns_name ? &*peer_.dns_name : nullptr;
  if (name == "client") return peer_.name;
  if (name == "client_address") return peer_.client.address.text();
  if (name == "client_port") return format_number(peer_.client.port);
  if (name == "client_name") return peer_.name.substr(0, peer_.name.find('['));
  if (name == "reverse_client_name") {
    return found != nullptr && !found->name.empty() ? found->name : std::string("unknown");
  }
  if (name == "helo_name") return std::string(texts_.helo);
  if (name == "localtime") return local_time(clocks_);
  if (name == "server_name") return std::string(hostname_);
  constexpr std::string_view kSender = "sender";
  constexpr std::string_view kRecipient = "recipient";
  if (name.starts_with(kSender)) return part_of(texts_.sender, name.substr(kSender.size()));
  if (name.starts_with(kRecipient)) {
    return part_of(texts_.recipient, name.substr(kRecipient.size()));
  }
  return std::nullopt;
}

void add_footer(smtp::Reply& reply,
                const Profile& profile,
                std::size_t audience,
                const policy::MacroNames& names) {
  if (reply.positive()) return;
  const Manners& manners = profile.manners[audience];
  const auto found =
      profile.directory->find_talk(Talk::Footer, audience, smtp::format_reply(reply));
  std::string_view footer = found ? *found : manners.footer;
  if (footer.empty()) return;
  constexpr std::string_view kBreak = "\\n";
  const bool same_line = footer.starts_with("\\c");
  if (same_line) footer.remove_prefix(2);
  if (!same_line) reply.text += '\n';
  for (;;) {
    const std::size_t end = std::min(footer.find(kBreak), footer.size());
    std::string line = policy::expand_macros(footer.substr(0, end), names, manners.allowed);
    std::replace(line.begin(), line.end(), '\n', '_');
    reply.text += line;
    if (end == footer.size() || reply.text.size() > policy::kMostExpanded) return;
    footer.remove_prefix(end + kBreak.size());
    reply.text += '\n';
  }
}

}  // namespace gatepost::server

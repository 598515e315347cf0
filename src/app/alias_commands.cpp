// SPDX-License-Identifier: Apache-2.0
// app: the verbs of the control socket about throw-away addresses.
#include "app/alias_commands.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include "app/view.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/values.h"
#include "control/human.h"
#include "control/json.h"
#include "policy/alias_members.h"
#include "policy/recipient.h"
#include "policy/throwaway.h"
#include "system/random.h"

namespace gatepost::app {
namespace {

using control::Verb;
using mail::Binding;
using mail::Throwaway;

Error refusal(std::string text) {
  return {Cause::Permanent, std::move(text)};
}
Error misuse(std::string text) {
  return {Cause::Permanent, std::move(text), EINVAL};
}
Error nobody(std::string text) {
  return {Cause::Permanent, std::move(text), ESRCH};
}

std::int64_t seconds_of(log::Clock& clock) {
  return clock.now().time_since_epoch() / std::chrono::seconds(1);
}

/// A whole address in a domain of ours.
Result<mail::Mailbox> own_address(const std::string& text, SettingsDirectory& directory) {
  mail::PathRules rules;
  rules.utf8 = true;
  auto parsed = mail::parse_mailbox(text, rules);
  auto* mailbox = std::get_if<mail::Mailbox>(&parsed);
  if (mailbox == nullptr || mailbox->domain.empty()) {
    return misuse("\"" + printable(text, limits::kLogText) +
                  "\": expected an address as user@domain");
  }
  mailbox->local = lower(mailbox->local);
  mailbox->domain = lower(mailbox->domain);
  GP_TRY(const auto domain, directory.domain_class(mailbox->domain));
  if (domain == policy::DomainClass::Other || domain == policy::DomainClass::Relay) {
    return refusal(mailbox->domain + " is not a domain whose mail is kept here");
  }
  return std::move(*mailbox);
}

/// What `targets` lead to must exist now.
Result<void> check_targets(const std::string& targets,
                           const mail::Mailbox& address,
                           SettingsDirectory& directory) {
  const auto members = policy::parse_alias_members(targets);
  if (!members) return misuse(members.error().detail);
  if (members->empty()) return misuse("expected an address it shall lead to");
  for (const policy::AliasMember& member : *members) {
    if (member.kind != policy::AliasMember::Kind::Address) {
      return misuse("expected addresses, not files or domains");
    }
    mail::Mailbox to = member.mailbox;
    if (to.domain.empty()) to.domain = address.domain;
    GP_TRY(const auto domain, directory.domain_class(to.domain));
    GP_TRY(const auto found, directory.follow(to, domain));
    if (found.refusal) return nobody(found.refusal->text);
    if (found.mailboxes.empty() && found.others.empty()) {
      return nobody(to.text() + " is nobody here");
    }
  }
  return {};
}

/// Nobody has this address yet: who is behind it would lose mail.
Result<void> check_free(const mail::Mailbox& address, SettingsDirectory& directory) {
  GP_TRY(const auto domain, directory.domain_class(address.domain));
  // RFC 5321 section 4.5.1, RFC 2142: these two are for whoever runs the domain.
  if (policy::is_postmaster(address) || iequals(address.local, "abuse")) {
    return refusal(address.text() + " is led elsewhere by alias_maps or a user, not by this");
  }
  GP_TRY(const bool named, directory.is_named(address, domain));
  if (named) return refusal(address.text() + " is there already: a user, or a line of a table");
  return {};
}

Result<Throwaway> plan_add(const control::Request& request, SettingsDirectory& directory) {
  if (request.words.size() < 2) return misuse("expected ADDRESS TARGET ...");
  Throwaway out;
  GP_TRY(const mail::Mailbox address, own_address(request.words.front(), directory));
  GP_CHECK(check_free(address, directory));
  for (std::size_t i = 1; i < request.words.size(); ++i) {
    out.targets += (i > 1 ? ", " : "") + request.words[i];
  }
  GP_CHECK(check_targets(out.targets, address, directory));
  out.address = address.text();
  return out;
}

Result<void> take_option(std::string_view name,
                         std::string_view value,
                         std::int64_t now,
                         Throwaway& to) {
  if (name == "label") {
    to.label = value;
  } else if (name == "expires") {
    const auto span = config::parse_time(value);
    if (!span) return misuse("expires: " + span.error().detail);
    const auto seconds = *span / std::chrono::seconds(1);
    const bool bare = value.find_first_not_of("0123456789") == value.npos;
    if (seconds <= 0 || bare) return misuse("expires: expected a time with its unit, as 90d");
    to.expires = now + seconds;
  } else if (name == "uses") {
    const auto uses = parse_number(value);
    if (!uses || *uses == 0) return misuse("uses: expected a number from 1");
    to.most_uses = *uses;
  } else if (name == "bind" && iequals(value, "first-sender")) {
    to.binding = Binding::FirstSender;
  } else if (name == "bind") {
    to.binding = Binding::Domain;
    to.domain = lower(value);
    if (!mail::is_domain(to.domain, true)) return misuse("bind: expected first-sender or a domain");
  } else {
    return misuse("expected for=, label=, expires=, bind= or uses=");
  }
  return {};
}

Result<Throwaway> plan_mint(const control::Request& request,
                            SettingsDirectory& directory,
                            const server::AliasBook& book,
                            std::int64_t now) {
  Throwaway out;
  for (const std::string& word : request.words) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string_view name = std::string_view(word).substr(0, equals);
    const std::string_view value = std::string_view(word).substr(std::min(equals + 1, word.size()));
    if (name == "for") {
      out.targets = lower(value);
    } else {
      GP_CHECK(take_option(name, value, now, out));
    }
  }
  if (out.targets.empty()) return misuse("--for USER is missing");
  const std::size_t at = out.targets.rfind('@');
  const std::string whole =
      at == std::string::npos ? out.targets + "@" + directory.minting_domain() : out.targets;
  GP_TRY(const mail::Mailbox user, own_address(whole, directory));
  GP_CHECK(check_targets(whole, user, directory));
  out.targets = whole;
  for (int tries = 0; tries < 100; ++tries) {
    std::array<std::uint8_t, 4> octets{};
    GP_CHECK(system::fill_random(octets));
    std::uint32_t random = 0;
    for (const std::uint8_t octet : octets) random = (random << 8U) | octet;
    mail::Mailbox address = user;
    GP_TRY(address.local, policy::make_throwaway_name(user.local, out.label, random));
    if (book.find(address.text()) != nullptr || !check_free(address, directory)) continue;
    out.address = address.text();
    return out;
  }
  return Error{Cause::Temporary, "no free address was found"};
}

std::string binding_text(const Throwaway& one) {
  if (one.binding == Binding::FirstSender) return "first sender";
  return one.binding == Binding::Domain ? one.domain : "";
}

std::string list_text(const server::AliasBook& book,
                      bool traps,
                      std::int64_t now,
                      std::chrono::seconds offset) {
  std::string out;
  for (const auto& [address, one] : book.all()) {
    if (policy::is_trap(one, now) != traps) continue;
    append_format(out, "{} -> {}", printable(address, limits::kPath),
                  printable(one.targets, limits::kLogReply));
    append_format(out, ", {}", control::format_count(one.uses, "message", "messages"));
    if (one.most_uses != 0) append_format(out, " of {}", one.most_uses);
    if (one.binding != Binding::None) append_format(out, ", for {}", binding_text(one));
    if (one.expires != 0) {
      append_format(out, ", until {}", control::format_local(moment_of(one.expires), offset));
    }
    out += '\n';
  }
  return out.empty() ? std::string(traps ? "No traps\n" : "No throw-away addresses\n") : out;
}

std::string report_text(const server::AliasBook& book,
                        std::string_view only,
                        std::chrono::seconds offset) {
  std::string out;
  for (const auto& [address, one] : book.all()) {
    if (!only.empty() && address != only) continue;
    for (const mail::Leak& leak : one.leaks) {
      append_format(out, "{} given to {} was used by {}, {}, last {}\n",
                    printable(address, limits::kPath), printable(one.domain, limits::kDomain),
                    printable(leak.domain, limits::kDomain),
                    control::format_count(leak.count, "time", "times"),
                    control::format_local(moment_of(leak.last), offset));
    }
  }
  return out.empty() ? "No leaks\n" : out;
}

std::string json_lines(const server::AliasBook& book,
                       bool report,
                       bool traps,
                       std::int64_t now,
                       std::string_view only) {
  std::string out;
  for (const auto& [address, one] : book.all()) {
    const bool trap = policy::is_trap(one, now);
    if (report ? one.leaks.empty() || (!only.empty() && address != only) : trap != traps) continue;
    control::JsonDocument document;
    const auto root = document.object();
    document.put(root, "address", address);
    document.put(root, "targets", one.targets);
    document.put(root, "label", one.label);
    document.put(root, "made", control::format_utc(moment_of(one.made)));
    if (one.expires != 0)
      document.put(root, "expires", control::format_utc(moment_of(one.expires)));
    if (one.binding != Binding::None) document.put(root, "bound_to", binding_text(one));
    document.put(root, "uses", one.uses);
    if (one.most_uses != 0) document.put(root, "most_uses", one.most_uses);
    document.put(root, "trap", trap);
    const auto leaks = document.array();
    for (const mail::Leak& leak : one.leaks) {
      const auto row = document.object();
      document.put(row, "used_by", leak.domain);
      document.put(row, "count", leak.count);
      document.put(row, "last", control::format_utc(moment_of(leak.last)));
      document.append(leaks, row);
    }
    document.put(root, "leaks", leaks);
    out += document.write(root);
  }
  return out;
}

}  // namespace

bool is_alias_verb(Verb verb) {
  return verb >= Verb::AliasAdd && verb <= Verb::AliasReport;
}

Task<Result<std::string>> serve_aliases(server::AliasBook& book,
                                        SettingsDirectory& directory,
                                        log::Clock& clock,
                                        control::Request request) {
  const std::vector<std::string>& words = request.words;
  const std::string first = words.empty() ? std::string() : lower(words.front());
  const auto offset = clock.utc_offset(clock.now());
  const std::int64_t now = seconds_of(clock);
  switch (request.verb) {
    case Verb::AliasList: {
      const bool traps = first == "traps";
      co_return request.json ? json_lines(book, false, traps, now, {})
                             : list_text(book, traps, now, offset);
    }
    case Verb::AliasReport:
      if (!first.empty() && book.find(first) == nullptr) {
        co_return nobody(printable(first, limits::kPath) + ": there is no such throw-away address");
      }
      co_return request.json ? json_lines(book, true, false, now, first)
                             : report_text(book, first, offset);
    case Verb::AliasDel: {
      const bool forget = words.size() > 1 && words[1] == "forget";
      Result<bool> trap = co_await book.revoke(first, forget);
      if (!trap) co_return std::move(trap).error();
      co_return first + (*trap ? " is a trap now" : " is forgotten");
    }
    default:
      break;
  }
  auto planned = request.verb == Verb::AliasAdd ? plan_add(request, directory)
                                                : plan_mint(request, directory, book, now);
  if (!planned) co_return std::move(planned).error();
  planned->made = now;
  const std::string address = planned->address;
  mail::Throwaway alias = *std::move(planned);
  Result<void> done = co_await book.add(std::move(alias));
  if (!done) co_return std::move(done).error();
  co_return address;
}

}  // namespace gatepost::app

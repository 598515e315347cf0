// SPDX-License-Identifier: Apache-2.0
// config: from the expanded text of a value to what the program uses, one overload a kind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/limits.h"
#include "config/types.h"
#include "tables/files.h"

namespace gatepost::config {

/// What reading a value may need besides its text.
struct ValueContext {
  tables::Files& files;  ///< For /file in lists.
  std::string folder;    ///< Where relative paths begin; absolute, without a slash at its end.
  std::vector<std::string> notes;  ///< Words about a value that is accepted.
};

/// All errors say what was expected, without the name of the parameter; `out` is new, and of no
/// meaning after one.
Result<void> parse(kinds::Bool, std::string_view text, const Limits&, ValueContext&, bool&);
Result<void> parse(
    kinds::Count, std::string_view text, const Limits&, ValueContext&, std::uint32_t&);
Result<void> parse(
    kinds::Octets, std::string_view text, const Limits&, ValueContext&, std::uint64_t&);
Result<void> parse(
    kinds::Code, std::string_view text, const Limits&, ValueContext&, std::uint16_t&);
Result<void> parse(
    kinds::Mode, std::string_view text, const Limits&, ValueContext&, std::uint32_t&);
Result<void> parse(kinds::Time, std::string_view text, const Limits&, ValueContext&, Duration&);
Result<void> parse(kinds::Text, std::string_view text, const Limits&, ValueContext&, std::string&);
Result<void> parse(
    kinds::Template, std::string_view text, const Limits&, ValueContext&, std::string&);
Result<void> parse(kinds::Name, std::string_view text, const Limits&, ValueContext&, std::string&);
Result<void> parse(kinds::Path, std::string_view text, const Limits&, ValueContext&, std::string&);
Result<void> parse(
    kinds::MailLocation, std::string_view text, const Limits&, ValueContext&, std::string&);
Result<void> parse(kinds::Log, std::string_view text, const Limits&, ValueContext&, std::string&);
Result<void> parse(kinds::Word, std::string_view text, const Limits&, ValueContext&, std::string&);
Result<void> parse(kinds::TlsLevel, std::string_view text, const Limits&, ValueContext&, TlsLevel&);
Result<void> parse(kinds::TlsFloor, std::string_view text, const Limits&, ValueContext&, TlsFloor&);
Result<void> parse(
    kinds::BareNewline, std::string_view text, const Limits&, ValueContext&, BareNewline&);
Result<void> parse(kinds::LogForm, std::string_view text, const Limits&, ValueContext&, LogForm&);
Result<void> parse(kinds::Families, std::string_view text, const Limits&, ValueContext&, Families&);
// lists.cpp
Result<void> parse(
    kinds::Words, std::string_view text, const Limits&, ValueContext&, std::vector<std::string>&);
Result<void> parse(kinds::Restrictions,
                   std::string_view text,
                   const Limits&,
                   ValueContext&,
                   std::vector<std::string>&);
Result<void> parse(kinds::Keywords,
                   std::string_view text,
                   const Limits&,
                   ValueContext&,
                   std::vector<std::string>&);
Result<void> parse(
    kinds::Paths, std::string_view text, const Limits&, ValueContext&, std::vector<std::string>&);
Result<void> parse(
    kinds::Domains, std::string_view text, const Limits&, ValueContext&, tables::Patterns&);
Result<void> parse(
    kinds::Networks, std::string_view text, const Limits&, ValueContext&, tables::Patterns&);
Result<void> parse(
    kinds::Maps, std::string_view text, const Limits&, ValueContext&, std::vector<tables::Spec>&);
Result<void> parse(
    kinds::Endpoints, std::string_view text, const Limits&, ValueContext&, std::vector<Endpoint>&);
Result<void> parse(
    kinds::DnsServers, std::string_view text, const Limits&, ValueContext&, std::vector<Endpoint>&);
Result<void> parse(
    kinds::Places, std::string_view text, const Limits&, ValueContext&, std::vector<std::string>&);
Result<void> parse(
    kinds::Commands, std::string_view text, const Limits&, ValueContext&, ForbiddenCommands&);
Result<void> parse(
    kinds::Action, std::string_view text, const Limits&, ValueContext&, screen::Action&);
Result<void> parse(
    kinds::AccessList, std::string_view text, const Limits&, ValueContext&, tables::Patterns&);
Result<void> parse(
    kinds::Negative, std::string_view text, const Limits&, ValueContext&, std::int32_t&);
Result<void> parse(
    kinds::Lists, std::string_view text, const Limits&, ValueContext&, screen::Sites&);
Result<void> parse(
    kinds::Burst, std::string_view text, const Limits&, ValueContext&, bans::BurstLimit&);
Result<void> parse(
    kinds::BanRules, std::string_view text, const Limits&, ValueContext&, bans::Rules&);
Result<void> parse(
    kinds::Firewall, std::string_view text, const Limits&, ValueContext&, bans::Firewall&);
Result<void> parse(kinds::OutagePolicy,
                   std::string_view text,
                   const Limits&,
                   ValueContext&,
                   screen::OutagePolicy&);

/// `10240000`, `64k`, `10M`, `10MiB`, `1G`: octets, in powers of 1024.
[[nodiscard]] Result<std::uint64_t> parse_octets(std::string_view text);
/// `300`, `300s`, `5m`, `1h`, `2d`, `1w`.
[[nodiscard]] Result<Duration> parse_time(std::string_view text);
/// `text` as a path: relative ones begin at `folder`.
[[nodiscard]] std::string absolute_path(std::string_view text, std::string_view folder);

/// What a manual calls the values of each kind.
constexpr std::string_view form_of(kinds::Bool) {
  return "yes or no";
}
constexpr std::string_view form_of(kinds::Count) {
  return "number";
}
constexpr std::string_view form_of(kinds::Octets) {
  return "octets, or with k, M or G";
}
constexpr std::string_view form_of(kinds::Code) {
  return "reply code from 400 to 599";
}
constexpr std::string_view form_of(kinds::Mode) {
  return "permissions in octal";
}
constexpr std::string_view form_of(kinds::Time) {
  return "time with s, m, h, d or w";
}
constexpr std::string_view form_of(kinds::Text) {
  return "text";
}
constexpr std::string_view form_of(kinds::Template) {
  return "text with names";
}
constexpr std::string_view form_of(kinds::Name) {
  return "domain name, or file that holds one";
}
constexpr std::string_view form_of(kinds::Path) {
  return "path";
}
constexpr std::string_view form_of(kinds::MailLocation) {
  return "path with %u, %n, %d or %h";
}
constexpr std::string_view form_of(kinds::Log) {
  return "path, or /dev/stdout";
}
constexpr std::string_view form_of(kinds::Word) {
  return "name";
}
constexpr std::string_view form_of(kinds::Words) {
  return "list of words";
}
constexpr std::string_view form_of(kinds::Restrictions) {
  return "list of restrictions";
}
constexpr std::string_view form_of(kinds::Keywords) {
  return "list of keywords";
}
constexpr std::string_view form_of(kinds::Paths) {
  return "list of paths";
}
constexpr std::string_view form_of(kinds::Domains) {
  return "list of domains, tables and files";
}
constexpr std::string_view form_of(kinds::Networks) {
  return "list of address blocks, tables and files";
}
constexpr std::string_view form_of(kinds::Action) {
  return "ignore, enforce or drop";
}
constexpr std::string_view form_of(kinds::AccessList) {
  return "list of permit_mynetworks, permit, reject, dunno and tables";
}
constexpr std::string_view form_of(kinds::Negative) {
  return "0, or a number below it";
}
constexpr std::string_view form_of(kinds::Lists) {
  return "list of domain=pattern*weight";
}
constexpr std::string_view form_of(kinds::Burst) {
  return "number/time, such as 20/10s";
}
constexpr std::string_view form_of(kinds::BanRules) {
  return "list of name=weight";
}
constexpr std::string_view form_of(kinds::Firewall) {
  return "nft:FAMILY TABLE SET";
}
constexpr std::string_view form_of(kinds::OutagePolicy) {
  return "scale, fail-open or greylist-instead";
}
constexpr std::string_view form_of(kinds::Maps) {
  return "list of tables";
}
constexpr std::string_view form_of(kinds::Endpoints) {
  return "list of ADDRESS:PORT";
}
constexpr std::string_view form_of(kinds::DnsServers) {
  return "list of ADDRESS or ADDRESS:PORT";
}
constexpr std::string_view form_of(kinds::Places) {
  return "list of ADDRESS:PORT or path";
}
constexpr std::string_view form_of(kinds::Commands) {
  return "list of commands";
}
constexpr std::string_view form_of(kinds::TlsLevel) {
  return "none, may or encrypt";
}
constexpr std::string_view form_of(kinds::TlsFloor) {
  return ">=TLSv1.2 or >=TLSv1.3";
}
constexpr std::string_view form_of(kinds::BareNewline) {
  return "normalize, note or reject";
}
constexpr std::string_view form_of(kinds::LogForm) {
  return "postfix or json";
}
constexpr std::string_view form_of(kinds::Families) {
  return "all, ipv4 or ipv6";
}

}  // namespace gatepost::config

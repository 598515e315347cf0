// SPDX-License-Identifier: Apache-2.0
// tables: how a configuration names a table, and lists in which tables may stand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatepost::tables {

enum class Type : std::uint8_t {
  Indexed,  ///< hash: btree: lmdb: cdb: dbm: texthash: all read the plain text file
  Cidr,
  Regexp,  ///< POSIX extended
  Pcre,
  Static,      ///< static:VALUE, every key is found
  Inline,      ///< inline:{k=v, {k = v with spaces}}
  UnixPasswd,  ///< unix:passwd.byname
  Union,       ///< unionmap:{type:name, ...}: all results, joined by commas
  Pipe,        ///< pipemap:{type:name, ...}: each result is the next one's key
  Aliases,     ///< aliases(5): an indexed table of `name: value` lines. No configuration names it.
  List,  ///< A text whose lines, or with the prefix `text` all of it, are the one value. No configuration names it.
};

/// `type:name` taken apart; what stands behind the colon is not looked at yet.
struct Spec {
  Type type = Type::Indexed;
  std::string prefix;    ///< As written: "hash"
  std::string argument;  ///< A path, a value, or `{...}`

  [[nodiscard]] std::string text() const { return prefix + ":" + argument; }
  /// The file behind the table, when there is one: not for static:, inline: and `type:{...}`.
  [[nodiscard]] bool has_file() const;
  bool operator==(const Spec&) const = default;
};

/// True when `text` begins with a word and a colon, as a table does and no address list
/// entry: "hash:/etc/x", but not "[::1]" and not "2001:db8::1".
[[nodiscard]] bool looks_like_table(std::string_view text);

/// The error names the known types, or says of which Postfix type there is no support. `proxy:`
/// in front is dropped: there is no other process to ask.
[[nodiscard]] Result<Spec> parse_spec(std::string_view text);

/// The words of a list separated by commas and white space. A word that holds `{` goes on to the
/// matching `}`; with `strip`, the outermost braces of a word that is nothing else are taken off
/// and the text in them is trimmed. An error when braces do not match.
[[nodiscard]] Result<std::vector<std::string>> split_list(std::string_view text,
                                                          bool strip = false);

}  // namespace gatepost::tables

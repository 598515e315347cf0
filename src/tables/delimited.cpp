// SPDX-License-Identifier: Apache-2.0
// tables: /pattern/flags as regexp: and pcre: rules write it.
#include "tables/delimited.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace gatepost::tables {

Result<Delimited> take_delimited(std::string_view& line) {
  const char delimiter = line.empty() ? '\0' : line.front();
  if (line.empty() || is_alnum(delimiter) || delimiter == '\\' || is_space(delimiter)) {
    return Error{Cause::Permanent, "expected a pattern between slashes: /pattern/ result"};
  }
  std::size_t end = 1;
  while (end < line.size() && line[end] != delimiter) end += line[end] == '\\' ? 2 : 1;
  if (end >= line.size()) {
    return Error{Cause::Permanent, std::string("no closing ") + delimiter + " after the pattern"};
  }
  Delimited out;
  out.pattern = line.substr(1, end - 1);
  line.remove_prefix(end + 1);
  const std::size_t flags = std::min(line.find_first_of(" \t\r\n\v\f"), line.size());
  out.flags = line.substr(0, flags);
  line.remove_prefix(flags);
  return out;
}

}  // namespace gatepost::tables

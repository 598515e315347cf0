// SPDX-License-Identifier: Apache-2.0
// tests: no table text and no key hurts a lookup. First line: the table; second: the key; rest: the file.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tables/match_list.h"
#include "tables/table_set.h"
#include "unit/tables/map_files.h"

namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatepost;
  if (size > 8192) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string name(take_line(rest));
  const std::string_view key = take_line(rest);
  const Result<tables::Spec> spec = tables::parse_spec(name);
  if (!spec) return 0;
  test::MapFiles files;
  files.write("/f", std::string(rest));
  files.write("/etc/passwd", std::string(rest));
  tables::TableSet set(files);
  const auto table = set.open(*spec);
  if (!table) {
    GP_ASSERT(!table.error().detail.empty());
    return 0;
  }
  const auto found = (*table)->find(key);
  GP_ASSERT(found || found.error().cause == Cause::Temporary);
  if (const auto entries = (*table)->entries()) {
    for (const auto& [one, value] : *entries) {
      const auto again = (*table)->find(one);
      GP_ASSERT(again && *again == value);
    }
  }
  const auto list = tables::MatchList::open({tables::Pattern{false, *spec}}, set);
  GP_ASSERT(list);
  static_cast<void>(list->has_domain(key, tables::Parents::Yes));
  files.write("/f", "other\n");
  static_cast<void>(set.refresh());
  return 0;
}

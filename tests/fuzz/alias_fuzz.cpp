// SPDX-License-Identifier: Apache-2.0
// tests: no file of aliases hurts: it is read, or refused with a reason, and expanding ends.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/alias_members.h"
#include "policy/expansion.h"
#include "tables/indexed.h"

namespace {

using namespace gatepost;

/// The same table as alias_maps, virtual_alias_maps and :include: file.
class OneTable final : public policy::AddressTables {
 public:
  OneTable(const tables::Table& table, std::string_view text) : table_(table), text_(text) {}
  Result<std::optional<std::string>> find_virtual(std::string_view key) override {
    return table_.find(key);
  }
  Result<std::optional<std::string>> find_alias(std::string_view key) override {
    return table_.find(key);
  }
  Result<std::optional<std::string>> find_moved(std::string_view) override {
    return std::optional<std::string>();
  }
  Result<std::string> read_include(const std::string&) override { return std::string(text_); }
  Result<policy::DomainClass> domain_class(std::string_view domain) override {
    return domain.size() % 2 == 0 ? policy::DomainClass::Local : policy::DomainClass::Other;
  }

 private:
  const tables::Table& table_;
  std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto members = policy::parse_alias_members(text);
  GP_ASSERT(members || !members.error().detail.empty());
  const tables::Built built = tables::build_aliases(text);
  if (!built.table) {
    GP_ASSERT(!built.problems.empty());
    return 0;
  }
  policy::ExpansionSettings settings;
  settings.myorigin = "ours.example";
  settings.delimiters = "+-";
  settings.propagate_alias = true;
  settings.propagate_include = true;
  settings.most = 50;
  settings.deepest = 50;
  OneTable tables(*built.table, text);
  policy::Expander expander(tables, settings);
  const auto entries = built.table->entries();
  GP_ASSERT(entries.has_value());
  std::size_t tried = 0;
  for (const auto& [key, value] : *entries) {
    if (++tried > 20) break;
    const auto found = expander.expand({key, "ours.example"});
    GP_ASSERT(found);
    GP_ASSERT(found->leaves.size() <= settings.most);
    GP_ASSERT(found->fault == policy::Expansion::Fault::None || !found->at.empty());
  }
  return 0;
}

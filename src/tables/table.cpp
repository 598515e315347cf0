// SPDX-License-Identifier: Apache-2.0
// tables: from a table's name and text to the table.
#include "tables/table.h"

#include <utility>

#include "tables/indexed.h"
#include "tables/rules.h"

namespace gatepost::tables {

namespace {

class StaticTable final : public Table {
 public:
  explicit StaticTable(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] Result<std::optional<std::string>> find(std::string_view) const override {
    return std::optional(value_);
  }

 private:
  std::string value_;
};

Built build_static(const Spec& spec) {
  const auto words = split_list(spec.argument, true);
  // static:{two words} is one value, static:two words never gets here as one word.
  const bool braced = words && words->size() == 1;
  return {std::make_shared<StaticTable>(braced ? words->front() : spec.argument), {}};
}

/// With the prefix `text` the text as it is, for who reads its lines in another way.
Built build_list(const Spec& spec, std::string_view text) {
  if (spec.prefix == "text") return {std::make_shared<StaticTable>(std::string(text)), {}};
  std::string all;
  LineReader reader(text);
  while (reader.next()) all.append(all.empty() ? "" : ",").append(reader.line());
  auto problems = reader.take_problems();
  if (!problems.empty()) return {nullptr, std::move(problems)};
  return {std::make_shared<StaticTable>(std::move(all)), {}};
}

}  // namespace

Built build_table(const Spec& spec, std::string_view text) {
  switch (spec.type) {
    case Type::Indexed:
      return build_indexed(text);
    case Type::Cidr:
    case Type::Regexp:
    case Type::Pcre:
      return build_rules(spec, text);
    case Type::Static:
      return build_static(spec);
    case Type::Inline:
      return build_inline(spec.argument);
    case Type::UnixPasswd:
      return build_passwd(text);
    case Type::Aliases:
      return build_aliases(text);
    case Type::List:
      return build_list(spec, text);
    case Type::Union:
    case Type::Pipe:
      break;
  }
  return {nullptr, {{0, "a table of tables: opened by a TableSet"}}};
}

}  // namespace gatepost::tables

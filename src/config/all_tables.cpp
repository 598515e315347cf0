// SPDX-License-Identifier: Apache-2.0
// config: every table the settings name.
#include "config/all_tables.h"

#include <variant>

namespace gatepost::config {

namespace {

// An overload a type, so that a row of keys.def with tables in it cannot be forgotten.
void collect(std::vector<NamedTable>& out,
             std::string_view name,
             const tables::Patterns& patterns) {
  for (const tables::Pattern& pattern : patterns) {
    if (const auto* spec = std::get_if<tables::Spec>(&pattern.what)) out.push_back({name, *spec});
  }
}

void collect(std::vector<NamedTable>& out,
             std::string_view name,
             const std::vector<tables::Spec>& specs) {
  for (const tables::Spec& spec : specs) out.push_back({name, spec});
}

template <class Other>
void collect(std::vector<NamedTable>&, std::string_view, const Other&) {}

}  // namespace

std::vector<NamedTable> all_tables(const Settings& settings) {
  std::vector<NamedTable> out;
#define GP_GROUP(title)
#define GP_KEY(name, kind, initial, limits, reload, text) collect(out, #name, settings.name);
#define GP_SERVICE_KEY(name, kind, initial, limits, reload, text) \
  collect(out, #name, settings.smtp.name);                        \
  collect(out, #name, settings.submission.name);                  \
  collect(out, #name, settings.submissions.name);
#include "config/keys.def"
  return out;
}

}  // namespace gatepost::config

// SPDX-License-Identifier: Apache-2.0
// tests: no configuration text hurts the reader, and one that is accepted can be used.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/all_tables.h"
#include "config/load.h"
#include "tables/spec.h"
#include "unit/tables/map_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatepost;
  if (size > 64 * 1024) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  test::MapFiles files;
  // What a list names as /file is the text itself, so that inclusion is tried with everything.
  files.write("/f", text);
  const config::Source source{"/etc/gatepost.conf", text, "mx.example.com"};
  const config::Loaded loaded = config::load(source, files);
  for (const config::Finding& finding : loaded.findings.all()) {
    GP_ASSERT(!finding.text.empty());
    GP_ASSERT(finding.line <= size + 1);
  }
  if (loaded.ok()) {
    GP_ASSERT(!loaded.settings.myhostname.empty());
    GP_ASSERT(loaded.settings.smtp.smtpd_hard_error_limit > 0);
    for (const config::NamedTable& table : config::all_tables(loaded.settings)) {
      GP_ASSERT(tables::parse_spec(table.spec.text()));
    }
  }
  config::Findings findings;
  const config::Document document = config::Document::parse(text, "f", findings);
  for (const config::Assignment& one : document.assignments()) {
    static_cast<void>(config::show(document, "host", one.service, one.name, true));
  }
  return 0;
}

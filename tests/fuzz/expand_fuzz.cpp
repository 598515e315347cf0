// SPDX-License-Identifier: Apache-2.0
// tests: no value with references hurts the expander; every line of the input is a parameter.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "config/expand.h"

namespace {

/// The lines are the values of a, b, c ...
class LineNames final : public gatepost::config::Names {
 public:
  explicit LineNames(std::string_view text) {
    while (lines_.size() < 26 && !text.empty()) {
      const std::size_t end = text.find('\n');
      lines_.emplace_back(text.substr(0, end));
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
  }
  std::optional<std::string> value_of(std::string_view name) override {
    if (name.size() != 1 || name[0] < 'a') return std::nullopt;
    const auto index = static_cast<std::size_t>(name[0] - 'a');
    if (index >= lines_.size()) return std::nullopt;
    return lines_[index];
  }
  std::string suggestion(std::string_view) override { return {}; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatepost;
  if (size > 4096) return 0;
  LineNames names(std::string_view(reinterpret_cast<const char*>(data), size));
  const Result<std::string> value = config::expand("$a", names);
  if (value) {
    GP_ASSERT(value->size() <= limits::kConfigLine + size);
  } else {
    GP_ASSERT(!value.error().detail.empty());
  }
  return 0;
}

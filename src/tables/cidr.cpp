// SPDX-License-Identifier: Apache-2.0
// tables: the left side of a cidr: rule.
#include <algorithm>
#include <utility>

#include "tables/pattern.h"
#include "tables/rules.h"

namespace gatepost::tables {

namespace {

class CidrMatcher final : public Matcher {
 public:
  explicit CidrMatcher(Network network) : network_(network) {}
  [[nodiscard]] Result<bool> matches(const Subject& subject, Groups*) const override {
    return subject.address && network_.contains(*subject.address);
  }

 private:
  Network network_;
};

}  // namespace

Result<std::unique_ptr<Matcher>> parse_cidr(std::string_view& line) {
  const std::size_t end = std::min(line.find_first_of(" \t\r\n\v\f"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  GP_TRY(const Network network, parse_network(word));
  return std::unique_ptr<Matcher>(std::make_unique<CidrMatcher>(network));
}

}  // namespace gatepost::tables

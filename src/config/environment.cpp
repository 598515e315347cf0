// SPDX-License-Identifier: Apache-2.0
// config: the values behind names, for one service: the file's, else the defaults.
#include "config/environment.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "config/foreign.h"
#include "config/rows.h"

namespace gatepost::config {

namespace {

constexpr std::string_view kNoDomain = "localdomain";
// What ${{$compatibility_level} <level {...} asks for: no defaults of old.
constexpr std::string_view kLevel = "3.10";

std::string after_dot(std::string_view name) {
  const std::size_t dot = name.find('.');
  return std::string(dot == name.npos || dot + 1 == name.size() ? kNoDomain : name.substr(dot + 1));
}

}  // namespace

Environment::Environment(const Document& document,
                         std::string_view host_name,
                         std::string_view service)
    : document_(document), host_name_(lower(trim(host_name))), service_(service) {
  while (host_name_.ends_with('.')) host_name_.pop_back();
  if (host_name_.empty()) host_name_ = "localhost";
}

std::string Environment::default_hostname() {
  if (host_name_.find('.') != host_name_.npos) return host_name_;
  const bool has_domain = document_.find("", "mydomain") != nullptr;
  return host_name_ + "." + std::string(has_domain ? "$mydomain" : kNoDomain);
}

std::string Environment::default_domain() {
  const Assignment* hostname = document_.find("", "myhostname");
  if (hostname == nullptr) return after_dot(default_hostname());
  // A host name that itself refers to $mydomain gets the domain of nowhere, not a circle.
  if (finding_domain_) return std::string(kNoDomain);
  finding_domain_ = true;
  const Result<std::string> name = expand(hostname->value, *this);
  finding_domain_ = false;
  return name ? after_dot(*name) : std::string(kNoDomain);
}

std::optional<Origin> Environment::find(std::string_view name) {
  if (!service_.empty()) {
    if (const Assignment* own = document_.find(service_, name)) return Origin{own->value, own};
    if (const auto value = service_default(service_, name))
      return Origin{std::string(*value), nullptr};
  }
  if (const Assignment* common = document_.find("", name)) return Origin{common->value, common};
  if (name == "myhostname") return Origin{default_hostname(), nullptr};
  if (name == "mydomain") return Origin{default_domain(), nullptr};
  if (const Row* row = find_row(name)) return Origin{std::string(row->initial.view()), nullptr};
  return std::nullopt;
}

std::optional<std::string> Environment::value_of(std::string_view name) {
  referenced_.emplace(name);
  if (auto origin = find(name)) return std::move(origin->value);
  if (name == "compatibility_level") return std::string(kLevel);
  for (const Renamed& row : renamed()) {
    if (row.name.view() != name) continue;
    if (auto origin = find(row.now)) return std::move(origin->value);
  }
  // What Postfix knows and we do not is empty, so that ${stress?{1}:{20}} keeps its meaning.
  if (find_foreign(name) != nullptr) return std::string();
  return std::nullopt;
}

std::string Environment::suggestion(std::string_view name) {
  std::vector<std::string_view> names = row_names();
  for (const Assignment& assignment : document_.assignments()) names.emplace_back(assignment.name);
  return suggest(name, names);
}

}  // namespace gatepost::config

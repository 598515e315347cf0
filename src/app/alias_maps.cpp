// SPDX-License-Identifier: Apache-2.0
// app: the tables of aliases: where an address leads, and what is wrong with them as a whole.
#include "app/alias_maps.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <variant>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"

namespace gatepost::app {
namespace {

using policy::DomainClass;
using policy::Expansion;

constexpr std::string_view kDefaultAliases = "hash:/etc/aliases";
constexpr std::size_t kMostTold = 10;

bool has_word(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Result<std::optional<std::string>> find_in(
    const std::vector<std::pair<tables::Spec, tables::TableHandle>>& opened, std::string_view key) {
  for (const auto& [spec, table] : opened) {
    GP_TRY(auto found, table->find(key));
    if (found) return found;
  }
  return std::optional<std::string>();
}

}  // namespace

Result<void> AliasMaps::open(const config::Settings& settings, tables::Files& files) {
  settings_.myorigin = lower(settings.myorigin);
  settings_.delimiters = settings.recipient_delimiter;
  settings_.propagate_virtual = has_word(settings.propagate_unmatched_extensions, "virtual");
  settings_.propagate_alias = has_word(settings.propagate_unmatched_extensions, "alias");
  settings_.propagate_include = has_word(settings.propagate_unmatched_extensions, "include");
  settings_.most = settings.virtual_alias_expansion_limit;
  settings_.deepest = settings.virtual_alias_recursion_limit;
  settings_.expand_owner_alias = settings.expand_owner_alias;
  local_domain_ = settings_.myorigin;
  for (const tables::Pattern& pattern : settings.mydestination) {
    const auto* word = std::get_if<std::string>(&pattern.what);
    if (word == nullptr || pattern.negated || word->starts_with('.')) continue;
    local_domain_ = *word;
    break;
  }
  const auto open_all = [this](std::string_view parameter, const std::vector<tables::Spec>& specs,
                               Opened& to) -> Result<void> {
    for (const tables::Spec& spec : specs) {
      auto handle = tables_.open(spec);
      if (!handle) {
        const Error& error = handle.error();
        return Error{error.cause, std::string(parameter) + ": " + error.detail, error.system};
      }
      to.emplace_back(spec, *std::move(handle));
    }
    return {};
  };
  GP_CHECK(open_all("virtual_alias_maps", settings.virtual_alias_maps, virtual_));
  GP_CHECK(open_all("relocated_maps", settings.relocated_maps, moved_));
  std::vector<tables::Spec> aliases;
  for (tables::Spec spec : settings.alias_maps) {
    if (spec.text() == kDefaultAliases) {
      const auto stamp = files.stamp(spec.argument);
      if (!stamp && stamp.error().system == ENOENT) continue;
    }
    // aliases(5) has a form of its own, whatever database postalias made of it.
    if (spec.type == tables::Type::Indexed) spec.type = tables::Type::Aliases;
    aliases.push_back(std::move(spec));
  }
  return open_all("alias_maps", aliases, aliases_);
}

Result<std::optional<std::string>> AliasMaps::find_virtual(std::string_view key) {
  return find_in(virtual_, key);
}

Result<std::optional<std::string>> AliasMaps::find_alias(std::string_view name) {
  return find_in(aliases_, name);
}

Result<std::optional<std::string>> AliasMaps::find_moved(std::string_view key) {
  return find_in(moved_, key);
}

Result<std::string> AliasMaps::read_include(const std::string& path) {
  GP_TRY(const tables::TableHandle list, tables_.open({tables::Type::List, "include", path}));
  GP_TRY(auto text, list->find({}));
  return std::move(text).value_or("");
}

Result<DomainClass> AliasMaps::domain_class(std::string_view domain) {
  if (iequals(domain, asked_domain_)) return asked_class_;
  return known_.domain_class(domain);
}

Result<Expansion> AliasMaps::expand(const mail::Mailbox& address, DomainClass domain) {
  asked_domain_ = lower(address.domain);
  asked_class_ = domain;
  policy::Expander expander(*this, settings_);
  return expander.expand(address);
}

Result<bool> AliasMaps::is_named(const mail::Mailbox& address, DomainClass domain) {
  const std::string local = lower(address.local);
  const std::string whole = local + "@" + lower(address.domain);
  GP_TRY(auto found, find_virtual(whole));
  if (!found) {
    GP_TRY(found, find_moved(whole));
  }
  const bool bare = domain == DomainClass::Local || iequals(address.domain, settings_.myorigin);
  if (!found && bare) {
    GP_TRY(found, find_virtual(local));
  }
  if (!found && domain == DomainClass::Local) {
    GP_TRY(found, find_alias(local));
  }
  return found.has_value();
}

/// One look at all keys.
class AliasMaps::Linter {
 public:
  explicit Linter(AliasMaps& maps) : maps_(maps), expander_(maps, maps.settings_) {
    expander_.remember();
  }

  Lint run() {
    maps_.asked_domain_.clear();
    for (const auto& [spec, table] : maps_.virtual_) look_at(spec, *table, /*local=*/false);
    for (const auto& [spec, table] : maps_.aliases_) look_at(spec, *table, /*local=*/true);
    for (const auto& [missing, first] : dead_) {
      if (out_.warnings.size() >= kMostTold) break;
      // A place is found by reading the file again: only those that are told are worth it.
      std::string line = format("{}: leads to {}, who is nobody here",
                                maps_.tables_.place_of(*first.spec, first.key), missing);
      if (first.count > 1) {
        line += format(", as {} does", format_number(first.count - 1) +
                                           (first.count == 2 ? " other name" : " other names"));
      }
      out_.warnings.push_back(std::move(line));
    }
    return std::move(out_);
  }

 private:
  struct Dead {
    const tables::Spec* spec = nullptr;
    std::string key;
    std::size_t count = 0;
  };

  void look_at(const tables::Spec& spec, const tables::Handle& table, bool local) {
    const auto entries = table.entries();
    if (!entries) return;
    for (const auto& [key, value] : *entries) {
      if (out_.errors.size() >= kMostTold) return;
      const std::size_t at = key.rfind('@');
      mail::Mailbox address;
      if (local) {
        address = {key, maps_.local_domain_};
      } else if (at == 0) {
        address = {"any", key.substr(1)};
      } else if (at != key.npos) {
        address = {key.substr(0, at), key.substr(at + 1)};
      } else if (key.find('.') == key.npos) {
        address = {key, maps_.settings_.myorigin};
      } else {
        continue;  // `example.com anything`: a domain of virtual_alias_domains.
      }
      look_at(spec, key, address);
    }
  }

  void look_at(const tables::Spec& spec, const std::string& key, const mail::Mailbox& address) {
    const auto found = expander_.expand(address);
    if (!found) return tell(spec, key, found.error().detail);
    switch (found->fault) {
      case Expansion::Fault::Loop:
        return tell_loop(spec, key, found->detail);
      case Expansion::Fault::Broken:
        // Where another key leads here, that one's line is not the one at fault.
        if (iequals(found->at, address.local + "@" + address.domain))
          tell(spec, key, found->detail);
        return;
      case Expansion::Fault::TooMany:
        return tell(spec, key, "leads to too many: " + found->detail);
      case Expansion::Fault::None:
        break;
    }
    for (const policy::Leaf& leaf : found->leaves) {
      const auto taken = maps_.known_.has_taker(leaf);
      if (!taken || *taken) continue;
      Dead& dead = dead_[leaf.address.text()];
      if (dead.count++ > 0) continue;
      dead.spec = &spec;
      dead.key = key;
    }
  }

  void tell(const tables::Spec& spec, const std::string& key, const std::string& what) {
    out_.errors.push_back(maps_.tables_.place_of(spec, key) + ": " +
                          printable(key, limits::kLogText) + ": " + what);
  }

  void tell_loop(const tables::Spec& spec, const std::string& key, const std::string& circle) {
    // Whoever leads into a circle, or is in it, finds the same one.
    std::string_view rest = circle;
    bool fresh = false;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(" -> "), rest.size());
      fresh = told_.insert(std::string(rest.substr(0, end))).second || fresh;
      rest.remove_prefix(std::min(end + 4, rest.size()));
    }
    if (fresh) tell(spec, key, "aliases lead in a circle: " + printable(circle, limits::kLogReply));
  }

  AliasMaps& maps_;
  policy::Expander expander_;
  Lint out_;
  std::map<std::string, Dead> dead_;
  std::set<std::string> told_;
};

AliasMaps::Lint AliasMaps::lint() {
  return Linter(*this).run();
}

}  // namespace gatepost::app

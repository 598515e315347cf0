// SPDX-License-Identifier: Apache-2.0
// app: whom greylisting leaves alone, by the settings and the files they name.
#include "app/settings_directory.h"
#include "base/text.h"

namespace gatepost::app {
namespace {

/// `/etc/x` is a file; `/x/` is a regular expression.
bool is_file(std::string_view entry) {
  return entry.starts_with('/') && !(entry.size() > 1 && entry.ends_with('/'));
}

}  // namespace

Result<void> SettingsDirectory::open_exceptions(const config::Settings& settings) {
  exception_files_.clear();
  const auto open = [this](std::string_view name, const std::vector<std::string>& entries,
                           bool of_clients) -> Result<void> {
    for (const std::string& entry : entries) {
      if (!is_file(entry)) continue;
      auto opened = tables_.open({tables::Type::List, "text", entry});
      if (!opened) {
        return Error{Cause::Permanent, std::string(name) + ": " + opened.error().detail};
      }
      exception_files_.push_back({entry, *std::move(opened), of_clients});
    }
    return {};
  };
  GP_CHECK(open("greylist_client_exceptions", settings.greylist_client_exceptions, true));
  return open("greylist_recipient_exceptions", settings.greylist_recipient_exceptions, false);
}

void SettingsDirectory::make_exceptions() {
  auto made = std::make_shared<server::GreyExceptions>();
  std::vector<std::string> problems;
  const auto add = [&problems](std::string_view name, const std::vector<std::string>& entries,
                               auto& to) {
    for (const std::string& entry : entries) {
      if (is_file(entry)) continue;
      const auto added = to.add(entry);
      if (!added) problems.push_back(std::string(name) + ": " + added.error().detail);
    }
  };
  add("greylist_client_exceptions", settings_->greylist_client_exceptions, made->clients);
  add("greylist_recipient_exceptions", settings_->greylist_recipient_exceptions, made->recipients);
  for (const ExceptionFile& file : exception_files_) {
    const auto text = file.text->find({});
    if (!text || !*text) continue;
    if (file.of_clients) {
      greylist::add_file(file.path, **text, made->clients, problems);
    } else {
      greylist::add_file(file.path, **text, made->recipients, problems);
    }
  }
  for (std::string& problem : problems) warnings_.push_back("warning: " + std::move(problem));
  grey_exceptions_ = std::move(made);
}

}  // namespace gatepost::app

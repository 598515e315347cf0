// SPDX-License-Identifier: Apache-2.0
// config: from the text of gatepost.conf to settings, with everything that is wrong in it.
#include "config/load.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/checks.h"
#include "config/environment.h"
#include "config/expand.h"
#include "config/foreign.h"
#include "config/rows.h"

namespace gatepost::config {

namespace {

std::string folder_of(const Source& source) {
  if (!source.folder.empty()) return source.folder;
  const std::size_t slash = source.path.rfind('/');
  return slash == std::string::npos ? "." : source.path.substr(0, slash);
}

/// The value of a row as it is read: raw ones are only followed where they are `$name` and no more.
Result<std::string> value_of(const Row* row, std::string value, Environment& environment) {
  if (row == nullptr || !row->kind->raw) return expand(value, environment);
  constexpr int kMostSteps = 10;
  for (int i = 0; i < kMostSteps && value.starts_with('$'); ++i) {
    const std::string name = value.substr(1);
    if (!environment.find(name)) break;
    value = environment.value_of(name).value_or(std::string());
  }
  return value;
}

class Loader {
 public:
  Loader(const Source& source, tables::Files& files)
      : source_(source),
        files_(files),
        document_(Document::parse(source.text, source.path, out_.findings)) {}

  Loaded run() {
    for (const Renamed& row : renamed()) {
      for (const std::size_t line : document_.rename(row.name, row.now)) {
        out_.findings.add({Severity::Note, source_.path, line,
                           format("\"{}\" is called {} now", row.name.view(), row.now.view())});
      }
    }
    Environment common(document_, source_.host_name, "");
    for (const Row& row : rows()) {
      if (!row.is_title() && !row.per_service()) read(common, row, nullptr);
    }
    keep_references(common);
    read_service("smtp", out_.settings.smtp);
    read_service("submission", out_.settings.submission);
    read_service("submissions", out_.settings.submissions);
    judge_names();
    tell_of_defaults();
    settle(out_.settings, document_, source_.path, out_.findings);
    out_.findings.sort();
    out_.document = std::move(document_);
    return std::move(out_);
  }

 private:
  void read_service(std::string_view name, ServiceSettings& service) {
    Environment environment(document_, source_.host_name, name);
    for (const Row& row : rows()) {
      if (row.per_service()) read(environment, row, &service);
    }
    keep_references(environment);
  }

  /// Into `service`, or without one into the settings of all.
  void read(Environment& environment, const Row& row, ServiceSettings* service) {
    const Origin origin = environment.find(row.name).value_or(Origin{});
    const std::size_t line = origin.assignment != nullptr ? origin.assignment->line : 0;
    const auto say = [&](Severity severity, std::string_view text) {
      Finding finding{severity, source_.path, line, format("{}: {}", row.name.view(), text)};
      if (origin.assignment == nullptr) return defaults_.add(std::move(finding));
      out_.findings.add(std::move(finding));
    };
    const Result<std::string> value = value_of(&row, origin.value, environment);
    if (!value) return say(Severity::Error, value.error().detail);
    ValueContext context{files_, folder_of(source_), {}};
    const Result<void> stored = service != nullptr ? row.read(*service, trim(*value), context)
                                                   : row.read(out_.settings, trim(*value), context);
    if (!stored) return say(Severity::Error, stored.error().detail);
    for (const std::string& note : context.notes) say(Severity::Note, note);
  }

  /// A default is wrong when it refers to what is wrong: only worth telling when nothing else is,
  /// as with a host without a usable name.
  void tell_of_defaults() {
    if (out_.findings.has_errors()) return;
    for (const Finding& finding : defaults_.all()) out_.findings.add(finding);
  }

  void keep_references(const Environment& environment) {
    referenced_.insert(environment.referenced().begin(), environment.referenced().end());
  }

  /// Names in the file that are no settings: of Postfix, of the owner's own making, or mistakes.
  void judge_names() {
    std::vector<const Assignment*> own;
    for (const Assignment& assignment : document_.assignments()) {
      const Row* row = find_row(assignment.name);
      if (row != nullptr) {
        if (!assignment.service.empty() && !row->per_service()) {
          say(Severity::Error, assignment,
              format("\"{}\" has one value for all services: expected it without \"{}.\"",
                     assignment.name, assignment.service));
        }
      } else if (!judge_foreign(assignment)) {
        own.push_back(&assignment);
      }
    }
    // After judge_foreign(), whose values may refer to names of the owner's making.
    for (const Assignment* assignment : own) {
      if (referenced_.contains(assignment->name)) {
        Environment environment(document_, source_.host_name, assignment->service);
        if (const auto value = expand(assignment->value, environment); !value) {
          say(Severity::Error, *assignment, assignment->name + ": " + value.error().detail);
        }
        continue;
      }
      say(Severity::Error, *assignment,
          format("unknown parameter \"{}\"{}", printable(assignment->name, limits::kLogText),
                 suggest(assignment->name, row_names())));
    }
  }

  /// True when the name is one of Postfix; says what there is to say about it.
  bool judge_foreign(const Assignment& assignment) {
    const Foreign* foreign = find_foreign(assignment.name);
    if (foreign == nullptr) return false;
    if (foreign->pattern.view().find('*') != std::string_view::npos &&
        is_misspelling(assignment.name))
      return false;
    Environment environment(document_, source_.host_name, assignment.service);
    const Result<std::string> value = expand(assignment.value, environment);
    keep_references(environment);
    if (!foreign->not_yet) {
      say(Severity::Note, assignment,
          format("\"{}\" has no use here: {}", assignment.name, foreign->text.view()));
      return true;
    }
    if (!is_off(*foreign, assignment.value) && (!value || !is_off(*foreign, *value))) {
      say(Severity::Error, assignment,
          format("\"{}\" asks for what gatepost does not do yet: {}", assignment.name,
                 foreign->text.view()));
    }
    return true;
  }

  /// One or two letters from one of ours, so that smtp_lisen is not taken for a parameter of
  /// Postfix's client. Where Postfix has smtp_X, lmtp_X or the like besides smtpd_X, that is meant.
  static bool is_misspelling(std::string_view name) {
    const std::size_t underscore = std::min(name.find('_'), name.size());
    if (find_row("smtpd" + std::string(name.substr(underscore))) != nullptr) return false;
    for (const std::string_view ours : row_names()) {
      if (edit_distance(name, ours) <= 2) return true;
    }
    return false;
  }

  void say(Severity severity, const Assignment& assignment, std::string text) {
    out_.findings.add({severity, source_.path, assignment.line, std::move(text)});
  }

  const Source& source_;
  tables::Files& files_;
  Loaded out_;
  Findings defaults_;  // About values that are not in the file.
  Document document_;
  std::set<std::string, std::less<>> referenced_;
};

}  // namespace

Loaded load(const Source& source, tables::Files& files) {
  return Loader(source, files).run();
}

std::optional<Shown> show(const Document& document,
                          const std::string& host_name,
                          std::string_view service,
                          std::string_view name,
                          bool expanded) {
  Environment environment(document, host_name, service);
  const std::optional<Origin> origin = environment.find(name);
  if (!origin) return std::nullopt;
  Shown out{origin->value, origin->assignment != nullptr};
  if (expanded) {
    const Row* row = find_row(name);
    if (auto value = value_of(row, origin->value, environment)) out.value = *std::move(value);
  }
  return out;
}

}  // namespace gatepost::config

// SPDX-License-Identifier: Apache-2.0
// config: the file's own form: NAME = VALUE and SERVICE.NAME = VALUE, with the lines they are on.
#include "config/document.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/types.h"
#include "tables/lines.h"

namespace gatepost::config {

namespace {

// More parameters than Postfix has ten times over: what has more is no configuration.
constexpr std::size_t kMostAssignments = 10'000;

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
}

/// `submission.smtpd_timeout` taken apart; an unknown service is a mistake.
std::optional<std::string> split_service(Assignment& out, std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot != name.npos) {
    out.service = lower(name.substr(0, dot));
    name.remove_prefix(dot + 1);
    if (std::find(kServiceNames.begin(), kServiceNames.end(), out.service) == kServiceNames.end()) {
      return format("unknown service \"{}\": expected smtp, submission or submissions{}",
                    out.service,
                    suggest(out.service, {kServiceNames.begin(), kServiceNames.end()}));
    }
  }
  out.name = name;
  if (!is_name(name)) {
    return format("\"{}\" is no parameter name: expected letters, digits and _",
                  printable(name, limits::kLogText));
  }
  return std::nullopt;
}

}  // namespace

void Document::set(Assignment assignment, const std::string& file, Findings& findings) {
  const auto before =
      std::find_if(assignments_.begin(), assignments_.end(), [&](const Assignment& other) {
        return other.service == assignment.service && other.name == assignment.name;
      });
  if (before == assignments_.end()) {
    assignments_.push_back(std::move(assignment));
    return;
  }
  const std::string full =
      assignment.service.empty() ? assignment.name : assignment.service + "." + assignment.name;
  findings.add({Severity::Warning, file, assignment.line,
                format("\"{}\" is set a second time; line {} has no effect", full, before->line)});
  *before = std::move(assignment);
}

Document Document::parse(std::string_view text, const std::string& file, Findings& findings) {
  Document out;
  tables::LineReader reader(text);
  while (reader.next()) {
    const std::string_view line = reader.line();
    const std::size_t equals = line.find('=');
    if (equals == line.npos) {
      findings.add({Severity::Error, file, reader.number(),
                    format("\"{}\": expected NAME = VALUE", printable(line, limits::kLogText))});
      continue;
    }
    Assignment assignment;
    assignment.line = reader.number();
    assignment.value = trim(line.substr(equals + 1));
    if (auto mistake = split_service(assignment, trim(line.substr(0, equals)))) {
      findings.add({Severity::Error, file, reader.number(), *std::move(mistake)});
      continue;
    }
    if (out.assignments_.size() >= kMostAssignments) {
      findings.add(
          {Severity::Error, file, reader.number(), "too many parameters for a configuration"});
      break;
    }
    out.set(std::move(assignment), file, findings);
  }
  for (tables::Problem& problem : reader.take_problems()) {
    findings.add({Severity::Error, file, problem.line, std::move(problem.text)});
  }
  return out;
}

std::vector<std::size_t> Document::rename(std::string_view name, std::string_view now) {
  std::vector<std::size_t> lines;
  for (std::size_t i = 0; i < assignments_.size();) {
    Assignment& one = assignments_[i];
    if (one.name != name) {
      ++i;
      continue;
    }
    lines.push_back(one.line);
    if (find(one.service, now) == nullptr) {
      one.name = now;
      ++i;
    } else {
      assignments_.erase(assignments_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return lines;
}

const Assignment* Document::find(std::string_view service, std::string_view name) const {
  const auto found = std::find_if(
      assignments_.begin(), assignments_.end(),
      [&](const Assignment& one) { return one.service == service && one.name == name; });
  return found == assignments_.end() ? nullptr : &*found;
}

}  // namespace gatepost::config

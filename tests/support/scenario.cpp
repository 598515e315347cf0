// SPDX-License-Identifier: Apache-2.0
// support: reads scenario files.
#include "support/scenario.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/format.h"
#include "base/text.h"
#include "smtp/extensions.h"
#include "support/play.h"

namespace gatepost::support {
namespace {

Error wrong(const std::string& file, int line, std::string_view what) {
  return Error{Cause::Permanent, format("{}:{}: {}", file, line, what), 0};
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char low = to_lower(c);
  return (low >= 'a' && low <= 'f') ? low - 'a' + 10 : -1;
}

// \r \n \t \0 \\ \xHH and \(COUNT TEXT), which stands for TEXT repeated.
std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      out.push_back(c);
      continue;
    }
    if (text.empty()) return std::nullopt;
    const char kind = text.front();
    text.remove_prefix(1);
    constexpr std::string_view kFrom = "rnt0\\";
    constexpr std::string_view kTo("\r\n\t\0\\", 5);
    if (const std::size_t at = kFrom.find(kind); at != kFrom.npos) {
      out.push_back(kTo[at]);
    } else if (kind == 'x' && text.size() >= 2) {
      const int high = hex_value(text[0]);
      const int low = hex_value(text[1]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      text.remove_prefix(2);
    } else if (kind == '(') {
      const std::size_t end = text.find(')');
      const std::size_t space = text.find(' ');
      if (end == text.npos || space > end) return std::nullopt;
      const auto count = parse_number(text.substr(0, space));
      const auto unit = unescape(text.substr(space + 1, end - space - 1));
      if (!count || !unit || *count > 10'000'000) return std::nullopt;
      for (std::uint64_t i = 0; i < *count; ++i) out += *unit;
      text.remove_prefix(end + 1);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<std::uint64_t> milliseconds(std::string_view text) {
  std::uint64_t unit = 1000;
  if (text.size() > 2 && text.substr(text.size() - 2) == "ms") {
    unit = 1;
    text.remove_suffix(2);
  } else if (!text.empty() && text.back() == 's') {
    text.remove_suffix(1);
  }
  const auto count = parse_number(text);
  if (!count) return std::nullopt;
  return *count * unit;
}

using Kind = Action::Kind;

struct WordRow {
  std::string_view word;
  Kind kind;
  bool core;  ///< Only with "core:" before it.
};

constexpr std::array<WordRow, 16> kWords{{
    {">", Kind::Send, false},
    {">>", Kind::Send, false},
    {"<", Kind::Line, false},
    {"<~", Kind::Prefix, false},
    {"<*", Kind::Reply, false},
    {"stored", Kind::Stored, false},
    {"stored~", Kind::StoredPart, false},
    {"messages", Kind::Messages, false},
    {"log", Kind::Log, false},
    {"tls", Kind::Tls, false},
    {"closed", Kind::Closed, false},
    {"at", Kind::Pass, true},
    {"shutdown", Kind::ShutDown, true},
    {"text", Kind::RuleText, true},
    {"commit", Kind::RuleCommit, true},
    {"pauses", Kind::Pauses, true},
}};

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : left_(text), file_(file) {}

  Result<std::vector<Scenario>> run() {
    while (!left_.empty()) {
      ++line_;
      const std::size_t end = std::min(left_.find('\n'), left_.size());
      const std::string_view line = left_.substr(0, end);
      left_.remove_prefix(std::min(end + 1, left_.size()));
      if (trim(line).empty() || line.front() == '#') continue;
      GP_CHECK(take(line));
    }
    return std::move(found_);
  }

 private:
  Result<void> take(std::string_view line) {
    bool core = false;
    if (line.substr(0, 6) == "core: ") {
      core = true;
      line.remove_prefix(6);
    }
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    // One space separates; what follows it belongs to the text.
    const std::string_view rest = (space < line.size()) ? line.substr(space + 1) : "";
    if (word == "scenario") {
      Scenario& fresh = found_.emplace_back();
      fresh.name = rest;
      fresh.file = file_;
      fresh.line = line_;
      return {};
    }
    if (found_.empty()) return wrong(file_, line_, "expected: scenario A sentence.");
    if (head(word, rest)) return {};
    return action(word, rest, core);
  }

  bool head(std::string_view word, std::string_view rest) {
    Scenario& now = found_.back();
    if (word == "setting") {
      const std::size_t space = std::min(rest.find(' '), rest.size());
      now.settings.emplace_back(rest.substr(0, space), trim(rest.substr(space)));
    } else if (word == "peer") {
      now.trusted = rest == "trusted";
    } else if (word == "timing:") {
      now.timing = true;
    } else if (word == "knows") {
      now.knows.emplace_back(rest);
    } else {
      return false;
    }
    return true;
  }

  Result<void> action(std::string_view word, std::string_view rest, bool core) {
    const auto row = std::find_if(kWords.begin(), kWords.end(),
                                  [&](const WordRow& one) { return one.word == word; });
    if (row == kWords.end()) return wrong(file_, line_, "unknown word: " + std::string(word));
    if (row->core && !core)
      return wrong(file_, line_, std::string(word) + " needs core: before it");
    auto text = unescape(rest);
    if (!text) return wrong(file_, line_, "bad escape");
    Action next{row->kind, line_, *std::move(text), 0};
    if (word == ">") next.text += "\r\n";
    if (next.kind == Kind::Messages || next.kind == Kind::Pauses) {
      const auto number = parse_number(rest);
      if (!number) return wrong(file_, line_, "expected a number");
      next.number = *number;
    }
    if (next.kind == Kind::Pass) {
      const auto time = milliseconds(rest);
      if (!time) return wrong(file_, line_, "expected a time such as 300s");
      next.number = *time;
    }
    join(std::move(next));
    return {};
  }

  // What is sent without waiting goes out together; a stored text is written in several lines.
  void join(Action next) {
    auto& actions = found_.back().actions;
    if (next.kind == Kind::Stored) next.text += '\n';
    const bool joins = next.kind == Kind::Send || next.kind == Kind::Stored;
    if (joins && !actions.empty() && actions.back().kind == next.kind) {
      actions.back().text += next.text;
    } else {
      actions.push_back(std::move(next));
    }
  }

  std::string_view left_;
  std::string file_;
  int line_ = 0;
  std::vector<Scenario> found_;
};

using smtp::SessionSettings;

struct SettingRow {
  std::string_view name;
  bool (*set)(SessionSettings&, std::string_view);
};

template <auto Member>
bool set_number(SessionSettings& settings, std::string_view value) {
  const auto number = parse_number(value);
  if (!number) return false;
  settings.*Member = static_cast<std::remove_reference_t<decltype(settings.*Member)>>(*number);
  return true;
}

template <auto Member>
bool set_flag(SessionSettings& settings, std::string_view value) {
  settings.*Member = value == "yes";
  return value == "yes" || value == "no";
}

template <auto Member>
bool set_time(SessionSettings& settings, std::string_view value) {
  const auto time = milliseconds(value);
  if (!time) return false;
  settings.*Member = Duration(*time);
  return true;
}

template <auto Member>
bool set_words(SessionSettings& settings, std::string_view value) {
  (settings.*Member).clear();
  for (const std::string_view word : split(value, " ,")) (settings.*Member).push_back(upper(word));
  return true;
}

bool set_bare_newline(SessionSettings& settings, std::string_view value) {
  using smtp::BareNewline;
  if (value == "normalize") settings.bare_newline = BareNewline::Normalize;
  if (value == "note") settings.bare_newline = BareNewline::Note;
  if (value == "reject") settings.bare_newline = BareNewline::Reject;
  return value == "normalize" || value == "note" || value == "reject";
}

bool set_security_level(SessionSettings& settings, std::string_view value) {
  settings.starttls_offered = value != "none";
  settings.tls_required = value == "encrypt";
  return value == "none" || value == "may" || value == "encrypt";
}

bool set_extensions(SessionSettings& settings, std::string_view value) {
  settings.hidden = smtp::parse_extensions(value);
  return true;
}

bool set_vrfy(SessionSettings& settings, std::string_view value) {
  settings.vrfy = value == "no";
  return value == "yes" || value == "no";
}

// The scenarios know the mechanisms of passwords only: others need secrets of the moment.
bool set_auth(SessionSettings& settings, std::string_view value) {
  settings.auth_mechanisms = {"PLAIN", "LOGIN"};
  settings.auth_mechanisms_tls = settings.auth_mechanisms;
  return value == "yes";
}

bool same_mechanisms(SessionSettings&, std::string_view value) {
  return value == "plain, login";
}

using S = SessionSettings;
constexpr std::array<SettingRow, 29> kSettings{{
    {"smtpd_timeout", set_time<&S::timeout>},
    {"smtpd_per_request_deadline", set_flag<&S::per_request_deadline>},
    {"smtpd_min_data_rate", set_number<&S::min_data_rate>},
    {"line_length_limit", set_number<&S::line_length_limit>},
    {"message_size_limit", set_number<&S::message_size_limit>},
    {"header_size_limit", set_number<&S::header_size_limit>},
    {"hopcount_limit", set_number<&S::hopcount_limit>},
    {"smtpd_recipient_limit", set_number<&S::recipient_limit>},
    {"smtpd_recipient_overshoot_limit", set_number<&S::recipient_overshoot_limit>},
    {"smtpd_soft_error_limit", set_number<&S::soft_error_limit>},
    {"smtpd_hard_error_limit", set_number<&S::hard_error_limit>},
    {"smtpd_junk_command_limit", set_number<&S::junk_command_limit>},
    {"smtpd_error_sleep_time", set_time<&S::error_sleep_time>},
    {"smtpd_forbid_bare_newline", set_bare_newline},
    {"smtpd_forbid_bare_newline_reject_code", set_number<&S::bare_newline_reject_code>},
    {"smtpd_forbid_unauth_pipelining", set_flag<&S::forbid_unauth_pipelining>},
    {"smtpd_helo_required", set_flag<&S::helo_required>},
    {"strict_rfc821_envelopes", set_flag<&S::strict_envelopes>},
    {"disable_vrfy_command", set_vrfy},
    {"smtpd_tls_security_level", set_security_level},
    {"soft_bounce", set_flag<&S::soft_bounce>},
    {"smtpd_discard_ehlo_keywords", set_extensions},
    {"smtpd_forbidden_commands", set_words<&S::forbidden_commands>},
    {"smtpd_starttls_timeout", set_time<&S::starttls_timeout>},
    {"smtpd_sasl_auth_enable", set_auth},
    {"smtpd_sasl_mechanism_filter", same_mechanisms},
    {"smtpd_tls_auth_only", set_flag<&S::auth_tls_only>},
    {"broken_sasl_auth_clients", set_flag<&S::auth_broken_clients>},
    {"forbid_non_letters", set_flag<&S::forbid_non_letters>},
}};

}  // namespace

Result<std::vector<Scenario>> parse_scenarios(std::string_view text, const std::string& file) {
  return Parser(text, file).run();
}

Result<smtp::SessionSettings> session_settings(const Scenario& scenario) {
  SessionSettings settings = plain_settings();
  for (const auto& [name, value] : scenario.settings) {
    const auto row =
        std::find_if(kSettings.begin(), kSettings.end(),
                     [&name = name](const SettingRow& one) { return one.name == name; });
    if (row == kSettings.end() || !row->set(settings, value)) {
      return wrong(scenario.file, scenario.line, "bad setting: " + name + " " + value);
    }
  }
  return settings;
}

}  // namespace gatepost::support

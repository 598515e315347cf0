// SPDX-License-Identifier: Apache-2.0
// cli: the reference manual, printed from the tables the program runs by.
#include "cli/manual.h"

#include <string_view>

#include "base/format.h"
#include "cli/help.h"
#include "control/answer.h"
#include "control/json.h"
#include "control/metrics.h"
#include "log/events.h"
#include "smtp/extensions.h"
#include "smtp/replies.h"

namespace gatepost::cli {

using control::JsonDocument;

namespace {

constexpr std::size_t kWidth = 78;

/// Words of `text` on lines of kWidth, each after `indent` spaces.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (column != 0 && column + 1 + word.size() > kWidth) {
      out.push_back('\n');
      column = 0;
    }
    if (column == 0) {
      out.append(indent, ' ');
      column = indent;
    } else {
      out.push_back(' ');
      ++column;
    }
    out.append(word);
    column += word.size();
  }
  out.push_back('\n');
}

}  // namespace

std::string manual_commands(bool json) {
  if (!json) {
    std::string out;
    for (const CommandRow& row : command_rows()) {
      append_format(out, "gatepost {} {}\n", row.name, row.arguments);
      append_wrapped(out, row.text, 4);
    }
    return out;
  }
  JsonDocument document;
  const auto root = document.array();
  for (const CommandRow& row : command_rows()) {
    const auto one = document.object();
    document.put(one, "command", row.name);
    document.put(one, "arguments", row.arguments);
    document.put(one, "text", row.text);
    document.append(root, one);
  }
  return document.write(root);
}

std::string manual_control(bool json) {
  return control::format_help(json);
}

std::string manual_events(bool json) {
  if (!json) {
    std::string out;
    for (const log::About& about : log::kAbout) {
      append_format(out, "{} ({}, {})\n", about.name, format_level(about.level), about.tag);
      append_wrapped(out, about.text, 4);
    }
    return out;
  }
  JsonDocument document;
  const auto root = document.array();
  for (const log::About& about : log::kAbout) {
    const auto one = document.object();
    document.put(one, "event", about.name);
    document.put(one, "level", format_level(about.level));
    document.put(one, "tag", about.tag);
    document.put(one, "text", about.text);
    document.append(root, one);
  }
  return document.write(root);
}

std::string manual_metrics(bool json) {
  if (!json) {
    std::string out;
    for (const control::MetricRow& row : control::metric_rows()) {
      append_format(out, "{} ({})", row.name, format_type(row.type));
      if (!row.labels.empty()) append_format(out, " by {}", row.labels);
      out.push_back('\n');
      append_wrapped(out, row.help, 4);
    }
    return out;
  }
  JsonDocument document;
  const auto root = document.array();
  for (const control::MetricRow& row : control::metric_rows()) {
    const auto one = document.object();
    document.put(one, "metric", row.name);
    document.put(one, "type", format_type(row.type));
    document.put(one, "unit", row.unit);
    document.put(one, "labels", row.labels);
    document.put(one, "text", row.help);
    document.append(root, one);
  }
  return document.write(root);
}

std::string manual_extensions(bool json) {
  if (!json) {
    std::string out;
    for (const smtp::ExtensionRow& row : smtp::extensions()) {
      append_format(out, "{} ({})\n", row.keyword, row.clause);
      if (!row.mail.empty()) append_format(out, "    MAIL takes {}\n", row.mail);
      if (!row.rcpt.empty()) append_format(out, "    RCPT takes {}\n", row.rcpt);
    }
    return out;
  }
  JsonDocument document;
  const auto root = document.array();
  for (const smtp::ExtensionRow& row : smtp::extensions()) {
    const auto one = document.object();
    document.put(one, "keyword", row.keyword);
    document.put(one, "mail", row.mail);
    document.put(one, "rcpt", row.rcpt);
    document.put(one, "clause", row.clause);
    document.append(root, one);
  }
  return document.write(root);
}

std::string manual_replies(bool json) {
  // Three dots stand for what the reply names: a host, an address, a command.
  const auto text_of = [](const smtp::ReplyRow& row) {
    std::string text(row.text);
    if (row.detail == smtp::Detail::Before) text.insert(0, "...");
    if (row.detail == smtp::Detail::After || text.ends_with(' ')) text += "...";
    return text;
  };
  if (!json) {
    std::string out;
    for (const smtp::ReplyEntry& entry : smtp::reply_entries()) {
      if (entry.row == nullptr) {
        append_format(out, "{}{}\n", out.empty() ? "" : "\n", entry.heading);
        continue;
      }
      const smtp::ReplyRow& row = *entry.row;
      append_format(out, "    {} {}{}{}\n", row.code, row.enhanced, row.enhanced.empty() ? "" : " ",
                    text_of(row));
    }
    return out;
  }
  JsonDocument document;
  const auto root = document.array();
  std::string_view heading;
  for (const smtp::ReplyEntry& entry : smtp::reply_entries()) {
    if (entry.row == nullptr) {
      heading = entry.heading;
      continue;
    }
    const auto one = document.object();
    document.put(one, "code", std::uint64_t{entry.row->code});
    document.put(one, "enhanced", entry.row->enhanced);
    document.put(one, "text", text_of(*entry.row));
    document.put(one, "where", heading);
    document.append(root, one);
  }
  return document.write(root);
}

}  // namespace gatepost::cli

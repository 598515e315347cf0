// SPDX-License-Identifier: Apache-2.0
// cli: gatepost manual: what the program's tables say, by topic.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/manual.h"
#include "cli/sendmail_manual.h"
#include "config/finding.h"
#include "config/manual.h"
#include "config/rows.h"
#include "control/json.h"

namespace gatepost::cli {

namespace {

std::string manual_settings(bool json) {
  if (!json) return config::settings_text();
  control::JsonDocument document;
  const auto root = document.array();
  for (const config::Row& row : config::rows()) {
    if (row.is_title()) continue;
    const auto one = document.object();
    document.put(one, "name", row.name);
    document.put(one, "default", row.initial);
    document.put(one, "value", row.kind->form);
    document.put(one, "each_service", row.per_service());
    document.put(one, "reload", row.reload == config::Reload::Live);
    document.put(one, "text", row.text);
    document.append(root, one);
  }
  return document.write(root);
}

std::string manual_page(bool) {
  return config::manual_page();
}
std::string manual_sample(bool) {
  return config::sample_file();
}

std::string manual_sendmail(bool) {
  return sendmail_page();
}
std::string manual_mailq(bool) {
  return mailq_page();
}
std::string manual_newaliases(bool) {
  return newaliases_page();
}

struct Topic {
  std::string_view name;
  std::string (*write)(bool json);
  std::string_view text;
  bool has_json = true;
};

constexpr std::array kTopics{
    Topic{"settings", manual_settings, "the parameters of gatepost.conf"},
    Topic{"config", manual_page, "gatepost.conf(5), for man -l", false},
    Topic{"sendmail", manual_sendmail, "sendmail(1), for man -l", false},
    Topic{"mailq", manual_mailq, "mailq(1), for man -l", false},
    Topic{"newaliases", manual_newaliases, "newaliases(1), for man -l", false},
    Topic{"sample", manual_sample, "a gatepost.conf with all defaults", false},
    Topic{"commands", manual_commands, "the commands of this program"},
    Topic{"control", manual_control, "the verbs of the control socket"},
    Topic{"events", manual_events, "what the log may say"},
    Topic{"metrics", manual_metrics, "what gatepost metrics counts"},
    Topic{"extensions", manual_extensions, "the SMTP extensions"},
    Topic{"replies", manual_replies, "what the server says to clients of its own"},
    Topic{"users", manual_users, "users, their passwords and what they may do", false},
    Topic{"bans", manual_bans, "limits of connections, and networks that are kept out", false},
};

std::string list_topics(bool json) {
  if (!json) {
    std::string out;
    for (const Topic& topic : kTopics)
      append_format(out, "gatepost manual {:<12} {}\n", topic.name, topic.text);
    return out;
  }
  control::JsonDocument document;
  const auto root = document.array();
  for (const Topic& topic : kTopics) document.append(root, topic.name);
  return document.write(root);
}

}  // namespace

int manual_command(Arguments command_line) {
  auto options = parse_options(command_line);
  if (!options) return fail(exits::kUsage, "manual: " + options.error().detail);
  if (options->help) return print(help_for("manual"));
  if (options->words.empty()) return print(list_topics(options->json));
  if (options->words.size() > 1) return fail(exits::kUsage, "manual: one topic at a time");
  const std::string& wanted = options->words.front();
  std::vector<std::string_view> names;
  for (const Topic& topic : kTopics) {
    names.push_back(topic.name);
    if (topic.name != wanted) continue;
    if (options->json && !topic.has_json) {
      return fail(exits::kUsage, format("manual {} is a text; there is no JSON of it", wanted));
    }
    return print(topic.write(options->json));
  }
  return fail(exits::kUsage, format("manual: no topic {}{}", printable(wanted, limits::kLogText),
                                    config::suggest(wanted, names)));
}

}  // namespace gatepost::cli

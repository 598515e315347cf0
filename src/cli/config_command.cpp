// SPDX-License-Identifier: Apache-2.0
// cli: gatepost config: what is set, as postconf(1) shows it.
#include <algorithm>
#include <array>
#include <getopt.h>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/disk_files.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/help.h"
#include "config/load.h"
#include "config/rows.h"
#include "control/json.h"
#include "system/process.h"

namespace gatepost::cli {

namespace {

struct Wishes {
  std::string configuration{kDefaultConfiguration};
  bool defaults = false;  ///< -d
  bool only_set = false;  ///< -n
  bool bare = false;      ///< -h: values without names
  bool expanded = false;  ///< -x
  bool json = false;
  bool help = false;
  std::vector<std::string> names;
};

constexpr int kHelp = 256;
constexpr std::array<option, 4> kLong{{
    {"config", required_argument, nullptr, 'c'},
    {"json", no_argument, nullptr, 'j'},
    {"help", no_argument, nullptr, kHelp},
    {nullptr, 0, nullptr, 0},
}};

/// postconf's letters, of which -h is not help.
Result<Wishes> parse_wishes(Arguments arguments) {
  std::vector<std::string> texts{"gatepost config"};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(texts.size() + 1);
  for (std::string& text : texts) argv.push_back(text.data());
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  Wishes wishes;
  optind = 0;
  opterr = 0;
  for (;;) {
    const int found = ::getopt_long(argc, argv.data(), ":c:ndhxj", kLong.data(), nullptr);
    if (found == -1) break;
    const std::size_t at = optind > 0 ? static_cast<std::size_t>(optind - 1) : 0;
    switch (found) {
      case 'c':
        wishes.configuration = optarg;
        break;
      case 'n':
        wishes.only_set = true;
        break;
      case 'd':
        wishes.defaults = true;
        break;
      case 'h':
        wishes.bare = true;
        break;
      case 'x':
        wishes.expanded = true;
        break;
      case 'j':
        wishes.json = true;
        break;
      case kHelp:
        wishes.help = true;
        break;
      default:
        return Error{Cause::Permanent,
                     format("{} {}", found == ':' ? "a value is missing after" : "unknown option",
                            printable(argv[at], limits::kLogText))};
    }
  }
  for (int i = optind; i < argc; ++i) wishes.names.emplace_back(argv[static_cast<std::size_t>(i)]);
  return wishes;
}

/// `submission.smtpd_timeout` as service and name.
std::pair<std::string, std::string> split_name(std::string_view whole) {
  const std::size_t dot = whole.find('.');
  if (dot == whole.npos) return {"", std::string(whole)};
  return {std::string(whole.substr(0, dot)), std::string(whole.substr(dot + 1))};
}

bool is_service(std::string_view name) {
  return name.empty() || std::find(config::kServiceNames.begin(), config::kServiceNames.end(),
                                   name) != config::kServiceNames.end();
}

/// All there is to show, in the order of the alphabet as postconf does.
std::set<std::string> all_names(const config::Document& document) {
  std::set<std::string> out;
  for (const config::Row& row : config::rows()) {
    if (row.is_title()) continue;
    out.emplace(row.name);
    for (const std::string_view service : config::kServiceNames) {
      if (config::service_default(service, row.name))
        out.insert(format("{}.{}", service, row.name.view()));
    }
  }
  for (const config::Assignment& one : document.assignments()) {
    out.insert(one.service.empty() ? one.name : one.service + "." + one.name);
  }
  return out;
}

struct Item {
  std::string name;
  std::string value;
};

void put_value(control::JsonDocument& document,
               control::JsonDocument::Value root,
               const Item& item) {
  const config::Row* row = config::find_row(split_name(item.name).second);
  const config::Shape shape = row != nullptr ? row->kind->shape : config::Shape::Text;
  const auto number = parse_number(item.value);
  if (shape == config::Shape::Truth && (iequals(item.value, "yes") || iequals(item.value, "no"))) {
    document.put(root, item.name, iequals(item.value, "yes"));
  } else if (shape == config::Shape::Number && number) {
    document.put(root, item.name, *number);
  } else {
    document.put(root, item.name, item.value);
  }
}

int print_items(const std::vector<Item>& items, const Wishes& wishes) {
  if (wishes.json) {
    control::JsonDocument document;
    const auto root = document.object();
    for (const Item& item : items) put_value(document, root, item);
    return print(document.write(root));
  }
  std::string out;
  for (const Item& item : items) {
    if (wishes.bare) {
      append_format(out, "{}\n", item.value);
    } else {
      append_format(out, "{} ={}{}\n", item.name, item.value.empty() ? "" : " ", item.value);
    }
  }
  return print(out);
}

/// The configuration as written; with -d none is read.
std::optional<config::Document> read_document(const Wishes& wishes, config::Findings& findings) {
  if (wishes.defaults) return config::Document();
  app::DiskFiles files;
  const Result<std::string> text = files.read(wishes.configuration, limits::kFile);
  if (!text) {
    complain(text.error().detail);
    return std::nullopt;
  }
  return config::Document::parse(*text, wishes.configuration, findings);
}

}  // namespace

int config_command(Arguments command_line) {
  const Result<Wishes> wishes = parse_wishes(command_line);
  if (!wishes)
    return fail(exits::kUsage,
                format("config: {}; see gatepost config --help", wishes.error().detail));
  if (wishes->help) return print(help_for("config"));
  config::Findings findings;
  const auto document = read_document(*wishes, findings);
  if (!document) return exits::kConfig;
  int status = findings.has_errors() ? exits::kConfig : exits::kOk;
  for (const config::Finding& finding : findings.all()) complain(finding.line_text());

  const std::string host = system::host_name();
  const bool chosen = !wishes->names.empty();
  std::vector<std::string> names = wishes->names;
  if (!chosen) {
    const std::set<std::string> all = all_names(*document);
    names.assign(all.begin(), all.end());
  }
  std::vector<Item> items;
  for (const std::string& whole : names) {
    const auto [service, name] = split_name(whole);
    // A program cannot follow references, so JSON has none.
    const auto shown = is_service(service) ? config::show(*document, host, service, name,
                                                          wishes->expanded || wishes->json)
                                           : std::nullopt;
    if (!shown) {
      complain(format("unknown parameter \"{}\"{}", printable(whole, limits::kLogText),
                      config::suggest(name, config::row_names())));
      status = exits::kUsage;
      continue;
    }
    const bool own = document->find(service, name) != nullptr;
    if (!wishes->only_set || (chosen ? shown->set : own)) items.push_back({whole, shown->value});
  }
  const int printed = print_items(items, *wishes);
  return printed != exits::kOk ? printed : status;
}

}  // namespace gatepost::cli

// SPDX-License-Identifier: Apache-2.0
// tests: the metrics follow the grammar of OpenMetrics 1.0.
#include "control/metrics.h"

#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <yyjson.h>

#include "base/text.h"
#include "snapshots.h"

using namespace gatepost;
using namespace gatepost::control;

namespace {

struct Family {
  std::string type, unit;
  std::vector<std::string> samples;
};

bool is_name(std::string_view text) {
  return !text.empty() && !is_digit(text[0]) &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string_view::npos;
}

/// Reads an exposition strictly and fails the test where the grammar is broken.
class Reader {
 public:
  explicit Reader(std::string_view text) {
    REQUIRE(text.ends_with("# EOF\n"));
    REQUIRE(text.find("# EOF") == text.size() - 6);
    text.remove_suffix(6);
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      REQUIRE(end != std::string_view::npos);
      line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  }

  std::map<std::string, Family> families;
  std::map<std::string, double> values;

 private:
  void line(std::string_view text) {
    INFO(text);
    REQUIRE_FALSE(text.empty());
    if (text.starts_with("# ")) return meta(text.substr(2));
    const std::size_t name_end = text.find_first_of("{ ");
    const std::string name(text.substr(0, name_end));
    REQUIRE(is_name(name));
    const std::string suffix = name.substr(now_.size());
    REQUIRE(name.starts_with(now_));
    const std::string& type = families.at(now_).type;
    if (type == "counter") REQUIRE(suffix == "_total");
    if (type == "gauge") REQUIRE(suffix.empty());
    if (type == "info") REQUIRE(suffix == "_info");
    if (type == "histogram") {
      REQUIRE((suffix == "_bucket" || suffix == "_count" || suffix == "_sum"));
    }
    const std::size_t space = labels_end(text, name_end);
    REQUIRE(text[space] == ' ');
    const std::string_view number = text.substr(space + 1);
    double value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    REQUIRE(read.ec == std::errc());
    REQUIRE(read.ptr == number.data() + number.size());
    REQUIRE(values.emplace(std::string(text.substr(0, space)), value).second);
    families.at(now_).samples.emplace_back(text.substr(0, space));
  }

  void meta(std::string_view text) {
    const std::string_view what = take_word(text, " ");
    const std::string name(take_word(text, " "));
    REQUIRE(is_name(name));
    text.remove_prefix(1);
    if (what == "TYPE") {
      REQUIRE(families.emplace(name, Family{std::string(text), "", {}}).second);
      REQUIRE_FALSE(name.ends_with("_total"));
      now_ = name;
    } else if (what == "UNIT") {
      REQUIRE(name == now_);
      REQUIRE(name.ends_with("_" + std::string(text)));
    } else {
      REQUIRE(what == "HELP");
      REQUIRE(name == now_);
      REQUIRE_FALSE(text.empty());
      REQUIRE(families.at(now_).samples.empty());
    }
  }

  static std::size_t labels_end(std::string_view text, std::size_t at) {
    if (text[at] == ' ') return at;
    std::set<std::string> seen;
    do {
      ++at;
      const std::size_t equals = text.find('=', at);
      REQUIRE(is_name(text.substr(at, equals - at)));
      REQUIRE(seen.emplace(text.substr(at, equals - at)).second);
      at = equals + 1;
      REQUIRE(text[at] == '"');
      for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
        REQUIRE(at < text.size());
      }
      ++at;
    } while (text[at] == ',');
    REQUIRE(text[at] == '}');
    return at + 1;
  }

  std::string now_;
};

log::Counters some_counters() {
  log::Counters counters;
  counters.count_event(0);
  counters.add(log::Family::Connections, "smtp");
  counters.add(log::Family::Rejects, "RCPT", "550");
  counters.add(log::Family::Rejects, "a\"b\\c\nd\xff", "550");
  counters.add_size(1000);
  counters.add_size(5000);
  counters.add_delay(Duration{20});
  return counters;
}

}  // namespace

TEST_CASE("the exposition keeps the grammar, and each family of the table is in it", "[control]") {
  StatusSnapshot now = test::snapshot();
  now.gauges.memory_limit = 1000;
  now.gauges.certificates.push_back({"/etc/ssl/\"b\".pem", -5});
  const Reader read(format_metrics(now, some_counters()));
  CHECK(read.families.size() == metric_rows().size());
  for (const MetricRow& row : metric_rows()) {
    INFO(row.name);
    CHECK(read.families.at(std::string(row.name)).type == format_type(row.type));
  }
  CHECK(read.values.at("gatepost_build_info{version=\"0.1.0\"}") == 1);
  CHECK(read.values.at("gatepost_events_total{event=\"client_connected\"}") == 1);
  CHECK(read.values.at("gatepost_events_total{event=\"item_removed\"}") == 0);
  CHECK(read.values.at("gatepost_connections_total{listener=\"smtp\"}") == 1);
  CHECK(read.values.at("gatepost_rejects_total{stage=\"RCPT\",code=\"550\"}") == 1);
  CHECK(read.values.at(R"(gatepost_rejects_total{stage="a\"b\\c?d?",code="550"})") == 1);
  CHECK(read.values.at("gatepost_sessions{phase=\"command\"}") == 2);
  CHECK(read.values.at("gatepost_queue_messages{state=\"waiting\"}") == 2);
  CHECK(read.values.at("gatepost_memory_limit_bytes") == 1000);
  CHECK(read.values.at(R"(gatepost_cert_expiry_seconds{file="/etc/ssl/\"b\".pem"})") == -5);
}

TEST_CASE("the buckets of a histogram add up to its count", "[control]") {
  const Reader read(format_metrics(test::snapshot(), some_counters()));
  CHECK(read.values.at("gatepost_message_size_bytes_bucket{le=\"1024.0\"}") == 1);
  CHECK(read.values.at("gatepost_message_size_bytes_bucket{le=\"4096.0\"}") == 1);
  CHECK(read.values.at("gatepost_message_size_bytes_bucket{le=\"16384.0\"}") == 2);
  CHECK(read.values.at("gatepost_message_size_bytes_bucket{le=\"+Inf\"}") == 2);
  CHECK(read.values.at("gatepost_message_size_bytes_count") == 2);
  CHECK(read.values.at("gatepost_message_size_bytes_sum") == 6000);
  CHECK(read.values.at("gatepost_delivery_delay_seconds_bucket{le=\"0.025\"}") == 1);
  CHECK(read.values.at("gatepost_delivery_delay_seconds_sum") == 0.02);
}

TEST_CASE("JSON holds the same samples with their labels", "[control]") {
  const std::string text = format_metrics_json(test::snapshot(), some_counters());
  CHECK(text.ends_with("}\n"));
  const std::unique_ptr<yyjson_doc, decltype(&yyjson_doc_free)> document(
      yyjson_read(text.data(), text.size(), 0), &yyjson_doc_free);
  REQUIRE(document);
  yyjson_val* root = yyjson_doc_get_root(document.get());
  const auto count = [root](const char* name) {
    return yyjson_arr_size(yyjson_obj_get(root, name));
  };
  CHECK(count("gatepost_events_total") == log::kEventCount);
  CHECK(count("gatepost_message_size_bytes_bucket") == 10);
  CHECK(count("gatepost_rejects_total") == 2);
  yyjson_val* reject = yyjson_arr_get_first(yyjson_obj_get(root, "gatepost_rejects_total"));
  CHECK(std::string_view(
            yyjson_get_str(yyjson_obj_get(yyjson_obj_get(reject, "labels"), "stage"))) == "RCPT");
  CHECK(yyjson_get_uint(yyjson_obj_get(reject, "value")) == 1);
  yyjson_val* sum =
      yyjson_arr_get_first(yyjson_obj_get(root, "gatepost_delivery_delay_seconds_sum"));
  CHECK(yyjson_get_real(yyjson_obj_get(sum, "value")) == 0.02);
}

TEST_CASE("each DNS list is counted by its name", "[control]") {
  StatusSnapshot now = test::snapshot();
  CHECK(format_metrics(now, log::Counters()).find("\ngatepost_dnsbl_muted{") == std::string::npos);
  now.gauges.screen.on = true;
  now.gauges.screen.stressed = true;
  now.gauges.screen.lists = {{"bad.test", "no answers", 3, 2, 1, true}};
  now.gauges.triplets = 7;
  const std::string text = format_metrics(now, log::Counters());
  for (const char* line :
       {"gatepost_screen_under_test 0\n", "gatepost_screen_stress 1\n",
        "gatepost_dnsbl_questions_total{list=\"bad.test\"} 3\n",
        "gatepost_dnsbl_hits_total{list=\"bad.test\"} 2\n",
        "gatepost_dnsbl_failures_total{list=\"bad.test\"} 1\n",
        "gatepost_dnsbl_muted{list=\"bad.test\"} 1\n", "gatepost_greylist_triplets 7\n"}) {
    CHECK(text.find(std::string("\n") + line) != std::string::npos);
  }
}

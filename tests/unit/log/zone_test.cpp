// SPDX-License-Identifier: Apache-2.0
// tests: the time zone of the machine: files, and where they are looked for.
#include "log/zone.h"

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "log/zone_files.h"

using namespace gatepost::log;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

namespace {

constexpr const char* kFolder = "/usr/share/zoneinfo";
const sys_seconds kSummer = sys_days{year{2026} / 7 / 1};

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// libc's answer; zone names are set by the caller.
seconds libc_offset(sys_seconds when) {
  const std::time_t second = when.time_since_epoch().count();
  std::tm local{};
  ::localtime_r(&second, &local);
  return seconds{local.tm_gmtoff};
}

std::string big_endian(std::uint64_t value, int octets) {
  std::string out;
  for (int i = octets - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

struct Shape {
  char version = '2';
  std::vector<std::int64_t> moments;
  std::string kind_of_change;
  std::vector<std::int32_t> kinds{0};
  std::uint32_t leaps = 0;
};

std::string block(const Shape& shape, int time_size) {
  std::string out = "TZif";
  out.push_back(shape.version);
  out.append(15, '\0');
  for (const std::size_t count : {std::size_t{0}, std::size_t{0}, std::size_t{shape.leaps},
                                  shape.moments.size(), shape.kinds.size(), std::size_t{1}}) {
    out += big_endian(count, 4);
  }
  for (const std::int64_t at : shape.moments) {
    out += big_endian(static_cast<std::uint64_t>(at), time_size);
  }
  out += shape.kind_of_change;
  for (const std::int32_t offset : shape.kinds) {
    out += big_endian(static_cast<std::uint32_t>(offset), 4) + std::string(2, '\0');
  }
  out.push_back('\0');
  for (std::uint32_t i = 0; i < shape.leaps; ++i) {
    out.append(static_cast<std::size_t>(time_size) + 4, '\0');
  }
  return out;
}

std::string file_of(const Shape& shape, const std::string& footer = "") {
  if (shape.version == '\0') return block(shape, 4);
  Shape nothing;
  nothing.version = shape.version;
  return block(nothing, 4) + block(shape, 8) + "\n" + footer + "\n";
}

class Scratch {
 public:
  Scratch() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "gp-zone-XXXXXX").string();
};

}  // namespace

TEST_CASE("every zone of this machine is what libc takes it for", "[log]") {
  if (!std::filesystem::exists(std::string(kFolder) + "/Europe/Berlin")) SKIP("no zones here");
  std::size_t zones = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
    const std::string path = entry.path().string();
    // Those of right/ count leap seconds, which the system's clock does not.
    if (!entry.is_regular_file() || path.find("/right/") != std::string::npos) continue;
    const auto zone = parse_zone_file(contents(path));
    if (!zone) {
      CHECK(contents(path).substr(0, 4) != "TZif");
      continue;
    }
    ++zones;
    ::setenv("TZ", (":" + path).c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
    ::tzset();
    std::size_t wrong = 0;
    const auto compare = [&](sys_seconds at) {
      if (offset_at(*zone, at) != libc_offset(at)) ++wrong;
    };
    for (sys_seconds at = sys_days{year{1880} / 1 / 1}; at < sys_days{year{2120} / 1 / 1};
         at += hours{24 * 5 + 1} + seconds{61}) {
      compare(at);
    }
    for (const TimeZone::Change& change : zone->changes) {
      compare(sys_seconds{seconds{change.from}});
      if (&change != &zone->changes.front()) compare(sys_seconds{seconds{change.from - 1}});
    }
    INFO(path);
    CHECK(wrong == 0);
  }
  ::unsetenv("TZ");  // NOLINT(concurrency-mt-unsafe): one thread
  ::tzset();
  CHECK(zones > 300);
}

TEST_CASE("a table says what was, its footer what will be", "[log]") {
  Shape shape;
  shape.moments = {-1000, 1000};
  shape.kind_of_change = {1, 2};
  shape.kinds = {100, 200, 300};
  shape.leaps = 2;
  const auto at = [](const TimeZone& zone, int second) {
    return offset_at(zone, sys_seconds{seconds{second}}).count();
  };
  for (const char version : {'\0', '2', '3', '4', '5'}) {
    shape.version = version;
    const auto zone = parse_zone_file(file_of(shape, "AAA-1"));
    REQUIRE(zone);
    CHECK(at(*zone, -1001) == 100);
    CHECK(at(*zone, -1000) == 200);
    CHECK(at(*zone, 999) == 200);
    CHECK(at(*zone, 1000) == (version == '\0' ? 300 : 3600));
  }
  // A footer of a later time is no reason to forget the past.
  for (const char* footer : {"", "some day"}) {
    const auto zone = parse_zone_file(file_of(shape, footer));
    REQUIRE(zone);
    CHECK(at(*zone, 1000) == 300);
  }
  // Without changes the footer says all.
  const auto slim = parse_zone_file(file_of(Shape{}, "AAA-1"));
  REQUIRE(slim);
  CHECK(at(*slim, 0) == 3600);
}

TEST_CASE("moments of 64 bits are read as such", "[log]") {
  Shape shape;
  shape.moments = {-5'000'000'000, 5'000'000'000};
  shape.kind_of_change = {0, 1};
  shape.kinds = {100, -200};
  const auto zone = parse_zone_file(file_of(shape));
  REQUIRE(zone);
  CHECK(offset_at(*zone, sys_seconds{seconds{4'999'999'999}}) == seconds{100});
  CHECK(offset_at(*zone, sys_seconds{seconds{5'000'000'000}}) == seconds{-200});
}

TEST_CASE("a damaged file is no zone", "[log]") {
  Shape good;
  good.moments = {1, 2};
  good.kind_of_change = {0, 1};
  good.kinds = {0, 3600};
  const std::string whole = file_of(good, "AAA-1");
  REQUIRE(parse_zone_file(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK_FALSE(parse_zone_file(whole.substr(0, size)));
  }
  const auto refused = [](Shape shape) { return !parse_zone_file(file_of(shape)); };
  Shape unordered = good;
  unordered.moments = {2, 2};
  CHECK(refused(unordered));
  Shape unknown = good;
  unknown.kind_of_change = {0, 2};
  CHECK(refused(unknown));
  Shape far = good;
  far.kinds = {0, 26 * 3600};
  CHECK(refused(far));
  far.kinds = {-25 * 3600, 0};
  CHECK(refused(far));
  Shape none = good;
  none.kinds.clear();
  CHECK(refused(none));
  // Counts that would overflow a sum.
  for (std::size_t count = 0; count < 6; ++count) {
    std::string huge = whole;
    huge.replace(20 + 4 * count, 4, "\xff\xff\xff\xff");
    CHECK_FALSE(parse_zone_file(huge));
  }
}

TEST_CASE("TZ names a file, a zone or a rule, and else the machine's file counts", "[log]") {
  const Scratch scratch;
  scratch.write("local", file_of(Shape{}, "AAA-1"));
  scratch.write("Here", file_of(Shape{}, "AAA-2"));
  scratch.write("EST5EDT", file_of(Shape{}, "AAA-3"));
  ZonePlaces places{.variable = {}, .folder = scratch.path(), .local = scratch.file("local")};
  const auto offset = [&places](std::optional<std::string> variable) {
    places.variable = std::move(variable);
    return offset_at(load_zone(places), kSummer);
  };
  CHECK(offset(std::nullopt) == hours{1});
  CHECK(offset("") == hours{0});
  CHECK(offset(":") == hours{0});
  CHECK(offset("Here") == hours{2});
  CHECK(offset(":Here") == hours{2});
  CHECK(offset(scratch.file("local")) == hours{1});
  CHECK(offset(":" + scratch.file("local")) == hours{1});
  CHECK(offset("CET-1CEST,M3.5.0,M10.5.0/3") == hours{2});
  CHECK(offset("EST5EDT") == hours{3});
  CHECK(offset("Nowhere") == hours{0});
}

TEST_CASE("what is no file of a zone is UTC", "[log]") {
  const Scratch scratch;
  scratch.write("text", "hello");
  scratch.write("long", file_of(Shape{}, "AAA-1") + std::string(std::size_t{64} * 1024, '\n'));
  REQUIRE(::mkfifo(scratch.file("fifo").c_str(), 0600) == 0);
  ZonePlaces places;
  for (const char* name : {"none", "text", "long", "fifo", "."}) {
    INFO(name);
    places.local = scratch.file(name);
    CHECK(offset_at(load_zone(places), kSummer) == seconds{0});
  }
}

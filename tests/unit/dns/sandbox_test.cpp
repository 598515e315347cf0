// SPDX-License-Identifier: Apache-2.0
// dns: names are looked up inside the sandbox; a system call that is not allowed there would end the process.
#include "system/sandbox.h"

#include <exception>
#include <optional>
#include <string>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "dns/resolver.h"
#include "support/dns_server.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"
#include "unit/system/child.h"

using namespace gatepost;
using namespace gatepost::support;

namespace {

struct StillClock final : dns::Clock {
  ManualClock manual;
  [[nodiscard]] Instant now() const override { return manual.now(); }
};

bool finds(asio::io_context& loop, dns::Resolver& resolver, std::string name, DnsType type) {
  std::optional<DnsAnswer> got;
  auto task = resolver.look_up(std::move(name), type);
  asio::co_spawn(loop, std::move(task),
                 [&got](const std::exception_ptr&, DnsAnswer answer) { got = std::move(answer); });
  while (!got) loop.run_one();
  return got->found();
}

}  // namespace

TEST_CASE("names are looked up inside the sandbox", "[dns][sandbox]") {
  const tests::TempFolder folder;
  const tests::TempFolder etc;
  const int ended = tests::in_child([&] {
    asio::io_context loop;
    DnsServer server(loop);
    server.table[{"host.test", kA}] = {
        .answers = {a_record("host.test", 60, std::string("\xc0\x00\x02\x01", 4))}};
    server.table[{"host.test", kTxt}] = {
        .answers = {record("host.test", kTxt, 60, wire::strings("text"))}, .truncated = true};
    etc.write("resolv.conf", "nameserver 127.0.0.98\n");
    if (!system::enter_sandbox({{folder.path()}, system::Violation::Kill})) return 1;
    const StillClock clock;
    dns::Settings settings;
    settings.resolv_conf = etc / "resolv.conf";
    dns::Resolver resolver(loop, clock, settings);
    if (resolver.servers() != "127.0.0.98") return 2;
    settings.servers = {*Endpoint::parse(server.address())};
    resolver.configure(settings);
    if (!finds(loop, resolver, "host.test", DnsType::A)) return 3;
    if (!finds(loop, resolver, "host.test", DnsType::Txt)) return 4;
    settings.servers = {*Endpoint::parse("[::1]:1")};
    settings.tries = {std::chrono::milliseconds(100), 1};
    resolver.configure(settings);
    return finds(loop, resolver, "host.test", DnsType::A) ? 5 : 0;
  });
  CHECK(ended == 0);
}

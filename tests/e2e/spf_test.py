# SPDX-License-Identifier: Apache-2.0
# e2e: networks that SPF records name (SW1-SW8), as an owner and a client see them.
import json
import pathlib

from dns_server import SERVFAIL, DnsServer
from harness import wait_for
from smtp_client import Client
import screening_test

BIG = "big.test"


class Spf(screening_test.Screening):
    def dns(self, records=()):
        """A DNS server with SPF records: name, text."""
        server = DnsServer()
        self.addCleanup(server.close)
        for name, text in records:
            server.add(name, "TXT", text)
        return server

    def listing(self, dns, domains=BIG, settings=None, **options):
        server = self.screened({"dns_servers": dns.setting, "spf_allowlist_domains": domains, "postscreen_enable": "no",
                                **(settings or {})}, **options)
        return server

    def told(self, server):
        """What `spf list --json` says, by domain."""
        out = server.command("spf", "--json", "list").stdout
        return {one["domain"]: one for one in map(json.loads, out.splitlines())}

    def walked(self, server, domain=BIG):
        return wait_for(lambda: (one := self.told(server).get(domain)) and ("taken" in one or "fault" in one) and one,
                        f"the walk of {domain}: {server.log()}")

    def file(self, server, name="spf_allowlist.cidr"):
        path = pathlib.Path(server.settings["state_directory"]) / name
        return wait_for(lambda: path.exists() and path.read_text(), "the file")

    def entries(self, server, name="spf_allowlist.cidr"):
        lines = [line.split() for line in self.file(server, name).splitlines() if line and not line.startswith("#")]
        return {network: action for network, action in lines}

    def test_sw1_walks_through_all_that_names_networks(self):
        dns = self.dns([(BIG, f"v=spf1 ip4:198.51.100.0/24 include:in.test a:host.test mx:mail.test redirect=more.test"),
                        ("in.test", f"v=spf1 ip6:2001:db8::/32 include:{BIG} -all"),
                        ("more.test", "v=spf1 ip4:203.0.113.7 -all")])
        dns.add("host.test", "A", "192.0.2.10")
        dns.add("mail.test", "MX", "10 mx1.test")
        dns.add("mx1.test", "A", "192.0.2.20")
        server = self.listing(dns)
        self.walked(server)
        for address, network in (("198.51.100.9", "198.51.100.0/24"), ("2001:db8::1", "2001:db8::/32"),
                                 ("192.0.2.10", "192.0.2.10"), ("192.0.2.20", "192.0.2.20"), ("203.0.113.7", "203.0.113.7")):
            said = server.command("spf", "why", address)
            self.assertEqual(said.returncode, 0, said.stderr)
            self.assertTrue(said.stdout.startswith(f"permit {network} {BIG}"), said.stdout)
        self.assertIn("in.test", server.command("spf", "why", "2001:db8::1").stdout)
        self.assertNotEqual(server.command("spf", "why", "192.0.2.99").returncode, 0)
        # in.test leads back to where it came from, and is asked once.
        self.assertEqual(dns.asked[(BIG, "TXT")], 1)

    def test_sw2_what_depends_on_the_client_is_left_out_and_told(self):
        dns = self.dns([(BIG, "v=spf1 exists:%{i}.in.test include:%{d}.x.test ptr ip4:192.0.2.0/24 -all")])
        server = self.listing(dns)
        notes = " ".join(self.walked(server)["notes"])
        for word in ("exists", "%{d}", "ptr"):
            self.assertIn(word, notes)
        self.assertEqual(server.command("spf", "why", "192.0.2.1").returncode, 0)

    def test_sw3_what_was_good_stays_while_questions_fail(self):
        dns = self.dns([(BIG, "v=spf1 ip4:192.0.2.0/24 -all")])
        server = self.listing(dns)
        self.walked(server)
        self.file(server)
        dns.fault(BIG, code=SERVFAIL)
        # What the resolver remembers would hide it.
        self.assertEqual(server.stop(), 0)
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        self.assertEqual(server.command("spf", "refresh").returncode, 0)
        wait_for(lambda: self.told(server)[BIG].get("fault"), "a walk that fails")
        self.assertEqual(self.told(server)[BIG]["networks"], 1)
        self.assertEqual(server.command("spf", "why", "192.0.2.1").returncode, 0)

    def test_sw4_networks_with_host_bits(self):
        for how, network in (("remove", None), ("fix", "192.0.2.0/24"), ("keep", "192.0.2.7/24")):
            with self.subTest(how):
                dns = self.dns([(BIG, "v=spf1 ip4:192.0.2.7/24 ip4:198.51.100.0/24 -all")])
                server = self.listing(dns, settings={"spf_invalid_networks": how})
                self.walked(server)
                entries = wait_for(lambda: (found := self.entries(server)) and "198.51.100.0/24" in found and found,
                                   "the networks in the file")
                self.assertEqual({n for n in entries if n.startswith("192")}, {network} - {None})
                self.assertEqual(server.command("spf", "why", "192.0.2.200").returncode == 0, network is not None)

    def test_sw5_and_sw6_neighbours_are_one_line_of_a_cidr_table(self):
        dns = self.dns([(BIG, "v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 ip4:192.0.2.7 -all")])
        server = self.listing(dns)
        self.walked(server)
        self.assertEqual(wait_for(lambda: self.entries(server), "the file"), {"192.0.2.0/24": "permit"})
        said = server.command("spf", "walk", "--format", "cidr", "--action", "reject", BIG)
        self.assertRegex(said.stdout, r"(?m)^192\.0\.2\.0/24\s+reject$")

    def test_sw7_domains_that_are_not_wanted(self):
        dns = self.dns([(BIG, "v=spf1 ip4:192.0.2.0/24 -all"), ("bad.test", "v=spf1 ip4:198.51.100.0/24 -all")])
        server = self.listing(dns, settings={"spf_blocklist_domains": "bad.test"})
        self.walked(server)
        self.walked(server, "bad.test")
        entries = wait_for(lambda: self.entries(server, "spf_blocklist.cidr"), "the file")
        self.assertEqual(entries, {"198.51.100.0/24": "reject"})
        self.assertTrue(server.command("spf", "why", "198.51.100.1").stdout.startswith("reject "))

    def test_sw7_the_file_of_unwanted_ones_is_a_denylist(self):
        dns = self.dns([("bad.test", "v=spf1 ip4:127.0.2.0/24 -all")])
        server = self.unstarted({"postscreen_enable": "yes", "dns_servers": dns.setting, "spf_blocklist_domains": "bad.test",
                                 "postscreen_denylist_action": "drop", "postscreen_greet_wait": "0s"})
        table = pathlib.Path(server.settings["state_directory"]) / "spf_blocklist.cidr"
        table.write_text("# nothing yet\n")
        table.chmod(0o666)
        server.write_config({"postscreen_access_list": f"cidr:{table}"})
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        wait_for(lambda: self.entries(server, "spf_blocklist.cidr"), "the file")
        def refused():
            with Client(server.port, source="127.0.2.1") as session:
                return session.greeting.code == 521
        wait_for(refused, "the table in force")

    def test_sw8_a_change_is_found_by_itself_and_on_demand(self):
        dns = self.dns([(BIG, "v=spf1 ip4:192.0.2.0/24 -all")])
        server = self.listing(dns)
        self.walked(server)
        dns.remove(BIG, "TXT")
        dns.add(BIG, "TXT", "v=spf1 ip4:198.51.100.0/24 -all")
        # As the time to live has it, which a restart forgets.
        self.file(server)
        self.assertEqual(server.stop(), 0)
        server.spawn()
        # The listener is there before the control socket is.
        wait_for(lambda: server.command("spf", "refresh").returncode == 0, "the control socket")
        wait_for(lambda: server.command("spf", "why", "198.51.100.1").returncode == 0, "the new network")
        self.assertNotEqual(server.command("spf", "why", "192.0.2.1").returncode, 0)

    def test_permit_spf_allowlist_lets_them_in_untested(self):
        dns = self.dns([(BIG, "v=spf1 ip4:127.0.1.0/24 -all")])
        server = self.listing(dns, settings={"postscreen_enable": "yes", "postscreen_greet_wait": "1s",
                                             "postscreen_access_list": "permit_mynetworks, permit_spf_allowlist"})
        self.walked(server)
        good = self.connect(server, "127.0.1.9")
        self.log_has(server, r"ALLOWLISTED \[127\.0\.1\.9\]:\d+\n")
        self.assertIn("PIPELINING", good.ehlo())
        other = self.connect(server, "127.0.2.9")
        self.assertNotIn("PIPELINING", other.ehlo())
        self.assertNotIn("ALLOWLISTED [127.0.2.9]", server.log())

# SPDX-License-Identifier: Apache-2.0
# e2e: DNS lists that are not in order: not heard, told once, shown to the owner, and no mail is refused because of one.
import json

from dns_server import NXDOMAIN, SERVFAIL
from harness import message, wait_for
from screening_test import ALICE, BAD, GOOD, LIST, Screening, reversed_name

OTHER = "other.test"
DNSWL = "list.dnswl.org"


class Guarded(Screening):
    def in_order(self, zone=LIST, listed=(BAD,), dns=None):
        """`zone` as RFC 5782 wants it; clients have names of their own, so that nothing else speaks against them."""
        dns = dns or self.lists()
        dns.add(reversed_name("127.0.0.2", zone), "A", "127.0.0.2")
        for client in listed:
            dns.add(reversed_name(client, zone), "A", "127.0.0.4")
        for number, client in enumerate((GOOD, BAD)):
            if not dns.records.get((reversed_name(client, "in-addr.arpa"), "PTR")):
                dns.add(reversed_name(client, "in-addr.arpa"), "PTR", f"mx{number}.sender.test")
                dns.add(f"mx{number}.sender.test", "A", client)
        return dns

    def guarded(self, dns, settings=None):
        return self.screened({"dns_servers": dns.setting, "postscreen_dnsbl_sites": LIST, "postscreen_greet_wait": "3s",
                              "postscreen_greet_banner": "", "dns_timeout": "1s", "dns_tries": "1", **(settings or {})})

    def code(self, server, client):
        """Of a recipient."""
        session = self.connect(server, client)
        session.ehlo()
        code = session.envelope("a@x.test", ALICE)[1].code
        session.close()
        return code

    def health(self, server, zone=LIST):
        rows = [json.loads(row) for row in server.command("dnsbl", "status", "--json").stdout.splitlines()]
        return next((row for row in rows if row["zone"] == zone), {"state": "not there yet"})

    def assert_muted(self, server, why, zone=LIST):
        """Told once, and shown."""
        server.wait_log(f"warning: DNS list {zone} is not asked any more: {why}")
        wait_for(lambda: self.health(server, zone)["state"] == "muted", "a muted list")
        self.assertRegex(server.command("dnsbl", "status").stdout, rf"(?m)^{zone} muted since [-0-9]+ [:0-9]+: {why}")
        self.assertIn(f"! DNS list {zone} is not heard: {why}", server.command("status").stdout)
        for client in (GOOD, BAD):
            self.code(server, client)
        self.assertEqual(server.log().count(f"DNS list {zone} is not asked any more"), 1)


class Pathologies(Guarded):
    def refuses_nobody(self, dns, why, settings=None):
        server = self.guarded(dns, settings)
        self.assertEqual(self.code(server, BAD), 250)
        self.assert_muted(server, why)
        session = self.connect(server, BAD)
        session.ehlo()
        self.assertEqual([reply.code for reply in session.envelope("a@x.test", ALICE)], [250, 250])
        self.assertEqual(session.data(message("all the same")).code, 250)
        self.assertNotIn("DNSBL rank", server.log())
        return server

    def test_error_answers_are_about_the_question(self):
        for answer, why in (("127.255.255.254", "the list refuses questions through a public resolver"),
                            ("127.255.255.255", "the list says that too many questions are asked"),
                            ("127.255.255.252", "the list says that its name is misspelled"),
                            ("127.255.255.77", "an error code")):
            with self.subTest(answer):
                dns = self.in_order(listed=())
                dns.add(reversed_name(BAD, LIST), "A", answer)
                self.refuses_nobody(dns, f"answers {answer}: {why}")

    def test_answers_outside_127_are_of_no_list(self):
        for answer in ("192.0.2.7", "10.0.0.1", "126.0.0.2"):
            with self.subTest(answer):
                dns = self.in_order(listed=())
                dns.add(reversed_name(BAD, LIST), "A", answer)
                self.refuses_nobody(dns, f"answers {answer}: not in 127.0.0.0/8, so no list")

    def test_dnswl_that_refuses_vouches_for_nobody_and_nobody_is_refused_for_good(self):
        dns = self.in_order()
        self.in_order(DNSWL, (), dns)
        dns.add(reversed_name(BAD, DNSWL), "A", "127.0.0.255")
        server = self.guarded(dns, {"postscreen_dnsbl_sites": f"{LIST}, {DNSWL}*-2", "postscreen_dnsbl_allowlist_threshold": "-1"})
        self.assertEqual(self.code(server, BAD), 450)
        self.assert_muted(server, "answers 127.0.0.255: the list refuses to answer; too many questions, or a public resolver", DNSWL)
        self.assertEqual(self.code(server, BAD), 450)
        self.assertEqual(self.health(server)["state"], "heard")

    def test_a_list_that_lists_127_0_0_1(self):
        dns = self.in_order()
        dns.add(reversed_name("127.0.0.1", LIST), "A", "127.0.0.2")
        self.refuses_nobody(dns, "it lists what no list has, as 127.0.0.1")

    def test_a_list_that_lists_the_world(self):
        dns = self.in_order(listed=())
        dns.wildcard(LIST, "A", "127.0.0.4")
        self.refuses_nobody(dns, "it lists what no list has")

    def test_a_list_that_lists_every_name_but_127_0_0_1(self):
        dns = self.in_order(listed=())
        dns.wildcard(LIST, "A", "127.0.0.4")
        dns.fault(reversed_name("127.0.0.1", LIST), code=NXDOMAIN)
        self.refuses_nobody(dns, "it lists what no list has")

    def test_a_domain_that_was_sold(self):
        dns = self.in_order(listed=())
        dns.remove(reversed_name("127.0.0.2", LIST), "A")
        dns.wildcard(LIST, "A", "203.0.113.80")
        self.refuses_nobody(dns, "answers 203.0.113.80: not in 127.0.0.0/8, so no list")

    def test_a_list_that_does_not_list_127_0_0_2(self):
        dns = self.in_order()
        dns.remove(reversed_name("127.0.0.2", LIST), "A")
        self.refuses_nobody(dns, "it does not list 127.0.0.2")

    def test_a_list_that_is_dead(self):
        for what in ({"drop": True}, {"code": SERVFAIL}):
            with self.subTest(**what):
                dns = self.in_order(listed=())
                for client in ("127.0.0.2", "127.0.0.1", BAD, GOOD):
                    dns.fault(reversed_name(client, LIST), **what)
                self.refuses_nobody(dns, "no answers")

    def test_a_list_that_is_slow(self):
        clients = [f"127.0.7.{n}" for n in range(1, 11)]
        dns = self.in_order(listed=clients)
        for client in clients:
            dns.fault(reversed_name(client, LIST), delay=1.5)
        # What comes after the greeting is of no use.
        server = self.guarded(dns, {"dns_timeout": "10s", "postscreen_greet_wait": "1s"})
        sessions = [self.connect(server, client, greet=False) for client in clients]
        for session in sessions:
            session.greeting = session.reply()
        self.assert_muted(server, "answers come too late")
        self.assertEqual(self.code(server, BAD), 250)

    def test_a_list_that_takes_its_time_is_heard(self):
        dns = self.in_order(listed=(BAD, "127.0.2.2"))
        dns.fault(reversed_name(BAD, LIST), delay=1.2)
        server = self.guarded(dns, {"dns_timeout": "3s"})
        # The resolver's quick answers about others do not make it be given up early.
        for client in ("127.0.2.2", GOOD, *(f"127.0.8.{n}" for n in range(1, 6))):
            self.code(server, client)
        self.assertEqual(self.code(server, BAD), 550)
        self.assertNotIn("lookup error", server.log())

    def test_the_quota_of_a_day(self):
        dns = self.in_order()
        server = self.guarded(dns, {"dnsbl_daily_query_limit": "4"})
        wait_for(lambda: self.health(server)["state"] == "heard", "three questions of the probe")
        self.assertEqual(self.code(server, BAD), 550)
        self.assertEqual(self.code(server, "127.0.2.2"), 250)
        self.assert_muted(server, "dnsbl_daily_query_limit is reached")
        self.assertEqual(sum(count for (name, _), count in dns.asked.items() if name.endswith("." + LIST)), 4)

    def test_a_list_that_is_in_order_again_is_heard_again(self):
        dns = self.in_order()
        for client in ("127.0.0.2", "127.0.0.1"):
            dns.fault(reversed_name(client, LIST), code=SERVFAIL)
        server = self.refuses_nobody(dns, "no answers")
        for client in ("127.0.0.2", "127.0.0.1"):
            dns.mend(reversed_name(client, LIST))
        def heard():
            # A failure is remembered for seconds, and the probe after it goes wrong as well.
            server.command("dnsbl", "retry", LIST)
            return self.health(server)["state"] == "heard"
        wait_for(heard, "a list in order")
        self.log_has(server, rf"DNS list {LIST} is asked again after \d+s\n")
        self.assertEqual(self.code(server, BAD), 550)
        self.assertEqual(self.health(server)["state"], "heard")


class OutagePolicy(Guarded):
    """One list of two is dead."""

    def with_one_dead(self, policy, settings=None):
        dns = self.in_order()
        dns.fault(reversed_name("127.0.0.2", OTHER), code=SERVFAIL)
        server = self.guarded(dns, {"postscreen_dnsbl_sites": f"{LIST}*1, {OTHER}*3", "postscreen_dnsbl_threshold": "3",
                                    "greylist_enable": "yes", "greylist_when": "suspicious", "greylist_delay": "1h",
                                    "dnsbl_outage_policy": policy, **(settings or {})})
        wait_for(lambda: self.health(server, OTHER)["state"] == "muted", "the dead list to be found")
        wait_for(lambda: self.health(server)["state"] == "heard", "the good list to be found")
        return server

    def test_scale_lowers_the_threshold_by_the_weight_that_is_gone(self):
        server = self.with_one_dead("scale")
        self.assertEqual(self.code(server, BAD), 550)
        self.assertEqual(self.code(server, GOOD), 250)

    def test_fail_open_leaves_the_threshold(self):
        server = self.with_one_dead("fail-open", {"greylist_enable": "no"})
        self.assertEqual(self.code(server, BAD), 250)
        self.assertEqual(self.code(server, GOOD), 250)

    def test_greylist_instead_puts_off_who_could_have_been_listed(self):
        server = self.with_one_dead("greylist-instead")
        self.assertEqual(self.code(server, BAD), 450)
        self.assertEqual(self.code(server, GOOD), 450)
        # It is not let in because it comes at once again.
        self.assertEqual(self.code(server, BAD), 450)
        server.wait_log("PASS NEW")

    def test_greylist_instead_does_not_put_off_whom_no_list_could_have_condemned(self):
        server = self.with_one_dead("greylist-instead", {"postscreen_dnsbl_threshold": "5"})
        self.assertEqual(self.code(server, GOOD), 250)

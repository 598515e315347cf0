# SPDX-License-Identifier: Apache-2.0
# e2e: what an owner asks and orders about screening; one test for each goal.
import json
import re

from harness import DOMAIN, HOME, wait_for
from screening_test import ALICE, BAD, GOOD, LIST, Screening, reversed_name

NEW = "127.0.3.1"
BOB = f"bob@{DOMAIN}"


class Commands(Screening):
    def lines(self, server, *arguments):
        """The objects of a command's answer with --json."""
        done = server.command(*arguments, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def told(self, server, *arguments, status=0):
        done = server.command(*arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def quick(self, settings=None):
        return self.screened({"postscreen_greet_wait": "0s", **(settings or {})})

    def with_lists(self, dns, settings=None):
        return self.screened({"dns_servers": dns.setting, "postscreen_dnsbl_sites": LIST, "postscreen_greet_wait": "3s",
                              "postscreen_greet_banner": "", **(settings or {})})

    def codes(self, server, client, sender="a@x.test", recipient=ALICE):
        session = self.connect(server, client)
        session.ehlo()
        return tuple(reply.code for reply in session.envelope(sender, recipient))

    def passes(self, server, client):
        """Whether it is one that has passed: it is offered all that sessions have."""
        return "PIPELINING" in self.connect(server, client).ehlo()


class Memory(Commands):
    def test_show_tells_what_is_remembered(self):
        server = self.quick()
        self.assertIn(f"nothing is remembered of {GOOD}", self.told(server, "screen", "show", GOOD, status=67))
        self.assertEqual(self.codes(server, GOOD), (250, 250))
        self.log_has(server, "PASS NEW")
        shown = self.told(server, "screen", "show", GOOD)
        self.assertRegex(shown, rf"^{re.escape(GOOD)} pregreet until \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d, dnsbl off, pipelining ")
        wait_for(lambda: self.lines(server, "screen", "show")[0]["clients"] == 1, "a row")
        counts, client = self.lines(server, "screen", "show")
        self.assertEqual((counts["stress"], client["client"]), (False, GOOD))
        self.assertTrue(client["tests"]["pregreet"]["passed"])
        self.assertFalse(client["tests"]["dnsbl"]["passed"])
        self.assertIn("1 client is remembered, ", self.told(server, "screen"))

    def test_forget_makes_it_new(self):
        server = self.quick()
        for word in (GOOD, "ALL"):
            with self.subTest(word):
                self.codes(server, GOOD)
                self.assertTrue(self.passes(server, GOOD))
                self.told(server, "screen", "forget", word)
                self.assertFalse(self.passes(server, GOOD))
        self.told(server, "screen", "forget", NEW, status=67)
        self.told(server, "screen", "forget", "nobody", status=64)

    def test_pass_is_as_if_it_had_passed(self):
        server = self.quick({"postscreen_greet_wait": "100s"})
        self.assertIn(f"{NEW} has passed all tests, the last until ", self.told(server, "screen", "pass", NEW))
        self.assertTrue(self.passes(server, NEW))
        self.told(server, "screen", "pass", GOOD, "2h")
        client, = self.lines(server, "screen", "show", GOOD)
        self.assertTrue(all(test["passed"] for test in client["tests"].values()))
        for wrong in ("2", "0s", "soon", "500d"):
            self.told(server, "screen", "pass", GOOD, wrong, status=64)


class Outlook(Commands):
    def test_what_would_become_of_a_client_that_a_list_has(self):
        dns = self.lists([BAD])
        dns.add(".".join(reversed(BAD.split("."))) + ".in-addr.arpa", "PTR", "mx.bad.test")
        dns.add("mx.bad.test", "A", BAD)
        server = self.with_lists(dns, {"postscreen_greet_banner": "x", "postscreen_dnsbl_sites": f"{LIST}*2, other.test*1"})
        dns.add(reversed_name("127.0.0.2", "other.test"), "A", "127.0.0.2")
        outlook, = self.lines(server, "screen", "test", BAD)
        self.assertEqual((outlook["name"], outlook["name_confirmed"]), ("mx.bad.test", True))
        first, second = outlook["lists"]
        self.assertEqual((first["zone"], first["answer"], first["addresses"], first["weight"], first["counts"]),
                         (LIST, "listed", ["127.0.0.4"], 2, True))
        self.assertEqual((second["answer"], second["weight"]), ("not listed", 0))
        self.assertEqual((outlook["score"], outlook["threshold"], outlook["listed"]), (2, 1, True))
        self.assertEqual(outlook["outcome"], "recipients refused with 550: DNS lists")
        shown = self.told(server, "screen", "test", BAD)
        self.assertIn(f"list         {LIST}: listed as 127.0.0.4, weight 2\n", shown)
        self.assertIn("outcome      recipients refused with 550: DNS lists\n", shown)
        # Nothing came of it.
        self.told(server, "screen", "show", BAD, status=67)

    def test_who_is_new_waits_and_who_is_known_does_not(self):
        server = self.quick({"postscreen_greet_wait": "2s"})
        outlook, = self.lines(server, "screen", "test", NEW)
        self.assertEqual((outlook["greet_wait_ms"], outlook["passed"]), (2000, False))
        self.told(server, "screen", "pass", NEW)
        outlook, = self.lines(server, "screen", "test", NEW)
        self.assertEqual((outlook["greet_wait_ms"], outlook["passed"]), (0, True))
        self.assertEqual(outlook["outcome"], "let in at once: it has passed all tests")

    def test_the_entry_of_the_access_list_is_named(self):
        table = f"inline:{{{{{BAD} = reject}}}}"
        server = self.quick({"postscreen_access_list": f"permit_mynetworks, {table}", "postscreen_denylist_action": "drop"})
        outlook, = self.lines(server, "screen", "test", BAD)
        self.assertEqual((outlook["access"], outlook["outcome"]), ("reject", "hung up on with 521: postscreen_access_list"))
        self.assertIn("inline:", outlook["access_entry"])
        outlook, = self.lines(server, "screen", "test", HOME)
        self.assertEqual((outlook["access"], outlook["access_entry"]), ("permit", "permit_mynetworks"))


class ListsHealth(Commands):
    def status_of(self, server):
        return self.lines(server, "dnsbl", "status")[0]

    def test_status_tells_why_a_list_is_muted_and_retry_hears_it_again(self):
        dns = self.lists([], answer="127.0.0.4")
        dns.add(reversed_name("127.0.0.1", LIST), "A", "127.0.0.2")
        server = self.with_lists(dns, {"postscreen_dnsbl_sites": f"{LIST}*3, {LIST}=127.0.0.9*-1"})
        wait_for(lambda: self.status_of(server)["state"] == "muted", "a muted list")
        shown = self.told(server, "dnsbl", "status")
        self.assertRegex(shown, rf"^{LIST} muted since [-0-9]+ [:0-9]+: it lists what no list has, as 127\.0\.0\.1; weight 3 and -1; ")
        self.assertIn(f"! DNS list {LIST} is not heard: it lists", self.told(server, "status"))
        self.assertIn(f'gatepost_dnsbl_muted{{list="{LIST}"}} 1\n', self.told(server, "metrics"))
        dns.remove(reversed_name("127.0.0.1", LIST), "A")
        # What was answered is remembered for a while: another server has to ask.
        other = self.with_lists(dns)
        wait_for(lambda: self.status_of(other)["state"] == "heard", "a list in order")
        self.assertIn(f"{LIST} is probed now", self.told(other, "dnsbl", "retry", LIST))
        dns.wait_asked(reversed_name("127.0.0.2", LIST), "A", 2)
        self.told(other, "dnsbl", "retry", "no.such.test", status=67)
        self.told(other, "dnsbl", "status", "no.such.test", status=67)

    def test_without_lists(self):
        server = self.quick()
        self.assertEqual(self.told(server, "dnsbl", "status"), "No lists are asked\n")
        self.assertEqual(self.lines(server, "dnsbl", "status"), [])


class Allow(Commands):
    def test_who_is_allowed_is_neither_screened_nor_greylisted(self):
        dns = self.lists([BAD])
        server = self.with_lists(dns, {"greylist_enable": "yes", "postscreen_denylist_action": "drop",
                                       "postscreen_access_list": f"permit_mynetworks, inline:{{{{{BAD} = reject}}}}"})
        self.assertIn(f"127.0.2.0/24 is let in until ", self.told(server, "allow", "add", "127.0.2.0/24", "for", "1h"))
        self.assertEqual(self.codes(server, BAD), (250, 250))
        self.log_has(server, rf"ALLOWLISTED \[{re.escape(BAD)}\]")
        self.log_has(server, "action=pass, reason=client allowed")
        entry, = self.lines(server, "allow", "list")
        self.assertEqual(entry["network"], "127.0.2.0/24")
        self.assertEqual(self.lines(server, "screen", "test", BAD)[0]["outcome"], "let in at once: gatepost allow")
        self.told(server, "allow", "del", "127.0.2.0/24")
        self.assertIn("521", self.rest(self.connect(server, BAD, greet=False)))
        self.told(server, "allow", "del", "127.0.2.0/24", status=67)

    def test_it_survives_a_restart_and_ends(self):
        server = self.quick({"postscreen_access_list": f"permit_mynetworks, inline:{{{{{BAD} = reject}}}}",
                             "postscreen_denylist_action": "enforce"})
        self.told(server, "allow", "add", BAD)
        self.told(server, "allow", "add", GOOD, "for", "1s")
        wait_for(lambda: len(self.lines(server, "allow", "list")) == 1, "the end of one")
        self.assertEqual(server.stop(), 0)
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        self.assertEqual(self.told(server, "allow"), f"{BAD} for good\n")
        self.assertEqual(self.codes(server, BAD), (250, 250))

    def test_misuse(self):
        server = self.quick()
        self.assertEqual(self.told(server, "allow", "list"), "Nobody\n")
        for words in (("127.0.2.1/24",), ("me",), (BAD, "for", "5"), (BAD, "till", "5m")):
            with self.subTest(words):
                self.told(server, "allow", "add", *words, status=64)


class Expect(Commands):
    def grey(self, settings=None):
        return self.quick({"greylist_enable": "yes", "greylist_delay": "300s", **(settings or {})})

    def test_mail_that_is_expected_is_not_put_off(self):
        server = self.grey()
        self.assertEqual(self.codes(server, GOOD, "a@shop.test"), (250, 450))
        self.assertIn("expecting from shop.test to alice until ",
                      self.told(server, "expect", "15m", "from", "shop.test", "to", "alice"))
        self.assertEqual(self.codes(server, GOOD, "a@mail.shop.test"), (250, 250))
        self.log_has(server, "action=pass, reason=expected")
        self.assertEqual(self.codes(server, GOOD, "a@other.test"), (250, 450))
        self.assertEqual(self.codes(server, GOOD, "a@shop.test", BOB), (250, 450))
        entry, = self.lines(server, "expect", "list")
        self.assertEqual((entry["from"], entry["to"]), ("shop.test", "alice"))
        self.told(server, "expect", "cancel", "to", "alice", status=67)
        self.told(server, "expect", "cancel")
        self.assertEqual(self.codes(server, NEW, "b@shop.test"), (250, 450))
        self.assertEqual(self.told(server, "expect"), "Nothing\n")

    def test_it_survives_a_restart_and_ends(self):
        server = self.grey()
        self.told(server, "expect", "1h")
        self.told(server, "expect", "1s", "to", "bob")
        wait_for(lambda: len(self.lines(server, "expect", "list")) == 1, "the end of one")
        self.assertEqual(server.stop(), 0)
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        self.assertRegex(self.told(server, "expect", "list"), r"^all mail until \d")
        self.assertEqual(self.codes(server, GOOD), (250, 250))

    def test_who_is_only_new_does_not_wait_for_the_greeting(self):
        server = self.quick({"postscreen_greet_wait": "100s"})
        self.told(server, "expect", "15m")
        self.assertEqual(self.codes(server, GOOD), (250, 250))

    def test_lists_and_traps_are_as_ever(self):
        dns = self.lists([BAD])
        server = self.with_lists(dns, {"greylist_enable": "yes", "postscreen_greet_banner": "x"})
        trap = f"trap@{DOMAIN}"
        self.told(server, "trap", "add", trap)
        self.told(server, "expect", "15m")
        self.assertEqual(self.codes(server, BAD), (250, 550))
        self.codes(server, NEW, recipient=trap)
        self.assertEqual(self.codes(server, NEW), (250, 450))

    def test_misuse(self):
        server = self.quick()
        for words in (("15",), ("15m", "from"), ("15m", "by", "x"), ("15m", "from", "a", "from", "b"), ("30d",)):
            with self.subTest(words):
                self.told(server, "expect", *words, status=64)
        self.assertIn("see gatepost expect --help", self.told(server, "expect", "soon", status=64))
        self.assertIn("TIME [from DOMAIN] [to USER]", self.told(server, "expect", "--help"))

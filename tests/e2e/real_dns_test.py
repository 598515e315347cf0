# SPDX-License-Identifier: Apache-2.0
# e2e: lists in rbldnsd, asked through unbound, as a machine that takes mail has them.
import datetime
import ipaddress
import json
import re
import time

import proxy_test
import real_dns
from harness import DOMAIN, message, wait_for
from screening_test import ALICE, Screening

GOOD, BAD, LATER, VOUCHED, WORDY, NEXT = (f"127.0.{n}.1" for n in range(1, 7))
BAD6, GOOD6 = "2001:db8:bad::25", "2001:db8:900d::25"
SOA = "$SOA 3000 ns.test root.test 1 10m 5m 1d 5m\n$NS 3000 ns.test\n"
LONG = "x" * 240

ZONES = {
    "bl.test": [("ip4set", f"{SOA}$TTL 600\n:127.0.0.4:Listed, see http://bl.test/?$\n127.0.0.2\n{BAD}\n{LATER}\n"),
                ("ip6trie", f"{SOA}:127.0.0.5:Listed\n{ipaddress.ip_address(BAD6)}\n")],
    "brief.test": [("ip4set", f"{SOA.replace('5m', '20')}:127.0.0.4:\n127.0.0.2\n")],
    # Three texts for one client: more than 512 octets.
    "wordy.test": [("ip4set", f"{SOA}:127.0.0.4:\n127.0.0.2\n{WORDY} :127.0.0.{n}:{n} {LONG}\n") for n in (4, 5, 6)],
    "list.dnswl.org": [("ip4trie", f"{SOA}127.0.0.2 :127.0.0.2:\n{VOUCHED}/32 :127.0.5.2:shop.test\n")],
    "dbl.test": [("dnset", f"{SOA}:127.0.1.2:Domain $ is listed\n.spam.test\ntest\n")],
    # What large lists answer to resolvers that ask for everybody.
    "refuses.test": [("ip4set", f"{SOA}:127.0.0.4:\n127.0.0.2\n"),
                     ("acl", "127.0.0.0/8 :127.255.255.254:Open resolver, see http://refuses.test\n")],
}


class RealDns(Screening):
    def setUp(self):
        super().setUp()
        if why := real_dns.missing():
            self.skipTest(why)
        self.dns = real_dns.RealDns(ZONES, refused=("unserved.test",), names={GOOD: "mx.sender.test", NEXT: "mx.next.test"})
        self.addCleanup(self.dns.close)
        self.dns.start()

    def listed_by(self, sites, settings=None):
        return self.screened({"dns_servers": self.dns.setting, "postscreen_dnsbl_sites": sites, "postscreen_greet_banner": "",
                              "postscreen_greet_wait": "5s", **(settings or {})})

    def said(self, server, client, recipient=ALICE):
        """What a recipient is answered with, as one line."""
        session = self.connect(server, client)
        session.ehlo()
        said = session.envelope("a@x.test", recipient)[1].raw.strip()
        session.close()
        return said

    def passes(self, server, client):
        """Seconds for which passing the lists is good."""
        shown = json.loads(server.command("screen", "show", client, "--json").stdout)
        until = datetime.datetime.fromisoformat(shown["tests"]["dnsbl"]["until"].replace("Z", "+00:00"))
        return until.timestamp() - time.time()


class Screened(RealDns):
    def test_who_is_listed_and_who_is_not(self):
        server = self.listed_by("bl.test*2, brief.test")
        self.assertEqual(self.said(server, BAD), f"550 5.7.1 Service unavailable; client [{BAD}] blocked using bl.test")
        self.log_has(server, rf"addr {re.escape(BAD)} listed by domain bl\.test as 127\.0\.0\.4\n")
        self.log_has(server, rf"DNSBL rank 2 for \[{re.escape(BAD)}\]")
        self.assertEqual(self.said(server, GOOD), "250 2.1.5 Ok")
        self.log_has(server, rf"PASS NEW \[{re.escape(GOOD)}\]")
        states = [json.loads(row)["state"] for row in server.command("dnsbl", "status", "--json").stdout.splitlines()]
        self.assertEqual(states, ["heard", "heard"])

    def test_ps17_a_pass_is_as_long_as_the_lists_say(self):
        for sites, settings, least, most in (("bl.test", {}, 290, 300), ("bl.test, brief.test", {}, 50, 60),
                                             ("bl.test", {"postscreen_dnsbl_max_ttl": "100s"}, 90, 100)):
            with self.subTest(sites=sites, **settings):
                server = self.listed_by(sites, settings)
                self.assertEqual(self.said(server, GOOD), "250 2.1.5 Ok")
                seconds = wait_for(lambda: self.passes(server, GOOD), "the pass")
                self.assertTrue(least - 20 <= seconds <= most + 1, seconds)

    def test_who_is_vouched_for_passes_all(self):
        server = self.listed_by("bl.test, list.dnswl.org=127.0.[0..255].[1..3]*-2", {
            "postscreen_dnsbl_allowlist_threshold": "-1", "postscreen_greet_banner": "wait", "postscreen_greet_wait": "100s"})
        session = self.connect(server, VOUCHED)
        self.assertIn("PIPELINING", session.ehlo())
        self.log_has(server, rf"PASS NEW \[{re.escape(VOUCHED)}\]")

    def test_ps32_ipv6_clients_are_looked_up_by_nibbles(self):
        server = self.listed_by("bl.test", proxy_test.ON)
        for client, code in ((BAD6, 550), (GOOD6, 250)):
            session = self.connect(server, proxy_test.PROXY, greet=False)
            self.raw(session, proxy_test.line(client, "2001:db8::1", "TCP6"))
            self.assertEqual(session.reply().code, 220)
            session.ehlo()
            self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, code)
        self.log_has(server, rf"addr {BAD6} listed by domain bl\.test as 127\.0\.0\.5\n")

    def test_an_outage_refuses_nobody_and_is_over_when_it_is_over(self):
        server = self.listed_by("bl.test", {"greylist_enable": "yes", "greylist_when": "suspicious"})
        self.assertEqual(self.said(server, BAD)[:3], "550")
        self.assertEqual(self.said(server, GOOD)[:3], "250")
        self.dns.unbound.stop()
        # Nobody knows of a new client whether it is listed: it is put off. Who is known goes on.
        self.assertIn("450 4.2.0", self.said(server, LATER))
        session = self.connect(server, GOOD)
        session.ehlo()
        self.assertEqual([reply.code for reply in session.envelope("a@x.test", ALICE)], [250, 250])
        self.assertEqual(session.data(message("meanwhile")).code, 250)
        self.dns.unbound.start()
        wait_for(lambda: self.said(server, LATER) == f"550 5.7.1 Service unavailable; client [{LATER}] blocked using bl.test",
                 "the list to be heard")
        self.assertEqual(self.said(server, NEXT), "250 2.1.5 Ok")

    def test_a_zone_that_fails_is_not_heard(self):
        server = self.listed_by("unserved.test, bl.test")
        server.wait_log("warning: DNS list unserved.test is not asked any more: no answers")
        self.assertEqual(self.said(server, BAD)[:3], "550")
        self.assertEqual(self.said(server, GOOD), "250 2.1.5 Ok")

    def test_a_list_that_refuses_our_resolver_lists_nobody(self):
        server = self.listed_by("refuses.test")
        line = server.wait_log("warning: DNS list refuses.test is not asked any more: answers 127.255.255.254: ")
        self.assertIn("public resolver", line)
        self.assertEqual(self.said(server, BAD), "250 2.1.5 Ok")

    def test_a_list_of_good_clients_alone_is_in_order(self):
        server = self.listed_by("list.dnswl.org*-1")
        self.assertEqual(self.said(server, VOUCHED), "250 2.1.5 Ok")
        self.assertEqual(json.loads(server.command("dnsbl", "status", "--json").stdout)["state"], "heard")


class Restricted(RealDns):
    """smtpd's own restrictions, without screening."""

    def rules(self, rules):
        return self.screened({"dns_servers": self.dns.setting, "postscreen_enable": "no", "smtpd_recipient_restrictions": rules})

    def test_the_text_of_a_listing_is_told(self):
        server = self.rules("reject_rbl_client bl.test")
        self.assertEqual(self.said(server, BAD), f"554 5.7.1 Service unavailable; Client host [{BAD}] blocked using bl.test; "
                                                 f"Listed, see http://bl.test/?{BAD}")
        self.assertEqual(self.said(server, GOOD), "250 2.1.5 Ok")

    def test_a_large_answer_comes_by_tcp(self):
        server = self.rules("reject_rbl_client wordy.test=127.0.0.6")
        by_tcp = self.dns.unbound.count("num.query.tcp")
        said = self.said(server, WORDY)
        self.assertIn(f"554 5.7.1 Service unavailable; Client host [{WORDY}] blocked using wordy.test; ", said)
        self.assertEqual(len(re.findall("[456] xxxx", said)), 2, "as many texts as a reply holds")
        self.assertEqual(self.dns.unbound.count("num.query.tcp"), by_tcp + 1)

    def test_domains(self):
        server = self.rules("reject_rhsbl_sender dbl.test")
        for sender, code in (("a@mail.spam.test", 554), ("a@spam.test", 554), ("a@ham.test", 250)):
            session = self.connect(server, GOOD)
            session.ehlo()
            self.assertEqual(session.envelope(sender, ALICE)[1].code, code, sender)

    def test_dnswl_keeps_lists_from_refusing(self):
        server = self.rules("permit_dnswl_client list.dnswl.org=127.0.[0..255].[1..3], reject")
        self.assertEqual(self.said(server, VOUCHED), "250 2.1.5 Ok")
        self.assertEqual(self.said(server, GOOD)[:3], "554")
        self.assertIn("Relay access denied", self.said(server, VOUCHED, "x@elsewhere.test"))

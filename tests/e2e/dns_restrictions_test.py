# SPDX-License-Identifier: Apache-2.0
# e2e: restrictions that ask the domain name system: lists, and names that do not exist.
import re

from dns_server import SERVFAIL, DnsServer
from harness import DOMAIN, Case, message, wait_for
from smtp_client import Client

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
GOOD, BAD = "127.0.1.1", "127.0.2.1"
SENDER = "a@sender.test"


def backwards(address, zone):
    return ".".join(reversed(address.split("."))) + "." + zone


class Restrictions(Case):
    def setUp(self):
        super().setUp()
        self.dns = DnsServer()
        self.addCleanup(self.dns.close)
        self.add_name(GOOD, "mx.sender.test")

    def add_name(self, client, name, back=True):
        self.dns.add(backwards(client, "in-addr.arpa"), "PTR", name)
        if back:
            self.dns.add(name, "A", client)

    def with_rules(self, rules, which="recipient", settings=None):
        return self.server({"dns_servers": self.dns.setting, f"smtpd_{which}_restrictions": rules, **(settings or {})})

    def connect(self, server, client=BAD, helo="c.test"):
        session = Client(server.port, source=client)
        self.addCleanup(session.close)
        self.assertEqual(session.ask(f"EHLO {helo}").code, 250)
        return session

    def said(self, server, client=BAD, sender=SENDER, recipient=ALICE, helo="c.test"):
        """What a recipient is answered with, as one line."""
        session = self.connect(server, client, helo)
        return session.envelope(sender, recipient)[1].raw.strip()

    def log_has(self, server, pattern):
        wait_for(lambda: re.search(pattern, server.log()), f"{pattern!r} in the log:\n{server.log()}")


class Lists(Restrictions):
    def test_a_listed_client_is_refused_with_the_words_of_the_list(self):
        self.dns.add(backwards(BAD, "bl.test"), "A", "127.0.0.4")
        self.dns.add(backwards(BAD, "bl.test"), "TXT", "see http://bl.test", "and\r\n250 weep")
        refusal = f"554 5.7.1 Service unavailable; Client host [{BAD}] blocked using bl.test; see http://bl.test / and??250 weep"
        for which in ("client", "helo", "sender", "recipient"):
            with self.subTest(which):
                server = self.with_rules("permit_mynetworks, reject_rbl_client bl.test", which)
                self.assertEqual(self.said(server), refusal)
                self.assertEqual(self.said(server, GOOD), "250 2.1.5 Ok")
                self.log_has(server, rf"NOQUEUE: reject: RCPT from unknown\[{re.escape(BAD)}\]: {re.escape(refusal)}; "
                                     rf"from=<{SENDER}> to=<{ALICE}> proto=ESMTP helo=<c\.test>\n")

    def test_the_code_and_the_pattern(self):
        self.dns.add(backwards(BAD, "bl.test"), "A", "127.0.0.4")
        for rule, code in (("bl.test=127.0.0.[2..3]", "250"), ("bl.test=127.0.0.[2;4]", "450 4.7.1 Service")):
            with self.subTest(rule):
                server = self.with_rules(f"reject_rbl_client {rule}", settings={"maps_rbl_reject_code": "450"})
                self.assertTrue(self.said(server).startswith(code))

    def test_domains_are_looked_up_where_they_are_said(self):
        self.add_name("127.0.3.1", "spam.test", back=False)
        self.add_name("127.0.4.1", "confirmed.test")
        for name in ("spam.test", "confirmed.test", DOMAIN):
            self.dns.add(f"{name}.dbl.test", "A", "127.0.1.2")
        blocked = "554 5.7.1 Service unavailable; {} [{}] blocked using dbl.test"
        for rule, how, words, what in (
                ("reject_rhsbl_sender", {"sender": "x@spam.test"}, "Sender address", "x@spam.test"),
                ("reject_rhsbl_recipient", {}, "Recipient address", ALICE),
                ("reject_rhsbl_helo", {"helo": "spam.test"}, "Helo command", "spam.test"),
                ("reject_rhsbl_reverse_client", {"client": "127.0.3.1"}, "Unverified Client host", "spam.test"),
                ("reject_rhsbl_client", {"client": "127.0.4.1"}, "Client host", "confirmed.test")):
            with self.subTest(rule):
                server = self.with_rules(f"{rule} dbl.test")
                self.assertEqual(self.said(server, **how), blocked.format(words, what))
                if rule == "reject_rhsbl_client":   # A name that does not lead back is none.
                    self.assertEqual(self.said(server, client="127.0.3.1"), "250 2.1.5 Ok")

    def test_what_is_no_domain_is_not_asked_for(self):
        server = self.with_rules("reject_rhsbl_sender dbl.test, reject_rhsbl_helo dbl.test")
        for sender, helo in (("", "[127.0.2.1]"), ("a@[127.0.0.1]", "127.0.0.1")):
            self.assertEqual(self.said(server, sender=sender, helo=helo), "250 2.1.5 Ok")
        self.assertFalse([name for name, _ in self.dns.asked if name.endswith("dbl.test")])

    def test_the_good_ones_pass_what_follows_but_do_not_relay(self):
        self.dns.add(backwards(BAD, "wl.test"), "A", "127.0.5.2")
        self.dns.add("mx.sender.test.wl.test", "A", "127.0.5.2")
        server = self.with_rules("permit_dnswl_client wl.test=127.0.[0..255].[1..3], permit_rhswl_client wl.test, reject")
        self.assertEqual(self.said(server), "250 2.1.5 Ok")
        self.assertEqual(self.said(server, GOOD), "250 2.1.5 Ok")
        self.assertIn("554 5.7.1", self.said(server, "127.0.3.1"))
        self.assertIn("Relay access denied", self.said(server, recipient="x@elsewhere.test"))

    def test_a_list_nobody_answers_for_refuses_nobody(self):
        for zone in ("bl.test", "wl.test"):
            self.dns.fault(backwards(BAD, zone), code=SERVFAIL)
        server = self.with_rules("reject_rbl_client bl.test")
        self.assertEqual(self.said(server), "250 2.1.5 Ok")
        self.log_has(server, rf"/smtpd\[\d+\]: warning: {re.escape(backwards(BAD, 'bl.test'))}: RBL lookup error: ")
        # Of the good ones: had it answered, the mail might have been let through.
        server = self.with_rules("permit_dnswl_client wl.test, reject")
        self.assertEqual(self.said(server), f"450 4.7.1 <{BAD}>: Client host rejected: Service unavailable")

    def test_ac7_a_warning_refuses_nobody(self):
        self.dns.add(backwards(BAD, "bl.test"), "A", "127.0.0.4")
        self.dns.fault("broken.test", code=SERVFAIL)
        server = self.with_rules("warn_if_reject reject_rbl_client bl.test, warn_if_reject reject_unknown_sender_domain",
                                 settings={"smtpd_relay_restrictions": "warn_if_reject reject, reject_unauth_destination"})
        self.assertEqual(self.said(server, sender="a@broken.test"), "250 2.1.5 Ok")
        for words in (f"554 5.7.1 Service unavailable; Client host [{BAD}] blocked using bl.test",
                      "450 4.1.8 <a@broken.test>: Sender address rejected: Domain not found",
                      f"554 5.7.1 <{ALICE}>: Recipient address rejected: Access denied"):
            self.log_has(server, rf"NOQUEUE: reject_warning: RCPT from unknown\[{re.escape(BAD)}\]: {re.escape(words)}; "
                                 rf"from=<a@broken\.test> to=<{ALICE}> proto=ESMTP helo=<c\.test>\n")
        self.assertNotIn("NOQUEUE: reject: ", server.log())

    def test_the_words_of_a_refusal_can_be_chosen(self):
        for zone in ("bl.test", "key.other.test"):
            self.dns.add(backwards(BAD, zone), "A", "127.0.0.4")
        self.dns.add(backwards(BAD, "bl.test"), "TXT", "why not")
        words = {"default_rbl_reply": "$rbl_code 4.7.99 $rbl_class $client is on $rbl_domain${rbl_reason?: $rbl_reason} ($sender_domain)",
                 "rbl_reply_maps": "pcre:{{/^key\\.other\\.test=127/ 421 see https://other.test/$$$$rbl_what}}"}
        server = self.with_rules("reject_rbl_client bl.test", settings=words)
        self.assertEqual(self.said(server), f"554 5.7.99 Client host unknown[{BAD}] is on bl.test: why not (sender.test)")
        server = self.with_rules("reject_rbl_client key.other.test=127.0.0.[2..4]", settings=words)
        self.assertEqual(self.said(server), f"421 4.7.1 see https://other.test/{BAD}")
        self.log_has(server, "421 4.7.1 see https://other.test/")

    def test_relaying_may_depend_on_dns(self):
        self.dns.add(backwards(BAD, "bl.test"), "A", "127.0.0.4")
        server = self.with_rules("permit_mynetworks, reject_rbl_client bl.test, reject_unknown_client_hostname, "
                                 "reject_unauth_destination", "relay")
        self.assertIn("blocked using bl.test", self.said(server))
        self.assertEqual(self.said(server, GOOD), "250 2.1.5 Ok")
        self.assertIn("Relay access denied", self.said(server, GOOD, recipient="x@elsewhere.test"))
        self.assertIn("cannot find your hostname", self.said(server, "127.0.9.1"))

    def test_dns_alone_makes_no_closed_relay(self):
        server = self.unstarted({"dns_servers": self.dns.setting, "smtpd_relay_restrictions": "reject_rbl_client bl.test"})
        self.assertNotEqual(server.command("check").returncode, 0)

    def test_error_codes_of_a_list_are_no_listings(self):
        for number, answer in enumerate(("127.255.255.254", "192.0.2.7")):
            with self.subTest(answer):
                zone = f"bl{number}.test"
                self.dns.add(backwards(BAD, zone), "A", answer)
                server = self.with_rules(f"reject_rbl_client {zone}")
                self.assertEqual(self.said(server), "250 2.1.5 Ok")
                self.log_has(server, rf"RBL lookup error: answers {re.escape(answer)}")

    def test_a_session_asks_once(self):
        self.dns.fault(backwards(BAD, "bl.test"), code=SERVFAIL)
        server = self.with_rules("reject_rbl_client bl.test, reject_rbl_client bl.test=127.0.0.2")
        session = self.connect(server)
        self.assertEqual(session.envelope(SENDER, ALICE)[1].code, 250)
        before = self.dns.asked[backwards(BAD, "bl.test"), "A"]
        self.assertEqual(session.ask(f"RCPT TO:<{BOB}>").code, 250)
        self.assertEqual(self.dns.asked[backwards(BAD, "bl.test"), "A"], before)
        self.assertEqual(server.log().count("RBL lookup error"), 1)


class Unknown(Restrictions):
    def setUp(self):
        super().setUp()
        self.dns.add("sender.test", "MX", "10 mx.sender.test")
        self.dns.add("null.test", "MX", "0 .")
        self.dns.add("host.test", "AAAA", "2001:db8::1")
        self.dns.fault("broken.test", code=SERVFAIL)

    def test_clients_without_a_name(self):
        self.add_name("127.0.3.1", "forged.test", back=False)
        self.dns.fault(backwards("127.0.4.1", "in-addr.arpa"), code=SERVFAIL)
        server = self.with_rules("reject_unknown_client_hostname", "client", {"unknown_client_reject_code": "550"})
        no_name = "5.7.25 Client host rejected: cannot find your hostname, [{}]"
        self.assertEqual(self.said(server, GOOD), "250 2.1.5 Ok")
        self.assertEqual(self.said(server, BAD), "550 " + no_name.format(BAD))
        self.assertEqual(self.said(server, "127.0.3.1"), "550 " + no_name.format("127.0.3.1"))
        self.assertEqual(self.said(server, "127.0.4.1"), "450 4" + no_name.format("127.0.4.1")[1:])
        server = self.with_rules("reject_unknown_reverse_client_hostname", "sender")
        self.assertEqual(self.said(server, "127.0.3.1"), "250 2.1.5 Ok")
        self.assertEqual(self.said(server, BAD), f"450 4.7.1 Client host rejected: cannot find your reverse hostname, [{BAD}]")

    def test_sender_domains(self):
        server = self.with_rules("reject_unknown_sender_domain", "sender", {"unknown_address_reject_code": "550"})
        refused = "<a@{}>: Sender address rejected: "
        for domain, said in (
                ("sender.test", "250 2.1.5 Ok"), ("host.test", "250 2.1.5 Ok"), (DOMAIN, "250 2.1.5 Ok"),
                ("[127.0.0.1]", "250 2.1.5 Ok"),
                ("none.test", "550 5.1.8 " + refused.format("none.test") + "Domain not found"),
                ("null.test", "550 5.7.27 " + refused.format("null.test") + "Domain null.test does not accept mail (nullMX)"),
                ("broken.test", "450 4.1.8 " + refused.format("broken.test") + "Domain not found")):
            with self.subTest(domain):
                self.assertEqual(self.said(server, sender=f"a@{domain}"), said)
        self.assertEqual(self.said(server, sender=""), "250 2.1.5 Ok")

    def test_recipient_domains_of_others(self):
        server = self.with_rules("reject_unknown_recipient_domain", settings={"relay_domains": "none.test, host.test"})
        self.assertEqual(self.said(server), "250 2.1.5 Ok")
        self.assertEqual(self.said(server, recipient="x@host.test"), "250 2.1.5 Ok")
        self.assertEqual(self.said(server, recipient="x@none.test"),
                         "450 4.1.2 <x@none.test>: Recipient address rejected: Domain not found")

    def test_greetings(self):
        server = self.with_rules("reject_unknown_helo_hostname", "helo")
        for helo, said in (("sender.test", "250 2.1.5 Ok"), ("host.test", "250 2.1.5 Ok"), ("[127.0.2.1]", "250 2.1.5 Ok"),
                           ("none.test", "450 4.7.1 <none.test>: Helo command rejected: Host not found"),
                           ("127.0.2.1", "450 4.7.1 <127.0.2.1>: Helo command rejected: Host not found")):
            with self.subTest(helo):
                self.assertEqual(self.said(server, helo=helo), said)

    def test_a_failed_lookup_waits_for_what_else_refuses(self):
        put_off = "450 4.1.8 <a@broken.test>: Sender address rejected: Domain not found"
        server = self.with_rules("reject_unknown_sender_domain", "sender")
        self.assertEqual(self.said(server, sender="a@broken.test"), put_off)
        self.assertIn("454 4.7.1", self.said(server, sender="a@broken.test", recipient="x@elsewhere.test"))
        server = self.with_rules("reject_unknown_sender_domain", "sender", {"reject_tempfail_action": "defer"})
        self.assertEqual(self.said(server, sender="a@broken.test", recipient="x@elsewhere.test"), put_off)

    def test_mail_goes_through_all_of_them(self):
        rules = ("permit_mynetworks, reject_unknown_client_hostname, reject_unknown_helo_hostname, reject_unknown_sender_domain, "
                 "reject_rbl_client bl.test, reject_rhsbl_sender dbl.test")
        server = self.with_rules(rules)
        session = self.connect(server, GOOD, "mx.sender.test")
        self.assertEqual([reply.code for reply in session.envelope(SENDER, ALICE)], [250, 250])
        self.assertEqual(session.data(message("through")).code, 250)

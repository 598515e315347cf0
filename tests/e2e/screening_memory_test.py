# SPDX-License-Identifier: Apache-2.0
# e2e: what screening remembers of clients and for how long, and what it does to the letter.
import contextlib
import re
import sqlite3
import time

from harness import DOMAIN, STRANGER, message, wait_for
from screening_test import ALICE, BAD, GOOD, LIST, Screening, reversed_name
from smtp_client import Client, insecure_tls

DAY = 86_400
FIELDS = ("pregreet", "dnsbl", "pipelining", "non_smtp", "bare_newline")


class Memory(Screening):
    def passed(self, settings=None):
        """A server that has seen GOOD pass, and is down."""
        server = self.screened({"postscreen_bare_newline_enable": "yes", **(settings or {})})
        self.let_in(server)
        self.assertEqual(server.stop(), 0)
        return server

    def let_in(self, server):
        session = self.connect(server, GOOD)
        session.ehlo()
        self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 250)
        session.close()

    def stamps(self, server):
        with contextlib.closing(sqlite3.connect(f"{server.root}/state/state.db")) as state:
            rows = state.execute("SELECT record FROM screen WHERE client = ?", [GOOD]).fetchall()
        return dict(zip(FIELDS, map(int, rows[0][0].split(";")))) if rows else None

    def rewrite(self, server, **stamps):
        record = {**self.stamps(server), **stamps}
        with contextlib.closing(sqlite3.connect(f"{server.root}/state/state.db")) as state:
            text = ";".join(str(record[name]) for name in FIELDS)
            state.execute("UPDATE screen SET record = ?, until = ? WHERE client = ?", [text, max(record.values()), GOOD])
            state.commit()

    def again(self, server, settings=None):
        server.write_config(settings)
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")

    def verdicts(self, server):
        return re.findall(rf": (PASS \w+) \[{re.escape(GOOD)}\]", server.log())

    def test_ps6_each_test_has_a_time_of_its_own(self):
        before = int(time.time())
        stamps = self.stamps(self.passed({"postscreen_greet_ttl": "2d", "postscreen_pipelining_ttl": "10d",
                                          "postscreen_non_smtp_command_ttl": "20d", "postscreen_bare_newline_ttl": "3d"}))
        after = int(time.time()) + 1
        self.assertEqual(stamps.pop("dnsbl"), 1)   # It was off.
        for name, days in (("pregreet", 2), ("pipelining", 10), ("non_smtp", 20), ("bare_newline", 3)):
            self.assertTrue(before <= stamps[name] - days * DAY <= after, (name, stamps))

    def test_ps5_only_what_expired_is_tested_again(self):
        server = self.passed()
        self.rewrite(server, pregreet=int(time.time()) - 60)
        left = self.stamps(server)
        self.again(server)
        session = self.connect(server, GOOD)
        self.assertIn(f"mx.{DOMAIN}", session.greeting.lines[0])
        self.assertEqual(len(session.greeting.lines), 2)   # The teaser.
        self.assertIn("PIPELINING", session.ehlo())         # No deep test.
        wait_for(lambda: self.verdicts(server) == ["PASS NEW", "PASS OLD"], server.log())
        self.assertEqual(server.stop(), 0)
        now = self.stamps(server)
        self.assertGreater(now["pregreet"], int(time.time()) + DAY - 60)
        self.assertEqual({**now, "pregreet": 0}, {**left, "pregreet": 0})

        self.rewrite(server, bare_newline=int(time.time()) - 60)
        self.again(server)
        session = self.connect(server, GOOD)
        self.assertEqual(len(session.greeting.lines), 1)
        session.send(b"EHLO c.test\n")
        self.log_has(server, "BARE NEWLINE")

    def test_ps7_who_was_known_is_old_for_a_week(self):
        server = self.passed()
        for age, verdict in ((6, "PASS OLD"), (8, "PASS NEW")):
            with self.subTest(age):
                over = int(time.time()) - age * DAY
                self.rewrite(server, **{name: over for name in FIELDS})
                self.again(server)
                if verdict == "PASS NEW":
                    wait_for(lambda: self.stamps(server) is None, "the clean-up")
                self.let_in(server)
                self.assertEqual(server.stop(), 0)
                self.assertEqual(self.verdicts(server)[-1], verdict)

    def test_ps8_without_cleaning_nobody_is_forgotten(self):
        server = self.passed()
        self.rewrite(server, **{name: int(time.time()) - 100 * DAY for name in FIELDS})
        self.again(server, {"postscreen_cache_cleanup_interval": "0"})
        # The sweep that counts has been there.
        wait_for(lambda: "gatepost_screen_clients 1" in server.control("metrics"), server.control("metrics"))
        self.let_in(server)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.verdicts(server)[-1], "PASS OLD")


class Lists(Screening):
    def test_ps17_a_pass_lasts_as_the_lists_say_within_bounds(self):
        dns = self.lists()
        dns.negative_ttl = 300
        for lowest, highest, ttl in (("60s", "1h", 300), ("400s", "1h", 400), ("60s", "200s", 200)):
            with self.subTest((lowest, highest)):
                server = self.screened({"dns_servers": dns.setting, "postscreen_dnsbl_sites": LIST, "postscreen_greet_banner": "",
                                        "postscreen_greet_wait": "3s", "postscreen_dnsbl_min_ttl": lowest,
                                        "postscreen_dnsbl_max_ttl": highest})
                wait_for(lambda: "heard" in server.command("dnsbl", "status", "--json").stdout, "a list in order")
                before = int(time.time())
                session = self.connect(server, GOOD)
                after = int(time.time()) + 1
                session.ehlo()
                self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 250)
                self.log_has(server, "PASS NEW")
                self.assertEqual(server.stop(), 0)
                until = int(Memory.stamps(self, server)["dnsbl"])
                self.assertTrue(before <= until - ttl <= after, until - before)

    def test_ps16_thresholds_to_the_point(self):
        dns = self.lists([BAD, GOOD])
        for weight, threshold, code in ((3, 3, 550), (3, 4, 250), (1, 1, 550)):
            with self.subTest((weight, threshold)):
                server = self.screened({"dns_servers": dns.setting, "postscreen_dnsbl_sites": f"{LIST}*{weight}",
                                        "postscreen_dnsbl_threshold": str(threshold), "postscreen_greet_banner": ""})
                session = self.connect(server, BAD)
                session.ehlo()
                self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, code)
        for allow, teased in (("-2", False), ("-3", True), ("0", True)):
            with self.subTest(allow):
                server = self.screened({"dns_servers": dns.setting, "postscreen_dnsbl_sites": f"{LIST}*-2",
                                        "postscreen_dnsbl_allowlist_threshold": allow, "postscreen_greet_banner": ""})
                # Allowed: no other test, not even those after the greeting.
                self.assertEqual("PIPELINING" not in self.connect(server, GOOD).ehlo(), teased)

    def test_ps19_what_has_not_answered_adds_nothing(self):
        dns = self.lists([BAD])
        dns.add(reversed_name("127.0.0.2", "slow.test"), "A", "127.0.0.2")
        dns.fault(reversed_name(BAD, "slow.test"), drop=True)
        server = self.screened({"dns_servers": dns.setting, "postscreen_dnsbl_sites": f"{LIST}, slow.test*3",
                                "postscreen_dnsbl_threshold": "2", "postscreen_greet_banner": "", "postscreen_greet_wait": "1s",
                                "postscreen_dnsbl_timeout": "2s", "dnsbl_outage_policy": "fail-open"})
        session = self.connect(server, BAD)
        session.ehlo()
        self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 250)
        # Who gave up first, we or the resolver.
        self.log_has(server, r"postscreen\[\d+\]: warning: dnsblog reply timeout 2s for slow\.test\n|dnsblog\[\d+\]: warning: "
                             rf"dnsblog_query: lookup error for DNS query {re.escape(reversed_name(BAD, 'slow.test'))}: .*\n")


class Actions(Screening):
    """A1.3 of the specification, row by row."""

    def listed(self, test, action):
        settings = {"postscreen_greet_wait": "1s", "postscreen_greet_banner": "x" if test == "greet" else "",
                    f"postscreen_{test}_action": action}
        if test == "dnsbl":
            settings.update({"dns_servers": self.lists([BAD]).setting, "postscreen_dnsbl_sites": LIST})
        if test == "denylist":
            settings["postscreen_access_list"] = f"inline:{{{{{BAD} = reject}}}}"
        if test in self.DEEP:
            settings[f"postscreen_{test}_enable"] = "yes"
        return self.screened(settings)

    DEEP = ("pipelining", "non_smtp_command", "bare_newline")
    TESTS = {   # How it is failed, what the log says, RCPT, the last words.
        "denylist": (b"", "DENYLISTED", "550 5.3.2 Service currently unavailable", "521 5.3.2 Service currently unavailable"),
        "greet": (b"EHLO early.test\r\n", "PREGREET", "550 5.5.1 Protocol error", "521 5.5.1 Protocol error"),
        "dnsbl": (b"", "DNSBL rank", f"550 5.7.1 Service unavailable; client [{BAD}] blocked using {LIST}",
                  f"521 5.7.1 Service unavailable; client [{BAD}] blocked using {LIST}"),
        "pipelining": (b"EHLO c.test\r\nNOOP\r\n", "COMMAND PIPELINING", "550 5.5.1 Protocol error", "521 5.5.1 Protocol error"),
        "non_smtp_command": (b"Subject: x\r\n", "NON-SMTP COMMAND", "550 5.5.1 Protocol error",
                             "521 5.7.0 Error: I can break rules, too. Goodbye."),
        "bare_newline": (b"EHLO c.test\n", "BARE NEWLINE", "550 5.5.1 Protocol error", "521 5.5.1 Protocol error"),
    }

    def fail(self, server, test):
        session = self.connect(server, BAD, greet=False)
        if test == "greet":
            self.raw(session, self.TESTS[test][0])
            self.log_has(server, self.TESTS[test][1])
        return session, test in self.DEEP

    def heard(self, session, what):
        while not session.line().startswith(what):
            pass

    def greeted(self, session):
        self.heard(session, "220 ")

    def talk(self, session, *words):
        """Commands, each with how the last line of its reply begins."""
        for command, reply in zip(words[::2], words[1::2]):
            self.raw(session, command.encode() + b"\r\n")
            self.heard(session, reply)

    def test_ps21_drop(self):
        for test, (octets, told, _, last) in self.TESTS.items():
            with self.subTest(test):
                server = self.listed(test, "drop")
                session, deep = self.fail(server, test)
                if deep:
                    self.greeted(session)
                    self.raw(session, octets)
                self.assertTrue(self.rest(session).endswith(last + "\r\n"))
                self.log_has(server, rf"{told}.*(?s:.*)DISCONNECT \[{re.escape(BAD)}\]")
                self.assertNotIn("PASS", server.log())

    def test_ps21_enforce(self):
        for test, (octets, told, refusal, _) in self.TESTS.items():
            with self.subTest(test):
                server = self.listed(test, "enforce")
                session, deep = self.fail(server, test)
                if test != "greet":
                    self.greeted(session)
                if deep:
                    self.raw(session, octets)
                    self.log_has(server, told)
                    session.buffer = b""
                self.talk(session, "MAIL FROM:<a@x.test>", "250 2.1.0 Ok")
                for _ in range(2):
                    self.assert_reply(session.ask(f"RCPT TO:<{ALICE}>"), refusal)
                session.close()
                self.log_has(server, rf"DISCONNECT \[{re.escape(BAD)}\]")
                self.assertNotIn("PASS", server.log())

    def test_ps21_ignore(self):
        for test, (octets, told, _, _) in self.TESTS.items():
            with self.subTest(test):
                server = self.listed(test, "ignore")
                for turn in range(2):
                    session, deep = self.fail(server, test)
                    self.greeted(session)
                    again = deep and turn == 1   # A short pass.
                    if deep and not again:
                        self.raw(session, octets)
                    if octets and not again:
                        self.heard(session, {"pipelining": "250 2.0.0 Ok", "non_smtp_command": "500 5.5.2"}.get(test, "250 LIMITS"))
                    self.talk(session, "EHLO d.test", "250 LIMITS", "MAIL FROM:<a@x.test>", "250 2.1.0 Ok",
                              f"RCPT TO:<{ALICE}>", "250 2.1.5 Ok")
                    session.close()
                # An early failure is no pass; after a deep one the client is let be for a little while.
                found = len(re.findall(told, server.log()))
                self.assertEqual(found, 1 if deep else 2, server.log())
                self.assertEqual("PASS OLD" in server.log(), deep or test == "denylist", server.log())

    def test_ps22_who_failed_early_is_watched_for_the_rest(self):
        server = self.screened({"postscreen_pipelining_enable": "no", "postscreen_non_smtp_command_enable": "no",
                                "postscreen_non_smtp_command_action": "enforce"})
        session = self.connect(server, BAD, greet=False)
        self.raw(session, b"EHLO a.test\r\n")
        self.log_has(server, "PREGREET")
        self.heard(session, "250 LIMITS")
        self.raw(session, b"Subject: x\n")
        self.heard(session, "50")
        self.raw(session, b"NOOP\r\nNOOP\r\n")
        for line in ("NON-SMTP COMMAND", "BARE NEWLINE", "COMMAND PIPELINING"):
            self.log_has(server, line)

    def test_ps30_soft_bounce(self):
        server = self.screened({"soft_bounce": "yes", "postscreen_access_list": f"inline:{{{{{BAD} = reject}}}}",
                                "postscreen_denylist_action": "enforce", "postscreen_greet_wait": "0s"})
        session = self.connect(server, BAD)
        session.ehlo()
        self.assert_reply(session.envelope("a@x.test", ALICE)[1], "450 4.3.2 Service currently unavailable")
        self.log_has(server, r"NOQUEUE: reject: RCPT from \[127\.0\.2\.1\]:\d+: 450 4\.3\.2 Service currently unavailable; "
                             rf"from=<a@x\.test>, to=<{re.escape(ALICE)}>, proto=ESMTP, helo=<client\.remote\.test>\n")

    def test_ps21_who_is_listed_and_ignored_is_old_when_it_passed(self):
        server = self.screened({"postscreen_access_list": f"inline:{{{{{GOOD} = reject}}}}", "postscreen_greet_wait": "0s"})
        for verdict in ("PASS NEW", "PASS OLD"):
            session = self.connect(server, GOOD)
            session.ehlo()
            self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 250)
            self.log_has(server, verdict)
        self.assertEqual(server.log().count("DENYLISTED"), 2)

    def test_ps34_the_words_of_old(self):
        server = self.screened({"respectful_logging": "no", "postscreen_greet_wait": "0s",
                                "postscreen_allowlist_interfaces": "!127.0.0.1 static:all",
                                "postscreen_access_list": f"inline:{{{{{BAD} = reject}}, {{127.0.4.1 = permit}}}}"})
        for client, words in ((BAD, "BLACKLISTED"), ("127.0.4.1", "WHITELISTED"), (GOOD, "WHITELIST VETO")):
            self.connect(server, client)
            self.log_has(server, rf"postscreen\[\d+\]: {words} \[{re.escape(client)}\]:\d+\n")


class Tls(Screening):
    def test_ps27_the_tests_go_on_under_tls(self):
        server = self.screened({"postscreen_greet_wait": "0s"})
        session = self.connect(server, GOOD)
        self.assertIn("STARTTLS", session.ehlo())
        self.assert_reply(session.starttls(), "220 2.0.0 Ready to start TLS")
        self.assertNotIn("PIPELINING", session.ehlo())
        self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 250)
        self.log_has(server, "PASS NEW")
        self.assertEqual(session.data(message("under TLS")).code, 250)
        bad = self.connect(server, BAD)
        bad.ehlo()
        bad.starttls()
        bad.send(b"EHLO c.test\r\nMAIL FROM:<a@x.test>\r\n")
        self.log_has(server, r"COMMAND PIPELINING from \[127\.0\.2\.1\]:\d+ after EHLO: MAIL FROM:<a@x\.test>\\r\\n\n")

    def test_ps27_what_came_in_the_clear_is_gone(self):
        server = self.screened({"postscreen_greet_wait": "0s"})
        session = self.connect(server, BAD)
        session.ehlo()
        session.send(b"STARTTLS\r\nMAIL FROM:<evil@x.test>\r\n")
        self.assert_reply(session.reply(), "220 2.0.0 Ready to start TLS")
        self.log_has(server, "COMMAND PIPELINING from .* after STARTTLS: MAIL FROM:<evil@x\\.test>")
        session.wrap()
        self.assert_reply(session.ask(f"RCPT TO:<{ALICE}>"), "503 5.5.1 Error: need MAIL command")
        session.ehlo()
        self.assertEqual([reply.code for reply in session.envelope("a@x.test", ALICE)], [250, 550])

    def test_mandatory_tls_is_asked_for(self):
        server = self.screened({"postscreen_greet_wait": "0s", "smtpd_tls_security_level": "encrypt"})
        session = self.connect(server, GOOD)
        session.ehlo()
        self.assert_reply(session.ask("MAIL FROM:<a@x.test>"), "530 5.7.0 Must issue a STARTTLS command first")


class Elsewhere(Screening):
    def test_ps37_users_are_not_screened(self):
        server = self.screened({"postscreen_greet_wait": "100s"})
        server.stop()
        server.write_config({"submission_listen": f"{STRANGER}:{server.submission_port}",
                             "submissions_listen": f"{STRANGER}:{server.submissions_port}"})
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        self.assertEqual(Client(server.submission_port, source=GOOD).greeting.code, 220)
        self.assertEqual(Client(server.submissions_port, source=GOOD, tls=insecure_tls()).greeting.code, 220)
        self.assertNotIn(f"CONNECT from [{GOOD}]", server.log())

    def test_ps12_the_wait_is_six_seconds_and_two_under_stress(self):
        server = self.unstarted({})
        said = server.command("config", "-d", "-h", "postscreen_greet_wait", "postscreen_stress_greet_wait",
                              "postscreen_command_time_limit", "postscreen_stress_command_time_limit")
        self.assertEqual(said.stdout.split(), ["6s", "2s", "300s", "10s"])

# SPDX-License-Identifier: Apache-2.0
# e2e: screening as clients and an owner see it; one test for each goal.
import pathlib
import re
import socket
import sqlite3
import struct
import time

from dns_server import SERVFAIL, DnsServer
from harness import DOMAIN, HOME, STRANGER, Case, free_ports, message, wait_for
from smtp_client import Client

ALICE = f"alice@{DOMAIN}"
GOOD, BAD = "127.0.1.1", "127.0.2.1"
ON = {"postscreen_enable": "yes", "state_commit_interval": "0s", "postscreen_greet_wait": "1s"}
LIST = "bl.test"


def reversed_name(address, zone):
    return ".".join(reversed(address.split("."))) + "." + zone


class Screening(Case):
    def screened(self, settings=None, **options):
        """A server that screens, started without a look at whether it greets: that would be a client."""
        server = self.unstarted({**ON, **(settings or {})}, **options)
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        wait_for(lambda: self.is_steered(server), "the control socket")
        return server

    @staticmethod
    def is_steered(server):
        with socket.socket(socket.AF_UNIX) as line:
            return line.connect_ex(server.settings["control_socket"]) == 0

    @staticmethod
    def reachable(server):
        try:
            with socket.create_connection((STRANGER, server.port), source_address=(HOME, 0)):
                return True
        except OSError:
            return False

    def lists(self, listed=(), zone=LIST, answer="127.0.0.4"):
        """A DNS server with a list in order (RFC 5782 section 5)."""
        server = DnsServer()
        self.addCleanup(server.close)
        server.add(reversed_name("127.0.0.2", zone), "A", "127.0.0.2")
        for client in listed:
            server.add(reversed_name(client, zone), "A", answer)
        return server

    def connect(self, server, client, greet=True):
        session = Client(server.port, source=client, greet=greet)
        self.addCleanup(session.close)
        return session

    def log_has(self, server, pattern):
        wait_for(lambda: re.search(pattern, server.log()), f"{pattern!r} in the log:\n{server.log()}")

    def raw(self, session, octets):
        session.socket.sendall(octets)

    def rest(self, session):
        """Everything until the server hangs up."""
        out = session.buffer
        while True:
            piece = session.socket.recv(4096)
            if not piece:
                return out.decode()
            out += piece


class Greeting(Screening):
    def test_ps1_connect_tells_both_ends(self):
        server = self.screened()
        self.connect(server, GOOD, greet=False)
        self.log_has(server, rf"CONNECT from \[{re.escape(GOOD)}\]:\d+ to \[127\.0\.0\.1\]:{server.port}\n")

    def test_ps36_mynetworks_are_not_screened(self):
        server = self.screened()
        self.connect(server, HOME)
        self.log_has(server, rf"ALLOWLISTED \[{re.escape(HOME)}\]:\d+\n")

    def test_ps4_who_passed_is_let_in_at_once(self):
        server = self.screened()
        first = self.connect(server, GOOD)
        self.assertEqual(first.greeting.lines[-1].split()[0], f"mx.{DOMAIN}")
        first.ehlo()
        self.assertNotIn("PIPELINING", first.ehlo())
        for reply in first.envelope("a@x.test", ALICE):
            self.assertEqual(reply.code, 250)
        self.log_has(server, rf"PASS NEW \[{re.escape(GOOD)}\]")
        again = self.connect(server, GOOD)
        self.assertIn("PIPELINING", again.ehlo())
        self.log_has(server, rf"PASS OLD \[{re.escape(GOOD)}\]")

    def test_ps6_passes_survive_a_restart(self):
        server = self.screened()
        first = self.connect(server, GOOD)
        first.ehlo()
        first.envelope("a@x.test", ALICE)
        self.log_has(server, "PASS NEW")
        self.assertEqual(server.stop(), 0)
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        self.assertIn("PIPELINING", self.connect(server, GOOD).ehlo())
        self.log_has(server, "PASS OLD")

    def test_ps10_who_talks_early_is_refused(self):
        server = self.screened()
        session = self.connect(server, BAD, greet=False)
        self.raw(session, b"EHLO User\r\n")
        self.log_has(server, rf"PREGREET 11 after 0(\.\d+)? from \[{re.escape(BAD)}\]:\d+: EHLO User\\r\\n\n")
        self.assertTrue(session.line().startswith("220-"))
        self.assertIn("250", session.reply().raw)
        mail, rcpt = session.envelope("a@x.test", ALICE)
        self.assert_reply(mail, "250 2.1.0 Ok")
        self.assert_reply(rcpt, "550 5.5.1 Protocol error")
        self.log_has(server, rf"NOQUEUE: reject: RCPT from \[{re.escape(BAD)}\]:\d+: 550 5\.5\.1 Protocol error; "
                             rf"from=<a@x\.test>, to=<{re.escape(ALICE)}>, proto=ESMTP, helo=<User>\n")
        self.assertIn("554 5.5.1 Error: no valid recipients", session.ask("DATA").raw)
        self.log_has(server, rf"DATA without valid RCPT from \[{re.escape(BAD)}\]:\d+\n.*DISCONNECT \[")

    def test_ps10_what_was_said_early_counts_where_it_is_ignored(self):
        server = self.screened({"postscreen_greet_action": "ignore"})
        session = self.connect(server, BAD, greet=False)
        self.raw(session, b"EHLO User\r\n")
        self.log_has(server, "PREGREET 11")
        wait_for(lambda: session.line().startswith("220 "), "the greeting")
        self.assertEqual(session.reply().code, 250)
        for reply in session.envelope("a@x.test", ALICE):
            self.assertEqual(reply.code, 250)

    def test_ps11_the_teaser_is_the_banner(self):
        server = self.screened({"postscreen_greet_banner": "wait for it"})
        self.assertEqual(self.connect(server, GOOD, greet=False).line(), "220-wait for it")

    def test_ps11_without_a_banner_nobody_talks_early(self):
        server = self.screened({"postscreen_greet_banner": "", "postscreen_greet_wait": "100s"})
        self.assertTrue(self.connect(server, GOOD, greet=False).line().startswith("220 "))

    def test_ps13_hanging_up_is_no_failure(self):
        server = self.screened({"postscreen_greet_wait": "100s"})
        self.connect(server, GOOD, greet=False).close()
        self.log_has(server, rf"HANGUP after 0(\.\d+)? from \[{re.escape(GOOD)}\]:\d+ in tests before SMTP handshake\n")
        self.log_has(server, "DISCONNECT")

    def test_who_waits_is_told_when_the_server_stops(self):
        server = self.screened({"postscreen_greet_wait": "100s", "postscreen_greet_banner": "x"})
        session = self.connect(server, GOOD, greet=False)
        self.assertEqual(session.line(), "220-x")
        self.assertEqual(server.stop(), 0)
        self.assertIn("421 4.3.2", self.rest(session))

    def test_ps2_the_first_that_says_something(self):
        listed, let_in, neither, unsaid = "127.0.3.1", "127.0.3.2", "127.0.3.3", "127.0.4.1"
        for lists, refused, allowed in (
                ("permit_mynetworks, cidr:{table}", {listed}, {let_in, HOME}),
                ("cidr:{table}, permit", {listed}, {let_in, neither, unsaid, HOME}),
                ("Permit_MyNetworks cidr:{table} REJECT", {listed, neither, unsaid}, {let_in, HOME}),
                # dunno ends the table, not the list; a permit before ends both.
                ("inline:{{{{{listed} = permit}}}}, cidr:{table}", set(), {listed, let_in}),
                ("dunno, cidr:{table}", set(), set()),
                # What a table gives is a list as well.
                ("inline:{{{{{home} = permit_mynetworks reject}}, {{{listed} = permit_mynetworks, reject}}}}", {listed}, {HOME})):
            with self.subTest(lists):
                server = self.unstarted({**ON, "postscreen_greet_wait": "0s", "postscreen_denylist_action": "drop"})
                table = server.root / "etc" / "access.cidr"
                table.write_text(f"{listed}/32 reject\n{let_in}/32 permit\n{neither}/32 dunno\n127.0.3.0/24 permit\n")
                server.write_config({"postscreen_access_list": lists.format(table=table, listed=listed, home=HOME)})
                server.spawn()
                wait_for(lambda: self.reachable(server), "the listener")
                for client in (listed, let_in, neither, unsaid, HOME):
                    self.connect(server, client, greet=False).line()
                self.log_has(server, rf"CONNECT from \[{re.escape(HOME)}\](.*\n)*.*CONNECT from \[{re.escape(HOME)}\]")
                log = server.log()
                for client in (listed, let_in, neither, unsaid, HOME):
                    self.assertEqual(f"DENYLISTED [{client}]" in log, client in refused, log)
                    self.assertEqual(f"ALLOWLISTED [{client}]" in log, client in allowed, log)

    def test_ps3_the_denylist(self):
        for action, replies in (("ignore", (250, 250)), ("enforce", (250, 550)), ("drop", None)):
            with self.subTest(action):
                table = f"inline:{{{{{BAD} = reject}}}}"
                server = self.screened({"postscreen_access_list": f"permit_mynetworks, {table}",
                                        "postscreen_denylist_action": action, "postscreen_greet_wait": "0s"})
                session = self.connect(server, BAD, greet=False)
                self.log_has(server, rf"DENYLISTED \[{re.escape(BAD)}\]")
                if replies is None:
                    self.assertIn("521 5.3.2 Service currently unavailable", self.rest(session))
                    continue
                wait_for(lambda: session.line().startswith("220 "), "the greeting")
                session.ehlo()
                self.assertEqual(tuple(r.code for r in session.envelope("a@x.test", ALICE)), replies)

    def test_ps9_where_no_pass_is_earned(self):
        server = self.screened({"postscreen_allowlist_interfaces": "!127.0.0.1 static:all", "postscreen_greet_wait": "0s"})
        for _ in range(2):
            session = self.connect(server, GOOD)
            session.ehlo()
            self.assert_reply(session.envelope("a@x.test", ALICE)[1], "450 4.3.2 Service currently unavailable")
        self.log_has(server, rf"ALLOWLIST VETO \[{re.escape(GOOD)}\]")
        self.assertNotIn("PASS", server.log())

    def test_ps33_old_names_are_taken(self):
        server = self.screened({"postscreen_blacklist_action": "drop", "respectful_logging": "no",
                                "postscreen_access_list": f"inline:{{{{{BAD} = reject}}}}", "postscreen_greet_wait": "0s"})
        self.assertIn("521", self.rest(self.connect(server, BAD, greet=False)))
        self.log_has(server, "BLACKLISTED")
        self.assertIn("is called postscreen_denylist_action now", server.log() + server.said())


class Lists(Screening):
    def with_lists(self, dns, settings=None):
        return self.screened({"dns_servers": dns.setting, "postscreen_dnsbl_sites": LIST, "postscreen_greet_wait": "3s",
                              "postscreen_greet_banner": "", **(settings or {})})

    def test_ps18_a_listed_client_is_told_the_list(self):
        dns = self.lists([BAD])
        server = self.with_lists(dns)
        session = self.connect(server, BAD)
        session.ehlo()
        self.assert_reply(session.envelope("a@x.test", ALICE)[1],
                          f"550 5.7.1 Service unavailable; client [{BAD}] blocked using {LIST}")
        self.log_has(server, rf"addr {re.escape(BAD)} listed by domain {LIST} as 127\.0\.0\.4\n")
        self.log_has(server, rf"DNSBL rank 1 for \[{re.escape(BAD)}\]:\d+\n")

    def test_postmaster_and_abuse_stay_reachable(self):
        dns = self.lists([BAD])
        server = self.with_lists(dns)
        session = self.connect(server, BAD)
        session.ehlo()
        mail, rcpt = session.envelope("a@x.test", f"postmaster@{DOMAIN}")
        self.assertEqual((mail.code, rcpt.code), (250, 250))
        self.assertEqual(session.ask(f"RCPT TO:<{ALICE}>").code, 550)
        self.assertEqual(session.ask(f"RCPT TO:<abuse@{DOMAIN}>").code, 550)
        self.assertEqual(session.data(message("to postmaster")).code, 250)

    def test_ps14_patterns_and_weights(self):
        dns = self.lists([BAD])
        for sites, code in ((f"{LIST}=127.0.0.[2..3]*2", 250), (f"{LIST}=127.0.0.[4;9]*2", 550),
                            (f"{LIST}*1", 250), (f"{LIST}*3, {LIST}=127.0.0.4*-2", 250),
                            (f"{LIST}*1\n\t{LIST}=127.0.0.4", 550)):
            with self.subTest(sites):
                server = self.with_lists(dns, {"postscreen_dnsbl_sites": sites, "postscreen_dnsbl_threshold": "2"})
                session = self.connect(server, BAD)
                session.ehlo()
                self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, code)

    def test_ps18_the_reply_map_hides_the_name(self):
        dns = self.lists([BAD])
        server = self.with_lists(dns, {"postscreen_dnsbl_reply_map": f"inline:{{{{{LIST} = lists.example}}}}",
                                       "postscreen_dnsbl_action": "drop"})
        said = self.rest(self.connect(server, BAD, greet=False))
        self.assertEqual(said, f"521 5.7.1 Service unavailable; client [{BAD}] blocked using lists.example\r\n")

    def test_ps15_each_list_is_asked_once(self):
        dns = self.lists([BAD])
        dns.fault(reversed_name(BAD, LIST), delay=0.1)
        server = self.with_lists(dns)
        sessions = [self.connect(server, BAD, greet=False) for _ in range(5)]
        for session in sessions:
            session.line()
        self.assertEqual(dns.asked[(reversed_name(BAD, LIST), "A")], 1)

    def test_guard_a_list_that_refuses_us_does_not_count(self):
        dns = self.lists([BAD], answer="127.255.255.254")
        server = self.with_lists(dns)
        session = self.connect(server, BAD)
        session.ehlo()
        self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 250)
        self.assertNotIn("DNSBL rank", server.log())

    def test_guard_a_list_that_lists_all_does_not_count(self):
        dns = self.lists([BAD, "127.0.0.1"])
        server = self.with_lists(dns)
        session = self.connect(server, BAD)
        session.ehlo()
        self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 250)

    def test_who_is_vouched_for_passes_all(self):
        dns = self.lists([GOOD])
        server = self.with_lists(dns, {"postscreen_dnsbl_sites": f"{LIST}*-2", "postscreen_greet_banner": "x",
                                       "postscreen_dnsbl_allowlist_threshold": "-1"})
        session = self.connect(server, GOOD)
        self.assertIn("PIPELINING", session.ehlo())
        self.log_has(server, "PASS NEW")


class Deep(Screening):
    def quick(self, settings=None):
        return self.screened({"postscreen_greet_wait": "0s", "postscreen_bare_newline_enable": "yes",
                              "postscreen_bare_newline_action": "enforce", **(settings or {})})

    def test_ps20_pipelining(self):
        server = self.quick()
        session = self.connect(server, BAD)
        self.raw(session, f"EHLO c.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<{ALICE}>\r\n".encode())
        self.assertEqual([session.reply().code for _ in range(3)], [250, 250, 550])
        self.log_has(server, rf"COMMAND PIPELINING from \[{re.escape(BAD)}\]:\d+ after EHLO: MAIL FROM:<a@x\.test>\\r\\nRCPT")

    def test_ps20_non_smtp_commands(self):
        server = self.quick()
        session = self.connect(server, BAD)
        self.raw(session, b"GET / HTTP/1.1\r\n")
        self.assertEqual(self.rest(session), "521 5.7.0 Error: I can break rules, too. Goodbye.\r\n")
        self.log_has(server, rf"NON-SMTP COMMAND from \[{re.escape(BAD)}\]:\d+ after CONNECT: GET / HTTP/1\.1\n")

    def test_ps20_bare_newlines(self):
        server = self.quick()
        session = self.connect(server, BAD)
        self.raw(session, b"EHLO c.test\n")
        self.assertEqual(session.reply().code, 250)
        self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 550)
        self.log_has(server, rf"BARE NEWLINE from \[{re.escape(BAD)}\]:\d+ after EHLO c\.test")

    def test_a_good_client_is_never_put_off(self):
        server = self.quick()
        session = self.connect(server, GOOD)
        session.ehlo()
        self.assertEqual([reply.code for reply in session.envelope("a@x.test", ALICE)], [250, 250])
        self.assertEqual(session.data(message("first contact")).code, 250)
        self.log_has(server, "PASS NEW")
        self.assertNotIn(": 450", server.log())

    def test_deep_handoff_as_postscreen_does_it(self):
        server = self.quick({"postscreen_deep_handoff": "450"})
        session = self.connect(server, GOOD)
        session.ehlo()
        self.assert_reply(session.envelope("a@x.test", ALICE)[1], "450 4.3.2 Service currently unavailable")
        # What it passed counts when it has gone.
        session.ask("QUIT")
        session.close()
        self.log_has(server, r"DISCONNECT ")
        again = self.connect(server, GOOD)
        again.ehlo()
        self.assertEqual(again.envelope("a@x.test", ALICE)[1].code, 250)

    def test_ps23_limits(self):
        server = self.quick({"postscreen_command_count_limit": "3", "postscreen_command_time_limit": "1s"})
        session = self.connect(server, BAD)
        for _ in range(3):
            self.assertEqual(session.ask("NOOP").code, 250)
        self.assert_reply(session.ask("NOOP"), f"421 mx.{DOMAIN} Service unavailable - try again later")
        self.log_has(server, "COMMAND COUNT LIMIT from .* after NOOP\n")
        slow = self.connect(server, BAD)
        self.assert_reply(slow.reply(), f"421 4.4.2 mx.{DOMAIN} Error: timeout exceeded")
        self.log_has(server, "COMMAND TIME LIMIT from .* after CONNECT\n")

    def test_ps23_a_line_may_be_so_long(self):
        server = self.quick({"line_length_limit": "1000"})
        session = self.connect(server, BAD)
        self.raw(session, b"NOOP " + b"x" * 3000 + b"\r\n")
        self.assert_reply(session.reply(), f"421 mx.{DOMAIN} Service unavailable - try again later")
        self.log_has(server, "COMMAND LENGTH LIMIT from .* after CONNECT\n")

    def test_ps24_connections_of_one_client(self):
        server = self.quick({"postscreen_client_connection_count_limit": "2"})
        held = [self.connect(server, GOOD) for _ in range(2)]
        self.assertEqual(len(held), 2)
        self.assert_reply(self.connect(server, GOOD).greeting, "421 4.7.0 Error: too many connections")
        self.log_has(server, r"NOQUEUE: reject: CONNECT from .*: too many connections\n")

    def test_ps25_and_26_the_queue_is_full(self):
        server = self.screened({"postscreen_pre_queue_limit": "10", "postscreen_greet_wait": "100s",
                                "postscreen_client_connection_count_limit": "0"})
        held = [self.connect(server, GOOD, greet=False) for _ in range(10)]
        self.log_has(server, "entering STRESS mode with 9 connections\n")
        self.assert_reply(self.connect(server, BAD).greeting, "421 4.3.2 All screening ports are busy")
        self.log_has(server, r"reject: connect from .*: all screening ports busy\n")
        for session in held[:3]:
            session.close()
        self.log_has(server, "leaving STRESS mode with 7 connections\n")

    def test_who_is_turned_away_and_has_gone_meanwhile_harms_nobody(self):
        server = self.screened({"postscreen_access_list": f"inline:{{{{{BAD} = reject}}}}",
                                "postscreen_denylist_action": "drop"})
        for _ in range(100):
            with socket.create_connection((STRANGER, server.port), source_address=(BAD, 0)) as gone:
                # A reset, so that the farewell cannot be sent.
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.log_has(server, rf"DENYLISTED \[{re.escape(BAD)}\]")
        self.assertEqual(self.connect(server, GOOD).greeting.code, 220)
        self.assertEqual(server.stop(), 0)


class Room(Screening):
    """smtpd_session_limit is reached."""

    def full(self, settings=None):
        server = self.screened({"smtpd_session_limit": "50", "postscreen_client_connection_count_limit": "0",
                                "postscreen_greet_wait": "100s", **(settings or {})})
        self.log_has(server, rf"(?:DISCONNECT |disconnect from unknown)\[{re.escape(HOME)}\]")
        return server

    def test_a_bot_that_holds_all_sessions_keeps_nobody_out(self):
        server = self.full({"postscreen_access_list": f"inline:{{{{{GOOD} = permit}}}}"})
        held = [self.connect(server, BAD, greet=False) for _ in range(50)]
        for session in held:
            self.assertTrue(session.line().startswith("220-"))
        good = self.connect(server, GOOD)
        good.ehlo()
        self.assertEqual([reply.code for reply in good.envelope("a@x.test", ALICE)], [250, 250])
        self.assertEqual(good.data(message("let in")).code, 250)
        # The oldest had to go, and was told; the others are there still.
        self.assertEqual(self.rest(held[0]), "421 4.3.2 All server ports are busy\r\n")
        self.log_has(server, rf"NOQUEUE: shed: CONNECT from \[{re.escape(BAD)}\]:\d+: all sessions are taken\n")
        self.assertEqual(server.log().count("NOQUEUE: shed"), 1)

    def test_a_network_makes_room_for_itself(self):
        server = self.full({"smtpd_session_limit": "10"})
        few = [self.connect(server, GOOD, greet=False) for _ in range(3)]
        for _ in range(30):
            self.assertTrue(self.connect(server, BAD, greet=False).line().startswith("220-"))
        self.assertEqual(server.log().count("NOQUEUE: shed: "), 23)
        self.assertNotIn(f"NOQUEUE: shed: CONNECT from [{GOOD}]", server.log())
        for session in few:
            self.assertTrue(session.line().startswith("220-"))

    def test_who_has_proved_itself_is_not_sent_away(self):
        server = self.full({"smtpd_session_limit": "3", "postscreen_access_list": f"inline:{{{{{GOOD} = permit}}}}"})
        held = [self.connect(server, GOOD) for _ in range(3)]
        self.assertEqual([session.greeting.code for session in held], [220, 220, 220])
        self.assert_reply(self.connect(server, BAD).greeting, "421 4.3.2 All server ports are busy")
        self.assertEqual(held[0].ask("NOOP").code, 250)

    def test_who_only_holds_the_ports_for_users_makes_room(self):
        port, = free_ports(1)
        server = self.full({"smtpd_session_limit": "3", "postscreen_greet_wait": "0s", "submission_listen": f"{STRANGER}:{port}"})
        held = [Client(port, source=BAD) for _ in range(3)]
        for session in held:
            self.addCleanup(session.close)
        self.assertEqual(self.connect(server, GOOD).greeting.code, 220)
        self.assertEqual(self.rest(held[0]), "421 4.3.2 All server ports are busy\r\n")

    def test_who_was_not_given_a_recipient_makes_room(self):
        server = self.full({"smtpd_session_limit": "2", "postscreen_greet_wait": "0s"})
        bots = [self.connect(server, BAD) for _ in range(2)]
        for bot in bots:
            bot.ehlo()
            self.assertEqual(bot.envelope("a@x.test", "nobody@example.com")[1].code, 550)
        good = self.connect(server, GOOD)
        good.ehlo()
        self.assertEqual([reply.code for reply in good.envelope("a@x.test", ALICE)], [250, 250])
        self.assertEqual(self.connect(server, GOOD).greeting.code, 220)
        self.assertEqual(good.ask("NOOP").code, 250)


class Memory(Screening):
    """memory_limit is near: what is given up first, and what never is."""

    def near(self, percent):
        """A server that has so much of memory_limit, for a table as large as the least limit."""
        settings = {"postscreen_greet_wait": "100s", "postscreen_client_connection_count_limit": "0",
                    "postscreen_access_list": f"inline:{{{{{GOOD} = permit}}}}", "relay_domains": "backup.test"}
        server = self.screened({**settings, "memory_limit": "1G"})
        table = server.root / "etc" / "many"
        table.write_text("".join(f"user{n}@backup.test ok\n" for n in range(600_000)))
        server.write_config({"relay_recipient_maps": f"texthash:{table}"})
        self.assertEqual(server.stop(), 0)
        server.spawn()
        wait_for(pathlib.Path(server.settings["control_socket"]).exists, "the control socket")
        used = server.control_json("status")["memory"]["resident_octets"]
        self.assertEqual(server.stop(), 0)
        server.write_config({"memory_limit": str(used * 100 // percent)})
        return server

    def test_clients_that_have_not_proved_themselves_go_first_and_who_sends_mail_never(self):
        server = self.near(85)
        server.spawn()
        server.wait_log("octets: turning clients away that have not proved themselves")
        good = self.connect(server, GOOD)
        good.ehlo()
        self.assertEqual([reply.code for reply in good.envelope("a@x.test", ALICE)], [250, 250])
        self.assertEqual(good.ask("DATA").code, 354)
        self.assert_reply(self.connect(server, BAD).greeting, "421 4.3.2 All screening ports are busy")
        good.send(message("the limit is near").replace("\n", "\r\n") + "\r\n.\r\n")
        self.assertEqual(good.reply().code, 250)
        self.assertEqual(self.connect(server, GOOD).greeting.code, 220)

    def test_then_all_new_ones_are_turned_away(self):
        server = self.near(92)
        server.spawn()
        server.wait_log("octets: turning new clients away")
        self.assert_reply(self.connect(server, GOOD).greeting, "421 4.3.2 All server ports are busy")

    def test_clients_that_are_here_already_go_when_it_comes_near(self):
        server = self.near(77)
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        good = self.connect(server, GOOD)
        bots = []
        for n in range(2000):
            # What each says early is kept, for it may be mail.
            bots.append(self.connect(server, f"127.0.2.{n % 250 + 1}", greet=False))
            self.raw(bots[-1], b"x" * 2000)
            if "NOQUEUE: shed: " in server.log():
                break
        self.log_has(server, r"NOQUEUE: shed: CONNECT from \[127\.0\.2\.\d+\]:\d+: memory is short\n")
        self.assertIn("421 4.3.2 All server ports are busy", self.rest(bots[0]))
        self.assertEqual(good.ask("NOOP").code, 250)

    def test_then_nothing_of_the_queue_is_tried(self):
        server = self.near(98)
        server.spawn()
        server.wait_log("octets: trying nothing of the queue")

# SPDX-License-Identifier: Apache-2.0
# e2e: limits of connections and events, and bans, as clients and an owner see them; one test for each goal.
import json
import pathlib
import re
import socket
import sqlite3
import time

import logins
from dns_server import DnsServer
from harness import DOMAIN, HOME, PASSWORD, STRANGER, Case, free_ports, has_ipv6, message, wait_for
from smtp_client import Client, insecure_tls

ALICE = f"alice@{DOMAIN}"
NOBODY = f"nobody@{DOMAIN}"
BAD, OTHER = "127.0.5.1", "127.0.5.2"
BANS = {"ban_enable": "yes", "state_commit_interval": "0s", "smtpd_error_sleep_time": "0s"}
BANNED = f"421 4.7.0 mx.{DOMAIN} Error: not served for now, because of earlier abuse from {BAD}"


class Bans(Case):
    def bans(self, settings=None, **options):
        return self.server({**BANS, **(settings or {})}, **options)

    def greeting(self, server, client, port=None, **about):
        """The first line a client hears; None: it was hung up on without one."""
        try:
            with Client(port or server.port, source=client, **about) as session:
                return str(session.greeting)
        except (EOFError, ConnectionResetError):
            return None

    def offend(self, server, client=BAD, recipient=NOBODY, times=10):
        """Unknown recipients weigh a half each, those of others and traps more."""
        with server.client(source=client) as session:
            session.ehlo()
            session.ask("MAIL FROM:<sender@remote.test>")
            return [session.ask(f"RCPT TO:<{recipient}>").code for _ in range(times)]

    def guess(self, server, client, times, user=ALICE, password="wrong"):
        """Codes of logins with the wrong password, each in a session of its own."""
        codes = []
        for _ in range(times):
            with Client(server.submissions_port, source=client, tls=insecure_tls()) as session:
                session.ehlo()
                codes.append(session.ask(f"AUTH PLAIN {logins.plain(user, password)}").code)
        return codes

    def assert_banned(self, server, client=BAD):
        wait_for(lambda: (self.greeting(server, client) or "").startswith("421 4.7.0 "), f"the ban of {client}")

    def assert_served(self, server, client):
        self.assertTrue((self.greeting(server, client) or "").startswith("220 "), client)

    def database(self, server):
        return pathlib.Path(server.settings["state_directory"]) / "state.db"

    def rows(self, server, query):
        database = sqlite3.connect(f"file:{self.database(server)}?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def why(self, server, client=BAD):
        return json.loads(server.control(f"ban-why json {client}"))


class Limits(Bans):
    LIMIT = {"client_connection_burst_limit": "20/10s"}

    def test_rb6_the_20th_connection_within_10_seconds_is_one_too_many(self):
        server = self.server({**self.LIMIT, "submission_listen": f"{STRANGER}:{free_ports(1)[0]}"})
        said = [self.greeting(server, BAD) for _ in range(25)]
        self.assertEqual([line[:3] for line in said], ["220"] * 19 + ["421"] * 6)
        self.assertEqual(said[19], f"421 4.7.0 mx.{DOMAIN} Error: too many connections from {BAD}")
        server.wait_log(f"warning: Connection burst rate limit exceeded: 20 from unknown[{BAD}] for service smtp")
        self.assert_served(server, OTHER)
        # Each port has a list of its own, and the LAN none.
        port = int(server.settings["submission_listen"].rpartition(":")[2])
        self.assertEqual(self.greeting(server, BAD, port)[:3], "220")
        for _ in range(40):
            self.assert_served(server, HOME)

    def test_rb6_an_ipv6_client_is_its_network(self):
        if not has_ipv6():
            self.skipTest("no IPv6")
        port = free_ports(1, "::1")[0]
        server = self.unstarted({"client_connection_burst_limit": "3/1h", "mynetworks": f"{HOME}/32"})
        server.write_config({"smtp_listen": f"{server.settings['smtp_listen']} [::1]:{port}"})
        server.start()
        said = [self.greeting(server, None, port, address="::1")[:3] for _ in range(4)]
        self.assertEqual(said, ["220", "220", "421", "421"])
        # Families share nothing.
        self.assert_served(server, BAD)

    def test_from_the_start_nothing_is_counted_over_time(self):
        # As the manual page says: whoever pastes an old main.cf is surprised by neither.
        server = self.server({"smtpd_error_sleep_time": "0s"})
        for _ in range(30):
            self.assert_served(server, BAD)
        self.offend(server, recipient="somebody@elsewhere.test", times=15)
        self.assert_served(server, BAD)
        shown = server.command("config", "client_connection_burst_limit", "ban_enable").stdout
        self.assertEqual(shown, "client_connection_burst_limit =\nban_enable = no\n")
        self.assertIn("What is on from the start", server.command("manual", "bans", config=False).stdout)

    def test_rb6_who_waits_comes_in_again(self):
        server = self.server({"client_connection_burst_limit": "2/1s"})
        self.assertEqual([self.greeting(server, BAD)[:3] for _ in range(3)], ["220", "421", "421"])
        quiet = time.monotonic() + 1.05
        wait_for(lambda: time.monotonic() > quiet, "a second to go by")
        self.assert_served(server, BAD)

    def test_rates_of_connections_messages_and_recipients_are_postfixs(self):
        server = self.server({"smtpd_client_connection_rate_limit": "3", "smtpd_client_message_rate_limit": "2",
                              "smtpd_client_recipient_rate_limit": "4", "anvil_rate_time_unit": "1h"})
        with server.client(source=BAD) as session:
            session.ehlo()
            for _ in range(2):
                self.assertEqual(session.ask("MAIL FROM:<a@remote.test>").code, 250)
                for _ in range(2):
                    self.assertEqual(session.ask(f"RCPT TO:<{ALICE}>").code, 250)
                session.ask("RSET")
            self.assert_reply(session.ask("MAIL FROM:<a@remote.test>"), f"450 4.7.1 Error: too much mail from {BAD}")
        with server.client(source=OTHER) as session:
            session.ehlo()
            session.ask("MAIL FROM:<a@remote.test>")
            for _ in range(4):
                self.assertEqual(session.ask(f"RCPT TO:<{ALICE}>").code, 250)
            self.assert_reply(session.ask(f"RCPT TO:<{ALICE}>"), f"450 4.7.1 Error: too many recipients from {OTHER}")
        for _ in range(2):
            self.assert_served(server, BAD)
        self.assertEqual(self.greeting(server, BAD), f"421 4.7.0 mx.{DOMAIN} Error: too many connections from {BAD}")
        peer = f"from unknown[{BAD}] for service smtp"
        server.wait_log(f"warning: Connection rate limit exceeded: 4 {peer}")
        server.wait_log(f"warning: Message delivery request rate limit exceeded: 3 {peer}")
        server.wait_log(f"warning: Recipient address rate limit exceeded: 5 from unknown[{OTHER}] for service smtp")
        for _ in range(5):
            self.assert_served(server, HOME)

    def test_tls_sessions_are_counted_before_they_cost_anything(self):
        server = self.unstarted({"smtpd_client_new_tls_session_rate_limit": "2", "anvil_rate_time_unit": "1h"})
        server.write_config({"submissions_listen": f"{STRANGER}:{server.submissions_port}"})
        server.start()
        for _ in range(2):
            with server.client(source=BAD) as session:
                session.ehlo()
                session.starttls(insecure_tls())
                session.ehlo()
        with server.client(source=BAD) as session:
            session.ehlo()
            self.assert_reply(session.ask("STARTTLS"), f"454 4.7.0 Error: too many new TLS sessions from {BAD}")
            self.assertEqual(session.ask("NOOP").code, 250)
        for expected in (True, True, False):
            try:
                with Client(server.submissions_port, source=BAD, tls=insecure_tls()) as session:
                    greeted = session.greeting.code == 220
            except OSError:
                greeted = False
            self.assertEqual(greeted, expected)
        server.wait_log(f"warning: New TLS session rate limit exceeded: 3 from unknown[{BAD}] for service submissions")


class Offences(Bans):
    def test_rb7_offences_within_the_find_time_lead_to_a_ban_that_grows(self):
        server = self.bans({"ban_time": "1s"})
        self.offend(server, times=9)
        self.assert_served(server, BAD)
        self.assertEqual(self.why(server)["score"], 4.5)
        self.offend(server, times=1)
        server.wait_log(f"Ban {BAD} for 1s (1): unknown_user=10")
        self.assert_served(server, OTHER)
        server.wait_log(f"Unban {BAD} (")
        self.assert_served(server, BAD)
        self.offend(server)
        server.wait_log(f"Ban {BAD} for 2s (2): unknown_user=10")

    def test_many_addresses_of_one_network_are_kept_out_as_one(self):
        server = self.bans({"ban_rules": "relay_denied=1", "ban_network_threshold": "2"})
        for last in range(11, 20):
            self.offend(server, f"127.0.6.{last}", recipient="somebody@elsewhere.test", times=1)
        self.assert_served(server, "127.0.6.200")
        self.offend(server, "127.0.6.20", recipient="somebody@elsewhere.test", times=1)
        server.wait_log("Ban 127.0.6.0/24 for 600s (1): offences of 10 addresses")
        self.assert_banned(server, "127.0.6.200")
        self.assert_served(server, BAD)
        self.assertEqual(json.loads(server.control("ban-why json 127.0.6.7"))["ban"]["network"], "127.0.6.0/24")
        # Taken back it is forgotten, with what led to it.
        self.assertEqual(server.command("ban", "del", "127.0.6.0/24").returncode, 0)
        self.offend(server, "127.0.6.20", recipient="somebody@elsewhere.test", times=1)
        self.assert_served(server, "127.0.6.20")

    def test_rb7_a_banned_client_is_told_or_not(self):
        for how, heard in (("421", BANNED), ("drop", None)):
            with self.subTest(ban_reject=how):
                server = self.bans({"ban_reject": how})
                self.offend(server)
                server.wait_log(f"Ban {BAD} for 600s (1): unknown_user=10")
                self.assertEqual(self.greeting(server, BAD), heard)
                self.assert_served(server, OTHER)

    def test_rb7_a_footer_tells_the_banned_where_to_ask(self):
        server = self.bans({"smtpd_reject_footer": "\\c; ask postmaster, $client_address"})
        self.offend(server)
        server.wait_log(f"Ban {BAD} for 600s (1): unknown_user=10")
        self.assertEqual(self.greeting(server, BAD), f"{BANNED}; ask postmaster, {BAD}")

    def test_rb7_a_footer_of_screening_is_for_the_banned_too(self):
        server = self.bans({"postscreen_enable": "yes", "postscreen_greet_wait": "1s", "postscreen_reject_footer": "\\c; screened",
                            "smtpd_reject_footer": "\\c; not screened"})
        self.assertEqual(server.command("ban", "add", BAD).returncode, 0)
        self.assertEqual(self.greeting(server, BAD), f"{BANNED}; screened")

    def test_rb7_thresholds_and_weights_can_be_set(self):
        server = self.bans({"ban_threshold": "3", "ban_rules": "relay_denied=1.5", "ban_time": "1h"})
        self.offend(server, times=15)
        self.assert_served(server, BAD)
        self.offend(server, recipient="somebody@elsewhere.test", times=2)
        server.wait_log(f"Ban {BAD} for 3600s (1): relay_denied=2")
        self.assertEqual(self.greeting(server, BAD), BANNED)

    def test_rb7_exceptions_are_never_banned(self):
        server = self.bans({"ban_exceptions": f"{HOME} {OTHER}"})
        for client in (HOME, OTHER):
            self.offend(server, client, times=15)
            self.assert_served(server, client)
            self.assertTrue(self.why(server, client)["exempt"])
        # Nor while a network around them is.
        self.assertEqual(server.command("ban", "add", "127.0.5.0/24").returncode, 0)
        self.assertEqual(self.greeting(server, BAD), BANNED)
        self.assert_served(server, OTHER)
        refused = server.command("ban", "add", OTHER)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("ban_exceptions", refused.stderr)

    def test_rb7_without_ban_enable_nobody_is_banned_for_what_it_does(self):
        server = self.server({"smtpd_error_sleep_time": "0s"})
        self.offend(server, times=15)
        self.assert_served(server, BAD)

    def test_rb7_failed_logins_and_too_many_errors_count(self):
        server = self.unstarted({**BANS, "smtpd_hard_error_limit": "1", "ban_threshold": "2"})
        server.write_config({"submissions_listen": f"{STRANGER}:{server.submissions_port}"})
        server.start()
        self.assertEqual(self.guess(server, BAD, 1), [535])
        # The failure was the one error a session may have.
        server.wait_log(f"Ban {BAD} for 600s (1): auth=1, too_many_errors=1")

    def test_rb7_mail_to_a_trap_is_enough(self):
        server = self.bans({"greylist_enable": "yes"})
        self.assertEqual(server.command("trap", "add", NOBODY).returncode, 0)
        self.offend(server, times=1)
        server.wait_log(f"Ban {BAD} for 600s (1): unknown_user=1, trap=1")
        self.assertEqual(self.greeting(server, BAD), BANNED)

    def test_rb7_a_trap_counts_without_greylisting_and_where_it_exists(self):
        for settings, trap in (({}, NOBODY), ({}, ALICE), ({"greylist_enable": "yes"}, ALICE)):
            with self.subTest(settings=settings, trap=trap):
                server = self.bans(settings)
                self.assertEqual(server.command("trap", "add", trap).returncode, 0)
                self.offend(server, recipient=trap, times=1)
                self.assertIn("trap=1", server.wait_log(f"Ban {BAD} for 600s (1): "))

    def test_rb7_what_screening_finds_counts_unless_it_is_ignored(self):
        dns = DnsServer()
        self.addCleanup(dns.close)
        dns.add("2.0.0.127.bl.test", "A", "127.0.0.2")
        dns.add("1.5.0.127.bl.test", "A", "127.0.0.4")
        for action, banned in (("enforce", True), ("ignore", False)):
            with self.subTest(action=action):
                server = self.unstarted({
                    **BANS, "postscreen_enable": "yes", "postscreen_greet_wait": "1s", "ban_threshold": "2",
                    "postscreen_dnsbl_sites": "bl.test", "postscreen_dnsbl_action": action,
                    "postscreen_greet_action": action, "dns_servers": f"127.0.0.1:{dns.port}"})
                server.spawn()
                wait_for(lambda: self.reachable(server), "the listener")
                with Client(server.port, source=BAD, greet=False) as session:
                    session.send("EHLO early.remote.test\r\n")
                    wait_for(lambda: "DNSBL rank 1" in server.log() and "PREGREET" in server.log(), "both failures")
                    session.reply()
                self.assertEqual(self.why(server)["banned"], banned)
                self.assertEqual(f"Ban {BAD} for 600s (1): pregreet=1, dnsbl=1" in server.log(), banned)

    @staticmethod
    def reachable(server):
        try:
            with socket.create_connection((STRANGER, server.port), source_address=(HOME, 0)):
                return True
        except OSError:
            return False

    def test_a_network_with_a_recent_good_login_is_never_banned(self):
        server = self.unstarted({**BANS, "smtpd_sasl_failure_limit": "3", "ban_threshold": "3"})
        server.write_config({"submissions_listen": f"{STRANGER}:{server.submissions_port}"})
        server.start()
        self.assertEqual(self.guess(server, BAD, 1, password=PASSWORD), [235])
        codes = self.guess(server, BAD, 20, user=f"bob@{DOMAIN}")
        # Passwords are not looked at any more; mail goes on.
        self.assertEqual((codes.count(535), codes.count(454)), (3, 17))
        self.offend(server, recipient="somebody@elsewhere.test", times=10)
        self.assert_served(server, BAD)
        with server.client(source=BAD) as session:
            session.ehlo()
            session.deliver(message(), ALICE)
        self.assertIn("login", self.why(server))
        self.assertNotIn("Ban ", server.log())
        # Who did the same without a login is.
        self.guess(server, OTHER, 3)
        self.assert_banned(server, OTHER)
        # It is so after a restart.
        wait_for(lambda: self.rows(server, "SELECT 1 FROM ban_login WHERE network = '127.0.5.1/32'"), "the row")
        self.assertEqual(server.stop(), 0)
        server.start()
        self.offend(server, recipient="somebody@elsewhere.test", times=10)
        self.assert_served(server, BAD)


class Hands(Bans):
    def test_rb8_networks_are_banned_and_let_in_by_hand(self):
        server = self.server({"state_commit_interval": "0s"})
        self.assertEqual(server.command("ban").stdout, "No bans\n")
        self.assertEqual(server.command("ban", "list", "--json").stdout, "")
        done = server.command("ban", "add", "127.0.5.0/24")
        self.assertEqual((done.returncode, done.stdout), (0, "127.0.5.0/24 is banned\n"), done.stderr)
        server.wait_log("Ban 127.0.5.0/24 (1): by hand")
        self.assertEqual(self.greeting(server, BAD), BANNED)
        self.assertEqual(server.command("ban", "add", "127.0.6.1", "1h").returncode, 0)
        server.wait_log("Ban 127.0.6.1 for 3600s (1): by hand")
        shown = server.command("ban", "list").stdout
        self.assertRegex(shown, r"(?m)^127\.0\.5\.0/24 since .* for good \(1\): by hand$")
        self.assertRegex(shown, r"(?m)^127\.0\.6\.1 since .* until .* \(1\): by hand$")
        rows = [json.loads(line) for line in server.command("ban", "list", "--json").stdout.splitlines()]
        self.assertEqual({row["network"] for row in rows}, {"127.0.5.0/24", "127.0.6.1"})
        under = server.command("ban", "del", BAD)
        self.assertNotEqual(under.returncode, 0)
        self.assertIn("under the ban of 127.0.5.0/24", under.stderr)
        self.assertEqual(server.command("ban", "del", "127.0.5.0/24").returncode, 0)
        server.wait_log("Unban 127.0.5.0/24 (1 connections refused)")
        self.assert_served(server, BAD)
        self.assertNotEqual(server.command("ban", "del", "127.0.5.0/24").returncode, 0)
        for wrong in (("add", "127.0.5.1/24"), ("add", "nonsense"), ("add", BAD, "soon"), ("add", BAD, "0"), ("add",),
                      ("why", "nonsense"), ("del", "x"), ("what",)):
            with self.subTest(words=wrong):
                self.assertNotEqual(server.command("ban", *wrong).returncode, 0)

    def test_rb8_why_tells_what_a_network_did(self):
        server = self.bans()
        self.offend(server, times=2)
        shown = server.command("ban", "why", BAD).stdout
        self.assertIn("not banned\nscore 1\n", shown)
        self.assertEqual(len(re.findall(r"unknown_user: it wrote to an address that does not exist", shown)), 2)
        self.offend(server, times=8)
        self.assertIn(f"banned: {BAD} since", server.command("ban", "why", BAD).stdout)
        told = self.why(server)
        self.assertEqual((told["banned"], told["ban"]["count"], told["ban"]["reason"]), (True, 1, "unknown_user=10"))
        # Taking it back forgets all of it.
        self.assertEqual(server.command("ban", "del", BAD).returncode, 0)
        told = self.why(server)
        self.assertEqual((told["banned"], told["score"], told["offences"]), (False, 0, []))

    def test_who_is_let_in_is_never_banned_nor_limited(self):
        server = self.bans({"smtpd_client_connection_rate_limit": "2", "anvil_rate_time_unit": "1h",
                            "client_connection_burst_limit": "4/1h", "smtpd_client_connection_count_limit": "1",
                            "smtpd_client_recipient_rate_limit": "3",
                            "ban_firewall": "nft:inet filter gatepost_ban"})
        self.assertEqual(server.command("ban", "add", "127.0.5.0/24").returncode, 0)
        self.assertEqual(self.greeting(server, BAD), BANNED)
        self.assertEqual(server.command("allow", "add", f"{BAD}", "for", "1h").returncode, 0)
        # The ban is there, and without effect on it alone; so is every limit.
        held = [server.client(source=BAD) for _ in range(3)]
        for session in held:
            session.close()
        self.offend(server, times=20)
        for _ in range(5):
            self.assert_served(server, BAD)
        self.assertEqual(self.greeting(server, OTHER)[:3], "421")
        shown = server.command("ban", "why", BAD).stdout
        self.assertIn(f"never banned nor limited: let in by gatepost allow: {BAD}\n", shown)
        self.assertIn("score 0\n", shown)
        self.assertEqual(self.why(server)["allow"], BAD)
        # A packet filter is not told of a network with somebody in it who is let in.
        path = pathlib.Path(server.settings["state_directory"]) / "bans.nft"
        wait_for(lambda: path.exists() and "127.0.5.0/24" not in path.read_text(), "the ban gone from the file")
        self.assertEqual(server.command("allow", "del", BAD).returncode, 0)
        self.assertEqual(self.greeting(server, BAD), BANNED)
        wait_for(lambda: "127.0.5.0/24" in path.read_text(), "the ban in the file again")

    def test_who_is_let_in_cannot_be_banned_by_hand(self):
        server = self.server()
        self.assertEqual(server.command("allow", "add", "127.0.5.0/24").returncode, 0)
        refused = server.command("ban", "add", BAD)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("gatepost allow: 127.0.5.0/24", refused.stderr)

    def test_rb9_bans_are_a_file_that_nft_reads(self):
        server = self.bans({"ban_firewall": "nft:inet filter gatepost_ban"})
        path = pathlib.Path(server.settings["state_directory"]) / "bans.nft"
        wait_for(path.exists, "the file without bans")
        self.assertEqual(server.command("ban", "add", "2001:db8::/48").returncode, 0)
        self.offend(server)
        text = wait_for(lambda: BAD in path.read_text() and path.read_text(), "the ban in the file")
        self.assertRegex(text, r"(?s)^add table inet filter\nadd set inet filter gatepost_ban \{ type ipv4_addr; .*"
                               r"flush set inet filter gatepost_ban\nadd element inet filter gatepost_ban \{\n"
                               r"  127\.0\.5\.1/32 timeout (600|59\d)s\n\}\n.*gatepost_ban_6 \{\n  2001:db8::/48\n\}\n$")
        self.assertEqual(server.command("ban", "del", BAD).returncode, 0)
        wait_for(lambda: BAD not in path.read_text(), "the ban gone from the file")
        checked = self.unstarted({"ban_firewall": "nft:inet filter; x"}).command("check")
        self.assertIn("ban_firewall", checked.stdout + checked.stderr)
        self.assertNotEqual(checked.returncode, 0)

    def test_rb10_bans_outlive_a_restart_and_end_on_time(self):
        server = self.bans({"ban_time": "1h"})
        self.offend(server)
        self.assertEqual(server.command("ban", "add", OTHER).returncode, 0)
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(self.greeting(server, BAD), BANNED)
        self.assertEqual(self.greeting(server, OTHER)[:3], "421")
        self.assertEqual(self.why(server)["ban"]["reason"], "unknown_user=10")
        # An hour later.
        self.assertEqual(server.stop(), 0)
        with sqlite3.connect(self.database(server)) as database:
            database.execute("UPDATE ban SET begun = begun - 3601, until = until - 3601 WHERE by_hand = 0")
        database.close()
        server.start()
        self.assert_served(server, BAD)
        self.assertEqual(self.greeting(server, OTHER)[:3], "421")
        # The next one is longer.
        self.offend(server)
        server.wait_log(f"Ban {BAD} for 7200s (2): unknown_user=10")

    def test_rb10_a_killed_server_keeps_what_was_written(self):
        server = self.bans()
        self.offend(server)
        wait_for(lambda: self.rows(server, "SELECT 1 FROM ban WHERE network = '127.0.5.1/32'"), "the row")
        server.kill()
        server.start()
        self.assertEqual(self.greeting(server, BAD), BANNED)

    def test_rb10_what_the_owner_was_told_is_done_outlives_a_kill(self):
        server = self.bans({"state_commit_interval": "1h", "greylist_enable": "yes", "postscreen_enable": "yes",
                            "postscreen_greet_wait": "0s"})
        for request in ("ban-add 192.0.2.7", "allow-add 192.0.2.8", "expect 15m", "screen-pass 192.0.2.9",
                        "trap-add old@example.com"):
            self.assertFalse(server.control(request).startswith("error"), request)
        server.kill()
        server.start()
        for request, word in (("ban-list", "192.0.2.7"), ("allow-list", "192.0.2.8"), ("expect-list", "all mail"),
                              ("screen-show 192.0.2.9", "192.0.2.9 pregreet until"), ("trap-list", "old@example.com")):
            self.assertIn(word, server.control(request))

    def test_nothing_is_called_done_while_somebody_else_writes_in_the_database(self):
        server = self.bans()
        database = sqlite3.connect(self.database(server), isolation_level=None)
        self.addCleanup(database.close)
        database.execute("BEGIN IMMEDIATE")
        refused = server.command("ban", "add", OTHER)
        self.assertEqual((refused.returncode, refused.stdout), (75, ""))
        self.assertIn("a restart forgets it", refused.stderr)
        server.wait_log("another program is writing to state.db")
        self.assertIn("a restart forgets it", server.control("allow-add 192.0.2.8"))
        database.execute("ROLLBACK")
        self.assertEqual(server.command("ban", "add", OTHER).returncode, 0)
        self.assertEqual(self.rows(server, "SELECT network FROM ban"), [(f"{OTHER}/32",)])

    def test_what_memory_alone_has_is_not_called_done(self):
        server = self.bans()
        self.assertEqual(server.stop(), 0)
        self.database(server).unlink()
        self.database(server).mkdir()
        server.start()
        server.wait_log("what it is for is kept in memory")
        self.assertEqual(server.command("ban", "add", BAD).returncode, 75)
        self.assertEqual(server.command("allow", "add", "192.0.2.9").returncode, 75)
        self.assertEqual(self.greeting(server, BAD), BANNED)

    def test_what_began_while_bans_were_on_ends_with_them(self):
        server = self.bans({"ban_time": "1h", "ban_firewall": "nft:inet filter gatepost_ban"})
        path = pathlib.Path(server.settings["state_directory"]) / "bans.nft"
        self.offend(server)
        self.assertEqual(server.command("ban", "add", OTHER).returncode, 0)
        wait_for(lambda: path.exists() and BAD in path.read_text(), "the ban in the file")
        server.write_config({"ban_enable": "no"})
        self.assertEqual(server.command("reload").returncode, 0)
        self.assert_served(server, BAD)
        self.assertEqual(self.greeting(server, OTHER)[:3], "421")
        wait_for(lambda: BAD not in path.read_text(), "the ban gone from the file")
        self.assertIn(OTHER, path.read_text())
        server.write_config({"ban_firewall": ""})
        self.assertEqual(server.command("reload").returncode, 0)
        text = wait_for(lambda: OTHER not in path.read_text() and path.read_text(), "the file without bans")
        self.assertIn("flush set inet filter gatepost_ban\n", text)
        self.assertNotIn("element", text)
        # As well by a restart.
        server.write_config({"ban_firewall": "nft:inet filter other"})
        self.assertEqual(server.command("reload").returncode, 0)
        wait_for(lambda: OTHER in path.read_text(), "the ban in another set")
        self.assertEqual(server.stop(), 0)
        server.write_config({"ban_firewall": ""})
        server.start()
        self.assert_served(server, BAD)
        self.assertEqual(self.greeting(server, OTHER)[:3], "421")
        text = wait_for(lambda: OTHER not in path.read_text() and path.read_text(), "the file without bans")
        self.assertIn("flush set inet filter other\n", text)

    def test_screen_test_says_that_a_client_is_banned(self):
        server = self.bans({"postscreen_enable": "yes", "postscreen_greet_wait": "0s"})
        self.assertEqual(server.command("ban", "add", OTHER, "1h").returncode, 0)
        shown = server.command("screen", "test", OTHER).stdout
        self.assertRegex(shown, r"outcome +kept out: banned until \d{4}-")
        self.assertEqual(server.command("allow", "add", OTHER).returncode, 0)
        self.assertIn("let in at once: gatepost allow", server.command("screen", "test", OTHER).stdout)

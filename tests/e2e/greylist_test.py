# SPDX-License-Identifier: Apache-2.0
# e2e: greylisting as a client, an owner and another mail server see it; one test for each goal.
import base64
import contextlib
import json
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import servers
from dns_server import DnsServer
from smtp_client import Client

from harness import DOMAIN, HOME, PASSWORD, PATIENCE, Case, free_ports, message, wait_for

ALICE = f"alice@{DOMAIN}"
BOB = f"bob@{DOMAIN}"
SHOP = "shop@shop.test"
# Of one /24, and of another.
ONE, SAME, OTHER = "127.0.1.1", "127.0.1.77", "127.0.2.1"


class Greylist(Case):
    def grey(self, settings=None, **options):
        return self.server({"greylist_enable": "yes", "greylist_delay": "1s", "state_commit_interval": "0s",
                            **(settings or {})}, **options)

    def rcpt(self, server, client=ONE, recipient=ALICE, sender=SHOP):
        """The reply to one RCPT of a session of its own."""
        with server.client(source=client) as session:
            session.ehlo()
            return session.envelope(sender, recipient)[1]

    def until_accepted(self, server, **about):
        """Comes back as a queue does; the reply, 250."""
        def again():
            reply = self.rcpt(server, **about)
            return reply if reply.code == 250 else None
        return wait_for(again, "a retry that passes")

    def assert_greylisted(self, reply, recipient=ALICE):
        self.assert_reply(reply, f"450 4.2.0 <{recipient}>: Recipient address rejected: Greylisted, see "
                                 f"http://postgrey.schweikert.ch/help/{DOMAIN}.html")

    def database(self, server):
        return pathlib.Path(server.settings["state_directory"]) / "state.db"

    def edit(self, server, *statements):
        """Stops the server, changes its database, and starts it again."""
        self.assertEqual(server.stop(), 0)
        with sqlite3.connect(self.database(server)) as database:
            for statement in statements:
                database.execute(statement)
        database.close()
        server.start()

    def age(self, server, seconds):
        self.edit(server, f"UPDATE grey SET first = first - {seconds}, last = last - {seconds}",
                  f"UPDATE awl SET last = last - {seconds}")

    def rows(self, server, query):
        """What sqlite3 sees while the server runs."""
        database = sqlite3.connect(f"file:{self.database(server)}?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def test_gl01_hosts_of_one_network_are_one_and_how_large_it_is_can_be_set(self):
        server = self.grey()
        self.assert_greylisted(self.rcpt(server, ONE))
        self.until_accepted(server, client=SAME)
        self.assert_greylisted(self.rcpt(server, OTHER))
        server.write_config({"greylist_ipv4_prefix_length": "16"})
        self.assertEqual(server.command("reload").returncode, 0)
        self.assert_greylisted(self.rcpt(server, ONE))
        self.until_accepted(server, client=OTHER)

    def test_gl02_delay_retry_window_and_greatest_age(self):
        server = self.grey({"greylist_delay": "300s", "greylist_retry_window": "1h", "greylist_max_age": "10d",
                            "greylist_auto_allowlist_clients": "0"})
        self.assert_greylisted(self.rcpt(server))
        self.assert_greylisted(self.rcpt(server))
        self.age(server, 3700)
        # Past the window it is new.
        self.assert_greylisted(self.rcpt(server))
        self.age(server, 301)
        self.assertEqual(self.rcpt(server).code, 250)
        self.age(server, 9 * 86400)
        self.assertEqual(self.rcpt(server).code, 250)
        # Not seen again within an hour's grain; old enough now.
        self.age(server, 11 * 86400)
        self.assert_greylisted(self.rcpt(server))

    def test_gl03_who_is_early_is_told_how_long(self):
        server = self.grey({"greylist_delay": "300s", "greylist_text": "come back to %r in %s seconds"})
        reply = str(self.rcpt(server))
        self.assertIn(f"come back to {DOMAIN} in 300 seconds", reply)
        line = server.wait_log("reason=new")
        self.assertIn(f": action=greylist, reason=new, client_name=unknown, client_address={ONE}, "
                      f"sender={SHOP}, recipient={ALICE}", line)
        server.wait_log(f"NOQUEUE: reject: RCPT from unknown[{ONE}]: 450 4.2.0 <{ALICE}>: Recipient address rejected")
        self.age(server, 100)
        reply = str(self.rcpt(server))
        left = int(re.search(r"in (\d+) seconds", reply).group(1))
        self.assertTrue(190 <= left <= 200, reply)
        server.wait_log(f"reason=early-retry ({left}s missing)")

    def test_gl04_a_client_whose_mail_came_back_often_is_not_asked_any_more(self):
        server = self.grey({"greylist_auto_allowlist_clients": "2", "greylist_auto_allowlist_interval": "0s"})
        for recipient in (ALICE, BOB):
            self.assertEqual(self.rcpt(server, recipient=recipient).code, 450)
            self.until_accepted(server, recipient=recipient)
        server.wait_log(f"whitelisted: unknown[{ONE}]")
        self.assertEqual(self.rcpt(server, recipient=f"carol@{DOMAIN}").code, 250)
        server.wait_log("action=pass, reason=client AWL")
        # The client, not its network.
        self.assertEqual(self.rcpt(server, client=SAME, recipient=f"carol@{DOMAIN}").code, 450)

    def test_gl04_triplets_of_one_hour_count_once(self):
        server = self.grey({"greylist_auto_allowlist_clients": "2"})
        for recipient in (ALICE, BOB):
            self.assertEqual(self.rcpt(server, recipient=recipient).code, 450)
            self.until_accepted(server, recipient=recipient)
        self.assertEqual(self.rcpt(server, recipient=f"carol@{DOMAIN}").code, 450)

    def test_gl05_senders_that_change_with_each_message_are_one(self):
        server = self.grey()
        for first, second in (("bounce-123-a@list.test", "bounce-77-a@list.test"),
                              ("prvs=0123456789=joe@batv.test", "prvs=9876543210=joe@batv.test"),
                              ("joe+one@ext.test", "joe+two@ext.test"), ("joe@case.test", "JOE@Case.test")):
            with self.subTest(sender=first):
                self.assertEqual(self.rcpt(server, sender=first).code, 450)
                self.until_accepted(server, sender=second)

    def test_gl06_the_null_sender_waits_as_others_do(self):
        server = self.grey()
        self.assert_greylisted(self.rcpt(server, sender=""))
        self.until_accepted(server, sender="")

    def test_gl07_exceptions_in_postgreys_syntax_are_read_again_when_they_change(self):
        server = self.unstarted({"greylist_enable": "yes"})
        clients = server.root / "etc" / "clients"
        recipients = server.root / "etc" / "recipients"
        clients.write_text("# known good\n127.0.1\n127.0.3.0/30\n/^mx\\d+\\.example\\.net$/\nexample.org\n")
        recipients.write_text(f"bob@\n/^carol/\n")
        server.write_config({"greylist_client_exceptions": f"{clients}, 127.0.4.4",
                             "greylist_recipient_exceptions": f"postmaster@ {recipients}"})
        server.start()
        for client, code in ((ONE, 250), ("127.0.3.2", 250), ("127.0.3.4", 450), ("127.0.4.4", 250), (OTHER, 450)):
            self.assertEqual(self.rcpt(server, client).code, code, client)
        server.wait_log("action=pass, reason=client whitelist")
        for recipient, code in ((BOB, 250), (f"carol@{DOMAIN}", 250), (f"postmaster@{DOMAIN}", 250), (ALICE, 450)):
            self.assertEqual(self.rcpt(server, OTHER, recipient).code, code, recipient)
        server.wait_log("action=pass, reason=recipient whitelist")
        clients.write_text("127.0.2\n")
        wait_for(lambda: self.rcpt(server, OTHER).code == 250, "the changed file in force")
        self.assertEqual(self.rcpt(server, ONE).code, 450)

    def test_gl07_a_line_that_cannot_be_understood_is_told_with_its_place(self):
        server = self.unstarted({"greylist_enable": "yes"})
        clients = server.root / "etc" / "clients"
        clients.write_text("127.0.1\ntwo words\n127.0.2\n")
        server.write_config({"greylist_client_exceptions": str(clients)})
        checked = server.command("check")
        self.assertIn(f"{clients}:2: ", checked.stdout + checked.stderr)
        server.start()
        self.assertEqual(self.rcpt(server, OTHER).code, 250)
        server.wait_log(f"{clients}:2: ")

    def test_gl08_a_message_that_had_to_wait_says_so_once(self):
        server = self.grey()
        def deliver():
            with server.client(source=ONE) as session:
                session.ehlo()
                replies = session.envelope(SHOP, ALICE, BOB)
                if [reply.code for reply in replies] != [250, 250, 250]:
                    return None
                return session.data(message())
        self.assertIsNone(deliver())
        self.assertEqual(wait_for(deliver, "a retry that passes").code, 250)
        for user in ("alice", "bob"):
            head = server.one_text(user).split(b"\n\n")[0]
            self.assertEqual(head.count(b"X-Greylist: "), 1, head)
            self.assertRegex(head, rb"(?m)^X-Greylist: delayed \d+ seconds by gatepost-[0-9.]+ at mx\.example\.com; "
                                   rb"\w{3}, \d+ \w{3} \d{4} ")
        self.assertEqual(deliver().code, 250)
        self.assertEqual(sum(text.count(b"X-Greylist") for text in server.texts("alice")), 1)

    def test_gl09_with_privacy_the_database_holds_no_address(self):
        server = self.grey({"greylist_privacy": "hmac"})
        self.assert_greylisted(self.rcpt(server))
        self.until_accepted(server, client=SAME)
        shown = server.command("greylist", "show", ALICE)
        self.assertIn("passed", shown.stdout)
        self.assertNotIn("alice", shown.stdout)
        self.assertEqual(server.stop(), 0)
        octets = self.database(server).read_bytes()
        for word in (b"alice", b"shop", b"127.0.1", DOMAIN.encode()):
            self.assertNotIn(word, octets)
        server.start()
        self.assertEqual(self.rcpt(server).code, 250)

    def test_gl10_a_client_may_count_by_its_whole_address(self):
        server = self.grey({"greylist_ipv4_prefix_length": "32"})
        self.assert_greylisted(self.rcpt(server, ONE))
        self.until_accepted(server, client=ONE)
        self.assert_greylisted(self.rcpt(server, SAME))

    def test_gl11_who_is_refused_for_another_reason_is_refused_for_that(self):
        server = self.grey()
        self.assert_reply(self.rcpt(server, recipient=f"nobody@{DOMAIN}"), "550 5.1.1")
        self.assertIn(self.rcpt(server, recipient="a@elsewhere.test").code, (450, 454, 554))
        self.assertNotIn("action=greylist", server.log())
        self.assertEqual(json.loads(server.command("greylist", "stats", "--json").stdout)["waiting"], 0)

    def test_gl12_networks_of_ours_and_who_has_logged_in_do_not_wait(self):
        server = self.grey({"smtpd_sasl_auth_enable": "yes", "smtpd_tls_auth_only": "no"})
        self.assertEqual(self.rcpt(server, HOME).code, 250)
        token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
        with server.client(source=ONE) as session:
            session.ehlo()
            self.assertEqual(session.ask(f"AUTH PLAIN {token}").code, 235)
            self.assertEqual(session.envelope(ALICE, BOB)[1].code, 250)
        self.assertNotIn("action=", server.log())
        server.write_config({"greylist_when": "suspicious"})
        self.assertEqual(server.command("reload").returncode, 0)
        self.assertEqual(self.rcpt(server).code, 250)

    def test_gl13_old_rows_go_while_mail_comes(self):
        server = self.grey()
        self.assert_greylisted(self.rcpt(server))
        many = "".join(f"('10.{n // 256}.{n % 256}.0','a@b.test','x@{DOMAIN}',1790000000,1790000000,0)," for n in range(500))
        self.edit(server, f"INSERT INTO grey VALUES {many[:-1]}",
                  "UPDATE grey SET first = 1794000000, last = 1794000000")
        if time.time() < 1794000000 + 3 * 86400:
            self.skipTest("the clock of this machine is not far enough on")
        self.until_accepted(server, recipient=BOB)
        wait_for(lambda: self.rows(server, "SELECT count(*) FROM grey WHERE passed = 0") == [(0,)],
                 "the end of rows that nobody needs", seconds=4 * PATIENCE)

    def test_gl14_a_network_with_many_that_wait_gets_no_more(self):
        server = self.grey({"greylist_source_throttle": "2"})
        for sender in (SHOP, "b@bad.test", "c@bad.test"):
            self.assert_greylisted(self.rcpt(server, sender=sender))
        server.wait_log("reason=too many new from its network")
        wait_for(lambda: self.rows(server, "SELECT count(*) FROM grey") == [(2,)], "two rows")
        # It is not for ever, nor for a network whose mail has passed.
        self.until_accepted(server)
        self.until_accepted(server, client=SAME, sender="c@bad.test")

    def test_gl14_a_full_memory_is_told_and_makes_room(self):
        server = self.grey()
        self.rcpt(server)
        now = int(time.time())
        self.edit(server, f"WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c WHERE n < 200000) "
                          f"INSERT INTO grey SELECT 'net' || n, 'a@b.test', 'c', {now} - 9, {now}, 1 FROM c")
        self.assert_greylisted(self.rcpt(server, OTHER))
        server.wait_log("warning: greylisting has no room for more triplets")

    def test_gl14_one_mail_to_many_is_no_flood(self):
        server = self.grey({"greylist_source_throttle": "2"})
        users = [ALICE, BOB, f"carol@{DOMAIN}"]
        with server.client(source=ONE) as session:
            session.ehlo()
            self.assertEqual([reply.code for reply in session.envelope(SHOP, *users)], [250, 450, 450, 450])
        wait_for(lambda: self.rows(server, "SELECT count(*) FROM grey") == [(3,)], "three rows")

    def test_gl15_who_writes_to_a_trap_is_put_off_for_long(self):
        trap = f"trap@{DOMAIN}"
        server = self.grey()
        self.assertEqual(server.command("trap", "add", trap).returncode, 0)
        self.assertEqual(server.command("trap", "list").stdout, trap + "\n")
        self.assert_greylisted(self.rcpt(server, SAME))
        self.assert_reply(self.rcpt(server, ONE, trap), "550 5.1.1")
        self.assert_reply(self.rcpt(server, SAME), f"450 4.7.1 <{ALICE}>: Recipient address rejected: Mail to a trap")
        server.wait_log("reason=trapped (")
        self.assert_greylisted(self.rcpt(server, OTHER))
        self.edit(server, "UPDATE trapped SET until = 1793500000")
        self.until_accepted(server, client=SAME)
        self.assertEqual(server.command("trap", "del", trap).returncode, 0)
        self.assertEqual(server.command("trap", "del", trap).returncode, 67)

    def hits(self, server, trap):
        return server.wait_log(f"trap <{trap}> hit by unknown[{ONE}] from=<{SHOP}>")

    def test_gl15_without_greylisting_a_trap_is_told_and_keeps_nobody_out(self):
        server = self.server({"greylist_enable": "no"})
        self.assertEqual(self.rcpt(server, recipient=BOB).code, 250)
        for trap, code in ((f"trap@{DOMAIN}", 550), (BOB, 450)):
            with self.subTest(trap=trap):
                self.assertEqual(server.command("trap", "add", trap).returncode, 0)
                self.assertEqual(self.rcpt(server, recipient=trap).code, code)
                self.hits(server, trap)
                self.assertEqual(self.rcpt(server, SAME).code, 250)

    def test_gl15_a_trap_catches_clients_that_are_not_suspicious(self):
        for trap, code in ((f"trap@{DOMAIN}", 550), (BOB, 450)):
            with self.subTest(trap=trap):
                server = self.grey({"greylist_when": "suspicious"})
                self.assertEqual(server.command("trap", "add", trap).returncode, 0)
                self.assertEqual(self.rcpt(server, recipient=trap).code, code)
                self.hits(server, trap)
                self.assert_reply(self.rcpt(server, SAME), f"450 4.7.1 <{ALICE}>: Recipient address rejected: Mail to a trap")
                self.assertEqual(self.rcpt(server, OTHER).code, 250)
                self.assertRegex(server.command("greylist", "show", ONE).stdout, r"^trapped 127\.0\.1\.0 until \S+ \S+\n$")
                row = json.loads(server.command("greylist", "show", ONE, "--json").stdout)
                self.assertEqual(row["trapped"], "127.0.1.0")
                self.assertEqual(server.command("greylist", "forget", ONE).stdout, "1 row forgotten\n")
                self.assertEqual(self.rcpt(server, SAME).code, 250)

    def test_gl15_an_address_that_exists_may_be_a_trap(self):
        server = self.grey()
        self.assertEqual(server.command("trap", "add", BOB).returncode, 0)
        self.assert_reply(self.rcpt(server, recipient=BOB), f"450 4.7.1 <{BOB}>: Recipient address rejected: Mail to a trap")
        self.hits(server, BOB)

    def test_gl15_who_shares_a_network_whose_mail_passed_is_trapped_alone(self):
        server = self.grey()
        self.assertEqual(server.command("trap", "add", f"trap@{DOMAIN}").returncode, 0)
        self.until_accepted(server, client=SAME)
        self.assertEqual(self.rcpt(server, recipient=f"trap@{DOMAIN}").code, 550)
        self.assertIn("Mail to a trap", str(self.rcpt(server)))
        self.assertEqual(self.rcpt(server, SAME).code, 250)
        self.assertRegex(server.command("greylist", "show", ONE).stdout, rf"(?m)^trapped {re.escape(ONE)} until ")

    def test_gl16_the_owner_lists_shows_passes_forgets_and_counts(self):
        server = self.grey({"greylist_delay": "1h"})
        self.assertEqual(server.command("greylist", "list", "--json").stdout, "")
        self.assertEqual(server.command("greylist", "list").stdout, "Nothing\n")
        self.rcpt(server)
        self.rcpt(server, client=OTHER, recipient=BOB)
        listed = [json.loads(line) for line in server.command("greylist", "list", "--json").stdout.splitlines()]
        self.assertEqual({(row["net"], row["sender"], row["recipient"], row["passed"]) for row in listed},
                         {("127.0.1.0", SHOP, ALICE, False), ("127.0.2.0", SHOP, BOB, False)})
        self.assertIn(f"waiting 127.0.1.0 <{SHOP}> <{ALICE}> first ", server.command("greylist", "show", SAME).stdout)
        self.assertNotIn(BOB, server.command("greylist", "show", ALICE).stdout)
        self.assertEqual(server.command("greylist", "pass", BOB).stdout, "1 row passed\n")
        self.assertEqual(self.rcpt(server, client=OTHER, recipient=BOB).code, 250)
        stats = json.loads(server.command("greylist", "stats", "--json").stdout)
        self.assertEqual((stats["waiting"], stats["passed"], stats["traps"]), (1, 1, 0))
        self.assertEqual(server.command("greylist", "forget", OTHER).stdout, "1 row forgotten\n")
        self.assertEqual(self.rcpt(server, client=OTHER, recipient=BOB).code, 450)
        self.assertEqual(server.command("greylist", "forget", "nobody@nowhere.test").returncode, 67)
        self.assertEqual(server.command("greylist", "forget").returncode, 64)
        self.assertEqual(server.command("greylist", "burn").returncode, 64)

    def test_gl17_the_whitelists_that_come_with_postgrey_are_read_as_they_are(self):
        files = [pathlib.Path("/etc/postgrey") / name for name in ("whitelist_clients", "whitelist_recipients")]
        if not all(path.exists() for path in files):
            self.skipTest("postgrey is not installed")
        server = self.unstarted({"greylist_enable": "yes"})
        copies = [pathlib.Path(shutil.copy(path, server.root / "etc")) for path in files]
        for copy in copies:
            copy.chmod(0o644)
        server.write_config({"greylist_client_exceptions": str(copies[0]),
                             "greylist_recipient_exceptions": str(copies[1])})
        checked = server.command("check")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertNotIn("expected", checked.stdout + checked.stderr)
        server.start()
        self.assertEqual(self.rcpt(server, recipient=f"postmaster@{DOMAIN}").code, 250)
        self.assertEqual(self.rcpt(server).code, 450)

    def test_gl17_what_postgrey_knew_is_taken_over(self):
        self.need("postgrey", "db5.3_dump")
        self.need_root()
        home = pathlib.Path(tempfile.mkdtemp(prefix="gatepost-postgrey-"))
        self.addCleanup(shutil.rmtree, home, True)
        home.chmod(0o777)
        with postgrey(self, home, "--auto-whitelist-clients=1") as theirs:
            ask(theirs, client_address=ONE, sender="bounce-12-x@list.test")
            ask(theirs, client_address=OTHER, recipient=BOB, sender="")
            ask(theirs, client_address="2001:db8::7", sender="odd one@x.test")
            wait_for(lambda: not ask(theirs, client_address=ONE, sender="bounce-12-x@list.test").startswith("DEFER"),
                     "a retry that passes")
        dumps = [subprocess.run(["db5.3_dump", "-p", home / name], capture_output=True, check=True).stdout
                 for name in ("postgrey.db", "postgrey_clients.db")]
        server = self.grey({"greylist_delay": "1s", "greylist_auto_allowlist_clients": "1"})
        done = server.command("greylist", "import", input=dumps[0].decode())
        self.assertEqual((done.returncode, done.stdout),
                         (0, "3 triplets and 0 clients taken over, 0 left out as known or too old, 0 lines not understood\n"),
                         done.stderr)
        path = server.root / "clients"
        path.write_bytes(dumps[1])
        told = json.loads(server.command("greylist", "import", str(path), "--json").stdout)
        self.assertEqual(told, {"triplets": 0, "clients": 1, "left_out": 0, "faults": 0})
        rows = {(row["net"], row["sender"], row["recipient"], row["passed"]) for row in
                map(json.loads, server.command("greylist", "list", "--json").stdout.splitlines())}
        self.assertEqual(rows, {("127.0.1.0", "bounce-#-x@list.test", ALICE, True), ("127.0.2.0", "", BOB, False),
                                ("2001:db8::", "odd one@x.test", ALICE, False)})
        # Mail of who had waited there, and of the client that was known, comes in at once.
        self.assertEqual(self.rcpt(server, SAME, sender="bounce-99-x@list.test").code, 250)
        self.assertEqual(self.rcpt(server, ONE, sender="new@list.test").code, 250)
        self.assert_greylisted(self.rcpt(server, SAME, sender="new@list.test"))
        # Once more it is all there.
        done = server.command("greylist", "import", str(path))
        self.assertIn("0 clients taken over, 1 left out", done.stdout)

    def test_gl17_lines_that_are_none_of_postgreys_are_told(self):
        server = self.grey()
        path = server.root / "dump"
        stamp = int(time.time()) - 60
        row = f" 127.0.{{0}}.0/a@x.test/{{1}}\n {stamp},{stamp}\n"
        rows = [row.format(n % 250, f"user{n}@{DOMAIN}") for n in range(300)]
        rows[7] = " da39a3ee5e6b4b0d3255bfef95601890afd80709\n 1,2\n"
        rows[200] = " " + "x" * 5000 + "\n 1,2\n"
        rows[250] = rows[250].replace(",", ";")
        path.write_text("VERSION=3\nformat=print\ntype=btree\nHEADER=END\n" + "".join(rows) + "DATA=END\n")
        done = server.command("greylist", "import", str(path))
        self.assertEqual(done.returncode, 65)
        self.assertIn("297 triplets and 0 clients taken over, 0 left out as known or too old, 3 lines not understood",
                      done.stdout)
        for number in (4 + 2 * 7 + 1, 4 + 2 * 200 + 1, 4 + 2 * 250 + 1):
            self.assertIn(f"line {number}: ", done.stderr)
        for wrong in ("", "format=bytevalue\nHEADER=END\nDATA=END\n", "junk\n"):
            path.write_text(wrong)
            self.assertEqual(server.command("greylist", "import", str(path)).returncode, 65)
        self.assertEqual(server.command("greylist", "import", str(path), "more").returncode, 64)
        self.assertEqual(server.command("greylist", "import", "/nonexistent").returncode, 74)

    def guess(self, server, client, *names):
        with server.client(source=client) as session:
            session.ehlo()
            session.ask("MAIL FROM:<a@x.test>")
            return [session.ask(f"RCPT TO:<{name}@{DOMAIN}>").code for name in names]

    def test_addresses_that_guessers_alone_ask_for_become_traps(self):
        server = self.grey({"greylist_trap_learning": "2", "recipient_delimiter": "+", "smtpd_error_sleep_time": "0s"})
        names = ("jon", "left", "gone", "typo")
        self.guess(server, ONE, *names)
        self.guess(server, OTHER, *names)
        # One who is known wrote to an address that does not exist any more, and never did.
        self.assertEqual(self.rcpt(server, "127.0.7.1").code, 450)
        self.until_accepted(server, client="127.0.7.1")
        self.guess(server, "127.0.7.1", "typo")
        # Another asks for one address alone.
        self.guess(server, "127.0.8.1", "left")
        self.assertEqual(server.command("trap", "list").stdout, "No traps\n")
        self.edit(server, "UPDATE guess SET first = first - 86400")
        # Somebody's mailbox is on the disk still.
        box = pathlib.Path(server.settings["mail_location"].replace("%d", DOMAIN).replace("%n", "gone")
                           .replace("%u", f"gone@{DOMAIN}").removeprefix("maildir:"))
        box.mkdir(parents=True, exist_ok=True)
        self.guess(server, ONE, "left", "gone", "typo")
        self.assertEqual(server.command("trap", "list").stdout, "No traps\n")
        self.guess(server, ONE, "jon+x")
        server.wait_log(f"trap <jon@{DOMAIN}> was learned: only those who guess ask for it")
        shown = server.command("trap", "list").stdout
        self.assertRegex(shown, rf"^jon@{re.escape(DOMAIN)} learned \S+ \S+\n$")
        row = json.loads(server.command("trap", "list", "--json").stdout)
        self.assertEqual((row["address"], row["learned"]), (f"jon@{DOMAIN}", True))
        # It is one, but for who is known.
        self.guess(server, "127.0.9.1", "jon")
        self.assert_reply(self.rcpt(server, "127.0.9.2"), f"450 4.7.1 <{ALICE}>: Recipient address rejected: Mail to a trap")
        # By hand it is like others.
        self.assertEqual(server.command("trap", "add", f"jon@{DOMAIN}").returncode, 0)
        self.assertEqual(server.command("trap", "list").stdout, f"jon@{DOMAIN}\n")

    def test_a_learned_trap_that_comes_to_exist_is_none(self):
        server = self.grey({"greylist_trap_learning": "2", "smtpd_error_sleep_time": "0s"})
        for client in (ONE, OTHER):
            self.guess(server, client, "jon", "two", "three")
        self.edit(server, "UPDATE guess SET first = first - 86400")
        self.guess(server, ONE, "jon")
        server.wait_log("was learned")
        added = server.command("user", "add", f"jon@{DOMAIN}", "--stdin", input="secret words\n")
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assert_greylisted(self.rcpt(server, "127.0.9.1", f"jon@{DOMAIN}"), f"jon@{DOMAIN}")
        wait_for(lambda: server.command("trap", "list").stdout == "No traps\n", "the end of the trap")
        # Nor does it become one when it is gone again.
        self.assertEqual(server.command("user", "del", f"jon@{DOMAIN}", "-y").returncode, 0)
        self.guess(server, OTHER, "jon")
        self.assertEqual(server.command("trap", "list").stdout, "No traps\n")

    def test_nothing_is_learned_unless_it_is_asked_for(self):
        server = self.grey({"smtpd_error_sleep_time": "0s"})
        self.guess(server, ONE, "jon", "two", "three")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.rows(server, "SELECT count(*) FROM guess"), [(0,)])

    def test_expected_mail_may_have_an_extension_of_recipient_delimiter(self):
        server = self.grey({"recipient_delimiter": "-", "greylist_delay": "1h"})
        self.assertEqual(server.command("expect", "15m", "to", "alice").returncode, 0)
        self.assertEqual(self.rcpt(server, recipient=f"alice-shop@{DOMAIN}").code, 250)
        self.assertEqual(server.command("expect", "15m", "to", BOB).returncode, 0)
        self.assertEqual(self.rcpt(server, recipient=f"bob-shop@{DOMAIN}").code, 250)
        self.assert_greylisted(self.rcpt(server, recipient=f"carol-x@{DOMAIN}"), f"carol-x@{DOMAIN}")

    def test_a_second_mx_host_of_the_same_machine_takes_what_the_first_put_off(self):
        # One second later, as queues that try the next host at once do.
        server = self.grey({"greylist_delay": "1"})
        self.assert_greylisted(self.rcpt(server))
        self.until_accepted(server)

    def test_a_damaged_database_is_set_aside_and_mail_goes_on(self):
        server = self.grey()
        self.assert_greylisted(self.rcpt(server))
        self.assertEqual(server.stop(), 0)
        self.database(server).write_bytes(b"x" * 20000)
        server.start()
        self.assert_greylisted(self.rcpt(server))
        self.until_accepted(server)
        server.wait_log("state.db is damaged; it is kept as state.db.damaged-1")

    def test_a_kill_loses_no_more_than_the_interval_and_the_file_stays_whole(self):
        server = self.grey()
        self.assert_greylisted(self.rcpt(server))
        wait_for(lambda: self.rows(server, "SELECT count(*) FROM grey") == [(1,)], "the commit")
        server.kill()
        server.start()
        self.until_accepted(server)
        self.assertNotIn("damaged", server.log())

    def named(self, identity):
        dns = DnsServer()
        self.addCleanup(dns.close)
        dns.add("shop.test", "TXT", "v=spf1 include:pool.test -all")
        dns.add("pool.test", "TXT", f"v=spf1 ip4:{ONE} ip4:{OTHER} -all")
        for client, name in ((ONE, "out1.mail.shop.test"), (OTHER, "out2.mail.shop.test"), ("127.0.9.1", "home.x.test")):
            dns.add(".".join(reversed(client.split("."))) + ".in-addr.arpa", "PTR", name)
            dns.add(name, "A", client)
        return dns, self.grey({"dns_servers": dns.setting, "greylist_identity": identity, "greylist_delay": "1s"})

    def test_identity_hosts_of_one_spf_record_are_one(self):
        dns, server = self.named("spf")
        self.assert_greylisted(self.rcpt(server, ONE))
        self.until_accepted(server, client=ONE)
        # Another network, which the same record names: it need not wait. A forger has to.
        self.assertEqual(self.rcpt(server, OTHER).code, 250)
        self.assert_greylisted(self.rcpt(server, "127.0.9.1"))
        # Who was told apart a moment ago is not asked about again.
        self.assertEqual(self.rcpt(server, OTHER).code, 250)
        self.assertEqual(dns.asked[("shop.test", "TXT")], 1)

    def test_identity_hosts_of_one_spf_record_wait_together(self):
        _, server = self.named("spf")
        self.assert_greylisted(self.rcpt(server, ONE))
        self.until_accepted(server, client=OTHER)
        # By that name the owner finds it.
        name = re.search(r"reason=new, identity=(\S+), client_name=", server.log()).group(1)
        self.assertIn("passed", server.command("greylist", "show", name).stdout)
        self.assertEqual(server.command("greylist", "forget", name).returncode, 0)
        self.assert_greylisted(self.rcpt(server, OTHER))

    def test_identity_of_who_wrote_to_a_trap_does_not_help(self):
        _, server = self.named("spf")
        self.assertEqual(server.command("trap", "add", f"trap@{DOMAIN}").returncode, 0)
        self.assertEqual(self.rcpt(server, recipient=f"trap@{DOMAIN}").code, 550)
        self.assertIn("Mail to a trap", str(self.rcpt(server)))
        # The same sender's hosts elsewhere are not its network.
        self.assert_greylisted(self.rcpt(server, OTHER))

    def test_identity_the_null_sender_is_the_name_it_greeted_with(self):
        _, server = self.named("spf")
        def rcpt(client, name):
            with server.client(source=client) as session:
                session.ehlo(name)
                return session.envelope("", ALICE)[1].code
        self.assertEqual(rcpt(ONE, "shop.test"), 450)
        wait_for(lambda: rcpt(OTHER, "shop.test") == 250, "a retry that passes")
        self.assertEqual(rcpt("127.0.9.1", "shop.test"), 450)

    def test_identity_hosts_under_one_name_are_one(self):
        _, server = self.named("name")
        self.assert_greylisted(self.rcpt(server, ONE))
        self.until_accepted(server, client=OTHER)
        self.assert_greylisted(self.rcpt(server, "127.0.9.1"))


def ask(port, **attributes):
    """One request of the policy protocol; the action."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        return ask_on(line, **attributes)


def ask_on(line, **attributes):
    request = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "client_name": "mx.remote.test",
               "client_address": "192.0.2.1", "sender": SHOP, "recipient": ALICE, "instance": "1.1", "etrn_domain": ""}
    request.update(attributes)
    line.sendall("".join(f"{k}={v}\n" for k, v in request.items() if v is not None).encode() + b"\n")
    answer = b""
    while not answer.endswith(b"\n\n"):
        part = line.recv(4096)
        if not part:
            raise EOFError(answer)
        answer += part
    text = answer.decode()
    assert text.startswith("action=") and text.count("\n") == 2, text
    return text[len("action="):-2]


@contextlib.contextmanager
def postgrey(case, home, *options):
    """Runs Debian's in `home`; its port."""
    port = free_ports(1)[0]
    empty = home / "empty"
    empty.write_text("")
    recipients = home / "recipients"
    recipients.write_text("postmaster@\nabuse@\n")
    process = subprocess.Popen(
        ["postgrey", f"--inet=127.0.0.1:{port}", f"--dbdir={home}", "--user=nobody", "--group=nogroup", "--delay=1",
         f"--whitelist-clients={empty}", f"--whitelist-recipients={recipients}", *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    def listens():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            case.assertIsNone(process.poll(), "postgrey ended")
            return False
    def ended():
        # A signal that comes right before it waits for the next connection is heard with that one.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return process.poll() is not None
    try:
        wait_for(listens, "postgrey")
        yield port
        process.terminate()
        wait_for(ended, "the end of postgrey")
    finally:
        process.kill()
        process.wait()


class Policy(Case):
    def lender(self, settings=None):
        port = free_ports(1)[0]
        server = self.server({"greylist_policy_listen": f"127.0.0.1:{port}", "greylist_delay": "1s",
                              **(settings or {})})
        return server, port

    def test_gl18_greylisting_is_lent_to_other_servers(self):
        server, port = self.lender()
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
            self.assertEqual(ask_on(line), f"DEFER_IF_PERMIT 4.2.0 Greylisted, see "
                                           f"http://postgrey.schweikert.ch/help/{DOMAIN}.html")
            self.assertEqual(ask_on(line, recipient=f"postmaster@{DOMAIN}"), "DUNNO")
            passed = wait_for(lambda: next(iter(a for a in [ask_on(line)] if not a.startswith("DEFER")), None),
                              "a retry that passes")
            self.assertRegex(passed, r"^PREPEND X-Greylist: delayed \d+ seconds by gatepost-")
            self.assertEqual(ask_on(line), "DUNNO")
        server.wait_log("action=greylist, reason=new, client_name=mx.remote.test, client_address=192.0.2.1, "
                        f"sender={SHOP}, recipient={ALICE}")
        # Mail here does not wait by that.
        with server.client(source=ONE) as session:
            session.ehlo()
            self.assertEqual(session.envelope(SHOP, ALICE)[1].code, 250)

    def test_gl18_a_trap_is_told_and_who_asks_bans_nobody(self):
        server, port = self.lender({"ban_enable": "yes"})
        self.assertEqual(server.command("trap", "add", BOB).returncode, 0)
        self.assertIn("Mail to a trap", ask(port, recipient=BOB, client_address=ONE))
        server.wait_log(f"trap <{BOB}> hit by mx.remote.test[{ONE}] from=<{SHOP}>")
        self.assertEqual(server.command("ban", "list").stdout, "No bans\n")

    def test_gl18_connections_that_are_idle_keep_nobody_out(self):
        server, port = self.lender()
        with contextlib.ExitStack() as all_of_them:
            def connect():
                return all_of_them.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            held = [connect() for _ in range(200)]
            # Answered, they are in the order of their last question.
            for one in held:
                ask_on(one)
            ask_on(held[0])
            ask_on(connect())
            self.assertEqual(held[1].recv(1), b"")
            ask_on(held[0])
            ask_on(connect())
            self.assertEqual(held[2].recv(1), b"")
            server.wait_log("warning: accept: policy: too many connections")
            self.assertEqual(server.log().count("policy: too many connections"), 1)

    def test_gl18_requests_that_make_no_sense_harm_nobody(self):
        _, port = self.lender()
        self.assertEqual(ask(port, client_address="somewhere"), "DUNNO")
        self.assertEqual(ask(port, recipient=None), "DUNNO")
        self.assertEqual(ask(port, request="junk"), "DUNNO")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
            try:
                line.sendall(b"x" * 100_000)
                self.assertEqual(line.recv(100), b"")
            except ConnectionError:
                pass
        self.assertTrue(ask(port).startswith("DEFER_IF_PERMIT"))

    def test_gl18_answers_are_those_of_postgrey(self):
        self.need("postgrey")
        self.need_root()
        _, port = self.lender({"greylist_header": "X-Greylist: delayed %t seconds by postgrey-V at h; D",
                               "greylist_delay": "5s"})
        home = pathlib.Path(self.server_folder("postgrey"))
        other = postgrey(self, home, "--delay=5", "--x-greylist-header=X-Greylist: delayed %t seconds by postgrey-V at h; D")
        theirs = other.__enter__()
        self.addCleanup(other.__exit__, None, None, None)
        senders = ("", SHOP, "joe+x@ext.test", "JOE@ext.test", "bounce-12-3@list.test", "bounce-99-7@list.test",
                   "prvs=0123456789=joe@batv.test", "prvs=joe=9876543210@batv.test", "no-domain", "a1b2@x.test")
        script = [{"sender": sender, "recipient": recipient, "client_address": client, "instance": f"{n}.{m}"}
                  for n, sender in enumerate(senders)
                  for m, (recipient, client) in enumerate(((ALICE, "192.0.2.1"), (f"abuse+x@{DOMAIN}", "192.0.2.1"),
                                                           ("Alice@Example.COM", "192.0.2.200"), (BOB, "2001:db8::1")))]
        def answers(where):
            return [ask(where, **one) for one in script]
        def plain(actions):
            return [re.sub(r"delayed \d+ seconds", "delayed N seconds", action) for action in actions]
        self.assertEqual(plain(answers(port)), plain(answers(theirs)))
        # Both clocks go on by more than the delay.
        begun = time.time()
        wait_for(lambda: time.time() > begun + 6.1, "the delay")
        self.assertEqual(plain(answers(port)), plain(answers(theirs)))
        self.assertEqual(plain(answers(port)), plain(answers(theirs)))

    def test_gl18_postfix_asks_and_does_as_it_is_told(self):
        _, port = self.lender()
        self.postfix_asks(f"inet:127.0.0.1:{port}")

    def test_gl18_postfix_asks_at_a_socket_in_the_file_system(self):
        path = pathlib.Path(self.server_folder("policy")) / "made" / "gatepost"
        server = self.server({"greylist_policy_listen": f"unix:{path}", "greylist_delay": "1s"})
        self.assertEqual(path.stat().st_mode & 0o777, 0o666)
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE)
            line.connect(str(path))
            self.assertTrue(ask_on(line, recipient=BOB).startswith("DEFER_IF_PERMIT 4.2.0 "))
            self.assertEqual(ask_on(line, recipient=f"abuse@{DOMAIN}"), "DUNNO")
        self.postfix_asks(f"unix:{path}")
        # What is left of it is no hindrance.
        server.kill()
        server.start()
        self.assertEqual(server.stop(), 0)
        with socket.socket(socket.AF_UNIX) as line:
            with self.assertRaises(ConnectionRefusedError):
                line.connect(str(path))
        server.start()

    def postfix_asks(self, place):
        if missing := servers.Postfix.missing():
            self.skipTest(missing)
        scratch = self.server_folder("postfix")
        pathlib.Path(scratch).chmod(0o755)
        postfix = servers.Postfix(scratch)
        with open(postfix.root / "etc" / "main.cf", "a", encoding="ascii") as settings:
            settings.write("smtpd_relay_restrictions = reject_unauth_destination\nsmtpd_recipient_restrictions = "
                           f"check_policy_service {place}, check_recipient_access inline:{{carol@{DOMAIN}=REJECT}}\n")
        self.addCleanup(postfix.stop)
        postfix.start()
        def replies():
            with Client(postfix.port) as session:
                session.ehlo()
                found = session.envelope(SHOP, ALICE, f"carol@{DOMAIN}")
                return found[1], found[2], session.data(message()) if found[1].code == 250 else None
        first, refused, _ = replies()
        self.assert_reply(first, f"450 4.2.0 <{ALICE}>: Recipient address rejected: Greylisted, see ")
        # DEFER_IF_PERMIT: what comes later and rejects, wins.
        self.assertEqual(refused.code, 554)
        stored = wait_for(lambda: next((one for one in [replies()[2]] if one), None), "a retry that passes")
        self.assertEqual(stored.code, 250)
        box = postfix.mailbox
        wait_for(lambda: box.is_dir() and any(box.iterdir()), "the message in Postfix's mailbox")
        self.assertEqual(next(box.iterdir()).read_bytes().count(b"X-Greylist: delayed "), 1)

    def server_folder(self, name):
        """A folder that everybody may write to, removed after the test."""
        folder = tempfile.mkdtemp(prefix=f"gatepost-{name}-")
        self.addCleanup(shutil.rmtree, folder, True)
        pathlib.Path(folder).chmod(0o777)
        return folder

# SPDX-License-Identifier: Apache-2.0
# e2e: users who log in and send, on 587 and 465: real clients, the rules of submission, throttle and breaker.
import contextlib
import json
import os
import re
import shutil
import threading
import subprocess
import unittest

import logins
import peers
from harness import (DOMAIN, HASH, HOME, PASSWORD, STRANGER, USERS, Case, SharedCase, free_ports,
                     is_root, message, ordinary_user, wait_for)
from smtp_client import insecure_tls

ALICE = f"alice@{DOMAIN}"
BOB = f"bob@{DOMAIN}"
ANYBODY = {"smtpd_client_event_limit_exceptions": "127.0.0.0/8"}


def with_submission(settings=None):
    """Settings with both services on free ports, and the ports."""
    starttls, implicit = free_ports(2)
    return {"submission_listen": f"{STRANGER}:{starttls}", "submissions_listen": f"{STRANGER}:{implicit}",
            **(settings or {})}, {"starttls": starttls, "implicit": implicit}


class RealLogins(SharedCase):
    @classmethod
    def setUpClass(cls):
        cls.settings, cls.ports = with_submission(
            {"smtpd_sasl_mechanism_filter": "cram-md5, static:rest", **ANYBODY})
        super().setUpClass()
        # CRAM-MD5 needs the password itself; carol has it for that.
        users = [f"{name}@{DOMAIN}:{HASH}::::::\n" for name in USERS if name != "carol"]
        users.append(f"carol@{DOMAIN}:{{PLAIN}}{PASSWORD}::::::\n")
        (cls.gp.root / "etc" / "users").write_text("".join(users))

    def play(self, name, mechanism, transport):
        reason = peers.missing(name)
        if reason:
            self.skipTest(reason)
        client, _ = logins.CLIENTS[name]
        user = f"carol@{DOMAIN}" if mechanism == "CRAM-MD5" else BOB
        subject = f"{name} {mechanism} {transport}"
        text = message(subject=subject, sender=user)
        start = len(self.gp.log())
        arguments = (transport, self.ports[transport], mechanism, user)
        self.assertTrue(client(*arguments, PASSWORD, text, self.gp.root))
        self.assertFalse(client(*arguments, "mistyped", text, self.gp.root))
        service = "submission" if transport == "starttls" else "submissions"
        log = self.gp.log()[start:]
        self.assertIn(f"{service}/smtpd", log)
        self.assertRegex(log, rf"warning: unknown\[127\.0\.0\.1\]: SASL {mechanism} authentication failed: [^\n]*, "
                              rf"sasl_username={re.escape(user)}")
        if name == "gsasl":
            self.assertIn(f"sasl_method={mechanism}, sasl_username={user}", log)
            return
        self.assertIn(f"client=unknown[127.0.0.1], sasl_method={mechanism}, sasl_username={user}", log)
        stored = [text for text in self.gp.texts("alice") if f"Subject: {subject}\n".encode() in text]
        self.assertEqual(len(stored), 1)
        self.assertIn(b"with ESMTPSA id ", stored[0].replace(b"UTF8SMTPSA", b"ESMTPSA"))
        self.assertNotIn(b"Authenticated sender", stored[0])


def _add(name, mechanism, transport):
    def test(self):
        self.play(name, mechanism, transport)
    setattr(RealLogins, f"test_{name}_{mechanism}_{transport}".replace("-", "_").lower(), test)


for _name, (_, _mechanisms) in logins.CLIENTS.items():
    for _mechanism in _mechanisms:
        _add(_name, _mechanism, "starttls")
        # gsasl knows no implicit TLS of its own, and bindings do not pass a tunnel.
        if not _mechanism.endswith("-PLUS"):
            _add(_name, _mechanism, "implicit")


class Submission(Case):
    def start(self, settings=None, **options):
        rows, self.ports = with_submission(settings)
        return self.server(rows, **options)

    def unstarted_with(self, settings):
        rows, self.ports = with_submission(settings)
        return self.unstarted(rows)

    def implicit(self, server, **options):
        return server.client(port=self.ports["implicit"], tls=insecure_tls(), **options)

    @contextlib.contextmanager
    def user(self, server, name=BOB, password=PASSWORD, **options):
        with self.implicit(server, **options) as client:
            client.ehlo()
            self.assert_reply(client.ask(f"AUTH PLAIN {logins.plain(name, password)}"), "235 2.7.0")
            yield client

    def newest(self, server, name="alice"):
        return max(server.new(name), key=lambda path: path.stat().st_mtime_ns).read_text()

    def test_submission_needs_tls_and_a_login(self):
        server = self.start()
        with server.client(port=self.ports["starttls"]) as client:
            self.assertNotIn("AUTH", client.ehlo())
            for command in (f"AUTH PLAIN {logins.plain(BOB, PASSWORD)}", f"MAIL FROM:<{BOB}>", f"VRFY {ALICE}"):
                self.assert_reply(client.ask(command), "530 5.7.0 Must issue a STARTTLS command first")
            client.starttls()
            self.assertEqual(client.ehlo().get("AUTH"), "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN")
            for command in (f"MAIL FROM:<{BOB}>", f"VRFY {ALICE}"):
                self.assert_reply(client.ask(command), "530 5.7.0 Authentication required")
            self.assert_reply(client.ask(f"AUTH PLAIN {logins.plain(BOB, PASSWORD)}"), "235")
            self.assertEqual(client.deliver(message(sender=BOB), ALICE, sender=BOB).code, 250)
        # The settings of port 25 are its own.
        with server.client() as client:
            self.assertNotIn("AUTH", client.ehlo())
            self.assert_reply(client.ask("AUTH PLAIN"), "503 5.5.1 Error: authentication not enabled")

    def test_a_client_that_is_denied_starttls_does_not_send_its_password(self):
        """Who strips STARTTLS from the reply sees no AUTH either, and the server takes none."""
        server = self.start({"submission.smtpd_tls_security_level": "may"})
        with server.client(port=self.ports["starttls"]) as client:
            self.assertNotIn("AUTH", client.ehlo())
            self.assert_reply(client.ask(f"AUTH PLAIN {logins.plain(BOB, PASSWORD)}"),
                              "504 5.5.4 Encryption required for requested authentication mechanism")

    def test_a_login_sends_to_strangers_and_only_from_its_own_addresses(self):
        server = self.start()
        (server.root / "etc" / "owners").write_text(f"sales@{DOMAIN} dave@{DOMAIN}, {BOB}\n@shop.test {BOB}\n")
        server.write_config({"smtpd_sender_login_maps": "hash:owners"})
        self.assertEqual(server.command("reload").returncode, 0)
        with self.user(server) as client:
            for sender in (BOB, "", f"BOB@{DOMAIN.upper()}", f"sales@{DOMAIN}", "anything@shop.test"):
                with self.subTest(sender=sender):
                    self.assertEqual(client.envelope(sender, "x@elsewhere.test")[1].code, 250)
                    client.ask("RSET")
            for sender in (ALICE, "bob@elsewhere.test", f"nobody@{DOMAIN}"):
                with self.subTest(sender=sender):
                    self.assert_reply(client.envelope(sender, "x@elsewhere.test")[1],
                                      f"553 5.7.1 <{sender}>: Sender address rejected: not owned by user {BOB}")
                    client.ask("RSET")
        self.assertIn(f"sasl_method=PLAIN sasl_username={BOB}", server.wait_log("not owned by user"))

    def test_the_other_mismatch_rules_at_port_25(self):
        server = self.start({"smtp.smtpd_sender_restrictions": "reject_unauthenticated_sender_login_mismatch"})
        with server.client() as client:
            client.ehlo()
            self.assert_reply(client.envelope(BOB, ALICE)[1],
                              f"553 5.7.1 <{BOB}>: Sender address rejected: not logged in")
            client.ask("RSET")
            self.assertEqual(client.envelope("bob@remote.test", ALICE)[1].code, 250)

    def test_restrictions_of_master_cf_hold(self):
        server = self.start({"submissions.smtpd_client_restrictions": "permit_sasl_authenticated, reject",
                             "submissions.smtpd_relay_restrictions": "permit_sasl_authenticated, permit_auth_destination, "
                                                                     "reject"})
        with self.implicit(server) as client:
            client.ehlo()
            self.assert_reply(client.envelope("a@remote.test", ALICE)[1],
                              "554 5.7.1 <unknown[127.0.0.1]>: Client host rejected: Access denied")
        with self.user(server) as client:
            self.assertEqual(client.envelope(BOB, ALICE)[1].code, 250)

    def test_what_a_message_lacks_is_added_and_bcc_goes(self):
        server = self.start()
        with self.user(server) as client:
            text = f"To: <{ALICE}>\r\nBcc: secret@elsewhere.test,\r\n more@elsewhere.test\r\nSubject: bare\r\n\r\nHello.\r\n"
            self.assertEqual(client.deliver(text, ALICE, sender=BOB).code, 250)
        stored = self.newest(server)
        self.assertNotIn("elsewhere.test", stored)
        self.assertRegex(stored, rf"\nSubject: bare\nFrom: {BOB}\nDate: \w{{3}}, [^\n]+\nMessage-ID: "
                                 rf"<\d{{14}}\.([0-9A-F]+)@mx\.{DOMAIN}>\n\nHello\.\n$")
        identity = re.search(r"\nMessage-ID: (<[^>]+>)", stored)[1]
        server.wait_log(f"message-id={identity}")
        whole = message(subject="whole", sender=BOB)
        with self.user(server) as client:
            client.deliver(whole, ALICE, sender=BOB)
        wait_for(lambda: len(server.new("alice")) == 2, "the second message")
        self.assertTrue(self.newest(server).endswith(whole))
        # Mail of other hosts stays as it came.
        with server.client() as client:
            client.ehlo()
            client.deliver("Subject: remote\r\nBcc: x@y.test\r\n\r\nHello.\r\n", BOB)
        self.assertTrue(self.newest(server, "bob").endswith("\nSubject: remote\nBcc: x@y.test\n\nHello.\n"))

    def test_received_names_the_login_or_hides_the_client(self):
        server = self.start({"submissions.smtpd_sasl_authenticated_header": "yes"})
        with self.user(server) as client:
            client.deliver(message(sender=BOB), ALICE, sender=BOB)
        self.assertRegex(self.newest(server), rf"(?s)Received: from \S+ \(unknown \[127\.0\.0\.1\]\)\n.*"
                                              rf"\t\(Authenticated sender: {BOB}\)\n\tby mx\.{DOMAIN} \(gatepost\) with ESMTPSA")
        server.write_config({"submissions.smtpd_hide_client_session": "yes"})
        self.assertEqual(server.command("reload").returncode, 0)
        with self.user(server) as client:
            client.deliver(message(subject="hidden", sender=BOB), ALICE, sender=BOB)
        wait_for(lambda: len(server.new("alice")) == 2, "the second message")
        stored = self.newest(server)
        self.assertRegex(stored, rf"Received: by mx\.{DOMAIN} \(gatepost\) with ESMTPSA id [0-9A-F]+\n\tfor ")
        self.assertNotIn("127.0.0.1", stored)

    def test_a_user_is_found_by_a_short_name_and_restrained_by_mode(self):
        server = self.start(ANYBODY)
        lines = [f"{BOB}:{HASH}::::::\n", f"carol@{DOMAIN}:{HASH}::::::gatepost_mode=disabled\n",
                 f"dave@{DOMAIN}:{HASH}::::::gatepost_mode=receive-only\n", f"eve@{DOMAIN}:{HASH}::::::nologin=y\n",
                 f"alice@{DOMAIN}:{HASH}::::::gatepost_mode=send-only\n"]
        (server.root / "etc" / "users").write_text("".join(lines))
        server.write_config({"smtpd_sasl_local_domain": DOMAIN})
        server.command("reload")
        for name, good in (("bob", True), ("BOB", True), (ALICE, True), (f"carol@{DOMAIN}", False),
                           (f"dave@{DOMAIN}", False), (f"eve@{DOMAIN}", False), ("nobody", False)):
            with self.subTest(name=name), self.implicit(server) as client:
                client.ehlo()
                reply = client.ask(f"AUTH PLAIN {logins.plain(name, PASSWORD)}")
                self.assert_reply(reply, "235 2.7.0" if good else "535 5.7.8")
        with self.implicit(server) as client:
            client.ehlo()
            client.ask(f"AUTH PLAIN {logins.plain(BOB, 'mistyped')}")
        # Whoever runs the server learns what strangers do not.
        for name, why in ((f"dave@{DOMAIN}", "the user's mode does not let it send"), ("nobody", "unknown user"), (BOB, "wrong password")):
            self.assertRegex(server.log(), rf"SASL PLAIN authentication failed: {why}, sasl_username={re.escape(name)}")

    def test_guessing_is_stopped_before_it_costs_and_hurts_nobody_else(self):
        server = self.start({"smtpd_sasl_failure_limit": "5", "smtpd_sasl_failure_time": "1d",
                             "smtpd_hard_error_limit": "2000", "smtpd_error_sleep_time": "0s"})
        codes = []
        with self.implicit(server) as client:
            client.ehlo()
            for number in range(1000):
                codes.append(client.ask(f"AUTH PLAIN {logins.plain(ALICE, f'guess {number}')}").code)
        # Work, not time: five passwords were looked at, the others cost a line each.
        self.assertEqual((codes.count(535), codes.count(454)), (5, 995))
        metrics = server.control("metrics")
        self.assertIn('gatepost_auth_attempts_total{mechanism="PLAIN",result="failed"} 5\n', metrics)
        self.assertIn('gatepost_auth_attempts_total{mechanism="PLAIN",result="throttled"} 995\n', metrics)
        # The right password does not help the guesser; elsewhere nobody notices.
        with self.implicit(server) as client:
            client.ehlo()
            self.assertEqual(client.ask(f"AUTH PLAIN {logins.plain(ALICE, PASSWORD)}").code, 454)
        for name in (ALICE, BOB):
            with self.user(server, name, source=HOME):
                pass

    def test_too_many_auth_commands_are_refused_as_postfix_does(self):
        server = self.start({"smtpd_client_auth_rate_limit": "2", "anvil_rate_time_unit": "1h"})
        for _ in range(2):
            with self.user(server):
                pass
        with self.implicit(server) as client:
            client.ehlo()
            self.assert_reply(client.ask(f"AUTH PLAIN {logins.plain(BOB, PASSWORD)}"),
                              "450 4.7.1 Error: too many AUTH commands from 127.0.0.1")

    def test_an_open_session_ends_with_the_login_it_has(self):
        server = self.start(ANYBODY)
        users = server.root / "etc" / "users"
        line = f"{BOB}:{HASH}::::::"
        changes = [(f"{BOB}:{{PLAIN}}another::::::\n", "the password was changed"),
                   (f"{line}gatepost_mode=disabled\n", "the user's mode does not let it send"),
                   (f"{line}allow_nets=192.0.2.0/24\n", "not from this network (allow_nets)"),
                   (f"{ALICE}:{HASH}::::::\n", "the user is gone")]
        for text, why in changes:
            with self.subTest(why=why):
                users.write_text(f"{line}\n")
                with self.user(server) as client:
                    self.assertEqual(client.ask(f"MAIL FROM:<{BOB}>").code, 250)
                    self.assertEqual(client.ask("RSET").code, 250)
                    users.write_text(text)
                    self.assert_reply(client.ask("MAIL FROM:<>"),
                                      f"421 4.7.0 mx.{DOMAIN} Error: login is no longer valid")
                    self.assertTrue(client.at_end())
                server.wait_log(f"421 4.7.0 mx.{DOMAIN} Error: login is no longer valid: {why}")
        # After a reload too, and what does not concern the login ends nothing.
        users.write_text(f"{line}\n")
        with self.user(server) as client:
            self.assertEqual(server.command("reload").returncode, 0)
            users.write_text(f"{line}\n{ALICE}:{{PLAIN}}new::::::\n")
            self.assertEqual(client.ask(f"MAIL FROM:<{BOB}>").code, 250)
            self.assertEqual(client.ask("RSET").code, 250)
            users.write_text(f"{BOB}:{{PLAIN}}another::::::\n")
            self.assert_reply(client.ask(f"MAIL FROM:<{BOB}>"), "421 4.7.0")

    def test_allow_nets_says_where_from_a_user_logs_in(self):
        server = self.start(ANYBODY)
        (server.root / "etc" / "users").write_text(
            f"{BOB}:{HASH}::::::allow_nets=10.0.0.0/8\n{ALICE}:{HASH}::::::allow_nets=10.0.0.0/8,{HOME}\n"
            f"carol@{DOMAIN}:{HASH}::::::allow_nets=home\n")
        for name, source, good in ((BOB, STRANGER, False), (ALICE, STRANGER, False), (ALICE, HOME, True),
                                   (f"carol@{DOMAIN}", HOME, False)):
            with self.subTest(name=name, source=source), self.implicit(server, source=source) as client:
                client.ehlo()
                reply = client.ask(f"AUTH PLAIN {logins.plain(name, PASSWORD)}")
                self.assert_reply(reply, "235 2.7.0" if good else "535 5.7.8 Error: authentication failed: wrong user")
        server.wait_log(f"authentication failed: not from this network (allow_nets), sasl_username={BOB}")
        self.assertIn(f"user carol@{DOMAIN} cannot log in: allow_nets home: expected networks",
                      server.command("check").stderr)

    def test_mail_that_was_refused_does_not_hold_a_login(self):
        server = self.start({"login_hourly_message_limit": "2", "message_size_limit": "20000", **ANYBODY})
        large = message(subject="large", sender=BOB) + ("y" * 70 + "\n") * 400
        for _ in range(4):
            with self.user(server) as client:
                self.assertEqual(client.deliver(large, ALICE, sender=BOB).code, 552)
                client.envelope(BOB, ALICE)
                client.ask("DATA")
                client.send("Subject: half\r\n\r\nhalf")
        wait_for(lambda: server.log().count("lost connection after DATA") == 4, "the ends of the sessions")
        with self.user(server) as client:
            self.send(client, ALICE, 2)
            self.assertIn("no login is held", server.command("login", "list").stdout)
            self.send(client, ALICE)
        self.assertEqual(len(server.new("alice")), 2)
        self.assertIn(BOB, server.command("login", "list").stdout)

    def test_a_login_that_sends_too_much_is_held_told_and_released(self):
        server = self.start({"login_hourly_message_limit": "2", "postmaster_address": f"carol@{DOMAIN}"})
        with self.user(server) as client:
            for number in range(4):
                reply = client.deliver(message(subject=f"number {number}", sender=BOB), ALICE, sender=BOB)
                self.assertEqual(reply.code, 250)
            self.assertEqual(client.deliver(message(subject="out", sender=BOB), "x@elsewhere.test", sender=BOB).code, 250)
        self.assertEqual(len(server.new("alice")), 2)
        self.assertEqual(len(server.queue()), 3)
        server.wait_log(f"mail of sasl_username={BOB} is on hold: 3 messages in an hour")
        wait_for(lambda: server.new("carol"), "the notice")
        self.assertEqual(len(server.new("carol")), 1)
        notice = self.newest(server, "carol")
        self.assertIn(f"gatepost login release {BOB}", notice)
        self.assertRegex(notice, r"\nDate: [^\n]+\nMessage-ID: <[^\n]+>\n")
        self.assertIn(f"\nTo: postmaster@mx.{DOMAIN}\n", notice)
        # Others go on, and a restart forgets nothing.
        with self.user(server, f"dave@{DOMAIN}") as client:
            self.assertEqual(client.deliver(message(sender=f"dave@{DOMAIN}"), BOB, sender=f"dave@{DOMAIN}").code, 250)
        self.assertEqual(len(server.new("bob")), 1)
        server.stop()
        server.start()
        listed = server.command("login", "list")
        self.assertIn(BOB, listed.stdout)
        row = json.loads(server.command("login", "list", "--json").stdout)
        self.assertEqual(row["login"], BOB)
        self.assertIn("login_hourly_message_limit", row["reason"])
        done = server.command("login", "release", BOB)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("with 3 messages", done.stdout)
        wait_for(lambda: len(server.new("alice")) == 4, "the held messages")
        wait_for(lambda: len(server.queue()) == 1, "the one for elsewhere alone")
        self.assertIn("no login is held", server.command("login", "list").stdout)
        self.assertEqual(server.command("login", "list", "--json").stdout, "")
        self.assertNotEqual(server.command("login", "release", BOB).returncode, 0)

    def send(self, client, to, count=1):
        for number in range(count):
            reply = client.deliver(message(subject=f"number {number}", sender=BOB), to, sender=BOB)
            self.assertEqual(reply.code, 250)

    def test_held_mail_for_a_list_waits_once_and_is_sent_once(self):
        server = self.unstarted_with({"login_hourly_message_limit": "1", "alias_maps": "hash:aliases"})
        (server.root / "etc" / "aliases").write_text("list: carol, far@elsewhere.test\nowner-list: dave\n")
        server.start()
        with self.user(server) as client:
            self.send(client, ALICE)
            self.send(client, f"list@{DOMAIN}")
        self.assertEqual([(row["sender"], row["queue_name"]) for row in server.queue()], [(BOB, "hold")])
        self.assertEqual(server.command("login", "release", BOB).returncode, 0)
        wait_for(lambda: server.new("carol"), "the list's mail")
        wait_for(lambda: [row["sender"] for row in server.queue()] == [f"owner-list@{DOMAIN}"], "the list's item alone")

    def broken_team(self, settings=None):
        """bob's mail for root, alice and team is held, and carol of the team cannot be reached."""
        server = self.unstarted_with({"login_hourly_message_limit": "1", "alias_maps": "hash:aliases",
                                      "queue_run_delay": "1s", "minimal_backoff_time": "1s",
                                      "maximal_backoff_time": "1s", **(settings or {})})
        (server.root / "etc" / "aliases").write_text("root: alice\nteam: dave, carol\n")
        box = server.maildir("carol")
        box.mkdir(parents=True)
        (box / "new").write_text("no folder")
        if is_root():
            account = ordinary_user()
            for path in [server.root / "mail", *(server.root / "mail").rglob("*")]:
                os.chown(path, account.pw_uid, account.pw_gid)
        server.start()
        with self.user(server) as client:
            self.send(client, f"postmaster@{DOMAIN}")
            client.ask(f"MAIL FROM:<{BOB}>")
            for name in ("root", "alice", "team"):
                self.assert_reply(client.ask(f"RCPT TO:<{name}@{DOMAIN}>"), "250 ")
            self.assert_reply(client.data(message(subject="held", sender=BOB)), "250 ")
        return server

    def test_held_mail_leaves_a_broken_mailbox_behind_and_comes_to_all_others_once(self):
        server = self.broken_team()
        held = server.queue()[0]
        self.assertEqual(server.command("login", "release", BOB).returncode, 0)
        wait_for(lambda: "status=deferred" in server.log() and len(server.queue()) == 1, "an attempt")
        identity = [row["queue_id"] for row in server.queue()]
        wait_for(lambda: server.log().count("status=deferred") > 3, "some more")
        self.assertEqual([len(server.new(name)) for name in ("alice", "dave", "bob")], [1, 1, 0])
        # One item, the same at every attempt, as old as the message.
        left = server.queue()
        self.assertEqual([row["queue_id"] for row in left], identity)
        self.assertEqual(left[0]["arrival_time"], held["arrival_time"])
        self.assertEqual([one["address"] for one in left[0]["recipients"]], [f"carol@{DOMAIN}"])
        (server.maildir("carol") / "new").unlink()
        wait_for(lambda: server.queue() == [], "the queue to be empty")
        self.assertEqual([len(server.new(name)) for name in ("alice", "dave", "carol", "bob")], [1, 1, 1, 0])

    def test_of_held_mail_that_waits_too_long_only_the_broken_mailbox_is_reported(self):
        server = self.broken_team({"maximal_queue_lifetime": "0s"})
        self.assertEqual(server.command("login", "release", BOB).returncode, 0)
        wait_for(lambda: server.new("bob") and server.queue() == [], "a report")
        report = self.newest(server, "bob")
        self.assertEqual([line for line in report.splitlines() if line.startswith("Final-Recipient")],
                         [f"Final-Recipient: rfc822;carol@{DOMAIN}"])
        self.assertEqual([len(server.new(name)) for name in ("alice", "dave", "bob")], [1, 1, 1])

    def test_held_mail_keeps_what_was_made_of_its_addresses(self):
        server = self.start({"login_hourly_message_limit": "1", "myorigin": DOMAIN, "postmaster_address": f"carol@{DOMAIN}"})
        with self.user(server) as client:
            self.send(client, ALICE)
            for to in ("alice@[127.0.0.1]", "postmaster", "dave"):
                self.send(client, to)
        wait_for(lambda: len(server.new("carol")) == 1, "the notice")
        self.assertEqual(server.command("login", "release", BOB).returncode, 0)
        wait_for(lambda: not server.queue(), "an empty queue")
        self.assertEqual([len(server.new(name)) for name in ("alice", "carol", "dave")], [2, 2, 1])

    def test_what_cannot_be_read_at_the_release_is_tried_again_by_the_queue(self):
        server = self.start({"login_hourly_message_limit": "1"})
        with self.user(server) as client:
            self.send(client, ALICE, 4)
        held = server.queue()
        self.assertEqual(len(held), 3)
        text = server.root / "queue" / "text" / held[0]["queue_id"]
        aside = text.rename(server.root / "aside")
        self.assertIn("with 3 messages", server.command("login", "release", BOB).stdout)
        wait_for(lambda: len(server.new("alice")) == 3, "the others")
        wait_for(lambda: [row["queue_name"] for row in server.queue()] == ["deferred"], "the one that waits")
        aside.rename(text)
        server.command("queue", "flush")
        wait_for(lambda: len(server.new("alice")) == 4 and not server.queue(), "the last one")

    def test_two_who_release_at_once_send_once(self):
        server = self.start({"login_hourly_message_limit": "1"})
        with self.user(server) as client:
            self.send(client, ALICE, 60)
        release = threading.Thread(target=lambda: server.command("login", "release", BOB))
        release.start()
        while release.is_alive():
            server.command("queue", "release", "ALL")
        release.join()
        wait_for(lambda: not server.queue(), "an empty queue")
        self.assertEqual(len(server.new("alice")), 60)

    def test_a_message_under_way_at_the_release_goes_with_it(self):
        server = self.start({"login_hourly_message_limit": "1"})
        with self.user(server) as client, self.user(server) as other:
            self.send(client, ALICE, 2)
            self.assert_reply(other.ask(f"MAIL FROM:<{BOB}>"), "250")
            self.assert_reply(other.ask(f"RCPT TO:<{ALICE}>"), "250")
            self.assert_reply(other.ask("DATA"), "354")
            self.assertEqual(server.command("login", "release", BOB).returncode, 0)
            self.assert_reply(other.ask("Subject: late\r\n\r\nlate\r\n."), "250")
        wait_for(lambda: len(server.new("alice")) == 3, "the late message")
        wait_for(lambda: not server.queue(), "an empty queue")

    def test_what_waits_in_the_queue_is_held_too_and_can_be_deleted(self):
        server = self.start({"login_hourly_message_limit": "3"})
        with self.user(server, f"dave@{DOMAIN}") as client:
            client.deliver(message(sender=f"dave@{DOMAIN}"), "x@elsewhere.test", sender=f"dave@{DOMAIN}")
        with self.user(server) as client:
            self.send(client, "x@elsewhere.test", 5)
        wait_for(lambda: sum(row["queue_name"] == "hold" for row in server.queue()) == 5, "all of it on hold")
        self.assertEqual({row["login"] for row in server.queue() if row["queue_name"] == "hold"}, {BOB})
        self.assertIn(f"(on hold, sent by login {BOB})", server.command("queue").stdout)
        self.assertIn("deleted 5 messages", server.command("login", "discard", BOB).stdout)
        self.assertEqual([row["sender"] for row in server.queue()], [f"dave@{DOMAIN}"])
        self.assertIn(BOB, server.command("login", "list").stdout)
        self.assertNotEqual(server.command("login", "discard", BOB).returncode, 0)
        self.assertEqual(server.command("login", "release", BOB).returncode, 0)

    def test_what_a_person_put_on_hold_is_not_the_logins(self):
        server = self.start({"login_hourly_message_limit": "1"})
        with self.user(server) as client:
            self.send(client, "x@elsewhere.test")
            wait_for(server.queue, "the first")
            own = server.queue()[0]["queue_id"]
            self.assertEqual(server.command("queue", "hold", own).returncode, 0)
            self.send(client, ALICE)
        self.assertEqual(len(server.queue()), 2)
        self.assertIn("deleted 1 message ", server.command("login", "discard", BOB).stdout)
        self.assertEqual(server.command("login", "release", BOB).returncode, 0)
        self.assertEqual([(row["queue_id"], row["queue_name"]) for row in server.queue()], [(own, "hold")])

    def test_a_held_login_cannot_fill_the_disk(self):
        server = self.start({"login_hourly_message_limit": "1"})
        with self.user(server) as client:
            self.send(client, ALICE, 101)
            self.assert_reply(client.ask(f"MAIL FROM:<{BOB}>"), "450 4.7.1 ")
        server.stop()
        server.start()

        def refused():
            with self.user(server) as client:
                return client.ask(f"MAIL FROM:<{BOB}>").code == 450
        wait_for(refused, "what is kept to be counted after the start")
        self.assertEqual(server.command("login", "discard", BOB).returncode, 0)
        with self.user(server) as client:
            self.send(client, ALICE)

    def test_right_logins_at_once_are_no_failures(self):
        server = self.start({"smtpd_sasl_failure_limit": "5"})
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(self.implicit(server)) for _ in range(40)]
            for client in clients:
                client.ehlo()
            for client in clients:
                client.send(f"AUTH PLAIN {logins.plain(BOB, PASSWORD)}\r\n")
            self.assertEqual({client.reply().code for client in clients}, {235})

    def test_one_name_is_counted_once_however_it_is_spelled(self):
        server = self.start({"smtpd_sasl_user_failure_limit": "2", "smtpd_sasl_failure_time": "1d",
                             "smtpd_sasl_local_domain": DOMAIN, "smtpd_error_sleep_time": "0s"})
        codes = []
        with self.implicit(server) as client:
            client.ehlo()
            for name in ("bob", BOB, BOB.upper(), "Bob"):
                codes.append(client.ask(f"AUTH PLAIN {logins.plain(name, 'guess')}").code)
        self.assertEqual(codes, [535, 535, 454, 454])

    def test_failures_are_lines_that_fail2ban_knows(self):
        tool = shutil.which("fail2ban-regex")
        if tool is None:
            self.skipTest("fail2ban is not installed")
        server = self.start({"syslog_name": "postfix", **ANYBODY})
        with self.implicit(server) as client:
            client.ehlo()
            for _ in range(3):
                client.ask(f"AUTH PLAIN {logins.plain(ALICE, 'guess')}")
        server.wait_log("SASL PLAIN authentication failed")
        wait_for(lambda: server.log().count("authentication failed") == 3, "three lines")
        done = subprocess.run([tool, "--print-all-matched", f"{server.root}/log/mail.log", "postfix[mode=auth]"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertRegex(done.stdout, r"Failregex: 3 total", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()

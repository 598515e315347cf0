# SPDX-License-Identifier: Apache-2.0
# e2e: servers that mail is handed to and that are down, wedged or choosy, and lists with a full member.
import email
import signal
import socket
import threading

from harness import DOMAIN, HOME, Case, message, wait_for
from lmtp_server import LmtpServer
from mailboxes_test import HOSTED, set_users, user


def dialling(port):
    """How many connections to the port wait for an answer: state 02 is SYN_SENT."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sum(row[3] == "02" and row[2].endswith(f":{port:04X}") for row in rows)


class Handover(Case):
    def start(self, behave=None, **settings):
        server = self.unstarted()
        self.peer = LmtpServer(server.root / "lmtp.sock", behave)
        self.addCleanup(lambda: self.peer.door and self.peer.close())
        server.write_config({"virtual_mailbox_domains": HOSTED, "virtual_transport": f"lmtp:unix:{server.root}/lmtp.sock",
                             "queue_run_delay": "1s", "minimal_backoff_time": "1s", "maximal_backoff_time": "1s",
                             "mynetworks": f"{HOME}/32", **settings})
        set_users(server, user(f"alice@{DOMAIN}"), user(f"carol@{HOSTED}"), user(f"postmaster@{DOMAIN}"))
        return server.start()

    def rcpt(self, server, name, sender="s@remote.test"):
        with server.client() as client:
            client.ehlo()
            client.ask(f"MAIL FROM:<{sender}>")
            return client.ask(f"RCPT TO:<{name}>")

    def send(self, server, name):
        with server.client(source=HOME) as client:
            client.ehlo()
            client.deliver(message(), name, sender=f"alice@{DOMAIN}")

    def test_a_stop_does_not_wait_for_a_server_that_drops_what_it_is_sent(self):
        door = socket.socket()
        self.addCleanup(door.close)
        door.bind((HOME, 0))
        door.listen(0)
        # The queue of those who wait to be let in is full: the next one gets no answer at all.
        for _ in range(3):
            one = socket.socket()
            self.addCleanup(one.close)
            one.setblocking(False)
            one.connect_ex(door.getsockname())
        port = door.getsockname()[1]
        before = dialling(port)
        server = self.start(virtual_transport=f"lmtp:inet:{HOME}:{port}",
                            lmtp_connect_timeout="1h")
        self.send(server, f"carol@{HOSTED}")
        wait_for(lambda: dialling(port) > before, "the delivery to dial")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(20), 0)

    def test_what_a_stop_cuts_off_has_not_failed(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        server = self.start(lambda stage, who: gate.wait(60) and None if stage == "DATA" else None,
                            maximal_queue_lifetime="0s")
        self.send(server, f"carol@{HOSTED}")
        self.peer.wait_seen("DATA")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(20), 0)
        gate.set()
        server.start()
        self.peer.wait_taken(1)
        wait_for(lambda: server.queue() == [], "the queue to be empty")
        self.assertEqual(server.new("alice"), [])

    def test_a_server_that_cannot_be_asked_is_not_asked_for_each_recipient(self):
        server = self.start(lambda stage, who: "HANGUP" if stage == "greeting" else None)
        for _ in range(3):
            self.assert_reply(self.rcpt(server, f"carol@{HOSTED}"), "250 ")
        self.assertEqual(self.peer.seen, ["greeting"])

    def test_what_is_said_of_a_sender_is_not_remembered_of_the_recipient(self):
        server = self.start(lambda stage, what: "550 5.7.1 not you" if stage == "MAIL" and "evil" in what else None)
        self.assert_reply(self.rcpt(server, f"carol@{HOSTED}", "evil@remote.test"), "550 5.7.1 ")
        self.assert_reply(self.rcpt(server, f"carol@{HOSTED}"), "250 ")

    def test_who_asks_is_told_that_mail_arrived(self):
        server = self.start()
        with server.client(source=HOME) as client:
            client.ehlo()
            for name in (f"carol@{HOSTED}", f"postmaster@{DOMAIN}"):
                client.ask(f"MAIL FROM:<alice@{DOMAIN}> RET=FULL ENVID=one+2Btwo")
                self.assert_reply(client.ask(f"RCPT TO:<{name}> NOTIFY=SUCCESS ORCPT=rfc822;to+2B@x.test"), "250 ")
                self.assert_reply(client.data(message()), "250 ")
        wait_for(lambda: len(server.new("alice")) == 2, "two reports")
        told = {}
        for file in server.new("alice"):
            report = email.message_from_bytes(file.read_bytes())
            self.assertEqual(report["Subject"], "Successful Mail Delivery Report")
            words, fields, returned = report.get_payload()
            self.assertEqual(returned.get_content_type(), "text/rfc822-headers")
            about, recipient = fields.get_payload()
            self.assertEqual(about["Original-Envelope-Id"], "one+two")
            self.assertEqual(recipient["Original-Recipient"], "rfc822;to+@x.test")
            told[recipient["Final-Recipient"]] = recipient["Action"]
        self.assertEqual(told, {f"rfc822;carol@{HOSTED}": "delivered", f"rfc822;postmaster@{DOMAIN}": "delivered"})

    def test_whoever_writes_to_an_address_is_not_told_whose_it_is(self):
        refused = lambda stage, who: f"550 5.1.1 {who} unknown" if stage == "RCPT" and "carol" in who else None
        server = self.start(lambda stage, who: refused(stage, who) if closed else None)
        closed = False
        mint = server.command("alias", "mint", "shop", "--for", f"carol@{HOSTED}")
        self.assertEqual(mint.returncode, 0, mint.stderr)
        given = mint.stdout.strip().replace("carol", "Carol", 1)
        with server.client(source=HOME) as client:
            client.ehlo()
            client.envelope(f"alice@{DOMAIN}", given)
            closed = True
            self.assert_reply(client.data(message()), "250 ")
        wait_for(lambda: server.new("alice"), "the report")
        report = server.one_text("alice").decode()
        self.assertIn(f"Final-Recipient: rfc822;{given}\n", report)
        self.assertRegex(report, r"Remote-MTA: dns; [\w.-]+\n")
        self.assertNotIn(f"carol@{HOSTED}", report)
        self.assertNotIn("lmtp.sock", report)
        server.wait_log(f"to=<carol@{HOSTED}>")

    def test_a_wedged_server_keeps_its_own_mail_waiting_only(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        server = self.start(lambda stage, who: gate.wait(60) and None if stage == "DATA" else None,
                            lmtp_destination_concurrency_limit="2")
        other = LmtpServer(server.root / "other.sock")
        self.addCleanup(other.close)
        server.write_config({"mailbox_transport": f"lmtp:unix:{server.root}/other.sock"})
        self.assertEqual(server.command("reload").returncode, 0)
        server.wait_log("read anew")
        # More than is looked at of the queue at once: mail of the other server is behind all of it.
        for _ in range(25):
            self.send(server, f"carol@{HOSTED}")
        self.peer.wait_seen("DATA", 2)
        self.send(server, f"alice@{DOMAIN}")
        other.wait_taken(1, 60)
        self.assertEqual(self.peer.seen.count("DATA"), 2)
        gate.set()


class BrokenQuota(Case):
    def test_a_rule_that_cannot_be_read_is_told_by_check_and_in_the_log(self):
        server = self.unstarted()
        set_users(server, user(f"alice@{DOMAIN}", "userdb_quota_rule=*:storage=much"))
        done = server.command("check")
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"user alice@{DOMAIN} has no limit: quota rule *:storage=much", done.stdout + done.stderr)
        server.start()
        server.wait_log(f"user alice@{DOMAIN} has no limit")


class FullMember(Case):
    def start(self, aliases):
        server = self.unstarted()
        (server.root / "etc" / "aliases").write_text(aliases)
        server.write_config({"alias_maps": f"hash:{server.root}/etc/aliases"})
        set_users(server, user(f"alice@{DOMAIN}", "userdb_quota_rule=*:messages=1"), user(f"bob@{DOMAIN}"))
        return server.start()

    def test_one_full_member_does_not_silence_a_list(self):
        server = self.start("team: alice, bob\nsolo: alice\naway: alice, x@elsewhere.test\n")
        with server.client() as client:
            client.ehlo()
            client.deliver(message(), f"alice@{DOMAIN}")
            client.ask("MAIL FROM:<s@remote.test>")
            for name, code in (("alice", "552 "), ("solo", "552 "), ("team", "250 "), ("away", "250 ")):
                with self.subTest(name=name):
                    self.assert_reply(client.ask(f"RCPT TO:<{name}@{DOMAIN}>"), code)

# SPDX-License-Identifier: Apache-2.0
# e2e: what tutorials about postscreen tell their readers to paste, pasted.
#
# Only the folder /etc/postfix is another one here: it is the machine's, and may hold a Postfix.
import re

from dns_server import DnsServer
from harness import DOMAIN, HOME, REPO, STRANGER, Case, free_ports, message, wait_for
from smtp_client import Client, insecure_tls

ALICE = f"alice@{DOMAIN}"
MX, ZEN, SPAMCOP, TWO, VOUCHED, DENIED, FRIEND = (f"127.0.{n}.1" for n in range(1, 8))
ZONES = ("zen.spamhaus.org", "b.barracudacentral.org", "bl.spamcop.net", "bl.spameatingmonkey.net", "swl.spamhaus.org",
         "list.dnswl.org")   # dnsbl.sorbs.net answers nobody: it is no more.


def backwards(address, zone):
    return ".".join(reversed(address.split("."))) + "." + zone


class Tutorial(Case):
    text = ""

    def setUp(self):
        super().setUp()
        self.dns = DnsServer()
        self.addCleanup(self.dns.close)
        for zone in ZONES:
            self.dns.add(backwards("127.0.0.2", zone), "A", "127.0.0.2")
        for client, zone, answer in ((ZEN, "zen.spamhaus.org", "127.0.0.4"), (SPAMCOP, "bl.spamcop.net", "127.0.0.2"),
                                     (TWO, "bl.spamcop.net", "127.0.0.2"), (TWO, "b.barracudacentral.org", "127.0.0.2"),
                                     (VOUCHED, "zen.spamhaus.org", "127.0.0.4"), (VOUCHED, "list.dnswl.org", "127.0.5.2")):
            self.dns.add(backwards(client, zone), "A", answer)
        self.dns.add(backwards(MX, "in-addr.arpa"), "PTR", "mx.sender.test")
        self.dns.add("mx.sender.test", "A", MX)

    def pasted(self, settings=None):
        """A server with what the tutorial says behind the least a configuration needs."""
        server = self.unstarted({"dns_servers": self.dns.setting, "postscreen_enable": None, "state_commit_interval": "0s",
                                 "postscreen_greet_wait": "2s"})
        server.write_config(settings(server) if settings else None)
        folder = server.root / "etc" / "postfix"
        folder.mkdir()
        (folder / "postscreen_access.cidr").write_text(f"# mine\n{FRIEND}/32             permit\n{DENIED}/32 reject\n")
        (folder / "postscreen_spf_whitelist.cidr").write_text("209.85.128.0/17\tpermit\n")
        text = (REPO / "tests" / "data" / "tutorials" / self.text).read_text().replace("/etc/postfix/", f"{folder}/")
        server.config.write_text(server.config.read_text() + text)
        server.spawn()
        self.log_has(server, "listening|started")
        return server

    def log_has(self, server, pattern):
        wait_for(lambda: re.search(pattern, server.log()), f"{pattern!r} in the log:\n{server.log()}\n{server.said()}")

    def connect(self, server, client, greet=True):
        session = Client(server.port, source=client, greet=greet)
        self.addCleanup(session.close)
        return session

    def envelope(self, server, client, sender="a@sender.test", helo="c.test"):
        """The reply to a recipient."""
        session = self.connect(server, client)
        session.ask(f"EHLO {helo}")
        return session.envelope(sender, ALICE)[1].raw.strip()

    def rest(self, session):
        out = session.buffer
        while piece := session.socket.recv(4096):
            out += piece
        return out.decode()

    def mail_comes_in(self, server):
        session = self.connect(server, MX)
        # The banner is the teaser; it comes whole when the wait is over.
        self.assertEqual(session.greeting.lines, [f"mx.{DOMAIN} ESMTP gatepost"] * 2)
        session.ask("EHLO mx.sender.test")
        self.assertEqual([reply.code for reply in session.envelope("a@sender.test", ALICE)], [250, 250])
        self.assertEqual(session.data(message("a tutorial")).code, 250)
        at = rf"\[{re.escape(MX)}\]:\d+"
        self.log_has(server, rf"postscreen\[\d+\]: CONNECT from {at} to \[127\.0\.0\.1\]:{server.port}\n")
        self.log_has(server, rf"postscreen\[\d+\]: PASS NEW {at}\n")
        self.assertEqual(len(self.connect(server, MX).greeting.lines), 1)
        self.log_has(server, rf"PASS OLD {at}\n")

    def who_talks_early_is_refused(self, server):
        session = self.connect(server, "127.0.9.1", greet=False)
        session.send("EHLO early\r\n")
        self.log_has(server, r"PREGREET 12 after 0(\.\d+)? from \[127\.0\.9\.1\]:\d+: EHLO early\\r\\n\n")
        while not session.line().startswith("250 "):
            pass
        self.assert_reply(session.envelope("a@sender.test", ALICE)[1], "550 5.5.1 Protocol error")
        session.close()
        self.log_has(server, r"DISCONNECT \[127\.0\.9\.1\]:\d+\n")

    def is_blocked(self, server, client, zone, rank):
        self.assertEqual(self.envelope(server, client),
                         f"550 5.7.1 Service unavailable; client [{client}] blocked using {zone}")
        self.log_has(server, rf"dnsblog\[\d+\]: addr {re.escape(client)} listed by domain {re.escape(zone)} as 127\.0\.0\.\d\n")
        self.log_has(server, rf"postscreen\[\d+\]: DNSBL rank {rank} for \[{re.escape(client)}\]:\d+\n")


class TakingMailBack(Tutorial):
    text = "ars.cf"

    def test_the_reader_sees_what_the_tutorial_shows(self):
        server = self.pasted()
        self.mail_comes_in(server)
        self.who_talks_early_is_refused(server)
        self.is_blocked(server, ZEN, "zen.spamhaus.org", 1)
        self.is_blocked(server, SPAMCOP, "bl.spamcop.net", 1)


class Burst(Tutorial):
    """The same tutorial's firewall: 20 new connections within 10 s from one address are too many, at 25, 465 and 587, but not
    from the local network. Here it is a setting."""

    text = "ars.cf"

    def first_line(self, port, client, tls=False):
        try:
            with Client(port, source=client, greet=False, tls=insecure_tls() if tls else None) as session:
                return session.line()
        except (EOFError, OSError):
            return ""

    def test_rb6_what_its_firewall_does(self):
        port, = free_ports(1)
        server = self.pasted(lambda server: {
            "client_connection_burst_limit": "20/10s", "submission_listen": f"{STRANGER}:{port}",
            "submissions_listen": f"{STRANGER}:{server.submissions_port}"})
        places = (("smtp", server.port, False), ("submission", port, False), ("submissions", server.submissions_port, True))
        for service, where, tls in places:
            with self.subTest(service):
                heard = [self.first_line(where, TWO, tls)[:3] for _ in range(24)]
                self.assertEqual(heard[:19], ["220"] * 19)
                # Before TLS nothing can be said.
                self.assertEqual(set(heard[19:]), {""} if tls else {"421"})
                server.wait_log(f"warning: Connection burst rate limit exceeded: 20 from unknown[{TWO}] for service {service}")
                self.assertEqual([self.first_line(where, HOME, tls)[:3] for _ in range(40)], ["220"] * 40)
        # Others do not notice.
        self.mail_comes_in(server)


class Postscreen(Tutorial):
    text = "postscreen.cf"

    def test_lists_add_up_to_three(self):
        server = self.pasted()
        self.mail_comes_in(server)
        self.who_talks_early_is_refused(server)
        self.is_blocked(server, ZEN, "zen.spamhaus.org", 3)
        self.is_blocked(server, TWO, "b.barracudacentral.org", 3)
        self.assertEqual(self.envelope(server, SPAMCOP), "250 2.1.5 Ok")
        # 3 of zen, and -6 of dnswl.
        self.assertEqual(self.envelope(server, VOUCHED), "250 2.1.5 Ok")
        self.log_has(server, rf"PASS NEW \[{re.escape(VOUCHED)}\]:\d+\n")
        self.assertIn("is called postscreen_denylist_action now", server.log() + server.said())

    def test_the_access_lists(self):
        server = self.pasted()
        self.assertEqual(self.envelope(server, FRIEND), "250 2.1.5 Ok")
        self.log_has(server, rf"(ALLOW|WHITE)LISTED \[{re.escape(FRIEND)}\]:\d+\n")
        self.assertIn("521 5.3.2 Service currently unavailable", self.rest(self.connect(server, DENIED, greet=False)))
        self.log_has(server, rf"(DENY|BLACK)LISTED \[{re.escape(DENIED)}\]:\d+\n")

    def test_the_deep_tests(self):
        server = self.pasted()
        for client, octets, replies, line in (
                ("127.0.20.1", b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\n", 2, "COMMAND PIPELINING from {} after EHLO"),
                ("127.0.21.1", b"EHLO c.test\n", 1, "BARE NEWLINE from {} after EHLO c.test")):
            with self.subTest(line):
                session = self.connect(server, client)
                session.send(octets)
                for _ in range(replies):
                    self.assertEqual(session.reply().code, 250)
                self.assertEqual(session.envelope("a@b.test", ALICE)[1].code, 550)
                self.log_has(server, line.format(rf"\[{re.escape(client)}\]:\d+"))
        session = self.connect(server, "127.0.22.1")
        session.send(b"Subject: x\r\n")
        self.log_has(server, r"NON-SMTP COMMAND from \[127\.0\.22\.1\]:\d+ after CONNECT: Subject: x\n")

    def test_the_domain_block_list(self):
        self.dns.add("spam.test.dbl.spamhaus.org", "A", "127.0.1.2")
        self.dns.add("spam.test.dbl.spamhaus.org", "TXT", "https://check.spamhaus.org")
        self.dns.add(backwards(SPAMCOP, "in-addr.arpa"), "PTR", "spam.test")
        server = self.pasted()
        refusal = "554 5.7.1 Service unavailable; {} [{}] blocked using dbl.spamhaus.org; https://check.spamhaus.org"
        for client, sender, helo, words, what in (
                (MX, "x@spam.test", "c.test", "Sender address", "x@spam.test"),
                (MX, "x@sender.test", "spam.test", "Helo command", "spam.test"),
                (SPAMCOP, "x@sender.test", "c.test", "Unverified Client host", "spam.test")):
            with self.subTest(words):
                said = refusal.format(words, what)
                self.assertEqual(self.envelope(server, client, sender, helo), said)
                self.log_has(server, rf"smtpd\[\d+\]: NOQUEUE: reject: RCPT from \S+: {re.escape(said)}; from=<{sender}> ")
        self.assertEqual(self.envelope(server, MX), "250 2.1.5 Ok")

# SPDX-License-Identifier: Apache-2.0
# e2e: the PROXY protocol (PS31): proxies that are believed say who the client is, others are not served.
import ipaddress
import re
import socket
import struct

from harness import DOMAIN, HOME, STRANGER, Case, message, wait_for
from smtp_client import Client, insecure_tls

ALICE = f"alice@{DOMAIN}"
PROXY, OTHER = "127.0.3.1", "127.0.3.2"
CLIENT, LOCAL = "192.0.2.33", "192.0.2.25"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PEERS = {"proxy_protocol_peers": f"{PROXY}/32"}
ON = {**PEERS, "postscreen_upstream_proxy_protocol": "haproxy"}
SUBMISSION = {**PEERS, "smtpd_upstream_proxy_protocol": "haproxy"}


def line(client=CLIENT, local=LOCAL, protocol="TCP4"):
    return f"PROXY {protocol} {client} {local} 50013 25\r\n".encode()


def binary(client=CLIENT, local=LOCAL, command=0x21, more=b""):
    family = 0x11 if ":" not in client else 0x21
    body = ipaddress.ip_address(client).packed + ipaddress.ip_address(local).packed + struct.pack(">HH", 50013, 25) + more
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(body)) + body


class Proxy(Case):
    def proxied(self, settings=None, on=ON, port="port"):
        """Started without a look at whether it greets: that would be a client without a header."""
        server = self.unstarted({**on, **(settings or {})})
        server.spawn()
        wait_for(lambda: self.reachable(getattr(server, port)), "the listener")
        return server

    @staticmethod
    def reachable(port):
        try:
            with socket.create_connection((STRANGER, port), source_address=(OTHER, 0)):
                return True
        except OSError:
            return False

    def connect(self, port, header, source=PROXY, greet=True):
        session = Client(port, source=source, greet=False)
        self.addCleanup(session.close)
        if header:
            session.send(header)
        if greet:
            session.greeting = session.reply()
        return session

    def log_has(self, server, pattern):
        wait_for(lambda: re.search(pattern, server.log()), f"{pattern!r} in the log:\n{server.log()}")

    def is_closed(self, session):
        """Hung up on, without a word."""
        try:
            return session.socket.recv(100) == b""
        except ConnectionResetError:
            return True

    def test_ps31_the_client_is_who_the_header_says(self):
        for header, shown in ((line(), CLIENT), (binary(), CLIENT), (binary(more=b"\x04\x00\x03abc"), CLIENT),
                              (line("2001:db8::7", "2001:db8::1", "TCP6"), "2001:db8::7"),
                              (binary("2001:db8::7", "2001:db8::1"), "2001:db8::7")):
            with self.subTest(header):
                server = self.proxied()
                session = self.connect(server.port, header)
                session.ehlo()
                self.assertEqual(session.envelope("a@x.test", "c@elsewhere.test")[1].code, 454)
                session.ask("RSET")
                self.assertEqual([r.code for r in session.envelope("a@x.test", ALICE)], [250, 250])
                self.assertEqual(session.data(message("proxied")).code, 250)
                self.log_has(server, rf"connect from unknown\[{re.escape(shown)}\]")
                literal = f"IPv6:{shown}" if ":" in shown else shown
                self.assertIn(f"[{literal}]".encode(), server.one_text("alice"))

    def test_ps31_mynetworks_are_those_of_the_header(self):
        server = self.proxied({"mynetworks": f"{PROXY}/32"})
        session = self.connect(server.port, line())
        session.ehlo()
        self.assertEqual(session.envelope("a@x.test", "c@elsewhere.test")[1].code, 454)

    def test_ps31_screening_tests_the_client_of_the_header(self):
        server = self.proxied({"postscreen_enable": "yes", "postscreen_greet_wait": "1s",
                               "postscreen_access_list": f"inline:{{{{{CLIENT} = reject}}}}",
                               "postscreen_denylist_action": "drop"})
        session = self.connect(server.port, line(), greet=False)
        wait_for(lambda: session.line().startswith("521 5.3.2"), "the farewell")
        self.log_has(server, rf"CONNECT from \[{re.escape(CLIENT)}\]:50013 to \[{re.escape(LOCAL)}\]:25\n")

    def test_ps31_the_header_is_not_talking_early_and_what_follows_is(self):
        server = self.proxied({"postscreen_enable": "yes", "postscreen_greet_wait": "1s"})
        session = self.connect(server.port, line() + b"EHLO User\r\n", greet=False)
        self.log_has(server, rf"PREGREET 11 after 0(\.\d+)? from \[{re.escape(CLIENT)}\]:50013: EHLO User\\r\\n\n")
        self.assertTrue(session.line().startswith("220-"))

    def test_ps31_a_header_in_pieces(self):
        server = self.proxied()
        session = self.connect(server.port, b"", greet=False)
        for octet in line():
            session.send(bytes([octet]))
        self.assertEqual(session.reply().code, 220)
        self.log_has(server, rf"connect from unknown\[{re.escape(CLIENT)}\]")

    def test_ps31_a_check_by_the_proxy_itself(self):
        server = self.proxied()
        for header in (b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\x00\x00\x00"):
            self.assertEqual(self.connect(server.port, header).greeting.code, 220)
        self.log_has(server, rf"connect from unknown\[{re.escape(PROXY)}\]")

    def test_ps31_without_a_good_header_nothing_is_said(self):
        server = self.proxied({"postscreen_upstream_proxy_timeout": "1s"})
        for header, problem in ((b"EHLO x\r\n", "there is no proxy header"), (b"", "time limit exceeded"),
                                (line("192.0.2.999"), "bad address in the proxy line"),
                                (binary(command=0x2F), "unknown command in the proxy header"),
                                (SIGNATURE + b"\x21\x11\xff\xff", "the proxy header is too long")):
            with self.subTest(problem):
                session = self.connect(server.port, header, greet=False)
                self.assertTrue(self.is_closed(session))
                self.log_has(server, rf"postscreen\[\d+\]: warning: haproxy read: {problem} from {re.escape(PROXY)}")
        self.connect(server.port, b"PROXY ", greet=False).close()
        self.log_has(server, "warning: haproxy read: EOF")

    def test_ps31_a_stranger_cannot_say_who_it_is(self):
        server = self.proxied()
        for header in (b"", line(), binary(HOME)):
            session = self.connect(server.port, header, source=OTHER, greet=False)
            self.assertTrue(self.is_closed(session))
        self.log_has(server, rf"warning: haproxy read: not a trusted proxy from {re.escape(OTHER)}")
        self.assertNotIn(f"connect from unknown[{CLIENT}]", server.log())

    def test_ps31_connections_are_counted_by_client(self):
        server = self.proxied({"smtpd_client_connection_count_limit": "2"})
        held = [self.connect(server.port, line()) for _ in range(2)]
        self.assertEqual([session.greeting.code for session in held], [220, 220])
        self.assertEqual(self.connect(server.port, line()).greeting.code, 421)
        # Another client of the same proxy.
        self.assertEqual(self.connect(server.port, line("192.0.2.34")).greeting.code, 220)
        held[0].close()
        wait_for(lambda: self.connect(server.port, line()).greeting.code == 220, "room for the client again")

    def test_ps31_bans_and_rates_are_about_the_client_not_the_proxy(self):
        server = self.proxied({"ban_enable": "yes", "ban_threshold": "2", "ban_rules": "relay_denied=1",
                               "smtpd_client_connection_rate_limit": "4", "anvil_rate_time_unit": "1h"})
        session = self.connect(server.port, line())
        session.ehlo()
        session.ask("MAIL FROM:<a@x.test>")
        for _ in range(2):
            self.assertEqual(session.ask("RCPT TO:<c@elsewhere.test>").code, 454)
        self.log_has(server, rf"Ban {re.escape(CLIENT)} for 600s \(1\): relay_denied=2\n")
        banned = self.connect(server.port, line())
        self.assert_reply(banned.greeting, f"421 4.7.0 mx.{DOMAIN} Error: not served for now, because of earlier abuse "
                                           f"from {CLIENT}")
        self.assertTrue(self.is_closed(banned))
        # Another client behind the same proxy, until it comes too often itself.
        codes = [self.connect(server.port, line("192.0.2.34")).greeting.code for _ in range(5)]
        self.assertEqual(codes, [220] * 4 + [421])
        # The proxy looks as often as it likes whether somebody answers.
        for _ in range(6):
            self.assertEqual(self.connect(server.port, b"PROXY UNKNOWN\r\n").greeting.code, 220)

    def test_ps31_the_burst_limit_is_about_the_client(self):
        server = self.proxied({"client_connection_burst_limit": "3/1h"})
        codes = [self.connect(server.port, line()).greeting.code for _ in range(4)]
        self.assertEqual(codes, [220, 220, 421, 421])
        self.assertEqual(self.connect(server.port, line("192.0.2.34")).greeting.code, 220)
        self.log_has(server, rf"Connection burst rate limit exceeded: 3 from unknown\[{re.escape(CLIENT)}\]")

    def test_ps31_submissions_have_the_header_before_tls(self):
        server = self.unstarted({**SUBMISSION})
        server.write_config({"submissions_listen": f"{STRANGER}:{server.submissions_port}"})
        server.spawn()
        wait_for(lambda: self.reachable(server.submissions_port), "the listener")
        session = self.connect(server.submissions_port, binary(), greet=False)
        session.wrap(insecure_tls())
        self.assertEqual(session.reply().code, 220)
        self.log_has(server, rf"submissions/smtpd\[\d+\]: connect from unknown\[{re.escape(CLIENT)}\]")

    def test_ps31_without_peers_it_does_not_start(self):
        for name in ("postscreen_upstream_proxy_protocol", "smtpd_upstream_proxy_protocol"):
            server = self.unstarted({name: "haproxy"})
            checked = server.command("check")
            self.assertNotEqual(checked.returncode, 0)
            self.assertIn(f"{name}: expected proxy_protocol_peers too", checked.stdout + checked.stderr)

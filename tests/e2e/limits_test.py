# SPDX-License-Identifier: Apache-2.0
# e2e: every bound the server sets to a peer, met from outside.
import time

from harness import DOMAIN, HOME, Case, message, wait_for

ALICE = f"alice@{DOMAIN}"


class Sizes(Case):
    def test_a_command_line_past_the_limit_is_refused_and_the_session_goes_on(self):
        server = self.server({"line_length_limit": "2048"})
        with server.client() as client:
            client.ehlo()
            self.assert_reply(client.ask("NOOP " + "x" * 9000), "500 5.5.2")
            self.assertEqual(client.ask("NOOP").code, 250)
            self.assertEqual(client.deliver(message(), ALICE).code, 250)

    def test_long_text_lines_lose_nothing(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(body="z" * 60000 + "\nend\n"), ALICE).code, 250)
        body = server.one_text("alice").split(b"\n\n", 1)[1]
        self.assertEqual(body.count(b"z"), 60000)
        self.assertTrue(body.endswith(b"\nend\n"))

    def test_a_declared_size_past_the_limit_is_refused_at_mail(self):
        server = self.server({"message_size_limit": "20000"})
        with server.client() as client:
            self.assertEqual(client.ehlo()["SIZE"], "20000")
            self.assert_reply(client.ask("MAIL FROM:<x@remote.test> SIZE=20001"), "552 5.3.4 Message size exceeds")
            self.assertEqual(client.ask("MAIL FROM:<x@remote.test> SIZE=20000").code, 250)

    def test_a_text_past_the_limit_is_refused_at_the_end_and_leaves_nothing(self):
        server = self.server({"message_size_limit": "20000"})
        with server.client() as client:
            client.ehlo()
            self.assert_reply(client.deliver(message(body="0123456789\n" * 400000), ALICE), "552 5.3.4")
            self.assertEqual(client.deliver(message(body="small\n"), ALICE).code, 250)
        self.assertIn(b"small\n", server.one_text("alice"))
        self.assertEqual(list(server.maildir("alice").glob("tmp/*")), [])

    def test_a_chunk_past_the_limit_is_refused_and_the_stream_stays_in_step(self):
        server = self.server({"message_size_limit": "20000"})
        with server.client() as client:
            client.ehlo()
            client.envelope("x@remote.test", ALICE)
            client.send(b"BDAT 30000 LAST\r\n" + b"NOOP\r\n" * 5000)
            self.assert_reply(client.reply(), "552 5.3.4")
            self.assertEqual(client.ask("RSET").code, 250)
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        server.one_text("alice")

    def test_a_header_field_past_the_limit_harms_nobody(self):
        server = self.server({"header_size_limit": "4096"})
        with server.client() as client:
            client.ehlo()
            reply = client.deliver(message(extra="X-Long: " + "h " * 40000 + "\n", body="whole body\n"), ALICE)
            self.assertIn(reply.code, (250, 552, 554), reply)
            self.assertEqual(client.ask("NOOP").code, 250)
        texts = server.texts("alice")
        self.assertEqual(len(texts), 1 if reply.code == 250 else 0)
        if texts:
            self.assertTrue(texts[0].endswith(b"\nwhole body\n"))

    def test_recipients_past_the_limit_wait_for_another_time(self):
        # RFC 5321 section 4.5.3.1.8: no server may set the limit below 100.
        users = [f"user{number}" for number in range(102)]
        server = self.server({"smtpd_recipient_limit": "100"}, users=users)
        with server.client() as client:
            client.ehlo()
            replies = client.envelope("x@remote.test", *(f"{user}@{DOMAIN}" for user in users))
            self.assertEqual([reply.code for reply in replies], [250] * 101 + [452] * 2)
            self.assert_reply(replies[-1], "452 4.5.3 Error: too many recipients")
            self.assertEqual(client.data(message()).code, 250)
        self.assertEqual([len(server.new(user)) for user in users], [1] * 100 + [0] * 2)


    def test_extensions_of_a_list_are_bounded_by_what_they_lead_to(self):
        server = self.unstarted({"recipient_delimiter": "+", "virtual_alias_maps": "hash:virtual"})
        (server.root / "etc" / "virtual").write_text(f"list@{DOMAIN} " + ", ".join(f"user{n}@far.test" for n in range(1000)) + "\n")
        server.start()
        with server.client() as client:
            client.ehlo()
            replies = client.envelope("x@remote.test", *(f"list+{n}@{DOMAIN}" for n in range(6)), f"list+0@{DOMAIN}")
            self.assertEqual([reply.code for reply in replies], [250] * 6 + [452, 250])
            self.assert_reply(replies[-2], "452 4.5.3 Error: too many recipients")
            self.assertEqual(client.data(message()).code, 250)
        self.assertEqual(len(server.queue()[0]["recipients"]), 5000)


class Loops(Case):
    def test_too_many_hops_are_refused(self):
        server = self.server()
        hop = "Received: from a.test by b.test; Sat, 21 Nov 2026 10:00:00 +0000\n"
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(extra=hop * 10), ALICE).code, 250)
            self.assert_reply(client.deliver(message(extra=hop * 60), ALICE), "554 5.4.0 Error: too many hops")
        server.one_text("alice")

    def test_a_message_that_was_delivered_here_before_is_refused(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            reply = client.deliver(f"Delivered-To: {ALICE}\n" + message(), ALICE)
            self.assertIn(reply.code, (550, 554), reply)
            self.assertIn("5.4.6", reply)
            self.assertEqual(client.deliver("Delivered-To: other@remote.test\n" + message(), ALICE).code, 250)
        server.one_text("alice")


class Patience(Case):
    def test_too_many_errors_end_the_session(self):
        server = self.server({"smtpd_hard_error_limit": "5", "smtpd_error_sleep_time": "0"})
        with server.client() as client:
            client.ehlo()
            codes = []
            while not codes or codes[-1] != 421:
                reply = client.ask("BLURB")
                codes.append(reply.code)
                self.assertLess(len(codes), 10)
            self.assertIn("4.7.0", reply)
            self.assertIn("too many errors", reply)
            self.assertTrue(client.at_end())
        server.wait_log("too many errors after ")

    def test_errors_past_the_soft_limit_are_answered_slowly(self):
        server = self.server({"smtpd_soft_error_limit": "2", "smtpd_error_sleep_time": "1s"})
        with server.client() as client:
            client.ehlo()
            for _ in range(3):
                client.ask("BLURB")
            begun = time.monotonic()
            client.ask("BLURB")
            self.assertGreaterEqual(time.monotonic() - begun, 0.9)

    def test_delivered_mail_forgives_errors(self):
        server = self.server({"smtpd_hard_error_limit": "5", "smtpd_error_sleep_time": "0"})
        with server.client() as client:
            client.ehlo()
            for _ in range(4):
                for _ in range(3):
                    self.assertEqual(client.ask("BLURB").code, 500)
                self.assertEqual(client.deliver(message(), ALICE).code, 250)

    def test_junk_commands_become_errors(self):
        server = self.server({"smtpd_junk_command_limit": "5", "smtpd_hard_error_limit": "3",
                              "smtpd_error_sleep_time": "0"})
        with server.client() as client:
            client.ehlo()
            codes = []
            while not codes or codes[-1] != 421:
                codes.append(client.ask("NOOP").code)
                self.assertLess(len(codes), 20)
            self.assertGreaterEqual(len(codes), 5)

    def test_a_browser_is_told_goodbye(self):
        server = self.server()
        with server.client() as client:
            self.assert_reply(client.ask("GET / HTTP/1.1"), "221 2.7.0 Error: I can break rules, too. Goodbye.")
            self.assertTrue(client.at_end())
        server.wait_log("non-SMTP command from ")

    def test_silence_is_ended(self):
        server = self.server({"smtpd_timeout": "1s"})
        with server.client() as client:
            client.ehlo()
            self.assert_reply(client.reply(), f"421 4.4.2 mx.{DOMAIN} Error: timeout exceeded")
            self.assertTrue(client.at_end())
        server.wait_log("timeout after EHLO from ")

    def test_silence_within_a_text_is_ended_and_leaves_nothing(self):
        server = self.server({"smtpd_timeout": "1s"})
        with server.client() as client:
            client.ehlo()
            client.envelope("x@remote.test", ALICE)
            client.ask("DATA")
            client.send(b"Subject: never finished\r\n\r\nhalf a text\r\n")
            self.assertEqual(client.reply().code, 421)
        server.wait_log("timeout after DATA")
        self.assertEqual(server.texts("alice"), [])
        wait_for(lambda: not list(server.maildir("alice").glob("tmp/*")), "tmp/ to be empty")

    def test_a_dripping_sender_is_ended(self):
        server = self.server({"smtpd_timeout": "2s", "smtpd_per_request_deadline": "yes",
                              "smtpd_min_data_rate": "500"})
        with server.client() as client:
            client.ehlo()
            client.envelope("x@remote.test", ALICE)
            client.ask("DATA")
            client.socket.settimeout(0.05)
            begun = time.monotonic()
            reply = None
            while reply is None and time.monotonic() - begun < 15:
                try:
                    client.send(b"x")
                    reply = client.reply()
                except TimeoutError:
                    pass
                except (EOFError, ConnectionError):
                    break
        self.assertLess(time.monotonic() - begun, 15)
        self.assertTrue(reply is None or reply.code == 421, reply)
        server.wait_log("timeout after DATA")


class Crowds(Case):
    def test_a_client_may_hold_so_many_sessions_and_no_more(self):
        server = self.server({"smtpd_client_connection_count_limit": "3"})
        held = [server.client() for _ in range(3)]
        try:
            with server.client() as client:
                self.assert_reply(client.greeting, f"421 4.7.0 mx.{DOMAIN} Error: too many connections from 127.0.0.1")
                self.assertTrue(client.at_end())
            with server.client(source="127.0.0.8") as other:
                self.assertEqual(other.greeting.code, 220)
        finally:
            for client in held:
                client.close()
        server.wait_log("Connection concurrency limit exceeded: ")

        def admitted():
            with server.client() as client:
                return client.greeting.code == 220
        wait_for(admitted, "a place after the others left")

    def test_without_a_descriptor_left_a_client_is_told_so(self):
        self.need("prlimit")
        users = [f"user{number}" for number in range(40)]
        server = self.server(users=users, launcher=["prlimit", "--nofile=64:64"])
        with server.client() as first:
            first.ehlo()
            # Maildirs that were written to stay open for a while.
            while first.deliver(message(), f"{users.pop()}@{DOMAIN}").code == 250:
                pass
            held = []
            try:
                while not held or held[-1].greeting.code == 220:
                    held.append(server.client())
                for client in (held[-1], server.client()):
                    with client:
                        self.assert_reply(client.greeting, "421 4.3.2 All server ports are busy")
                        self.assertTrue(client.at_end())
                server.wait_log("warning: accept: ")
            finally:
                for client in held:
                    client.close()

        def admitted():
            with server.client() as client:
                return client.greeting.code == 220
        wait_for(admitted, "a place after the others left")

    def test_mynetworks_are_not_counted(self):
        server = self.server({"smtpd_client_connection_count_limit": "2"})
        held = [server.client(source=HOME) for _ in range(6)]
        self.assertEqual({client.greeting.code for client in held}, {220})
        for client in held:
            client.close()

# SPDX-License-Identifier: Apache-2.0
# e2e: the language of RFC 5321 and its extensions, spoken over a real socket.
from harness import DOMAIN, Case, SharedCase, message

ALICE = f"alice@{DOMAIN}"


class Commands(SharedCase):
    def session(self, greet=True):
        client = self.gp.client()
        self.addCleanup(client.close)
        if greet:
            client.ehlo()
        return client

    def test_the_greeting_names_the_host(self):
        self.assert_reply(self.session(False).greeting, f"220 mx.{DOMAIN} ESMTP")

    def test_ehlo_offers_what_we_speak(self):
        offered = self.session(False).ehlo()
        for keyword in ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "DSN",
                        "STARTTLS"):
            self.assertIn(keyword, offered)
        self.assertEqual(offered["SIZE"], "10240000")
        self.assertNotIn("AUTH", offered)

    def test_helo_speaks_plain_smtp(self):
        client = self.session(False)
        self.assertEqual(str(client.ask("HELO old.remote.test")), f"250 mx.{DOMAIN}")
        client.deliver(message(), ALICE)
        self.assertIn(b" with SMTP id ", self.gp.one_text("alice"))

    def test_commands_out_of_order_are_told_what_is_missing(self):
        client = self.session(False)
        for command, expected in (("RCPT TO:<a@b.test>", "503 5.5.1"), ("DATA", "503 5.5.1"),
                                  ("EHLO", "501"), ("HELO", "501"), ("EHLO c.test", "250"),
                                  ("RCPT TO:<a@b.test>", "503 5.5.1 Error: need MAIL command"),
                                  ("MAIL FROM:<a@b.test>", "250 2.1.0 Ok"),
                                  ("MAIL FROM:<a@b.test>", "503 5.5.1 Error: nested MAIL command"),
                                  ("DATA", "5"), ("RSET", "250 2.0.0 Ok"),
                                  ("MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>"),
                                  ("MAIL FROM:a b", "5"), ("MAIL FROM:<a@b.test", "501 5."),
                                  ("MAIL FROM:<a@b.test> BLURB=1", "555 5.5.4"),
                                  ("MAIL FROM:<a@b.test> SIZE=abc", "501 5.5.4"),
                                  ("BLURB", "500 5.5.2"), ("QUIT", "221 2.0.0 Bye")):
            with self.subTest(command=command):
                self.assert_reply(client.ask(command), expected)
        self.assertTrue(client.at_end())

    def test_noop_rset_help_vrfy_expn(self):
        client = self.session()
        self.assert_reply(client.ask("NOOP anything"), "250 2.0.0 Ok")
        self.assert_reply(client.ask("RSET"), "250 2.0.0 Ok")
        self.assertEqual(client.ask("HELP").code, 214)
        self.assertIn(client.ask(f"VRFY {ALICE}").code, (250, 252))
        self.assertEqual(client.ask(f"VRFY nobody@{DOMAIN}").code, 550)
        self.assertEqual(client.ask("EXPN list").code, 502)

    def test_commands_in_any_case_and_with_spaces(self):
        client = self.session(False)
        for command in ("ehlo c.test", "mail from:<a@b.test>", f"Rcpt To:<{ALICE}>", "rset", "NOOP  ",
                        "mail FROM: <a@b.test>"):
            with self.subTest(command=command):
                self.assertEqual(client.ask(command).code, 250)

    def test_rset_forgets_the_envelope(self):
        client = self.session()
        client.envelope("a@b.test", ALICE)
        client.ask("RSET")
        self.assert_reply(client.ask("DATA"), "503 5.5.1")

    def test_pipelined_commands_are_answered_in_order(self):
        client = self.session()
        client.send(f"MAIL FROM:<a@b.test>\r\nRCPT TO:<{ALICE}>\r\nRCPT TO:<nobody@{DOMAIN}>\r\nDATA\r\n")
        self.assertEqual([client.reply().code for _ in range(4)], [250, 250, 550, 354])
        self.assertEqual(client.text(message()).code, 250)
        self.gp.one_text("alice")

    def test_the_next_transaction_may_be_pipelined_behind_the_final_dot(self):
        client = self.session()
        client.envelope("a@b.test", ALICE)
        client.ask("DATA")
        client.send(f"Subject: one\r\n\r\none\r\n.\r\nMAIL FROM:<c@d.test>\r\nRCPT TO:<{ALICE}>\r\nDATA\r\n")
        self.assertEqual([client.reply().code for _ in range(4)], [250, 250, 250, 354])
        self.assertEqual(client.text("Subject: two\n\ntwo\n").code, 250)
        self.assertEqual(len(self.gp.new("alice")), 2)

    def test_chunks_make_one_message_whatever_they_hold(self):
        client = self.session()
        client.envelope("a@b.test", ALICE, parameters=" BODY=8BITMIME")
        text = ("Subject: chunks\r\n\r\n.\r\n..\r\n\u00fc\r\nQUIT\r\n" + "c" * 70000 + "\r\n").encode()
        for chunk in (text[:7], text[7:16], text[16:20000], text[20000:]):
            client.send(b"BDAT %d\r\n%s" % (len(chunk), chunk))
            self.assertEqual(client.reply().code, 250)
        self.assert_reply(client.ask("BDAT 0 LAST"), "250 2.0.0 Ok: queued as ")
        self.assertTrue(self.gp.one_text("alice").endswith(text.replace(b"\r\n", b"\n")))

    def test_wrong_chunk_commands_are_refused(self):
        for command in ("BDAT", "BDAT x", "BDAT -1", "BDAT 99999999999999999999999 LAST", "BDAT 5 FIRST"):
            with self.subTest(command=command):
                client = self.session()
                client.envelope("a@b.test", ALICE)
                # Where the chunk's end cannot be known the server may hang up (421, 521).
                self.assertIn(client.ask(command).code, (501, 552, 421, 521))
        self.assertEqual(self.gp.texts("alice"), [])

    def test_data_and_bdat_do_not_mix(self):
        client = self.session()
        client.envelope("a@b.test", ALICE)
        client.send(b"BDAT 4\r\nab\r\n")
        self.assertEqual(client.reply().code, 250)
        self.assertEqual(client.ask("DATA").code, 503)

    def test_smtputf8_is_declared_or_refused(self):
        client = self.session()
        self.assert_reply(client.ask("MAIL FROM:<gr\u00fc\u00dfe@remote.test>"), "553 5.6.7")
        self.assertEqual(client.ask("MAIL FROM:<gr\u00fc\u00dfe@remote.test> SMTPUTF8 BODY=8BITMIME").code, 250)
        self.assertEqual(client.ask(f"RCPT TO:<{ALICE}>").code, 250)
        self.assertEqual(client.data(message()).code, 250)
        text = self.gp.one_text("alice").decode()
        self.assertIn("Return-Path: <gr\u00fc\u00dfe@remote.test>", text)
        self.assertIn(" with UTF8SMTP id ", text)

    def test_dsn_parameters_are_checked(self):
        client = self.session()
        for command, code in (("MAIL FROM:<a@b.test> RET=FULL ENVID=x+2By", 250),
                              (f"RCPT TO:<{ALICE}> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a@b.test", 250),
                              (f"RCPT TO:<bob@{DOMAIN}> NOTIFY=NEVER", 250),
                              (f"RCPT TO:<bob@{DOMAIN}> NOTIFY=NEVER,SUCCESS", 501),
                              (f"RCPT TO:<bob@{DOMAIN}> NOTIFY=WHEN", 501),
                              (f"RCPT TO:<bob@{DOMAIN}> ORCPT=nothing", 501), ("RSET", 250),
                              ("MAIL FROM:<a@b.test> RET=SOME", 501), ("MAIL FROM:<a@b.test> RET=HDRS RET=FULL", 501),
                              ("MAIL FROM:<a@b.test> BODY=BINARYMIME", 501)):
            with self.subTest(command=command):
                reply = client.ask(command)
                self.assertTrue(reply.code == code or code == 501 and reply.code == 555, reply)

    def test_a_text_of_any_octets_is_kept(self):
        body = bytes(octet for octet in range(1, 256) if octet not in (10, 13)) + b"\n" + b"\0nul\n"
        client = self.session()
        reply = client.deliver(message().encode() + body, ALICE, parameters=" BODY=8BITMIME")
        self.assertEqual(reply.code, 250)
        self.assertTrue(self.gp.one_text("alice").endswith(body))

    def test_an_empty_text_is_a_message(self):
        client = self.session()
        client.envelope("a@b.test", ALICE)
        client.ask("DATA")
        client.send(b".\r\n")
        self.assertEqual(client.reply().code, 250)
        self.gp.one_text("alice")

    def test_binary_noise_is_survived(self):
        noise = bytes((7 * number * number + number) % 256 for number in range(20000))
        client = self.session(False)
        try:
            client.send(noise)
            client.send(b"\r\nQUIT\r\n")
            while True:
                client.line()
        except (EOFError, ConnectionError):
            pass
        self.assertEqual(self.session().ask("NOOP").code, 250)


class Pipelining(Case):
    def test_talking_before_the_greeting_or_ahead_is_refused(self):
        server = self.server({"smtpd_forbid_unauth_pipelining": "yes"})
        with server.client() as client:
            client.send(b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n")
            replies = []
            try:
                while True:
                    replies.append(client.reply())
            except (EOFError, ConnectionError):
                pass
        self.assert_reply(replies[-1], "554 5.5.0 Error: SMTP protocol synchronization")
        self.assertRegex(server.wait_log("improper command pipelining after EHLO from"), r"\[127\.0\.0\.1\]: MAIL FROM")

    def test_body_sent_with_data_before_354_is_refused(self):
        server = self.server({"smtpd_forbid_unauth_pipelining": "yes"})
        with server.client() as client:
            client.ehlo()
            client.envelope("a@b.test", ALICE)
            client.send(b"DATA\r\nSubject: hasty\r\n\r\ntext\r\n.\r\n")
            self.assertEqual(client.reply().code, 554)
        self.assertEqual(server.texts("alice"), [])

    def test_keywords_can_be_withheld(self):
        server = self.server({"smtpd_discard_ehlo_keywords": "chunking, dsn"})
        with server.client() as client:
            offered = client.ehlo()
            self.assertNotIn("CHUNKING", offered)
            self.assertNotIn("DSN", offered)
            self.assertIn("SIZE", offered)

    def test_helo_can_be_required_and_vrfy_refused(self):
        server = self.server({"smtpd_helo_required": "yes", "disable_vrfy_command": "yes"})
        with server.client() as client:
            self.assert_reply(client.ask("MAIL FROM:<a@b.test>"), "503 5.5.1 Error: send HELO/EHLO first")
            client.ehlo()
            self.assert_reply(client.ask("VRFY alice"), "502 5.5.1 VRFY command is disabled")

# SPDX-License-Identifier: Apache-2.0
# e2e: no octets after DATA make two messages of one, whatever stands where a line should end.
from harness import DOMAIN, HOME, Case, message

# What another server might take for the end of the text. Only CRLF.CRLF is.
FALSE_ENDS = {
    "LF.LF": b"\n.\n", "CRLF.LF": b"\r\n.\n", "LF.CRLF": b"\n.\r\n", "CR.CR": b"\r.\r", "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r", "LF.CR": b"\n.\r", "CR.LF": b"\r.\n", "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "NUL after CRLF": b"\r\n\0.\r\n", "NUL before CRLF": b"\r\n.\0\r\n",
    "NUL in CRLF": b"\r\0\n.\r\n", "space after dot": b"\r\n. \r\n", "space before dot": b"\r\n .\r\n",
    "two dots": b"\r\n..\r\n", "LFLF.LF": b"\n\n.\n", "CRLF.LFCR": b"\r\n.\n\r", "NEL": b"\xc2\x85.\xc2\x85",
    "VT": b"\x0b.\x0b", "LS": b"\xe2\x80\xa8.\xe2\x80\xa8",
}
# With these the octets hold a genuine CRLF.CRLF for some readers; RFC 5321 section 4.1.1.4 does not see one.
STARTS = {"at the first octet": b".\n", "LF first": b"\n.\n", "CR dot": b".\r", "dot LF CR": b".\n\r"}


class Smuggling(Case):
    def play(self, server, mode, octets_before, ending):
        """Sends a text with a second transaction hidden behind `ending`; the replies to all of it."""
        hidden = (b"MAIL FROM:<evil@remote.test>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n"
                  b"From: <evil@remote.test>\r\nSubject: smuggled\r\n\r\nsmuggled\r\n")
        with server.client() as client:
            client.ehlo()
            client.envelope("x@remote.test", f"alice@{DOMAIN}")
            self.assertEqual(client.ask("DATA").code, 354)
            client.send(octets_before + ending + hidden + b".\r\n")
            replies = [client.reply()]
            client.send("QUIT\r\n")
            try:
                while replies[-1].code not in (221, 421):
                    replies.append(client.reply())
            except (EOFError, ConnectionError):
                pass
        return [reply for reply in replies if reply.code not in (221, 421)]

    def assert_one(self, server, mode, name, replies):
        with self.subTest(mode=mode, ending=name):
            self.assertEqual(len(replies), 1, [str(reply) for reply in replies])
            self.assertEqual(server.texts("bob"), [])
            texts = server.texts("alice")
            if replies[0].code == 250:
                self.assertEqual(len(texts), 1)
                self.assertIn(b"smuggled", texts[0])
            else:
                self.assertEqual(mode, "reject", str(replies[0]))
                self.assertIn(replies[0].code, (550, 521))
                self.assertEqual(texts, [])
        for path in server.everything_new():
            path.unlink()

    def run_mode(self, mode):
        server = self.server({"smtpd_forbid_bare_newline": mode})
        before = message(body="the first text").encode().replace(b"\n", b"\r\n")
        for name, ending in FALSE_ENDS.items():
            self.assert_one(server, mode, name, self.play(server, mode, before, ending))
        for name, ending in STARTS.items():
            self.assert_one(server, mode, name, self.play(server, mode, b"", ending))
        return server

    def test_normalize_never_gives_two_messages(self):
        self.run_mode("normalize")

    def test_note_never_gives_two_messages_and_notes_it(self):
        server = self.run_mode("note")
        server.wait_log("bare_lf")

    def test_reject_never_gives_two_messages(self):
        self.run_mode("reject")

    def test_reject_answers_550_to_a_bare_lf_and_takes_the_next_message(self):
        server = self.server({"smtpd_forbid_bare_newline": "reject"})
        with server.client() as client:
            client.ehlo()
            client.envelope("x@remote.test", f"alice@{DOMAIN}")
            client.ask("DATA")
            client.send(b"Subject: x\r\n\r\none\ntwo\r\n.\r\n")
            self.assert_reply(client.reply(), "550 5.5.2 ")
            self.assertEqual(client.deliver(message(), f"alice@{DOMAIN}").code, 250)
        server.one_text("alice")

    def test_reject_covers_bdat(self):
        server = self.server({"smtpd_forbid_bare_newline": "reject"})
        with server.client() as client:
            client.ehlo()
            client.envelope("x@remote.test", f"alice@{DOMAIN}")
            text = b"Subject: x\r\n\r\none\ntwo\r\n"
            client.send(b"BDAT %d LAST\r\n%s" % (len(text), text))
            self.assertEqual(client.reply().code, 550)
        self.assertEqual(server.texts("alice"), [])

    def test_mynetworks_are_excluded_where_asked(self):
        server = self.server({"smtpd_forbid_bare_newline": "reject",
                              "smtpd_forbid_bare_newline_exclusions": "$mynetworks"})
        with server.client(source=HOME) as client:
            client.ehlo()
            client.envelope("x@remote.test", f"alice@{DOMAIN}")
            client.ask("DATA")
            client.send(b"Subject: x\r\n\r\none\ntwo\r\n.\r\n")
            self.assertEqual(client.reply().code, 250)
        server.one_text("alice")

    def test_a_bare_lf_within_bdat_makes_one_message(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            client.envelope("x@remote.test", f"alice@{DOMAIN}")
            text = b"Subject: x\r\n\r\none\n.\nMAIL FROM:<evil@remote.test>\r\n.\r\ntwo\r\n"
            client.send(b"BDAT %d LAST\r\n%s" % (len(text), text))
            self.assertEqual(client.reply().code, 250)
            self.assertEqual(client.ask("QUIT").code, 221)
        self.assertIn(b"two", server.one_text("alice"))

    def test_a_text_cut_at_every_octet_of_its_end_is_the_same(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            tail = b"\r\n.stuffed\r\n..\r\n\r\n.\r\n"
            for cut in range(1, len(tail)):
                client.envelope("x@remote.test", f"alice@{DOMAIN}")
                client.ask("DATA")
                client.send(b"Subject: cut\r\n\r\ntext" + tail[:cut])
                client.send(tail[cut:])
                self.assertEqual(client.reply().code, 250)
        bodies = {text.split(b"\n\n", 1)[1] for text in server.texts("alice")}
        self.assertEqual(bodies, {b"text\nstuffed\n.\n\n"})

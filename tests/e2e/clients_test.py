# SPDX-License-Identifier: Apache-2.0
# e2e: real clients, each in the clear, with STARTTLS and with implicit TLS.
import peers
from harness import DOMAIN, STRANGER, SharedCase, free_ports, message

BODY = ("Dots at line starts:\n.\n..\n.hidden\n" "\ttab, trailing space \n" + "x" * 990 + "\n"
        "8 bit: gr\u00fc\u00dfe\n" "From the start of a line\n\nlast line\n")


class RealClients(SharedCase):
    @classmethod
    def setUpClass(cls):
        submissions, = free_ports(1)
        # AUTH is submission_test's.
        cls.settings = {"submissions_listen": f"{STRANGER}:{submissions}", "mynetworks": "127.0.0.0/8",
                        "submissions.smtpd_relay_restrictions": "permit_mynetworks, reject"}
        cls.submissions = submissions
        super().setUpClass()

    def play(self, name, transport):
        reason = peers.missing(name)
        if reason:
            self.skipTest(reason)
        port = self.submissions if transport == "implicit" else self.gp.port
        sender = f"{name}@remote.test"
        text = message(subject=f"{name} {transport}", body=BODY, sender=sender,
                       extra="MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                             "Content-Transfer-Encoding: 8bit\n")
        peers.SENDERS[name](transport, port, sender, f"alice@{DOMAIN}", text, self.gp.root)
        stored = self.gp.one_text("alice").decode()
        trace, kept = split_trace(stored)
        self.assertEqual(trace[0], f"Return-Path: <{sender}>")
        self.assertEqual(trace[1], f"Delivered-To: alice@{DOMAIN}")
        self.assertRegex(trace[2], r"^Received: from ")
        # smtp-source says HELO; nodemailer may declare SMTPUTF8.
        protocol = ("SMTP" if name == "smtp-source" else "(ESMTP|UTF8SMTP)") + ("" if transport == "plain" else "S")
        self.assertRegex(trace[2], rf"(?s)by mx\.{DOMAIN} .*with {protocol} id [0-9A-F]+")
        if transport != "plain":
            self.assertRegex(trace[2], r"(?s)\(using TLSv1\.[23] with cipher \S+ \(\d+/\d+ bits\)")
        if name == "smtp-source":
            self.assertIn("smtp-source", kept)
            return
        # swaks and curl may add the line end that closes the last line, nothing else.
        self.assertEqual(kept.rstrip("\n"), text.rstrip("\n"))


def split_trace(stored):
    """The unfolded-by-field trace the server added, and the message as sent."""
    lines = stored.split("\n")
    fields = [[lines[0]]]
    at = 1
    while len(fields) < 3 or lines[at][:1] in " \t":
        if lines[at][:1] in (" ", "\t"):
            fields[-1].append(lines[at])
        else:
            fields.append([lines[at]])
        at += 1
    return ["\n".join(field) for field in fields], "\n".join(lines[at:])


def _add(name, transport):
    def test(self):
        self.play(name, transport)
    test.__doc__ = f"{name} delivers a message, {transport}"
    setattr(RealClients, f"test_{name.replace('-', '_')}_{transport}", test)


for _name in peers.SENDERS:
    for _transport in ("plain", "starttls", "implicit"):
        _add(_name, _transport)

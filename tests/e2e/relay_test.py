# SPDX-License-Identifier: Apache-2.0
# e2e: who may send where, and what is kept for other hosts.
import signal

from harness import DOMAIN, HOME, Case, SharedCase, message

ELSEWHERE = "someone@elsewhere.test"


class Relay(SharedCase):
    def test_a_stranger_cannot_relay(self):
        with self.gp.client() as client:
            client.ehlo()
            mail, rcpt = client.envelope("x@remote.test", ELSEWHERE)
            self.assertEqual(mail.code, 250)
            self.assertIn(rcpt.code, (454, 554))
            self.assertIn(f"<{ELSEWHERE}>: Relay access denied", rcpt)
            self.assert_reply(client.ask("DATA"), "554 5.5.1")
        line = self.gp.wait_log("Relay access denied")
        self.assertRegex(line, r"NOQUEUE: reject: RCPT from \S+\[127\.0\.0\.1\]: \d{3} 4?5?\.7\.1 |NOQUEUE: reject")
        self.assertIn(f"from=<x@remote.test> to=<{ELSEWHERE}> proto=ESMTP helo=<client.remote.test>", line)

    def test_tricks_with_addresses_do_not_relay(self):
        tricks = (f"someone%elsewhere.test@{DOMAIN}", f"elsewhere.test!someone@{DOMAIN}", "someone@[192.0.2.1]",
                  f"@{DOMAIN}:{ELSEWHERE}", f'"{ELSEWHERE}"@{DOMAIN}', f"{ELSEWHERE}@{DOMAIN}",
                  f"someone@elsewhere.test.", f"someone@{DOMAIN}.elsewhere.test", f"@{DOMAIN},@x.test:{ELSEWHERE}")
        with self.gp.client() as client:
            client.ehlo()
            client.ask("MAIL FROM:<x@remote.test>")
            for trick in tricks:
                with self.subTest(trick=trick):
                    self.assertGreaterEqual(client.ask(f"RCPT TO:<{trick}>").code, 400)
        self.assertEqual(self.gp.queue(), [])

    def test_an_own_sender_address_does_not_relay(self):
        with self.gp.client() as client:
            client.ehlo()
            _, rcpt = client.envelope(f"alice@{DOMAIN}", ELSEWHERE)
            self.assertIn("Relay access denied", rcpt)


class Queue(Case):
    def fill(self, server, *recipients):
        with server.client(source=HOME) as client:
            client.ehlo()
            reply = client.deliver(message("out"), *recipients, sender=f"alice@{DOMAIN}")
        self.assert_reply(reply, "250 2.0.0 Ok: queued as ")
        return reply.raw.split()[-1]

    def assert_listed(self, server, identity, recipients):
        rows = [row for row in server.queue() if row["queue_id"] == identity]
        self.assertEqual(len(rows), 1, server.queue())
        self.assertEqual(rows[0]["sender"], f"alice@{DOMAIN}")
        self.assertEqual({row["address"] for row in rows[0]["recipients"]}, set(recipients))
        listing = server.command(name="mailq")
        self.assertEqual(listing.returncode, 0, listing.stderr)
        self.assertRegex(listing.stdout, rf"(?m)^{identity}\*? +\d+ ... ... [ \d]\d \d\d:\d\d:\d\d +alice@{DOMAIN}$")
        for recipient in recipients:
            self.assertRegex(listing.stdout, rf"(?m)^ +{recipient}$")
        self.assertRegex(listing.stdout, r"(?m)^-- \d+ Kbytes in \d+ Requests?\.$")

    def test_mail_of_mynetworks_for_others_is_queued_and_survives_a_restart(self):
        server = self.server()
        recipients = (ELSEWHERE, "two@elsewhere.test", "three@other.test")
        identity = self.fill(server, *recipients)
        self.assert_listed(server, identity, recipients)
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assert_listed(server, identity, recipients)

    def test_queued_mail_survives_kill_9(self):
        server = self.server()
        identities = [self.fill(server, f"r{number}@elsewhere.test") for number in range(5)]
        server.signal(signal.SIGKILL)
        server.wait()
        server.start()
        self.assertEqual({row["queue_id"] for row in server.queue()}, set(identities))

    def test_one_message_for_here_and_elsewhere_goes_both_ways(self):
        server = self.server()
        identity = self.fill(server, f"bob@{DOMAIN}", ELSEWHERE)
        self.assertIn("Subject: out", server.one_text("bob").decode())
        self.assert_listed(server, identity, (ELSEWHERE,))

    def test_an_empty_queue_says_so(self):
        server = self.server()
        listing = server.command(name="mailq")
        self.assertEqual((listing.returncode, listing.stdout.strip()), (0, "Mail queue is empty"))
        self.assertEqual(server.queue(), [])

    def test_the_queue_is_listed_while_the_server_is_stopped_or_says_it_cannot(self):
        server = self.server()
        self.fill(server, ELSEWHERE)
        server.stop()
        listing = server.command("queue")
        self.assertIn(listing.returncode, (0, 69), listing.stderr)
        self.assertTrue(ELSEWHERE in listing.stdout or listing.stderr)


class Restrictions(Case):
    def test_configured_restrictions_decide_with_their_reply(self):
        for restrictions, code in (("permit_mynetworks reject_unauth_destination", "554 5.7.1"),
                                   ("permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination",
                                    "454 4.7.1"),
                                   ("permit_mynetworks, reject", "554 5.7.1")):
            with self.subTest(restrictions=restrictions):
                server = self.server({"smtpd_relay_restrictions": restrictions})
                with server.client() as client:
                    client.ehlo()
                    self.assert_reply(client.envelope("x@remote.test", ELSEWHERE)[1], code)
                with server.client(source=HOME) as client:
                    client.ehlo()
                    self.assertEqual(client.envelope("x@remote.test", ELSEWHERE)[1].code, 250)

    def test_a_configuration_that_would_relay_for_all_does_not_start(self):
        for restrictions in ("permit", "permit_mynetworks", "permit_mynetworks, permit"):
            with self.subTest(restrictions=restrictions):
                server = self.unstarted({"smtpd_relay_restrictions": restrictions})
                server.spawn()
                self.assertEqual(server.wait(), 78, server.said())
                self.assertIn("smtpd_relay_restrictions", server.said() + server.log())

    def test_mynetworks_with_negation_leaves_the_named_host_out(self):
        server = self.server({"mynetworks": f"!127.0.0.1 127.0.0.0/8"})
        for source, code in (("127.0.0.1", 454), (HOME, 250)):
            with server.client(source=source) as client:
                client.ehlo()
                rcpt = client.envelope("x@remote.test", ELSEWHERE)[1]
                self.assertTrue(rcpt.code == code or (code == 454 and rcpt.code == 554), rcpt)

# SPDX-License-Identifier: Apache-2.0
# e2e: which recipients exist, and how one message reaches several of them.
from harness import DOMAIN, Case, SharedCase, message, wait_for


class Recipients(SharedCase):
    def rcpt(self, address):
        with self.gp.client() as client:
            client.ehlo()
            return client.envelope("x@remote.test", address)[1]

    def test_an_unknown_user_is_refused_at_rcpt(self):
        reply = self.rcpt(f"nobody@{DOMAIN}")
        self.assert_reply(reply, f"550 5.1.1 <nobody@{DOMAIN}>: Recipient address rejected: User unknown")
        line = self.gp.wait_log(f"<nobody@{DOMAIN}>: Recipient address rejected: User unknown")
        self.assertIn(f"to=<nobody@{DOMAIN}> proto=ESMTP", line)

    def test_users_are_found_whatever_the_case(self):
        for address in (f"alice@{DOMAIN}", f"ALICE@{DOMAIN}", f"Alice@{DOMAIN.upper()}", f'"alice"@{DOMAIN}'):
            with self.subTest(address=address):
                self.assertEqual(self.rcpt(address).code, 250)

    def test_mail_for_another_case_lands_in_the_same_mailbox(self):
        with self.gp.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), f"ALICE@{DOMAIN.upper()}").code, 250)
        self.gp.one_text("alice")

    def test_postmaster_is_always_accepted_and_kept(self):
        for number, address in enumerate((f"postmaster@{DOMAIN}", "postmaster", f"PostMaster@{DOMAIN}")):
            with self.subTest(address=address):
                body = f"for the postmaster {number}\n"
                with self.gp.client() as client:
                    client.ehlo()
                    self.assert_reply(client.deliver(message(body=body), address), "250 2.0.0 Ok: queued as ")
                kept = [path for path in self.gp.everything_new() if body.encode() in path.read_bytes()]
                self.assertEqual(len(kept), 1)

    def test_path_tricks_in_a_local_part_reach_no_file(self):
        for local in ("../alice", "..", ".", '"../../etc/x"', '"a/b"', "alice/", '"alice\\/x"', '"al\\ ice"'):
            with self.subTest(local=local):
                self.assertGreaterEqual(self.rcpt(f"{local}@{DOMAIN}").code, 500)

    def test_a_refused_recipient_leaves_the_others(self):
        with self.gp.client() as client:
            client.ehlo()
            codes = [reply.code for reply in
                     client.envelope("x@remote.test", f"alice@{DOMAIN}", f"nobody@{DOMAIN}", f"bob@{DOMAIN}")]
            self.assertEqual(codes, [250, 250, 550, 250])
            self.assertEqual(client.data(message()).code, 250)
        self.gp.one_text("alice")
        self.gp.one_text("bob")

    def test_the_null_sender_is_accepted_and_shown(self):
        with self.gp.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), f"alice@{DOMAIN}", sender="").code, 250)
        self.assertTrue(self.gp.one_text("alice").startswith(b"Return-Path: <>\n"))

    def test_a_recipient_named_twice_gets_one_copy(self):
        with self.gp.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), f"alice@{DOMAIN}", f"alice@{DOMAIN}").code, 250)
        self.gp.one_text("alice")

    def test_many_recipients_share_one_store_of_the_text(self):
        with self.gp.client() as client:
            client.ehlo()
            users = ("alice", "bob", "carol", "dave")
            client.deliver(message(body="shared\n" * 2000), *(f"{user}@{DOMAIN}" for user in users))
        files = [self.gp.new(user)[0] for user in users]
        self.assertEqual({path.stat().st_nlink for path in files}, {4})
        self.assertEqual(len({path.stat().st_ino for path in files}), 1)

    def test_no_recipient_learns_of_another(self):
        with self.gp.client() as client:
            client.ehlo()
            client.deliver(message(to=f"alice@{DOMAIN}"), f"alice@{DOMAIN}", f"carol@{DOMAIN}")
        self.assertNotIn(b"carol", self.gp.one_text("alice"))

    def test_a_maildir_name_is_unique_and_safe(self):
        with self.gp.client() as client:
            client.ehlo()
            for _ in range(20):
                client.deliver(message(), f"bob@{DOMAIN}")
        names = [path.name for path in self.gp.new("bob")]
        self.assertEqual(len(names), 20)
        for name in names:
            self.assertRegex(name, r"^\d{9,}\.[A-Za-z0-9]+\.[^/:]+$")
        self.assertEqual(list((self.gp.maildir("bob") / "tmp").iterdir()), [])
        self.assertEqual(list((self.gp.maildir("bob") / "cur").iterdir()), [])

    def test_mailboxes_are_private(self):
        with self.gp.client() as client:
            client.ehlo()
            client.deliver(message(), f"dave@{DOMAIN}")
        self.assertEqual(self.gp.new("dave")[0].stat().st_mode & 0o077, 0)
        self.assertEqual(self.gp.maildir("dave").stat().st_mode & 0o077, 0)


class Stores(Case):
    def test_copies_are_written_when_sharing_is_switched_off(self):
        server = self.server({"maildir_share_text": "no"})
        with server.client() as client:
            client.ehlo()
            client.deliver(message(body="copied\n"), f"alice@{DOMAIN}", f"bob@{DOMAIN}")
        for user in ("alice", "bob"):
            text = server.one_text(user)
            self.assertIn(f"Delivered-To: {user}@{DOMAIN}\n".encode(), text)
            self.assertIn(b"copied\n", text)
            self.assertEqual(server.new(user)[0].stat().st_nlink, 1)

    def test_a_user_added_to_the_file_is_known_without_a_restart(self):
        server = self.server()

        def code():
            with server.client() as client:
                client.ehlo()
                return client.envelope("x@remote.test", f"erin@{DOMAIN}")[1].code
        self.assertEqual(code(), 550)
        server.write_users(("alice", "erin"))
        wait_for(lambda: code() == 250, "the new user")

    def test_virtual_mailbox_domains_have_their_own_users(self):
        server = self.server({"virtual_mailbox_domains": "second.test"}, users=("alice", "alice@second.test"))
        with server.client() as client:
            client.ehlo()
            client.deliver(message(body="to the second\n"), "alice@second.test")
            self.assertEqual(client.envelope("x@remote.test", "bob@second.test")[1].code, 550)
        self.assertEqual(server.texts("alice"), [])
        self.assertIn(b"Delivered-To: alice@second.test\n", server.one_text("alice@second.test"))

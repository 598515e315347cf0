# SPDX-License-Identifier: Apache-2.0
# e2e: aliases(5), virtual(5), and addresses made for one correspondent.
import json
import subprocess

import logins
from harness import DOMAIN, PASSWORD, STRANGER, Case, free_ports, message, wait_for
from smtp_client import insecure_tls

# What the Debian package base-files and Postfix's own post-installation leave behind.
DEBIAN = """# /etc/aliases
mailer-daemon: postmaster
postmaster: root
nobody: root
hostmaster: root
usenet: root
news: root
webmaster: root
www: root
ftp: root
abuse: root
noc: root
security: root
root: alice
"""

# virtual(5), Postfix's VIRTUAL_README.
TUTORIAL = """# Comment lines
postmaster@second.test postmaster
info@second.test       alice
sales@second.test      bob, carol@example.com
@second.test           dave
second.test            anything
"""


class Aliases(Case):
    def start(self, aliases=DEBIAN, virtual=TUTORIAL, **settings):
        server = self.unstarted({"recipient_delimiter": "+", "myorigin": DOMAIN, **settings})
        self.aliases = server.root / "etc" / "aliases"
        self.virtual = server.root / "etc" / "virtual"
        self.aliases.write_bytes(aliases.encode() if isinstance(aliases, str) else aliases)
        self.virtual.write_text(virtual)
        server.write_config({"alias_maps": f"hash:{self.aliases}", "virtual_alias_maps": f"hash:{self.virtual}"})
        return server.start()

    def code(self, server, address, sender="x@remote.test"):
        with server.client() as client:
            client.ehlo()
            return client.envelope(sender, address)[1]

    def deliver(self, server, *addresses, sender="x@remote.test"):
        with server.client() as client:
            client.ehlo()
            return client.deliver(message(sender=sender), *addresses, sender=sender)

    def test_debians_aliases_and_the_tutorials_virtual_lead_to_users(self):
        server = self.start()
        self.assert_reply(self.deliver(server, f"security@{DOMAIN}", "sales@second.test"), "250 ")
        for user in ("alice", "bob", "carol"):
            server.one_text(user)
        line = server.wait_log("to=<bob@example.com>, orig_to=<sales@second.test>")
        self.assertIn("relay=local", line)
        server.wait_log("to=<alice@example.com>, orig_to=<security@example.com>")
        self.assert_reply(self.deliver(server, "whoever@second.test"), "250 ")
        text = server.one_text("dave")
        self.assertIn(b"X-Original-To: whoever@second.test\nDelivered-To: dave@example.com\n", text)

    def test_one_who_is_reached_twice_gets_one_copy(self):
        server = self.start()
        self.assert_reply(self.deliver(server, f"root@{DOMAIN}", f"alice@{DOMAIN}", "info@second.test"), "250 ")
        server.one_text("alice")

    def test_an_extension_finds_its_user(self):
        server = self.start()
        self.assert_reply(self.deliver(server, f"bob+lists@{DOMAIN}"), "250 ")
        server.one_text("bob")
        self.assertEqual(self.code(server, f"nosuch+lists@{DOMAIN}").code, 550)

    def test_an_unknown_name_of_an_alias_domain_is_refused(self):
        server = self.start(virtual="info@second.test alice\nsecond.test x\n")
        self.assert_reply(self.code(server, "who@second.test"),
                          "550 5.1.1 <who@second.test>: Recipient address rejected: User unknown in virtual alias table")

    def test_a_forward_to_another_host_waits_in_the_queue(self):
        server = self.start(aliases=DEBIAN + "away: someone@elsewhere.test, bob\n")
        self.assert_reply(self.deliver(server, f"away@{DOMAIN}"), "250 ")
        server.one_text("bob")
        rows = server.queue()
        self.assertEqual(len(rows), 1)
        self.assertEqual(rows[0]["sender"], "x@remote.test")
        self.assertEqual([one["address"] for one in rows[0]["recipients"]], ["someone@elsewhere.test"])

    def test_broken_files_are_told_and_leave_the_old_set_in_force(self):
        server = self.start()
        cases = {
            b"root: bob\nno colon here\n": ":2: expected name: address",
            b"root: b\0ob\n": ":1: a NUL octet",
            b"root: bob\nnews: |/bin/cmd\n": ":2: news: \"|/bin/cmd\": no programs are run",
            b"root: bob\nx: /var/mail/x\n": ":2: x: \"/var/mail/x\": mail goes to Maildirs",
            b"# circle\none: two\ntwo: one\n": ":2: one: aliases lead in a circle: one@example.com -> two@example.com",
            b"root: a@b@c\n": "expected an address",
            b"root: :include:/nowhere/at/all\n": "/nowhere/at/all",
        }
        for text, told in cases.items():
            with self.subTest(text=text):
                self.aliases.write_bytes(text)
                line = server.wait_log(told)
                self.assertIn("stay", line)
                check = server.command("check")
                self.assertEqual(check.returncode, 78)
                self.assertIn(told, check.stderr)
        self.assertEqual(self.deliver(server, f"root@{DOMAIN}").code, 250)
        server.one_text("alice")
        self.aliases.write_bytes(b"root: bob\r\nnews:\r\n\tcarol\r\n")
        wait_for(lambda: self.deliver(server, f"news@{DOMAIN}").code == 250 and server.new("carol"), "the new aliases")
        self.assertEqual(server.command("check").returncode, 0)

    def test_a_name_that_leads_to_nobody_is_a_warning(self):
        server = self.start(aliases="root: nosuch\n")
        check = server.command("check")
        self.assertEqual(check.returncode, 0)
        self.assertIn(f"{self.aliases}:1: leads to nosuch@example.com, who is nobody here", check.stderr)
        self.assertEqual(self.code(server, f"root@{DOMAIN}").code, 550)

    def test_ten_thousand_aliases_are_served(self):
        rows = "".join(f"n{i}: n{i + 1}\n" if i % 100 else f"n{i}: bob\n" for i in range(10_000))
        server = self.start(aliases=rows + "n10000: alice\n")
        self.assertEqual(self.deliver(server, f"n9950@{DOMAIN}").code, 250)
        server.one_text("alice")
        circle = rows + "n10000: n9901\n"
        self.aliases.write_text(circle)
        line = server.wait_log("aliases lead in a circle: n10000@example.com -> n9901@example.com")
        self.assertIn(f"{self.aliases}:10001: n10000:", line)
        self.assertEqual(self.code(server, f"n9950@{DOMAIN}").code, 250)

    def test_a_user_who_has_moved_is_told(self):
        server = self.start()
        moved = server.root / "etc" / "moved"
        moved.write_text("gone@example.com gone@new.test\n")
        server.write_config({"relocated_maps": f"hash:{moved}"})
        server.command("reload")
        self.assert_reply(self.code(server, f"gone@{DOMAIN}"),
                          "550 5.1.6 <gone@example.com>: Recipient address rejected: User has moved to gone@new.test")
        # Strangers are not told who is behind an address, or where that user has gone.
        self.aliases.write_text(f"sales: gone@{DOMAIN}\n")
        server.command("reload")
        self.assert_reply(self.code(server, f"sales@{DOMAIN}"),
                          "550 5.1.6 <sales@example.com>: Recipient address rejected: User has moved")
        self.assertNotIn("new.test", str(self.code(server, f"sales@{DOMAIN}")))

    def test_what_a_list_hands_on_comes_from_its_owner(self):
        server = self.start(aliases="list: bob, far@elsewhere.test\nowner-list: carol\nplain: near@elsewhere.test\n")
        self.assert_reply(self.deliver(server, f"list@{DOMAIN}", f"plain@{DOMAIN}"), "250 ")
        server.one_text("bob")
        rows = {row["sender"]: [one["address"] for one in row["recipients"]] for row in server.queue()}
        self.assertEqual(rows, {"x@remote.test": ["near@elsewhere.test"],
                                f"owner-list@{DOMAIN}": ["far@elsewhere.test"]})
        server.wait_log("to=<list@example.com>, relay=local")

    def test_a_bounce_to_a_list_stays_a_bounce_and_a_list_alone_is_one_item(self):
        server = self.start(aliases="list: far@elsewhere.test\nowner-list: carol\n", expand_owner_alias="yes")
        self.assert_reply(self.deliver(server, f"list@{DOMAIN}"), "250 ")
        self.assertEqual([row["sender"] for row in server.queue()], [f"carol@{DOMAIN}"])
        self.assert_reply(self.deliver(server, f"list@{DOMAIN}", sender=""), "250 ")
        self.assertEqual(sorted(row["sender"] for row in server.queue()), ["MAILER-DAEMON", f"carol@{DOMAIN}"])


class Throwaways(Case):
    def alias(self, server, *words):
        return server.command("alias", *words)

    def mint(self, server, *words):
        done = self.alias(server, "mint", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def send(self, server, address, sender="news@shop.test"):
        self.need("swaks")
        done = subprocess.run(["swaks", "--server", f"127.0.0.1:{server.port}", "--from", sender, "--to", address,
                               "--body", "hello"], capture_output=True, text=True, timeout=30, check=False)
        return done.stdout

    def test_an_address_is_minted_bound_and_kept_over_kill_9(self):
        server = self.server()
        address = self.mint(server, "shop", "--for", f"alice@{DOMAIN}", "--bind", "first-sender")
        self.assertRegex(address, r"^alice\.shop-[a-z2-7]{4}@example\.com$")
        server.kill()
        server.start()
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, address))
        text = server.one_text("alice")
        self.assertIn(f"X-Original-To: {address}\n".encode(), text)
        answer = self.send(server, address, sender="spam@thief.test")
        self.assertIn("550 5.7.1", answer)
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, address, sender="x@mail.shop.test"))
        report = self.alias(server, "report").stdout
        self.assertRegex(report, rf"{address} given to shop\.test was used by thief\.test, 1 time, last ")
        row = json.loads(self.alias(server, "list", "--json").stdout)
        self.assertEqual((row["address"], row["uses"], row["bound_to"]), (address, 2, "shop.test"))
        server.wait_log(f"alias <{address}> given to shop.test was used by thief.test")
        server.kill()
        server.start()
        row = json.loads(self.alias(server, "list", "--json").stdout)
        self.assertEqual((row["uses"], row["bound_to"]), (2, "shop.test"))

    def test_uses_and_expiry_end_an_address(self):
        server = self.server()
        once = self.mint(server, "--for", f"bob@{DOMAIN}", "--uses", "1")
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, once))
        self.assertIn("550 5.1.6", self.send(server, once))
        short = self.mint(server, "--for", f"bob@{DOMAIN}", "--expires", "1s")
        wait_for(lambda: "550 5.1.6" in self.send(server, short), "the end of the address")

    def test_a_refused_message_does_not_bind(self):
        server = self.server()
        address = self.mint(server, "--for", f"bob@{DOMAIN}", "--bind", "first-sender")
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.envelope("thief@thief.test", address)[1].code, 250)
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, address))

    def uses(self, server):
        return json.loads(self.alias(server, "list", "--json").stdout)["uses"]

    def test_of_messages_that_come_at_once_no_more_pass_than_may(self):
        server = self.server()
        address = self.mint(server, "--for", f"bob@{DOMAIN}", "--uses", "1", "--bind", "first-sender")
        clients = [self.enterContext(server.client()) for _ in range(5)]
        for n, client in enumerate(clients):
            client.ehlo()
            self.assertEqual([reply.code for reply in client.envelope(f"x@shop{n}.test", address)], [250, 250])
            self.assertEqual(client.ask("DATA").code, 354)
        for client in clients:
            client.send(message().replace("\n", "\r\n").encode() + b".\r\n")
        replies = sorted(str(client.reply()) for client in clients)
        self.assertIn("250 2.0.0", replies[0])
        for reply in replies[1:]:
            self.assertRegex(reply, r"550 5\.(1\.6|7\.1) <" + address)
        server.one_text("bob")
        server.kill()
        server.start()
        self.assertEqual(self.uses(server), 1)
        self.assertIn("550 5.1.6", self.send(server, address))

    def test_an_address_that_ends_before_the_text_has_no_mail_more(self):
        server = self.server()
        address = self.mint(server, "--for", f"bob@{DOMAIN}")
        other = self.mint(server, "--for", f"bob@{DOMAIN}")
        with server.client() as one, server.client() as both:
            for client, to in ((one, [address]), (both, [address, f"alice@{DOMAIN}", other])):
                client.ehlo()
                client.envelope("x@shop.test", *to)
            self.assertEqual(self.alias(server, "del", address).returncode, 0)
            self.assert_reply(one.data(message()), "550 5.1.1")
            self.assert_reply(both.data(message()), "451 4.1.1")
            self.assertEqual(self.uses(server), 0)
            self.assertEqual([reply.code for reply in both.envelope("x@shop.test", address, other)], [250, 550, 250])
            self.assert_reply(both.data(message()), "250 ")
        self.assertEqual(self.uses(server), 1)
        server.one_text("bob")

    def test_one_message_is_one_use_however_the_address_is_spelled(self):
        server = self.server()
        address = self.mint(server, "--for", f"bob@{DOMAIN}", "--uses", "2")
        local, domain = address.split("@")
        with server.client() as client:
            client.ehlo()
            spelled = [address, f"{local.upper()}@{domain}", f"{local.title()}@{domain}"]
            self.assert_reply(client.deliver(message(), *spelled), "250 ")
        server.kill()
        server.start()
        self.assertEqual(self.uses(server), 1)

    def test_a_revoked_address_is_a_trap_that_looks_unknown(self):
        server = self.server()
        address = self.mint(server, "list", "--for", f"alice@{DOMAIN}")
        self.assertEqual(self.alias(server, "del", address).returncode, 0)
        self.assertIn("550 5.1.1", self.send(server, address))
        self.assertIn("User unknown in local recipient table", self.send(server, address))
        server.wait_log(f"trap <{address}> hit by unknown[127.0.0.1] from=<news@shop.test>")
        self.assertIn(address, self.alias(server, "list", "--traps").stdout)
        self.assertNotIn(address, self.alias(server, "list").stdout)
        self.assertEqual(self.alias(server, "del", address, "--forget").returncode, 0)
        self.assertNotIn(address, self.alias(server, "list", "--traps").stdout)

    def test_bounces_reach_a_bound_address_and_its_owner_writes_from_it(self):
        port = free_ports(1)[0]
        virtual = "second.test x\nsales@second.test bob\ninfo@second.test carol\n"
        server = self.unstarted({"submissions_listen": f"{STRANGER}:{port}", "virtual_alias_maps": "hash:virtual",
                                 "smtpd_client_event_limit_exceptions": "127.0.0.0/8", "myorigin": DOMAIN})
        (server.root / "etc" / "virtual").write_text(virtual)
        server.start()
        bound = self.mint(server, "shop", "--for", f"bob@{DOMAIN}", "--bind", "em1.shop.test")
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, bound, sender="<>"))
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, bound, sender="news@em2.shop.test"))
        self.assertIn("550 5.7.1", self.send(server, bound, sender="news@thief.test"))
        with server.client(port=port, tls=insecure_tls()) as client:
            client.ehlo()
            self.assertEqual(client.ask(f"AUTH PLAIN {logins.plain(f'bob@{DOMAIN}', PASSWORD)}").code, 235)
            for sender, code in ((bound, 250), ("sales@second.test", 250), ("info@second.test", 553)):
                with self.subTest(sender=sender):
                    self.assertEqual(client.envelope(sender, "x@elsewhere.test")[1].code, code)
                    client.ask("RSET")

    def test_names_that_are_there_are_not_taken_over(self):
        server = self.unstarted({"alias_maps": "hash:aliases", "myorigin": DOMAIN})
        (server.root / "etc" / "aliases").write_text("sales: carol\npostmaster: carol\n")
        server.start()
        for name in ("sales", "postmaster", "abuse", "bob"):
            with self.subTest(name=name):
                self.assertNotEqual(self.alias(server, "add", f"{name}@{DOMAIN}", f"bob@{DOMAIN}").returncode, 0)
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, f"sales@{DOMAIN}"))
        server.one_text("carol")
        # What was added goes away without a trace; a user who is made later has his name.
        self.assertEqual(self.alias(server, "add", f"team@{DOMAIN}", f"bob@{DOMAIN}").returncode, 0)
        self.assertEqual(self.alias(server, "del", f"team@{DOMAIN}").stdout, f"team@{DOMAIN} is forgotten\n")
        self.assertEqual(self.alias(server, "list", "--traps").stdout, "No traps\n")
        trap = self.mint(server, "--for", f"bob@{DOMAIN}")
        self.alias(server, "del", trap)
        self.assertIn("550 5.1.1", self.send(server, trap))
        added = server.command("user", "add", trap, "--stdin", input="secret words\n")
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, trap))

    def test_a_damaged_file_of_addresses_refuses_none_of_them_for_good(self):
        server = self.server()
        address = self.mint(server, "shop", "--for", f"alice@{DOMAIN}")
        server.stop()
        database = server.root / "queue" / "aliases.db"
        for file in database.parent.glob("aliases.db-*"):
            file.unlink()
        database.write_bytes(b"x" * 8192)
        server.start()
        server.wait_log("aliases.db.damaged-1: addresses may be missing")
        self.assertIn("450 4.3.0", self.send(server, address))
        self.assertIn("550 5.1.1", self.send(server, f"nosuch@{DOMAIN}"))
        server.stop()
        (database.parent / "aliases.db.damaged-1").unlink()
        server.start()
        self.assertIn("550 5.1.1", self.send(server, address))

    def test_an_added_address_leads_to_several_and_elsewhere(self):
        server = self.server()
        done = self.alias(server, "add", f"team@{DOMAIN}", f"alice@{DOMAIN}", f"bob@{DOMAIN}", "out@elsewhere.test")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("250 2.0.0 Ok: queued", self.send(server, f"team@{DOMAIN}"))
        server.one_text("alice")
        server.one_text("bob")
        self.assertEqual(server.queue()[0]["recipients"][0]["address"], "out@elsewhere.test")

    def test_the_exit_status_tells_misuse_from_what_is_not_there(self):
        server = self.server()
        bob = f"bob@{DOMAIN}"
        for want, said, words in (
                (64, "expires: ", ("mint", "--for", bob, "--expires", "soon")), (64, "unit, as 90d", ("mint", "--for", bob, "--expires", "90")),
                (64, "uses: ", ("mint", "--for", bob, "--uses", "0")),
                (64, "alias mint: --for USER is missing", ("mint",)), (64, "expected an address", ("add", "x", bob)),
                (67, f"nosuch@{DOMAIN} is nobody here", ("add", f"x@{DOMAIN}", f"nosuch@{DOMAIN}")),
                (67, "there is no such throw-away address", ("del", bob)),
                (67, f"nix@{DOMAIN}: there is no such throw-away address", ("report", f"nix@{DOMAIN}"))):
            with self.subTest(words=words):
                done = self.alias(server, *words)
                self.assertEqual(done.returncode, want, done.stderr)
                self.assertIn(said, done.stderr)
        for words in (("login", "frobnicate"), ("login", "release"), ("login", "list", bob)):
            with self.subTest(words=words):
                self.assertEqual(server.command(*words).returncode, 64)
        told = self.alias(server, "--help").stdout
        for word in ("--for", "--expires", "--bind", "--uses", "--forget", "--traps", "report", "trap", "leak"):
            self.assertIn(word, told)

    def test_what_makes_no_sense_is_refused(self):
        server = self.server()
        for words in (("add", f"alice@{DOMAIN}", f"bob@{DOMAIN}"), ("add", "x@elsewhere.test", f"bob@{DOMAIN}"),
                      ("add", f"x@{DOMAIN}", f"nosuch@{DOMAIN}"), ("add", f"x@{DOMAIN}", "|/bin/cmd"),
                      ("mint", "--for", "nosuch"), ("mint", "--for", f"bob@{DOMAIN}", "--uses", "0"),
                      ("mint", "--for", f"bob@{DOMAIN}", "--expires", "soon"), ("mint",), ("del", f"bob@{DOMAIN}"),
                      ("mint", "a@b", "--for", f"bob@{DOMAIN}"), ("add", f"x@{DOMAIN}"), ("steal",), ()):
            with self.subTest(words=words):
                self.assertNotEqual(self.alias(server, *words).returncode, 0)
        self.assertEqual(self.alias(server, "list").stdout, "No throw-away addresses\n")

# SPDX-License-Identifier: Apache-2.0
# e2e: sendmail, mailq and newaliases by name: local programs send, whether the service runs or not.
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

from harness import DOMAIN, PATIENCE, Case, SharedCase, is_root, ordinary_user, wait_for

ORIGIN = {"myorigin": DOMAIN}
LETTER = "Subject: hi\n\nhello\n"


def new_texts(server, user, count=1):
    """The texts in the user's new/, once there are `count`."""
    return wait_for(lambda: (found := server.texts(user)) if len(server.texts(user)) >= count else None,
                    f"{count} messages for {user}; log:\n{server.log()[-3000:]}")


class Sendmail(SharedCase):
    settings = ORIGIN

    def send(self, *arguments, text=LETTER, code=0, **run):
        done = self.gp.sendmail(*arguments, text=text, **run)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def one(self, user):
        return new_texts(self.gp, user)[0].decode()

    def test_a_message_is_completed_and_delivered(self):
        self.send("-f", f"bob@{DOMAIN}", "-F", "J\u00f6 Doe", "alice")
        text = self.one("alice")
        self.assertTrue(text.startswith(f"Return-Path: <bob@{DOMAIN}>\nDelivered-To: alice@{DOMAIN}\n"))
        self.assertIn(f"\nReceived: by mx.{DOMAIN} (gatepost, from userid {os.getuid()})\n\tid ", text)
        self.assertIn("\nFrom: =?utf-8?B?SsO2IERvZQ==?= <bob@", text)
        for field in ("Date: ", "Message-ID: <"):
            self.assertIn(f"\n{field}", text)
        line = self.gp.wait_log(f"uid={os.getuid()} from=<bob@{DOMAIN}>")
        self.assertRegex(line, r"gatepost/pickup\[\d+\]: [0-9A-F]+: uid=\d+ from=")

    def test_t_reads_the_header_adds_to_the_arguments_and_strips_bcc(self):
        self.send("-t", "-i", "dave", text=f"To: Al <alice>,\n bob@{DOMAIN}\nBcc: carol\nSubject: t\n\n.\nend\n")
        for user in ("alice", "bob", "carol", "dave"):
            text = self.one(user)
            self.assertNotIn("carol", text.split("\n\n")[0].replace("Delivered-To: carol", ""))
            self.assertIn("To: Al <alice@", text)
            self.assertTrue(text.endswith("\n\n.\nend\n"))

    def test_t_of_another_system_strips_bcc_and_nothing_else_changes(self):
        self.send("-G", "-t", text=f"To: alice@{DOMAIN}\nBcc: bob@{DOMAIN}\nCc: alice@{DOMAIN}\nSubject: t\n\nbody\n")
        for user in ("alice", "bob"):
            text = self.one(user)
            self.assertTrue(text.endswith(f"\nTo: alice@{DOMAIN}\nCc: alice@{DOMAIN}\nSubject: t\n\nbody\n"), text)

    def test_a_dot_ends_but_for_i(self):
        self.send("alice", text="Subject: x\n\none\n.\ntwo\n")
        self.assertTrue(self.one("alice").endswith("\n\none\n"))
        self.send("-oi", "bob", text="Subject: x\r\n\r\none\r\n.\r\ntwo")
        self.assertTrue(self.one("bob").endswith("\n\none\n.\ntwo\n"))

    def test_eight_bits_and_long_lines_arrive_as_they_are(self):
        body = b"\xe4\xff " + b"x" * 100_000 + b"\n"
        self.send("alice", text=b"Subject: x\n\n" + body)
        self.assertTrue(new_texts(self.gp, "alice")[0].endswith(b"\n\n" + body))

    def test_bs_is_smtp_into_the_maildrop(self):
        done = self.send("-bs", text="EHLO x\r\nMAIL FROM:<bob>\r\nRCPT TO:<alice>\r\nDATA\r\nSubject: bs\r\n\r\n"
                                     "..dot\r\n.\r\nQUIT\r\n")
        self.assertIn(b"250 2.0.0 Ok: queued\r\n221 2.0.0 Bye\r\n", done.stdout)
        self.assertTrue(self.one("alice").endswith("\n\n.dot\n"))

    def test_an_unknown_recipient_is_reported_to_the_sender(self):
        self.send("-f", f"bob@{DOMAIN}", "-V", "env1", "-R", "hdrs", "alice", "ghost")
        self.one("alice")
        report = self.one("bob")
        self.assertTrue(report.startswith("Return-Path: <>\n"))
        self.assertIn("Original-Envelope-Id: env1\n", report)
        self.assertIn(f"Final-Recipient: rfc822;ghost@{DOMAIN}\n", report)
        self.assertIn("text/rfc822-headers", report)
        self.gp.wait_log("sender non-delivery notification: ")

    def test_n_never_silences_the_report(self):
        self.send("-f", f"bob@{DOMAIN}", "-N", "never", "alice", "ghost")
        self.one("alice")
        self.assertEqual(self.gp.new("bob"), [])

    def test_mail_for_others_waits_in_the_queue(self):
        self.send("far@elsewhere.test")
        wait_for(lambda: any("far@elsewhere.test" in str(row) for row in self.gp.queue()), "the queue")
        listed = self.gp.command(name="mailq")
        self.assertIn("far@elsewhere.test", listed.stdout)

    def test_errors_have_their_exit_status(self):
        self.send(code=64)
        self.send("-t", text="Subject: x\n\n", code=64)
        self.send("-Z", code=64)
        # Not the sending of a message: whoever gives one must not be told that all is well.
        for words in (("-q", "alice"), ("-q", "-t"), ("-I", "alice"), ("-bi", "alice"), ("-bd", "-t"), ("-bp", "alice")):
            with self.subTest(words=words):
                self.send(*words, code=64)
        self.send("-e", "q", "-q")
        self.send("-f", f"bob@{DOMAIN}\nX: y", "alice", code=64)
        self.send("two words", code=65)
        self.send("alice", text=b"a\0b", code=65)
        self.send("-C", "/nowhere/conf", "alice", code=78)
        self.assertEqual(self.gp.new("alice"), [])

    def test_cron_and_other_programs_options(self):
        self.send("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "alice",
                  text="From: root (Cron Daemon)\nTo: alice\nSubject: Cron <root@host> job\n"
                       "Content-Type: text/plain; charset=UTF-8\nAuto-Submitted: auto-generated\n\nout\n")
        self.assertIn(f"\nFrom: root@{DOMAIN} (Cron Daemon)\n", self.one("alice"))

    def test_git_send_email(self):
        self.need("git")
        if not pathlib.Path("/usr/lib/git-core/git-send-email").exists():
            self.skipTest("git-email is not installed")
        self.gp.sendmail("-bv", "x")
        work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, work)
        patch = pathlib.Path(work, "p.patch")
        patch.write_text(f"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
                         f"From: Bob <bob@{DOMAIN}>\nDate: Mon, 17 Sep 2001 00:00:00 +0000\nSubject: [PATCH] x\n\n"
                         "---\n x | 1 +\n")
        wrapper = pathlib.Path(work, "sendmail")
        wrapper.write_text(f"#!/bin/sh\nexec {self.gp.program.parent}/sendmail -C {self.gp.config} \"$@\"\n")
        wrapper.chmod(0o755)
        done = subprocess.run(["git", "send-email", f"--sendmail-cmd={wrapper}", "--quiet", "--confirm=never",
                               f"--from=Bob <bob@{DOMAIN}>", f"--to=alice@{DOMAIN}", str(patch)],
                              cwd=work, env={**os.environ, "HOME": work, "EMAIL": f"bob@{DOMAIN}"}, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Subject: [PATCH] x", self.one("alice"))

    def test_s_nail(self):
        self.need("s-nail")
        self.gp.sendmail("-bv", "x")
        done = subprocess.run(["s-nail", "-n", "-s", "nail", "-S", f"mta={self.gp.program.parent}/sendmail",
                               "-S", f"mta-arguments=-C {self.gp.config}", "-S", "v15-compat",
                               f"alice@{DOMAIN}"], input=b"body\n", capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Subject: nail", self.one("alice"))


class OtherUsers(Case):
    def setUp(self):
        if not is_root():
            self.skipTest("needs root")

    def test_an_ordinary_user_sends_and_cannot_look(self):
        for as_root in (False, True):
            with self.subTest(as_root=as_root):
                server = self.server({**ORIGIN, "mail_owner": "nobody"}, as_root=as_root)
                done = server.sendmail("alice", text=LETTER, uid=1)
                self.assertEqual(done.returncode, 0, done.stderr)
                server.wait_log("uid=1 from=<daemon>")
                self.assertEqual((server.root / "maildrop").stat().st_mode & 0o7777, 0o1733)

    def test_authorized_submit_users_keeps_others_out(self):
        server = self.server({**ORIGIN, "authorized_submit_users": "!daemon, static:anyone"})
        self.assertEqual(server.sendmail("alice", text=LETTER, uid=1).returncode, 77)
        self.assertEqual(server.sendmail("alice", text=LETTER).returncode, 0)

    def test_junk_in_the_maildrop_is_set_aside(self):
        server = self.server(ORIGIN)
        junk = server.root / "maildrop" / ("M" + "0" * 48)
        junk.write_text("junk")
        junk.chmod(0o644)
        server.wait_log("set aside: not a whole message")
        server.sendmail("alice", text=LETTER)
        new_texts(server, "alice")
        self.assertTrue((server.root / "maildrop" / "corrupt" / junk.name).exists())


    def test_a_folder_that_a_user_made_keeps_nothing(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        server = self.unstarted()
        server.write_config(ORIGIN)
        maildrop = server.root / "maildrop"
        maildrop.mkdir(exist_ok=True)
        maildrop.chmod(0o1733)
        corrupt = maildrop / "corrupt"
        corrupt.mkdir()
        corrupt.chmod(0o777)
        os.chown(corrupt, 1, 1)
        server.start()
        server.wait_log("corrupt was not ours alone")
        about = corrupt.stat()
        self.assertNotEqual(about.st_uid, 1)
        self.assertEqual(about.st_mode & 0o7777, 0o700)


class Sparse(Case):
    """Files that claim more than any disk has, which costs their user nothing."""

    def place(self, server, number, octets):
        name = f"M{1000 + number:016X}{number:032X}"
        text = lambda value: struct.pack(">I", len(value)) + value
        record = b"\x02" + text(name.encode()) + struct.pack(">QQ", 1000, octets) + text(b"x") + text(b"")
        record += bytes(3) + text(b"") + bytes(8) + b"\0" + text(b"") + bytes(8) + struct.pack(">I", 1)
        record += text(b"bob") + text(DOMAIN.encode()) + b"\0" + text(b"") + b"\0" + text(b"")
        total = 2166136261
        for octet in record:
            total = ((total ^ octet) * 16777619) & 0xffffffff
        path = server.root / "maildrop" / ("T" + name[1:])
        with path.open("wb") as file:
            file.seek(octets)
            file.write(record + b"GPQTEXT1" + struct.pack(">QII", octets, len(record), total))
        path.chmod(0o644)
        path.rename(path.with_name(name))

    def check(self, **settings):
        server = self.server({**ORIGIN, **settings})
        for number in range(50):
            self.place(server, number, 10 << 40)
        server.sendmail("alice", text=LETTER)
        new_texts(server, "alice")
        return server

    def test_they_are_set_aside_and_stop_nobody(self):
        server = self.check()
        wait_for(lambda: len(list((server.root / "maildrop" / "corrupt").glob("M*"))) == 50, "all aside")

    def test_without_a_limit_they_wait_for_room_alone(self):
        self.check(message_size_limit="0")


class Broken(Case):
    """One mailbox that cannot be written: a file stands where it should be."""

    def start(self, **settings):
        server = self.unstarted({**ORIGIN, **settings})
        self.broken = server.maildir("bob")
        self.broken.parent.mkdir(parents=True)
        self.broken.write_text("x")
        if is_root():
            account = ordinary_user()
            for path in [server.root / "mail", *(server.root / "mail").rglob("*")]:
                os.chown(path, account.pw_uid, account.pw_gid)
        return server.start()

    def mend(self, server):
        self.broken.unlink()
        server.command("queue", "flush")
        new_texts(server, "bob")

    def test_the_others_have_it_the_sender_is_told_once_and_it_waits(self):
        server = self.start()
        server.sendmail("-f", f"alice@{DOMAIN}", f"bob@{DOMAIN}", f"ghost@{DOMAIN}", f"carol@{DOMAIN}", text=LETTER)
        new_texts(server, "carol")
        new_texts(server, "alice")
        wait_for(lambda: not list((server.root / "maildrop").glob("M*")), "an empty maildrop")
        self.assertEqual([each["recipients"][0]["address"] for each in server.queue()], [f"bob@{DOMAIN}"])
        server.wait_log(f"to=<bob@{DOMAIN}>, relay=none")
        self.mend(server)
        self.assertEqual([len(server.new(name)) for name in ("alice", "bob", "carol")], [1, 1, 1])
        wait_for(lambda: not server.queue(), "an empty queue")

    def test_alone_it_waits_in_the_queue(self):
        server = self.start()
        server.sendmail("-f", f"alice@{DOMAIN}", f"bob@{DOMAIN}", text=LETTER)
        wait_for(server.queue, "the message in the queue")
        self.mend(server)

    def test_a_list_by_smtp_reaches_the_others_and_one_alone_is_deferred(self):
        server = self.start()
        with server.client() as client:
            client.ehlo()
            self.assert_reply(client.deliver(LETTER, f"bob@{DOMAIN}", f"carol@{DOMAIN}"), "250 ")
            self.assert_reply(client.deliver(LETTER, f"bob@{DOMAIN}"), "451 ")
        new_texts(server, "carol")
        self.assertEqual(len(server.queue()), 1)


class Down(Case):
    def test_mail_waits_for_the_service(self):
        server = self.unstarted(ORIGIN)
        for number in range(5):
            self.assertEqual(server.sendmail("alice", text=f"Subject: {number}\n\nx\n").returncode, 0)
        server.start()
        texts = new_texts(server, "alice", 5)
        self.assertEqual(sorted(t.split(b"Subject: ")[1][:1] for t in texts), [b"0", b"1", b"2", b"3", b"4"])
        wait_for(lambda: not list((server.root / "maildrop").glob("M*")), "an empty maildrop")

    def test_kill_nine_loses_nothing(self):
        server = self.unstarted(ORIGIN)
        sent = 0
        for _ in range(5):
            for _ in range(10):
                self.assertEqual(server.sendmail("alice", text=f"Subject: n{sent}.\n\nx\n").returncode, 0)
                sent += 1
            server.start()
            wait_for(lambda: len(server.new("alice")) > sent - 10, "the first of a round")
            server.kill()
        server.start()
        wait_for(lambda: not list((server.root / "maildrop").glob("M*")), "an empty maildrop")
        texts = b"".join(server.texts("alice"))
        for number in range(sent):
            self.assertIn(f"Subject: n{number}.\n".encode(), texts)
        # One may be doubled by each kill, where it fell between the promise and the removal.
        self.assertLessEqual(len(server.new("alice")), sent + 5)

    def test_pflogsumm_counts_local_mail(self):
        self.need("pflogsumm")
        server = self.server({**ORIGIN, "syslog_name": "postfix"})
        server.sendmail("-f", f"bob@{DOMAIN}", "alice", text=LETTER)
        new_texts(server, "alice")
        server.wait_log("removed")
        done = subprocess.run(["pflogsumm", str(server.root / "log" / "mail.log")], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertRegex(done.stdout, r"\n +1 +received\n")
        self.assertRegex(done.stdout, r"\n +1 +delivered\n")


class Names(Case):
    def test_mailq_and_newaliases_tell_how_it_is(self):
        server = self.unstarted(ORIGIN)
        self.assertEqual(server.command(name="mailq").returncode, 69)
        done = server.command(name="newaliases")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(server.command("-v", name="newaliases").returncode, 0)
        self.assertEqual(server.command("-v", name="mailq").returncode, 69)
        for name in ("mailq", "newaliases"):
            told = server.command("--help", name=name)
            self.assertTrue(told.stdout.startswith(f"usage: gatepost {name} "), told.stdout)
        server.write_config({"mydestination": "$nowhere_at_all"})
        self.assertEqual(server.command(name="newaliases").returncode, 78)

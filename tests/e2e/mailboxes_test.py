# SPDX-License-Identifier: Apache-2.0
# e2e: folders, quotas, the queue's holds, and mail handed to another program by LMTP.
import grp
import os
import pwd
import subprocess
import threading

from harness import DOMAIN, HOME, Case, is_root, message, ordinary_user, wait_for
from lmtp_server import LmtpServer
from peers import PATH

HOSTED = "hosted.test"


def set_users(server, *lines):
    (server.root / "etc" / "users").write_text("".join(line + "\n" for line in lines))


def user(name, extra=""):
    return f"{name}:{{PLAIN}}secret::::::{extra}"


class Quota(Case):
    def start(self, extra="userdb_quota_rule=*:bytes=4000", **settings):
        server = self.unstarted(settings)
        set_users(server, user(f"alice@{DOMAIN}", extra), user(f"bob@{DOMAIN}"), user(f"postmaster@{DOMAIN}", extra))
        return server.start()

    def fill(self, server, name="alice", size=3800):
        folder = server.maildir(name)
        for part in ("new", "cur", "tmp", ".Trash/cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "cur" / f"1.M1P1Q1.host,S={size}:2,S").write_text("old\n")
        (folder / ".Trash" / "cur" / "2.M1P1Q1.host,S=900000:2,S").write_text("rubbish\n")
        if is_root():
            account = ordinary_user()
            for path in [server.root / "mail", *(server.root / "mail").rglob("*")]:
                os.chown(path, account.pw_uid, account.pw_gid)

    def rcpt(self, server, name, size=None):
        with server.client() as client:
            client.ehlo()
            client.ask("MAIL FROM:<s@remote.test>" + (f" SIZE={size}" if size else ""))
            return client.ask(f"RCPT TO:<{name}@{DOMAIN}>")

    def test_a_full_mailbox_is_refused_at_rcpt_and_others_are_not(self):
        server = self.start()
        self.fill(server, size=4000)
        self.assert_reply(self.rcpt(server, "alice"), "552 5.2.2 ")
        self.assert_reply(self.rcpt(server, "bob"), "250 ")

    def test_a_declared_size_is_measured_against_what_is_left(self):
        server = self.start()
        self.fill(server, size=3000)
        self.assert_reply(self.rcpt(server, "alice", 1001), "552 5.2.2 ")
        self.assert_reply(self.rcpt(server, "alice", 1000), "250 ")

    def test_the_reply_can_be_temporary_and_postmaster_is_never_full(self):
        server = self.start(mailbox_full_reject_code="452")
        self.fill(server, size=4000)
        self.fill(server, "postmaster", size=4000)
        self.assert_reply(self.rcpt(server, "alice"), "452 4.2.2 ")
        self.assert_reply(self.rcpt(server, "postmaster"), "250 ")

    def test_a_text_larger_than_all_have_room_for_is_refused_at_its_end(self):
        server = self.start()
        self.fill(server, size=3000)
        with server.client() as client:
            client.ehlo()
            client.ask("MAIL FROM:<s@remote.test>")
            client.ask(f"RCPT TO:<alice@{DOMAIN}>")
            self.assert_reply(client.ask("DATA"), "354 ")
            client.send(("Subject: x\r\n\r\n" + "x" * 70 + "\r\n") * 20 + ".\r\n")
            self.assert_reply(client.reply(), "552 5.2.2 ")
        self.assertEqual(server.new("alice"), [])

    def test_where_one_has_room_all_get_it(self):
        server = self.start()
        self.fill(server, size=3000)
        with server.client() as client:
            client.ehlo()
            client.ask("MAIL FROM:<s@remote.test>")
            client.ask(f"RCPT TO:<alice@{DOMAIN}>")
            client.ask(f"RCPT TO:<bob@{DOMAIN}>")
            client.ask("DATA")
            client.send("Subject: x\r\n\r\n" + ("x" * 70 + "\r\n") * 20 + ".\r\n")
            self.assert_reply(client.reply(), "250 ")
        count = lambda name: sum(b"Subject: x\n" in text for text in server.texts(name))
        self.assertEqual((count("alice"), count("bob")), (1, 1))
        self.assert_reply(self.rcpt(server, "alice"), "552 5.2.2 ")

    def team(self, **settings):
        server = self.unstarted({"alias_maps": "hash:aliases", "recipient_delimiter": "+",
                                 "maildir_create_folders": "yes", **settings})
        set_users(server, user(f"alice@{DOMAIN}", "userdb_quota_rule=*:bytes=4000"), user(f"bob@{DOMAIN}"))
        (server.root / "etc" / "aliases").write_text("team: alice, bob\n")
        return server.start()

    def test_a_full_member_of_a_list_is_left_out_and_logged(self):
        server = self.team()
        self.fill(server, size=3999)
        with server.client() as client:
            client.ehlo()
            for _ in range(5):
                self.assertEqual(client.deliver(message(), f"team@{DOMAIN}").code, 250)
        self.assertEqual((len(server.new("alice")), len(server.new("bob"))), (1, 5))
        server.wait_log(f"to=<alice@{DOMAIN}>, orig_to=<team@{DOMAIN}>")
        server.wait_log("dsn=5.2.2, status=bounced")

    def test_local_mail_for_a_full_mailbox_goes_back(self):
        server = self.team()
        self.fill(server, size=4000)
        server.sendmail("-f", f"bob@{DOMAIN}", f"alice@{DOMAIN}", text=message())
        wait_for(lambda: server.new("bob"), "the report")
        self.assertIn(b"Status: 5.2.2", server.one_text("bob"))
        self.assertEqual(server.new("alice"), [])

    def test_mail_for_the_trash_comes_to_the_inbox_where_it_counts(self):
        server = self.team()
        with server.client() as client:
            client.ehlo()
            for name in ("Trash", "trash.x"):
                self.assertEqual(client.deliver(message(), f"alice+{name}@{DOMAIN}").code, 250)
        self.assertEqual(len(server.new("alice")), 2)
        self.assertEqual([path.name for path in server.maildir("alice").iterdir() if "rash" in path.name], [])

    def test_the_general_limit_counts_for_users_without_their_own(self):
        server = self.start(extra="", mailbox_size_limit="4000")
        self.fill(server, size=4000)
        self.assert_reply(self.rcpt(server, "alice"), "552 5.2.2 ")

    def test_the_owner_is_warned_once(self):
        server = self.start("userdb_quota_rule=*:bytes=20000")
        self.fill(server, size=17000)
        self.assert_reply(self.rcpt(server, "alice"), "250 ")
        for subject in ("first", "second"):
            with server.client() as client:
                client.ehlo()
                client.deliver(message(subject=subject, body="x" * 70 + "\n" + "y" * 600 + "\n"), f"alice@{DOMAIN}")
        texts = server.texts("alice")
        self.assertEqual(len(texts), 3)
        self.assertEqual(sum(b"Subject: Your mailbox is nearly full" in text for text in texts), 1)

    def test_the_owner_is_warned_whoever_writes_and_of_the_first_message(self):
        server = self.start("userdb_quota_rule=*:bytes=20000")
        self.fill(server, size=16200)
        for lines, there in ((23, 2), (1, 3)):
            text = message(body=("x" * 70 + "\n") * lines)
            done = server.sendmail("-f", f"bob@{DOMAIN}", f"alice@{DOMAIN}", text=text)
            self.assertEqual(done.returncode, 0)
            wait_for(lambda there=there: len(server.new("alice")) == there, "the message")
        texts = server.texts("alice")
        self.assertEqual(sum(b"Subject: Your mailbox is nearly full" in text for text in texts), 1)
        fresh = self.start("userdb_quota_rule=*:bytes=20000")
        with fresh.client() as client:
            client.ehlo()
            client.deliver(message(body=("x" * 70 + "\n") * 260), f"alice@{DOMAIN}")
        self.assertEqual(len(fresh.texts("alice")), 2)

    def test_dovecot_counts_the_same(self):
        self.need("doveadm")
        server = self.start("userdb_quota_rule=*:storage=1M:messages=100")
        self.fill(server, size=3000)
        (server.maildir("alice") / ".Trash" / "cur" / "2.M1P1Q1.host,S=900000:2,S").unlink()
        self.assert_reply(self.rcpt(server, "alice"), "250 ")
        for _ in range(3):
            with server.client() as client:
                client.ehlo()
                client.deliver(message(), f"alice@{DOMAIN}")
        ours = sum(path.stat().st_size for path in server.new("alice")) + 3000
        dovecot = Dovecot(self, server).start()
        figures = dovecot.admin("-f", "tab", "quota", "get", "-u", f"alice@{DOMAIN}").splitlines()
        rows = [line.split("\t") for line in figures[1:]]
        values = {row[1]: (row[2], row[3]) for row in rows}
        self.assertEqual(values["MESSAGE"], ("4", "100"))
        self.assertEqual(values["STORAGE"], (str(-(-ours // 1024)), "1024"))
        # What Dovecot removes, we know; what Dovecot writes, we read.
        dovecot.admin("expunge", "-u", f"alice@{DOMAIN}", "mailbox", "INBOX", "all")
        size = (server.maildir("alice") / "maildirsize").read_text().splitlines()
        total = sum(int(line.split()[0]) for line in size[1:])
        self.assertEqual(total, 0, size)


class Dovecot:
    """A Dovecot of the test's own with gatepost's users and Maildirs."""

    def __init__(self, test, server, extra=""):
        self.test = test
        self.server = server
        self.work = server.root / "dovecot"
        self.work.mkdir(exist_ok=True)
        account = ordinary_user() if is_root() else None
        self.environment = {**os.environ, "HOME": str(self.work), "PATH": PATH}
        self.credentials = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        if account:
            os.chown(self.work, account.pw_uid, account.pw_gid)
            os.chown(server.root / "etc", account.pw_uid, account.pw_gid)
        name = pwd.getpwuid(account.pw_uid if account else os.getuid()).pw_name
        group = grp.getgrgid(account.pw_gid if account else os.getgid()).gr_name
        uid, gid = (account.pw_uid, account.pw_gid) if account else (os.getuid(), os.getgid())
        (self.work / "dovecot.conf").write_text(f"""
base_dir = {self.work}/run
state_dir = {self.work}/state
log_path = {self.work}/dovecot.log
ssl = no
protocols = {"lmtp" if extra else ""}
first_valid_uid = 1
stats_writer_socket_path =
default_internal_user = {name}
default_login_user = {name}
default_internal_group = {group}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
mail_location = maildir:{server.root}/mail/%d/%n/Maildir
mail_plugins = quota
plugin {{
  quota = maildir:User quota
}}
passdb {{
  driver = passwd-file
  args = {server.root}/etc/users
}}
userdb {{
  driver = passwd-file
  args = {server.root}/etc/users
  default_fields = uid={uid} gid={gid} home={self.work}
}}
{extra}
""")

    def start(self):
        """Runs it; ends with the test."""
        done = subprocess.Popen(["dovecot", "-F", "-c", str(self.work / "dovecot.conf")], cwd=self.work,
                                env=self.environment, stdin=subprocess.DEVNULL, **self.credentials)
        self.test.addCleanup(self._stop, done)
        wait_for((self.work / "run" / "auth-userdb").exists, "Dovecot")
        return self

    @staticmethod
    def _stop(process):
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def admin(self, *arguments):
        done = subprocess.run(["doveadm", "-c", str(self.work / "dovecot.conf"), *arguments], cwd=self.work,
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60, check=False, **self.credentials)
        self.test.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()


class Folders(Case):
    def start(self, **settings):
        server = self.unstarted({"recipient_delimiter": "+", **settings})
        set_users(server, user(f"alice@{DOMAIN}"))
        return server.start()

    def send(self, server, detail):
        with server.client() as client:
            client.ehlo()
            client.deliver(message(), f"alice+{detail}@{DOMAIN}")

    def count(self, server, folder):
        place = server.maildir("alice") / folder / "new"
        return len(list(place.iterdir())) if place.is_dir() else 0

    def test_an_existing_folder_gets_it_in_any_case_and_others_go_to_the_inbox(self):
        server = self.start()
        self.send(server, "Lists.asio")
        self.assertEqual(len(server.new("alice")), 1)
        (server.maildir("alice") / ".Lists.Asio").mkdir()
        if is_root():
            os.chown(server.maildir("alice") / ".Lists.Asio", ordinary_user().pw_uid, ordinary_user().pw_gid)
        self.send(server, "lists.asio")
        self.assertEqual((len(server.new("alice")), self.count(server, ".Lists.Asio")), (1, 1))

    def test_folders_are_made_where_that_is_wished_and_dovecot_sees_them(self):
        server = self.start(maildir_create_folders="yes")
        self.send(server, "Lists.asio")
        self.send(server, "Shop")
        self.send(server, "..x")
        self.assertEqual([self.count(server, name) for name in (".Lists.asio", ".Shop", "")], [1, 1, 1])
        self.assertTrue((server.maildir("alice") / ".Lists.asio" / "maildirfolder").is_file())
        self.assertEqual(sorted(path.name for path in server.maildir("alice").iterdir()),
                         [".Lists.asio", ".Shop", "cur", "new", "tmp"])
        self.need("doveadm")
        dovecot = Dovecot(self, server).start()
        seen = dovecot.admin("mailbox", "list", "-u", f"alice@{DOMAIN}").split()
        self.assertLessEqual({"INBOX", "Lists.asio", "Shop"}, set(seen))
        fetched = dovecot.admin("fetch", "-u", f"alice@{DOMAIN}", "hdr.subject", "mailbox", "Lists.asio", "all")
        self.assertIn("greetings", fetched)

    def test_a_mode_lets_a_group_in(self):
        server = self.start(maildir_create_folders="yes", maildir_mode="0770")
        self.send(server, "Shop")
        folder = server.maildir("alice") / ".Shop"
        self.assertEqual([oct(path.stat().st_mode & 0o777) for path in (folder, folder / "new", next((folder / "new").iterdir()))],
                         ["0o770", "0o770", "0o660"])


class Hold(Case):
    def queued(self, server, count):
        with server.client(source=HOME) as client:
            client.ehlo()
            for n in range(count):
                client.deliver(message(), f"x{n}@elsewhere.test", sender=f"alice@{DOMAIN}")
        return [row["queue_id"] for row in server.queue()]

    def test_messages_are_held_released_and_deleted(self):
        server = self.server()
        first, second, third = self.queued(server, 3)
        done = server.command("queue", "hold", first, second)
        self.assertEqual((done.returncode, done.stdout), (0, "Placed on hold: 2 messages\n"), done.stderr)
        self.assertIn(f"{first}! ", server.command("queue").stdout)
        self.assertEqual({row["queue_id"]: row["queue_name"] == "hold" for row in server.queue()},
                         {first: True, second: True, third: False})
        server.kill()
        server.start()
        self.assertIn(f"{first}! ", server.command("queue").stdout)
        released = server.command("queue", "release", third)
        self.assertEqual((released.returncode, released.stderr), (69, f"gatepost: {third} is not on hold\n"))
        self.assertEqual(server.command("queue", "release", "ALL").returncode, 0)
        self.assertNotIn("!", server.command("queue").stdout)
        self.assertEqual(server.command("queue", "delete", first).returncode, 0)
        self.assertEqual(sorted(row["queue_id"] for row in server.queue()), sorted([second, third]))
        self.assertEqual(server.command("queue", "delete", "ALL").stdout, "Deleted: 2 messages\n")
        self.assertEqual(list((server.root / "queue" / "text").iterdir()), [])

    def test_what_is_not_there_is_said(self):
        server = self.server()
        self.assertEqual(server.command("queue", "hold", "ABCDEF").returncode, 69)
        self.assertEqual(server.command("queue", "hold", "../x").returncode, 64)
        self.assertEqual(server.command("queue", "hold").returncode, 64)
        self.assertEqual(server.command("queue", "frobnicate", "A").returncode, 64)


class Lmtp(Case):
    def start(self, behave=None, **settings):
        server = self.unstarted()
        self.peer = LmtpServer(server.root / "lmtp.sock", behave)
        self.addCleanup(lambda: self.peer.door and self.peer.close())
        server.write_config({"virtual_mailbox_domains": HOSTED, "virtual_transport": f"lmtp:unix:{server.root}/lmtp.sock",
                             "queue_run_delay": "1s", "minimal_backoff_time": "1s", "maximal_backoff_time": "1s",
                             "mynetworks": f"{HOME}/32", **settings})
        set_users(server, user(f"alice@{DOMAIN}"), user(f"carol@{HOSTED}"), user(f"dave@{HOSTED}"),
                  user(f"postmaster@{DOMAIN}"))
        return server.start()

    def send(self, server, *recipients, sender=f"alice@{DOMAIN}", text=None, expect="250 "):
        with server.client(source=HOME) as client:
            client.ehlo()
            client.ask(f"MAIL FROM:<{sender}>")
            for recipient in recipients:
                self.assert_reply(client.ask(f"RCPT TO:<{recipient}>"), expect)
            if expect != "250 ":
                return
            self.assert_reply(client.ask("DATA"), "354 ")
            client.send((text or message()).replace("\n", "\r\n") + ".\r\n")
            self.assert_reply(client.reply(), "250 ")

    def queue_is_empty(self, server):
        wait_for(lambda: server.queue() == [], "the queue to be empty")

    def test_a_message_goes_to_the_program_octet_by_octet(self):
        server = self.start()
        text = message(body=".dot\n\n..two\ngr\u00fc\u00dfe\n" + "x" * 900 + "\n")
        with server.client(source=HOME) as client:
            client.ehlo()
            client.deliver(text, f"carol@{HOSTED}", sender=f"alice@{DOMAIN}", parameters=" BODY=8BITMIME")
        (name, taken), = self.peer.wait_taken(1)
        self.assertEqual(name, f"carol@{HOSTED}")
        self.assertTrue(taken.startswith(b"Received: "))
        self.assertTrue(taken.endswith(b"\r\n" + text.encode().replace(b"\n", b"\r\n")), taken)
        self.queue_is_empty(server)
        line = server.wait_log("status=sent")
        self.assertRegex(line, r"lmtp\[\d+\]: [0-9A-F]+: to=<carol@hosted.test>, relay=mx\.\S+\[\S+/lmtp.sock\], "
                               r"delay=[\d.]+, delays=[\d.]+/[\d.]+/[\d.]+/[\d.]+, dsn=2\.0\.0, "
                               r"status=sent \(250 2\.0\.0 saved\)")
        self.assertEqual(server.everything_new(), [])

    def test_a_large_message_goes_in_pieces(self):
        server = self.start()
        text = message(body=("." + "y" * 75 + "\n") * 20000)
        self.send(server, f"carol@{HOSTED}", text=text.replace("\n.", "\n.."))
        (_, taken), = self.peer.wait_taken(1)
        self.assertTrue(taken.endswith(text.encode().replace(b"\n", b"\r\n")))

    def test_while_the_program_is_down_mail_waits_and_nothing_is_lost(self):
        server = self.start()
        self.peer.close()
        self.send(server, f"carol@{HOSTED}")
        server.wait_log("status=deferred")
        self.assertIn("connect to", server.command("queue").stdout)
        server.kill()
        server.start()
        self.peer.open()
        self.peer.wait_taken(1)
        self.queue_is_empty(server)

    def test_a_later_yes_is_enough_and_those_who_have_it_get_it_once(self):
        said = {"count": 0}

        def behave(stage, argument):
            if stage == "dot" and argument.startswith("dave"):
                said["count"] += 1
                return "451 4.2.0 try later" if said["count"] < 3 else None
            return None
        server = self.start(behave)
        self.send(server, f"carol@{HOSTED}", f"dave@{HOSTED}")
        taken = self.peer.wait_taken(2)
        self.queue_is_empty(server)
        self.assertEqual(sorted(name for name, _ in taken), [f"carol@{HOSTED}", f"dave@{HOSTED}"])
        self.assertEqual(len(self.peer.taken), 2)
        self.assertIn("451 4.2.0 try later", server.log())

    def test_whom_the_program_refuses_is_refused_at_rcpt(self):
        server = self.start(lambda stage, who: "550 5.7.1 not today" if stage == "RCPT" and who.startswith("dave") else None)
        self.send(server, f"dave@{HOSTED}", expect="550 5.7.1 ")
        self.send(server, f"carol@{HOSTED}")
        self.peer.wait_taken(1)

    def test_a_no_after_the_text_is_told_to_the_sender(self):
        server = self.start(lambda stage, who: "552 5.2.3 too rude" if stage == "dot" else None)
        self.send(server, f"carol@{HOSTED}", text=message(subject="the rude one"))
        wait_for(lambda: server.new("alice"), "a report")
        report = server.one_text("alice").decode()
        for part in ("Return-Path: <>", "multipart/report", "Final-Recipient: rfc822;carol@hosted.test",
                     "Status: 5.2.3", "552 5.2.3 too rude", "Subject: the rude one"):
            self.assertIn(part, report)
        self.queue_is_empty(server)
        self.assertIn("status=bounced", server.log())

    def test_without_a_sender_postmaster_is_told(self):
        server = self.start(lambda stage, who: "552 5.2.3 too rude" if stage == "dot" else None)
        self.send(server, f"carol@{HOSTED}", sender="")
        wait_for(lambda: server.new(f"postmaster@mx.{DOMAIN}"), "a report")
        self.assertIn(b"too rude", server.one_text(f"postmaster@mx.{DOMAIN}"))

    def test_what_waited_too_long_goes_back(self):
        server = self.start(maximal_queue_lifetime="0s")
        self.peer.close()
        self.send(server, f"carol@{HOSTED}")
        wait_for(lambda: server.new("alice"), "a report")
        self.assertIn("connect to", server.one_text("alice").decode())
        self.queue_is_empty(server)

    def test_a_server_that_hangs_up_anywhere_gets_it_later(self):
        for stage in ("greeting", "LHLO", "MAIL", "RCPT", "DATA", "dot"):
            with self.subTest(stage=stage):
                broken = threading.Event()

                def behave(now, argument, stage=stage, broken=broken):
                    # The first conversation asks only; the one with the message is cut.
                    if now == stage and not broken.is_set() and (stage == "dot" or self.peer.seen.count("greeting") > 1):
                        broken.set()
                        return "HANGUP"
                    return None
                server = self.start(behave)
                self.send(server, f"carol@{HOSTED}")
                self.peer.wait_taken(1)
                self.queue_is_empty(server)
                self.assertTrue(broken.is_set())
                self.assertEqual(len(self.peer.taken), 1)
                server.close()

    def test_a_server_that_never_answers_is_given_up_for_now(self):
        quiet = threading.Event()
        self.addCleanup(quiet.set)
        slow = {"first": True}

        def behave(stage, argument):
            if stage == "DATA" and slow.pop("first", None):
                quiet.wait(30)
            return None
        server = self.start(behave, lmtp_rcpt_timeout="1s")
        self.send(server, f"carol@{HOSTED}")
        server.wait_log("conversation timed out")
        self.peer.wait_taken(1)
        self.queue_is_empty(server)

    def test_a_slow_server_holds_up_no_session(self):
        quiet = threading.Event()
        self.addCleanup(quiet.set)
        server = self.start(lambda stage, who: quiet.wait(30) and None if stage == "dot" else None)
        for _ in range(5):
            self.send(server, f"carol@{HOSTED}")
        self.peer.wait_seen("dot", 5)
        self.assertEqual(len(server.queue()), 5)
        quiet.set()
        self.peer.wait_taken(5)
        self.queue_is_empty(server)

    def test_killed_while_it_hands_over_nothing_is_lost(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        server = self.start(lambda stage, who: gate.wait(30) and None if stage == "DATA" else None)
        for n in range(10):
            self.send(server, f"carol@{HOSTED}", text=message(subject=f"number {n}."))
        self.peer.wait_seen("DATA", 1)
        server.kill()
        gate.set()
        server.start()
        wait_for(lambda: server.queue() == [], "the queue to be empty")
        for n in range(10):
            found = sum(f"Subject: number {n}.".encode() in text for _, text in self.peer.taken)
            self.assertGreaterEqual(found, 1, n)

    def test_held_mail_for_maildirs_is_delivered_when_released(self):
        server = self.start()
        self.peer.close()
        self.send(server, f"carol@{HOSTED}", text=message(subject="held"))
        identity = server.queue()[0]["queue_id"]
        self.assertEqual(server.command("queue", "hold", identity).returncode, 0)
        server.write_config({"virtual_transport": "virtual"})
        self.assertEqual(server.command("reload").returncode, 0)
        server.wait_log("read anew")
        self.assertEqual(server.new(f"carol@{HOSTED}"), [])
        self.assertEqual(server.command("queue", "release", identity).returncode, 0)
        wait_for(lambda: server.new(f"carol@{HOSTED}"), "the message")
        self.assertIn(b"Subject: held", server.one_text(f"carol@{HOSTED}"))
        self.queue_is_empty(server)

    def test_flush_tries_at_once(self):
        server = self.start(minimal_backoff_time="1h", maximal_backoff_time="1h", queue_run_delay="1h")
        self.peer.close()
        self.send(server, f"carol@{HOSTED}")
        server.wait_log("status=deferred")
        self.peer.open()
        self.assertEqual(server.command("queue", "flush").returncode, 0)
        self.peer.wait_taken(1)

    def test_an_unknown_transport_is_refused_at_the_start(self):
        server = self.unstarted({"virtual_transport": "smtp:[192.0.2.1]"})
        done = server.command("check")
        self.assertEqual(done.returncode, 78)
        self.assertIn("virtual_transport", done.stdout + done.stderr)


class DovecotLmtp(Case):
    def test_mail_goes_through_a_sieve_filter(self):
        self.need("dovecot", "doveadm")
        if not os.path.exists("/usr/lib/dovecot/lmtp"):
            self.skipTest("dovecot-lmtpd is not installed")
        server = self.unstarted()
        door = server.root / "dovecot" / "lmtp.sock"
        server.write_config({"virtual_mailbox_domains": HOSTED, "virtual_transport": f"lmtp:unix:{door}",
                             "recipient_delimiter": "+", "queue_run_delay": "1s", "minimal_backoff_time": "1s",
                             "maximal_backoff_time": "1s"})
        set_users(server, user(f"carol@{HOSTED}"), user(f"alice@{DOMAIN}"))
        (server.root / "filter.sieve").write_text(
            'require ["fileinto", "mailbox", "reject"];\n'
            'if header :contains "subject" "list" { fileinto :create "Lists"; }\n'
            'elsif header :contains "subject" "rude" { reject "mind your words"; }\n')
        Dovecot(self, server, f"""
recipient_delimiter = +
protocol lmtp {{
  mail_plugins = quota sieve
  postmaster_address = postmaster@{DOMAIN}
}}
plugin {{
  sieve_before = {server.root}/filter.sieve
  sieve = file:{server.root}/none.sieve
}}
service lmtp {{
  user = {pwd.getpwuid(ordinary_user().pw_uid if is_root() else os.getuid()).pw_name}
  chroot =
  unix_listener {door} {{
    mode = 0666
  }}
}}
""").start()
        server.start()
        for subject, recipient in (("plain", f"carol@{HOSTED}"), ("a list", f"carol@{HOSTED}"), ("detail", f"carol+x@{HOSTED}")):
            with server.client() as client:
                client.ehlo()
                client.deliver(message(subject=subject), recipient)
        wait_for(lambda: server.queue() == [], "the queue to be empty")
        lists = server.maildir(f"carol@{HOSTED}") / ".Lists" / "new"
        self.assertEqual(len(list(lists.iterdir())), 1)
        self.assertEqual(len(server.new(f"carol@{HOSTED}")), 2)
        self.assertEqual(server.log().count("status=sent (250 2.0.0 <carol"), 3)

    def test_user_and_folder_goes_to_the_folder_as_the_manual_says(self):
        self.need("dovecot", "doveadm")
        if not os.path.exists("/usr/lib/dovecot/lmtp"):
            self.skipTest("dovecot-lmtpd is not installed")
        server = self.unstarted()
        door = server.root / "dovecot" / "lmtp.sock"
        server.write_config({"virtual_mailbox_domains": HOSTED, "virtual_transport": f"lmtp:unix:{door}",
                             "recipient_delimiter": "+"})
        set_users(server, user(f"dave@{HOSTED}"), user(f"alice@{DOMAIN}"))
        manual = server.command("manual", "users", config=False).stdout.splitlines()
        first = next(number for number, line in enumerate(manual) if line.startswith("Where mailbox_transport"))
        lines = [line.strip() for line in manual[first:] if line.startswith(("  recipient_delimiter", "  lmtp_"))]
        Dovecot(self, server, "\n".join(lines) + f"""
protocol lmtp {{
  mail_plugins = $mail_plugins sieve
  postmaster_address = postmaster@{DOMAIN}
}}
service lmtp {{
  user = {pwd.getpwuid(ordinary_user().pw_uid if is_root() else os.getuid()).pw_name}
  chroot =
  unix_listener {door} {{
    mode = 0666
  }}
}}
""").start().admin("mailbox", "create", "-u", f"dave@{HOSTED}", "Lists")
        server.start()
        for recipient in (f"dave@{HOSTED}", f"dave+Lists@{HOSTED}", f"dave+Other@{HOSTED}"):
            with server.client() as client:
                client.ehlo()
                client.deliver(message(), recipient)
        wait_for(lambda: server.queue() == [], "the queue to be empty")
        self.assertEqual(len(list((server.maildir(f"dave@{HOSTED}") / ".Lists" / "new").iterdir())), 1)
        self.assertEqual(len(server.new(f"dave@{HOSTED}")), 2)

# SPDX-License-Identifier: Apache-2.0
# e2e: the promise under a full disk and a sudden end.
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

from harness import DOMAIN, HOME, Case, message, ordinary_user, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "soak"))
import kill_rounds  # noqa: E402

ALICE = f"alice@{DOMAIN}"


class FullDisk(Case):
    """The server lives in a mount namespace of its own with a small disk, which ends with it."""

    def small_disk(self, options, settings=None):
        self.need_root()
        self.need("unshare", "setpriv")
        if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
            self.skipTest("may not make a mount namespace")
        server = self.unstarted(settings, as_root=True)
        disk = server.root / "disk"
        disk.mkdir()
        user = ordinary_user()
        for name in ("state", "run", "log"):
            os.chown(server.root / name, user.pw_uid, user.pw_gid)
        server.write_config({"mail_location": f"{disk}/mail/%d/%n/Maildir", "queue_directory": f"{disk}/queue"})
        script = (f"mount -t tmpfs -o {options},uid={user.pw_uid},gid={user.pw_gid},mode=0700 tmpfs {disk} && "
                  f"exec setpriv --reuid={user.pw_uid} --regid={user.pw_gid} --clear-groups \"$@\"")
        server.launcher = ["unshare", "-m", "sh", "-c", script, "sh"]
        server.start()
        server.disk = pathlib.Path(f"/proc/{server.pid}/root{disk}")
        return server

    @staticmethod
    def stored(server):
        return sorted((server.disk / "mail").glob("*/*/Maildir/new/*"))

    def send_until_refused(self, server, body, *recipients, source=None):
        """Sends until the answer is not 250; (number accepted, that answer)."""
        for number in range(400):
            with server.client(source=source) as client:
                client.ehlo()
                for reply in client.envelope("x@remote.test", *recipients):
                    if reply.code != 250:
                        return number, reply
                reply = client.data(message(body=body))
                if reply.code != 250:
                    # The session survives its own bad news.
                    self.assertEqual(client.ask("RSET").code, 250)
                    return number, reply
        self.fail("the disk never became full")

    def assert_recovers(self, server, whole):
        for path in self.stored(server):
            text = path.read_bytes()
            self.assertTrue(text.endswith(whole.encode()), f"{path} is not whole")
        for path in self.stored(server):
            path.unlink()
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(body=whole), ALICE).code, 250)
        self.assertEqual(len(self.stored(server)), 1)

    def test_a_disk_that_fills_amid_a_message_is_452_and_leaves_nothing_half_written(self):
        server = self.small_disk("size=8m", {"message_size_limit": "2000000"})
        body = "0123456789abcde\n" * 60000
        filler = server.disk / "filler"
        with server.client() as client:
            client.ehlo()
            client.envelope("x@remote.test", ALICE)
            self.assertEqual(client.ask("DATA").code, 354)
            # The space was there when the message was let in; it is gone when the text comes.
            with open(filler, "wb", buffering=0) as full, contextlib.suppress(OSError):
                while full.write(b"f" * 4096):
                    pass
            self.assert_reply(client.text(message(body=body)), "452 4.3.1 Insufficient system storage")
            self.assertEqual(self.stored(server), [])
            wait_for(lambda: not list((server.disk / "mail").glob("*/*/Maildir/tmp/*")), "tmp/ to be empty")
            filler.unlink()
            self.assertEqual(client.deliver(message(body=body), ALICE).code, 250)
        self.assert_recovers(server, body)

    def test_a_full_disk_is_told_at_mail_and_every_accepted_message_is_whole(self):
        server = self.small_disk("size=4m", {"message_size_limit": "300000"})
        body = "0123456789abcde\n" * 12000
        accepted, refusal = self.send_until_refused(server, body, ALICE)
        self.assert_reply(refusal, "452 4.3.1 Insufficient system storage")
        self.assertGreater(accepted, 0)
        self.assertEqual(len(self.stored(server)), accepted)
        self.assert_recovers(server, body)

    def test_a_disk_that_fills_before_the_last_of_many_copies_delivers_none(self):
        server = self.small_disk("size=4m", {"maildir_share_text": "no", "message_size_limit": "200000"})
        body = "0123456789abcde\n" * 12000
        accepted, refusal = self.send_until_refused(
            server, body, ALICE, f"bob@{DOMAIN}", f"carol@{DOMAIN}", f"dave@{DOMAIN}")
        self.assertEqual(refusal.code, 452, refusal)
        self.assertGreater(accepted, 0)
        self.assertEqual(len(self.stored(server)), accepted * 4)
        self.assert_recovers(server, body)

    def test_no_inodes_is_452_too(self):
        server = self.small_disk("size=40m,nr_inodes=120")
        accepted, refusal = self.send_until_refused(server, "small\n", ALICE)
        self.assertIn(refusal.code, (451, 452), refusal)
        self.assertEqual(len(self.stored(server)), accepted)
        self.assert_recovers(server, "small\n")

    def test_a_full_disk_refuses_mail_for_others_too_and_loses_none(self):
        server = self.small_disk("size=4m", {"message_size_limit": "200000"})
        accepted, refusal = self.send_until_refused(server, "0123456789abcde\n" * 12000, "x@elsewhere.test",
                                                    source=HOME)
        self.assertGreater(accepted, 0)
        self.assertIn(refusal.code, (451, 452), refusal)
        self.assertEqual(len(server.queue()), accepted)

    def test_a_declared_size_that_cannot_fit_is_refused_at_mail(self):
        server = self.small_disk("size=8m", {"message_size_limit": "5000000"})
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.ask("MAIL FROM:<x@remote.test> SIZE=1000").code, 250)
            client.ask("RSET")
            (server.disk / "filler").write_bytes(b"f" * 4_000_000)
            self.assert_reply(client.ask("MAIL FROM:<x@remote.test> SIZE=4900000"), "452 4.3.1")


class SuddenEnd(Case):
    def test_what_was_answered_250_survives_kill_9(self):
        problems, checked = kill_rounds.play(3)
        self.assertEqual(problems, [])
        self.assertGreater(checked, 20)

    def test_a_mailbox_that_cannot_be_written_is_a_4xx(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            client.deliver(message(), ALICE)
        box = server.maildir("alice")
        shutil.rmtree(box)
        box.write_text("a file where the Maildir should be\n")
        with server.client() as client:
            client.ehlo()
            replies = client.envelope("x@remote.test", ALICE)
            if replies[-1].code == 250:
                replies.append(client.data(message()))
            self.assertIn(replies[-1].code, (451, 452), replies[-1])
        box.unlink()
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        server.one_text("alice")

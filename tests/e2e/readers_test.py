# SPDX-License-Identifier: Apache-2.0
# e2e: other programs open the Maildir and read what was sent, byte for byte.
import os
import pty
import subprocess

from harness import DOMAIN, PATIENCE, SharedCase, ordinary_user, is_root, message, wait_for
from peers import PATH

BODY = "First line\n.dot\n\nFrom here\n" + "y" * 900 + "\ngr\u00fc\u00dfe \u20ac\nlast\n"
MIME = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"


def as_mailbox_owner():
    """Keyword arguments that run a child as the user whose Maildir it is."""
    if not is_root():
        return {}
    user = ordinary_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Readers(SharedCase):
    def setUp(self):
        super().setUp()
        self.text = message(subject="read me", body=BODY, extra=MIME)
        with self.gp.client() as client:
            client.ehlo()
            client.deliver(self.text, f"alice@{DOMAIN}", parameters=" BODY=8BITMIME")
        self.stored = self.gp.one_text("alice").decode()
        self.assertTrue(self.stored.endswith("\n" + self.text), self.stored)
        self.work = self.gp.root / "reader"
        self.work.mkdir(exist_ok=True)
        if is_root():
            os.chown(self.work, ordinary_user().pw_uid, ordinary_user().pw_gid)

    def environment(self):
        return {**os.environ, "PATH": PATH, "HOME": str(self.work), "USER": f"alice@{DOMAIN}", "TERM": "xterm"}

    def dovecot_settings(self, before_2_4):
        common = (f"base_dir = {self.work}/run\nlog_path = {self.work}/dovecot.log\nssl = no\n"
                  "first_valid_uid = 1\nstats_writer_socket_path =\n")
        maildir = self.gp.maildir("alice")
        if before_2_4:
            return f"{common}protocols =\nmail_location = maildir:{maildir}\n"
        return ("dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
                f"{common}mail_driver = maildir\nmail_path = {maildir}\n")

    def doveadm(self, *arguments):
        config = self.work / "dovecot.conf"
        version = subprocess.run(["dovecot", "--version"], env=self.environment(), capture_output=True, text=True, check=False).stdout
        config.write_text(self.dovecot_settings(version.startswith(("2.2.", "2.3."))))
        verb, *rest = arguments
        own = [] if version.startswith(("2.2.", "2.3.")) else ["--no-userdb-lookup"]
        done = subprocess.run(["doveadm", "-c", str(config), verb, *own, *rest], env=self.environment(),
                              cwd=self.work, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=False, **as_mailbox_owner())
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode().replace("\r\n", "\n")

    def test_dovecot_reads_the_message_byte_for_byte(self):
        self.need("doveadm")
        fetched = self.doveadm("fetch", "text", "mailbox", "INBOX")
        self.assertEqual(fetched.rstrip("\n"), "text:\n" + self.stored.rstrip("\n"))

    def test_dovecot_sees_one_unseen_message_with_the_size_of_the_file(self):
        self.need("doveadm")
        size = self.gp.new("alice")[0].stat().st_size
        fetched = self.doveadm("fetch", "size.physical flags hdr.subject", "mailbox", "INBOX")
        self.assertIn(f"size.physical: {size}\n", fetched)
        self.assertNotIn("\\Seen", fetched)
        self.assertIn("hdr.subject: read me\n", fetched)

    def test_mutt_reads_the_message_byte_for_byte(self):
        self.need("mutt")
        out = self.work / "piped"
        out.unlink(missing_ok=True)
        # folder= keeps mutt from asking whether to make ~/Mail, which would eat the keys.
        settings = (f"set folder={self.work} pipe_decode=no wait_key=no quit=yes move=no mark_old=no confirmappend=no "
                    "sleep_time=0 weed=no")
        keys = f"push '<pipe-message>cat > {out}.part && mv {out}.part {out}<enter><quit>'"
        controller, terminal = pty.openpty()
        try:
            mutt = subprocess.Popen(["mutt", "-n", "-F", "/dev/null", "-R", "-f", str(self.gp.maildir("alice")),
                                     "-e", settings, "-e", keys],
                                    stdin=terminal, stdout=terminal, stderr=terminal, env=self.environment(),
                                    cwd=self.work, start_new_session=True, **as_mailbox_owner())
            os.close(terminal)
            os.set_blocking(controller, False)
            wait_for(lambda: drained(controller) and mutt.poll() is not None, "mutt to end", PATIENCE)
        finally:
            os.close(controller)
            if mutt.poll() is None:
                mutt.kill()
                mutt.wait()
        piped = out.read_text()
        # mutt writes the folder's form; the Status fields it may add are its own.
        kept = "\n".join(line for line in piped.split("\n") if not line.startswith(("Status: ", "Lines: ",
                                                                                    "Content-Length: ")))
        self.assertEqual(kept, self.stored)


def drained(descriptor):
    """Empties the terminal so that the program on it never waits for us; always true."""
    try:
        while os.read(descriptor, 65536):
            pass
    except OSError:
        pass
    return True

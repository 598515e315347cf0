# SPDX-License-Identifier: Apache-2.0
# e2e: the log in Postfix's grammar, as JSON, to a file and to standard output, read by others' tools.
import json
import os
import re
import signal
import socket
import subprocess

from harness import DOMAIN, HOME, PATIENCE, STRANGER, Case, free_ports, message, ordinary_user, wait_for
from peers import PATH

ALICE = f"alice@{DOMAIN}"
PREFIX = r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ "


class Grammar(Case):
    def test_the_story_of_a_message_is_told_in_the_lines_parsers_know(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            reply = client.deliver(message(), ALICE)
            client.ask("QUIT")
        identity = reply.raw.split()[-1]
        self.assertRegex(identity, r"^[0-9A-F]+$")
        server.wait_log(" quit=1")
        log = server.log()
        for pattern in (rf"gatepost/smtpd\[{server.pid}\]: connect from unknown\[127\.0\.0\.1\]$",
                        rf"gatepost/smtpd\[\d+\]: {identity}: client=unknown\[127\.0\.0\.1\]$",
                        rf"gatepost/cleanup\[\d+\]: {identity}: message-id=<\S+@remote\.test>$",
                        rf"gatepost/qmgr\[\d+\]: {identity}: from=<sender@remote\.test>, size=\d+, nrcpt=1 "
                        r"\(queue active\)$",
                        rf"gatepost/(local|virtual)\[\d+\]: {identity}: to=<{ALICE}>, relay=(local|virtual), "
                        r"delay=[\d.]+, delays=[\d.]+(/[\d.]+){3}, dsn=2\.0\.0, status=sent \(delivered to maildir\)$",
                        rf"gatepost/qmgr\[\d+\]: {identity}: removed$",
                        r"gatepost/smtpd\[\d+\]: disconnect from unknown\[127\.0\.0\.1\] "
                        r"ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5$"):
            self.assertRegex(log, "(?m)" + PREFIX + pattern)

    def test_refused_commands_are_counted_as_fractions(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            client.envelope("a@b.test", f"nobody@{DOMAIN}")
            client.ask("BLURB")
            client.ask("QUIT")
        line = server.wait_log(" quit=1")
        self.assertIn(" ehlo=1 mail=1 rcpt=0/1 quit=1 unknown=0/1 commands=3/5", line)

    def test_a_lost_connection_is_told_with_where(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            client.envelope("a@b.test", ALICE)
        server.wait_log("lost connection after RCPT from unknown[127.0.0.1]")
        with server.client() as client:
            client.ehlo()
            client.envelope("a@b.test", ALICE)
            client.ask("DATA")
            client.send(b"Subject: half\r\n\r\nhalf\r\n")
        self.assertRegex(server.wait_log("lost connection after DATA"), r"\(\d+ bytes\) from unknown\[127\.0\.0\.1\]$")
        self.assertEqual(server.texts("alice"), [])

    def test_peer_text_cannot_forge_a_line(self):
        server = self.server()
        with server.client() as client:
            client.ask("EHLO evil\x1b[31m\x07name")
            client.ask("MAIL FROM:<a@b.test>")
            client.ask(f"RCPT TO:<\"x\x01\ty\"@{DOMAIN}>")
            client.ask("QUIT")
        server.wait_log(" quit=1")
        for line in server.log().splitlines():
            self.assertRegex(line, PREFIX)
            self.assertNotRegex(line, "[\x00-\x08\x0b-\x1f\x7f]")

    def test_submission_lines_carry_their_service(self):
        port, = free_ports(1)
        server = self.server({"submission_listen": f"{STRANGER}:{port}"})
        with server.client(port=port):
            pass
        server.wait_log("gatepost/submission/smtpd[")


class Sinks(Case):
    def test_json_lines_hold_the_same_events(self):
        server = self.server({"log_format": "json"})
        with server.client() as client:
            client.ehlo()
            client.deliver(message(), ALICE)
            client.envelope("a@b.test", f"nobody@{DOMAIN}")
            client.ask("QUIT")
        server.wait_log(f"nobody@{DOMAIN}")
        rows = [json.loads(line) for line in server.log().splitlines()]
        self.assertGreater(len(rows), 4)
        for row in rows:
            self.assertIn("event", row)
        self.assertTrue(any(f"nobody@{DOMAIN}" in json.dumps(row) for row in rows))

    def test_standard_output_is_a_log(self):
        server = self.unstarted({"maillog_file": "/dev/stdout"})
        server.start()
        with server.client() as client:
            client.ask("QUIT")
        wait_for(lambda: "disconnect from " in server.said(), "the log on standard output")

    def test_standard_output_may_be_a_pipe(self):
        server = self.unstarted({"maillog_file": "/dev/stdout"})
        server.spawn(stdout=subprocess.PIPE)
        line = server.process.stdout.readline()
        self.assertRegex(line.decode(), r"gatepost/\S+\[\d+\]: ")
        server.process.stdout.close()

    def test_without_a_file_and_a_system_log_standard_error_gets_the_lines(self):
        if os.path.exists("/dev/log"):
            self.skipTest("this system has a log of its own")
        server = self.server({"maillog_file": ""})
        with server.client() as client:
            client.ask("QUIT")
        wait_for(lambda: re.search(r"(?m)gatepost/smtpd\[\d+\]: disconnect from \S+ quit=1 commands=1$", server.said()),
                 "the log on standard error")

    def test_the_journal_gets_records_of_its_own_kind(self):
        self.need_root()
        self.need("unshare", "setpriv")
        if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
            self.skipTest("may not make a mount namespace")
        server = self.unstarted({"maillog_file": ""}, as_root=True)
        user = ordinary_user()
        for name in ("mail", "queue", "state", "run", "log"):
            os.chown(server.root / name, user.pw_uid, user.pw_gid)
        folder = server.root / "journal"
        folder.mkdir()
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(journal.close)
        journal.bind(str(folder / "socket"))
        (folder / "socket").chmod(0o666)
        journal.settimeout(PATIENCE)
        script = (f"mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && "
                  f"mount --bind {folder} /run/systemd/journal && "
                  f"exec setpriv --reuid={user.pw_uid} --regid={user.pw_gid} --clear-groups \"$@\"")
        server.launcher = ["unshare", "-m", "sh", "-c", script, "sh"]
        errors = server.root / "stderr"
        errors.touch()
        facts = errors.stat()
        server.environment = {"JOURNAL_STREAM": f"{facts.st_dev}:{facts.st_ino}"}
        server.start()
        records = ""
        while "MESSAGE=connect from unknown[127.0.0.1]" not in records:
            records += journal.recv(65536).decode(errors="replace")
        self.assertIn("SYSLOG_IDENTIFIER=gatepost/smtpd", records)
        self.assertIn("PRIORITY=6", records)

    def test_a_rotated_log_is_followed_after_sighup(self):
        server = self.server()
        path = server.root / "log" / "mail.log"
        wait_for(path.exists, "the log")
        path.rename(path.with_suffix(".1"))
        server.signal(signal.SIGHUP)

        def fresh():
            with server.client() as client:
                client.ask("QUIT")
            return path.exists() and "disconnect from " in path.read_text()
        wait_for(fresh, "the new log")


class Pflogsumm(Case):
    def test_totals_agree_with_what_was_sent(self):
        self.need("pflogsumm")
        server = self.server({"syslog_name": "postfix"})
        with server.client() as client:
            client.ehlo()
            for _ in range(3):
                client.deliver(message(), ALICE)
            client.deliver(message(), ALICE, f"bob@{DOMAIN}")
            client.envelope("a@b.test", f"nobody@{DOMAIN}", "x@elsewhere.test")
            client.ask("QUIT")
        server.wait_log(" quit=1")
        done = subprocess.run(["pflogsumm", str(server.root / "log" / "mail.log")], capture_output=True, text=True,
                              env={**os.environ, "PATH": PATH}, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        totals = dict((name, int(number)) for number, name in
                      re.findall(r"(?m)^ +(\d+)k? +(received|delivered|deferred|bounced|rejected|senders|recipients)\b",
                                 done.stdout))
        # The unauthorised recipient is deferred or rejected by configuration; pflogsumm counts 5xx as rejected.
        self.assertEqual({name: totals[name] for name in ("received", "delivered", "bounced", "senders", "recipients")},
                         {"received": 4, "delivered": 5, "bounced": 0, "senders": 1, "recipients": 2}, done.stdout)
        self.assertGreaterEqual(totals["rejected"], 1)
        self.assertIn("User unknown", done.stdout)

    def test_mail_waiting_for_others_is_received_and_not_delivered(self):
        self.need("pflogsumm")
        server = self.server({"syslog_name": "postfix"})
        with server.client(source=HOME) as client:
            client.ehlo()
            client.deliver(message(), "x@elsewhere.test")
            client.ask("QUIT")
        server.wait_log(" quit=1")
        done = subprocess.run(["pflogsumm", str(server.root / "log" / "mail.log")], capture_output=True, text=True,
                              env={**os.environ, "PATH": PATH}, timeout=60, check=False)
        self.assertRegex(done.stdout, r"(?m)^ +1 +received$")
        self.assertRegex(done.stdout, r"(?m)^ +0 +delivered$")

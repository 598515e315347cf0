# SPDX-License-Identifier: Apache-2.0
# e2e: gatepost user, by script and at a terminal; Dovecot reads the same file.
import json
import os
import pty
import stat
import subprocess

from harness import DOMAIN, PATIENCE, Case, is_root, wait_for
from peers import PATH

NOT_TERMINAL = {"start_new_session": True}


class Users(Case):
    def setUp(self):
        self.gp = self.unstarted(users=())
        self.file = self.gp.root / "etc" / "users"
        self.file.unlink()

    def user(self, *arguments, typed="", want=0, **run):
        """gatepost user ARGUMENTS with `typed` on standard input; the finished process."""
        done = subprocess.run([str(self.gp.program), "user", *arguments, "-c", str(self.gp.config)], input=typed,
                              capture_output=True, text=True, timeout=PATIENCE, check=False, **{**NOT_TERMINAL, **run})
        self.assertEqual(done.returncode, want, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def add(self, name, password="secret", *more):
        return self.user("add", name, "--stdin", *more, typed=password + "\n")

    def lines(self):
        return self.file.read_text().splitlines()


class Editing(Users):
    def test_a_user_is_added_verified_changed_and_deleted(self):
        self.add("Alice@Example.com")
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o640)
        self.assertTrue(self.lines()[0].startswith("alice@example.com:{SCRAM-SHA-256}4096,"), self.lines())
        self.user("verify", "alice@example.com", "--stdin", typed="secret\n")
        self.user("verify", "ALICE@example.com", "--stdin", typed="secret")
        self.user("verify", "alice@example.com", "--stdin", typed="Secret\n", want=77)
        self.user("verify", "bob@example.com", "--stdin", typed="secret\n", want=67)
        self.user("passwd", "alice@example.com", "--stdin", typed="p\u00e4ss: wort\n")
        self.user("verify", "alice@example.com", "--stdin", typed="p\u00e4ss: wort\n")
        self.user("verify", "alice@example.com", "--stdin", typed="secret\n", want=77)
        said = self.user("del", "alice@example.com", "-y").stdout
        self.assertIn(str(self.gp.maildir("alice")), said)
        self.assertEqual(self.lines(), ["# There are no users."])

    def test_modes_restrain_receiving_and_the_last_user_can_go(self):
        server = self.unstarted(users="")
        for name, mode in (("n", "normal"), ("s", "send-only"), ("r", "receive-only"), ("d", "disabled")):
            done = server.command("user", "add", f"{name}@{DOMAIN}", "--stdin", "--mode", mode, input="secret words\n")
            self.assertEqual(done.returncode, 0, done.stderr)
        server.start()

        def code(name):
            with server.client() as client:
                client.ehlo()
                return client.envelope("x@remote.test", f"{name}@{DOMAIN}")[1]

        for name in ("n", "r"):
            self.assert_reply(code(name), "250 ")
        for name in ("s", "d"):
            self.assert_reply(code(name), f"550 5.2.1 <{name}@{DOMAIN}>: Recipient address rejected: Mailbox disabled")
        self.assertEqual(server.command("user", "mode", f"d@{DOMAIN}", "normal").returncode, 0)
        self.assert_reply(code("d"), "250 ")
        for name in ("n", "s", "r", "d"):
            self.assertEqual(server.command("user", "del", f"{name}@{DOMAIN}", "-y").returncode, 0)
            self.assert_reply(code(name), "550 5.1.1 ")
        done = server.command("user", "add", f"n@{DOMAIN}", "--stdin", input="secret words\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_reply(code("n"), "250 ")
        self.assertNotIn("no users", (server.root / "etc" / "users").read_text())

    def test_two_passwords_that_are_the_same_are_stored_differently(self):
        self.add("a@example.com")
        self.add("b@example.com")
        one, two = (line.split(":")[1] for line in self.lines())
        self.assertNotEqual(one, two)

    def test_comments_order_and_foreign_fields_stay(self):
        before = ("# staff\n\nbob@example.com:{PLAIN}x:1000:1000:Bob, B:/home/bob:/bin/sh:proxy=y other=1\n"
                  "#carol@example.com:{PLAIN}z\n")
        self.file.write_text(before)
        self.file.chmod(0o604)
        self.add("alice@example.com")
        self.assertEqual("".join(line + "\n" for line in self.lines()[:-1]), before)
        self.user("quota", "bob@example.com", "1G")
        self.user("mode", "bob@example.com", "receive-only")
        self.user("del", "alice@example.com", "-y")
        self.assertEqual(self.file.read_text(),
                         before.replace("other=1", "other=1 userdb_quota_rule=*:storage=1G gatepost_mode=receive-only"))
        self.user("quota", "bob@example.com", "none")
        self.user("mode", "bob@example.com", "normal")
        self.assertEqual(self.file.read_text(), before)
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o604)

    def test_the_list_tells_modes_quotas_schemes_and_what_cannot_be_used(self):
        self.file.write_text("old@example.com:$6$a$b\nnew@example.com:{ARGON2ID}$argon2id$x\n")
        self.add("alice@example.com", "secret", "--quota", "2G", "--mode", "send-only")
        rows = {row["name"]: row for row in map(json.loads, self.user("list", "--json").stdout.splitlines())}
        self.assertEqual(rows["alice@example.com"]["mode"], "send-only")
        self.assertEqual(rows["alice@example.com"]["quota_octets"], 2 << 30)
        self.assertEqual(rows["alice@example.com"]["scheme"], "SCRAM-SHA-256")
        self.assertEqual(rows["old@example.com"]["scheme"], "CRYPT")
        self.assertIn("{ARGON2ID} is not supported", rows["new@example.com"]["problem"])
        text = self.user("list").stdout
        self.assertIn("alice@example.com", text)
        self.assertIn("2 GiB", text)
        self.assertIn("ARGON2ID (cannot be used)", text)

    def test_a_bare_user_is_verified_by_an_address_of_mydestination(self):
        self.add("eve")
        self.user("verify", f"eve@{DOMAIN}", "--stdin", typed="secret\n")
        self.user("verify", "eve@elsewhere.test", "--stdin", typed="secret\n", want=67)

    def test_a_quota_is_told_alike_when_it_is_set_and_when_it_is_asked_for(self):
        self.add("alice@example.com")
        told = self.user("quota", "alice@example.com", "2G").stdout
        self.assertEqual(told, "alice@example.com: 2 GiB\n")
        self.assertEqual(self.user("quota", "alice@example.com").stdout, told)

    def test_the_quota_is_shown_with_what_the_mailbox_holds(self):
        self.add("alice@example.com", "secret", "--quota", "1M")
        self.gp.maildir("alice").mkdir(parents=True)
        (self.gp.maildir("alice") / "maildirsize").write_text("1048576S\n1000 2\n234 1\n")
        self.assertEqual(self.user("quota", "alice@example.com").stdout,
                         "alice@example.com: 1 MiB; holds 1234 octets in 3 messages\n")

    def test_wrong_input_changes_nothing(self):
        self.add("alice@example.com")
        before = self.file.read_bytes()
        for arguments, typed, want in (
                (("add", "alice@example.com", "--stdin"), "x\n", 73),
                (("add", "b:b@example.com", "--stdin"), "x\n", 65),
                (("add", "../b@example.com", "--stdin"), "x\n", 65),
                (("add", "bob@example.com", "--stdin"), "", 65),
                (("add", "bob@example.com", "--stdin"), "\n", 65),
                (("add", "bob@example.com", "--stdin"), "a\0b\n", 65),
                (("add", "bob@example.com", "--stdin"), "x" * 1025 + "\n", 65),
                (("add", "bob@example.com", "--stdin", "--quota", "lots"), "x\n", 64),
                (("add", "bob@example.com", "--stdin", "--mode", "sideways"), "x\n", 64),
                (("add", "bob@example.com"), "x\n", 65),
                (("add",), "", 64),
                (("passwd", "bob@example.com", "--stdin"), "x\n", 67),
                (("passwd", "alice@example.com", "--stdin", "--quota", "1G"), "x\n", 64),
                (("passwd", "--self"), "", 77),
                (("mode", "alice@example.com", "off"), "", 64),
                (("quota", "alice@example.com", "7"), "", 64),
                (("del", "bob@example.com", "-y"), "", 67),
                (("del", "alice@example.com"), "y\n", 69),
                (("frobnicate",), "", 64),
                ((), "", 64)):
            with self.subTest(arguments=arguments, typed=typed):
                environment = {k: v for k, v in os.environ.items() if k != "SUDO_USER"}
                self.user(*arguments, typed=typed, want=want, env=environment)
                self.assertEqual(self.file.read_bytes(), before)
        self.assertEqual(sorted(path.name for path in self.file.parent.iterdir()), ["gatepost.conf", "users"])

    def test_a_link_stays_a_link_and_its_file_is_changed(self):
        real = self.gp.root / "state" / "people"
        real.write_text("")
        self.file.symlink_to(real)
        self.add("alice@example.com")
        self.assertTrue(self.file.is_symlink())
        self.assertIn("alice@example.com", real.read_text())

    def test_many_editors_at_once_lose_nothing(self):
        self.file.write_text("# people\n")
        tasks = [subprocess.Popen([str(self.gp.program), "user", "add", f"user{i}@example.com", "--stdin", "-c",
                                   str(self.gp.config)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, **NOT_TERMINAL) for i in range(20)]
        for task in tasks:
            _, errors = task.communicate(b"secret\n", timeout=PATIENCE)
            self.assertEqual(task.returncode, 0, errors)
        names = [line.split(":")[0] for line in self.lines()[1:]]
        self.assertEqual(sorted(names), sorted(f"user{i}@example.com" for i in range(20)))

    def test_the_owner_of_the_file_stays(self):
        self.need_root()
        self.file.write_text("")
        os.chown(self.file, 12345, 54321)
        self.file.chmod(0o640)
        self.add("alice@example.com")
        facts = self.file.stat()
        self.assertEqual((facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)), (12345, 54321, 0o640))

    def test_own_passwords_are_changed_by_sudo_with_the_old_one_only(self):
        self.need_root()
        self.add("alice@example.com", "old")
        environment = {**os.environ, "SUDO_USER": "alice"}
        config = self.gp.config
        config.write_text(config.read_text() + "myorigin = example.com\n")
        os.chown(config, 0, 0)
        config.chmod(0o644)
        self.user("passwd", "--self", "--stdin", typed="wrong\nnew\n", want=77, env=environment)
        self.user("verify", "alice@example.com", "--stdin", typed="old\n")
        self.user("passwd", "--self", "--stdin", typed="old\nnew\n", env=environment)
        self.user("verify", "alice@example.com", "--stdin", typed="new\n")
        self.user("passwd", "--self", "--stdin", typed="old\nnew\n", want=67, env={**environment, "SUDO_USER": "bob"})
        config.chmod(0o666)
        self.user("passwd", "--self", "--stdin", typed="new\nnewer\n", want=77, env=environment)


class Running(Case):
    def test_a_user_gets_mail_from_when_it_is_added_until_it_is_deleted(self):
        gp = self.server()
        command = [str(gp.program), "user"]
        tail = ["-c", str(gp.config)]

        def rcpt():
            with gp.client() as client:
                client.ehlo()
                client.ask("MAIL FROM:<a@remote.test>")
                return client.ask(f"RCPT TO:<new@{DOMAIN}>")

        self.assert_reply(rcpt(), "550")
        subprocess.run([*command, "add", f"new@{DOMAIN}", "--stdin", *tail], input=b"secret\n", check=True,
                       stdout=subprocess.DEVNULL, timeout=PATIENCE, **NOT_TERMINAL)
        self.assert_reply(rcpt(), "250")
        subprocess.run([*command, "del", f"new@{DOMAIN}", "-y", *tail], check=True, stdout=subprocess.DEVNULL,
                       timeout=PATIENCE, **NOT_TERMINAL)
        self.assert_reply(rcpt(), "550")


class Terminal(Users):
    def talk(self, arguments, answers):
        """Runs the command on a terminal; each of `answers` is (what is asked, what is typed). All that was shown, and
        the exit status."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(str(self.gp.program), [str(self.gp.program), "user", *arguments, "-c", str(self.gp.config)])
        shown = bytearray()
        os.set_blocking(terminal, False)

        def asked(text):
            try:
                shown.extend(os.read(terminal, 4096))
            except BlockingIOError:
                pass
            except OSError:
                return True
            return text.encode() in shown

        try:
            for question, answer in answers:
                wait_for(lambda text=question: asked(text), f"{question!r} in {bytes(shown)!r}")
                os.write(terminal, answer.encode())
            ended = wait_for(lambda: asked("\0") or os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT), "the end")
            self.assertTrue(ended)
            asked("\0")
        finally:
            _, status = os.waitpid(pid, 0)
            os.close(terminal)
        return shown.decode(), os.waitstatus_to_exitcode(status)

    def test_passwords_are_asked_twice_and_not_shown(self):
        shown, status = self.talk(("add", "alice@example.com"), [("New password", "sekret-\u00e4x\x7f\x7f\u00f6\n"),
                                                                 ("again: ", "sekret-\u00f6\n")])
        self.assertEqual(status, 0, shown)
        self.assertNotIn("sekret", shown)
        self.user("verify", "alice@example.com", "--stdin", typed="sekret-\u00f6\n")

    def test_two_that_differ_change_nothing(self):
        shown, status = self.talk(("add", "alice@example.com"), [("New password", "one\n"), ("again: ", "two\n")])
        self.assertEqual(status, 65, shown)
        self.assertFalse(self.file.exists())

    def test_control_c_ends_it(self):
        shown, status = self.talk(("add", "alice@example.com"), [("New password", "on\x03")])
        self.assertEqual(status, 75, shown)
        self.assertFalse(self.file.exists())

    def test_deleting_asks_first(self):
        self.add("alice@example.com")
        shown, status = self.talk(("del", "alice@example.com"), [("[y/N]", "n\n")])
        self.assertEqual(status, 69, shown)
        shown, status = self.talk(("del", "alice@example.com"), [("[y/N]", "y\n")])
        self.assertEqual((status, self.lines()), (0, ["# There are no users."]), shown)


class WithDovecot(Users):
    def setUp(self):
        super().setUp()
        self.need("doveadm", "dovecot")
        if not is_root():
            self.skipTest("Dovecot's auth process needs root")
        self.work = self.gp.root / "dovecot"
        self.work.mkdir()
        self.environment = {**os.environ, "PATH": PATH}
        version = subprocess.run(["dovecot", "--version"], env=self.environment, capture_output=True, text=True,
                                 check=False).stdout
        if not version.startswith(("2.2.", "2.3.")):
            self.skipTest("written for the configuration of Dovecot 2.3")
        config = self.work / "dovecot.conf"
        config.write_text(
            f"base_dir = {self.work}/run\nlog_path = {self.work}/log\nssl = no\nprotocols =\n"
            "first_valid_uid = 1\nauth_mechanisms = plain login scram-sha-256\ndefault_internal_user = nobody\n"
            "default_login_user = nobody\ndefault_internal_group = nogroup\n"
            "service auth {\n user = root\n}\n"
            f"passdb {{\n driver = passwd-file\n args = username_format=%u {self.file}\n}}\n"
            f"userdb {{\n driver = passwd-file\n args = username_format=%u {self.file}\n"
            " default_fields = uid=65534 gid=65534 home=/tmp\n}\n")
        self.config = config

    def start(self):
        process = subprocess.Popen(["dovecot", "-F", "-c", str(self.config)], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def end():
            process.terminate()
            process.wait(PATIENCE)
        self.addCleanup(end)
        wait_for(lambda: (self.work / "run" / "auth-client").exists() or process.poll() is not None, "Dovecot")
        self.assertIsNone(process.poll(), (self.work / "log").read_text() if (self.work / "log").exists() else "")

    def accepts(self, name, password):
        done = subprocess.run(["doveadm", "-c", str(self.config), "auth", "test", name, password], env=self.environment,
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        # A right password of a user with nologin is an answer that the login process then refuses.
        return done.returncode == 0 and "nologin" not in done.stdout

    def test_dovecot_takes_the_passwords_that_gatepost_stores(self):
        self.add("alice@example.com", "p\u00e4sswort {PLAIN}:,")
        self.add("bob@example.com", "secret", "--mode", "disabled")
        self.add("carol@example.com", "secret", "--mode", "receive-only", "--quota", "1G")
        self.start()
        self.assertTrue(self.accepts("alice@example.com", "p\u00e4sswort {PLAIN}:,"))
        self.assertFalse(self.accepts("alice@example.com", "secret"))
        self.assertFalse(self.accepts("bob@example.com", "secret"))
        self.assertTrue(self.accepts("carol@example.com", "secret"))
        self.user("passwd", "alice@example.com", "--stdin", typed="another\n")
        # Dovecot looks at the file once a second.
        wait_for(lambda: self.accepts("alice@example.com", "another"), "Dovecot to take the new password")

    def test_gatepost_takes_the_passwords_that_dovecot_stores(self):
        for number, scheme in enumerate(("SCRAM-SHA-256", "SCRAM-SHA-1", "SHA512-CRYPT", "SHA256-CRYPT", "BLF-CRYPT",
                                         "SSHA512", "SSHA256", "SSHA", "SHA256", "PLAIN", "PLAIN.b64", "SHA512.hex")):
            with self.subTest(scheme=scheme):
                made = subprocess.run(["doveadm", "pw", "-s", scheme, "-p", "gr\u00fc\u00dfe"], env=self.environment,
                                      capture_output=True, text=True, timeout=PATIENCE, check=True).stdout.strip()
                name = f"user{number}@{DOMAIN}"
                with self.file.open("a") as out:
                    out.write(f"{name}:{made}::::::\n")
                self.user("verify", name, "--stdin", typed="gr\u00fc\u00dfe\n")
                self.user("verify", name, "--stdin", typed="gr\u00fcsse\n", want=77)

# SPDX-License-Identifier: Apache-2.0
# e2e: the configuration as the command line shows and judges it.
import json
import os
import signal

from certificates import Authority
from harness import DOMAIN, HOME, REPO, Case, message, ordinary_user, wait_for


class Check(Case):
    def check(self, text):
        """Appends `text` to a good file; (status, everything said, number of the first added line)."""
        server = self.unstarted()
        lines = server.config.read_text().count("\n")
        with open(server.config, "a", encoding="utf-8") as config:
            config.write(text)
        done = server.command("check")
        return done.returncode, done.stdout + done.stderr, lines + 1, server

    def test_a_good_file_passes_in_silence_or_with_a_word(self):
        status, said, _, _ = self.check("")
        self.assertEqual(status, 0, said)

    def test_an_unknown_name_is_told_with_line_and_nearest_name(self):
        status, said, line, server = self.check("messagesize_limit = 5\n")
        self.assertEqual(status, 78, said)
        self.assertIn(f"{server.config}:{line}", said)
        self.assertIn("message_size_limit", said)

    def test_a_wrong_value_is_told_with_what_was_expected(self):
        for row, word in (("message_size_limit = many", "message_size_limit"),
                          ("smtpd_timeout = 5 parsecs", "smtpd_timeout"),
                          ("disable_vrfy_command = perhaps", "yes"), ("smtp_listen = 300.1.1.1:25", "smtp_listen"),
                          ("mynetworks = 10.0.0.0/99", "mynetworks"), ("smtpd_tls_security_level = most", "encrypt"),
                          ("smtpd_relay_restrictions = permit_mynetwork, reject", "permit_mynetworks"),
                          ("no equals sign", "="), ("myorigin = $nosuchname_at_all", "nosuchname_at_all")):
            with self.subTest(row=row):
                status, said, line, server = self.check(row + "\n")
                self.assertEqual(status, 78, said)
                self.assertIn(f"{server.config}:{line}", said)
                self.assertIn(word, said)

    def test_every_mistake_is_told_at_once(self):
        status, said, line, _ = self.check("first_mistake = 1\n# between\nsecond_mistake = 2\n")
        self.assertEqual(status, 78)
        self.assertIn(f":{line}", said)
        self.assertIn(f":{line + 2}", said)

    def test_a_continuation_is_told_with_the_line_it_is_on(self):
        status, said, line, server = self.check("mynetworks =\n  127.0.0.0/8\n# a comment between\n  10.0.0.0/99\n")
        self.assertEqual(status, 78, said)
        self.assertRegex(said, rf":({line}|{line + 3})\b")

    def test_what_root_can_read_and_mail_owner_cannot_is_told(self):
        self.need_root()
        server = self.unstarted({"mail_owner": ordinary_user().pw_name}, as_root=True)
        authority = Authority(server.root / "ca")
        certificate, key, _ = authority.chain("mx", "mx.test")
        server.write_config({"smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key})
        users = server.root / "etc" / "users"
        for path in (certificate, server.config, users, key):
            os.chown(path, 0, 0)
            path.chmod(0o644)
        done = server.command("check")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("cannot read", done.stderr)
        users.chmod(0o600)
        key.chmod(0o600)
        done = server.command("check")
        self.assertEqual(done.returncode, 0, done.stderr)
        for path, word in ((users, "reload"), (key, "credentials")):
            self.assertRegex(done.stderr, rf"warning: {path}: mail_owner {ordinary_user().pw_name} cannot read it "
                                          rf"\(it belongs to root, mode 0600\): .*{word}")
        self.assertEqual(done.stderr.count("cannot read"), 2)
        (server.root / "etc").chmod(0o700)
        self.assertIn(f"(the folder {server.root}/etc belongs to root, mode 0700)", server.command("check").stderr)
    def test_what_the_machine_does_not_have_is_told_with_its_line(self):
        for row, told in (("smtpd_tls_cert_file = /x/nofile", "smtpd_tls_cert_file: open /x/nofile: No such file"),
                          ("smtpd_tls_chain_files = /x/nofile", "/x/nofile: No such file"),
                          ("mail_owner = nosuch", 'mail_owner: no user "nosuch" in /etc/passwd'),
                          ("mail_owner = root", 'mail_owner: "root" is root: expected a user without rights, such as '
                                                "gatepost"),
                          ("control_group = nosuch", 'control_group: no group "nosuch" in /etc/group'),
                          ("virtual_alias_maps = hash:/x/nofile", "virtual_alias_maps: /x/nofile: No such file"),
                          ("mydestination = example.com, hash:/x/nofile", "mydestination: /x/nofile: No such file")):
            with self.subTest(row=row):
                status, said, line, server = self.check(row + "\n")
                self.assertEqual(status, 78, said)
                self.assertIn(told, said)
                if not row.startswith("smtpd_tls_chain"):
                    self.assertIn(f"{server.config}:{line}: {told}", said)

    def test_a_missing_file_of_users_is_told_with_what_makes_it(self):
        server = self.unstarted()
        (server.root / "etc" / "users").unlink()
        done = server.command("check")
        self.assertEqual(done.returncode, 78)
        self.assertIn(f"passwd_file: {server.root}/etc/users is not there; gatepost user add NAME makes it",
                      done.stderr)

    def test_an_origin_that_is_no_domain_of_ours_is_worth_a_word(self):
        status, said, _, _ = self.check("")
        self.assertEqual(status, 0)
        self.assertIn(f"warning: myorigin mx.{DOMAIN} is not a domain of ours: mail for names without a domain, such "
                      "as cron's for root, would wait for another host", said)
        status, said, _, _ = self.check(f"myorigin = {DOMAIN}\n")
        self.assertNotIn("myorigin", said)

    def test_a_maildrop_that_users_cannot_reach_is_worth_a_word(self):
        server = self.unstarted()
        closed = server.root / "closed"
        closed.mkdir()
        closed.chmod(0o750)
        server.write_config({"maildrop_directory": f"{closed}/drop"})
        done = server.command("check")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, rf"warning: maildrop_directory: {closed}/drop: other users may not go through "
                                      rf"{closed} \(\S+ 0750\), and cannot use sendmail")

    def test_users_that_are_not_what_is_meant_are_worth_a_word(self):
        server = self.unstarted({"myorigin": DOMAIN, "virtual_alias_maps": "hash:virtual",
                                 "postmaster_address": f"root@{DOMAIN}"})
        (server.root / "etc" / "virtual").write_text(f"sales@{DOMAIN} alice@{DOMAIN}\nkeep@{DOMAIN} keep@{DOMAIN}, "
                                                     f"alice@{DOMAIN}\n")
        users = server.root / "etc" / "users"
        with open(users, "a", encoding="utf-8") as file:
            file.write(f"no colon here\nodd@{DOMAIN}:*::::::gatepost_mode=sendonly\nargon@{DOMAIN}:{{ARGON2ID}}x\n"
                       f"far@elsewhere.test:*\nsales@{DOMAIN}:*\nkeep@{DOMAIN}:*\n")
        done = server.command("check")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = [line.partition("warning: ")[2] for line in done.stderr.splitlines()]
        for line in (f"{users}: line 5: expected name:password, with a colon",
                     f"{users}: user odd@{DOMAIN} is disabled: gatepost_mode sendonly: expected normal, send-only, "
                     "receive-only or disabled",
                     f"{users}: user far@elsewhere.test gets no mail: elsewhere.test is not a domain of ours",
                     f"{users}: user sales@{DOMAIN} gets no mail: sales@{DOMAIN} is also an alias, which counts",
                     f"postmaster_address: root@{DOMAIN} is no user of {users}"):
            self.assertIn(line, said, done.stderr)
        self.assertIn(f"{users}: user argon@{DOMAIN} cannot log in: ", done.stderr)
        for name in ("alice", "keep"):
            self.assertNotIn(f"user {name}@", done.stderr)
        added = server.command("user", "add", "bob@elsewhere.test", "--stdin", input="secret words\n")
        self.assertEqual(added.returncode, 0)
        self.assertIn("user bob@elsewhere.test gets no mail: elsewhere.test is not a domain of ours", added.stderr)

    def test_a_missing_file_is_told(self):
        server = self.unstarted()
        server.config.unlink()
        done = server.command("check")
        self.assertIn(done.returncode, (66, 78), done.stderr)
        self.assertIn(str(server.config), done.stdout + done.stderr)

    def test_a_parameter_of_postfix_without_use_here_is_accepted_with_a_word(self):
        status, said, _, _ = self.check("queue_run_delay = 300s\ndaemon_directory = /usr/lib/postfix/sbin\n")
        self.assertEqual(status, 0, said)
        self.assertIn("daemon_directory", said)

    def test_run_refuses_what_check_refuses(self):
        server = self.unstarted({"no_such_name": "1"})
        server.spawn()
        self.assertEqual(server.wait(), 78, server.said())
        self.assertIn("no_such_name", server.said())


class Show(Case):
    def test_config_shows_one_value_and_all_and_only_changes_and_defaults(self):
        server = self.unstarted({"message_size_limit": "2000000", "smtpd_banner": "$myhostname ESMTP hello"})
        one = server.command("config", "message_size_limit")
        self.assertEqual((one.returncode, one.stdout), (0, "message_size_limit = 2000000\n"))
        everything = server.command("config").stdout.splitlines()
        self.assertIn("message_size_limit = 2000000", everything)
        self.assertTrue(any(line.startswith("smtpd_timeout = ") for line in everything))
        changed = server.command("config", "-n").stdout.splitlines()
        self.assertIn("message_size_limit = 2000000", changed)
        self.assertFalse(any(line.startswith("smtpd_timeout = ") for line in changed))
        default = server.command("config", "-d", "message_size_limit")
        self.assertEqual(default.stdout, "message_size_limit = 10240000\n")

    def test_config_speaks_json(self):
        server = self.unstarted({"message_size_limit": "2000000"})
        done = server.command("config", "-j")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2000000", json.dumps(json.loads(done.stdout)))

    def test_an_unknown_name_asked_for_is_an_error_with_the_nearest(self):
        done = self.unstarted().command("config", "mesage_size_limit")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("message_size_limit", done.stderr + done.stdout)


class Dialect(Case):
    def test_references_conditions_continuations_and_units_have_their_meaning(self):
        server = self.unstarted()
        server.write_config({}, drop=("mydestination", "mynetworks"))
        with open(server.config, "a", encoding="utf-8") as config:
            config.write(f"mydomain = {DOMAIN}\n")
            config.write("mydestination =\n    localhost.$mydomain,\n# a comment between continuation lines\n\n"
                         "    ${mydomain}\n")
            networks = server.root / "etc" / "networks"
            networks.write_text(f"# trusted\n{HOME}/32\n")
            config.write(f"mynetworks = {networks}\n")
            config.write("smtpd_banner = ${mydomain?{$myhostname ready}:{nobody}} ${relay_domains:ESMTP}\n"
                         "relay_domains =\n")
            config.write("smtpd_timeout = 5m\n")
        server.start()
        with server.client(source=HOME) as client:
            self.assert_reply(client.greeting, f"220 mx.{DOMAIN} ready ESMTP")
            client.ehlo()
            replies = client.envelope("a@b.test", f"alice@{DOMAIN}", "x@elsewhere.test")
            self.assertEqual([reply.code for reply in replies], [250, 250, 250])

    def test_tables_are_read_again_when_they_change(self):
        server = self.unstarted()
        table = server.root / "etc" / "networks.cidr"
        table.write_text("10.0.0.0/8 OK\n")
        server.write_config({"mynetworks": f"cidr:{table}"})
        server.start()

        def relayed():
            with server.client() as client:
                client.ehlo()
                return client.envelope("a@b.test", "x@elsewhere.test")[1].code == 250
        self.assertFalse(relayed())
        table.write_text("127.0.0.1/32 OK\n")
        os.utime(table, (0, 0))
        wait_for(relayed, "the changed table")

    def test_reloads_and_a_stop_while_a_large_table_is_read_lose_nothing(self):
        server = self.unstarted()
        table = server.root / "etc" / "virtual"
        table.write_text(f"first@{DOMAIN} alice\n")
        server.write_config({"virtual_alias_maps": f"hash:{table}"})
        server.start()
        many = "".join(f"name{number}@{DOMAIN} alice\n" for number in range(20_000))
        table.write_text(many + f"last@{DOMAIN} alice\n")
        for _ in range(3):
            server.signal(signal.SIGHUP)
        with server.client() as client:
            client.ehlo()
            # Reloads take turns, and this one comes after those of the signals.
            self.assertIn("read anew", server.control("reload"))
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), f"last@{DOMAIN}").code, 250)
        table.write_text(many)
        server.signal(signal.SIGHUP)
        self.assertEqual(server.stop(), 0)

    def test_the_generated_sample_passes_the_check(self):
        sample = REPO / "config" / "gatepost.conf"
        if not sample.exists():
            self.skipTest("config/gatepost.conf is not generated yet")
        server = self.unstarted()
        server.config.write_text(sample.read_text() + server.config.read_text())
        done = server.command("check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class CommandLine(Case):
    def test_version_names_the_linked_libraries(self):
        done = self.unstarted().command("--version", config=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^gatepost \d+\.\d+")
        for library in ("SQLite 3.", "Asio 1."):
            self.assertIn(library.lower(), done.stdout.lower())
        self.assertRegex(done.stdout.lower(), r"mbed ?tls 3\.6\.")

    def test_help_lists_the_commands(self):
        done = self.unstarted().command("--help", config=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("run", "check", "config", "status", "queue"):
            self.assertIn(word, done.stdout)

    def test_wrong_usage_exits_64(self):
        server = self.unstarted()
        for arguments in (("frobnicate",), ("run", "--no-such-option")):
            with self.subTest(arguments=arguments):
                done = server.command(*arguments, config=False)
                self.assertEqual(done.returncode, 64, done.stderr)
                self.assertTrue(done.stderr)

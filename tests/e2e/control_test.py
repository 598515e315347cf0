# SPDX-License-Identifier: Apache-2.0
# e2e: the control socket by hand, and the command line that is its client.
import json
import os
import re
import socket
import stat
import subprocess

from harness import DOMAIN, HOME, PATIENCE, Case, SharedCase, is_root, message, ordinary_user
from peers import PATH

VERBS = ("help", "status", "metrics", "queue", "reload")


class Socket(SharedCase):
    def test_help_lists_every_verb(self):
        answer = self.gp.control("help")
        for verb in VERBS:
            self.assertRegex(answer, rf"(?m)^\s*{verb}\b")

    def test_every_verb_answers_in_json_too(self):
        for verb in VERBS:
            with self.subTest(verb=verb):
                self.assertTrue(self.gp.control(verb).endswith("\n"))
                answer = self.gp.control(f"{verb} json")
                rows = [json.loads(line) for line in answer.splitlines()] if verb == "queue" else [json.loads(answer)]
                self.assertIsInstance(rows, list)

    def test_socat_is_client_enough(self):
        self.need("socat")
        done = subprocess.run(["socat", "-t5", "-", f"UNIX:{self.gp.settings['control_socket']}"],
                              input=b"status\n", capture_output=True, timeout=PATIENCE, check=False,
                              env={"PATH": PATH})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(str(self.gp.pid), done.stdout.decode())

    def test_an_unknown_verb_is_told_and_a_long_line_is_refused(self):
        answer = self.gp.control("frobnicate")
        self.assertIn("help", answer)
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE)
            line.connect(self.gp.settings["control_socket"])
            try:
                line.sendall(b"x" * 200000 + b"\n")
                while line.recv(65536):
                    pass
            except (ConnectionError, BrokenPipeError):
                pass
        self.assertTrue(self.gp.control("help"))

    def test_metrics_count_what_happened(self):
        def value(name):
            found = re.search(rf"(?m)^{name}(?:{{[^}}]*}})? (\d+)", self.gp.control("metrics"))
            return int(found.group(1)) if found else 0
        before = value("gatepost_messages_received_total")
        with self.gp.client() as client:
            client.ehlo()
            client.deliver(message(), f"alice@{DOMAIN}")
            client.ask("QUIT")
        self.assertEqual(value("gatepost_messages_received_total"), before + 1)

    def test_metrics_are_openmetrics(self):
        answer = self.gp.control("metrics")
        self.assertTrue(answer.endswith("# EOF\n"))
        typed = {}
        for line in answer.splitlines()[:-1]:
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.assertNotIn(name, typed)
                typed[name] = kind
            elif not line.startswith("#"):
                self.assertRegex(line, r'^[a-z_:][a-z0-9_:]*(\{([a-z_]+="[^"]*",?)*\})? [0-9eE.+-]+$')
                name = re.split(r"[{ ]", line)[0]
                base = re.sub(r"_(total|bucket|count|sum|info|created)$", "", name)
                self.assertTrue(name in typed or base in typed, line)
                if typed.get(base) == "counter":
                    self.assertTrue(name.endswith("_total"), line)

    def test_the_socket_is_not_for_everyone(self):
        mode = os.stat(self.gp.settings["control_socket"]).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(mode & 0o007, 0)

    def test_a_silent_caller_does_not_hold_up_others(self):
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(self.gp.settings["control_socket"])
            self.assertTrue(self.gp.control("help"))

    def test_a_crowd_of_silent_callers_does_not_keep_others_out(self):
        crowd = [socket.socket(socket.AF_UNIX) for _ in range(40)]
        try:
            for silent in crowd:
                silent.connect(self.gp.settings["control_socket"])
            for _ in range(20):
                done = self.gp.command("status")
                self.assertEqual(done.returncode, 0, done.stderr)
        finally:
            for silent in crowd:
                silent.close()


class CommandLine(Case):
    def test_status_tells_a_person_and_a_program(self):
        server = self.server()
        done = server.command("status")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("running", done.stdout.lower())
        self.assertNotIn("\x1b", done.stdout)
        facts = json.loads(server.command("status", "--json").stdout)
        self.assertEqual(facts.get("pid"), server.pid)

    def test_status_of_a_stopped_server_exits_3(self):
        server = self.unstarted()
        self.assertEqual(server.command("status").returncode, 3)
        server.start()
        server.stop()
        self.assertEqual(server.command("status").returncode, 3)
        server.start()
        server.kill()
        self.assertEqual(server.command("status").returncode, 3)

    def test_queue_lists_for_a_person(self):
        server = self.server()
        with server.client(source=HOME) as client:
            client.ehlo()
            client.deliver(message(), "x@elsewhere.test", sender=f"alice@{DOMAIN}")
        done = server.command("queue")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("x@elsewhere.test", done.stdout)
        self.assertIn("x@elsewhere.test", server.control("queue"))

    def test_reload_by_the_command_line(self):
        server = self.server()
        server.write_config({"smtpd_banner": "changed by reload"})
        done = server.command("reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        with server.client() as client:
            self.assertEqual(str(client.greeting), "220 changed by reload")

    def test_changing_verbs_are_for_the_owner(self):
        if not is_root():
            self.skipTest("needs root to become another user")
        server = self.server()
        os.chmod(server.settings["control_socket"], 0o666)
        script = ("import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
                  "s.sendall(b'reload\\n'); print(s.makefile().read())")
        other = ordinary_user().pw_uid - 1
        done = subprocess.run(["python3", "-c", script, server.settings["control_socket"]], user=other, group=other,
                              extra_groups=[], capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertNotIn("Traceback", done.stderr)
        self.assertRegex(done.stdout.lower(), "not allowed|denied|permission|owner|refused")

# SPDX-License-Identifier: Apache-2.0
# e2e: the server as a service: addresses, signals, systemd, privileges, a world without network.
import os
import pathlib
import signal
import socket
import subprocess

from harness import DOMAIN, PATIENCE, STRANGER, Case, free_ports, has_ipv6, message, ordinary_user, wait_for

ALICE = f"alice@{DOMAIN}"


def status_of(pid):
    """/proc/PID/status as name to value."""
    rows = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (row.partition(":") for row in rows)}


class Addresses(Case):
    def test_ipv6_is_served_like_ipv4(self):
        if not has_ipv6():
            self.skipTest("no IPv6 loopback")
        port, = free_ports(1, "::1")
        server = self.unstarted()
        server.write_config({"smtp_listen": f"127.0.0.1:{server.port}, [::1]:{port}"})
        server.start()
        with server.client(port=port, address="::1") as client:
            client.ehlo()
            self.assertEqual(client.envelope("a@b.test", "x@elsewhere.test")[1].code, 250)
            client.ask("RSET")
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        server.wait_log("connect from unknown[::1]")
        self.assertIn("[IPv6:::1]", server.one_text("alice").decode())

    def test_an_address_in_use_is_told_by_name(self):
        server = self.server()
        second = self.unstarted({"smtp_listen": f"127.0.0.1:{server.port}"})
        second.spawn()
        self.assertNotEqual(second.wait(), 0)
        self.assertIn(f"127.0.0.1:{server.port}", second.said() + second.log())

    def test_a_second_server_on_the_same_directories_is_refused(self):
        server = self.server()
        second = self.unstarted({name: server.settings[name] for name in
                                 ("queue_directory", "state_directory", "control_socket")})
        second.spawn()
        self.assertNotEqual(second.wait(), 0)
        self.assertEqual(server.command("status").returncode, 0)

    def test_it_starts_without_network_names(self):
        for servers in ("127.0.0.1:1", "192.0.2.53:53"):
            with self.subTest(dns_servers=servers):
                server = self.server({"dns_servers": servers})
                with server.client() as client:
                    client.ehlo()
                    self.assertEqual(client.deliver(message(), ALICE).code, 250)


class Signals(Case):
    def test_sighup_takes_a_good_configuration_and_keeps_sessions(self):
        server = self.server()
        with server.client() as old:
            old.ehlo()
            server.write_config({"smtpd_banner": "second edition", "message_size_limit": "12345"})
            server.signal(signal.SIGHUP)

            def changed():
                with server.client() as client:
                    return str(client.greeting) == "220 second edition" and client.ehlo()["SIZE"] == "12345"
            wait_for(changed, "the new banner")
            self.assertEqual(old.deliver(message(), ALICE).code, 250)

    def test_sighup_keeps_the_old_configuration_when_the_new_is_wrong(self):
        server = self.server({"smtpd_banner": "first edition"})
        server.write_config({"smtpd_banner": "second edition", "no_such_name": "1"})
        server.signal(signal.SIGHUP)
        server.wait_log("no_such_name")
        with server.client() as client:
            self.assertEqual(str(client.greeting), "220 first edition")
        self.assertIn("no_such_name", server.control("reload"))

    def test_a_reload_opens_and_closes_listeners(self):
        server = self.server()
        extra, = free_ports(1)
        server.write_config({"submission_listen": f"127.0.0.1:{extra}"})
        answer = server.control("reload")

        def served():
            try:
                with server.client(port=extra) as client:
                    return client.greeting.code == 220
            except OSError:
                return "restart" in answer or "restart" in server.log()
        wait_for(served, "the new listener, or a word that it needs a restart")

    def test_names_of_mail_files_follow_a_reload(self):
        server = self.server()
        server.write_config({"myhostname": f"mx2.{DOMAIN}"})
        self.assertEqual(server.command("reload").returncode, 0)
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        self.assertRegex(server.new("alice")[0].name, rf"\.mx2\.{DOMAIN},S=")

    def test_sigterm_lets_a_text_finish_and_takes_no_new_session(self):
        server = self.server()
        with server.client() as busy, server.client() as idle:
            idle.ehlo()
            busy.ehlo()
            busy.envelope("a@b.test", ALICE)
            busy.ask("DATA")
            busy.send(b"Subject: in flight\r\n\r\n")
            server.signal(signal.SIGTERM)
            wait_for(lambda: self.refused(server), "the listener to close")
            self.assertIsNone(server.process.poll())
            busy.send(b"the rest\r\n.\r\n")
            self.assertEqual(busy.reply().code, 250)
            try:
                self.assertEqual(idle.ask("NOOP").code, 421)
            except (EOFError, ConnectionError):
                self.fail("the idle session was dropped without 421")
        self.assertEqual(server.wait(), 0)
        self.assertIn(b"the rest\n", server.one_text("alice"))

    @staticmethod
    def refused(server):
        try:
            server.client(timeout=1).close()
            return False
        except (OSError, EOFError):
            return True

    def test_an_idle_server_stops_at_once_with_0_and_removes_its_socket(self):
        server = self.server()
        self.assertEqual(server.stop(), 0)
        self.assertFalse(pathlib.Path(server.settings["control_socket"]).exists())

    def test_sigint_stops_it_too(self):
        server = self.server()
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait(), 0)

    def test_a_second_sigterm_does_not_wait(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            client.envelope("a@b.test", ALICE)
            client.ask("DATA")
            server.signal(signal.SIGTERM)
            wait_for(lambda: self.refused(server), "the listener to close")
            server.signal(signal.SIGTERM)
            server.wait()
        self.assertEqual(server.texts("alice"), [])


class Systemd(Case):
    def listen_datagrams(self, server):
        path = server.root / "run" / "notify"
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        notify.bind(str(path))
        path.chmod(0o777)
        notify.settimeout(PATIENCE)
        return notify, str(path)

    @staticmethod
    def hear(notify, word):
        """Reads notices until one holds `word`."""
        said = ""
        while word not in said:
            said += notify.recv(4096).decode() + "\n"
        return said

    def test_readiness_watchdog_reload_and_stopping_are_announced(self):
        server = self.unstarted()
        notify, path = self.listen_datagrams(server)
        server.environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}
        server.spawn()
        self.hear(notify, "READY=1")
        with server.client() as client:
            self.assertEqual(client.greeting.code, 220)
        self.hear(notify, "WATCHDOG=1")
        self.hear(notify, "WATCHDOG=1")
        server.signal(signal.SIGHUP)
        said = self.hear(notify, "RELOADING=1")
        said += self.hear(notify, "READY=1") if "READY=1" not in said.split("RELOADING=1", 1)[1] else ""
        self.assertIn("MONOTONIC_USEC=", said)
        server.signal(signal.SIGTERM)
        self.hear(notify, "STOPPING=1")
        self.assertEqual(server.wait(), 0)

    # Passes socket 3 as systemd does: LISTEN_PID must be the server's own, so it is set after the fork.
    ACTIVATE = ("import os, socket, sys\n"
                "port = int(sys.argv[1])\n"
                "s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                "s.bind(('127.0.0.1', port)); s.listen(64)\n"
                "if s.fileno() != 3: os.dup2(s.fileno(), 3)\n"
                "os.set_inheritable(3, True)\n"
                "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='smtp')\n"
                "os.execv(sys.argv[2], sys.argv[2:])\n")

    def test_a_listening_socket_is_taken_from_systemd(self):
        server = self.unstarted()
        server.launcher = ["python3", "-c", self.ACTIVATE, str(server.port)]
        server.start()
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        server.one_text("alice")
        # The server did not bind a second socket of its own.
        inodes = [row.split()[9] for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
                  if row.split()[1].endswith(f":{server.port:04X}") and row.split()[3] == "0A"]
        self.assertEqual(len(inodes), 1)


class Privileges(Case):
    def assert_confined(self, pid):
        status = status_of(pid)
        self.assertEqual(int(status["CapEff"], 16), 0)
        self.assertEqual(int(status["CapPrm"], 16), 0)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            self.assertEqual(status_of(f"{pid}/task/{task.name}")["Seccomp"], "2", "a thread is not confined")
        return status

    def test_an_ordinary_user_runs_it_confined(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        self.assert_confined(server.pid)

    def test_root_becomes_mail_owner_and_still_delivers_and_reloads(self):
        self.need_root()
        user = ordinary_user()
        server = self.unstarted({"mail_owner": user.pw_name}, as_root=True)
        for name in ("mail", "queue", "state", "run", "log"):
            os.chown(server.root / name, user.pw_uid, user.pw_gid)
        server.start()
        status = self.assert_confined(server.pid)
        self.assertEqual(set(status["Uid"].split()), {str(user.pw_uid)})
        self.assertEqual(set(status["Gid"].split()), {str(user.pw_gid)})
        self.assertEqual(status["Groups"].split(), [g for g in status["Groups"].split() if g != "0"])
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        self.assertEqual(server.new("alice")[0].stat().st_uid, user.pw_uid)
        server.write_config({"smtpd_banner": "after the drop"})
        server.signal(signal.SIGHUP)

        def changed():
            with server.client() as client:
                return str(client.greeting) == "220 after the drop"
        wait_for(changed, "a reload without privileges")

    def test_root_makes_its_directories_and_what_lies_above_them(self):
        self.need_root()
        server = self.unstarted({"mail_owner": ordinary_user().pw_name}, as_root=True)
        var = server.root / "var"
        server.write_config({"state_directory": f"{var}/lib/gatepost", "queue_directory": f"{var}/lib/gatepost/queue",
                             "maildrop_directory": f"{var}/spool/gatepost/drop",
                             "mail_location": f"{var}/mail/%d/%n/Maildir"})
        server.start()
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        for name in ("lib", "spool/gatepost"):
            about = (var / name).stat()
            self.assertEqual((about.st_uid, about.st_mode & 0o7777), (0, 0o755), name)
        for name in ("lib/gatepost", "lib/gatepost/queue", "mail"):
            self.assertEqual((var / name).stat().st_uid, ordinary_user().pw_uid, name)
        server.stop()
        server.start()  # What is full now is still its own.

    def test_root_gives_no_directory_away_with_what_is_in_it(self):
        self.need_root()
        server = self.unstarted({"mail_owner": ordinary_user().pw_name}, as_root=True)
        (server.root / "home" / "alice").mkdir(parents=True)
        server.write_config({"mail_location": f"{server.root}/home/%n/Maildir"})
        server.start()
        self.assertEqual((server.root / "home").stat().st_uid, 0)
        server.wait_log("home: nobody may not write there; mailboxes have to be writable themselves")
        server.stop()
        (server.root / "spool" / "other").mkdir(parents=True)
        server.write_config({"queue_directory": f"{server.root}/spool"})
        server.spawn()
        self.assertEqual(server.wait(), 73)
        self.assertIn(f"{server.root}/spool: nobody may not write there; chown it, or run: install -d -o nobody "
                      f"-m 0700 {server.root}/spool", server.said())
        self.assertEqual((server.root / "spool").stat().st_uid, 0)

    def test_a_directory_that_mail_owner_cannot_go_through_is_named(self):
        self.need_root()
        server = self.unstarted({"mail_owner": ordinary_user().pw_name}, as_root=True)
        closed = server.root / "closed"
        closed.mkdir()
        closed.chmod(0o750)
        server.write_config({"queue_directory": f"{closed}/queue"})
        server.spawn()
        self.assertEqual(server.wait(), 73)
        self.assertIn(f"{closed}/queue: nobody may not go through {closed} (root:root 0750)", server.said())

    def test_root_binds_a_low_port_for_the_unprivileged_server(self):
        self.need_root()
        address = "127.0.0.77"
        server = self.unstarted({"mail_owner": ordinary_user().pw_name, "smtp_listen": f"{address}:25"}, as_root=True)
        for name in ("mail", "queue", "state", "run", "log"):
            os.chown(server.root / name, ordinary_user().pw_uid, ordinary_user().pw_gid)
        server.spawn()

        def greets():
            if server.process.poll() is not None:
                raise AssertionError(server.said() + server.log())
            try:
                with server.client(port=25, address=address) as client:
                    return client.greeting.code == 220
            except OSError:
                return False
        wait_for(greets, "the greeting on port 25")
        self.assert_confined(server.pid)

    def test_nothing_is_written_outside_its_directories(self):
        server = self.server()
        with server.client() as client:
            client.starttls()
            client.ehlo()
            client.deliver(message(), ALICE)
        allowed = [str(server.root / name) for name in ("mail", "queue", "state", "run", "log", "stderr")]
        allowed += ["/dev/null", "/dev/log", "socket:", "pipe:", "anon_inode:"]
        for link in pathlib.Path(f"/proc/{server.pid}/fd").iterdir():
            try:
                target = os.readlink(link)
                flags = int(pathlib.Path(f"/proc/{server.pid}/fdinfo/{link.name}").read_text().split("flags:\t")[1]
                            .split()[0], 8)
            except FileNotFoundError:
                continue
            if flags & 3:
                self.assertTrue(target.startswith(tuple(allowed)), target)


class Start(Case):
    def test_directories_are_made_when_missing(self):
        server = self.unstarted()
        for name in ("queue", "state"):
            (server.root / name).rmdir()
        if os.geteuid() == 0:
            os.chown(server.root, ordinary_user().pw_uid, ordinary_user().pw_gid)
        server.start()
        self.assertTrue((server.root / "queue").is_dir())
        self.assertEqual((server.root / "queue").stat().st_mode & 0o077, 0)

    def test_an_empty_listener_switches_the_service_off(self):
        server = self.server({"submission_listen": "", "submissions_listen": ""})
        listening = subprocess.run(["cat", f"/proc/{server.pid}/net/tcp"], capture_output=True, text=True,
                                   check=True).stdout
        self.assertIn(f":{server.port:04X}", listening)
        for port in (server.submission_port, server.submissions_port):
            self.assertNotIn(f"{STRANGER}:{port:04X}", listening)

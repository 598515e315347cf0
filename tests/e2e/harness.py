# SPDX-License-Identifier: Apache-2.0
# e2e: start, watch, steer and stop one gatepost on loopback, in a directory of its own.
"""The server under test.

A `Server` writes the smallest configuration product needs, runs the binary named by $GATEPOST (default
build/release/gatepost) as an ordinary user, waits until it greets, and removes its directory at the
end. Nothing here sleeps for luck: every wait polls a condition until a deadline.

Addresses: 127.0.0.1 is a stranger, 127.0.0.9 (HOME) and ::1 are in mynetworks.
"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from smtp_client import Client

REPO = pathlib.Path(__file__).resolve().parents[2]
STRANGER = "127.0.0.1"
HOME = "127.0.0.9"
DOMAIN = "example.com"
USERS = ("alice", "bob", "carol", "dave")
PASSWORD = "wonderland"  # Of every user.


def scram_secret(password, salt=b"0123456789abcdef", iterations=4096):
    """A passwd-file's secret (RFC 5802 section 3), made here and not by the program under test."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    parts = (salt, hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256"))
    return f"{{SCRAM-SHA-256}}{iterations}," + ",".join(base64.b64encode(part).decode() for part in parts)


HASH = scram_secret(PASSWORD)
PATIENCE = float(os.environ.get("GATEPOST_PATIENCE", "20"))


def binary():
    """Path of the program under test."""
    return pathlib.Path(os.environ.get("GATEPOST", REPO / "build" / "release" / "gatepost")).resolve()


def wait_for(condition, what, seconds=PATIENCE):
    """The first true value of condition(); fails with `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out waiting for {what}")
        time.sleep(0.01)


PORTS_GIVEN = set()


def free_ports(count, address=STRANGER):
    """Ports nobody listens on now, none of which was given before."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    held = []
    ports = []
    while len(ports) < count:
        holder = socket.socket(family)
        holder.bind((address, 0))
        held.append(holder)
        port = holder.getsockname()[1]
        if port not in PORTS_GIVEN or len(held) > 1000:
            ports.append(port)
            PORTS_GIVEN.add(port)
    for holder in held:
        holder.close()
    return ports


def is_root():
    return os.geteuid() == 0


def ordinary_user():
    """Who the server runs as: ourselves, or nobody when we are root."""
    return pwd.getpwnam("nobody") if is_root() else pwd.getpwuid(os.geteuid())


def has_ipv6():
    try:
        free_ports(1, "::1")
        return True
    except OSError:
        return False


class Server:
    """One gatepost in a directory of its own."""

    def __init__(self, settings=None, users=USERS, as_root=False, environment=None, root=None, launcher=None):
        self.root = pathlib.Path(root or tempfile.mkdtemp(prefix="gatepost-e2e-"))
        self.as_root = as_root
        self.environment = environment or {}
        self.launcher = launcher or []
        self.process = None
        self.port, self.submission_port, self.submissions_port = free_ports(3)
        self.program = self._install_program()
        self.settings = {
            "smtp_listen": f"{STRANGER}:{self.port}",
            "myhostname": f"mx.{DOMAIN}",
            "mydestination": DOMAIN,
            "mynetworks": f"{HOME}/32 [::1]/128",
            "passwd_file": f"{self.root}/etc/users",
            "mail_location": f"{self.root}/mail/%d/%n/Maildir",
            "queue_directory": f"{self.root}/queue",
            "maildrop_directory": f"{self.root}/maildrop",
            "state_directory": f"{self.root}/state",
            "control_socket": f"{self.root}/run/control.sock",
            "maillog_file": f"{self.root}/log/mail.log",
            "dns_servers": f"{STRANGER}:1",  # Nobody: every question fails at once.
            "postscreen_enable": "no",  # Strangers are to be served at once; screening_test.py has it on.
            "alias_maps": "",  # The machine's own /etc/aliases is no part of a test.
        }
        self.settings.update(settings or {})
        self.config = self.root / "etc" / "gatepost.conf"
        self._make_directories()
        self.write_users(users)
        self.write_config()

    # --- files ----------------------------------------------------------------------------------

    def _install_program(self):
        """A private copy: readable by the ordinary user, and unmoved by a rebuild meanwhile."""
        target = self.root / "bin" / "gatepost"
        if not target.exists():
            self.root.chmod(0o755)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(binary(), target)
            target.chmod(0o755)
        return target

    def _make_directories(self):
        user = ordinary_user()
        for name in ("etc", "mail", "queue", "state", "run", "log"):
            path = self.root / name
            path.mkdir(exist_ok=True)
            if is_root() and not self.as_root:
                os.chown(path, user.pw_uid, user.pw_gid)
        if not self.as_root:
            # As the unit's ExecStartPre: the folder above belongs to somebody else.
            drop = self.root / "maildrop"
            drop.mkdir(exist_ok=True)
            drop.chmod(0o1733)
            if is_root():
                os.chown(drop, user.pw_uid, user.pw_gid)

    def write_users(self, users):
        lines = [f"{name if '@' in name else name + '@' + DOMAIN}:{HASH}::::::\n" for name in users]
        (self.root / "etc" / "users").write_text("".join(lines))

    def write_config(self, changes=None, drop=()):
        """Writes the file from self.settings after `changes`; a value of None removes a row."""
        self.settings.update(changes or {})
        rows = [f"{k} = {v}\n" for k, v in self.settings.items() if v is not None and k not in drop]
        self.config.write_text("".join(rows))

    # --- life -----------------------------------------------------------------------------------

    def spawn(self, **popen):
        """Starts the process without waiting for it."""
        credentials = {}
        if is_root() and not self.as_root:
            user = ordinary_user()
            credentials = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.stderr_path = self.root / "stderr"
        # GATEPOST names the binary for the tests; a server must not see the tests' environment.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GATEPOST")}
        environment.update(self.environment)
        with open(self.stderr_path, "ab") as errors:
            options = {"stdin": subprocess.DEVNULL, "stdout": errors, "stderr": errors}
            options.update(popen)
            self.process = subprocess.Popen(
                [*self.launcher, str(self.program), "run", "-c", str(self.config)],
                env=environment, cwd=self.root, **credentials, **options)
        return self

    def start(self, **popen):
        self.spawn(**popen)
        wait_for(self._greets, f"the greeting on port {self.port}; it said:\n{self.said()}")
        return self

    def _greets(self):
        if self.process.poll() is not None:
            raise AssertionError(f"gatepost ended with {self.process.returncode}:\n{self.said()}\n{self.log()}")
        try:
            with Client(self.port, timeout=2):
                return True
        except (OSError, EOFError):
            return False

    def said(self):
        """What it wrote to standard error and output."""
        path = self.root / "stderr"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=PATIENCE):
        return self.process.wait(timeout=seconds)

    def stop(self):
        """Asks it to drain; returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("gatepost did not stop after SIGTERM") from None
        return self.process.returncode

    def kill(self):
        """The plug is pulled on the process."""
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if not os.environ.get("GATEPOST_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    # --- asking ---------------------------------------------------------------------------------

    def client(self, **options):
        """A raw session, greeting read."""
        options.setdefault("port", self.port)
        return Client(**options)

    def command(self, *arguments, name="gatepost", config=True, **run):
        """Runs `gatepost ARGUMENTS -c FILE`; the finished process with text output."""
        program = self.program
        if name != "gatepost":
            program = self.program.parent / name
            if not program.exists():
                program.symlink_to("gatepost")
        tail = ["-c", str(self.config)] if config else []
        if "input" not in run:
            run["stdin"] = subprocess.DEVNULL
        return subprocess.run([str(program), *arguments, *tail], capture_output=True,
                              text=True, timeout=PATIENCE, check=False, **run)

    def sendmail(self, *arguments, text=b"", uid=None, name="sendmail", **run):
        """Runs sendmail with `text` on standard input, as `uid` where it is given; the finished process."""
        program = self.program.parent / name
        if not program.exists():
            program.symlink_to("gatepost")
        if isinstance(text, str):
            text = text.encode()
        credentials = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        return subprocess.run([str(program), "-C", str(self.config), *arguments], input=text, capture_output=True,
                              timeout=PATIENCE, check=False, cwd="/", **credentials, **run)

    def control(self, request):
        """One request line to the control socket; the whole answer."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE)
            line.connect(self.settings["control_socket"])
            line.sendall(request.encode() + b"\n")
            answer = b""
            while part := line.recv(65536):
                answer += part
        return answer.decode()

    def control_json(self, request):
        return json.loads(self.control(request + " json"))

    def log(self):
        path = pathlib.Path(self.settings.get("maillog_file") or "")
        return path.read_text(errors="replace") if path.is_file() else ""

    def wait_log(self, text):
        """Waits until a line containing `text` is in the log; that line."""
        def found():
            return next((line for line in self.log().splitlines() if text in line), None)
        try:
            return wait_for(found, text)
        except AssertionError:
            raise AssertionError(f"no log line with {text!r} in:\n{self.log()[-4000:]}{self.said()[-1000:]}") from None

    # --- mail -----------------------------------------------------------------------------------

    def maildir(self, user):
        local, _, domain = user.partition("@")
        return self.root / "mail" / (domain or DOMAIN) / local / "Maildir"

    def new(self, user):
        """Paths of the messages in the user's new/, oldest name first."""
        folder = self.maildir(user) / "new"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def texts(self, user):
        """The messages in new/, with LF line ends."""
        return [path.read_bytes().replace(b"\r\n", b"\n") for path in self.new(user)]

    def one_text(self, user):
        texts = self.texts(user)
        if len(texts) != 1:
            raise AssertionError(f"{user} has {len(texts)} messages, not one:\n{self.log()[-3000:]}")
        return texts[0]

    def everything_new(self):
        """Every file in any new/ of this server."""
        return sorted((self.root / "mail").glob("**/new/*"))

    def queue(self):
        """Queued messages as `gatepost queue --json` lists them: one JSON object a line, or one list."""
        answer = self.command("queue", "--json")
        if answer.returncode != 0:
            raise AssertionError(f"gatepost queue --json: {answer.returncode} {answer.stderr}")
        text = answer.stdout.strip()
        if text.startswith("["):
            return json.loads(text)
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        if len(rows) == 1 and isinstance(rows[0].get("queue", rows[0].get("messages")), list):
            return rows[0].get("queue", rows[0].get("messages"))
        return rows


class Case(unittest.TestCase):
    """A test with servers; each one it starts is closed after it."""

    maxDiff = 4000

    def server(self, settings=None, **options):
        server = self.unstarted(settings, **options)
        return server.start()

    def unstarted(self, settings=None, **options):
        server = Server(settings, **options)
        self.addCleanup(server.close)
        return server

    def need(self, *programs):
        """Skips when a foreign program is not installed (tests/e2e/deps installs them)."""
        path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
        for program in programs:
            if shutil.which(program, path=path) is None:
                self.skipTest(f"{program} is not installed")

    def need_root(self):
        if not is_root():
            self.skipTest("needs root")

    def assert_reply(self, reply, start):
        self.assertTrue(str(reply).startswith(start), f"{reply} does not start with {start!r}")


class SharedCase(Case):
    """Tests that share one server with `settings`; mailboxes are emptied between tests."""

    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.gp = Server(cls.settings)
        cls.addClassCleanup(cls.gp.close)
        cls.gp.start()

    def setUp(self):
        for path in self.gp.everything_new():
            path.unlink()


def message(subject="greetings", body="Hello.\n", sender=f"sender@remote.test", to=f"alice@{DOMAIN}", extra=""):
    """A complete message, LF line ends, so that nothing has a reason to add a header."""
    identity = f"{time.time_ns():x}.{os.getpid()}"
    return (f"From: <{sender}>\nTo: <{to}>\nSubject: {subject}\n"
            f"Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <{identity}@remote.test>\n{extra}\n{body}")

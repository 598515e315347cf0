# SPDX-License-Identifier: Apache-2.0
# e2e: DNS as it is run for mail: lists in rbldnsd, and unbound, which asks it, for whoever asks.
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

from dns_server import TYPES, wire_name
from harness import PATIENCE, free_ports, is_root, wait_for
from peers import PATH

LOOPBACK = "127.0.0.1"
PROGRAMS = ("rbldnsd", "unbound", "unbound-control")


def missing():
    """Why it cannot be run here, or an empty string."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    return f"{', '.join(absent)} not installed" if absent else ""


class Daemon:
    """A program in the foreground, as nobody where we are root, that answers DNS at port."""

    address = LOOPBACK

    def __init__(self):
        self.port, = free_ports(1)
        self.process = None

    def start(self):
        with open(self.folder / f"{self.name}.said", "ab") as said:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                            env={**os.environ, "PATH": PATH}, cwd=self.folder)
        wait_for(self.answers, f"{self.name}; it said:\n{self.said()}")
        return self

    def said(self):
        return (self.folder / f"{self.name}.said").read_text(errors="replace")

    def answers(self):
        """Whether anything comes back."""
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.said()}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(1)
            line.connect((self.address, self.port))
            line.send(struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + wire_name(self.probe) + struct.pack(">HH", TYPES["A"], 1))
            try:
                return bool(line.recv(4096))
            except OSError:
                return False

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Rbldnsd(Daemon):
    """zones: {name: [(dataset type, text)]}."""

    name, probe = "rbldnsd", "2.0.0.127.bl.test"

    def __init__(self, folder, zones):
        super().__init__()
        self.folder = folder
        self.zones = []
        for zone, sets in zones.items():
            for number, (kind, text) in enumerate(sets):
                path = folder / f"{zone}.{number}"
                path.write_text(text)
                path.chmod(0o644)
                self.zones.append(f"{zone}:{kind}:{path.name}")

    def command(self):
        user = ["-u", "nobody:nogroup"] if is_root() else []
        return ["rbldnsd", "-n", *user, "-w", str(self.folder), "-b", f"{self.address}/{self.port}", "-c", "0", *self.zones]

    def read_again(self):
        self.process.send_signal(signal.SIGHUP)


UNBOUND_CONF = """
server:
  directory: "{folder}"
  chroot: ""
  username: "{user}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  interface: {loopback}@{port}
  access-control: 127.0.0.0/8 allow
  do-ip6: no
  do-not-query-localhost: no
  module-config: "iterator"
  max-udp-size: 512
  extended-statistics: yes
  local-zone: "test." nodefault
{names}remote-control:
  control-enable: yes
  control-interface: "{folder}/control"
"""


class Unbound(Daemon):
    """Asks `port_of[zone]` about each zone, and nobody about others. Answers of more than 512 octets need TCP."""

    name, probe = "unbound", "localhost"

    def __init__(self, folder, port_of, names):
        super().__init__()
        self.folder = folder
        rows = "".join(f'  local-data: "{name}. A {address}"\n  local-data-ptr: "{address} {name}"\n'
                       for address, name in names.items())
        text = UNBOUND_CONF.format(folder=folder, port=self.port, loopback=LOOPBACK, names=rows,
                                   user="nobody" if is_root() else "")
        for zone, port in port_of.items():
            text += f'stub-zone:\n  name: "{zone}"\n  stub-addr: {LOOPBACK}@{port}\n'
        text += f'stub-zone:\n  name: "."\n  stub-addr: {LOOPBACK}@1\n'   # Not the roots of the world.
        self.settings = folder / "unbound.conf"
        self.settings.write_text(text)
        self.settings.chmod(0o644)

    def command(self):
        return ["unbound", "-d", "-c", str(self.settings)]

    def control(self, *words):
        done = subprocess.run(["unbound-control", "-c", str(self.settings), *words], capture_output=True, text=True,
                              env={**os.environ, "PATH": PATH}, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=True)
        return done.stdout

    def count(self, what):
        """One of its statistics, a whole number."""
        rows = dict(row.split("=") for row in self.control("stats_noreset").splitlines())
        return int(rows[what])

    @property
    def setting(self):
        """For dns_servers."""
        return f"{LOOPBACK}:{self.port}"


class RealDns:
    """Both, in a folder of their own, until close(). refused: zones of which rbldnsd knows nothing; names: of addresses."""

    def __init__(self, zones, refused=(), names=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gatepost-dns-"))
        self.folder.chmod(0o777)
        self.rbldnsd = Rbldnsd(self.folder, zones)
        self.unbound = Unbound(self.folder, {zone: self.rbldnsd.port for zone in (*zones, *refused)}, names or {})

    def start(self):
        self.rbldnsd.start()
        self.unbound.start()
        return self

    @property
    def setting(self):
        return self.unbound.setting

    def close(self):
        self.unbound.stop()
        self.rbldnsd.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

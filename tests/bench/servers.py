# SPDX-License-Identifier: Apache-2.0
# bench: gatepost and a private Postfix, set up alike: one domain, one mailbox, Maildir, loopback only.
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
from smtp_client import Client  # noqa: E402

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
RECIPIENT = f"alice@{harness.DOMAIN}"


class Gatepost:
    name = "gatepost"

    def __init__(self, scratch, settings=None):
        root = tempfile.mkdtemp(prefix="gatepost-", dir=scratch)
        self.server = harness.Server({"mynetworks": "127.0.0.0/8", "smtpd_client_connection_count_limit": "0",
                                      **(settings or {})}, root=root)
        self.port = self.server.port

    def start(self):
        self.server.start()
        return self

    @property
    def pid(self):
        return self.server.pid

    @property
    def mailbox(self):
        return self.server.maildir("alice") / "new"

    def stop(self):
        self.server.stop()
        self.server.close()


MAIN_CF = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = {commands}
daemon_directory = {daemons}
meta_directory = {meta}
shlib_directory = {shlib}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = none
virtual_mailbox_domains = example.com
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = inline:{{ alice@example.com=alice/Maildir/ }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
maillog_file = {root}/log/mail.log
maillog_file_prefixes = {root}
"""

MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60  1 pickup
cleanup   unix  n - n -   0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """The distribution's Postfix with its own configuration, queue and data; the system's is not touched."""

    name = "postfix"

    @staticmethod
    def missing():
        """Why it cannot be measured here, or an empty string."""
        if shutil.which("postfix", path=PATH) is None:
            return "Postfix is not installed"
        return "" if os.geteuid() == 0 else "Postfix starts as root only"

    def __init__(self, scratch):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="postfix-", dir=scratch))
        self.root.chmod(0o755)
        self.port, = harness.free_ports(1)
        owner, box = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        for name, who in (("queue", None), ("data", owner), ("mail", box), ("log", None), ("etc", None)):
            (self.root / name).mkdir()
            if who:
                os.chown(self.root / name, who.pw_uid, who.pw_gid)
        places = {name: self._built_in(name) for name in
                  ("command_directory", "daemon_directory", "meta_directory", "shlib_directory")}
        (self.root / "etc" / "main.cf").write_text(MAIN_CF.format(
            root=self.root, uid=box.pw_uid, gid=box.pw_gid, commands=places["command_directory"],
            daemons=places["daemon_directory"], meta=places["meta_directory"], shlib=places["shlib_directory"]))
        (self.root / "etc" / "master.cf").write_text(MASTER_CF.format(port=self.port))

    @staticmethod
    def _built_in(name):
        return subprocess.run(["postconf", "-dh", name], capture_output=True, text=True, check=True,
                              env={**os.environ, "PATH": PATH}).stdout.strip()

    def _run(self, verb):
        return subprocess.run(["postfix", "-c", str(self.root / "etc"), verb], capture_output=True, text=True,
                              env={**os.environ, "PATH": PATH}, stdin=subprocess.DEVNULL, check=False, timeout=60)

    def start(self):
        done = self._run("start")
        if done.returncode != 0:
            raise RuntimeError(f"postfix start: {done.stderr}")
        harness.wait_for(self._greets, "Postfix's greeting")
        self.pid = int((self.root / "queue" / "pid" / "master.pid").read_text())
        return self

    def _greets(self):
        try:
            with Client(self.port, timeout=2):
                return True
        except (OSError, EOFError):
            return False

    @property
    def mailbox(self):
        return self.root / "mail" / "alice" / "Maildir" / "new"

    def stop(self):
        self._run("stop")
        shutil.rmtree(self.root, ignore_errors=True)

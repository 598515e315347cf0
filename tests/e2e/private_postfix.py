# SPDX-License-Identifier: Apache-2.0
# e2e: the distribution's Postfix with configuration, queue and data of its own, on loopback; the system's is not touched.
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import harness
from smtp_client import Client

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"

MAIN_CF = {
    "compatibility_level": "3.6",
    "queue_directory": "{root}/queue",
    "data_directory": "{root}/data",
    "command_directory": "{command_directory}",
    "daemon_directory": "{daemon_directory}",
    "meta_directory": "{meta_directory}",
    "shlib_directory": "{shlib_directory}",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "myhostname": f"mx.{harness.DOMAIN}",
    "mydestination": "",
    "inet_interfaces": harness.STRANGER,
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "smtpd_peername_lookup": "no",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_tls_security_level": "none",
    "virtual_mailbox_domains": harness.DOMAIN,
    "virtual_mailbox_base": "{root}/mail",
    "virtual_mailbox_maps": f"inline:{{{{ alice@{harness.DOMAIN}=alice/Maildir/ }}}}",
    "virtual_uid_maps": "static:{uid}",
    "virtual_gid_maps": "static:{gid}",
    "virtual_minimum_uid": "1",
    "maillog_file": "{root}/log/mail.log",
    "maillog_file_prefixes": "{root}",
}

MASTER_CF = """
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
    """`settings` change rows of MAIN_CF; `services` are the lines of master.cf for what listens, without them smtpd does."""

    @staticmethod
    def missing():
        """Why there is none, or an empty string."""
        if shutil.which("postfix", path=PATH) is None:
            return "Postfix is not installed"
        return "" if os.geteuid() == 0 else "Postfix starts as root only"

    def __init__(self, scratch, settings=None, services=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="postfix-", dir=scratch))
        self.root.chmod(0o755)
        self.port, = harness.free_ports(1)
        owner, box = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        for name, who in (("queue", None), ("data", owner), ("mail", box), ("log", None), ("etc", None)):
            (self.root / name).mkdir()
            if who:
                os.chown(self.root / name, who.pw_uid, who.pw_gid)
        facts = {name: self._built_in(name) for name in
                 ("command_directory", "daemon_directory", "meta_directory", "shlib_directory")}
        facts.update(root=self.root, uid=box.pw_uid, gid=box.pw_gid)
        rows = {name: value.format(**facts) for name, value in MAIN_CF.items()}
        rows.update(settings or {})
        (self.root / "etc" / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in rows.items()))
        listening = services or f"{harness.STRANGER}:{self.port} inet n - n - - smtpd\n"
        (self.root / "etc" / "master.cf").write_text(listening + MASTER_CF)

    @staticmethod
    def _built_in(name):
        return subprocess.run(["postconf", "-dh", name], capture_output=True, text=True, check=True,
                              env={**os.environ, "PATH": PATH}).stdout.strip()

    def _run(self, verb):
        return subprocess.run(["postfix", "-c", str(self.root / "etc"), verb], capture_output=True, text=True,
                              env={**os.environ, "PATH": PATH}, stdin=subprocess.DEVNULL, check=False, timeout=60)

    def spawn(self):
        """Starts it without waiting for a greeting."""
        done = self._run("start")
        if done.returncode != 0:
            raise RuntimeError(f"postfix start: {done.stderr}")
        self.pid = int((self.root / "queue" / "pid" / "master.pid").read_text())
        return self

    def start(self):
        self.spawn()
        harness.wait_for(self._greets, "Postfix's greeting")
        return self

    def _greets(self):
        try:
            with Client(self.port, timeout=2):
                return True
        except (OSError, EOFError):
            return False

    def log(self):
        path = self.root / "log" / "mail.log"
        return path.read_text(errors="replace") if path.is_file() else ""

    @property
    def mailbox(self):
        return self.root / "mail" / "alice" / "Maildir" / "new"

    def stop(self):
        """Ends it; what it has logged stays until close()."""
        self._run("stop")

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)

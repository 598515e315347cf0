# SPDX-License-Identifier: Apache-2.0
# e2e: foreign mail clients, each driven to send one given message by one given kind of transport.
"""Every sender takes (transport, port, sender, recipient, text, scratch) and raises on failure.

Transport is "plain", "starttls" or "implicit". Text has LF line ends. Where a client knows no TLS
(smtp-source), socat carries it.
"""

import contextlib
import os
import pathlib
import shutil
import smtplib
import socket
import subprocess

from harness import free_ports, wait_for
from smtp_client import insecure_tls

LOOPBACK = "127.0.0.1"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "gatepost"
NODE_MODULES = pathlib.Path(os.environ.get("GATEPOST_NODE_MODULES", CACHE / "e2e" / "node_modules"))


def run(arguments, stdin=b"", environment=None):
    """Runs a program to success; what it printed."""
    done = subprocess.run(arguments, input=stdin, capture_output=True, timeout=60, check=False,
                          env={**os.environ, "PATH": PATH, **(environment or {})})
    if done.returncode != 0:
        raise AssertionError(f"{arguments[0]} ended with {done.returncode}:\n"
                             f"{done.stdout.decode(errors='replace')}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def swaks(transport, port, sender, recipient, text, scratch):
    source = pathlib.Path(scratch) / "swaks.eml"
    source.write_text(text)
    tls = {"plain": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[transport]
    run(["swaks", "--server", LOOPBACK, "--port", str(port), "--from", sender, "--to", recipient,
         "--data", f"@{source}", "--silent", "1", *tls])


def smtp_source(transport, port, sender, recipient, text, scratch):
    """Sends a text of its own making, of the length of `text`; only its size is compared."""
    with contextlib.ExitStack() as stack:
        if transport != "plain":
            port = stack.enter_context(tls_tunnel(transport, port, scratch))
        run(["smtp-source", "-f", sender, "-t", recipient, "-l", str(len(text)), "-m", "1",
             f"{LOOPBACK}:{port}"])


def curl(transport, port, sender, recipient, text, scratch):
    scheme = "smtps" if transport == "implicit" else "smtp"
    tls = ["--ssl-reqd"] if transport == "starttls" else []
    run(["curl", "--silent", "--show-error", "--insecure", *tls, f"{scheme}://{LOOPBACK}:{port}/curl.remote.test",
         "--mail-from", sender, "--mail-rcpt", recipient, "--crlf", "--upload-file", "-"], text.encode())


def msmtp(transport, port, sender, recipient, text, scratch):
    tls = {"plain": ["--tls=off"], "starttls": ["--tls=on", "--tls-starttls=on", "--tls-certcheck=off"],
           "implicit": ["--tls=on", "--tls-starttls=off", "--tls-certcheck=off"]}[transport]
    run(["msmtp", f"--host={LOOPBACK}", f"--port={port}", f"--from={sender}", "--auth=off",
         "--domain=msmtp.remote.test", "--set-date-header=off", "--set-msgid-header=off", *tls, recipient],
        text.encode(), {"HOME": str(scratch)})


def smtplib_client(transport, port, sender, recipient, text, scratch):
    if transport == "implicit":
        session = smtplib.SMTP_SSL(LOOPBACK, port, "smtplib.remote.test", timeout=30, context=insecure_tls())
    else:
        session = smtplib.SMTP(LOOPBACK, port, "smtplib.remote.test", timeout=30)
    with session:
        if transport == "starttls":
            session.starttls(context=insecure_tls())
        session.sendmail(sender, [recipient], text.encode())


NODEMAILER_SCRIPT = """
const nodemailer = require('nodemailer');
const [transport, port, from, to] = process.argv.slice(2);
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  nodemailer.createTransport({
    host: '127.0.0.1', port: Number(port), name: 'nodemailer.remote.test', secure: transport === 'implicit',
    ignoreTLS: transport === 'plain', requireTLS: transport === 'starttls', tls: { rejectUnauthorized: false },
  }).sendMail({ envelope: { from, to: [to] }, raw: Buffer.concat(chunks) }, (problem) => {
    if (problem) { console.error(problem); process.exit(1); }
  });
});
"""


def nodemailer(transport, port, sender, recipient, text, scratch):
    run(["node", "-e", NODEMAILER_SCRIPT, "--", transport, str(port), sender, recipient], text.encode(),
        {"NODE_PATH": str(NODE_MODULES)})


SENDERS = {"swaks": swaks, "smtp-source": smtp_source, "curl": curl, "msmtp": msmtp,
           "smtplib": smtplib_client, "nodemailer": nodemailer}


def missing(name):
    """Why this client cannot be used here, or an empty string."""
    if name == "smtplib":
        return ""
    if name == "nodemailer":
        if shutil.which("node", path=PATH) is None:
            return "node is not installed"
        return "" if (NODE_MODULES / "nodemailer").is_dir() else "nodemailer is not installed"
    return "" if shutil.which(name, path=PATH) else f"{name} is not installed"


@contextlib.contextmanager
def tls_tunnel(transport, port, scratch):
    """A local port whose connections reach `port` inside TLS."""
    if transport == "starttls":
        target = (f"EXEC:openssl s_client -quiet -starttls smtp -connect {LOOPBACK}\\:{port}")
    else:
        target = f"OPENSSL:{LOOPBACK}:{port},verify=0"
    local, = free_ports(1)
    with open(pathlib.Path(scratch) / "socat.log", "ab") as log:
        tunnel = subprocess.Popen(["socat", f"TCP-LISTEN:{local},bind={LOOPBACK},fork,reuseaddr", target],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(lambda: listening(local), f"socat on {local}")
        yield local
    finally:
        tunnel.terminate()
        tunnel.wait()


def listening(port):
    """Whether something accepts on the port, without connecting to it."""
    wanted = f"{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(row.split()[1].endswith(":" + wanted) and row.split()[3] == "0A" for row in list(table)[1:])

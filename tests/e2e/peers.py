# SPDX-License-Identifier: Apache-2.0
# e2e: foreign mail clients, each driven to send one given message by one given kind of transport.
"""Every sender takes (transport, port, sender, recipient, text, scratch) and raises on failure.

Transport is "plain", "starttls" or "implicit". Text has LF line ends. Where a client knows no TLS
(smtp-source), a tunnel carries it.
"""

import contextlib
import os
import pathlib
import shutil
import smtplib
import socket
import subprocess
import threading

from smtp_client import Client, insecure_tls

LOOPBACK = "127.0.0.1"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "gatepost"
NODE_PATHS = (CACHE / "e2e" / "node_modules", pathlib.Path("/usr/share/nodejs"))  # npm's and the distribution's


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
            port = stack.enter_context(tls_tunnel(transport, port))
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
const [transport, port, from, to] = process.argv.slice(1);
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
        {"NODE_PATH": ":".join(map(str, NODE_PATHS))})


SENDERS = {"swaks": swaks, "smtp-source": smtp_source, "curl": curl, "msmtp": msmtp,
           "smtplib": smtplib_client, "nodemailer": nodemailer}


def missing(name):
    """Why this client cannot be used here, or an empty string."""
    if name == "smtplib":
        return ""
    if name == "nodemailer":
        if shutil.which("node", path=PATH) is None:
            return "node is not installed"
        return "" if any((path / "nodemailer").is_dir() for path in NODE_PATHS) else "nodemailer is not installed"
    return "" if shutil.which(name, path=PATH) else f"{name} is not installed"


@contextlib.contextmanager
def tls_tunnel(transport, port):
    """A local port whose sessions reach `port` inside TLS, for a client that knows none."""
    door = socket.create_server((LOOPBACK, 0))
    threading.Thread(target=_serve_tunnel, args=(door, transport, port), daemon=True).start()
    try:
        yield door.getsockname()[1]
    finally:
        door.close()


def _serve_tunnel(door, transport, port):
    # The client may leave without reading its last reply, and the door closes under us at the end.
    with contextlib.suppress(OSError):
        while True:
            near, _ = door.accept()
            with near, contextlib.suppress(OSError):
                _carry(near, transport, port)


def _carry(near, transport, port):
    """One session: what the client says goes out inside TLS, what is answered comes back."""
    with Client(port, tls=insecure_tls() if transport == "implicit" else None, timeout=60) as far:
        if transport == "starttls":
            far.ehlo()
            far.starttls()
        # The client has not seen the greeting that was read on its behalf.
        near.sendall(str(far.greeting).encode() + b"\r\n")
        far.socket.settimeout(0.2)
        while part := near.recv(65536):
            far.send(part)
            # An answer comes before the client speaks again; amid a text there is none to wait for.
            with contextlib.suppress(TimeoutError):
                near.sendall(far.socket.recv(65536))

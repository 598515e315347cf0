# SPDX-License-Identifier: Apache-2.0
# e2e: foreign clients that log in: each takes its transport, mechanism and password, and says whether it was let in.
"""Every client takes (transport, port, mechanism, user, password, text, scratch).

Transport is "starttls" or "implicit". With text it sends that to alice, from the user. True: logged
in (and sent). False: refused. Anything else is an AssertionError.
"""

import base64
import contextlib
import os
import pathlib
import smtplib
import subprocess

from harness import DOMAIN
from peers import LOOPBACK, NODE_PATHS, tls_tunnel
from smtp_client import insecure_tls

TO = f"alice@{DOMAIN}"


def _run(arguments, stdin=b"", environment=None):
    done = subprocess.run(arguments, input=stdin, capture_output=True, timeout=60, check=False,
                          env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin", **(environment or {})})
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def _verdict(status, said, refusals):
    if status == 0:
        return True
    if any(word in said for word in refusals):
        return False
    raise AssertionError(f"ended with {status}:\n{said}")


def swaks(transport, port, mechanism, user, password, text, scratch):
    source = pathlib.Path(scratch) / "swaks.eml"
    source.write_text(text)
    tls = {"starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[transport]
    return _verdict(*_run(["swaks", "--server", LOOPBACK, "--port", str(port), "--from", user, "--to", TO,
                           "--auth", mechanism, "--auth-user", user, "--auth-password", password,
                           "--data", f"@{source}", *tls]), ["535 5.7.8"])


def curl(transport, port, mechanism, user, password, text, scratch):
    scheme = "smtps" if transport == "implicit" else "smtp"
    tls = ["--ssl-reqd"] if transport == "starttls" else []
    return _verdict(*_run(
        ["curl", "--silent", "--show-error", "--insecure", *tls, f"{scheme}://{LOOPBACK}:{port}/curl.remote.test",
         "--user", f"{user}:{password}", "--login-options", f"AUTH={mechanism}", "--mail-from", user,
         "--mail-rcpt", TO, "--crlf", "--upload-file", "-"], text.encode()), ["curl: (67)"])


def msmtp(transport, port, mechanism, user, password, text, scratch):
    tls = {"starttls": ["--tls-starttls=on"], "implicit": ["--tls-starttls=off"]}[transport]
    return _verdict(*_run(
        ["msmtp", f"--host={LOOPBACK}", f"--port={port}", f"--from={user}", f"--auth={mechanism.lower()}",
         f"--user={user}", f"--passwordeval=echo {password}", "--domain=msmtp.remote.test", "--tls=on",
         "--tls-certcheck=off", "--set-date-header=off", "--set-msgid-header=off", *tls, TO],
        text.encode(), {"HOME": str(scratch)}), ["authentication failed"])


def smtplib_client(transport, port, mechanism, user, password, text, scratch):
    if transport == "implicit":
        session = smtplib.SMTP_SSL(LOOPBACK, port, "smtplib.remote.test", timeout=30, context=insecure_tls())
    else:
        session = smtplib.SMTP(LOOPBACK, port, "smtplib.remote.test", timeout=30)
    with session:
        if transport == "starttls":
            session.starttls(context=insecure_tls())
        session.ehlo()
        session.user, session.password = user, password
        try:
            session.auth(mechanism, {"PLAIN": session.auth_plain, "LOGIN": session.auth_login,
                                     "CRAM-MD5": session.auth_cram_md5}[mechanism])
        except smtplib.SMTPAuthenticationError as refused:
            assert refused.smtp_code == 535, refused
            return False
        session.sendmail(user, [TO], text.encode())
    return True


NODEMAILER_SCRIPT = """
const nodemailer = require('nodemailer');
const [transport, port, method, user, pass, to] = process.argv.slice(1);
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  nodemailer.createTransport({
    host: '127.0.0.1', port: Number(port), name: 'nodemailer.remote.test', secure: transport === 'implicit',
    requireTLS: transport === 'starttls', tls: { rejectUnauthorized: false }, authMethod: method, auth: { user, pass },
  }).sendMail({ envelope: { from: user, to: [to] }, raw: Buffer.concat(chunks) }, (problem) => {
    if (problem) { console.error(problem); process.exit(1); }
  });
});
"""


def nodemailer(transport, port, mechanism, user, password, text, scratch):
    return _verdict(*_run(["node", "-e", NODEMAILER_SCRIPT, "--", transport, str(port), mechanism, user, password, TO],
                          text.encode(), {"NODE_PATH": ":".join(map(str, NODE_PATHS))}), ["535 5.7.8"])


def gsasl(transport, port, mechanism, user, password, text, scratch):
    """Sends nothing: it is there for the mechanisms. It knows no implicit TLS, so a tunnel carries it."""
    # With bindings at hand it would not go on without them.
    tls = ["--starttls", "--x509-ca-file=", *([] if mechanism.endswith("-PLUS") else ["--no-cb"])]
    with contextlib.ExitStack() as stack:
        if transport == "implicit":
            port = stack.enter_context(tls_tunnel(transport, port))
            tls = ["--no-starttls"]
        status, said = _run(["gsasl", "--smtp", f"--connect={LOOPBACK}:{port}", f"--mechanism={mechanism}", "--quiet",
                             f"--authentication-id={user}", f"--password={password}", "--verbose", *tls])
    if "235" in said:
        return True
    if "535 5.7.8" in said:
        return False
    raise AssertionError(f"gsasl ended with {status}:\n{said}")


CLIENTS = {
    "swaks": (swaks, ("PLAIN", "LOGIN", "CRAM-MD5")),
    "curl": (curl, ("PLAIN", "LOGIN", "CRAM-MD5")),
    "msmtp": (msmtp, ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256")),
    "smtplib": (smtplib_client, ("PLAIN", "LOGIN", "CRAM-MD5")),
    "nodemailer": (nodemailer, ("PLAIN", "LOGIN", "CRAM-MD5")),
    "gsasl": (gsasl, ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")),
}


def plain(user, password):
    """The initial response of AUTH PLAIN."""
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()

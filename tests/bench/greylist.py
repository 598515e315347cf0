# SPDX-License-Identifier: Apache-2.0
# bench: what a decision of greylisting costs, asked over the policy protocol, beside postgrey's.
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import measure
from servers import PATH, Gatepost, harness


def request(n):
    """The n-th triplet."""
    client = f"{11 + n // 65536 % 200}.{n // 256 % 256}.{n % 256}.7"
    return (f"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_name=unknown\nclient_address={client}\n"
            f"sender=shop{chr(97 + n % 26)}@mail.shop.example\nrecipient=alice@example.com\ninstance={n}.1\n"
            "etrn_domain=\n\n").encode()


def ask_all(line, first, count):
    """One after the other, as an smtpd(8) does; how many were put off."""
    put_off = 0
    for n in range(first, first + count):
        line.sendall(request(n))
        answer = b""
        while not answer.endswith(b"\n\n"):
            answer += line.recv(4096)
        put_off += answer.startswith(b"action=DEFER")
    return put_off


@contextlib.contextmanager
def gatepost(scratch):
    port = harness.free_ports(1)[0]
    server = Gatepost(scratch, {"greylist_policy_listen": f"127.0.0.1:{port}", "greylist_source_throttle": "0",
                                "state_commit_interval": "5s"})
    server.start()
    try:
        yield port, server.pid
    finally:
        server.stop()


@contextlib.contextmanager
def postgrey(scratch):
    port = harness.free_ports(1)[0]
    home = pathlib.Path(tempfile.mkdtemp(prefix="postgrey-", dir=scratch))
    home.chmod(0o777)
    empty = home / "empty"
    empty.write_text("")
    process = subprocess.Popen(
        ["postgrey", f"--inet=127.0.0.1:{port}", f"--dbdir={home}", "--user=nobody", "--group=nogroup",
         f"--whitelist-clients={empty}", f"--whitelist-recipients={empty}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def measure_one(start, scratch, count):
    """CPU of new triplets and of known ones, and what the new ones take of memory."""
    with start(scratch) as (port, pid), socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        ask_all(line, 10_000_000, 100)
        before, idle = measure.usage(pid)[0], measure.pss(pid)
        put_off = ask_all(line, 0, count)
        between, full = measure.usage(pid)[0], measure.pss(pid)
        ask_all(line, 0, count)
        after = measure.usage(pid)[0]
    return {"triplets": count, "put_off": put_off, "new_us": (between - before) * 1e6 / count,
            "known_us": (after - between) * 1e6 / count, "pss_grown": full - idle}


def measure_greylist(scratch, quick, tell):
    count = 10_000 if quick else 100_000
    rows = {"gatepost": measure_one(gatepost, scratch, count)}
    if shutil.which("postgrey", path=PATH):
        rows["postgrey"] = measure_one(postgrey, scratch, count)
    for name, row in rows.items():
        tell(f"greylist {name:9} {row['triplets']} triplets: {row['new_us']:6.1f} us CPU new, {row['known_us']:6.1f} known, "
             f"{row['pss_grown'] / 1048576:5.1f} MiB more memory")
    return rows

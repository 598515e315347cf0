# SPDX-License-Identifier: Apache-2.0
# bench: what a decision of greylisting costs, asked over the policy protocol, beside postgrey's in the same run.
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

import idle
import measure
from screen import reachable, settled
from servers import PATH, Gatepost, harness

MIB = 1048576
ASKERS = 50  # As many smtpd processes as a busy Postfix has.
COLUMNS = ("new_ms", "known_ms", "memory_mib", "stored_mib")
WORDS = {"new_ms": "a new triplet: ms CPU", "known_ms": "a known one: ms CPU", "memory_mib": "MiB of memory per 100,000",
         "stored_mib": "MiB stored per 100,000"}
# Of postgrey's in the same run where it is a part.
AIMS = (("new_ms", 0.1, True), ("known_ms", 0.1, True), ("memory_mib", 4.0, False), ("stored_mib", 1.0, True))


class Postgrey:
    name = "postgrey"

    def __init__(self, scratch):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postgrey-", dir=scratch))
        self.folder.chmod(0o777)
        (self.folder / "none").write_text("")
        self.port, = harness.free_ports(1)

    def start(self):
        none = self.folder / "none"
        self.process = subprocess.Popen(
            ["postgrey", f"--inet=127.0.0.1:{self.port}", f"--dbdir={self.folder}", "--user=nobody", "--group=nogroup",
             f"--whitelist-clients={none}", f"--whitelist-recipients={none}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PATH": PATH})
        harness.wait_for(lambda: reachable(self.port), "postgrey")
        return self

    @property
    def pid(self):
        return self.process.pid

    def stored(self):
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.name.endswith(".db"))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Lender(Gatepost):
    name = "gatepost"

    def __init__(self, scratch):
        self.policy, = harness.free_ports(1)
        super().__init__(scratch, {"greylist_policy_listen": f"127.0.0.1:{self.policy}", "greylist_source_throttle": "0"})
        self.port = self.policy

    def start(self):
        self.server.spawn()
        harness.wait_for(lambda: reachable(self.policy), "the policy server")
        return self

    def stored(self):
        return sum(path.stat().st_size for path in pathlib.Path(self.server.settings["state_directory"]).glob("state.db*"))


def request(number):
    """The triplet of that number."""
    return (f"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_name=unknown\nclient_address="
            f"10.{number >> 14}.{(number >> 6) & 255}.{1 + (number & 63)}\nsender=user{number}x@sender.test\n"
            f"recipient=someone-{number}@example.com\ninstance={number}.1\n\n").encode()


def decide(port, count):
    """Asks about the first triplets."""
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(ASKERS)]
        readers = [stack.enter_context(line.makefile("rb")) for line in lines]
        for first in range(0, count, ASKERS):
            for number, line in enumerate(lines, first):
                line.sendall(request(number))
            for reader in readers:
                if not reader.readline().startswith(b"action=") or reader.readline() != b"\n":
                    raise RuntimeError("no decision")


def measure_one(server, count):
    decide(server.port, 100)   # What is made once is there then.
    settled(server)
    memory, begun = idle.settled_pss(server.pid), measure.usage(server.pid)[0]
    decide(server.port, count)
    harness.wait_for(lambda: server.stored() > 60 * count, "the rows on disk", 120)
    settled(server)
    between, full = measure.usage(server.pid)[0], idle.settled_pss(server.pid)
    decide(server.port, count)
    settled(server)
    after = measure.usage(server.pid)[0]
    return {"triplets": count, "new_ms": (between - begun) * 1000 / count, "known_ms": (after - between) * 1000 / count,
            "memory_mib": (full - memory) / MIB * 1e5 / count, "stored_mib": server.stored() / MIB * 1e5 / count}


def measure_greylist(scratch, tell):
    rows = {}
    for kind in (Lender, Postgrey):
        if kind is Postgrey and shutil.which("postgrey", path=PATH) is None:
            tell("postgrey left out: it is not installed")
            continue
        # postgrey's rows cost the same however many there are, and it takes a minute for a hundred thousand.
        server = kind(scratch).start()
        try:
            rows[kind.name] = measure_one(server, 10_000 if kind is Postgrey else 100_000)
        finally:
            server.stop()
    for column in COLUMNS:
        tell(f"greylisting, {WORDS[column]:50} " + " ".join(f"{row[column]:10.3g}" for row in rows.values()))
    return rows


def aims(rows):
    """(what, value, aim): met when value <= aim."""
    theirs = rows.get("postgrey")
    return [(f"greylisting, {WORDS[column]}" + (" (part)" if part else ""),
             rows["gatepost"][column] / (theirs[column] if part else 1), aim)
            for column, aim, part in AIMS if theirs or not part]

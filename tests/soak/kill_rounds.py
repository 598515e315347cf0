#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# soak: kill -9 under load, again and again; what was answered 250 must be there, whole, exactly once.
"""kill_rounds.py [--rounds 50] [--senders 20] [--seed N]

Each round starts the server on the same directories, lets the senders work, kills the process at a
random moment, starts it again and looks for every promise made: local messages in new/ of each
recipient, others in the queue's list and among the texts kept there. A text carries its own hash.
Files in new/ that were never promised are allowed (the answer was lost with the process), torn ones
never.
"""

import argparse
import hashlib
import pathlib
import random
import re
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
from smtp_client import Client  # noqa: E402

QUEUED_PER_SENDER = 3  # In one round; keeps the queue listable in one answer.
MARK = re.compile(rb"-----BEGIN ([0-9a-z-]+) ([0-9a-f]{64})\n(.*?)-----END \1\n", re.S)


def sealed(identity, rng):
    """A body that tells whether it is whole."""
    lines = []
    size = rng.choice((200, 3000, 20000, 90000))
    while size > 0:
        lines.append("%0*x" % (min(size, 70), rng.getrandbits(280) % (16 ** min(size, 70))))
        size -= 71
    content = "\n".join(lines) + "\n"
    return f"-----BEGIN {identity} {hashlib.sha256(content.encode()).hexdigest()}\n{content}-----END {identity}\n"


def whole(octets):
    """The identity of a sealed text, or None when it is torn."""
    found = MARK.search(octets.replace(b"\r\n", b"\n"))
    if not found or hashlib.sha256(found.group(3)).hexdigest().encode() != found.group(2):
        return None
    return found.group(1).decode()


class Sender(threading.Thread):
    """Sends until the server is gone; remembers what was promised."""

    def __init__(self, port, name, seed, stop):
        super().__init__(daemon=True)
        self.port, self.label, self.rng, self.halt = port, name, random.Random(seed), stop
        self.local, self.queued = {}, {}

    def run(self):
        while not self.halt.is_set():
            try:
                with Client(self.port, source=harness.HOME, timeout=10) as client:
                    client.ehlo()
                    for _ in range(self.rng.randint(1, 20)):
                        self.send(client)
            except (OSError, EOFError, AssertionError):
                if not self.halt.is_set():
                    self.halt.wait(0.02)

    def send(self, client):
        identity = f"{self.label}-{len(self.local) + len(self.queued)}-{self.rng.getrandbits(40):x}"
        elsewhere = self.rng.random() < 0.2 and len(self.queued) < QUEUED_PER_SENDER
        if elsewhere:
            recipients = [f"{identity}@elsewhere.test"]
        else:
            users = self.rng.sample(harness.USERS, self.rng.choice((1, 1, 1, 2, 4)))
            recipients = [f"{user}@{harness.DOMAIN}" for user in users]
        reply = client.deliver(harness.message(body=sealed(identity, self.rng)), *recipients)
        if reply.code == 250:
            promised = self.queued if elsewhere else self.local
            promised[identity] = recipients if not elsewhere else reply.raw.split()[-1]


def check_local(server, promised, problems):
    """Every promise in every recipient's new/, once, whole; then the mailboxes are emptied."""
    seen = {}
    for path in server.everything_new():
        identity = whole(path.read_bytes())
        user = path.relative_to(server.root / "mail").parts[1]
        if identity is None:
            problems.append(f"torn message {path}")
            continue
        seen[(identity, user)] = seen.get((identity, user), 0) + 1
        path.unlink()
    for identity, recipients in promised.items():
        for recipient in recipients:
            if not seen.get((identity, recipient.split("@")[0])):
                problems.append(f"lost: {identity} for {recipient}")
    problems += [f"{count} times: {key}" for key, count in seen.items() if count > 1]
    return len(seen)


def check_queued(server, promised, problems):
    """Every promise in the list and, whole, among the files of the queue."""
    listed = {row["queue_id"] for row in server.queue()}
    kept = set()
    for path in (server.root / "queue").rglob("*"):
        if path.is_file() and b"-----BEGIN " in (octets := path.read_bytes()):
            kept.add(whole(octets))
    for identity, queue_id in promised.items():
        if queue_id not in listed:
            problems.append(f"lost from the list: {queue_id} ({identity})")
        if identity not in kept:
            problems.append(f"lost or torn in the queue: {queue_id} ({identity})")
    if None in kept:
        problems.append("a torn text lies in the queue")


def play(rounds, senders=20, seed=None, settings=None, tell=lambda line: None):
    """Plays the rounds; the list of what went wrong and how many promises were checked."""
    seed = seed if seed is not None else random.SystemRandom().getrandbits(32)
    rng = random.Random(seed)
    tell(f"seed {seed}")
    server = harness.Server({"smtpd_client_connection_count_limit": "0", **(settings or {})})
    problems, queued, checked = [], {}, 0
    try:
        for number in range(rounds):
            server.start()
            halt = threading.Event()
            crew = [Sender(server.port, f"r{number}s{index}", rng.getrandbits(64), halt) for index in range(senders)]
            for sender in crew:
                sender.start()
            # The moment is the experiment, not a wait for something.
            time.sleep(rng.uniform(0.1, 1.5))
            server.kill()
            halt.set()
            for sender in crew:
                sender.join(30)
            local = {k: v for sender in crew for k, v in sender.local.items()}
            queued.update({k: v for sender in crew for k, v in sender.queued.items()})
            before = len(problems)
            server.start()
            stored = check_local(server, local, problems)
            check_queued(server, queued, problems)
            server.kill() if rng.random() < 0.5 else server.stop()
            checked += len(local)
            tell(f"round {number + 1}: {len(local)} local ({stored} files), {len(queued)} queued in all, "
                 f"{len(problems) - before} problems")
        return problems, checked + len(queued)
    finally:
        if problems and not sys.exc_info()[0]:
            tell(f"kept for a look: {server.root}")
        else:
            server.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=50)
    arguments.add_argument("--senders", type=int, default=20)
    arguments.add_argument("--seed", type=int)
    asked = arguments.parse_args()
    problems, checked = play(asked.rounds, asked.senders, asked.seed, tell=lambda line: print(line, flush=True))
    for problem in problems[:50]:
        print(problem)
    print(f"{checked} promises checked, {len(problems)} problems")
    return 1 if problems or not checked else 0


if __name__ == "__main__":
    sys.exit(main())

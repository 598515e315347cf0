# SPDX-License-Identifier: Apache-2.0
# bench: smtp-source against one server, timed until the last message lies in the mailbox.
import itertools
import os
import shutil
import statistics
import subprocess
import time

import measure
from servers import PATH, RECIPIENT

KIB = 1024
SIZES = {"1 KiB": KIB, "10 KiB": 10 * KIB, "1 MiB": 1024 * KIB}
SESSIONS = (1, 10, 50)
PATIENCE = 300


def messages_for(octets, sessions, quick):
    """How many messages make a run of a few seconds."""
    count = {KIB: 3000, 10 * KIB: 3000}.get(octets, 100)
    if sessions == 1:
        count //= 2
    return max(sessions, count // 10) if quick else count


def count_in(folder):
    try:
        return sum(1 for _ in os.scandir(folder))
    except FileNotFoundError:
        return 0


def set_aside(folder, runs=itertools.count()):
    """An empty mailbox without deleting anything.

    ext4 without a journal does not give the inode of a deleted file away for a minute or more, and looks at each
    of them again for every file that is made: after a thousand deletions that is most of what a run costs.
    """
    if folder.is_dir():
        folder.rename(folder.with_name(f"aside-{next(runs)}"))


def once(server, octets, sessions, messages):
    """One run. Sessions stay connected (smtp-source -d), so it is the server that is measured, not accept()."""
    set_aside(server.mailbox)
    os.sync()
    cpu, written = measure.usage(server.pid)
    begun = time.monotonic()
    done = subprocess.run(["smtp-source", "-d", "-s", str(sessions), "-m", str(messages), "-l", str(octets),
                           "-f", "sender@remote.test", "-t", RECIPIENT, f"127.0.0.1:{server.port}"],
                          env={**os.environ, "PATH": PATH}, capture_output=True, text=True, check=False,
                          timeout=PATIENCE)
    accepted = time.monotonic() - begun
    if done.returncode != 0:
        raise RuntimeError(f"smtp-source against {server.name}: {done.stderr.strip()}")
    while count_in(server.mailbox) < messages:
        if time.monotonic() - begun > PATIENCE:
            raise RuntimeError(f"{server.name}: {count_in(server.mailbox)} of {messages} messages arrived")
        time.sleep(0.02)
    took = time.monotonic() - begun
    memory = measure.pss(server.pid)
    # Writes that a daemon leaves to the kernel are charged when the page becomes dirty, not when it is written.
    cpu_after, written_after = measure.usage(server.pid)
    return {"delivered_per_second": messages / took, "accepted_per_second": messages / accepted,
            "cpu_seconds_per_1000": (cpu_after - cpu) * 1000 / messages, "pss": memory,
            "written_per_octet": (written_after - written) / (messages * octets)}


def table(servers, quick, repeats, tell):
    """Every size and number of sessions, the servers taking turns; medians of the repeats."""
    rows = []
    for label, octets in SIZES.items():
        for sessions in SESSIONS:
            count = messages_for(octets, sessions, quick)
            runs = {server.name: [] for server in servers}
            for _ in range(repeats):
                for server in servers:
                    runs[server.name].append(once(server, octets, sessions, count))
            row = {"size": label, "octets": octets, "sessions": sessions, "messages": count}
            for name, results in runs.items():
                row[name] = {key: statistics.median(result[key] for result in results) for key in results[0]}
                row[name]["spread"] = [min(r["delivered_per_second"] for r in results),
                                       max(r["delivered_per_second"] for r in results)]
            rows.append(row)
            tell(line(row, [server.name for server in servers]))
    return rows


def heading(names):
    cells = "".join(f" | {name:>9}/s  CPU s/1000  PSS MiB  written/octet" for name in names)
    return f"{'size':>7} {'sess':>4}{cells}"


def line(row, names):
    cells = "".join(f" | {row[name]['delivered_per_second']:>11.0f} {row[name]['cpu_seconds_per_1000']:>11.2f} "
                    f"{row[name]['pss'] / 1048576:>8.1f} {row[name]['written_per_octet']:>14.2f}" for name in names)
    return f"{row['size']:>7} {row['sessions']:>4}{cells}"


def available():
    return shutil.which("smtp-source", path=PATH) is not None

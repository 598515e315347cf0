# SPDX-License-Identifier: Apache-2.0
# bench: what the server costs while nothing happens, and how soon it is there.
import pathlib
import resource
import subprocess
import sys
import time

import measure
from servers import Gatepost, harness
from smtp_client import Client

HERE = pathlib.Path(__file__).resolve().parent


class Crowd:
    """Idle sessions held by a process of its own, so that their cost is not the server's."""

    def __init__(self, port, count, kind="plain"):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "crowd.py"), str(port), str(count), kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        answer = self.process.stdout.readline().strip()
        if answer != "ready":
            self.close()
            raise RuntimeError(f"{count} idle sessions: {answer or 'the crowd ended'}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def first_greeting(scratch, repeats=9):
    """Seconds from starting the process to its first 220, self-signed certificate already made; the median."""
    gatepost = Gatepost(scratch)
    times = []
    try:
        for _ in range(repeats + 1):
            begun = time.monotonic()
            gatepost.server.spawn()
            while True:
                try:
                    with Client(gatepost.port, timeout=5):
                        times.append(time.monotonic() - begun)
                        break
                except OSError:
                    if time.monotonic() - begun > 10:
                        raise
                    time.sleep(0.0005)
            gatepost.server.stop()
    finally:
        gatepost.server.close()
    return sorted(times[1:])[repeats // 2]


def greeting_times(port, count=50):
    """Seconds a new client waits for its greeting and its answer to EHLO: worst and median."""
    times = []
    for _ in range(count):
        begun = time.monotonic()
        with Client(port, timeout=30) as client:
            client.ehlo()
        times.append(time.monotonic() - begun)
    return max(times), sorted(times)[count // 2]


def settled_pss(pid):
    """PSS once it has stopped moving."""
    last = -1
    for _ in range(40):
        now = measure.pss(pid)
        if now == last:
            break
        last = now
        time.sleep(0.1)
    return last


def measure_idle(scratch, quick, tell):
    counts = (1000,) if quick else (1000, 10000)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 11000:
        counts = (1000,)
        tell(f"10,000 sessions left out: at most {hard} files may be open here")
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(20000, hard if hard > 0 else 20000)), hard))
    facts = {"start_to_greeting_seconds": first_greeting(scratch), "idle_sessions": {}}
    # watched: under the tests of a session that has begun; waiting: for the greeting.
    rounds = [(kind, count) for kind in ("plain", "watched", "waiting") for count in counts]
    for kind, number in rounds + [("tls", 200 if quick else 500)]:
        settings = {"smtpd_timeout": "600s"}
        if kind in ("watched", "waiting"):
            # The crowd is strangers; who measures is not.
            settings |= {"postscreen_enable": "yes", "mynetworks": "127.0.0.1/32",
                         "postscreen_greet_wait": "100s" if kind == "waiting" else "0s"}
        gatepost = Gatepost(scratch, settings).start()
        try:
            base = settled_pss(gatepost.pid)
            facts.setdefault("idle_pss", base)
            with Crowd(gatepost.port, number, "plain" if kind == "watched" else kind):
                held = settled_pss(gatepost.pid)
                worst, median = greeting_times(gatepost.port)
            row = {"sessions": number, "pss_per_session": (held - base) / number,
                   "new_client_worst_seconds": worst, "new_client_median_seconds": median}
            if kind == "tls":
                facts["idle_tls"] = row
            else:
                name = "idle_sessions" if kind == "plain" else f"{kind}_sessions"
                facts.setdefault(name, {})[str(number)] = row
        finally:
            gatepost.stop()
    return facts


def binary_octets():
    return harness.binary().stat().st_size

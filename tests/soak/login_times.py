#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# soak: nobody learns from the time of a refusal whether a user exists.
"""login_times.py [--rounds 400]

Wrong passwords for users that exist and for names that do not, in random order over one session each,
by PLAIN and by SCRAM-SHA-256 (time to the challenge). Compared are ranks, not means, so that one slow
answer counts as one: the share of pairs in which the unknown name took longer (Mann-Whitney's U over
n*m) is 0.5 when there is no difference. It may stray from that by four standard deviations of chance,
and by a tenth for the microsecond or so that allocations differ, which is seen on loopback only.
"""

import argparse
import base64
import pathlib
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
import logins  # noqa: E402
from smtp_client import Client, insecure_tls  # noqa: E402

KNOWN = [f"user{number}@{harness.DOMAIN}" for number in range(20)]
UNKNOWN = [f"nobody{number}@{harness.DOMAIN}" for number in range(20)]


def plain(client, user):
    begun = time.perf_counter()
    reply = client.ask(f"AUTH PLAIN {logins.plain(user, 'a guess')}")
    took = time.perf_counter() - begun
    assert reply.code == 535, reply
    return took


def scram(client, user):
    first = base64.b64encode(f"n,,n={user},r=rOprNGfwEbeRWgbNEkqO".encode()).decode()
    begun = time.perf_counter()
    reply = client.ask(f"AUTH SCRAM-SHA-256 {first}")
    took = time.perf_counter() - begun
    assert reply.code == 334, reply
    assert client.ask("*").code == 501
    return took


def share(known, unknown):
    """How often a pair has the unknown name later; ties count half."""
    merged = sorted([(value, 0) for value in known] + [(value, 1) for value in unknown])
    later, before = 0.0, 0
    for _, group in merged:
        if group == 0:
            before += 1
        else:
            later += before
    return later / (len(known) * len(unknown))


def measure(port, attempt, rounds, rng):
    times = {True: [], False: []}
    with Client(port, tls=insecure_tls(), timeout=60) as client:
        client.ehlo()
        for number in range(2 * max(rounds, 30)):
            exists = rng.random() < 0.5
            took = attempt(client, rng.choice(KNOWN if exists else UNKNOWN))
            if number >= 20:  # Warm caches are for all.
                times[exists].append(took)
    return times[True], times[False]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=400)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    port, = harness.free_ports(1)
    server = harness.Server({"submissions_listen": f"{harness.STRANGER}:{port}",
                             "smtpd_client_event_limit_exceptions": "127.0.0.0/8",
                             "smtpd_sasl_user_failure_limit": "0", "smtpd_hard_error_limit": "100000",
                             "smtpd_soft_error_limit": "100000"}, users=KNOWN).start()
    failed = False
    try:
        for name, attempt in (("PLAIN", plain), ("SCRAM-SHA-256", scram)):
            known, unknown = measure(port, attempt, options.rounds, random.Random(options.seed))
            found = share(known, unknown)
            n, m = len(known), len(unknown)
            bound = 0.1 + 4 * ((n + m + 1) / (12 * n * m)) ** 0.5
            bad = abs(found - 0.5) > bound
            failed = failed or bad
            print(f"{name}: unknown names take longer in {found:.3f} of pairs, expected 0.5 +- {bound:.3f}"
                  f"{' FAILED' if bad else ''}")
    finally:
        server.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
# bench: holds idle sessions until its input ends. crowd.py PORT COUNT plain|tls|waiting; prints "ready".
# waiting: they hear that they have to wait for the greeting, and do.
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from smtp_client import Client, insecure_tls  # noqa: E402


def main():
    port, count, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    context = insecure_tls() if kind == "tls" else None
    held = []
    for number in range(count):
        # Many addresses, as many peers would have.
        source = f"127.0.{1 + number // 250}.{1 + number % 250}"
        try:
            client = Client(port, source=source, timeout=60, greet=kind != "waiting")
            if kind == "waiting":
                client.line()
            else:
                client.ehlo()
            if context:
                client.starttls(context)
                client.ehlo()
        except (OSError, EOFError, AssertionError) as problem:
            print(f"session {number}: {problem}", flush=True)
            return 1
        held.append(client)
    print("ready", flush=True)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())

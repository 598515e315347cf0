#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# tools: the versions a binary says it was linked with, against the minimums of third_party/VERSIONS.
"""check_versions.py FILE      runs `FILE --version`
check_versions.py --self-test"""
import pathlib
import re
import subprocess
import sys

VERSIONS = pathlib.Path(__file__).resolve().parents[1] / "third_party" / "VERSIONS"
# Not in the shipped binary.
TESTS_ONLY = {"catch2"}
ALIASES = {"fmt": r"(?:\{fmt\}|fmt)"}


def minimums(text):
    rows = (line.split() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    # NAME:ARCHITECTURE: the same part, built elsewhere.
    return {row[0]: row[2] for row in rows if row[0] not in TESTS_ONLY and ":" not in row[0]}


def number(version):
    return tuple(int(part) for part in version.split("."))


def complaints(said, wanted):
    for name, least in wanted.items():
        found = re.search(ALIASES.get(name, re.escape(name)) + r"\s+v?(\d+(?:\.\d+)+)", said, re.I)
        if not found:
            yield f"--version does not name {name}"
        elif number(found.group(1)) < number(least):
            yield f"{name} {found.group(1)} is linked, {least} or newer is needed"


def main():
    if sys.argv[1:] == ["--self-test"]:
        said = "gatepost 1\n mbedTLS 3.6.7\n SQLite 3.9.4\n"
        got = list(complaints(said, {"mbedtls": "3.6.7", "sqlite": "3.53.0", "asio": "1.30"}))
        return 0 if len(got) == 2 and "3.9.4" in got[0] and "asio" in got[1] else 1
    answer = subprocess.run([sys.argv[1], "--version"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    print(answer.stdout, end="")
    bad = list(complaints(answer.stdout, minimums(VERSIONS.read_text())))
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

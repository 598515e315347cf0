#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# tests: makes rfc7208.txt out of the community's test suite, which is YAML.
"""convert.py rfc7208-tests.yml rfc7208-tests.LICENSE > rfc7208.txt   (needs python3-yaml; not part of any build)

Lines of fields between tabs; \\xHH stands for an octet that is not printable:
  scenario DESCRIPTION          what follows, until the next, is one zone and its tests
  rr NAME TYPE VALUE            TYPE TIMEOUT: every type without records times out
  test NAME CLIENT HELO SENDER RESULT[,RESULT] EXPLANATION     `-`: not told; DEFAULT: none
"""
import sys

import yaml


def field(value):
    out = ""
    for char in str(value):
        plain = " " <= char <= "~" and char != "\\"
        out += char if plain else f"\\x{ord(char):02x}"
    return out


def line(*fields):
    print("\t".join(field(one) for one in fields))


def records(name, entries):
    """Records of type SPF count as TXT where the name has none of those (the suite's own rule)."""
    texts = [entry["TXT"] for entry in entries if isinstance(entry, dict) and "TXT" in entry]
    for entry in entries:
        if entry == "TIMEOUT":
            line("rr", name, "TIMEOUT", "-")
            continue
        (kind, value), = entry.items()
        if kind == "SPF" and texts or value == "NONE":
            continue
        if kind in ("SPF", "TXT"):
            line("rr", name, "TXT", "".join(value) if isinstance(value, list) else value)
        elif kind == "MX":
            line("rr", name, "MX", f"{value[0]} {value[1]}".rstrip())
        else:
            line("rr", name, kind, value)


def main():
    print("# The test suite of RFC 7208 (release 2014.04) in another form, made by convert.py.")
    for text in open(sys.argv[2]):
        print(f"# {text}".rstrip())
    for scenario in yaml.safe_load_all(open(sys.argv[1])):
        if not scenario:
            continue
        line("scenario", scenario["description"])
        for name, entries in scenario["zonedata"].items():
            records(name, entries)
        for name, test in scenario["tests"].items():
            results = test["result"] if isinstance(test["result"], list) else [test["result"]]
            line("test", name, test["host"], test["helo"], test["mailfrom"], ",".join(results),
                 test.get("explanation", "-"))


main()

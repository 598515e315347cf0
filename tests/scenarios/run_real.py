#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# scenarios: plays the dialogues against the real binary on loopback, with real TLS.
"""Usage: run_real.py [--only TEXT] [FILE.scn ...]

The binary is the one named by $GATEPOST, as for tests/e2e. Scenarios with the same settings share
a server. A scenario with a `core:` step is left out: it needs virtual time or an invented world.
The language is described in README.md.
"""

import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import harness  # noqa: E402
import smtp_client  # noqa: E402

PLAIN = {
    "myhostname": "mx.example.com",
    "smtpd_banner": "$myhostname ESMTP gatepost",
    "smtpd_error_sleep_time": "0s",
    "smtp.smtpd_tls_security_level": "none",
}
# Set for port 25 only: the other services have a level of their own.
OF_SERVICE = ("smtpd_tls_security_level",)
EXPECTS = ("<", "<~", "<*")
ASSERTS = ("log", "messages", "stored", "stored~")
# The fields we put before the text.
OURS = re.compile(rb"\A(?:(?:Return-Path|Delivered-To|X-Original-To|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)*?")


def unescape(text):
    """Octets of a text with \\r \\n \\t \\0 \\\\ \\xHH and \\(COUNT TEXT)."""
    simple = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
    out = bytearray()
    at = 0
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode()
            at += 1
            continue
        kind = text[at + 1]
        at += 2
        if kind in simple:
            out += simple[kind]
        elif kind == "x":
            out.append(int(text[at:at + 2], 16))
            at += 2
        elif kind == "(":
            end = text.index(")", at)
            count, unit = text[at:end].split(" ", 1)
            out += unescape(unit) * int(count)
            at = end + 1
        else:
            raise ValueError(f"bad escape \\{kind}")
    return bytes(out)


class Scenario:
    def __init__(self, name, file, line):
        self.name, self.file, self.line = name, file, line
        self.settings, self.knows, self.actions = {}, [], []
        self.trusted = self.core = False

    def key(self):
        return (tuple(sorted(self.settings.items())), tuple(self.knows))


def parse(path):
    found = []
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        core = line.startswith("core: ")
        word, _, rest = (line[6:] if core else line).partition(" ")
        if word == "scenario":
            found.append(Scenario(rest, path.name, number))
            continue
        now = found[-1]
        if core:
            now.core = now.core or word not in ASSERTS
        elif word == "setting":
            name, _, value = rest.partition(" ")
            now.settings[f"smtp.{name}" if name in OF_SERVICE else name] = value
        elif word == "peer":
            now.trusted = rest == "trusted"
        elif word == "knows":
            now.knows.append(unescape(rest).decode())
        elif word != "timing:":
            take(now, word, rest, number)
    return found


def take(scenario, word, rest, number):
    """One step; octets sent together and lines stored together become one."""
    joined = {">": "send", ">>": "send"}.get(word, word)
    value = unescape(rest) + {">": b"\r\n", "stored": b"\n"}.get(word, b"")
    last = scenario.actions[-1] if scenario.actions else None
    if joined in ("send", "stored") and last and last[0] == joined:
        last[1] += value
    else:
        scenario.actions.append([joined, bytearray(value), number])


class Failed(Exception):
    pass


class Player:
    """One scenario on one session."""

    def __init__(self, server, scenario):
        self.server, self.scenario = server, scenario
        self.before = set(server.everything_new())
        self.accepted = 0
        self.log_start = len(server.log())
        self.client = smtp_client.Client(server.port, source=harness.HOME if scenario.trusted else None,
                                         greet=False)

    def run(self):
        first = self.scenario.actions[0][0]
        if first not in EXPECTS:
            self.client.reply()
        for word, value, number in self.scenario.actions:
            self.number = number
            getattr(self, "do_" + {"<": "line", "<~": "prefix", "<*": "reply", "stored~": "part"}.get(word, word))(
                bytes(value))
        self.client.close()
        for word, value, number in self.scenario.actions:
            self.number = number
            if word == "log":
                self.find_log(value.decode())

    def fail(self, what):
        raise Failed(f"{self.scenario.file}:{self.number}: {what} ({self.scenario.name})")

    def next_line(self):
        try:
            line = self.client.line()
        except (EOFError, OSError) as error:
            self.fail(f"expected a reply: {error}")
        if line.startswith("250 2.0.0 Ok: queued as "):
            self.accepted += 1
        return line

    def do_send(self, octets):
        try:
            self.client.send(octets)
        except OSError as error:
            self.fail(f"cannot send: {error}")

    def do_line(self, expected):
        line = self.next_line()
        if line != expected.decode():
            self.fail(f"expected: {expected.decode()}\n    got: {line}")

    def do_prefix(self, expected):
        line = self.next_line()
        if not line.startswith(expected.decode()):
            self.fail(f"expected: {expected.decode()}...\n    got: {line}")

    def do_reply(self, code):
        line = self.next_line()
        while line.startswith(code.decode() + "-"):
            line = self.next_line()
        if not line.startswith(code.decode() + " "):
            self.fail(f"expected: {code.decode()}\n    got: {line}")

    def do_tls(self, _):
        self.client.wrap()

    def do_closed(self, _):
        if not self.client.at_end():
            self.fail("the session goes on")

    def do_log(self, _):
        """At the end."""

    def do_messages(self, count):
        if self.accepted != int(count):
            self.fail(f"{self.accepted} messages were accepted, expected {int(count)}")
        if int(count) == 0 and set(self.server.everything_new()) != self.before:
            self.fail("a message is in a mailbox")

    def newest(self):
        fresh = set(self.server.everything_new()) - self.before
        if not fresh:
            self.fail(f"nothing is stored\n{self.server.log()[-2000:]}")
        return max(fresh, key=lambda path: path.stat().st_mtime_ns).read_bytes()

    def do_stored(self, expected):
        text = self.newest()
        if not text.endswith(expected) or OURS.fullmatch(text[:len(text) - len(expected)]) is None:
            self.fail(f"stored text differs:\n{text!r}")

    def do_part(self, expected):
        if expected not in self.newest():
            self.fail("stored text lacks it")

    def find_log(self, pattern):
        words = [re.escape(word) for word in pattern.split("*")]
        wanted = re.compile(".*".join(words))

        def found():
            return any(wanted.search(line) for line in self.server.log()[self.log_start:].splitlines())
        try:
            harness.wait_for(found, pattern, 5)
        except AssertionError:
            self.fail(f"not in the log: {pattern}\n{self.server.log()[self.log_start:]}")


def play(scenario, servers):
    key = scenario.key()
    if key not in servers:
        settings = PLAIN | scenario.settings
        users = ["alice"] + [known for known in scenario.knows]
        servers[key] = harness.Server(settings, users=users)
        servers[key].start()
    player = Player(servers[key], scenario)
    try:
        player.run()
    except (Failed, OSError, EOFError):
        ended = servers[key].process.poll()
        if ended is not None:
            servers.pop(key).close()
            raise Failed(f"{scenario.file}:{scenario.line}: the server ended with {ended} ({scenario.name})") from None
        raise
    finally:
        player.client.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", default="", help="names containing this")
    arguments.add_argument("files", nargs="*", type=pathlib.Path)
    options = arguments.parse_args()
    scenarios = [one for path in options.files or sorted(HERE.glob("*.scn")) for one in parse(path)
                 if options.only in one.name]
    servers, passed, failed, skipped = {}, 0, 0, 0
    try:
        for scenario in scenarios:
            if scenario.core:
                skipped += 1
                continue
            try:
                play(scenario, servers)
                passed += 1
            except (Failed, AssertionError, OSError, EOFError) as error:
                failed += 1
                print(f"FAILED {error}", flush=True)
    finally:
        for server in servers.values():
            server.close()
    print(f"{skipped} need the core runner")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
# e2e: plays one client's script against a server that screens, and tells what both sides said.
"""A script has a step a line:

    <              reads a reply, all its lines
    .              reads all until the server hangs up
    > OCTETS       sends these, with Python's escapes; nothing is read
    /hang up       closes the connection
    /again         waits until the server has done with this client, and connects anew
    /session N     goes on with the client's Nth connection, which is made when there is none yet
    /log TEXT      waits until a line about this client has TEXT in it
    /tls           makes the TLS handshake
    /later N       waits until the calendar has gone on by N seconds and a bit
    COMMAND        anything else: sends it with CRLF and reads the reply; after QUIT, all until the server hangs up

It begins with a connection that nothing was read from. Where the server hangs up in the middle, the script is over.
"""
import re
import ssl
import time

from harness import wait_for
from smtp_client import Client, insecure_tls

LINE = re.compile(r"[ /](postscreen|dnsblog|smtpd)\[\d+\]: (.*)")


def octets_of(text):
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


def plain(line):
    """Without what differs from run to run: ports, times, ids."""
    line = re.sub(r"\]:\d+", "]:PORT", line)
    line = re.sub(r" after [0-9.]+ from ", " after TIME from ", line)
    return re.sub(r"queued as [0-9A-Za-z]+", "queued as ID", line)


def about(log, client, program="postscreen"):
    """The lines of `program` about the client, without their heads; of all clients when there is none."""
    found = [match.groups() for match in map(LINE.search, log.splitlines()) if match]
    of_client = re.compile(r"\[" + re.escape(client) + r"\]|addr " + re.escape(client) + " ") if client else re.compile("")
    return [text for name, text in found if name == program and of_client.search(text)]


class Player:
    """`log`: a function that gives what the server has logged so far."""

    def __init__(self, address, port, client, log):
        self.address, self.port, self.client, self.log = address, port, client, log
        self.sessions = []
        self.current = 0
        self.heard = []

    def play(self, script):
        """What was said, a line each; the server has done with the client then."""
        try:
            self.connect()
            for step in filter(None, map(str.strip, script.splitlines())):
                self.step(step)
        except (EOFError, ConnectionError):
            self.heard.append("S: (closed)")
        except TimeoutError:
            self.heard.append("S: (silence)")
        except (AssertionError, ssl.SSLError) as problem:
            self.heard.append(f"S: ({problem})")
        for session in self.sessions:
            session.close()
        try:
            self.wait_for_end()
        except AssertionError as problem:
            self.heard.append(f"S: ({problem})")
        return self.heard

    def connect(self):
        self.sessions.append(Client(self.port, self.address, source=self.client, greet=False))
        self.current = len(self.sessions) - 1

    @property
    def session(self):
        return self.sessions[self.current]

    def step(self, step):
        if step == "<":
            self.read_reply()
        elif step == ".":
            self.read_rest()
        elif step.startswith("> "):
            self.session.send(octets_of(step[2:]))
        elif step.startswith("/"):
            self.direct(*step[1:].split(" ", 1))
        else:
            self.heard.append("C: " + step)
            self.session.send(octets_of(step) + b"\r\n")
            self.read_reply()
            if step == "QUIT":
                self.read_rest()

    def direct(self, verb, argument=""):
        if verb == "hang":
            self.session.close()
        elif verb == "again":
            self.session.close()
            self.wait_for_end()
            self.connect()
        elif verb == "session":
            if int(argument) > len(self.sessions):
                self.connect()
            self.current = int(argument) - 1
        elif verb == "log":
            wait_for(lambda: any(argument in line for line in about(self.log(), self.client)), argument)
        elif verb == "tls":
            self.session.wrap(insecure_tls())
        elif verb == "later":
            until = time.time() + float(argument) + 0.1
            wait_for(lambda: time.time() > until, "the hour")
        else:
            raise AssertionError(f"no such step: /{verb}")

    def read_reply(self):
        while True:
            line = self.session.line()
            self.heard.append("S: " + plain(line))
            if line[3:4] != "-":
                return

    def read_rest(self):
        while True:
            try:
                self.heard.append("S: " + plain(self.session.line()))
            except (EOFError, ConnectionError):
                self.heard.append("S: (closed)")
                return

    def wait_for_end(self):
        wait_for(self.is_done_with, f"the end of all sessions of {self.client}")

    def is_done_with(self):
        """Each connection was ended by whoever had it last."""
        log = self.log()
        screened = about(log, self.client)
        ends = [line for line in screened if line.startswith("DISCONNECT ")]
        ends += [line for line in about(log, self.client, "smtpd") if line.startswith("disconnect ")]
        return len(ends) >= sum(line.startswith("CONNECT ") for line in screened)

# SPDX-License-Identifier: Apache-2.0
# e2e: Debian's postscreen and gatepost hear the same clients; what they say and log is the same, or told why not.
"""As a program: postscreen_difference_test.py [--write] [--all] [PATTERN] plays the rows whose names contain PATTERN and prints
how they differ, with --all also where they do not; --write writes the page of differences anew.

All behaviours with the same settings share one postscreen and one gatepost. All of them have one DNS server, and each a
client address of its own. dnsblog(8) asks the C library's resolver, which knows no port but 53: dnsblog runs with a root
of its own, whose etc/resolv.conf names the DNS server's address.
"""
import argparse
import concurrent.futures
import difflib
import ipaddress
import os
import pathlib
import re
import shutil
import socket
import tempfile
import textwrap

import harness
import private_postfix
from certificates import Authority
from dns_server import SERVFAIL, DnsServer
from postscreen_differences import DIFFERENCES
from postscreen_rows import BASE, LISTS, ROWS
from screening_dialogue import Player, about, plain

PAGE = harness.REPO / "src" / "front" / "DIFFERENCES.md"
LOOPBACK = {False: harness.STRANGER, True: "::1"}
GATEPOST = {"postscreen_enable": "yes", "state_commit_interval": "0s"}
# dnsblog has its own root; what else there is as elsewhere.
HELPERS = """
smtpd     pass  - - n - - smtpd
dnsblog   unix  - - y - 0 dnsblog
tlsproxy  unix  - - n - 0 tlsproxy -o tlsproxy_tls_security_level=may
"""


def settings_in(text):
    rows = [line.split("=", 1) for line in text.splitlines() if line.strip()]
    return {name.strip(): value.strip() for name, value in rows}


def settings_of(row):
    return settings_in(BASE + row.settings)


def client_of(row):
    if row.ipv6:
        return "::1"
    number = ROWS.index(row) + 1
    return f"127.{9 if row.at_home else 1}.{number}.1"


def reversed_name(client, zone):
    return ipaddress.ip_address(client).reverse_pointer.rsplit(".", 2)[0] + "." + zone


def resolver():
    """A DNS server at port 53 of an address of this machine that nobody uses."""
    for number in range(1, 200):
        try:
            return DnsServer(f"127.0.53.{number}", port=53)
        except PermissionError as problem:
            raise AssertionError(f"a DNS server at port 53 of 127.0.53.{number}: {problem}") from None
        except OSError:
            continue
    raise AssertionError("port 53 is taken at all addresses of this machine: another DNS server listens at 0.0.0.0")


def fill(dns, row):
    """The lists are in order (RFC 5782 section 5); then what they say about this client."""
    client = client_of(row)
    for line in row.zone.strip().splitlines():
        zone, what, *more = line.split(None, 2)
        name = reversed_name(client, zone)
        if what == "servfail":
            dns.fault(name, code=SERVFAIL)
        elif what == "silence":
            dns.fault(name, drop=True)
        elif what == "slow":
            dns.fault(name, delay=1)
        elif what == "TXT":
            dns.add(name, "TXT", more[0])
        else:
            dns.add(name, "A", what)


class Pair:
    """A postscreen and a gatepost with the same settings."""

    def __init__(self, number, settings, ipv6, port, other_port):
        self.tag, self.settings, self.ipv6 = f"pair{number}", settings, ipv6
        self.ports = {"postfix": port, "gatepost": other_port}
        self.server = None

    def service(self):
        """Lines for master.cf."""
        options = {**self.settings, "syslog_name": f"postfix/{self.tag}",
                   "postscreen_cache_map": f"btree:$data_directory/{self.tag}"}
        where = f"[::1]:{self.ports['postfix']}" if self.ipv6 else f"{harness.STRANGER}:{self.ports['postfix']}"
        lines = [f"{where} inet n - n - 1 postscreen"]
        return "\n".join(lines + [f"  -o {{ {name} = {value} }}" for name, value in options.items()]) + "\n"

    def start(self, scratch, program, dns):
        root = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.tag}-", dir=scratch))
        root.chmod(0o755)
        (root / "bin").mkdir()
        os.link(program, root / "bin" / "gatepost")
        port = self.ports["gatepost"]
        where = f" [::1]:{port}" if self.ipv6 else ""
        self.server = harness.Server({**self.settings, **GATEPOST, "smtp_listen": f"{harness.STRANGER}:{port}{where}",
                                      "dns_servers": dns.setting}, root=root)
        self.server.spawn()
        harness.wait_for(self.reachable, f"{self.tag}; it said {self.server.said()}")

    def reachable(self):
        if self.server.process.poll() is not None:
            raise AssertionError(f"gatepost ended: {self.server.said()} {self.server.log()}")
        try:
            with socket.create_connection((harness.STRANGER, self.ports["gatepost"]), source_address=(harness.HOME, 0)):
                return True
        except OSError:
            return False


class Comparison:
    """Plays rows against both servers. found[name] is what (postfix, gatepost) said and logged."""

    def __init__(self, rows):
        self.rows = rows
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatepost-difference-"))
        self.scratch.chmod(0o755)
        self.dns = resolver()
        self.pairs = {}
        self.postfix = None
        self.found = {}

    def run(self):
        try:
            self.start()
            with concurrent.futures.ThreadPoolExecutor(32) as pool:
                sides = [(row, side) for row in self.rows for side in ("postfix", "gatepost")]
                heard = dict(zip([(row.name, side) for row, side in sides], pool.map(lambda one: self.play(*one), sides)))
            self.stop()
            for row in self.rows:
                self.found[row.name] = tuple(heard[row.name, side] + self.logged(row, side) for side in ("postfix", "gatepost"))
        finally:
            self.close()
        return self

    def pair_of(self, row):
        return self.pairs[tuple(settings_of(row).items()), row.ipv6]

    def start(self):
        for zone in LISTS:
            self.dns.add(reversed_name("127.0.0.2", zone), "A", "127.0.0.2")
        for row in self.rows:
            fill(self.dns, row)
        keys = list(dict.fromkeys((tuple(settings_of(row).items()), row.ipv6) for row in self.rows))
        ports = iter(harness.free_ports(2 * len(keys)))
        for number, key in enumerate(keys):
            self.pairs[key] = Pair(number, dict(key[0]), key[1], next(ports), next(ports))
        certificate, key, _ = Authority(self.scratch / "ca").chain("mx", f"mx.{harness.DOMAIN}")
        services = "".join(pair.service() for pair in self.pairs.values()) + HELPERS
        self.postfix = private_postfix.Postfix(self.scratch, {
            **settings_in(BASE), "inet_protocols": "all" if harness.has_ipv6() else "ipv4",
            "smtpd_tls_cert_file": str(certificate), "smtpd_tls_key_file": str(key)}, services)
        etc = self.postfix.root / "queue" / "etc"
        etc.mkdir()
        (etc / "resolv.conf").write_text(f"nameserver {self.dns.address}\n")
        self.postfix.spawn()
        program = self.scratch / "gatepost"
        shutil.copy(harness.binary(), program)
        program.chmod(0o755)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda pair: pair.start(self.scratch, program, self.dns), self.pairs.values()))

    def log(self, row, side):
        """Of the pair's server alone."""
        pair = self.pair_of(row)
        if side == "gatepost":
            return pair.server.log()
        # smtpd and dnsblog serve all pairs, and each client comes to one.
        return "\n".join(line for line in self.postfix.log().splitlines()
                         if f"/{pair.tag}/" in line or "/smtpd[" in line or "/dnsblog[" in line)

    def play(self, row, side):
        pair = self.pair_of(row)
        player = Player(LOOPBACK[row.ipv6], pair.ports[side], client_of(row), lambda: self.log(row, side))
        return player.play(row.script)

    def logged(self, row, side):
        log = self.log(row, side)
        client = None if row.whole_log else client_of(row)
        lines = [plain(line) for line in about(log, client) if harness.HOME not in line and not line.startswith("cache ")]
        sites = settings_of(row).get("postscreen_dnsbl_sites", "")
        asked = [line for line in about(log, client_of(row), "dnsblog") if any(zone in sites and zone in line for zone in LISTS)]
        return [f"L: {line}" for line in lines + sorted(map(plain, asked))]

    def stop(self):
        self.postfix.stop()
        for pair in self.pairs.values():
            pair.server.stop()

    def close(self):
        self.dns.close()
        if self.postfix:
            self.postfix.stop()
        for pair in self.pairs.values():
            if pair.server:
                pair.server.close()
        if not os.environ.get("GATEPOST_KEEP"):
            shutil.rmtree(self.scratch, ignore_errors=True)


def difference(pair):
    """Lines that only postscreen has (-), and only gatepost (+)."""
    lines = difflib.unified_diff(*pair, n=0, lineterm="")
    return [line for line in lines if not re.match(r"(---|\+\+\+|@@) ?", line)]


def expected(row):
    _, differs = DIFFERENCES.get(row.name, ("", ""))
    return differs.strip().replace("CLIENT", client_of(row)).splitlines()


def page():
    """The differences that are meant, as they are told to who reads."""
    out = ["# What gatepost does otherwise than postscreen(8)", "",
           f"`tests/e2e/postscreen_difference_test.py` plays {len(ROWS)} behaviours of clients (`tests/e2e/postscreen_rows.py`) to",
           "Debian's Postfix and to gatepost with the same settings, which are Postfix's defaults and `postscreen_deep_handoff = 450`.",
           f"Replies (S) and log lines (L) are the same in {len(ROWS) - len(DIFFERENCES)}; in the others they differ as told here,",
           "where `-` is postscreen's and `+` gatepost's. `postscreen_difference_test.py --write` writes this page.", ""]
    for name, (why, differs) in DIFFERENCES.items():
        out += [f"**{name}.** {why}", "", "```diff", *differs.strip().splitlines(), "```", ""]
    return "\n".join(out)


class PostscreenDifference(harness.Case):
    found = {}

    @classmethod
    def setUpClass(cls):
        cls.missing = private_postfix.Postfix.missing()
        if not cls.missing:
            cls.found = Comparison([row for row in ROWS if not row.ipv6 or harness.has_ipv6()]).run().found

    def compare(self, row):
        if self.missing:
            self.skipTest(self.missing)
        if row.name not in self.found:
            self.skipTest("no IPv6 here")
        pair = self.found[row.name]
        wanted = "\n".join(expected(row))
        got = "\n".join(difference(pair))
        self.assertEqual(got, wanted, f"{row.name}: the difference, and what it should be\n" + story(pair))


class Page(harness.Case):
    def test_differences_are_told(self):
        self.assertEqual(PAGE.read_text(), page(), "postscreen_difference_test.py --write writes it anew")

    def test_rows_have_names_of_their_own(self):
        names = {row.name for row in ROWS}
        self.assertEqual(len(names), len(ROWS))
        self.assertLessEqual(set(DIFFERENCES), names)
        self.assertLess(len(ROWS), 255, "client_of() gives each a network of its own")


def story(pair):
    return "".join(f"--- {side}\n" + textwrap.indent("\n".join(lines), "    ") + "\n" for side, lines in zip(("postfix", "gatepost"), pair))


def _add(row):
    def test(self):
        self.compare(row)
    test.__doc__ = row.name
    setattr(PostscreenDifference, "test_" + re.sub(r"\W+", "_", row.name.lower()), test)


for _row in ROWS:
    _add(_row)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("pattern", nargs="?", default="")
    asked = arguments.parse_args()
    if asked.write:
        PAGE.write_text(page())
        return
    rows = [row for row in ROWS if asked.pattern in row.name]
    for name, pair in Comparison(rows).run().found.items():
        row = next(row for row in rows if row.name == name)
        got = difference(pair)
        state = "same" if not got and row.name not in DIFFERENCES else "as told" if got == expected(row) else "DIFFERENT"
        print(f"{state:10}{name}")
        if asked.all:
            print(story(pair))
        elif state == "DIFFERENT":
            print(textwrap.indent("\n".join(got), "    "))


if __name__ == "__main__":
    main()

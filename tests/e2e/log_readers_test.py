# SPDX-License-Identifier: Apache-2.0
# e2e: what Debian's pflogsumm and fail2ban read in the log of a day with clients of every kind (RB1, RB2).
import collections
import os
import re
import shutil
import subprocess

import logins
import private_postfix
from harness import DOMAIN, HOME, PASSWORD, REPO, STRANGER, message, wait_for
from peers import PATH
from screening_test import ALICE, LIST, Screening, reversed_name
from smtp_client import Client, insecure_tls

BOB, CAROL = f"bob@{DOMAIN}", f"carol@{DOMAIN}"
NOBODY, ELSEWHERE = f"nobody@{DOMAIN}", "x@elsewhere.test"
(GOOD, EARLY, LISTED, GREY, GUESSER, RELAYER, STRAY, BANNED, HASTY, LEAVER, BROWSER, CLUMSY, DENIED, BLOCKED, CHATTY,
 SILENT) = (f"127.0.{n}.1" for n in range(1, 17))
RBL = "rbl.test"

SETTINGS = {
    "syslog_name": "postfix", "postscreen_greet_wait": "1s", "postscreen_dnsbl_sites": LIST,
    "postscreen_access_list": f"permit_mynetworks, inline:{{{{{DENIED} = reject}}}}", "postscreen_denylist_action": "drop",
    "postscreen_command_count_limit": "5", "postscreen_bare_newline_enable": "yes", "postscreen_bare_newline_action": "enforce",
    "smtpd_recipient_restrictions": f"reject_rbl_client {RBL}", "greylist_enable": "yes", "greylist_delay": "1h",
    "greylist_recipient_exceptions": f"{ALICE} {BOB}", "smtpd_error_sleep_time": "0s", "smtpd_hard_error_limit": "2",
    "ban_enable": "yes", "ban_threshold": "100",
}


class Day(Screening):
    """The log of one day of a server, for all tests the same."""

    log_text = None

    def setUp(self):
        super().setUp()
        if Day.log_text is None:
            Day.log_text = self.live()
        self.path = self.unstarted().root / "log" / "mail.log"
        self.path.write_text(self.log_text)

    def live(self):
        dns = self.lists([LISTED])
        dns.add(reversed_name(BLOCKED, RBL), "A", "127.0.0.4")
        dns.add(reversed_name(BLOCKED, RBL), "TXT", "see http://rbl.test")
        server = self.unstarted({**SETTINGS, "dns_servers": dns.setting})
        server.write_config({"submissions_listen": f"{STRANGER}:{server.submissions_port}", "postscreen_enable": "yes"})
        server.spawn()
        wait_for(lambda: self.reachable(server), "the listener")
        wait_for(lambda: '"heard"' in server.command("dnsbl", "status", "--json").stdout, "the list")
        self.good(server)
        self.early(server)
        for client, recipient, times in ((LISTED, ALICE, 2), (GREY, CAROL, 1), (RELAYER, ELSEWHERE, 2), (STRAY, NOBODY, 1),
                                         (STRAY, NOBODY, 2), (BLOCKED, ALICE, 1)):
            session = self.connect(server, client)
            session.ehlo()
            session.ask("MAIL FROM:<a@x.test>")
            for _ in range(times):
                self.assertIn(session.ask(f"RCPT TO:<{recipient}>").code, (450, 454, 550, 554))
            session.ask("QUIT")
            session.close()
        self.guess(server)
        self.assertEqual(server.command("ban", "add", BANNED).returncode, 0)
        for _ in range(2):
            self.connect(server, BANNED)
        self.rough(server)
        wait_for(lambda: server.log().count("disconnect from ") >= server.log().count(": connect from "), "the last lines")
        self.assertEqual(server.stop(), 0)
        return server.log()

    def good(self, server):
        session = self.connect(server, GOOD)
        session.ehlo()
        for recipients in ((ALICE,), (ALICE, BOB)):
            self.assertEqual({reply.code for reply in session.envelope("a@x.test", *recipients)}, {250})
            self.assertEqual(session.data(message()).code, 250)
        session.ask("QUIT")

    def early(self, server):
        session = self.connect(server, EARLY, greet=False)
        self.raw(session, b"EHLO early\r\n")
        while not session.line().startswith("250 "):
            pass
        self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 550)
        session.ask("QUIT")

    def guess(self, server):
        with Client(server.submissions_port, source=GUESSER, tls=insecure_tls()) as session:
            session.ehlo()
            for _ in range(2):
                session.ask(f"AUTH PLAIN {logins.plain(ALICE, 'guess')}")
        with Client(server.submissions_port, source=GUESSER, tls=insecure_tls()) as session:
            session.ehlo()
            self.assertEqual(session.ask(f"AUTH PLAIN {logins.plain(ALICE, PASSWORD)}").code, 235)
            session.ask("QUIT")

    def rough(self, server):
        hasty = self.connect(server, HASTY)
        self.raw(hasty, f"EHLO c.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<{ALICE}>\r\n".encode())
        self.assertEqual([hasty.reply().code for _ in range(3)], [250, 250, 550])
        hasty.close()
        self.connect(server, LEAVER, greet=False).close()
        self.log_has(server, r"HANGUP after ")
        browser = self.connect(server, BROWSER)
        self.raw(browser, b"GET / HTTP/1.1\r\n")
        self.rest(browser)
        clumsy = self.connect(server, CLUMSY)
        clumsy.ehlo()
        clumsy.ask("MAIL FROM:<a@x.test>")
        for _ in range(2):
            self.assertEqual(clumsy.ask(f"RCPT TO:<{NOBODY}>").code, 550)
        self.log_has(server, r"too many errors after RCPT")
        self.rest(self.connect(server, DENIED, greet=False))
        chatty = self.connect(server, CHATTY)
        for _ in range(5):
            chatty.ask("NOOP")
        self.assertEqual(chatty.ask("NOOP").code, 421)
        silent = self.connect(server, SILENT)
        silent.ehlo()
        silent.envelope("a@x.test", ALICE)
        silent.close()
        self.log_has(server, r"lost connection after RCPT")
        self.log_has(server, rf"disconnect from unknown\[{re.escape(SILENT)}\]")


class Pflogsumm(Day):
    def test_rb1_totals_are_what_was_done(self):
        self.need("pflogsumm")
        done = subprocess.run(["pflogsumm", "--smtpd-stats", str(self.path)], capture_output=True, text=True,
                              env={**os.environ, "PATH": PATH}, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        totals = dict((name, int(number)) for number, name in
                      re.findall(r"(?m)^ +(\d+)k? +(received|delivered|deferred|bounced|rejected|discarded|senders|recipients|"
                                 r"connections)\b", done.stdout))
        self.assertEqual(totals, {"received": 2, "delivered": 3, "deferred": 0, "bounced": 0, "rejected": 13, "discarded": 0,
                                  "senders": 1, "recipients": 2, "connections": 9}, done.stdout)
        rejected = re.search(r"(?s)message reject detail\n-+\n(.*?)\n\n", done.stdout).group(1)
        self.assertEqual(re.findall(r"(?m)^ {4}(\S.*) \(total: (\d+)\)$", rejected), [
            ("Protocol error", "2"), ("Recipient address rejected: Greylisted", "1"),
            ("Recipient address rejected: User unknown in local recipient table", "5"), ("Relay access denied", "2"),
            (f"blocked using {LIST}", "2"), (f"blocked using {RBL}", "1")])


def offenders(log, name, folder=None):
    """How often fail2ban finds each address."""
    config = ["-c", str(folder)] if folder else []
    done = subprocess.run(["fail2ban-regex", *config, "-o", "ip", str(log), name], capture_output=True, text=True, timeout=60,
                          check=False)
    return dict(collections.Counter(line for line in done.stdout.splitlines() if re.fullmatch(r"[0-9a-f.:/]+", line)))


NORMAL = {LISTED: 2, RELAYER: 3, STRAY: 4, BLOCKED: 1, GUESSER: 1, CLUMSY: 3}
DDOS = {HOME: 1, EARLY: 1, GUESSER: 1, HASTY: 1, LEAVER: 1, CHATTY: 1, SILENT: 1}
AUTH = {GUESSER: 2}


def together(*counts):
    return dict(sum((collections.Counter(one) for one in counts), collections.Counter()))


class Fail2ban(Day):
    def setUp(self):
        self.need("fail2ban-regex")
        super().setUp()

    def test_rb2_its_postfix_filter_finds_who_did_what_in_every_mode(self):
        for mode, found in (("normal", NORMAL), ("more", NORMAL), ("auth", AUTH), ("rbl", {BLOCKED: 1}), ("ddos", DDOS),
                            ("extra", together(NORMAL, AUTH)), ("aggressive", together(NORMAL, AUTH, DDOS)),
                            ("errors", {RELAYER: 1, STRAY: 1, GUESSER: 1, CLUMSY: 1})):
            with self.subTest(mode):
                self.assertEqual(offenders(self.path, f"postfix[mode={mode}]"), found)

    def with_ours(self):
        """fail2ban's configuration and our filter in it."""
        folder = self.path.parent / "fail2ban"
        shutil.copytree("/etc/fail2ban", folder)
        shutil.copy(REPO / "board" / "debian" / "fail2ban" / "filter.d" / "gatepost.conf", folder / "filter.d")
        return folder

    def test_rb2_ours_finds_what_gatepost_alone_tells(self):
        more = ("Nov 26 10:00:00 mx postfix/ban[1]: Ban 127.0.20.1 for 600s (1): auth=5\n"
                "Nov 26 10:00:00 mx postfix/ban[1]: Unban 127.0.20.1 (3 connections refused)\n")
        self.path.write_text(self.log_text + more)
        folder = self.with_ours()
        screened = {EARLY: 1, LISTED: 1, HASTY: 1, BROWSER: 1, DENIED: 1}
        for mode, found in (("ban", {BANNED: 1, "127.0.20.1": 1}), ("screen", screened), ("limits", {}), ("trap", {}),
                            ("normal", NORMAL), ("aggressive", together(NORMAL, AUTH, DDOS))):
            with self.subTest(mode):
                self.assertEqual(offenders(self.path, f"gatepost[mode={mode}]", folder), found)
        # Under gatepost's own name as well.
        self.path.write_text(self.log_text.replace(" postfix/", " gatepost/"))
        self.assertEqual(offenders(self.path, "gatepost[mode=normal]", folder), NORMAL)
        self.assertEqual(offenders(self.path, "gatepost[mode=ban]", folder), {BANNED: 1})

    def test_rb2_ours_finds_who_comes_too_often_and_who_writes_to_traps(self):
        folder = self.with_ours()
        server = self.server({"smtpd_client_connection_rate_limit": "2", "greylist_enable": "yes", "syslog_name": "postfix"})
        self.assertEqual(server.command("trap", "add", NOBODY).returncode, 0)
        for _ in range(4):
            Client(server.port, source=CHATTY).close()
        with Client(server.port, source=STRAY) as session:
            session.ehlo()
            session.envelope("a@x.test", NOBODY, ALICE)
        server.wait_log("reason=trapped")
        log = server.root / "log" / "mail.log"
        self.assertEqual(offenders(log, "gatepost[mode=limits]", folder), {CHATTY: 2})
        self.assertEqual(offenders(log, "gatepost[mode=trap]", folder), {STRAY: 1})


    def test_rb2_the_line_a_tutorial_looks_for_is_there(self):
        server = self.unstarted({"syslog_name": "postfix", "smtpd_error_sleep_time": "0s"})
        server.write_config({"submissions_listen": f"{STRANGER}:{server.submissions_port}"})
        server.start()
        with Client(server.submissions_port, source=GUESSER, tls=insecure_tls()) as session:
            session.ehlo()
            session.ask(f"AUTH PLAIN {logins.plain(ALICE, 'guess')}")
        server.wait_log("lost connection after AUTH")
        self.assertEqual(offenders(server.root / "log" / "mail.log", r"lost connection after AUTH from (.*)\[<HOST>\]"), {GUESSER: 1})


class AsPostfix(Screening):
    """The same clients at Postfix: fail2ban finds the same of them."""

    def play(self, port):
        for client, recipient, times in ((RELAYER, ELSEWHERE, 2), (STRAY, NOBODY, 1), (CLUMSY, NOBODY, 2)):
            session = Client(port, source=client)
            self.addCleanup(session.close)
            session.ehlo()
            session.ask("MAIL FROM:<a@x.test>")
            for _ in range(times):
                session.ask(f"RCPT TO:<{recipient}>")
            if client == STRAY:
                session.ask("QUIT")
            else:
                self.rest(session)
        for words in ((), ("EHLO c.test", "MAIL FROM:<a@x.test>", f"RCPT TO:<{ALICE}>")):
            with Client(port, source=SILENT) as session:
                for word in words:
                    session.ask(word)

    def test_rb2_the_same_clients_are_found_at_postfix(self):
        self.need("fail2ban-regex")
        if why := private_postfix.Postfix.missing():
            self.skipTest(why)
        settings = {"mynetworks": f"{HOME}/32", "smtpd_hard_error_limit": "2", "smtpd_soft_error_limit": "10",
                    "smtpd_error_sleep_time": "0s", "syslog_name": "postfix"}
        server = self.server(settings)
        scratch = self.unstarted().root
        postfix = private_postfix.Postfix(scratch, settings)
        self.addCleanup(postfix.close)
        self.addCleanup(postfix.stop)
        postfix.start()
        logs = []
        for port, log in ((server.port, server.log), (postfix.port, postfix.log)):
            self.play(port)
            wait_for(lambda log=log: log().count(f"disconnect from unknown[{SILENT}]") == 2, "the last lines")
            path = scratch / f"log-{port}"
            # The start of each was looked at from here.
            path.write_text("".join(line for line in log().splitlines(True) if f"[{STRANGER}]" not in line))
            logs.append(path)
        for mode in ("normal", "more", "auth", "rbl", "ddos", "extra", "aggressive", "errors"):
            with self.subTest(mode):
                ours, theirs = (offenders(path, f"postfix[mode={mode}]") for path in logs)
                self.assertEqual(ours, theirs)
                self.assertTrue(ours or mode in ("auth", "rbl"))

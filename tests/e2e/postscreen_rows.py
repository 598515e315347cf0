# SPDX-License-Identifier: Apache-2.0
# e2e: what clients do, one row each, to be compared by postscreen_difference_test.py.
"""A row: a name; settings beyond BASE, for both servers; what DNS lists say about the client ("LIST ANSWER" a line; servfail,
silence, slow, TXT text); the script (screening_dialogue.py). Where gatepost means to differ, postscreen_differences.py tells."""
import dataclasses

# Postfix's defaults where ours are others.
BASE = """
myhostname = mx.example.com
mynetworks = 127.0.0.9/32 127.9.0.0/16
smtpd_banner = $myhostname ESMTP
smtpd_discard_ehlo_keywords = ETRN, HELP, LIMITS, silent-discard
smtpd_tls_security_level = none
postscreen_greet_wait = 1s
postscreen_greet_action = enforce
postscreen_dnsbl_action = enforce
postscreen_pipelining_enable = no
postscreen_non_smtp_command_enable = no
postscreen_deep_handoff = 450
smtpd_forbid_unauth_pipelining = no
dnsbl_outage_policy = fail-open
"""
LISTS = ("bl.test", "b2.test", "wl.test")


@dataclasses.dataclass
class Row:
    name: str
    script: str
    settings: str = ""
    zone: str = ""
    ipv6: bool = False
    at_home: bool = False    # The client is in mynetworks.
    whole_log: bool = False  # What is logged about others is compared, too.


# What most do once they are greeted.
TRY = """
MAIL FROM:<a@x.test>
RCPT TO:<alice@example.com>
QUIT
"""
LETTER = "\n<\nEHLO c.test" + TRY
PASSING = """
<
EHLO c.test
QUIT
"""
# Who talks early is not waited for: there is time for a slow machine.
EARLY = "postscreen_greet_wait = 5s\n"
REJECT = "postscreen_access_list = cidr:{{127.1.0.0/16 reject}}\n"
# A refused client in the built-in engine at once.
REFUSED = REJECT + "postscreen_denylist_action = enforce\npostscreen_greet_banner =\n"
UNGREETED = "postscreen_greet_banner =\n"
BL = "postscreen_dnsbl_sites = bl.test\npostscreen_greet_banner =\npostscreen_greet_wait = 8s\n"

ACCESS = [
    Row("let in by the access list", PASSING, "postscreen_access_list = cidr:{{127.1.0.0/16 permit}}"),
    Row("let in by the word permit", PASSING, "postscreen_access_list = permit"),
    Row("let in as one of mynetworks", PASSING, at_home=True),
    Row("dunno is no verdict", PASSING, "postscreen_access_list = cidr:{{127.1.0.0/16 dunno}}, permit"),
    Row("the word dunno", PASSING, "postscreen_access_list = dunno, permit"),
    Row("the first verdict counts", PASSING,
        "postscreen_access_list = cidr:{{127.1.0.0/16 permit}}, reject\npostscreen_denylist_action = drop"),
    Row("on the denylist, ignored", LETTER, REJECT),
    Row("on the denylist, enforced", LETTER, REJECT + "postscreen_denylist_action = enforce"),
    Row("on the denylist, dropped", ".", REJECT + "postscreen_denylist_action = drop"),
    Row("on the denylist by the word reject", ".", "postscreen_access_list = reject\npostscreen_denylist_action = drop"),
    Row("on the denylist, enforced, twice", LETTER + "/again\n" + LETTER, REJECT + "postscreen_denylist_action = enforce"),
    Row("on the denylist, ignored, twice", PASSING + "/again" + PASSING, REJECT),
    Row("the words of old for permit", PASSING, "postscreen_access_list = permit\nrespectful_logging = no"),
    Row("the words of old for reject", ".",
        "postscreen_access_list = reject\nrespectful_logging = no\npostscreen_denylist_action = drop"),
    Row("on the denylist and talks early", "> EHLO User\\r\\n\n<" + TRY,
        REJECT + "postscreen_denylist_action = enforce\n" + EARLY),
]

TALKS = "> EHLO User\\r\\n\n<" + TRY + "\n"
GREETING = [
    Row("waits for the greeting", LETTER),
    Row("known from before", LETTER + "/again\n" + LETTER),
    Row("known, until the pass has expired", LETTER + "/hang up\n/later 2\n/again\n" + LETTER, "postscreen_greet_ttl = 1s"),
    Row("talks early", TALKS, EARLY),
    Row("talks early, ignored", "> EHLO User\\r\\n\n<\n<\nMAIL FROM:<a@x.test>\nQUIT", EARLY + "postscreen_greet_action = ignore"),
    Row("talks early, dropped", "> EHLO User\\r\\n\n.", EARLY + "postscreen_greet_action = drop"),
    Row("talks early, and again", TALKS + "/again\n" + TALKS, EARLY),
    Row("talks early, then waits", TALKS + "/again\n" + LETTER, "postscreen_greet_wait = 3s"),
    Row("talks early and hangs up", "> EHLO User\\r\\n\n/log PREGREET\n/hang up", EARLY),
    Row("half a line early", "> EH\n/log PREGREET\n> LO User\\r\\n\n<" + TRY, EARLY),
    Row("octets early", "> \\x16\\x03\\x01\\x02\\x00\\x01\\x00\n.", EARLY + "postscreen_greet_action = drop"),
    Row("octets early, enforced", "> \\x16\\x03\\x01\\x02\\r\\n\n<\nQUIT", EARLY),
    Row("8-bit text early", "> EHLO gr\\xc3\\xbc\\xdf\\r\\n\n.", EARLY + "postscreen_greet_action = drop"),
    Row("quotes and backslashes early", "> \"a\\\\b\" 'c'\\t%s\\r\\n\n.", EARLY + "postscreen_greet_action = drop"),
    Row("a long line early", "> " + "x" * 900 + "\\r\\n\n.", EARLY + "postscreen_greet_action = drop"),
    Row("a web client", "> GET / HTTP/1.1\\r\\nHost: mx.example.com\\r\\n\\r\\n\n.", EARLY),
    Row("all at once", "> EHLO User\\r\\nMAIL FROM:<a@x.test>\\r\\nRCPT TO:<alice@example.com>\\r\\nDATA\\r\\nhi\\r\\n.\\r\\n"
        "QUIT\\r\\n\n.", EARLY),
    Row("all but DATA at once", "> HELO User\\r\\nMAIL FROM:<a@x.test>\\r\\nRCPT TO:<alice@example.com>\\r\\nQUIT\\r\\n\n.", EARLY),
    Row("a bare newline early", "> EHLO User\\n\n<\nQUIT", EARLY),
    Row("no teaser", LETTER, UNGREETED),
    Row("no teaser, talks at once", "> EHLO User\\r\\n\n<\n<\nQUIT", UNGREETED),
    Row("another teaser", PASSING, "postscreen_greet_banner = wait for it"),
    Row("hangs up while it waits", "/log CONNECT\n/hang up", "postscreen_greet_wait = 5s"),
    Row("hangs up after the greeting", "<\n/hang up", REFUSED),
]

ALLOW = "postscreen_dnsbl_sites = bl.test*3, wl.test*-5\npostscreen_dnsbl_threshold = 2\npostscreen_dnsbl_allowlist_threshold = -2\n"
DNSBL = [
    Row("on a list", LETTER, BL, "bl.test 127.0.0.4"),
    Row("on a list, ignored", LETTER, BL + "postscreen_dnsbl_action = ignore", "bl.test 127.0.0.4"),
    Row("on a list, dropped", ".", BL + "postscreen_dnsbl_action = drop", "bl.test 127.0.0.4"),
    Row("on a list, twice", LETTER + "/again\n" + LETTER, BL, "bl.test 127.0.0.4"),
    Row("on a list, with TXT", LETTER, BL, "bl.test 127.0.0.4\nbl.test TXT see http://bl.test/why"),
    Row("on no list", LETTER, BL),
    Row("on no list, known from before", PASSING + "/again" + PASSING, BL),
    Row("on no list, until that has expired", PASSING + "/hang up\n/later 2\n/again" + PASSING,
        BL + "postscreen_dnsbl_min_ttl = 1s\npostscreen_dnsbl_max_ttl = 1s"),
    Row("on a list, with a teaser", LETTER, "postscreen_dnsbl_sites = bl.test", "bl.test 127.0.0.4"),
    Row("on a list and talks early", TALKS, EARLY + "postscreen_dnsbl_sites = bl.test", "bl.test 127.0.0.4"),
    Row("on a list that is ignored, and talks early", TALKS,
        EARLY + "postscreen_dnsbl_sites = bl.test\npostscreen_dnsbl_action = ignore", "bl.test 127.0.0.4"),
    Row("weights add up", LETTER, BL + "postscreen_dnsbl_sites = bl.test*1, b2.test*2\npostscreen_dnsbl_threshold = 3",
        "bl.test 127.0.0.4\nb2.test 127.0.0.2"),
    Row("weights that do not suffice", LETTER, BL + "postscreen_dnsbl_sites = bl.test*1, b2.test*2\npostscreen_dnsbl_threshold = 3",
        "b2.test 127.0.0.2"),
    Row("a good list outweighs a bad one", LETTER, BL + "postscreen_dnsbl_sites = bl.test*2, wl.test*-2",
        "bl.test 127.0.0.4\nwl.test 127.0.5.1"),
    Row("a filter that fits", LETTER, BL + "postscreen_dnsbl_sites = bl.test=127.0.0.[2..11;14]", "bl.test 127.0.0.14"),
    Row("a filter that does not fit", LETTER, BL + "postscreen_dnsbl_sites = bl.test=127.0.0.[2..11;14]", "bl.test 127.0.0.12"),
    Row("filters with weights of their own", LETTER,
        BL + "postscreen_dnsbl_sites = bl.test=127.0.0.2*1, bl.test=127.0.0.[3..9]*4, bl.test*2",
        "bl.test 127.0.0.2\nbl.test 127.0.0.4"),
    Row("several answers count once", LETTER, BL + "postscreen_dnsbl_sites = bl.test*2\npostscreen_dnsbl_threshold = 2",
        "bl.test 127.0.0.2\nbl.test 127.0.0.4"),
    Row("vouched for", PASSING, ALLOW + UNGREETED, "wl.test 127.0.5.3"),
    Row("vouched for, with a teaser", PASSING, ALLOW, "wl.test 127.0.5.3"),
    Row("vouched for, deep tests left out", LETTER, ALLOW + UNGREETED + "postscreen_pipelining_enable = yes", "wl.test 127.0.5.3"),
    Row("vouched for, known from before", PASSING + "/again" + PASSING, ALLOW + UNGREETED, "wl.test 127.0.5.3"),
    Row("vouched for, but not enough", LETTER, ALLOW + UNGREETED + "postscreen_pipelining_enable = yes",
        "wl.test 127.0.5.3\nbl.test 127.0.0.2"),
    Row("vouched for, and talks early", TALKS, ALLOW + EARLY, "wl.test 127.0.5.3\nwl.test slow"),
    Row("the reply map", LETTER, BL + "postscreen_dnsbl_reply_map = inline:{{bl.test = lists.example}}", "bl.test 127.0.0.4"),
    Row("the reply map, dropped", ".",
        BL + "postscreen_dnsbl_reply_map = inline:{{bl.test = lists.example}}\npostscreen_dnsbl_action = drop", "bl.test 127.0.0.4"),
    Row("an answer outside of 127/8", LETTER, BL + "postscreen_dnsbl_timeout = 9s", "bl.test 192.0.2.1"),
    Row("an answer that says the resolver is refused", LETTER, BL + "postscreen_dnsbl_timeout = 7s", "bl.test 127.255.255.254"),
    Row("a list that is out of order", LETTER, BL + "postscreen_dnsbl_timeout = 6s", "bl.test servfail"),
    Row("a list that does not answer", LETTER, BL + "postscreen_dnsbl_timeout = 1s\npostscreen_greet_wait = 3s", "bl.test silence"),
    Row("on a list, several recipients", "<\nEHLO c.test\nMAIL FROM:<>\nRCPT TO:<alice@example.com>\nRCPT TO:<bob@example.com>\nQUIT",
        BL, "bl.test 127.0.0.4"),
    Row("on a list, for postmaster", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<postmaster@example.com>\nQUIT",
        BL, "bl.test 127.0.0.4"),
    Row("hangs up while lists are asked", "/log CONNECT\n/hang up", BL + "postscreen_dnsbl_timeout = 2s", "bl.test silence"),
    Row("an IPv6 client on a list", LETTER, BL, "bl.test 127.0.0.4", ipv6=True),
    Row("an IPv6 client on no list", PASSING + "/again" + PASSING, BL + "postscreen_dnsbl_sites = b2.test", ipv6=True),
]

PIPE = UNGREETED + "postscreen_pipelining_enable = yes\n"
JUNK = UNGREETED + "postscreen_non_smtp_command_enable = yes\n"
BARE = UNGREETED + "postscreen_bare_newline_enable = yes\n"
PIPELINES = "<\n> EHLO c.test\\r\\nMAIL FROM:<a@x.test>\\r\\n\n<\n<\nRCPT TO:<alice@example.com>\nQUIT"
GETS = "<\nEHLO c.test\nGET / HTTP/1.1" + TRY
NEWLINE = "<\n> EHLO c.test\\n\n<" + TRY
DEEP = [
    Row("passes the deep tests", LETTER + "/again" + PASSING, PIPE + JUNK + BARE),
    Row("passes one deep test", LETTER + "/again" + PASSING, PIPE),
    Row("is let in within the session", LETTER + "/again" + PASSING, PIPE + "postscreen_deep_handoff = session"),
    Row("passes all tests there are", LETTER + "/again" + PASSING, PIPE + JUNK + BARE + "postscreen_greet_banner = $smtpd_banner"),
    Row("leaves before the deep tests are over", PASSING + "/again" + PASSING, PIPE),
    Row("comes back when a deep pass has expired", LETTER + "/hang up\n/later 2\n/again" + LETTER,
        PIPE + "postscreen_pipelining_ttl = 1s"),
    Row("pipelines", PIPELINES, PIPE),
    Row("pipelines, ignored", PIPELINES, PIPE + "postscreen_pipelining_action = ignore"),
    Row("pipelines, ignored, and comes back", PIPELINES + "\n/again" + PASSING, PIPE + "postscreen_pipelining_action = ignore"),
    Row("pipelines, dropped", "<\n> EHLO c.test\\r\\nMAIL FROM:<a@x.test>\\r\\n\n.", PIPE + "postscreen_pipelining_action = drop"),
    Row("pipelines in lower case", "<\n> ehlo c.test\\r\\nmail from:<a@x.test>\\r\\nquit\\r\\n\n.", PIPE),
    Row("pipelines behind an unknown command", "<\n> xyzzy\\r\\nNOOP\\r\\n\n<\n<\nQUIT", PIPE),
    Row("pipelines after it had passed", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<alice@example.com>\n"
        "> RSET\\r\\nMAIL FROM:<a@x.test>\\r\\n\n<\n<\nRCPT TO:<alice@example.com>\nQUIT\n/again" + PASSING, PIPE),
    Row("chunks are no pipelining", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\n> BDAT 4 LAST\\r\\nhi\\r\\n\n.", PIPE),
    Row("speaks HTTP", GETS, JUNK + "postscreen_non_smtp_command_action = enforce"),
    Row("speaks HTTP, ignored", GETS, JUNK + "postscreen_non_smtp_command_action = ignore"),
    Row("speaks HTTP, dropped", "<\nEHLO c.test\nGET / HTTP/1.1\n.", JUNK),
    Row("speaks HTTP at once", "<\nGET / HTTP/1.1\n.", JUNK),
    Row("wants a proxy", "<\nCONNECT example.com:25 HTTP/1.0\n.", JUNK),
    Row("sends a header", "<\nEHLO c.test\nSubject: buy\n.", JUNK),
    Row("sends a header that looks like a command", "<\nEHLO c.test\nMAIL: x\n.", JUNK),
    Row("a command that is not UTF-8", "<\n> \\xff\\xfe\\xfd x\\r\\n\n<\n.", JUNK),
    Row("arguments that are not UTF-8", "<\n> NOOP \\xff\\xfe\\xfd\\r\\n\n<\nQUIT", JUNK),
    Row("an unknown command is no sin", "<\nxyzzy\nQUIT", JUNK),
    Row("a command that begins with a digit", "<\n1234\n.",
        JUNK + "smtpd_forbidden_commands = CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}"),
    Row("a command the owner forbids", "<\nXYZZY now\n.", JUNK + "smtpd_forbidden_commands = XYZZY"),
    Row("ends a line by LF", NEWLINE, BARE + "postscreen_bare_newline_action = enforce"),
    Row("ends a line by LF, ignored", NEWLINE, BARE + "postscreen_bare_newline_action = ignore"),
    Row("ends a line by LF, dropped", "<\n> EHLO c.test\\n\n.", BARE + "postscreen_bare_newline_action = drop"),
    Row("all sins at once", "<\n> GET / HTTP/1.1\\nHost: x\\n\\n\n.", PIPE + JUNK + BARE + "postscreen_bare_newline_action = enforce"),
    Row("hangs up in the deep tests", "<\nEHLO c.test\n/hang up", PIPE),
    Row("hangs up after the deep tests",
        "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<alice@example.com>\n/hang up\n/log DISCONNECT\n/again" + PASSING, PIPE),
    Row("mail to nobody in the deep tests", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<nobody@example.com>\nQUIT", PIPE),
    Row("relaying in the deep tests", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<a@elsewhere.test>\nQUIT", PIPE),
    Row("DATA in the deep tests", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<alice@example.com>\nDATA\n.", PIPE),
]

ENGINE = [
    Row("EHLO", "<\nEHLO c.test\nQUIT", REFUSED),
    Row("EHLO, nothing hidden", "<\nEHLO c.test\nQUIT", REFUSED + "smtpd_discard_ehlo_keywords ="),
    Row("HELO", "<\nHELO c.test" + TRY, REFUSED),
    Row("no HELO at all", "<" + TRY, REFUSED),
    Row("EHLO without a name", "<\nEHLO\nHELO\nQUIT", REFUSED),
    Row("EHLO with two names", "<\nEHLO a.test b.test" + TRY, REFUSED),
    Row("lower case", "<\nehlo c.test\nmail from:<a@x.test>\nrcpt to:<alice@example.com>\nquit\n.", REFUSED),
    Row("NOOP and RSET", "<\nNOOP\nNOOP x y\nRSET\nQUIT", REFUSED),
    Row("RSET with an argument", "<\nRSET x\nQUIT", REFUSED),
    Row("RSET forgets the sender", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRSET\nRCPT TO:<alice@example.com>\nQUIT", REFUSED),
    Row("VRFY", "<\nEHLO c.test\nVRFY alice@example.com\nVRFY\nQUIT", REFUSED),
    Row("VRFY, disabled", "<\nEHLO c.test\nVRFY alice@example.com\nQUIT", REFUSED + "disable_vrfy_command = yes"),
    Row("EXPN", "<\nEHLO c.test\nEXPN staff\nQUIT", REFUSED),
    Row("HELP", "<\nHELP\nQUIT", REFUSED),
    Row("ETRN", "<\nEHLO c.test\nETRN example.com\nQUIT", REFUSED),
    Row("AUTH", "<\nEHLO c.test\nAUTH PLAIN AGEAYQ==\nQUIT", REFUSED),
    Row("XCLIENT", "<\nEHLO c.test\nXCLIENT ADDR=192.0.2.1\nQUIT", REFUSED),
    Row("an unknown command", "<\nEHLO c.test\nxyzzy\nQUIT", REFUSED),
    Row("an empty line", "<\n> \\r\\n\n<\nQUIT", REFUSED),
    Row("blanks before a command", "<\n> \\x20 NOOP\\r\\n\n<\nQUIT", REFUSED),
    Row("STARTTLS where there is none", "<\nEHLO c.test\nSTARTTLS\nQUIT", REFUSED),
    Row("STARTTLS", "<\nEHLO c.test\nSTARTTLS\n/tls\nEHLO c.test" + TRY,
        REFUSED + "smtpd_tls_security_level = may"),
    Row("STARTTLS with an argument, and twice", "<\nEHLO c.test\nSTARTTLS x\nSTARTTLS\n/tls\nSTARTTLS\nQUIT",
        REFUSED + "smtpd_tls_security_level = may"),
    Row("TLS is mandatory", "<\nEHLO c.test\nNOOP\nMAIL FROM:<a@x.test>\nVRFY x\nRCPT TO:<alice@example.com>\nQUIT",
        REFUSED + "smtpd_tls_security_level = encrypt"),
    Row("MAIL without FROM", "<\nEHLO c.test\nMAIL\nMAIL x\nMAIL FROM\nQUIT", REFUSED),
    Row("MAIL with nothing after FROM", "<\nEHLO c.test\nMAIL FROM:\nRCPT TO:<alice@example.com>\nQUIT", REFUSED),
    Row("MAIL with a bare address", "<\nEHLO c.test\nMAIL FROM: a@x.test\nRCPT TO: alice@example.com\nQUIT", REFUSED),
    Row("MAIL with a broken address", "<\nEHLO c.test\nMAIL FROM:<a b@x..test>\nRCPT TO:<alice@example.com>\nQUIT", REFUSED),
    Row("MAIL twice", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nMAIL FROM:<b@x.test>\nQUIT", REFUSED),
    Row("MAIL with parameters",
        "<\nEHLO c.test\nMAIL FROM:<a@x.test> SIZE=100 BODY=8BITMIME\nRCPT TO:<alice@example.com> NOTIFY=NEVER\nQUIT", REFUSED),
    Row("MAIL with an unknown parameter", "<\nEHLO c.test\nMAIL FROM:<a@x.test> FOO=BAR\nQUIT", REFUSED),
    Row("MAIL of too large a message", "<\nEHLO c.test\nMAIL FROM:<a@x.test> SIZE=99999999999\nQUIT", REFUSED),
    Row("the null sender", "<\nEHLO c.test\nMAIL FROM:<>\nRCPT TO:<alice@example.com>\nQUIT", REFUSED),
    Row("several recipients", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<alice@example.com>\nRCPT TO:<bob@example.com>\n"
        "RCPT TO:<a@elsewhere.test>\nQUIT", REFUSED),
    Row("a quoted address", "<\nEHLO c.test\nMAIL FROM:<\"a b\"@x.test>\nRCPT TO:<\"alice\"@example.com>\nQUIT", REFUSED),
    Row("a source route", "<\nEHLO c.test\nMAIL FROM:<@y.test:a@x.test>\nRCPT TO:<@mx.example.com:alice@example.com>\nQUIT", REFUSED),
    Row("RCPT before MAIL", "<\nEHLO c.test\nRCPT TO:<alice@example.com>\nQUIT", REFUSED),
    Row("RCPT without TO", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT\nRCPT x\nQUIT", REFUSED),
    Row("RCPT with nothing after TO", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:\nQUIT", REFUSED),
    Row("DATA before MAIL", "<\nEHLO c.test\nDATA\n.", REFUSED),
    Row("DATA after RCPT", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<alice@example.com>\nDATA\n.", REFUSED),
    Row("DATA with an argument", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nDATA x\n.", REFUSED),
    Row("BDAT before MAIL", "<\nEHLO c.test\nBDAT 0 LAST\n.", REFUSED),
    Row("BDAT after RCPT", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<alice@example.com>\n> BDAT 4\\r\\nhi\\r\\n\n.", REFUSED),
    Row("BDAT without a size", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nBDAT\n.", REFUSED),
    Row("HELO is required", "<\nMAIL FROM:<a@x.test>\nEHLO c.test\nMAIL FROM:<a@x.test>\nQUIT", REFUSED + "smtpd_helo_required = yes"),
    Row("QUIT at once", "<\nQUIT", REFUSED),
    Row("QUIT with an argument", "<\nQUIT now\n.", REFUSED),
    Row("hangs up in a command", "<\n> EHL\n/hang up", REFUSED),
    Row("hangs up after RCPT", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<alice@example.com>\n/hang up", REFUSED),
    Row("soft_bounce", LETTER, REFUSED + "soft_bounce = yes"),
    Row("soft_bounce, dropped", ".", REJECT + "postscreen_denylist_action = drop\nsoft_bounce = yes"),
    Row("a name with odd characters", "<\n> EHLO \\x01<x>\\\\\\r\\n\n<" + TRY, REFUSED),
    Row("commands by LF alone", "<\n> EHLO c.test\\n\n<\n> MAIL FROM:<a@x.test>\\n\n<\n> RCPT TO:<alice@example.com>\\n\n<\nQUIT", REFUSED),
]

LIMITS = [
    Row("too many commands", "<\nNOOP\nNOOP\nNOOP\nNOOP", REFUSED + "postscreen_command_count_limit = 3"),
    Row("QUIT is free", "<\nNOOP\nNOOP\nNOOP\nQUIT", REFUSED + "postscreen_command_count_limit = 3"),
    Row("too long a line", "<\n> NOOP " + "x" * 600 + "\\r\\n\n.", REFUSED + "line_length_limit = 512"),
    Row("no end of a line", "<\nEHLO c.test\n> NOOP " + "x" * 600 + "\n.", REFUSED + "line_length_limit = 512"),
    Row("says nothing", "<\n.", REFUSED + "postscreen_command_time_limit = 2s"),
    Row("says nothing after MAIL", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\n.", REFUSED + "postscreen_command_time_limit = 2s"),
    Row("stops in a command", "<\nEHLO c.test\n> MAI\n.", REFUSED + "postscreen_command_time_limit = 2s"),
    Row("too many connections", "<\n/session 2\n<\n/session 3\n.\n/session 2\nQUIT\n/session 1\nQUIT",
        REFUSED + "postscreen_client_connection_count_limit = 2"),
    Row("a second connection while the first is tested", "<\n/session 2\n<\nEHLO c.test\nMAIL FROM:<a@x.test>\n"
        "RCPT TO:<alice@example.com>\nQUIT\n/session 1\nEHLO c.test" + TRY, PIPE),
    Row("a second connection after the first has passed", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\nRCPT TO:<alice@example.com>\n"
        "/session 2" + PASSING + "/session 1\nQUIT", PIPE),
    Row("a second connection after the first has passed and failed", "<\nEHLO c.test\nMAIL FROM:<a@x.test>\n"
        "RCPT TO:<alice@example.com>\n> NOOP\\r\\nNOOP\\r\\n\n<\n<\n/session 2" + PASSING + "/session 1\nQUIT", PIPE),
    Row("an address at which no pass is earned", LETTER + "/again\n" + LETTER, UNGREETED +
        "postscreen_allowlist_interfaces = !127.0.0.1 static:all"),
    Row("an address at which no pass is earned, and a denylist", LETTER, REFUSED +
        "postscreen_allowlist_interfaces = !127.0.0.1 static:all"),
    Row("an address at which no pass is earned, with deep tests", LETTER, PIPE +
        "postscreen_allowlist_interfaces = !127.0.0.1 static:all"),
    Row("an address at which no pass is earned, words of old", PASSING, UNGREETED +
        "postscreen_allowlist_interfaces = !127.0.0.1 static:all\nrespectful_logging = no"),
    Row("all ports are busy", "<\n" + "".join(f"/session {n}\n<\n" for n in range(2, 11)) + "/session 11\n.\n" +
        "".join(f"/session {n}\nQUIT\n" for n in range(1, 11)), REFUSED + "postscreen_pre_queue_limit = 10", whole_log=True),
]

ROWS = ACCESS + GREETING + DNSBL + DEEP + ENGINE + LIMITS

# SPDX-License-Identifier: Apache-2.0
# e2e: where gatepost means to differ from postscreen(8): the row of postscreen_rows.py, why, and what differs.
"""In the differences, which are asserted by postscreen_difference_test.py, CLIENT is the client's address."""

DIFFERENCES = {
    "an answer outside of 127/8": (
        "It is no listing (RFC 5782 section 2.1): a domain that was given up, or a resolver that lies. The list is muted.", """
+S: 250-PIPELINING
-S: 550 5.7.1 Service unavailable; client [CLIENT] blocked using bl.test
+S: 250 2.1.5 Ok
-L: DNSBL rank 1 for [CLIENT]:PORT
-L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 550 5.7.1 Service unavailable; client [CLIENT] blocked using bl.test; from=<a@x.test>, to=<alice@example.com>, proto=ESMTP, helo=<c.test>
-L: DISCONNECT [CLIENT]:PORT
-L: addr CLIENT listed by domain bl.test as 192.0.2.1
+L: PASS NEW [CLIENT]:PORT
"""),
    "an answer that says the resolver is refused": (
        "127.255.255.0/24 are errors of the list, and say nothing about the client. The list is muted.", """
+S: 250-PIPELINING
-S: 550 5.7.1 Service unavailable; client [CLIENT] blocked using bl.test
+S: 250 2.1.5 Ok
-L: DNSBL rank 1 for [CLIENT]:PORT
-L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 550 5.7.1 Service unavailable; client [CLIENT] blocked using bl.test; from=<a@x.test>, to=<alice@example.com>, proto=ESMTP, helo=<c.test>
-L: DISCONNECT [CLIENT]:PORT
-L: addr CLIENT listed by domain bl.test as 127.255.255.254
+L: PASS NEW [CLIENT]:PORT
"""),
    "on a list, for postmaster": (
        "postmaster and abuse can be reached by who is on a list, for one has to be able to complain: one mail a minute of a network.", """
-S: 550 5.7.1 Service unavailable; client [CLIENT] blocked using bl.test
+S: 250 2.1.5 Ok
-L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 550 5.7.1 Service unavailable; client [CLIENT] blocked using bl.test; from=<a@x.test>, to=<postmaster@example.com>, proto=ESMTP, helo=<c.test>
"""),
    "hangs up while lists are asked": (
        "A hang-up is seen at once; postscreen, which does not read meanwhile, lets a client pass that has left.", """
-L: PASS NEW [CLIENT]:PORT
+L: HANGUP after TIME from [CLIENT]:PORT in tests before SMTP handshake
+L: DISCONNECT [CLIENT]:PORT
"""),
    "is let in within the session": (
        "postscreen_deep_handoff = session, which is the default: who passes the deep tests goes on, and its mail is not put off.", """
-S: 450 4.3.2 Service currently unavailable
+S: 250 2.1.5 Ok
-L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 450 4.3.2 Service currently unavailable; from=<a@x.test>, to=<alice@example.com>, proto=ESMTP, helo=<c.test>
-L: DISCONNECT [CLIENT]:PORT
"""),
    "pipelines behind an unknown command": (
        "500 is the code for a command that is not recognized (RFC 5321 section 4.2.4).", """
-S: 502 5.5.2 Error: command not recognized
+S: 500 5.5.2 Error: command not recognized
"""),
    "speaks HTTP": (
        "500 is the code for a command that is not recognized (RFC 5321 section 4.2.4).", """
-S: 502 5.5.2 Error: command not recognized
+S: 500 5.5.2 Error: command not recognized
"""),
    "speaks HTTP, ignored": (
        "As when it speaks HTTP.", """
-S: 502 5.5.2 Error: command not recognized
+S: 500 5.5.2 Error: command not recognized
"""),
    "arguments that are not UTF-8": (
        "One engine serves all clients, and says what smtpd(8) says. It does not take what is not UTF-8.", """
-S: 250 2.0.0 Ok
+S: 500 5.5.2 Error: bad UTF-8 syntax
"""),
    "an unknown command is no sin": (
        "500 is the code for a command that is not recognized (RFC 5321 section 4.2.4).", """
-S: 502 5.5.2 Error: command not recognized
+S: 500 5.5.2 Error: command not recognized
"""),
    "EHLO, nothing hidden": (
        "There is no ETRN; HELP is there, and LIMITS (RFC 9422).", """
-S: 250-ETRN
-S: 250 CHUNKING
+S: 250-CHUNKING
+S: 250-HELP
+S: 250 LIMITS RCPTMAX=1000
"""),
    "EHLO with two names": (
        "One engine serves all clients, and says what smtpd(8) says. It keeps all that was said.", """
-L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 550 5.3.2 Service currently unavailable; from=<a@x.test>, to=<alice@example.com>, proto=ESMTP, helo=<a.test>
+L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 550 5.3.2 Service currently unavailable; from=<a@x.test>, to=<alice@example.com>, proto=ESMTP, helo=<a.test b.test>
"""),
    "RSET with an argument": (
        "One engine serves all clients, and says what smtpd(8) says. RSET has no argument.", """
-S: 250 2.0.0 Ok
+S: 501 5.5.4 Syntax: RSET
"""),
    "EXPN": (
        "One engine serves all clients, and says what smtpd(8) says. It knows EXPN.", """
-S: 502 5.5.2 Error: command not recognized
+S: 502 5.5.1 EXPN command is disabled
"""),
    "HELP": (
        "There is HELP (RFC 5321 section 4.1.1.8).", """
-S: 502 5.5.2 Error: command not recognized
+S: 214 2.0.0 Commands: HELO EHLO STARTTLS MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT
"""),
    "ETRN": (
        "There is no ETRN.", """
-S: 458 Unable to queue messages
+S: 500 5.5.2 Error: command not recognized
"""),
    "AUTH": (
        "One engine serves all clients, and says what smtpd(8) says. It knows AUTH.", """
-S: 502 5.5.2 Error: command not recognized
+S: 503 5.5.1 Error: authentication not enabled
"""),
    "XCLIENT": (
        "500 is the code for a command that is not recognized (RFC 5321 section 4.2.4).", """
-S: 502 5.5.2 Error: command not recognized
+S: 500 5.5.2 Error: command not recognized
"""),
    "an unknown command": (
        "500 is the code for a command that is not recognized (RFC 5321 section 4.2.4).", """
-S: 502 5.5.2 Error: command not recognized
+S: 500 5.5.2 Error: command not recognized
"""),
    "an empty line": (
        "One engine serves all clients, and says what smtpd(8) says. An empty line is bad syntax.", """
-S: 502 5.5.2 Error: command not recognized
+S: 500 5.5.2 Error: bad syntax
"""),
    "STARTTLS with an argument, and twice": (
        "The reply names the command at hand, as newer releases of Postfix do.", """
-S: 501 Syntax: EHLO hostname
+S: 501 5.5.4 Syntax: STARTTLS
"""),
    "MAIL with nothing after FROM": (
        "One engine serves all clients, and says what smtpd(8) says. It looks at addresses.", """
-S: 250 2.1.0 Ok
+S: 501 5.5.4 Syntax: MAIL FROM:<address>
-S: 550 5.3.2 Service currently unavailable
+S: 503 5.5.1 Error: need MAIL command
-L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 550 5.3.2 Service currently unavailable; from=<>, to=<alice@example.com>, proto=ESMTP, helo=<c.test>
"""),
    "MAIL with a broken address": (
        "One engine serves all clients, and says what smtpd(8) says. It looks at addresses.", """
-S: 250 2.1.0 Ok
+S: 501 5.1.7 Bad sender address syntax
-S: 550 5.3.2 Service currently unavailable
+S: 503 5.5.1 Error: need MAIL command
-L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 550 5.3.2 Service currently unavailable; from=<"a b"@x..test>, to=<alice@example.com>, proto=ESMTP, helo=<c.test>
"""),
    "MAIL with an unknown parameter": (
        "One engine serves all clients, and says what smtpd(8) says. It looks at parameters.", """
-S: 250 2.1.0 Ok
+S: 555 5.5.4 Unsupported option: FOO=BAR
"""),
    "MAIL of too large a message": (
        "One engine serves all clients, and says what smtpd(8) says. It looks at SIZE.", """
-S: 250 2.1.0 Ok
+S: 552 5.3.4 Message size exceeds fixed limit
"""),
    "RCPT with nothing after TO": (
        "One engine serves all clients, and says what smtpd(8) says. It looks at addresses.", """
-S: 550 5.3.2 Service currently unavailable
+S: 501 5.5.4 Syntax: RCPT TO:<address>
-L: NOQUEUE: reject: RCPT from [CLIENT]:PORT: 550 5.3.2 Service currently unavailable; from=<a@x.test>, to=<>, proto=ESMTP, helo=<c.test>
"""),
    "DATA with an argument": (
        "One engine serves all clients, and says what smtpd(8) says. That there is no recipient comes first.", """
-S: 501 5.5.4 Syntax: DATA
+S: 554 5.5.1 Error: no valid recipients
"""),
    "BDAT before MAIL": (
        "One engine serves all clients, and says what smtpd(8) says. 503 is the code for commands in bad order.", """
-S: 554 5.5.1 Error: need MAIL command
+S: 503 5.5.1 Error: need RCPT command
"""),
    "a second connection after the first has passed": (
        "Who is let in on the strength of its other connection has its line in the log.", """
+L: PASS OLD [CLIENT]:PORT
"""),
    "all ports are busy": (
        "The limit is what it says; postscreen counts the newcomer, so that one less is served, and counts it before it looks at the lists.", """
-S: 421 4.3.2 All screening ports are busy
+S: 220 mx.example.com ESMTP
+S: 221 2.0.0 Bye
+L: DENYLISTED [CLIENT]:PORT
+L: CONNECT from [CLIENT]:PORT to [127.0.0.1]:PORT
-L: CONNECT from [CLIENT]:PORT to [127.0.0.1]:PORT
-L: DENYLISTED [CLIENT]:PORT
-L: reject: connect from [CLIENT]:PORT: all screening ports busy
"""),
}

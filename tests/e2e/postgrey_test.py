# SPDX-License-Identifier: Apache-2.0
# e2e: Debian's Postfix that asks gatepost's policy server, and one that asks postgrey: their clients hear the same.
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

import private_postfix
from harness import DOMAIN, HOME, STRANGER, Case, free_ports, message, wait_for
from smtp_client import Client

ALICE, NOBODY, POSTMASTER = f"alice@{DOMAIN}", f"nobody@{DOMAIN}", f"postmaster@{DOMAIN}"
ONE, SAME, OTHER = "127.0.1.1", "127.0.1.77", "127.0.2.1"
DELAY = 4
HEADER = "X-Greylist: delayed %t seconds by the greylister"
SETTINGS = {
    "mynetworks": f"{HOME}/32", "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
    "virtual_mailbox_maps": f"inline:{{{{{ALICE} = alice/Maildir/}}, {{{POSTMASTER} = alice/Maildir/}}}}",
}
SENDERS = ("", "shop@shop.test", "joe+x@ext.test", "JOE@ext.test", "bounce-12-3@list.test", "bounce-99-7@list.test",
           "prvs=0123456789=joe@batv.test")


class AsPostgrey(Case):
    def setUp(self):
        super().setUp()
        self.need("postgrey")
        if why := private_postfix.Postfix.missing():
            self.skipTest(why)
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatepost-postgrey-"))
        self.addCleanup(shutil.rmtree, self.scratch, True)
        self.scratch.chmod(0o755)

    def reachable(self, port):
        try:
            socket.create_connection((STRANGER, port), timeout=1).close()
            return True
        except OSError:
            return False

    def ours(self):
        port, = free_ports(1)
        self.server({"greylist_policy_listen": f"{STRANGER}:{port}", "greylist_delay": f"{DELAY}s", "greylist_header": HEADER})
        return port

    def theirs(self):
        port, = free_ports(1)
        folder = self.scratch / "postgrey"
        folder.mkdir()
        folder.chmod(0o777)
        (folder / "clients").write_text("")
        (folder / "recipients").write_text("postmaster@\nabuse@\n")
        process = subprocess.Popen(
            ["postgrey", f"--inet={STRANGER}:{port}", f"--dbdir={folder}", f"--delay={DELAY}", "--user=nobody", "--group=nogroup",
             f"--whitelist-clients={folder}/clients", f"--whitelist-recipients={folder}/recipients",
             f"--x-greylist-header={HEADER}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_for(lambda: self.reachable(port), "postgrey")
        return port

    def postfix(self, policy):
        asks = f"check_policy_service inet:{STRANGER}:{policy}"
        server = private_postfix.Postfix(self.scratch, {
            **SETTINGS, "smtpd_recipient_restrictions": f"permit_mynetworks, {asks}, check_sender_access inline:{{bad@x.test=REJECT}}"})
        self.addCleanup(server.close)
        self.addCleanup(server.stop)
        return server.start()

    def session(self, port, client, sender, *recipients):
        """All replies of one client."""
        with Client(port, source=client) as session:
            session.ehlo()
            said = [str(reply) for reply in session.envelope(sender, *recipients)]
            if any(reply.startswith("250") for reply in said[1:]):
                said.append(re.sub(r"as \w+$", "as ID", str(session.data(message()))))
            return said

    def script(self, port):
        said = [self.session(port, ONE, sender, ALICE) for sender in SENDERS]
        said += [self.session(port, SAME, "shop@shop.test", ALICE), self.session(port, OTHER, "shop@shop.test", ALICE.upper()),
                 self.session(port, ONE, "shop@shop.test", POSTMASTER), self.session(port, ONE, "shop@shop.test", POSTMASTER, ALICE),
                 self.session(port, ONE, "bad@x.test", ALICE), self.session(port, ONE, "shop@shop.test", NOBODY),
                 self.session(port, ONE, "shop@shop.test", "x@elsewhere.test"), self.session(port, HOME, "shop@shop.test", ALICE)]
        return said

    def test_gl18_clients_of_postfix_hear_what_postgrey_says(self):
        pair = [self.postfix(port) for port in (self.ours(), self.theirs())]
        first = [self.script(server.port) for server in pair]
        self.assertEqual(*first)
        put_off = f"450 4.2.0 <{ALICE}>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/{DOMAIN}.html"
        self.assertEqual(first[0][1], ["250 2.1.0 Ok", put_off])
        # Both clocks go on by more than the delay.
        begun = time.time()
        wait_for(lambda: time.time() > begun + DELAY + 1.1, "the delay")
        second = [self.script(server.port) for server in pair]
        self.assertEqual(*second)
        self.assertEqual(second[0][1][1:], ["250 2.1.5 Ok", "250 2.0.0 Ok: queued as ID"])
        third = [self.script(server.port) for server in pair]
        self.assertEqual(*third)
        # Who had to wait has it in the header, the same messages at both.
        def waited(server):
            return sum(b"\nX-Greylist: delayed " in path.read_bytes() for path in server.mailbox.iterdir())
        count = sum(reply.startswith("250 2.1.5") for turn in (first, second, third) for said in turn[0] for reply in said)
        wait_for(lambda: all(len(list(server.mailbox.iterdir())) == count for server in pair), "all mail in both mailboxes")
        self.assertEqual(waited(pair[0]), waited(pair[1]))
        self.assertGreater(waited(pair[0]), 3)

# SPDX-License-Identifier: Apache-2.0
# e2e: what is said to clients: footers below refusals, keywords withheld from some, commands replaced.
import re

from harness import DOMAIN, Case
from screening_test import BAD, GOOD, Screening
from smtp_client import Client

ALICE = f"alice@{DOMAIN}"


class Footers(Case):
    def refused(self, settings, recipient="x@elsewhere.test", **options):
        server = self.server(settings, **options)
        with server.client() as client:
            client.ehlo()
            reply = client.envelope("a@b.test", recipient)[1]
        return server, reply.raw

    def test_ac23_a_footer_stands_below_what_is_refused(self):
        server, said = self.refused({"smtpd_reject_footer": "Call 1-2-3\\nfrom $client_address to $server_name at $localtime"})
        self.assertRegex(said, r"\A454-4\.7\.1 <x@elsewhere\.test>: Relay access denied\n454-4\.7\.1 Call 1-2-3\n"
                               rf"454 4\.7\.1 from 127\.0\.0\.1 to mx\.{re.escape(DOMAIN)} at [A-Z][a-z]{{2}} \d\d \d\d:\d\d:\d\d\Z")
        self.assertIn("<x@elsewhere.test>: Relay access denied; from=<a@b.test>", server.log())
        self.assertNotIn("Call", server.log())

    def test_ac23_or_goes_on_in_its_line(self):
        _, said = self.refused({"smtpd_reject_footer": "\\c. For assistance, call 800-555-0101. Client ($client_address)"})
        self.assertEqual(said, "454 4.7.1 <x@elsewhere.test>: Relay access denied. For assistance, call 800-555-0101. "
                               "Client (127.0.0.1)")

    def test_ac23_a_table_has_footers_for_replies(self):
        settings = {"smtpd_reject_footer": "for all",
                    "smtpd_reject_footer_maps": "regexp:{{/^454 .*<([^>]*)>: Relay/ of $$1, $$$$helo_name}}"}
        _, said = self.refused(settings)
        self.assertTrue(said.endswith("\n454 4.7.1 of x@elsewhere.test, client.remote.test"), said)
        _, said = self.refused(settings, f"nobody@{DOMAIN}")
        self.assertTrue(said.endswith("\n550 5.1.1 for all"), said)

    def test_ac23_what_a_client_says_is_censored(self):
        server = self.server({"smtpd_reject_footer": "helo $helo_name.", "smtpd_expansion_filter": "abcdef"})
        with server.client() as client:
            client.ask("EHLO <beef>\\")
            self.assertEqual(client.ask("BOGUS").raw, "500-5.5.2 Error: command not recognized\n500 5.5.2 helo _beef__.")

    def test_ac23_other_replies_have_none(self):
        server = self.server({"smtpd_reject_footer": "below"})
        with server.client() as client:
            for command in ("EHLO c.test", "NOOP", "RSET", "QUIT"):
                self.assertNotIn("below", client.ask(command).raw)

    def test_ac23_soft_bounce_changes_all_lines(self):
        _, said = self.refused({"smtpd_reject_footer": "below", "soft_bounce": "yes"}, f"nobody@{DOMAIN}")
        self.assertEqual(said.splitlines()[-1], "450 4.1.1 below")

    def test_services_have_their_own(self):
        server = self.unstarted({"smtpd_reject_footer": "all", "submission.smtpd_reject_footer": "users"})
        said = server.command("config", "-xh", "smtpd_reject_footer", "submission.smtpd_reject_footer", "postscreen_reject_footer")
        self.assertEqual(said.stdout.split(), ["all", "users", "all"])


class Keywords(Case):
    def test_ps28_some_clients_are_offered_less(self):
        server = self.server({"smtpd_discard_ehlo_keywords": "dsn",
                              "smtpd_discard_ehlo_keyword_address_maps": "cidr:{{127.0.5.0/24 chunking, SIZE}}"})
        with server.client() as client:
            offered = client.ehlo()
            self.assertIn("CHUNKING", offered)
            self.assertNotIn("DSN", offered)
        with Client(server.port, source="127.0.5.1") as client:
            offered = client.ehlo()
            self.assertNotIn("CHUNKING", offered)
            self.assertNotIn("SIZE", offered)
            self.assertIn("DSN", offered)
        self.assertIn("/smtpd[", server.wait_log(": discarding EHLO keywords: SIZE CHUNKING"))
        self.assertIn("discarding EHLO keywords: DSN\n", server.log())

    def test_ps28_and_nobody_needs_to_know(self):
        server = self.server({"smtpd_discard_ehlo_keywords": "dsn, silent-discard"})
        with server.client() as client:
            self.assertNotIn("DSN", client.ehlo())
        server.wait_log("disconnect from")
        self.assertNotIn("discarding", server.log())

    def test_ac_commands_are_replaced(self):
        table = "pcre:{{/^HELO\\s*$$/ HELO domain.invalid}, {/^\\s*$$/ NOOP}, {/^(RCPT\\s+TO:\\s*<)'([^[:space:]]+)'(>.*)/ $$1$$2$$3}}"
        server = self.server({"smtpd_command_filter": table})
        with server.client() as client:
            self.assertEqual(client.ask("HELO").code, 250)
            self.assertEqual(client.ask("").code, 250)
            self.assertEqual(client.envelope("a@b.test", f"'{ALICE}'")[1].code, 250)
        server.wait_log('unknown[127.0.0.1]: replacing client command "HELO" with "HELO domain.invalid"')


class Tested(Screening):
    def test_ps28_and_ps29_clients_under_test_have_their_own(self):
        server = self.screened({
            "postscreen_greet_wait": "0s", "smtpd_reject_footer": "let in",
            "postscreen_reject_footer": "\\c; see $client_address at $server_name", "postscreen_discard_ehlo_keywords": "dsn",
            "smtpd_discard_ehlo_keywords": "chunking",
            "postscreen_discard_ehlo_keyword_address_maps": f"cidr:{{{{{BAD} 8bitmime, silent-discard}}}}",
            "postscreen_command_filter": "pcre:{{/^SALUTE (.*)/ EHLO $$1}}"})
        session = self.connect(server, GOOD)
        offered = session.ask("SALUTE c.test").raw
        self.assertNotIn("DSN", offered)
        self.assertIn("CHUNKING", offered)
        self.log_has(server, r'postscreen\[\d+\]: \[127\.0\.1\.1\]:\d+: replacing command "SALUTE c\.test" with "EHLO c\.test"\n')
        self.log_has(server, r"postscreen\[\d+\]: discarding EHLO keywords: DSN\n")
        self.assertEqual(session.ask("RCPT").raw.strip()[-30:], f"; see {GOOD} at mx.{DOMAIN}"[-30:])
        self.assertEqual(session.envelope("a@x.test", ALICE)[1].code, 250)
        self.assertTrue(session.ask("BOGUS").raw.endswith("\n500 5.5.2 let in"))
        other = self.connect(server, BAD)
        self.assertNotIn("8BITMIME", other.ehlo())

    def test_ps29_a_drop_has_a_footer(self):
        server = self.screened({"postscreen_access_list": f"inline:{{{{{BAD} = reject}}}}", "postscreen_denylist_action": "drop",
                                "postscreen_reject_footer": "call $client_port"})
        session = self.connect(server, BAD, greet=False)
        port = session.socket.getsockname()[1]
        self.assertEqual(self.rest(session), "521-5.3.2 Service currently unavailable\r\n521 5.3.2 call %d\r\n" % port)

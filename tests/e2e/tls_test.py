# SPDX-License-Identifier: Apache-2.0
# e2e: STARTTLS and implicit TLS, certificates by name, by key type and by their files' age.
import ssl
import subprocess

from certificates import Authority
from harness import DOMAIN, HOME, PATIENCE, STRANGER, Case, free_ports, message, wait_for
from smtp_client import insecure_tls

ALICE = f"alice@{DOMAIN}"
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def peer_name(client):
    """Common name of the certificate shown, as openssl tells it."""
    pem = ssl.DER_cert_to_PEM_cert(client.socket.getpeercert(binary_form=True))
    done = subprocess.run(["openssl", "x509", "-noout", "-subject", "-nameopt", "multiline"], input=pem.encode(),
                          capture_output=True, check=True)
    return done.stdout.decode().rsplit("= ", 1)[1].strip()


class StartTls(Case):
    def test_the_session_starts_anew_after_starttls(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            client.envelope("a@b.test", ALICE)
            self.assertEqual(client.ask("RSET").code, 250)
            self.assert_reply(client.starttls(), "220 2.0.0 Ready to start TLS")
            self.assert_reply(client.ask("RCPT TO:<x@y.test>"), "503 5.5.1")
            offered = client.ehlo()
            self.assertNotIn("STARTTLS", offered)
            self.assert_reply(client.ask("STARTTLS"), "554 5.5.1 Error: TLS already active")
            self.assertEqual(client.deliver(message(), ALICE).code, 250)
        self.assertRegex(server.one_text("alice").decode(),
                         r"\(using TLSv1\.3 with cipher \S+ \(\d+/\d+ bits\)")
        line = server.wait_log("TLS connection established from ")
        self.assertRegex(line, r"Anonymous TLS connection established from \S+\[127\.0\.0\.1\]: "
                               r"TLSv1\.3 with cipher \S+ \(\d+/\d+ bits\)")
        server.wait_log(" starttls=1/2 ")

    def test_what_is_sent_behind_starttls_in_the_clear_is_never_obeyed(self):
        for forbid in ("yes", "no"):
            with self.subTest(smtpd_forbid_unauth_pipelining=forbid):
                server = self.server({"smtpd_forbid_unauth_pipelining": forbid})
                with server.client() as client:
                    client.ehlo()
                    client.send(b"STARTTLS\r\nMAIL FROM:<evil@remote.test>\r\nNOOP\r\n")
                    reply = client.reply()
                    if reply.code == 220:
                        try:
                            client.wrap()
                        except (ssl.SSLError, ConnectionError, EOFError):
                            continue
                        client.ehlo()
                        self.assert_reply(client.ask(f"RCPT TO:<{ALICE}>"), "503 5.5.1")
                    else:
                        self.assertIn(reply.code, (554, 421), reply)
                        self.assertTrue(client.at_end())

    def test_tls_can_be_switched_off(self):
        server = self.server({"smtpd_tls_security_level": "none"})
        with server.client() as client:
            self.assertNotIn("STARTTLS", client.ehlo())
            self.assertIn(client.ask("STARTTLS").code, (502, 503))

    def test_tls_can_be_required(self):
        server = self.server({"smtpd_tls_security_level": "encrypt"})
        with server.client() as client:
            client.ehlo()
            self.assert_reply(client.ask("MAIL FROM:<a@b.test>"), "530 5.7.0 Must issue a STARTTLS command first")
            self.assertEqual(client.ask("NOOP").code, 250)
            client.starttls()
            client.ehlo()
            self.assertEqual(client.ask("MAIL FROM:<a@b.test>").code, 250)

    def test_a_broken_handshake_harms_nobody(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            client.ask("STARTTLS")
            client.send(b"this is no handshake\r\n" * 10)
            try:
                while client.socket.recv(4096):
                    pass
            except ConnectionError:
                pass
        with server.client() as client:
            client.starttls()

    def test_a_large_message_travels_inside_tls(self):
        server = self.server()
        body = "".join(f"line {number} {'x' * 60}\n" for number in range(30000))
        with server.client() as client:
            client.starttls()
            client.ehlo()
            self.assertEqual(client.deliver(message(body=body), ALICE).code, 250)
        self.assertTrue(server.one_text("alice").endswith(body.encode()))


class Certificates(Case):
    def setUp(self):
        self.need("openssl")

    def authority(self, server):
        return Authority(server.root / "ca")

    def test_a_self_signed_certificate_is_made_once(self):
        server = self.server()
        seen = set()
        for _ in range(2):
            with server.client() as client:
                client.starttls()
                seen.add(client.socket.getpeercert(binary_form=True))
                self.assertEqual(peer_name(client), f"mx.{DOMAIN}")
            server.stop()
            server.start()
        self.assertEqual(len(seen), 1)
        secrets = [path for path in (server.root / "state").rglob("*")
                   if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
        self.assertTrue(secrets)
        for path in secrets:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_both_versions_with_both_key_types_verify_to_the_root(self):
        for kind in ("ecdsa", "rsa"):
            server = self.unstarted()
            authority = self.authority(server)
            certificate, key, _ = authority.chain("mx", f"mx.{DOMAIN}", kind)
            server.write_config({"smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key})
            server.start()
            for version in (TLS12, TLS13):
                with self.subTest(kind=kind, version=version.name), server.client() as client:
                    context = ssl.create_default_context(cafile=str(authority.root))
                    context.minimum_version = context.maximum_version = version
                    client.starttls(context, f"mx.{DOMAIN}")
                    self.assertEqual(client.socket.version(), version.name.replace("_", "."))
                    client.ehlo()
                    self.assertEqual(client.deliver(message(), ALICE).code, 250)

    def test_one_name_with_both_key_types_suits_each_client(self):
        server = self.unstarted()
        authority = self.authority(server)
        files = [authority.chain(kind, f"mx.{DOMAIN}", kind)[2] for kind in ("ecdsa", "rsa")]
        server.write_config({"smtpd_tls_chain_files": f"{files[0]}, {files[1]}"})
        server.start()
        for ciphers, algorithm in (("ECDHE-ECDSA-AES128-GCM-SHA256", "id-ecPublicKey"),
                                   ("ECDHE-RSA-AES128-GCM-SHA256", "rsaEncryption")):
            with self.subTest(ciphers=ciphers), server.client() as client:
                context = insecure_tls(TLS12, TLS12)
                context.set_ciphers(ciphers)
                client.starttls(context)
                pem = ssl.DER_cert_to_PEM_cert(client.socket.getpeercert(binary_form=True))
                text = subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem, text=True,
                                      capture_output=True, check=True).stdout
                self.assertIn(algorithm, text)

    def test_old_versions_are_refused(self):
        server = self.server()
        with server.client() as client:
            client.ehlo()
            client.ask("STARTTLS")
            context = insecure_tls()
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
            with self.assertRaises((ssl.SSLError, ConnectionError, EOFError)):
                client.wrap(context)

    def test_the_certificate_follows_the_name_asked_for(self):
        server = self.unstarted()
        authority = self.authority(server)
        certificate, key, _ = authority.chain("mx", f"mx.{DOMAIN}")
        second = authority.chain("second", "mail.second.test")[2]
        below = authority.chain("below", "any.third.test", "rsa")[2]
        names = server.root / "etc" / "sni"
        names.write_text(f"mail.second.test {second}\n.third.test {below}\n")
        server.write_config({"smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key,
                             "tls_server_sni_maps": f"texthash:{names}"})
        server.start()
        for version in (TLS12, TLS13):
            for asked, shown in ((f"mx.{DOMAIN}", f"mx.{DOMAIN}"), ("mail.second.test", "mail.second.test"),
                                 ("MAIL.second.test", "mail.second.test"), ("any.third.test", "any.third.test"),
                                 ("unknown.test", f"mx.{DOMAIN}"), (None, f"mx.{DOMAIN}")):
                with self.subTest(version=version.name, asked=asked), server.client() as client:
                    client.starttls(insecure_tls(version, version), asked)
                    self.assertEqual(peer_name(client), shown)

    def test_changed_files_are_taken_up_without_losing_a_session(self):
        server = self.unstarted()
        authority = self.authority(server)
        certificate, key, _ = authority.chain("mx", "first.test")
        server.write_config({"smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key})
        server.start()
        with server.client() as old:
            old.starttls()
            self.assertEqual(peer_name(old), "first.test")
            authority.chain("mx", "renewed.test")

            def renewed():
                with server.client() as client:
                    client.starttls()
                    return peer_name(client) == "renewed.test"
            wait_for(renewed, "the renewed certificate", PATIENCE * 2)
            old.ehlo()
            self.assertEqual(old.deliver(message(), ALICE).code, 250)

    def test_a_broken_new_file_leaves_the_old_certificate_in_use(self):
        server = self.unstarted()
        authority = self.authority(server)
        certificate, key, _ = authority.chain("mx", "good.test")
        server.write_config({"smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key})
        server.start()
        certificate.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
        server.control("reload")
        wait_for(lambda: str(certificate) in server.log(), "the complaint about the file", PATIENCE * 2)
        with server.client() as client:
            client.starttls()
            self.assertEqual(peer_name(client), "good.test")

    def test_a_missing_certificate_file_stops_the_start_with_its_name(self):
        server = self.unstarted({"smtpd_tls_cert_file": "/nowhere/cert.pem", "smtpd_tls_key_file": "/nowhere/key.pem"})
        server.spawn()
        self.assertNotEqual(server.wait(), 0)
        self.assertIn("/nowhere/cert.pem", server.said() + server.log())


class Implicit(Case):
    def test_submissions_speaks_tls_from_the_first_octet(self):
        port, = free_ports(1)
        server = self.server({"submissions_listen": f"{STRANGER}:{port}",
                              "submissions.smtpd_relay_restrictions": "permit_mynetworks, reject"})
        for version in (TLS12, TLS13):
            with server.client(port=port, source=HOME, tls=insecure_tls(version, version)) as client:
                self.assert_reply(client.greeting, f"220 mx.{DOMAIN}")
                self.assertNotIn("STARTTLS", client.ehlo())
                self.assertEqual(client.deliver(message(), ALICE).code, 250)
        server.wait_log("submissions/smtpd[")

    def test_submission_can_require_tls_by_its_own_setting(self):
        port, = free_ports(1)
        server = self.server({"submission_listen": f"{STRANGER}:{port}",
                              "submission.smtpd_tls_security_level": "encrypt"})
        with server.client(port=port) as client:
            client.ehlo()
            self.assert_reply(client.ask("MAIL FROM:<a@b.test>"), "530 5.7.0")
        with server.client() as client:
            client.ehlo()
            self.assertEqual(client.ask("MAIL FROM:<a@b.test>").code, 250)

    def test_submission_can_take_mail_of_mynetworks_without_a_login(self):
        port, = free_ports(1)
        server = self.server({"submissions_listen": f"{STRANGER}:{port}", "submissions.smtpd_relay_restrictions":
                              "permit_mynetworks, permit_sasl_authenticated, reject"})
        with server.client(port=port, tls=insecure_tls()) as client:
            client.ehlo()
            self.assert_reply(client.ask("MAIL FROM:<a@b.test>"), "530 5.7.0 Authentication required")
        with server.client(port=port, source=HOME, tls=insecure_tls()) as client:
            client.ehlo()
            self.assertEqual(client.envelope("a@b.test", "x@elsewhere.test")[1].code, 250)

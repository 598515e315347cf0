# SPDX-License-Identifier: Apache-2.0
# bench: gatepost and a private Postfix, set up alike: one domain, one mailbox, Maildir, loopback only.
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
import private_postfix  # noqa: E402
from private_postfix import PATH  # noqa: E402,F401  (for load.py)

RECIPIENT = f"alice@{harness.DOMAIN}"


class Gatepost:
    name = "gatepost"

    def __init__(self, scratch, settings=None):
        root = tempfile.mkdtemp(prefix="gatepost-", dir=scratch)
        self.server = harness.Server({"mynetworks": "127.0.0.0/8", "smtpd_client_connection_count_limit": "0",
                                      **(settings or {})}, root=root)
        self.port = self.server.port

    def start(self):
        self.server.start()
        return self

    @property
    def pid(self):
        return self.server.pid

    @property
    def mailbox(self):
        return self.server.maildir("alice") / "new"

    def stop(self):
        self.server.stop()
        self.server.close()


class Postfix(private_postfix.Postfix):
    """With a stop() that leaves nothing behind."""

    name = "postfix"

    def stop(self):
        super().stop()
        self.close()

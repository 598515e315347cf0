# SPDX-License-Identifier: Apache-2.0
# e2e: keys and certificate chains made with the openssl program.
import os
import pathlib
import subprocess

from harness import is_root, ordinary_user

KEYS = {"ecdsa": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["-newkey", "rsa:2048"]}


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)


class Authority:
    """A private authority with one intermediate, so that every chain has two links to show."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        self.serial = 1
        self.root = self.folder / "root.pem"
        openssl("req", "-x509", "-nodes", "-days", "30", *KEYS["ecdsa"], "-keyout", str(self.folder / "root.key"),
                "-out", str(self.root), "-subj", "/CN=Test Root")
        self._issue("ecdsa", "middle", "/CN=Test Intermediate", "root",
                    "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")

    def _issue(self, kind, name, subject, issuer, extensions):
        self.serial += 1
        path = self.folder / name
        openssl("req", "-nodes", *KEYS[kind], "-keyout", f"{path}.key", "-out", f"{path}.csr", "-subj", subject)
        pathlib.Path(f"{path}.ext").write_text(extensions)
        openssl("x509", "-req", "-in", f"{path}.csr", "-CA", str(self.folder / f"{issuer}.pem"),
                "-CAkey", str(self.folder / f"{issuer}.key"), "-set_serial", str(self.serial), "-days", "30",
                "-extfile", f"{path}.ext", "-out", f"{path}.pem")

    def chain(self, name, host, kind="ecdsa"):
        """Makes NAME.pem (leaf, intermediate) and NAME.key and NAME-all.pem (key first); returns the three."""
        self._issue(kind, f"leaf-{name}", f"/CN={host}", "middle", f"subjectAltName=DNS:{host}\n")
        leaf = self.folder / f"leaf-{name}"
        certificate, key, everything = (self.folder / f"{name}{end}" for end in (".pem", ".key", "-all.pem"))
        self._put(key, pathlib.Path(f"{leaf}.key").read_text())
        chain = pathlib.Path(f"{leaf}.pem").read_text() + (self.folder / "middle.pem").read_text()
        self._put(certificate, chain)
        self._put(everything, key.read_text() + chain)
        return certificate, key, everything

    @staticmethod
    def _put(path, text):
        """Replaces the file in one step, as certificate tools do, owned by the server's user."""
        fresh = path.with_suffix(".fresh")
        fresh.write_text(text)
        fresh.chmod(0o600)
        if is_root():
            os.chown(fresh, ordinary_user().pw_uid, ordinary_user().pw_gid)
        fresh.rename(path)

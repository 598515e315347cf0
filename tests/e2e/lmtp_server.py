# SPDX-License-Identifier: Apache-2.0
# e2e: an LMTP server that does as a test tells it, well or badly.
import os
import socket
import threading


class LmtpServer:
    """Listens on a UNIX socket. `behave(stage, argument)` gives the reply lines to each of greeting, LHLO, MAIL, RCPT,
    DATA, dot (once for each recipient), or None to hang up; self.taken holds what was answered 250 after the dot."""

    def __init__(self, path, behave=None, extensions=("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")):
        self.path = str(path)
        self.behave = behave or (lambda stage, argument: None)
        self.extensions = extensions
        self.taken = []      # (recipient, text)
        self.seen = []       # stages as they came
        self.changed = threading.Condition()
        self.door = None
        self.open()

    def open(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(self.path)
        os.chmod(self.path, 0o777)
        self.door.listen(64)
        threading.Thread(target=self._accept, args=(self.door,), daemon=True).start()

    def close(self):
        door, self.door = self.door, None
        if door is not None:
            door.shutdown(socket.SHUT_RDWR)
            door.close()
            if os.path.exists(self.path):
                os.unlink(self.path)

    def wait_taken(self, count, seconds=20):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.taken) >= count, seconds):
                raise AssertionError(f"{len(self.taken)} messages were taken, not {count}; seen {self.seen[-20:]}")
            return list(self.taken)

    def wait_seen(self, stage, count=1, seconds=20):
        with self.changed:
            if not self.changed.wait_for(lambda: self.seen.count(stage) >= count, seconds):
                raise AssertionError(f"{stage} did not come {count} times; seen {self.seen[-20:]}")

    def _accept(self, door):
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line):
        with line, line.makefile("rb") as reader:
            try:
                self._talk(line, reader)
            except (OSError, HangUp):
                pass

    def _say(self, line, stage, argument, default):
        with self.changed:
            self.seen.append(stage)
            self.changed.notify_all()
        reply = self.behave(stage, argument) or default
        if reply == "HANGUP":
            raise HangUp()
        line.sendall(reply.encode() + b"\r\n")
        return reply

    def _talk(self, line, reader):
        self._say(line, "greeting", "", "220 test LMTP")
        recipients = []
        while raw := reader.readline():
            text = raw.decode(errors="replace").rstrip("\r\n")
            verb = text.split(" ")[0].upper()
            if verb == "LHLO":
                lines = ["test", *self.extensions]
                default = "\r\n".join(f"250{'-' if n + 1 < len(lines) else ' '}{one}" for n, one in enumerate(lines))
                self._say(line, "LHLO", text, default)
            elif verb == "MAIL":
                recipients = []
                self._say(line, "MAIL", text, "250 2.1.0 ok")
            elif verb == "RCPT":
                name = text.partition("<")[2].partition(">")[0]
                if self._say(line, "RCPT", name, "250 2.1.5 ok").startswith("2"):
                    recipients.append(name)
            elif verb == "DATA":
                if self._say(line, "DATA", "", "354 go").startswith("3"):
                    self._take(line, reader, recipients)
            elif verb == "QUIT":
                line.sendall(b"221 bye\r\n")
                return
            else:
                line.sendall(b"500 what\r\n")

    def _take(self, line, reader, recipients):
        body = []
        while True:
            raw = reader.readline()
            if not raw:
                raise HangUp()
            if raw == b".\r\n":
                break
            body.append(raw[1:] if raw.startswith(b".") else raw)
        for name in recipients:
            # Kept before it is said: what is said may not arrive.
            with self.changed:
                self.seen.append("dot")
                self.changed.notify_all()
            reply = self.behave("dot", name) or "250 2.0.0 saved"
            if reply.startswith("2"):
                with self.changed:
                    self.taken.append((name, b"".join(body)))
                    self.changed.notify_all()
            if reply == "HANGUP":
                raise HangUp()
            line.sendall(reply.encode() + b"\r\n")


class HangUp(Exception):
    """The conversation ends here."""

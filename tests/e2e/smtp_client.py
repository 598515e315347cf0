# SPDX-License-Identifier: Apache-2.0
# e2e: an SMTP client that sends exactly the octets it is given, wrong ones too.
import socket
import ssl


class Reply:
    """A server's reply: its code, its lines without the code, and the text as sent."""

    def __init__(self, lines):
        self.raw = "\n".join(lines)
        self.code = int(lines[0][:3]) if lines[0][:3].isdigit() else 0
        self.lines = [line[4:] for line in lines]

    def __str__(self):
        return self.raw

    def __contains__(self, text):
        return text in self.raw


def insecure_tls(minimum=None, maximum=None):
    """A TLS client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if minimum:
        context.minimum_version = minimum
    if maximum:
        context.maximum_version = maximum
    return context


class Client:
    """One session. Reads the greeting at once unless greet=False."""

    def __init__(self, port, address="127.0.0.1", source=None, timeout=20, greet=True, tls=None, server_name=None):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(timeout)
        if source:
            self.socket.bind((source, 0))
        try:
            self.socket.connect((address, port))
            self.buffer = b""
            if tls:
                self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
            self.greeting = self.reply() if greet else None
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, octets):
        if isinstance(octets, str):
            octets = octets.encode()
        self.socket.sendall(octets)

    def line(self):
        """One reply line; EOFError when the server has hung up."""
        while b"\n" not in self.buffer:
            part = self.socket.recv(65536)
            if not part:
                raise EOFError("the server closed the connection")
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def reply(self):
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return Reply(lines)

    def ask(self, command):
        """Sends one command line and reads its reply."""
        self.send(command if isinstance(command, bytes) else command.encode() + b"\r\n")
        return self.reply()

    def ehlo(self, name="client.remote.test"):
        """The extensions offered: keyword to arguments."""
        reply = self.ask(f"EHLO {name}")
        if reply.code != 250:
            raise AssertionError(f"EHLO: {reply}")
        words = [line.split(" ", 1) for line in reply.lines[1:]]
        return {word[0].upper(): word[1] if len(word) > 1 else "" for word in words}

    def starttls(self, context=None, server_name=None):
        """Upgrades; the caller greets again."""
        reply = self.ask("STARTTLS")
        if reply.code != 220:
            raise AssertionError(f"STARTTLS: {reply}")
        self.wrap(context, server_name)
        return reply

    def wrap(self, context=None, server_name=None):
        self.buffer = b""
        self.socket = (context or insecure_tls()).wrap_socket(self.socket, server_hostname=server_name)

    def envelope(self, sender, *recipients, parameters=""):
        """MAIL and RCPTs; the replies, MAIL's first."""
        replies = [self.ask(f"MAIL FROM:<{sender}>{parameters}")]
        replies += [self.ask(f"RCPT TO:<{recipient}>") for recipient in recipients]
        return replies

    def data(self, text):
        """DATA and its text (LF line ends, dots not yet stuffed); the final reply, or DATA's own refusal."""
        first = self.ask("DATA")
        if first.code != 354:
            return first
        return self.text(text)

    def text(self, text):
        octets = text.encode() if isinstance(text, str) else text
        octets = octets.replace(b"\r\n", b"\n").replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")
        if octets.startswith(b"."):
            octets = b"." + octets
        if not octets.endswith(b"\r\n"):
            octets += b"\r\n"
        self.send(octets + b".\r\n")
        return self.reply()

    def deliver(self, text, *recipients, sender="sender@remote.test", parameters=""):
        """A whole transaction; the final reply. AssertionError when the envelope is refused."""
        for reply in self.envelope(sender, *recipients, parameters=parameters):
            if reply.code != 250:
                raise AssertionError(f"envelope refused: {reply}")
        return self.data(text)

    def at_end(self):
        """True when the server has hung up and nothing is left to read."""
        if self.buffer:
            return False
        try:
            return self.socket.recv(1) == b""
        except (ConnectionError, ssl.SSLError):
            return True

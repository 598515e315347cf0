# SPDX-License-Identifier: Apache-2.0
# e2e: a DNS server that answers by a table, well or badly, and counts.
import collections
import ipaddress
import socket
import struct
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def wire_name(text):
    labels = [label.encode("latin-1") for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def wire_data(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        preference, host = value.split()
        return struct.pack(">H", int(preference)) + wire_name(host)
    if kind == "TXT":
        octets = value.encode() if isinstance(value, str) else value
        pieces = [octets[at:at + 255] for at in range(0, len(octets), 255)] or [b""]
        return b"".join(bytes([len(piece)]) + piece for piece in pieces)
    return wire_name(value)


class DnsServer:
    """UDP and TCP on one port of `address`, until close(); port 0: one that is free.

    add("host.test", "A", "192.0.2.1", ttl=60) makes records; a name that has none at all is NXDOMAIN. fault(name, ...) makes a
    name misbehave: code=SERVFAIL, drop=True, delay=seconds after it was first asked about, truncate=True (whole by TCP only), reply=octets after the id.
    wildcard(zone, ...) makes records for all names below that have none and no fault. asked[(name, type)] counts questions, by_tcp those of them that came by TCP."""

    def __init__(self, address="127.0.0.1", negative_ttl=60, port=0):
        self.negative_ttl = negative_ttl
        self.records = collections.defaultdict(list)   # (name, type) -> [(value, ttl)]
        self.wild = {}                                 # (zone, type) -> value
        self.faults = {}                               # name -> what fault() was given
        self.asked = collections.Counter()
        self.first_asked = {}
        self.by_tcp = collections.Counter()
        self.changed = threading.Condition()
        self.udp, self.tcp = self._bind(address, port)
        self.address, self.port = self.udp.getsockname()
        self.closed = False
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._serve_tcp, daemon=True).start()

    @staticmethod
    def _bind(address, port):
        for _ in range(50):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                udp.bind((address, port))
            except OSError:
                udp.close()
                raise
            tcp = socket.socket()
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                udp.close()
                tcp.close()
                continue
            tcp.listen(64)
            return udp, tcp
        raise AssertionError("no port is free for both UDP and TCP")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def setting(self):
        """For dns_servers."""
        return f"{self.address}:{self.port}"

    def close(self):
        self.closed = True
        try:
            self.tcp.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.tcp.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", (self.address, self.port))

    def add(self, name, kind, *values, ttl=60):
        with self.changed:
            self.records[name.lower(), kind] += [(value, ttl) for value in values]

    def wildcard(self, zone, kind, value):
        with self.changed:
            self.wild["." + zone.lower(), kind] = value

    def remove(self, name, kind):
        with self.changed:
            self.records.pop((name.lower(), kind), None)

    def fault(self, name, code=None, drop=False, delay=0, truncate=False, reply=None):
        with self.changed:
            self.faults[name.lower()] = {"code": code, "drop": drop, "delay": delay, "truncate": truncate, "reply": reply}

    def mend(self, name):
        with self.changed:
            self.faults.pop(name.lower(), None)

    def wait_asked(self, name, kind, count=1, seconds=20):
        """Until the question came `count` times; how often it came."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.asked[name.lower(), kind] >= count, seconds):
                raise AssertionError(f"{name} {kind} was asked {self.asked[name.lower(), kind]} times, not {count}: {self.asked}")
            return self.asked[name.lower(), kind]

    def _serve_udp(self):
        with self.udp:
            while not self.closed:
                question, peer = self.udp.recvfrom(4096)
                self._answer(question, False, lambda octets, to=peer: self._send(octets, to))

    def _send(self, octets, peer):
        try:
            self.udp.sendto(octets, peer)
        except OSError:
            pass   # closed while an answer was delayed

    def _serve_tcp(self):
        while not self.closed:
            try:
                line, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_line, args=(line,), daemon=True).start()

    def _serve_line(self, line):
        with line, line.makefile("rb") as reader:
            while len(head := reader.read(2)) == 2:
                question = reader.read(struct.unpack(">H", head)[0])
                self._answer(question, True, lambda octets: line.sendall(struct.pack(">H", len(octets)) + octets))

    def _answer(self, question, tcp, send):
        try:
            name, kind, end = self._parse(question)
        except (IndexError, struct.error):
            return
        with self.changed:
            self.asked[name, kind] += 1
            if tcp:
                self.by_tcp[name, kind] += 1
            fault = dict(self.faults.get(name, {}))
            self.changed.notify_all()
            octets = self._reply(question, end, name, kind, fault, tcp)
        if fault.get("drop"):
            return
        if fault.get("delay"):
            # As a resolver: whoever asks again while it looks for the answer gets it at the same time.
            first = self.first_asked.setdefault((name, kind), time.monotonic())
            timer = threading.Timer(max(0, first + fault["delay"] - time.monotonic()), send, (octets,))
            timer.daemon = True
            timer.start()
        else:
            send(octets)

    @staticmethod
    def _parse(question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode("latin-1").lower())
            at += question[at] + 1
        number, _ = struct.unpack(">HH", question[at + 1:at + 5])
        return ".".join(labels), NAMES.get(number, str(number)), at + 5

    def _reply(self, question, end, name, kind, fault, tcp):
        if fault.get("reply") is not None:
            return question[:2] + fault["reply"]
        answers, owner = [], name
        for _ in range(16):
            found = self.records.get((owner, kind), []) or self._wild(owner, kind, fault)
            answers += [self._record(owner, kind, value, ttl) for value, ttl in found]
            alias = self.records.get((owner, "CNAME"))
            if found or not alias:
                break
            answers.append(self._record(owner, "CNAME", *alias[0]))
            owner = alias[0][0].lower()
        exists = bool(answers) or any(other == owner for other, _ in self.records)
        code = fault.get("code")
        if code is None:
            code = NOERROR if exists else NXDOMAIN
        authority = []
        if code in (NOERROR, NXDOMAIN) and not self.records.get((owner, kind)):
            soa = wire_name("ns.test") + wire_name("root.test") + struct.pack(">5I", 1, 3600, 600, 86400, self.negative_ttl)
            authority = [wire_name(owner.partition(".")[2]) + struct.pack(">HHIH", 6, 1, 3600, len(soa)) + soa]
        cut = fault.get("truncate") and not tcp
        if cut or code not in (NOERROR, NXDOMAIN):
            answers, authority = [], []
        head = struct.pack(">HHHHH", 0x8180 | (0x0200 if cut else 0) | code, 1, len(answers), len(authority), 0)
        return question[:2] + head + question[12:end] + b"".join(answers + authority)

    def _wild(self, owner, kind, fault):
        if fault or any(other == owner for other, _ in self.records):
            return []
        return [(value, 60) for (zone, of), value in self.wild.items() if of == kind and owner.endswith(zone)]

    @staticmethod
    def _record(owner, kind, value, ttl):
        data = wire_data(kind, value)
        return wire_name(owner) + struct.pack(">HHIH", TYPES[kind], 1, ttl, len(data)) + data

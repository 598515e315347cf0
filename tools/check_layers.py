#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# tools: fails when a source file crosses an arrow that src/LAYERS does not draw.
"""check_layers.py [SRC]: checks the includes and awaits under SRC (default src).
check_layers.py --self-test: plants a violation of each kind and expects it to be reported.

Rules: every quoted include names a file by its path under src/ and stays on a declared arrow; third-party
headers appear only where LAYERS lists them; headers this project does without appear nowhere; the arrows
have no cycle; a pure room's source includes no coroutine and no port; one await per statement, and its
arguments are names (g++ 12 miscompiles braces, lambdas and ?: in awaiting statements).
"""
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
AWAITING_MACRO = re.compile(r"\bGP_CO_[A-Z_]+")
AWAITING = re.compile(r"[^;{}]*\bco_await\b[^;]*;")
VENDORS = ("asio", "mbedtls", "psa", "sqlite3", "fmt", "pcre2", "yyjson", "ares", "catch2")
REFUSED = ("iostream", "sstream", "fstream", "iomanip", "regex", "locale", "codecvt", "print", "format", "expected")
# The rooms that decide: they return what they know and read time as an argument.
PURE = ("mail", "smtp", "policy", "queue", "tables", "config", "control", "screen", "greylist", "auth", "spf", "report")
FORBIDDEN_IN_PURE = re.compile(r"^(asio(/|\.hpp)|unistd\.h|fcntl\.h|sys/|netinet/|arpa/|poll\.h|signal\.h|thread|mutex|future|syslog\.h)")


class Broken(Exception):
    pass


def read_layers(path):
    """Rooms to (rooms they may include, vendor headers they may include)."""
    rooms = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        head, _, vendors = line.partition("|")
        room, colon, allowed = head.partition(":")
        if not colon:
            raise Broken(f"{path}:{number}: expected 'room: rooms | headers'")
        rooms[room.strip()] = (set(allowed.split()), tuple(vendors.split()))
    for room, (allowed, _) in rooms.items():
        for other in allowed - rooms.keys():
            raise Broken(f"{path}: {room} names '{other}', which has no row")
    return rooms


def find_cycle(rooms):
    """A list of rooms that leads back to its first, or None."""
    done = set()

    def visit(room, trail):
        if room in trail:
            return trail[trail.index(room):] + [room]
        if room in done:
            return None
        for other in sorted(rooms[room][0]):
            found = visit(other, trail + [room])
            if found:
                return found
        done.add(room)
        return None

    for room in rooms:
        found = visit(room, [])
        if found:
            return found
    return None


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def awaits(code):
    """Lines of awaiting statements that are not of the one safe form."""
    for match in AWAITING.finditer(code):
        statement = match.group()
        start = statement.index("co_await")
        tail = statement[start:]
        line = code.count("\n", 0, match.start() + start) + 1
        if tail.count("co_await") > 1:
            yield line, "more than one await in a statement"
        elif "{" in tail or re.search(r"[(,]\s*\[", tail):
            yield line, "an awaiting statement with braces or a lambda; its arguments must be names"
        elif re.search(r"[^?]\?[^?]", statement):
            yield line, "an awaiting statement with ?:"


def includes(path, room, text, rooms, src):
    """Complaints about the include lines of one file."""
    allowed, vendors = rooms[room]
    for match in INCLUDE.finditer(text):
        quoted, target = match.group(1) == '"', match.group(2)
        first = re.sub(r"\.(h|hpp)$", "", target.split("/")[0])
        line = text.count("\n", 0, match.start()) + 1
        if quoted:
            if "/" not in target:
                yield line, f'name the file by its path under src: "{room}/{target}"'
            elif first != room and first not in allowed:
                yield line, f"{room} may not include {target}"
            elif target != "base/version.h" and not (src / target).exists():
                yield line, f"there is no src/{target}"
            continue
        if first in VENDORS and not any(target == v or first == v for v in vendors):
            yield line, f"{room} may not include <{target}>"
        if target in REFUSED:
            yield line, f"<{target}> is not used in this project (src/STYLE.md)"
        if room in PURE and FORBIDDEN_IN_PURE.match(target):
            yield line, f"{room} is pure and may not include <{target}>"


def complaints(src, rooms):
    for path in sorted(p for p in src.rglob("*") if p.suffix in (".h", ".cpp")):
        parts = path.relative_to(src).parts
        room = parts[0] if len(parts) > 1 else path.stem
        if room not in rooms:
            yield path, 1, f"room '{room}' is not in LAYERS"
            continue
        text = path.read_text()
        for line, what in includes(path, room, text, rooms, src):
            yield path, line, what
        code = DIRECTIVE.sub(blank, NOT_CODE.sub(blank, text))
        code = AWAITING_MACRO.sub(lambda m: "co_await".rjust(len(m.group())), code)
        for line, what in awaits(code):
            yield path, line, what
        if room in PURE and path.suffix == ".cpp" and re.search(r"\bco_(await|return|yield)\b", code):
            yield path, 1, f"{room} is pure: no coroutine in its sources"


def check(src):
    """Complaints as lines of text."""
    try:
        rooms = read_layers(src / "LAYERS")
    except Broken as broken:
        return [str(broken)]
    cycle = find_cycle(rooms)
    if cycle:
        return [f"{src}/LAYERS: a cycle: " + " -> ".join(cycle)]
    return [f"{path}:{line}: {what}" for path, line, what in complaints(src, rooms)]


LAYERS = "base:\nmail: base\nnet: base | asio\nmain: base\n"
# What is planted, and what must be said of it.
PLANTED = (
    ("net/a.cpp", "#include <asio.hpp>\n", None),
    ("net/a.cpp", "void f() {\n  bool ok = co_await wire.flush();\n}\n", None),
    ("mail/a.cpp", '// #include "net/b.h"\nconst char* kWhat = "co_await {";\n', None),
    ("mail/a.cpp", '#include "net/b.h"\n', "mail may not include net/b.h"),
    ("mail/a.cpp", '#include "a.h"\n', "name the file by its path"),
    ("mail/a.cpp", '#include "base/gone.h"\n', "there is no src/base/gone.h"),
    ("mail/a.cpp", "#include <asio/awaitable.hpp>\n", "mail may not include <asio/awaitable.hpp>"),
    ("mail/a.cpp", "#include <sys/socket.h>\n", "mail is pure"),
    ("mail/a.cpp", "void f() { co_return; }\n", "no coroutine in its sources"),
    ("net/a.cpp", "#include <sqlite3.h>\n", "net may not include <sqlite3.h>"),
    ("net/a.cpp", "#include <iostream>\n", "<iostream> is not used"),
    ("attic/a.cpp", "\n", "room 'attic' is not in LAYERS"),
    ("net/a.cpp", "void f() { g(co_await a(), co_await b()); }\n", "more than one await"),
    ("net/a.cpp", "void f() { co_await g(Thing{1}); }\n", "braces or a lambda"),
    ("net/a.cpp", "void f() { co_await g([x] () { return x; }); }\n", "braces or a lambda"),
    ("net/a.cpp", "void f() { int a = b ? co_await c() : 1; }\n", "?:"),
    ("net/a.cpp", "#define TRY(x) auto r = co_await x, 1; \\\n  if (!r) { co_return r; }\n", None),
    ("net/a.cpp", "void f() { GP_CO_TRY(auto a, g(b, c)); }\n", None),
    ("net/a.cpp", "void f() { GP_CO_TRY(auto a, g(B{1})); }\n", "braces or a lambda"),
    ("LAYERS", "base: mail\nmail: base\n", "a cycle"),
    ("LAYERS", "base: moon\n", "has no row"),
    ("LAYERS", "base\n", "expected 'room: rooms | headers'"),
)


def self_test():
    wrong = 0
    for name, text, expected in PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            src = pathlib.Path(folder)
            (src / "LAYERS").write_text(LAYERS)
            (src / name).parent.mkdir(exist_ok=True)
            (src / name).write_text(text)
            said = check(src)
        if (expected is None and said) or (expected and not any(expected in line for line in said)):
            print(f"self-test: planted {text!r} in {name}, expected {expected!r}, got {said}")
            wrong += 1
    print(f"check_layers: {len(PLANTED)} planted, {wrong} not judged as expected")
    return wrong


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(1 if self_test() else 0)
    said = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src"))
    print("\n".join(said), end="\n" if said else "")
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()

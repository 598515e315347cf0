#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# tools: budgets of files, functions, binaries and memory.
"""check_size.py sources            lines of files and functions under src/
check_size.py binary BOARD FILE   octets of FILE against board/BOARD/budget
check_size.py memory FILE         runs FILE and measures it against board/x86-64/budget
check_size.py --self-test"""
import os
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
FILE_LINES = 600
FUNCTION_LINES = 60
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:\\\n|[^\n])*',
                      re.S | re.M)


def functions(text):
    """(name, first line, last line) of every function defined in C++ text; lambdas count with their function."""
    code = NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    stack, head, head_line, line = [], "", 1, 1
    for c in code:
        if c == "\n":
            line += 1
        if stack and stack[-1][0] in ("function", "braces"):
            # Inside a body (or an initializer) only its end matters.
            if c == "{":
                stack[-1][3] += 1
            elif c == "}":
                stack[-1][3] -= 1
                if stack[-1][3] == 0:
                    kind, name, first, _ = stack.pop()
                    if kind == "function":
                        yield name, first, line
                        head = ""
                    else:
                        head += "}"
        elif c == "{":
            before = head.rstrip()
            if re.search(r"\)[^;]*:[^;]*[\w>]$", before) and not before.endswith(("const", "noexcept", "override", "final")):
                # A member initialized with braces, before the constructor's body.
                stack.append(["braces", "", line, 1])
                head += "{"
                continue
            if re.search(r"\b(namespace|extern)\b", before):
                stack.append(["scope", "", line, 1])
            elif "(" in before and not re.search(r"=\s*$", before):
                name = re.search(r"([\w:~]+|operator\S+)\s*\(", before)
                stack.append(["function", name.group(1) if name else "?", head_line, 1])
            elif re.search(r"\b(class|struct|union)\b", before) and "=" not in before:
                stack.append(["scope", "", line, 1])
            else:
                stack.append(["braces", "", line, 1])
            if stack[-1][0] == "scope":
                head = ""
        elif c == "}":
            if stack:
                stack.pop()
            head = ""
        elif c == ";":
            head = ""
        else:
            if not head.strip() and not c.isspace():
                head_line = line
            head += c


def source_complaints(folder):
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".h", ".cpp", ".def")):
        text = path.read_text()
        lines = text.splitlines()
        if len(lines) > FILE_LINES:
            yield f"{path}: {len(lines)} lines, more than {FILE_LINES}"
        if not lines or lines[0] != "// SPDX-License-Identifier: Apache-2.0":
            yield f"{path}:1: the first line is not the licence's"
        elif len(lines) < 2 or not re.match(r"// [a-z0-9 ]+: .", lines[1]):
            yield f"{path}:2: the second line does not say '// room: what this file is'"
        if path.suffix != ".def":
            for name, first, last in functions(text):
                if last - first + 1 > FUNCTION_LINES:
                    yield f"{path}:{first}: {name} has {last - first + 1} lines, more than {FUNCTION_LINES}"


def budget(board):
    rows = {}
    for line in (ROOT / "board" / board / "budget").read_text().splitlines():
        fields = line.split("#")[0].split()
        if fields:
            rows[fields[0]] = int(fields[1])
    return rows


def judge(rows, facts):
    """Prints a row for each fact; the number of those past their limit."""
    bad = 0
    for what, value in facts.items():
        over = value is None or value > rows[what]
        bad += over
        shown = "not measured" if value is None else f"{value:,.0f}"
        print(f"{'OVER' if over else 'ok':5} {what:22} {shown:>13} of {rows[what]:>11,}")
    return bad


def memory(program):
    os.environ["GATEPOST"] = str(pathlib.Path(program).resolve())
    sys.path[:0] = [str(ROOT / "tests" / "bench"), str(ROOT / "tests" / "e2e")]
    import idle  # noqa: E402

    with tempfile.TemporaryDirectory(prefix="gatepost-size-") as scratch:
        os.chmod(scratch, 0o755)
        found = idle.measure_idle(pathlib.Path(scratch), False, print)
    thousand, crowd = found["idle_sessions"].get("1000"), found["idle_sessions"].get("10000")
    worst = [row["pss_per_session"] for row in (thousand, crowd) if row]
    tested = [row["pss_per_session"] for kind in ("watched", "waiting") for row in found[f"{kind}_sessions"].values()]
    return {
        "idle_pss": found["idle_pss"],
        "idle_session_pss": max(worst) if worst else None,
        "tested_session_pss": max(tested),
        "idle_tls_session_pss": found["idle_tls"]["pss_per_session"],
        "start_to_greeting": found["start_to_greeting_seconds"] * 1000,
        "crowded_greeting": crowd["new_client_worst_seconds"] * 1000 if crowd else None,
    }


def self_test():
    body = "  x();\n" * 70
    text = ("// SPDX-License-Identifier: Apache-2.0\n// a: b\nnamespace n {\nclass A {\n A(int b) : b_{b}, c_(b) {\n" + body +
            " }\n int d() const { return 1; }\n};\nvoid A::e(const std::string& f) {\n" + body + "}\n"
            "constexpr int kRow[] = {\n" + "1,\n" * 70 + "};\nint g() { return [] { return 1; }(); }\n}\n")
    found = [(name, last - first + 1) for name, first, last in functions(text)]
    wrong = found != [("A", 72), ("d", 1), ("A::e", 72), ("g", 1)]
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "a.cpp").write_text(text + "\n" * FILE_LINES)
        (pathlib.Path(folder) / "b.cpp").write_text("int x;")
        said = "\n".join(source_complaints(pathlib.Path(folder)))
    expected = ("more than 600", "A::e has 72 lines", "licence")
    missing = [what for what in expected if what not in said]
    if wrong or missing or judge({"a": 1, "b": 1}, {"a": 2, "b": 1}) != 1:
        print(f"self-test: functions {found}, not reported {missing}")
        return 1
    return 0


def main():
    match sys.argv[1:]:
        case ["--self-test"]:
            return self_test()
        case ["sources"]:
            said = list(source_complaints(ROOT / "src"))
            print("\n".join(said), end="\n" if said else "")
            return 1 if said else 0
        case ["binary", board, program]:
            return 1 if judge(budget(board), {"binary": pathlib.Path(program).stat().st_size}) else 0
        case ["memory", program]:
            return 1 if judge(budget("x86-64"), memory(program)) else 0
    print(__doc__, file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.exit(main())

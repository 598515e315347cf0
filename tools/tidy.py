#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# tools: clang-tidy on the sources named, as the dev build compiles them.
"""tidy.py [--analyze] FILE...

The compile commands are g++'s, so clang is told to overlook what it does not know. Sources are read several of a room at once,
since most of the time goes to the headers they share. Those whose private names meet are read apart, and where one is overlooked,
all are read again one by one.

--analyze: the rooms that decide are also analyzed, each source by itself, a quarter of a minute each. The analyzer of clang 14
does not understand coroutines and reports faults in Asio's, so it does not look at the rooms that act."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

from batches import batches_of

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "dev"
DECIDING = {"base", "log", "mail", "smtp", "policy", "queue", "auth", "greylist", "tables", "config", "control"}
AT_ONCE = 7
OVERLOOK = ["--extra-arg=-std=c++2b", "--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-everything"]


def tool():
    found = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
    if not found:
        sys.exit("clang-tidy is not installed (tools/deps full)")
    return found


def tidy(tidy_path, database, files, options):
    command = [tidy_path, "-p", str(database), "--quiet", *OVERLOOK, *options, *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def gather(files, commands):
    """One source that includes the files, and a database with the command of the first of them."""
    place = BUILD / "tidy" / f"{files[0].parent.name}_{files[0].stem}"
    place.mkdir(parents=True, exist_ok=True)
    source = place / "all.cpp"
    source.write_text("".join(f'#include "{ROOT / file}"\n' for file in files))
    first = commands[ROOT / files[0]]
    command = first["command"].replace(f" -c {ROOT / files[0]}", f" -c {source}")
    (place / "compile_commands.json").write_text(json.dumps([{**first, "command": command, "file": str(source)}]))
    return place, source


def judge_alone(tidy_path, file, analyze):
    options = [] if analyze else ["--checks=-clang-analyzer-*"]
    return [tidy(tidy_path, BUILD, [file], options)]


def judge_batch(tidy_path, files, commands, analyze):
    if len(files) == 1:
        return judge_alone(tidy_path, files[0], analyze and files[0].parent.name in DECIDING)
    place, source = gather(files, commands)
    done = tidy(tidy_path, place, [source], ["--checks=-clang-analyzer-*,-bugprone-suspicious-include"])
    if "clang-diagnostic-error" not in done.stdout:
        return [done]
    print("read one by one: " + ", ".join(map(str, files)), flush=True)
    return [answer for file in files for answer in judge_alone(tidy_path, file, False)]


def main():
    tidy_path = tool()
    analyze = sys.argv[1:2] == ["--analyze"]
    files = sorted(pathlib.Path(name) for name in sys.argv[2 if analyze else 1:])
    commands = {pathlib.Path(row["file"]): row for row in json.loads((BUILD / "compile_commands.json").read_text())}
    alone = [file for file in files if analyze and file.parent.name in DECIDING]
    together = [file for file in files if file not in alone]
    batches = [[file] for file in alone]
    batches += [[file.relative_to(ROOT) for file in batch] for batch in batches_of([ROOT / file for file in together], AT_ONCE, sure=False)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for answers in pool.map(lambda batch: judge_batch(tidy_path, batch, commands, analyze), batches):
            for answer in answers:
                if answer.returncode != 0 or answer.stdout.strip():
                    failed += answer.returncode != 0
                    print(answer.stdout.rstrip() or answer.stderr.rstrip(), flush=True)
    print(f"{len(files)} sources, {len(batches)} runs, {failed} with complaints")
    return 1 if failed else 0


sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
# bench: what the kernel knows about a tree of processes, and the bare loops beside it.
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and all its living descendants."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(_stat(entry.name)[1])
            except (OSError, IndexError):
                continue
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += [child for child, parent in parents.items() if parent == one]
    return found


def _stat(pid):
    """Fields of /proc/PID/stat from the state on: index 1 is the parent."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()


def usage(pid):
    """CPU seconds and octets written to disk by the tree so far, its dead and waited-for members too.

    The kernel adds a waited-for child's time and writes to its parent's, so nothing is lost when a
    short-lived process ends between two looks.
    """
    seconds, written = 0.0, 0
    for one in tree(pid):
        try:
            fields = _stat(one)
            seconds += sum(int(fields[index]) for index in range(11, 15)) / TICKS
            counters = dict(row.split(": ") for row in pathlib.Path(f"/proc/{one}/io").read_text().splitlines())
            written += int(counters["write_bytes"])
        except OSError:
            continue
    return seconds, written


def pss(pid):
    """Proportional set size of the tree, octets."""
    total = 0
    for one in tree(pid):
        try:
            for row in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if row.startswith("Pss:"):
                    total += int(row.split()[1]) * 1024
        except OSError:
            continue
    return total


def compile_loops(scratch):
    """The bare loop's program, or None without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    program = pathlib.Path(scratch) / "loops"
    subprocess.run([compiler, "-O2", "-pthread", "-o", str(program), str(HERE / "loops.c")], check=True)
    return program


def bare_loop(program, scratch, threads, files, octets):
    """One run of the bare loop in a fresh folder."""
    folder = pathlib.Path(scratch) / f"loop-{threads}"
    for name in ("tmp", "new"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run([str(program), str(folder), str(threads), str(files), str(octets)],
                              capture_output=True, text=True, check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rate, cpu, written = (float(word) for word in done.stdout.split())
    return {"threads": threads, "octets": octets, "files_per_second": rate, "cpu_ms_per_file": cpu,
            "written_per_octet": written}


def spread(folder):
    """Has ext4 put each folder made in this one far from the others, so that none meets what another deleted.

    Other file systems know no such flag, and need none.
    """
    chattr = shutil.which("chattr", path=os.environ.get("PATH", "") + ":/usr/bin")
    if chattr is not None:
        subprocess.run([chattr, "+T", str(folder)], capture_output=True, check=False)


def file_system(path):
    """Type of the file system under `path`."""
    done = subprocess.run(["stat", "-f", "-c", "%T", str(path)], capture_output=True, text=True, check=False)
    return done.stdout.strip()

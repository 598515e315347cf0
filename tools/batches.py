#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# tools: sources that can be compiled as one, since most of the time goes to the headers they share.
"""batches.py AT_ONCE FILE...

Prints a line for each batch: its files, with semicolons between them. A batch is of one folder, has AT_ONCE files at most, and none
says a private name of another. What prepares a library (*_impl.cpp) is alone."""
import pathlib
import re
import sys

PRIVATE = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.MULTILINE | re.DOTALL)
DECLARED = re.compile(r"^(?:(?:struct|class|enum(?: class)?|using|namespace) (\w+)|(?:inline |static )?const(?:expr|init)?\b[^=({;]*?(\w+)(?: =|\{|\[|;)"
                      r"|[\w:][\w:<>,&* ]*?[ *&>](\w+)\()", re.MULTILINE)


def private_names(file):
    """What a source declares for itself alone, as far as a line's beginning tells."""
    return {next(filter(None, name)) for block in PRIVATE.findall(pathlib.Path(file).read_text()) for name in DECLARED.findall(block)}


def words(file):
    """Of a source and its header."""
    header = file.with_suffix(".h")
    text = file.read_text() + (header.read_text() if header.exists() else "")
    return set(re.findall(r"\w+", re.sub(r"//.*", "", text)))


def batches_of(files, at_once, sure=True):
    """Lists of the files, in their order; the first that has room takes the next file. Unless `sure`, only names that two have
    for themselves are kept apart, for who tries again one by one."""
    batches = []
    for file in map(pathlib.Path, files):
        names = private_names(file)
        said = words(file) if sure else names
        for batch, taken, heard in batches:
            alone = file.name.endswith("_impl.cpp") or batch[0].name.endswith("_impl.cpp")
            if not alone and len(batch) < at_once and batch[0].parent == file.parent and taken.isdisjoint(said) and heard.isdisjoint(names):
                batch.append(file)
                taken |= names
                heard |= said
                break
        else:
            batches.append(([file], names, said))
    return [batch for batch, _, _ in batches]


if __name__ == "__main__":
    for one in batches_of(sys.argv[2:], int(sys.argv[1])):
        print(";".join(map(str, one)))

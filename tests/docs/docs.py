#!/usr/bin/env python3
"""Holds the documents to what the program prints.

usage: docs.py [--update] [--program PATH] [FILE...]

A document marks a fenced block with the command that prints it:

    <!-- run: build/dispatchsim run configs/example.yaml -->
    ```text
    (what it prints)
    ```

Each command is run by sh in the project's root; it must exit with 0 and its standard output must be the block, byte
for byte (the simulator is bit-exact; blanks at a line's end are the exception). `<!-- run=1: ... -->` wants that exit
code instead. Instead of a fenced block, what a command prints as Markdown may stand bare up to a line `<!-- end -->`.
`<!-- run-free: ... -->` checks the exit code alone and needs no block: for what depends on the machine.
--update rewrites the blocks; --program stands in for build/dispatchsim. Links to files must lead somewhere. Exit 1
where a document is wrong.
"""
import argparse
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = "build/dispatchsim"
MARK = re.compile(r"<!-- run(?P<free>-free)?(?:=(?P<code>\d+))?: (?P<command>.*?) -->")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"(`{3,})[^`]*")
END = "<!-- end -->"
SLOWEST_S = 120  # more than any command of a document may take


class Wrong(Exception):
    """What is wrong with a document, in words for its author."""


def run(command, program):
    """Returns the standard output of a command of a document; raises Wrong with its exit code and remarks."""
    line = re.sub(r"(?<![\w/.-])" + re.escape(PROGRAM) + r"(?![\w/-])", lambda _: program, command["command"])
    wanted = int(command["code"] or 0)
    try:
        done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, timeout=SLOWEST_S, check=False)
    except subprocess.TimeoutExpired as late:
        raise Wrong(f"took longer than {SLOWEST_S} s") from late
    if done.returncode != wanted:
        remarks = done.stderr.decode("utf-8", "replace")
        raise Wrong(f"exit code {done.returncode}, wanted {wanted}\n{remarks}")
    return done.stdout.decode("utf-8")


def block_after(lines, at):
    """The span [first, last) of the lines inside the block that follows line `at`."""
    start = at + 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    fence = FENCE.fullmatch(lines[start]) if start < len(lines) else None
    first, closing = (start + 1, fence.group(1)) if fence else (at + 1, END)
    for last in range(first, len(lines)):
        if lines[last] == closing:
            return first, last
        if MARK.fullmatch(lines[last]):
            break
    raise Wrong("no block follows, or it is not closed")


def difference(wanted, got):
    """The first line in which two lists of lines differ, in words; None where they are the same."""
    for number in range(max(len(wanted), len(got))):
        says = wanted[number] if number < len(wanted) else "(nothing more)"
        prints = got[number] if number < len(got) else "(nothing more)"
        if says.rstrip() != prints.rstrip():
            return f"line {number + 1} of the block\n  says    {says}\n  prints  {prints}"
    return None


def check(name, program, update):
    """Checks one document. Returns the numbers of commands seen and of wrong places."""
    path = os.path.join(ROOT, name)
    with open(path, encoding="utf-8") as document:
        lines = document.read().split("\n")
    seen = wrong = at = 0
    while at < len(lines):
        mark = MARK.fullmatch(lines[at].strip())
        if mark:
            seen += 1
            try:
                check_one(lines, at, mark.groupdict(), program, update)
            except Wrong as what:
                wrong += 1
                print(f"{name}:{at + 1}: {mark['command']}\n{what}")
        for link in LINK.findall(lines[at]):
            if not os.path.exists(os.path.join(os.path.dirname(path), link)):
                wrong += 1
                print(f"{name}:{at + 1}: the link {link} leads nowhere")
        at += 1
    if update:
        with open(path, "w", encoding="utf-8") as document:
            document.write("\n".join(lines))
    return seen, wrong


def check_one(lines, at, command, program, update):
    """Runs the command marked in line `at`; changes `lines` where `update`, else raises Wrong."""
    if command["free"]:
        run(command, program)
        return
    first, last = block_after(lines, at)
    prints = run(command, program).rstrip("\n").split("\n")
    if update:
        lines[first:last] = [line.rstrip() for line in prints]
        return
    differs = difference(lines[first:last], prints)
    if differs:
        raise Wrong(differs)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("files", nargs="*", default=["README.md", "configs/README.md"])
    options = parser.parse_args()
    seen = wrong = 0
    for name in options.files:
        result = check(name, options.program, options.update)
        seen, wrong = seen + result[0], wrong + result[1]
    print(f"{len(options.files)} documents, {seen} commands, {wrong} wrong")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())

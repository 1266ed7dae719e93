#!/usr/bin/env python3
"""Plants known bugs in a copy of the sources, one by one, and sees the simulation find them.

    mutate.py [--check] [--seeds 1...10000] [--under COMMAND] [--write] [WORD…]

WORD: only bugs whose name holds one of them. --check: only whether every bug still has its place.
--under: what runs each build, such as "nice" or a lock. --write: puts the table into
docs/simulation.md. Prints the table; ends with 1 when a bug was not found, or could not be built.
"""

import argparse
import difflib
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutant"
PROGRAM = COPY / ".build" / "release" / "gatehouse-simulate"
TABLE = ROOT / "scripts" / "mutations.txt"
PAGE = ROOT / "docs" / "simulation.md"
BEGIN, END = "<!-- planted bugs -->", "<!-- end of planted bugs -->"
HEADING = "| Bug | Schedules | What was found |\n|---|---:|---|"


class Bug:
    def __init__(self, block):
        lines = block.splitlines()
        self.name = lines[0].removeprefix("# ")
        self.path = lines[1].removeprefix("file ")
        self.old = "\n".join(line[1:] for line in lines if line.startswith("-"))
        self.new = "\n".join(line[1:] for line in lines if line.startswith("+"))

    def misplacement(self):
        """Why the bug cannot be planted; None: it has its place."""
        text = (ROOT / self.path).read_text() if (ROOT / self.path).exists() else ""
        count = text.count(self.old)
        if count == 1:
            return None
        problem = f"{self.path}: {self.name}: its text stands {count} times"
        for line in self.old.splitlines() if count == 0 else []:
            if line not in text:
                near = difflib.get_close_matches(line, text.splitlines(), 1, 0)
                return f"{problem}\n  missing: {line}\n  nearest: {near[0] if near else '-'}"
        return problem

    def plant(self):
        """Writes the bug into the copy's file; returns what removes it again."""
        path = COPY / self.path
        text = path.read_text()
        path.write_text(text.replace(self.old, self.new))
        return lambda: path.write_text(text)


def read_table():
    blocks = TABLE.read_text().split("\n\n")
    return [Bug(block.strip("\n")) for block in blocks if block.lstrip("\n").startswith("# ")]


def copy_sources():
    COPY.mkdir(parents=True, exist_ok=True)
    for name in ["Sources", "Tests"]:
        shutil.rmtree(COPY / name, ignore_errors=True)
        shutil.copytree(ROOT / name, COPY / name)
    shutil.copy2(ROOT / "Package.swift", COPY)


def build(under):
    """What the compiler says is wrong; None: nothing."""
    command = ["swift", "build", "-c", "release", "--product", "gatehouse-simulate"]
    done = subprocess.run(
        shlex.split(under) + command, cwd=COPY, capture_output=True, text=True
    )
    if done.returncode == 0:
        return None
    output = done.stdout + done.stderr
    errors = re.findall(r"error: (?!fatalError)(.*)", output) or output.splitlines()[-1:]
    return errors[0] if errors else f"exit code {done.returncode}"


def simulate(seeds):
    """The seed that found it and what was found, or None and why not."""
    try:
        done = subprocess.run(
            [PROGRAM, "--until-found", seeds], capture_output=True, text=True, timeout=300
        )
        output, told, code = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired as expired:
        output, told, code = "", (expired.stderr or b"").decode(), None
    found = re.search(r"^FOUND seed (\d+), step \d+: (.*)$", output, re.MULTILINE)
    if found:
        return int(found.group(1)), found.group(2)
    last = re.findall(r"^seed (\d+)$", told, re.MULTILINE)
    if code is None:
        return int(last[-1]) if last else None, "it never ends"
    if code not in (0, 1):
        fault = re.search(r"(Fatal error|Assertion failed|Precondition failed)[^\n]*", told)
        return int(last[-1]) if last else None, fault.group(0) if fault else "it crashes"
    return None, "**not found**"


def try_out(bug, options):
    """The row of one bug, and whether it was found."""
    remove = bug.plant()
    begun = time.monotonic()
    fault = build(options.under)
    built = time.monotonic()
    seed, finding = (None, f"**does not build: {fault}**") if fault else simulate(options.seeds)
    remove()
    took = f"build {built - begun:.0f} s, schedules {time.monotonic() - built:.1f} s"
    print(f"{bug.name}: {took}", file=sys.stderr, flush=True)
    first = int(options.seeds.split(".")[0])
    schedules = "–" if seed is None else f"{seed - first + 1:,}"
    return f"| {bug.name} | {schedules} | {finding} |", seed is not None


def write_page(rows):
    text = PAGE.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text("\n".join([head + BEGIN, HEADING, *rows, END]) + tail)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--under", default="")
    parser.add_argument("--seeds", default="1...10000")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    bugs = read_table()
    misplaced = [problem for bug in bugs if (problem := bug.misplacement())]
    if misplaced:
        sys.exit("\n".join(misplaced))
    if options.check:
        print(f"{len(bugs)} bugs have their place")
        return
    if options.words:
        bugs = [bug for bug in bugs if any(word in bug.name for word in options.words)]
    copy_sources()
    if fault := build(options.under):
        sys.exit(f"the sources do not build: {fault}")
    seed, finding = simulate(options.seeds)
    if finding != "**not found**":
        sys.exit(f"without any bug: seed {seed}: {finding}")
    print(HEADING, flush=True)
    rows, found = [], 0
    for bug in bugs:
        row, is_found = try_out(bug, options)
        print(row, flush=True)
        rows.append(row)
        found += is_found
    print(f"{found} of {len(bugs)} bugs were found")
    if options.write and not options.words:
        write_page(rows)
    sys.exit(0 if found == len(bugs) else 1)


if __name__ == "__main__":
    main()

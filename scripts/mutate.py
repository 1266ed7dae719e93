#!/usr/bin/env python3
"""Plants known bugs in a copy of the sources, one by one, and sees the simulation find them.

    mutate.py [--check] [--seeds 1...10000] [WORD…]

WORD: only bugs whose name holds it. --check: only whether every bug still has its place. Prints a
table with the number of schedules each bug took; ends with 1 when one was not found.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutant"
TABLE = ROOT / "scripts" / "mutations.txt"


class Bug:
    def __init__(self, block):
        lines = block.splitlines()
        self.name = lines[0].removeprefix("# ")
        self.path = lines[1].removeprefix("file ")
        self.old = "\n".join(line[1:] for line in lines if line.startswith("-"))
        self.new = "\n".join(line[1:] for line in lines if line.startswith("+"))

    def plant(self, root):
        """Writes the bug into its file; returns the text as it was."""
        path = root / self.path
        text = path.read_text()
        if text.count(self.old) != 1:
            sys.exit(f"{self.name}: its text stands {text.count(self.old)} times in {self.path}")
        path.write_text(text.replace(self.old, self.new))
        return text


def read_table():
    blocks = TABLE.read_text().split("\n\n")
    return [Bug(block.strip("\n")) for block in blocks if block.lstrip("\n").startswith("# ")]


def copy_sources():
    COPY.mkdir(parents=True, exist_ok=True)
    for name in ["Sources", "Tests"]:
        shutil.rmtree(COPY / name, ignore_errors=True)
        shutil.copytree(ROOT / name, COPY / name)
    shutil.copy(ROOT / "Package.swift", COPY)


def build():
    command = ["swift", "build", "-c", "release", "--product", "gatehouse-simulate"]
    return subprocess.run(command, cwd=COPY, capture_output=True, text=True)


def simulate(seeds):
    """What was found, and by which seed; the first schedule that fails or crashes decides."""
    program = COPY / ".build" / "release" / "gatehouse-simulate"
    try:
        done = subprocess.run(
            [program, "--until-found", seeds], capture_output=True, text=True, timeout=600
        )
    except subprocess.TimeoutExpired:
        return "-", "it never ended"
    found = re.search(r"^FOUND seed (\d+), step \d+: (.*)$", done.stdout, re.MULTILINE)
    if found:
        return found.group(1), found.group(2)
    return ("-", "it crashed") if done.returncode < 0 else (None, "NOT FOUND")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seeds", default="1...10000")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    bugs = [bug for bug in read_table() if all(word in bug.name for word in options.words)]
    if options.check:
        for bug in bugs:
            if (count := (ROOT / bug.path).read_text().count(bug.old)) != 1:
                sys.exit(f"{bug.name}: its text stands {count} times in {bug.path}")
        print(f"{len(bugs)} bugs have their place")
        return
    copy_sources()
    missed = 0
    print("| Bug | Schedules | What was found |\n|---|---|---|", flush=True)
    for bug in bugs:
        text = bug.plant(COPY)
        built = build()
        seed, finding = (None, "DOES NOT COMPILE") if built.returncode else simulate(options.seeds)
        missed += seed is None
        print(f"| {bug.name} | {seed or '-'} | {finding} |", flush=True)
        (COPY / bug.path).write_text(text)
    print(f"{len(bugs) - missed} of {len(bugs)} bugs were found")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()

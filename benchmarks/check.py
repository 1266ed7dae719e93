#!/usr/bin/env python3
"""Counts instructions and allocations per request under callgrind: `make bench-check`.

Fails if a count is more than 3 % above what thresholds.json says. --record writes that file anew,
--explain tells where the instructions go. The kernel's own are not counted.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import callgrind
from gateways import Gatehouse, Governed, Ungoverned, Verifying
from load import SCENARIOS, LoadError, run_load
from processes import Upstream

REPOSITORY = Path(__file__).resolve().parents[1]
THRESHOLDS = Path(__file__).resolve().parent / "thresholds.json"
TOLERANCE = 1.03
FEWER, MORE = 500, 2_500
ONE_AT_A_TIME = replace(SCENARIOS[2], name="h2")
CASES = {
    "h2, ungoverned": (Ungoverned, ONE_AT_A_TIME),
    "h2, key": (Gatehouse, ONE_AT_A_TIME),
    "h2, token cached": (Governed, ONE_AT_A_TIME),
    "h2, token verified": (Verifying, ONE_AT_A_TIME),
    "HTTP/1.1, key": (Gatehouse, replace(ONE_AT_A_TIME, name="h1", is_http1=True)),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--gatehouse", default=REPOSITORY / ".build/release/gatehouse")
    parser.add_argument("--upstream",
                        default=REPOSITORY / ".build/release/gatehouse-bench-upstream")
    return parser.parse_args()


def counted(base, output):
    """That gateway under callgrind. It must not poll: how often it did would be chance."""

    class Counted(base):
        patience = 60
        under = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"]

        def settings(self, port):
            return {**super().settings(port), "spinMicroseconds": 0}

    return Counted


def profile(case, program, certificates, upstream, directory):
    """What one request costs, without start, handshake and end."""
    base, scenario = CASES[case]
    found = []
    for requests in (FEWER, MORE):
        output = directory / f"callgrind.{requests}"
        with counted(base, output)(program, certificates, upstream, directory) as peer:
            run_load(peer, scenario, requests, directory)
        found.append(callgrind.read(output))
    return found[1].per_request(found[0], MORE - FEWER)


def explain(one):
    for title, counts, rows in (("by library", one.by_library, 6),
                                ("by function", one.by_function, 25),
                                ("allocations by caller", one.allocated_by, 12)):
        print(f"  {title}")
        for name, count in counts.most_common(rows):
            if count >= 0.005:
                print(f"    {count:>10,.2f}  {name[:110]}")


def main():
    options = arguments()
    allowed = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    found, is_over = {}, False
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        directory = Path(folder)
        certificates = directory / "certs"
        subprocess.run([REPOSITORY / "scripts/make-certificates.sh", certificates], check=True,
                       stdout=subprocess.DEVNULL)
        # Valgrind stumbles over Swift's debugging information; it needs names only.
        program = directory / "stripped"
        subprocess.run(["strip", "--strip-debug", "-o", program, options.gatehouse], check=True)
        with Upstream(options.upstream, directory) as upstream:
            for case in options.case or CASES:
                one = profile(case, program, certificates, upstream, directory)
                found[case] = {"instructions": round(one.instructions),
                               "allocations": round(one.allocations, 2)}
                is_over |= tell(case, found[case], allowed.get(case))
                if options.explain:
                    explain(one)
    if options.record:
        THRESHOLDS.write_text(json.dumps({**allowed, **found}, indent=1) + "\n")
    elif is_over:
        sys.exit("more than was recorded: make it cheaper, or record it with --record and say why")


def tell(case, counts, allowed):
    """Prints the counts beside what is allowed. Returns whether they are over it."""
    line = f"{case:20} {counts['instructions']:>9,} instructions  {counts['allocations']:>6} " \
           "allocations"
    if allowed is None:
        print(f"{line}  (nothing recorded)", flush=True)
        return False
    over = [name for name in counts if counts[name] > allowed[name] * TOLERANCE + 0.05]
    print(f"{line}  recorded {allowed['instructions']:,} and {allowed['allocations']}"
          f"{'  OVER' if over else ''}", flush=True)
    return bool(over)


if __name__ == "__main__":
    try:
        main()
    except LoadError as error:
        sys.exit(f"the count is void: {error}")

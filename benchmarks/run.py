#!/usr/bin/env python3
"""Measures the gateway beside nghttpx, and what governing costs: `make bench`.

Prints a Markdown table and writes everything to results/. The method is described in README.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from gateways import Gatehouse, Governed, Ungoverned, Verifying
from load import SCENARIOS, LoadError, run_load
from machine import described
from measure import compare, median, ratio, say, spread
from processes import Upstream, resident_kib
from rivals import Nghttpx

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
GOVERNANCE = "governance"
RATIOS = [("governed", "gatehouse"), ("verifying", "gatehouse"), ("gatehouse", "ungoverned"),
          ("governed", "ungoverned")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of load per measurement")
    parser.add_argument("--scenario", action="append",
                        choices=[*(s.name for s in SCENARIOS), GOVERNANCE])
    parser.add_argument("--memory", action="store_true",
                        help="resident memory after 10,000 and 1,000,000 requests")
    parser.add_argument("--memory-requests", type=int, default=1_000_000)
    parser.add_argument("--gatehouse", default=REPOSITORY / ".build/release/gatehouse")
    parser.add_argument("--upstream",
                        default=REPOSITORY / ".build/release/gatehouse-bench-upstream")
    return parser.parse_args()


def governance(options, certificates, upstream, directory):
    """The gateway beside itself, told to do less and more."""
    directory = directory / GOVERNANCE
    directory.mkdir()
    with ExitStack() as stack:
        peers = [
            stack.enter_context(kind(options.gatehouse, certificates, upstream, directory))
            for kind in (Ungoverned, Gatehouse, Governed, Verifying)
        ]
        return compare(peers, SCENARIOS[0], options, directory)


def memory(make, options, directory):
    """Resident memory of a fresh process after few and after many requests, in KiB."""
    scenario = SCENARIOS[0]
    found = {}
    for name, start in make.items():
        with start() as peer:
            run_load(peer, scenario, 10_000, directory)
            few = resident_kib(peer.pid)
            run_load(peer, scenario, options.memory_requests - 10_000, directory)
            found[name] = {"after_10000": few, "after_all": resident_kib(peer.pid),
                           "requests": options.memory_requests}
            say(f"memory     {name:9} {found[name]}")
    return found


def table(results):
    """The medians as Markdown."""
    lines = [
        "| scenario | peer | req/s | p50 µs | p99 µs | CPU µs/req | spread of req/s |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    tables = dict(results["scenarios"])
    if GOVERNANCE in results:
        tables[f"{SCENARIOS[0].name}, {GOVERNANCE}"] = results[GOVERNANCE]
    for scenario, outcome in tables.items():
        for name, rounds in outcome["peers"].items():
            lines.append(
                f"| {scenario} | {name} | {median(rounds, 'rate'):,.0f} "
                f"| {median(rounds, 'p50_us'):,.0f} | {median(rounds, 'p99_us'):,.0f} "
                f"| {median(rounds, 'cpu_us'):.2f} | {spread(rounds, 'rate'):.0f} % |"
            )
    if GOVERNANCE in results:
        lines += ["", "Processor time per request, median of the rounds' ratios (least, most):", ""]
        lines += [ratio_line(results[GOVERNANCE], *pair) for pair in RATIOS]
    if results.get("memory"):
        lines += ["", "| resident memory | after 10,000 | at the end | growth |",
                  "|---|---:|---:|---:|"]
        for name, found in results["memory"].items():
            few, many = found["after_10000"], found["after_all"]
            lines.append(f"| {name} | {few / 1024:.1f} MiB | {many / 1024:.1f} MiB after "
                         f"{found['requests']:,} | {(many - few) / few * 100:+.1f} % |")
    return "\n".join(lines)


def ratio_line(outcome, one, other):
    middle, least, largest = ratio(outcome, one, other)
    return f"- {one} / {other}: {middle:.2f} ({least:.2f} to {largest:.2f})"


def main():
    options = arguments()
    if os.cpu_count() < 2:
        sys.exit("the measurement needs two processors: one for the peer, one for the load")
    chosen = [s for s in SCENARIOS if not options.scenario or s.name in options.scenario]
    results = {"machine": described([Nghttpx]), "scenarios": {}}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        directory = Path(folder)
        certificates = directory / "certs"
        subprocess.run([REPOSITORY / "scripts/make-certificates.sh", certificates], check=True,
                       stdout=subprocess.DEVNULL)
        with Upstream(options.upstream, directory) as upstream:
            make = {
                "gatehouse": lambda: Gatehouse(options.gatehouse, certificates, upstream,
                                               directory),
                "nghttpx": lambda: Nghttpx(certificates, upstream, directory),
            }
            with make["gatehouse"]() as ours, make["nghttpx"]() as theirs:
                for scenario in chosen:
                    outcome = compare([ours, theirs], scenario, options, directory)
                    results["scenarios"][scenario.name] = outcome
            if not options.scenario or GOVERNANCE in options.scenario:
                results[GOVERNANCE] = governance(options, certificates, upstream, directory)
            if options.memory:
                results["memory"] = memory(make, options, directory)
    results["seconds"] = round(time.monotonic() - begun)
    RESULTS.mkdir(exist_ok=True)
    stamp = results["machine"]["time"].replace(":", "").replace("+0000", "Z")
    path = RESULTS / f"{stamp}.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    print(table(results))
    say(f"written to {path.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    try:
        main()
    except LoadError as error:
        sys.exit(f"the measurement is void: {error}")

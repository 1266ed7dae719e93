#!/usr/bin/env python3
"""Measures the gateway beside nghttpx over TLS 1.3 in one alternating run: `make bench`.

Prints a Markdown table and writes everything to results/. The method is described in README.md.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from load import SCENARIOS, LoadError, run_load
from peers import Gatehouse, Nghttpx, Upstream, processor_seconds, resident_kib

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of load per measurement")
    parser.add_argument("--scenario", action="append", choices=[s.name for s in SCENARIOS])
    parser.add_argument("--memory", action="store_true",
                        help="resident memory after 10,000 and 1,000,000 requests")
    parser.add_argument("--memory-requests", type=int, default=1_000_000)
    parser.add_argument("--gatehouse", default=REPOSITORY / ".build/release/gatehouse")
    parser.add_argument("--upstream",
                        default=REPOSITORY / ".build/release/gatehouse-bench-upstream")
    return parser.parse_args()


def measured(peer, scenario, requests, directory):
    """One measurement: load, latency and the processor time the peer spent on it."""
    before = processor_seconds(peer.pid)
    outcome = run_load(peer, scenario, requests, directory)
    spent = processor_seconds(peer.pid) - before
    outcome["cpu_us"] = spent / requests * 1e6
    return outcome


def amount(peers, scenario, seconds, directory):
    """How many requests take about that long; the same number for every peer. Warms up, too."""
    rates = [run_load(peer, scenario, scenario.warm_up, directory)["rate"] for peer in peers]
    wanted = int(max(rates) * seconds)
    return max(scenario.clients * scenario.streams * 10, wanted // 100 * 100)


def compare(peers, scenario, options, directory):
    """Rounds in alternating order. Returns each peer's measurements."""
    requests = amount(peers, scenario, options.seconds, directory)
    found = {peer.name: [] for peer in peers}
    for number in range(options.rounds):
        order = peers if number % 2 == 0 else peers[::-1]
        for peer in order:
            outcome = measured(peer, scenario, requests, directory)
            found[peer.name].append(outcome)
            say(f"{scenario.name:10} round {number + 1} {peer.name:9} "
                f"{outcome['rate']:>9,.0f} req/s  {outcome['cpu_us']:6.2f} us/req")
    return {"requests": requests, "peers": found}


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


def say(text):
    print(text, file=sys.stderr, flush=True)


def median(rounds, name):
    return statistics.median(outcome[name] for outcome in rounds)


def spread(rounds, name):
    """The width of the rounds in percent of their median."""
    values = [outcome[name] for outcome in rounds]
    return (max(values) - min(values)) / statistics.median(values) * 100


def table(results):
    """The medians as Markdown."""
    lines = [
        "| scenario | peer | req/s | p50 µs | p99 µs | CPU µs/req | spread of req/s |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for scenario, outcome in results["scenarios"].items():
        for name, rounds in outcome["peers"].items():
            lines.append(
                f"| {scenario} | {name} | {median(rounds, 'rate'):,.0f} "
                f"| {median(rounds, 'p50_us'):,.0f} | {median(rounds, 'p99_us'):,.0f} "
                f"| {median(rounds, 'cpu_us'):.2f} | {spread(rounds, 'rate'):.0f} % |"
            )
    if results.get("memory"):
        lines += ["", "| resident memory | after 10,000 | at the end | growth |",
                  "|---|---:|---:|---:|"]
        for name, found in results["memory"].items():
            few, many = found["after_10000"], found["after_all"]
            lines.append(f"| {name} | {few / 1024:.1f} MiB | {many / 1024:.1f} MiB after "
                         f"{found['requests']:,} | {(many - few) / few * 100:+.1f} % |")
    return "\n".join(lines)


def described():
    """What was measured, and on what."""

    def first_line(*command):
        run = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
        return (run.stdout.splitlines() or [""])[0]

    models = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    return {
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": first_line("git", "rev-parse", "--short", "HEAD"),
        "processor": models[0] if models else platform.machine(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "nghttpx": first_line("nghttpx", "--version"),
        "openssl": first_line("openssl", "version"),
        "load_average": os.getloadavg(),
    }


def main():
    options = arguments()
    if os.cpu_count() < 2:
        sys.exit("the measurement needs two processors: one for the peer, one for the load")
    chosen = [s for s in SCENARIOS if not options.scenario or s.name in options.scenario]
    results = {"machine": described(), "scenarios": {}}
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

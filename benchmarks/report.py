#!/usr/bin/env python3
"""The table and the chart of what everyone.py measured: report.py RESULTS.json [--chart FILE.svg].

The table goes to standard output, in Markdown.
"""

import argparse
import json
from pathlib import Path

from chart import Bar, Panel, drawn
from measure import median, ratio, spread
from rivals import RIVALS

OURS = "gatehouse"
TITLES = {
    "h2 32x10": "HTTP/2, 32 connections × 10 requests",
    "h1 64": "HTTP/1.1, 64 connections",
    "2,000/s": "HTTP/2, 20 connections, 2,000 requests a second",
    "h2 1x1": "HTTP/2, one request at a time",
    "h1 1": "HTTP/1.1, one request at a time",
}
#: Scenario, figure, unit: what the chart shows.
PANELS = [("h2 32x10", "cpu_us", "µs of processor time per request"),
          ("h1 64", "cpu_us", "µs of processor time per request"),
          ("2,000/s", "p99_us", "µs until the answer is there, 99th percentile")]


def table(results):
    lines = []
    for name, title in TITLES.items():
        if name in results["scenarios"]:
            lines += scenario_table(title, results["scenarios"][name])
    return "\n".join(lines)


def scenario_table(title, outcome):
    lines = [f"**{title}**", "",
             "| | req/s | p50 µs | p99 µs | CPU µs/req | spread of CPU | leaves out |",
             "|---|---:|---:|---:|---:|---:|---|"]
    lacks = {kind.name: kind.lacks for kind in RIVALS}
    for name, rounds in outcome["peers"].items():
        is_direct = name == "direct"
        cost = "–" if is_direct else f"{median(rounds, 'cpu_us'):,.1f}"
        width = "–" if is_direct else f"{spread(rounds, 'cpu_us'):.0f} %"
        lines.append(
            f"| {name} | {median(rounds, 'rate'):,.0f} | {median(rounds, 'p50_us'):,.0f} "
            f"| {median(rounds, 'p99_us'):,.0f} | {cost} | {width} "
            f"| {'no gateway at all' if is_direct else lacks.get(name) or ''} |")
    for name, reason in outcome["absent"].items():
        lines.append(f"| {name} | – | – | – | – | – | not measured: {reason} |")
    return [*lines, "", against_best(outcome), ""]


def against_best(outcome):
    """One sentence: each figure beside the best rival's, round by round."""
    rivals = [name for name in outcome["peers"] if name not in (OURS, "direct")]
    if not rivals:
        return ""
    parts = []
    for figure, word in (("cpu_us", "processor time"), ("p50_us", "p50"), ("p99_us", "p99")):
        best = min(rivals, key=lambda name: median(outcome["peers"][name], figure))
        middle, least, largest = ratio(outcome, OURS, best, figure)
        parts.append(f"{word} {middle:.2f} of {best}'s ({least:.2f} to {largest:.2f})")
    return "Beside the best rival: " + ", ".join(parts) + "."


def panels(results):
    for name, figure, unit in PANELS:
        outcome = results["scenarios"].get(name)
        if outcome:
            bars = [Bar(peer, median(rounds, figure), peer == OURS)
                    for peer, rounds in outcome["peers"].items()
                    if not (peer == "direct" and figure == "cpu_us")]
            yield Panel(TITLES[name], unit, sorted(bars, key=lambda bar: bar.value))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--chart", type=Path)
    options = parser.parse_args()
    results = json.loads(options.results.read_text())
    print(table(results))
    if options.chart:
        options.chart.write_text(drawn(list(panels(results))))


if __name__ == "__main__":
    main()

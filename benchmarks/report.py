#!/usr/bin/env python3
"""The table and the chart of what everyone.py measured: report.py RESULTS.json [--chart FILE.svg].

The table goes to standard output, in Markdown.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from chart import Bar, Panel, drawn
from load import DOWNLOAD, EVENT_MILLISECONDS, EVENTS, UPLOAD
from measure import median, ratio, spread
from rivals import RIVALS

OURS, DIRECT = "gatehouse", "direct"
LACKS = {kind.name: kind.lacks for kind in RIVALS}


@dataclass(frozen=True)
class Column:
    """One figure of every peer: what one round says of it."""

    title: str
    of: Callable
    digits: int = 0
    is_cost: bool = False
    is_more_better: bool = False

    def rounds(self, rounds):
        return [{"value": self.of(one)} for one in rounds]

    def middle(self, rounds):
        return median(self.rounds(rounds), "value")


def requests(digits=0):
    return Column("req/s", lambda one: one["rate"], digits, is_more_better=True)


def figure(name, title, scale=1.0, digits=0, less=0.0):
    return Column(title, lambda one: one[name] * scale - less, digits)


def cost(title, scale=1.0, digits=1):
    return Column(title, lambda one: one["cpu_us"] * scale, digits, is_cost=True)


def moved(size):
    """Columns of large bodies."""
    return [Column("MB/s", lambda one: one["rate"] * size / 1e6, is_more_better=True),
            cost("CPU s/GB", 1e3 / size, 2)]


LATENCIES = [figure("p50_us", "p50 µs"), figure("p99_us", "p99 µs")]
REQUESTS = [requests(), *LATENCIES, cost("CPU µs/req")]
#: The last event is due then; whatever comes later is delay.
DUE = (EVENTS - 1) * EVENT_MILLISECONDS
STREAMS = [cost("CPU µs/event", 1 / EVENTS, 2),
           figure("p50_us", "last event's delay, p50 ms", 1e-3, 1, DUE),
           figure("p99_us", "p99 ms", 1e-3, 1, DUE)]
HANDSHAKES = [Column("per second", lambda one: one["rate"], is_more_better=True),
              cost("CPU µs each", digits=0)]
TABLES = {
    "h2 32x10": ("HTTP/2, 32 connections × 10 requests", REQUESTS),
    "h1 64": ("HTTP/1.1, 64 connections", REQUESTS),
    "2,000/s": ("HTTP/2, 20 connections, 2,000 requests a second", REQUESTS[1:]),
    "h2 1x1": ("HTTP/2, one request at a time", REQUESTS),
    "h1 1": ("HTTP/1.1, one request at a time", REQUESTS),
    "streams": (f"Event streams: 200 at once, {EVENTS} events each, {EVENT_MILLISECONDS} ms apart",
                STREAMS),
    "uploads": ("Uploads of 8 MiB, 4 connections", moved(UPLOAD)),
    "downloads": ("Downloads of 10 MiB, 4 connections", moved(DOWNLOAD)),
    "full handshakes": ("Full handshakes, one at a time, each with one request refused",
                        HANDSHAKES),
    "resumed handshakes": ("Resumed handshakes, the same", HANDSHAKES),
}
#: What the chart shows.
PANELS = {
    "h2 32x10": (REQUESTS[3], "µs of processor time per request"),
    "h1 64": (REQUESTS[3], "µs of processor time per request"),
    "2,000/s": (REQUESTS[2], "µs until the answer is there, 99th percentile"),
}


def tables(results):
    scenarios = results["scenarios"]
    for name, (title, columns) in TABLES.items():
        if name in scenarios:
            yield from scenario_table(title, columns, scenarios[name])
    if "idle connections" in scenarios:
        yield from memory_tables(scenarios["idle connections"], scenarios.get("keys"))


def scenario_table(title, columns, outcome):
    yield from [f"**{title}**", ""]
    yield f"| | {' | '.join(column.title for column in columns)} | spread of CPU | leaves out |"
    yield f"|---|{'---:|' * (len(columns) + 1)}---|"
    for name, rounds in outcome["peers"].items():
        cells = [f"{column.middle(rounds):,.{column.digits}f}"
                 if name != DIRECT or not column.is_cost else "–" for column in columns]
        cells += ["–", "no gateway at all"] if name == DIRECT else \
            [f"{spread(rounds, 'cpu_us'):.0f} %", LACKS.get(name) or ""]
        yield f"| {name} | {' | '.join(cells)} |"
    for name, reason in outcome["absent"].items():
        yield f"| {name} | {'– | ' * (len(columns) + 1)}not measured: {reason} |"
    yield from ["", against_best(columns, outcome), ""]


def against_best(columns, outcome):
    """One sentence: each figure beside the best rival's, round by round."""
    peers = outcome["peers"]
    rivals = [name for name in peers if name not in (OURS, DIRECT)]
    parts = []
    for column in columns:
        choose = max if column.is_more_better else min
        best = choose(rivals, key=lambda name: column.middle(peers[name]))
        values = {"peers": {name: column.rounds(peers[name]) for name in (OURS, best)}}
        middle, least, largest = ratio(values, OURS, best, "value")
        parts.append(f"{column.title} {middle:.2f} × {best}'s ({least:.2f} to {largest:.2f})")
    return "Beside the best rival: " + "; ".join(parts) + "." if rivals else ""


def memory_tables(idle, keys):
    yield from ["**Memory**", "", "| | bytes for an idle TLS connection |", "|---|---:|"]
    for name, size in idle["bytes_for_each"].items():
        yield f"| {name} | {size:,.0f} |"
    for name, reason in idle["absent"].items():
        yield f"| {name} | not measured: {reason} |"
    if keys:
        yield from ["", f"A key of the gateway's: {keys['bytes_for_each']:,.0f} bytes.", ""]


def panels(results):
    for name, (column, unit) in PANELS.items():
        outcome = results["scenarios"].get(name)
        if outcome:
            bars = [Bar(peer, column.middle(rounds), peer == OURS)
                    for peer, rounds in outcome["peers"].items()
                    if not (peer == DIRECT and column.is_cost)]
            yield Panel(TABLES[name][0], unit, sorted(bars, key=lambda bar: bar.value))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--chart", type=Path)
    options = parser.parse_args()
    results = json.loads(options.results.read_text())
    print("\n".join(tables(results)))
    if options.chart:
        options.chart.write_text(drawn(list(panels(results))))


if __name__ == "__main__":
    main()

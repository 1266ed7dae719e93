"""Load from h2load on processor 1, every answer checked, every latency kept."""

import re
import subprocess
from dataclasses import dataclass

BODY = (b'{"model":"bench","messages":[{"role":"user","content":"Say hello to the benchmark."}],'
        b'"temperature":0.2,"max_tokens":16}')


class LoadError(Exception):
    """The load did not run as it should have, so its numbers mean nothing."""


@dataclass(frozen=True)
class Scenario:
    """`clients` connections with `streams` requests under way on each."""

    name: str
    clients: int
    streams: int
    is_http1: bool = False
    warm_up: int = 20_000


SCENARIOS = [
    Scenario("h2 32x10", 32, 10),
    Scenario("h1 64", 64, 1, is_http1=True),
    Scenario("h2 1x1", 1, 1, warm_up=5_000),
]


def run_load(peer, scenario, requests, directory):
    """Sends that many POSTs; returns the rate and the latencies in microseconds."""
    body = directory / "body.json"
    body.write_bytes(BODY)
    log = directory / "latencies"
    log.unlink(missing_ok=True)
    command = [
        "taskset", "-c", "1", "h2load", "-n", str(requests), "-c", str(scenario.clients),
        "-m", str(scenario.streams), "-d", str(body), "--log-file", str(log),
        "-H", "content-type: application/json", "-H", f"authorization: Bearer {peer.key}",
        *(["--h1"] if scenario.is_http1 else []), f"{peer.url}/v1/chat/completions",
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    text = run.stdout
    check(text, requests, scenario, run.stderr)
    latencies = sorted(int(line.split("\t")[2]) for line in log.open())
    if len(latencies) != requests:
        raise LoadError(f"{len(latencies)} latencies for {requests} requests")
    return {
        "rate": float(re.search(r"finished in .*?, ([\d.]+) req/s", text)[1]),
        "p50_us": latencies[len(latencies) // 2],
        "p99_us": latencies[len(latencies) * 99 // 100],
        "p999_us": latencies[len(latencies) * 999 // 1000],
        "max_us": latencies[-1],
    }


def check(text, requests, scenario, errors):
    """Every request answered 200 over TLS 1.3 and the wanted protocol, or nothing counts."""
    expected = [
        f"{requests} total, {requests} started, {requests} done, {requests} succeeded, 0 failed",
        f"status codes: {requests} 2xx",
        "TLS Protocol: TLSv1.3",
        f"Application protocol: {'http/1.1' if scenario.is_http1 else 'h2'}",
    ]
    for line in expected:
        if line not in text:
            raise LoadError(f"expected {line!r} of h2load, got:\n{text}{errors}")

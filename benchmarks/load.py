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
    """`clients` connections with `streams` requests under way on each, or `rate` requests a
    second, however long the answers take."""

    name: str
    clients: int
    streams: int
    is_http1: bool = False
    warm_up: int = 20_000
    rate: int = 0
    path: str = "/v1/chat/completions"
    body: bytes = BODY
    answer_bytes: int = 1_024
    #: What `cannot` of a peer may name; else it follows from the protocol.
    special: str = ""

    @property
    def kind(self):
        return self.special or ("rate" if self.rate else "h1" if self.is_http1 else "h2")


SCENARIOS = [
    Scenario("h2 32x10", 32, 10),
    Scenario("h1 64", 64, 1, is_http1=True),
    Scenario("h2 1x1", 1, 1, warm_up=5_000),
]
EVENTS = 100
EVENT_MILLISECONDS = 10
UPLOAD, DOWNLOAD = 8 << 20, 10 << 20
#: Of `make bench-all`.
FURTHER = [
    Scenario("h1 1", 1, 1, is_http1=True, warm_up=5_000),
    Scenario("2,000/s", 20, 10, warm_up=4_000, rate=2_000),
    Scenario("streams", 200, 1, is_http1=True, warm_up=200, special="streams",
             body=BODY[:-1] + b',"stream":true}', answer_bytes=EVENTS * 185 + 14),
    Scenario("uploads", 4, 1, is_http1=True, warm_up=40, special="files", path="/sink",
             body=b"x" * UPLOAD, answer_bytes=len(f'{{"bytes":{UPLOAD}}}')),
    Scenario("downloads", 4, 1, is_http1=True, warm_up=40, special="files",
             path=f"/blob?bytes={DOWNLOAD}", body=b"", answer_bytes=DOWNLOAD),
]


def run_load(peer, scenario, requests, directory):
    """Sends that many POSTs; returns the rate and the latencies in microseconds."""
    body = directory / "body.json"
    body.write_bytes(scenario.body)
    log = directory / "latencies"
    log.unlink(missing_ok=True)
    command = [
        "taskset", "-c", "1", "h2load", "-n", str(requests), "-c", str(scenario.clients),
        "-m", str(scenario.streams), "--log-file", str(log),
        *(["-d", str(body), "-H", "content-type: application/json"] if scenario.body else []),
        "-H", f"authorization: Bearer {peer.key}",
        *(["--h1"] if scenario.is_http1 or peer.is_direct else []),
        *(paced(scenario) if scenario.rate else []), peer.url + scenario.path,
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    text = run.stdout
    check(text, requests, scenario, peer, run.stderr)
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


def paced(scenario):
    """Each connection sends every 10 ms, whether it has answers or not, and each is opened 11 ms
    behind the one before it, so that they do not all send at once."""
    assert scenario.rate // scenario.clients == 100
    return ["--rps=100", "-r", "1", "--rate-period=11ms"]


def check(text, requests, scenario, peer, errors):
    """Every request answered 200, whole, over TLS 1.3 and the wanted protocol, or nothing
    counts."""
    expected = [
        f"{requests} total, {requests} started, {requests} done, {requests} succeeded, 0 failed",
        f"status codes: {requests} 2xx",
    ]
    if not peer.is_direct:
        expected += [
            "TLS Protocol: TLSv1.3",
            f"Application protocol: {'http/1.1' if scenario.is_http1 else 'h2'}",
        ]
    if not peer.rewrites:
        expected.append(f"({requests * scenario.answer_bytes}) data")
    for line in expected:
        if line not in text:
            raise LoadError(f"{peer.name}: expected {line!r} of h2load, got:\n{text}{errors}")

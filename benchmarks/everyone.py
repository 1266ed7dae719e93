#!/usr/bin/env python3
"""Measures the gateway beside every rival that is installed: `make bench-all`.

Adds to a file of results, scenario by scenario, so that a long table can be made in pieces;
report.py makes the table and the chart of it. The method is described in README.md.
"""

import argparse
import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from gateways import Gatehouse
from handshakes import handshakes
from load import BODY, FURTHER, SCENARIOS, LoadError
from machine import described
from measure import alternate, compare, say
from processes import Peer, Upstream
from rivals import RIVALS

REPOSITORY = Path(__file__).resolve().parents[1]
LOADS = {scenario.name: scenario for scenario in [*SCENARIOS, *FURTHER]}
#: Whether the handshakes are resumed.
HANDSHAKES = {"full handshakes": False, "resumed handshakes": True}
ALL = [*LOADS, *HANDSHAKES]


class Direct(Peer):
    """Nothing between load and upstream: what the table's latencies are beside."""

    name = "direct"
    is_direct = True
    pid = 0

    def __init__(self, upstream):
        self.port = upstream.port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of load per measurement")
    parser.add_argument("--scenario", action="append", choices=ALL)
    parser.add_argument("--peer", action="append", choices=[r.name for r in RIVALS])
    parser.add_argument("--into", type=Path, required=True,
                        help="the file of results; other scenarios in it stay")
    parser.add_argument("--gatehouse", default=REPOSITORY / ".build/release/gatehouse")
    parser.add_argument("--upstream",
                        default=REPOSITORY / ".build/release/gatehouse-bench-upstream")
    return parser.parse_args()


def status(peer, key):
    """What a single request with this key is answered."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    request = urllib.request.Request(
        f"{peer.url}/v1/chat/completions", data=BODY,
        headers={"content-type": "application/json", "authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, context=trusting, timeout=30) as answer:
            return answer.status if b"chatcmpl" in answer.read() else "not the answer"
    except urllib.error.HTTPError as error:
        return error.code


def check_job(peer):
    """It answers its keys and, if it says that it checks them, nobody else's."""
    if (found := status(peer, peer.key)) != 200:
        raise LoadError(f"{peer.name} answers its key: {found}")
    if peer.checks_keys and (found := status(peer, "sk-bench-" + "0" * 64)) not in (400, 401, 403):
        raise LoadError(f"{peer.name} answers a wrong key: {found}")


def absent(kinds, what):
    """Who does not take part, and why."""
    reasons = {kind.name: kind.missing() or kind.cannot.get(what) for kind in kinds}
    return {name: reason for name, reason in reasons.items() if reason}


def run(name, kinds, options, certificates, upstream, directory):
    """All who can, in one alternating run."""
    scenario = LOADS.get(name)
    left_out = absent(kinds, scenario.kind if scenario else "handshakes")
    with ExitStack() as stack:
        peers = [stack.enter_context(
            Gatehouse(options.gatehouse, certificates, upstream, directory))]
        for kind in kinds:
            if kind.name not in left_out:
                peers.append(stack.enter_context(kind(certificates, upstream, directory)))
        for peer in peers:
            check_job(peer)
        if scenario and (scenario.rate or scenario.clients == 1 or scenario.special):
            peers.append(Direct(upstream))
        if scenario:
            outcome = compare(peers, scenario, options, directory)
        else:
            outcome = {"peers": alternate(
                peers, name, options.rounds,
                lambda peer: handshakes(peer, HANDSHAKES[name], options.seconds))}
        return {**outcome, "absent": left_out, "load_average": os.getloadavg()}


def main():
    options = arguments()
    if os.cpu_count() < 2:
        sys.exit("the measurement needs two processors: one for the peer, one for the load")
    kinds = [kind for kind in RIVALS if not options.peer or kind.name in options.peer]
    present = [kind for kind in kinds if not kind.missing()]
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        directory = Path(folder)
        certificates = make_certificates(directory)
        with Upstream(options.upstream, directory) as upstream:
            for name in options.scenario or ALL:
                outcome = run(name, kinds, options, certificates, upstream, directory)
                outcome["machine"] = described(present)
                keep(options.into, name, outcome)


def make_certificates(directory):
    """An authority and a certificate of its own for one run."""
    made = directory / "certs"
    subprocess.run([REPOSITORY / "scripts/make-certificates.sh", made], check=True,
                   stdout=subprocess.DEVNULL)
    return made


def keep(path, name, outcome):
    """Each scenario is written when it is measured, so that an interruption loses one."""
    results = json.loads(path.read_text()) if path.exists() else {"scenarios": {}}
    results["scenarios"][name] = outcome
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")
    say(f"{name} is in {path}")


if __name__ == "__main__":
    try:
        main()
    except LoadError as error:
        sys.exit(f"the measurement is void: {error}")

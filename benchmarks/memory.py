#!/usr/bin/env python3
"""What idle connections and keys weigh: memory.py --into RESULTS.json.

Resident memory before and after, of a fresh process each time. Neighbours on the machine do not
change it, so it needs no quiet.
"""

import argparse
import socket
import ssl
import tempfile
import time
from pathlib import Path

from everyone import keep, make_certificates
from gateways import Gatehouse
from machine import described
from measure import say
from processes import Upstream, resident_kib
from rivals import RIVALS

REPOSITORY = Path(__file__).resolve().parents[1]
CONNECTIONS = 1_000
KEYS = (10, 1_000, 100_000)


def connections(peer, wanted):
    """That many TLS connections, each with a request answered, all idle."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    trusting.set_alpn_protocols(["http/1.1"])
    request = (f"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n"
               f"authorization: Bearer {peer.key}\r\n\r\n").encode()
    for _ in range(wanted):
        plain = socket.create_connection(("127.0.0.1", peer.port))
        secure = trusting.wrap_socket(plain, server_hostname="localhost")
        secure.sendall(request)
        assert secure.recv(65_536).startswith(b"HTTP/1.1 200"), peer.name
        yield secure


def connection_bytes(peer):
    """Of one among many; the first few pay for what all share."""
    few = list(connections(peer, 50))
    time.sleep(1)
    before = resident_kib(peer.pid)
    many = list(connections(peer, CONNECTIONS))
    time.sleep(1)
    grown = resident_kib(peer.pid) - before
    for one in few + many:
        one.close()
    return grown * 1024 / CONNECTIONS


def with_keys(count):
    """The gateway with that many keys."""

    class Many(Gatehouse):
        keys = [f"sk-bench-{number:064}" for number in range(count)]
        key = keys[count // 2]
        patience = 60

    return Many


def key_bytes(program, certificates, upstream, directory):
    """Resident memory right behind the start, by how many keys there are."""
    found = {}
    for count in KEYS:
        with with_keys(count)(program, certificates, upstream, directory) as peer:
            time.sleep(1)
            found[count] = resident_kib(peer.pid) * 1024
            say(f"{count:>9,} keys {found[count] / 1e6:8.1f} MB")
    each = (found[KEYS[-1]] - found[KEYS[0]]) / (KEYS[-1] - KEYS[0])
    say(f"bytes for each key {each:,.0f}")
    return {"resident_bytes": found, "bytes_for_each": each}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--peer", action="append", choices=[r.name for r in RIVALS])
    parser.add_argument("--gatehouse", default=REPOSITORY / ".build/release/gatehouse")
    parser.add_argument("--upstream",
                        default=REPOSITORY / ".build/release/gatehouse-bench-upstream")
    options = parser.parse_args()
    kinds = [kind for kind in RIVALS if not options.peer or kind.name in options.peer]
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        directory = Path(folder)
        certificates = make_certificates(directory)
        with Upstream(options.upstream, directory) as upstream:
            keys = key_bytes(options.gatehouse, certificates, upstream, directory)
            idle, absent = {}, {}
            makers = [lambda: Gatehouse(options.gatehouse, certificates, upstream, directory)]
            for kind in kinds:
                if kind.missing():
                    absent[kind.name] = kind.missing()
                else:
                    makers.append(lambda kind=kind: kind(certificates, upstream, directory))
            for make in makers:
                with make() as peer:
                    idle[peer.name] = connection_bytes(peer)
                    say(f"{peer.name:10} {idle[peer.name]:9,.0f} bytes for an idle connection")
    machine = described([kind for kind in kinds if not kind.missing()])
    keep(options.into, "idle connections",
         {"bytes_for_each": idle, "absent": absent, "machine": machine})
    keep(options.into, "keys", {**keys, "machine": machine})


if __name__ == "__main__":
    main()

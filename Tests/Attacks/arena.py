"""Where an attack takes place: a gateway, an upstream and an honest client, each a process."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from attack import Broken, expect
from frames import Peer, request
from gateway import Gateway
from settings import REPOSITORY, build, make_key, merged

HERE = Path(__file__).resolve().parent
# Short, so that every bound on time is met within an attack.
TIMEOUTS = {"tlsHandshakeSeconds": 4, "requestHeadSeconds": 2, "requestBodyIdleSeconds": 2,
            "writeStallSeconds": 2, "keepAliveIdleSeconds": 10,
            "upstream": {"poolIdleSeconds": 1}}
HONEST_SHARE = 0.999
MEMORY_SHARE = 1.1


@dataclass
class Verdict:
    """What came of one attack."""

    attack: object
    observed: str
    problem: str | None
    honest: dict
    kilobytes: tuple
    seconds: float

    @property
    def is_survived(self):
        return self.problem is None


class Companion:
    """A Python program of this folder that runs beside the gateway and is asked line by line."""

    def __init__(self, script):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)

    def say(self, line=""):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self):
        return self.process.stdout.readline()

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Arena:
    """`with Arena() as arena`: everything runs until the end of the block."""

    def __init__(self, **changes):
        self._changes = changes
        self._folder = tempfile.TemporaryDirectory(prefix="gatehouse-attack-")
        self.folder = Path(self._folder.name)
        self._gateways = []

    def __enter__(self):
        certificates = self.folder / "certs"
        subprocess.run([str(REPOSITORY / "scripts" / "make-certificates.sh"), str(certificates)],
                       check=True, capture_output=True)
        self.certs = Certificates(certificates)
        pepper = secrets.token_bytes(32)
        self.pepper_file = self.folder / "pepper"
        self.pepper_file.write_bytes(pepper)
        self.key = make_key(pepper)
        self.upstream = Companion("serve_upstream.py")
        self.upstream_port = int(self.upstream.hear())
        self.gateway = self.start(**self._changes)
        self.honest = self._start_honest()
        self._warm_up()
        return self

    def _warm_up(self):
        """What a gateway that has been busy keeps on purpose is no leak of the first attack."""
        for listener in ("clear", "tls"):
            peers = [Peer(self.gateway, listener) for _ in range(200)]
            for peer in peers:
                peer.send(b"".join(request(2 * index + 1) for index in range(20)))
            for peer in peers:
                peer.take(10, until=lambda peer=peer: len(peer.body) == 20)
                peer.socket.close()

    def __exit__(self, *_):
        self.honest.stop()
        for gateway in self._gateways:
            gateway.discard()
        self.upstream.stop()
        self._folder.cleanup()

    def start(self, **changes):
        """A gateway of its own kind, which lives as long as the arena."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        settings = build("openai", self.certs, self.pepper_file,
                         f"http://127.0.0.1:{self.upstream_port}/v1", [self.key],
                         folder / "access.log", timeouts=TIMEOUTS)
        gateway = Gateway(folder, merged(settings, changes), self.certs.ca, self.key)
        gateway.start()
        self._gateways.append(gateway)
        return gateway

    def _start_honest(self):
        listener = self.gateway.listeners["tls"]
        honest = Companion("honest.py")
        honest.say(json.dumps({"listener": vars(listener), "ca": self.gateway.ca,
                               "key": self.key.text}))
        return honest

    # Looking at the gateway.

    @property
    def pid(self):
        return self.gateway.process.pid

    def kilobytes(self, pid=None):
        """Memory that is in RAM."""
        status = Path(f"/proc/{pid or self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def processor_seconds(self, pid=None):
        fields = Path(f"/proc/{pid or self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, name):
        """The sum of a metric's samples."""
        listener = self.gateway.listeners["metrics"]
        with socket.create_connection((listener.host, listener.port), 10) as raw:
            raw.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            page = b"".join(iter(lambda: raw.recv(65_536), b"")).decode()
        samples = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)", page, re.MULTILINE)
        return sum(float(sample) for sample in samples)

    def wait_for(self, predicate, what, seconds=20):
        """Waits until the predicate holds; returns how long that took."""
        begun = time.monotonic()
        while not predicate():
            waited = time.monotonic() - begun
            expect(waited < seconds, f"{what}: not within {seconds} s")
            time.sleep(0.02)
        return time.monotonic() - begun

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def is_quiet(self):
        """Nobody but the honest client is connected, and it has at most two requests under way."""
        return (self.metric("gatehouse_client_connections") <= 2
                and self.metric("http_server_active_requests") <= 2
                and self.metric("gatehouse_upstream_active_requests") <= 2)

    # One attack.

    def take(self, attack):
        """Runs one attack beside the honest client, and looks at what is left behind."""
        self._report()
        self._settle()
        before, descriptors = self.kilobytes(), self.descriptors()
        begun = time.monotonic()
        observed, problem = "", None
        try:
            observed = attack.run(self) or ""
            expect(self.gateway.process.poll() is None, "the gateway died")
            self._settle()
            # The honest client's two connections, and two to the upstream, come and go.
            self.wait_for(lambda: self.descriptors() <= descriptors + 4, "descriptors are leaked")
        except Broken as broken:
            problem = str(broken)
        except Exception as error:  # An attack that stumbles has shown nothing.
            problem = f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - begun
        if self.gateway.process.poll() is not None:
            raise SystemExit(f"{attack.name}: the gateway died\n{self.gateway.stderr.decode()}")
        honest = self._report()
        after = self._memory_after(before)
        problem = problem or self._judge(before, after, honest)
        return Verdict(attack, observed, problem, honest, (before, after), seconds)

    def _settle(self):
        self.wait_for(self.is_quiet, "connections or requests are left behind")

    def _report(self):
        """What the honest client counted since the last report, at least a hundred calls."""
        told = {"calls": 0, "failed": 0, "why": [], "slowest": 0.0}
        while told["calls"] < 100:
            time.sleep(0.2)
            self.honest.say()
            more = json.loads(self.honest.hear())
            told = {"calls": told["calls"] + more["calls"],
                    "failed": told["failed"] + more["failed"],
                    "why": told["why"] + more["why"],
                    "slowest": max(told["slowest"], more["slowest"])}
        return told

    def _memory_after(self, before):
        """Memory once it has come back to its bound, or after a few seconds."""
        bound = before * MEMORY_SHARE
        end = time.monotonic() + 12
        while self.kilobytes() > bound and time.monotonic() < end:
            time.sleep(0.05)
        return self.kilobytes()

    @staticmethod
    def _judge(before, after, honest):
        if honest["failed"] > honest["calls"] * (1 - HONEST_SHARE):
            return f"honest client: {honest['failed']} of {honest['calls']}: {honest['why']}"
        if after > before * MEMORY_SHARE:
            return f"memory: {before} kB before, {after} kB after"
        return None


@dataclass(frozen=True)
class Certificates:
    """What scripts/make-certificates.sh makes."""

    directory: Path

    @property
    def ca(self):
        return self.directory / "ca.pem"

    @property
    def leaf(self):
        return self.directory / "localhost.pem"

    @property
    def key(self):
        return self.directory / "localhost.key"

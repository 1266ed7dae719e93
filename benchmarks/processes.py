"""The processes of a measurement, each tied to a processor, and what they use of it."""

import os
import secrets
import socket
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def family(pid):
    """The process and all its descendants."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, open_ends = [], [pid]
    while open_ends:
        one = open_ends.pop()
        found.append(one)
        open_ends += parents.get(one, [])
    return found


def processor_seconds(pid):
    """User and system time so far of the process and its descendants."""
    total = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_kib(pid):
    """Resident memory of the process and its descendants."""
    total = 0
    for one in family(pid):
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


class Process:
    """A process on one processor, ready when its port answers."""

    processor = 0
    environment = {}
    #: Seconds it may take to start.
    patience = 10
    #: A program that runs it.
    under = []

    def __init__(self, name, command, port, directory):
        self.name = name
        self.port = port
        self._command = ["taskset", "-c", str(self.processor), *self.under, *map(str, command)]
        self._log = directory / f"{name}.log"

    def __enter__(self):
        self._file = self._log.open("wb")
        self._process = subprocess.Popen(
            self._command, stdout=self._file, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, env={**os.environ, **self.environment},
        )
        self.pid = self._process.pid
        self._wait()
        return self

    def _wait(self):
        for _ in range(self.patience * 40):
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.025)
        self.__exit__()
        raise SystemExit(f"{self.name} did not start:\n{self._log.read_text()[-4000:]}")

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._file.close()


class Upstream(Process):
    """Answers every request with the same 1 KB of JSON."""

    processor = 1

    def __init__(self, program, directory):
        if not Path(program).exists():
            raise SystemExit(f"{program} is not built")
        port = free_port()
        super().__init__("upstream", [program, "--listen", f"127.0.0.1:{port}"], port, directory)


class Peer(Process):
    """Something in front of the upstream, which is given a list of keys and asked with one."""

    keys = ["sk-bench-" + secrets.token_hex(32) for _ in range(1_000)]
    key = keys[500]
    #: What it leaves out of the job.
    lacks = None
    checks_keys = True
    #: Hundreds of requests a second instead of tens of thousands.
    is_slow = False
    #: Whether it makes answers anew, of a length of their own.
    rewrites = False
    #: Why it is not asked to take part, by the kind of scenario.
    cannot = {}
    is_direct = False

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    @classmethod
    def surroundings(cls):
        return {**os.environ, **cls.environment}

"""The processes of a measurement: upstream, gateway and nghttpx, each tied to a processor."""

import hashlib
import json
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

    def __init__(self, name, command, port, directory):
        self.name = name
        self.port = port
        self._command = ["taskset", "-c", str(self.processor), *map(str, command)]
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
        for _ in range(400):
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.025)
        self.__exit__()
        raise SystemExit(f"{self.name} did not start:\n{self._log.read_text()}")

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
    """A proxy in front of the upstream."""

    key = "sk-bench-" + secrets.token_hex(32)

    @property
    def url(self):
        return f"https://localhost:{self.port}"


class Gatehouse(Peer):
    """One worker; key check, limits and access log on."""

    def __init__(self, program, certificates, upstream, directory):
        if not Path(program).exists():
            raise SystemExit(f"{program} is not built")
        port = free_port()
        pepper = secrets.token_bytes(32)
        (directory / "pepper").write_bytes(pepper)
        config = directory / "gatehouse.yaml"
        # JSON is YAML.
        config.write_text(json.dumps(self.settings(port, pepper, certificates, upstream,
                                                   directory), indent=1))
        super().__init__("gatehouse", [program, "serve", "--config", config], port, directory)

    def settings(self, port, pepper, certificates, upstream, directory):
        digest = hashlib.sha256(self.key.encode() + pepper).hexdigest()
        many = 1_000_000_000
        key = {
            "id": "bench",
            "name": "benchmark",
            "prefix": "sk-bench-",
            "hash": f"sha256:{digest}",
            "limits": {"requestsPerMinute": many, "requestsPerDay": many,
                       "requestsPerMonth": many},
        }
        tls = {"certificateFile": str(certificates / "localhost.pem"),
               "keyFile": str(certificates / "localhost.key")}
        return {
            "workers": 1,
            "listeners": [{"name": "bench", "address": f"127.0.0.1:{port}", "tls": tls}],
            "keyPepperFile": str(directory / "pepper"),
            "accessLog": {"path": str(directory / "gatehouse-access.log")},
            "metrics": {"listen": "127.0.0.1:0"},
            "upstreams": [{"name": "bench", "url": f"http://127.0.0.1:{upstream.port}/v1",
                           "credential": {"value": "operator"}}],
            "sites": [{"name": "bench", "upstream": "bench", "keys": [key]}],
        }


class Nghttpx(Peer):
    """One worker; it forwards, and writes an access log."""

    def __init__(self, certificates, upstream, directory):
        port = free_port()
        command = [
            "nghttpx", "--conf=/dev/null", "--workers=1", "--no-ocsp", "--single-process",
            f"--frontend=127.0.0.1,{port}", f"--backend=127.0.0.1,{upstream.port}",
            "--tls-min-proto-version=TLSv1.3", "--backend-keep-alive-timeout=30s",
            f"--accesslog-file={directory / 'nghttpx-access.log'}",
            f"--errorlog-file={directory / 'nghttpx-error.log'}",
            certificates / "localhost.key", certificates / "localhost.pem",
        ]
        super().__init__("nghttpx", command, port, directory)

#!/usr/bin/env python3
"""What a release weighs and how fast it starts: start.py [--binary PATH] [--rounds 20].

Prints the program's size, the median time from its start to the readiness line, and its resident
memory at that moment, with the configuration conf/gatehouse.yaml on ports of the system's choosing.
"""

import argparse
import os
import secrets
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def prepare(directory):
    """conf/gatehouse.yaml with everything it names, in `directory`."""
    subprocess.run([REPOSITORY / "scripts" / "make-certificates.sh", directory], check=True)
    (directory / "pepper").write_bytes(secrets.token_bytes(32))
    (directory / "keys.yaml").write_text("keys: []\n")
    text = (REPOSITORY / "conf" / "gatehouse.yaml").read_text()
    for before, after in {
        "/etc/gatehouse/tls/fullchain.pem": f"{directory}/localhost.pem",
        "/etc/gatehouse/tls/privkey.pem": f"{directory}/localhost.key",
        "/etc/gatehouse/": f"{directory}/",
        "0.0.0.0:8443": "127.0.0.1:0",
        "127.0.0.1:8080": "127.0.0.1:0",
        # Without a name there is nothing to be resolved over the network.
        "https://api.openai.com/v1": "https://127.0.0.1:9/v1",
    }.items():
        assert before in text, before
        text = text.replace(before, after)
    path = directory / "gatehouse.yaml"
    path.write_text(text)
    return path


def resident(pid):
    """Resident memory in KiB: all of it, and what is the process's alone (not mapped files)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return [int(fields[name].split()[0]) for name in ("VmRSS", "RssAnon")]


def start(binary, config):
    """Seconds to the last readiness line, and memory then."""
    environment = {**os.environ, "UPSTREAM_API_KEY": "none"}
    begun = time.perf_counter()
    process = subprocess.Popen([binary, "serve", "--config", config], stdout=subprocess.PIPE,
                               env=environment)
    for _ in range(2):
        assert b'"listening"' in process.stdout.readline()
    seconds = time.perf_counter() - begun
    memory = resident(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    return seconds, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(REPOSITORY / ".build" / "release" / "gatehouse"))
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        config = prepare(Path(directory))
        rounds = [start(arguments.binary, config) for _ in range(arguments.rounds)]
    times = [seconds * 1_000 for seconds, _ in rounds]
    print(f"size           {Path(arguments.binary).stat().st_size / 1e6:.1f} MB")
    print(f"start          {statistics.median(times):.1f} ms, median of {len(times)} "
          f"({min(times):.1f} to {max(times):.1f})")
    for index, name in enumerate(("resident", "of it its own")):
        middle = statistics.median(memory[index] for _, memory in rounds)
        print(f"{name:14} {middle / 1024:.1f} MiB")


if __name__ == "__main__":
    main()

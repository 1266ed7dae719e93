"""An honest client, in a process of its own: calls over HTTP/2 and HTTP/1.1 until its input ends.

Each line on standard input ends one count, which is told on standard output as JSON.
"""

import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Conformance"))

from gateway import Listener  # noqa: E402
from http1_client import HTTP1Client  # noqa: E402
from http2_client import HTTP2Client  # noqa: E402

PAUSE = 0.004
CALLS_PER_CONNECTION = 25
PATIENCE = 15


class Count:
    """Calls made since the last report."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.calls, self.failures, self.slowest = 0, [], 0.0

    def add(self, seconds, failure=None):
        with self.lock:
            self.calls += 1
            self.slowest = max(self.slowest, seconds)
            if failure:
                self.failures.append(failure)

    def report(self):
        with self.lock:
            told = {"calls": self.calls, "failed": len(self.failures),
                    "why": self.failures[:3], "slowest": round(self.slowest, 3)}
            self.reset()
        return told


def chat(model, stream):
    message = {"role": "user", "content": "Hello"}
    return json.dumps({"model": model, "messages": [message], "stream": stream}).encode()


def call(client, key, number):
    """One of three kinds of request; returns what was wrong with its answer."""
    kind = number % 3
    fields = [("Authorization", f"Bearer {key}"), ("Content-Type", "application/json")]
    if kind == 0:
        answer = client.call("GET", "/health", [], None)
    else:
        answer = client.call("POST", "/v1/chat/completions", fields, chat("honest", kind == 2))
    if answer.status != 200 or not answer.is_complete:
        return f"{answer.protocol} kind {kind}: status {answer.status}, {answer.reset_code}"
    return None


def work(make, key, count, is_over):
    number = 0
    client = None
    while not is_over.is_set():
        begun = time.monotonic()
        try:
            client = client or make()
            failure = call(client, key, number)
        except Exception as problem:  # Whatever it was, this client was not served.
            failure = f"{type(problem).__name__}: {problem}"
        count.add(time.monotonic() - begun, failure)
        number += 1
        if client and (failure or number % CALLS_PER_CONNECTION == 0):
            client.close()
            client = None
        time.sleep(PAUSE)


def main():
    told = json.loads(sys.stdin.readline())
    listener = Listener(**told["listener"])
    count, is_over = Count(), threading.Event()
    makers = [lambda kind=kind: kind(listener, told["ca"], timeout=PATIENCE)
              for kind in (HTTP1Client, HTTP2Client)]
    threads = [threading.Thread(target=work, args=(make, told["key"], count, is_over), daemon=True)
               for make in makers]
    for thread in threads:
        thread.start()
    for _ in sys.stdin:
        print(json.dumps(count.report()), flush=True)
    is_over.set()
    for thread in threads:
        thread.join(PATIENCE)


main()

"""Starts and stops the real binary, and holds it to its word: readiness, exit 0, no reports."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from http1_client import HTTP1Client
from http2_client import FrameClient, HTTP2Client
from settings import REPOSITORY, dump
from successor import Successor, adopt_orphans

REPORTS = ("ERROR: AddressSanitizer", "WARNING: ThreadSanitizer", "ERROR: LeakSanitizer",
           "runtime error:", "Fatal error", "Assertion failed")


def binary():
    """The program under test: GATEHOUSE_BINARY, else the release build, else the debug build."""
    named = os.environ.get("GATEHOUSE_BINARY")
    if named:
        return str(Path(named).resolve())
    for mode in ("release", "debug"):
        path = REPOSITORY / ".build" / mode / "gatehouse"
        if path.exists():
            return str(path)
    raise FileNotFoundError("no gatehouse binary: run `make build` or set GATEHOUSE_BINARY")


def environment(**extra):
    """The environment of the program: nothing of the caller's that could change what it does."""
    kept = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "TMPDIR")
    chosen = {name: os.environ[name] for name in kept if name in os.environ}
    chosen.setdefault("ASAN_OPTIONS", "detect_leaks=1")
    chosen.setdefault("TSAN_OPTIONS", "halt_on_error=0")
    return {**chosen, **extra}


@dataclass(frozen=True)
class Listener:
    """A bound address of the running gateway."""

    name: str
    host: str
    port: int
    is_tls: bool

    @property
    def url(self):
        host = "localhost" if self.host == "127.0.0.1" else f"[{self.host}]"
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"


class Gateway:
    """One running `gatehouse serve`."""

    def __init__(self, directory, settings, ca, key=None):
        self.directory = Path(directory)
        self.settings = settings
        self.ca = str(ca)
        self.key = key
        self.config = self.directory / "gatehouse.yaml"
        self.log_path = Path(settings["accessLog"]["path"])
        self.listeners = {}
        self.stdout_lines = []
        self.stderr = b""
        self._has_ended = False
        self.is_discarded = False
        self.is_started = False
        self._ready = threading.Condition()
        self.exit_code = None
        # Processes whose place another one took.
        self.former = []

    # Life.

    def start(self, deadline=60, wrapper=(), pass_fds=(), env=None):
        """Starts the program, through `wrapper` if there is one."""
        self.config.write_text(dump(self.settings))
        self.process = subprocess.Popen(
            [*wrapper, binary(), "serve", "--config", str(self.config)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env=env or environment(), cwd=self.directory, pass_fds=pass_fds,
        )
        self._threads = [
            threading.Thread(target=self._read_stdout, daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        has_metrics = self.settings.get("metrics", {}).get("listen") != "off"
        wanted = len(self.settings["listeners"]) + has_metrics
        with self._ready:
            self._ready.wait_for(
                lambda: len(self.listeners) >= wanted or self._has_ended, deadline
            )
        if len(self.listeners) < wanted:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the gateway did not start:\n{self.stderr.decode()}")
        self.is_started = True
        return self

    def _read_stdout(self):
        for line in self.process.stdout:
            # They may be others after a restart.
            secured = {entry["name"]: "tls" in entry for entry in self.settings["listeners"]}
            secured["metrics"] = False
            self.stdout_lines.append(line.decode())
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if event.get("event") == "listening" and event["name"] in secured:
                name = event["name"]
                address = event["address"].strip("[]")
                with self._ready:
                    self.listeners[name] = Listener(name, address, event["port"], secured[name])
                    self._ready.notify_all()
        with self._ready:
            self._has_ended = True
            self._ready.notify_all()

    def _read_stderr(self):
        for line in self.process.stderr:
            with self._ready:
                self.stderr += line
                self._ready.notify_all()

    def reload(self, settings=None, ending="configuration reloaded", deadline=20):
        """Sends SIGHUP, behind `settings` in the file, and waits for what is said last; returns all
        that was said. When it returns every worker has gone over."""
        if settings is not None:
            self.config.write_text(settings if isinstance(settings, str) else dump(settings))
        last = f"gatehouse: {ending}\n".encode()
        with self._ready:
            start = len(self.stderr)
            self.process.send_signal(signal.SIGHUP)
            said = self._ready.wait_for(lambda: last in self.stderr[start:], deadline)
            assert said, f"no \"{ending}\":\n{self.stderr[start:].decode()}"
            return self.stderr[start:].decode()

    def restart(self, settings=None, deadline=30):
        """Sends SIGUSR2, behind `settings` in the file, and waits until another process serves."""
        if settings is not None:
            self.settings = settings
            self.config.write_text(dump(settings))
        adopt_orphans()
        with self._ready:
            start = len(self.stderr)
            self.process.send_signal(signal.SIGUSR2)
            found = None

            def serves():
                nonlocal found
                found = re.search(rb"gatehouse: process (\d+) serves", self.stderr[start:])
                return found

            said = self._ready.wait_for(serves, deadline)
            assert said, f"no restart:\n{self.stderr[start:].decode()}"
        self.former.append(self.process)
        self.process = Successor(int(found[1]))

    def wait_listener(self, name, deadline=20):
        """Waits until the program has said where the listener is."""
        with self._ready:
            assert self._ready.wait_for(lambda: name in self.listeners, deadline), name

    def terminate(self):
        """Sends SIGTERM and returns at once."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, deadline=60):
        """Waits for the process to end by itself; its exit code."""
        self.exit_code = self.process.wait(deadline)
        for thread in self._threads:
            thread.join(10)
        return self.exit_code

    def discard(self):
        """Ends a gateway on which a test has failed, whatever state it is in."""
        if self.exit_code is None:
            self.is_discarded = self.process.poll() is None
            for process in [*self.former, self.process]:
                process.kill()
            self.wait()

    def stop(self, deadline=60):
        """Ends the gateway as an operator does, and checks that it ends well."""
        if self.exit_code is None:
            self.terminate()
            try:
                self.wait(deadline)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.wait()
                raise AssertionError(f"no exit after SIGTERM:\n{self.stderr.decode()}") from None
        text = self.stderr.decode(errors="replace")
        if not self.is_discarded:
            ends = [process.wait(deadline) for process in self.former]
            assert not any(ends), f"processes before ended with {ends}:\n{text}"
            assert self.exit_code == 0, f"the gateway ended with {self.exit_code}:\n{text}"
        found = [report for report in REPORTS if report in text]
        assert not found, f"{found} on standard error:\n{text}"

    # Talking to it.

    def http1(self, listener="tls", **options):
        return HTTP1Client(self.listeners[listener], self.ca, **options)

    def http2(self, listener="tls", **options):
        return HTTP2Client(self.listeners[listener], self.ca, **options)

    def frames(self, listener="tls", **options):
        return FrameClient(self.listeners[listener], self.ca, **options)

    def url(self, path="", listener="tls"):
        return self.listeners[listener].url + path

    def call(self, protocol, method, path, *, json_body=None, body=None, fields=(), key="default",
             listener="tls", host="localhost"):
        """A whole exchange on a connection of its own; every answer must carry both ids."""
        fields = list(fields)
        chosen = self.key if key == "default" else key
        if chosen is not None:
            fields.append(chosen.header)
        if json_body is not None:
            body = json.dumps(json_body).encode()
            fields.append(("Content-Type", "application/json"))
        make = self.http1 if protocol == "h1" else self.http2
        with make(listener) as client:
            answer = client.call(method, path, fields, body, host)
        if answer.reset_code is None:
            assert_ids(answer)
        return answer

    def chat(self, protocol, model, **options):
        """A chat completion with this model."""
        extra = options.pop("extra", {})
        message = {"role": "user", "content": "Hello"}
        body = {"model": model, "messages": [message], **extra}
        return self.call(protocol, "POST", "/v1/chat/completions", json_body=body, **options)

    def serve_others(self):
        """Calls of another client, enough that each worker has had many turns meanwhile."""
        for _ in range(20):
            assert self.call("h1", "GET", "/health", key=None).status == 200

    # Its access log.

    def log_lines(self):
        """The lines so far, without one that is just being written."""
        if not self.log_path.exists():
            return []
        text = self.log_path.read_text()
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def wait_log(self, predicate, count=1, deadline=30):
        """Waits until `count` lines satisfy `predicate`; returns them."""
        end = time.monotonic() + deadline
        while True:
            found = [line for line in self.log_lines() if predicate(line)]
            if len(found) >= count:
                return found
            assert time.monotonic() < end, f"{len(found)} of {count} access-log lines"
            time.sleep(0.01)


def assert_ids(answer):
    """Both ids stand on every answer, once, and are well-formed."""
    request_id = answer.header("x-request-id")
    trace_id = answer.header("x-trace-id")
    assert request_id, f"no x-request-id on {answer.status}: {answer.fields}"
    assert trace_id and len(trace_id) == 32, f"bad X-Trace-Id on {answer.status}: {trace_id}"
    assert set(trace_id) <= set("0123456789abcdef") and set(trace_id) != {"0"}, trace_id


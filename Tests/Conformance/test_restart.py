"""SIGUSR2: a new process takes the sockets and the counters, and nobody notices."""

import copy
import json
import os
import shutil
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from behaviours import DONE, chat_event
from gateway import binary
from settings import dump
from test_metrics import Scrape
from test_reload import CHAT, JSON_TYPE, Pair, changed, entry

REFUSED = "gatehouse: not restarted: "


def refuse_restart(gateway, message, deadline=20):
    """Asks for a restart that comes to nothing; returns what was said."""
    start = len(gateway.stderr)
    gateway.process.send_signal(signal.SIGUSR2)
    end = time.monotonic() + deadline
    while REFUSED.encode() not in gateway.stderr[start:]:
        assert time.monotonic() < end, gateway.stderr[start:].decode()
        time.sleep(0.005)
    said = gateway.stderr[start:].decode()
    assert message in said
    return said


class Load:
    """Clients that ask without a pause: on connections they keep, and on new ones."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.is_over = threading.Event()
        self.counts = {}

    def keep_http1(self):
        """HTTP/1.1: a connection is kept until an answer ends it, as HTTP asks of clients."""
        client = self.gateway.http1()
        while not self.is_over.is_set():
            answer = client.call("GET", "/v1/models", [self.gateway.key.header])
            yield answer.status
            if "close" in (answer.header("connection") or ""):
                client.close()
                client = self.gateway.http1()
        client.close()

    def keep_http2(self):
        """HTTP/2: a connection is kept until GOAWAY. What came too late for its last stream has not
        been looked at, and is asked again (RFC 9113 section 6.8)."""
        client = self.gateway.http2()
        while not self.is_over.is_set():
            stream = 2**31
            try:
                stream = client.request("GET", "/v1/models", [self.gateway.key.header])
                status = client.wait(stream).status
            except OSError:
                status = 0
            if status or not self.is_too_late(client, stream):
                yield status
            if client.goaways:
                client.close()
                client = self.gateway.http2()
        client.close()

    @staticmethod
    def is_too_late(client, stream):
        return any(stream > last for _, last in client.wait_goaway())

    def connect(self, protocol, listener):
        while not self.is_over.is_set():
            yield self.gateway.call(protocol, "GET", "/v1/models", listener=listener).status

    def run(self, name, statuses):
        count = 0
        for status in statuses:
            assert status == 200, (name, count)
            count += 1
            self.counts[name] = count
        return count

    def start(self, pool):
        """Every kind of client once; the results are counts."""
        kinds = [
            ("kept h1", self.keep_http1()), ("kept h2", self.keep_http2()),
            ("new h1", self.connect("h1", "tls")), ("new h2", self.connect("h2", "tls")),
            ("new clear", self.connect("h1", "clear")),
        ]
        return [pool.submit(self.run, name, statuses) for name, statuses in kinds]

    def progress(self, number, deadline=20):
        """Waits until everybody has had so many answers more."""
        before = dict(self.counts)
        end = time.monotonic() + deadline
        while any(self.counts.get(name, 0) < count + number for name, count in before.items()):
            assert time.monotonic() < end, (before, self.counts)
            if self.is_over.is_set():
                return
            time.sleep(0.002)


@pytest.mark.wire_short
def test_restarts_break_no_stream_refuse_no_connection_and_fail_no_request(
    start, upstream, tag
):
    """Five restarts under load, with streams that began on each process."""
    gateway = start(timeouts={"drainSeconds": 300})
    gate = threading.Event()
    parts = [chat_event("m", f"part {number} ") for number in range(4)] + [DONE]

    @upstream.on("restart-" + tag)
    async def script(exchange):
        await exchange.start(200, [("content-type", "text/event-stream")])
        await exchange.send(parts[0])
        await exchange.hold(gate)
        for part in parts[1:]:
            await exchange.send(part)
        await exchange.end()

    body = json.dumps({"model": "restart-" + tag, "messages": [], "stream": True}).encode()

    def stream(number):
        with gateway.http1() if number % 2 else gateway.http2() as client:
            return client.call("POST", CHAT, [gateway.key.header, JSON_TYPE], body).body

    ports = {name: listener.port for name, listener in gateway.listeners.items()}
    load = Load(gateway)
    with ThreadPoolExecutor(32) as pool:
        others = load.start(pool)
        streams = []
        try:
            for count in range(1, 6):
                streams += [pool.submit(stream, number) for number in range(4)]
                upstream.wait_seen("restart-" + tag, count=4 * count)
                load.progress(2)
                gateway.restart()
                load.progress(2)
        finally:
            load.is_over.set()
            gate.set()
        assert {one.result() for one in streams} == {b"".join(parts)}
        assert all(one.result() > 20 for one in others)
    for process in gateway.former:
        assert process.wait(30) == 0
    assert {name: listener.port for name, listener in gateway.listeners.items()} == ports
    assert not [line for line in gateway.log_lines() if line.get("error")]


def test_what_takes_a_restart_is_taken_by_one(start, tmp_path, tag):
    gateway = start(names=("tls", "clear", "half"))
    gone = gateway.listeners["half"]
    settings = copy.deepcopy(gateway.settings)
    settings["workers"] = 3
    settings["listeners"] = [
        *settings["listeners"][:2], {"name": "fresh", "address": "127.0.0.1:0"}]
    settings["accessLog"]["path"] = str(tmp_path / "other.log")
    settings["sites"][0]["keys"][0]["status"] = "revoked"
    gateway.restart(settings)
    assert gateway.former[0].wait(30) == 0
    assert gateway.chat("h2", tag).status == 403
    gateway.wait_listener("fresh")
    assert gateway.call("h1", "GET", "/health", key=None, listener="fresh").status == 200
    turns = {dict(labels).get("worker") for name, labels in Scrape(gateway).samples
             if name == "gatehouse_worker_turn_duration_seconds_count"}
    assert len(turns - {None}) == 3
    assert gateway.former[0].wait(30) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((gone.host, gone.port), 5)
    end = time.monotonic() + 20
    while '"status":403' not in (tmp_path / "other.log").read_text():
        assert time.monotonic() < end
    # And back to fewer workers than there are sockets.
    gateway.restart({**settings, "workers": 1})
    for number in range(20):
        assert gateway.call("h1", "GET", "/health", key=None, listener="clear").status == 200


def test_counters_go_over_to_the_new_process(start, tag):
    gateway = start("bve", [start.key(limits={"requestsPerDay": 5})])
    statuses = []
    for protocol in ("h1", "h2", "h1"):
        statuses += [gateway.chat(protocol, tag).status for _ in range(2)]
        gateway.restart()
        assert gateway.former[-1].wait(30) == 0
    assert statuses == [200, 200, 200, 200, 200, 429]
    assert gateway.chat("h2", tag).status == 429


def test_what_the_old_process_counts_last_is_known_to_the_new_one(start, upstream, tag):
    """A stream that ends after the restart costs its tokens on the new process."""
    gate = threading.Event()

    @upstream.on(f"late-{tag}")
    async def late(exchange):
        await exchange.hold(gate)
        usage = {"prompt_tokens": 30, "completion_tokens": 70, "total_tokens": 100}
        body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [], "usage": usage}
        await exchange.respond(200, [JSON_TYPE], json.dumps(body).encode())

    key = start.key(limits={"tokensPerMonth": 1_000})
    gateway = start("openai", [key], site={
        "tokenBudgets": {"limitsKeys": True, "admission": "check"}})

    def remaining():
        answer = gateway.call("h1", "GET", "/v1/models")
        return int(answer.header("x-ratelimit-remaining-tokens"))

    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(gateway.chat, "h2", f"late-{tag}")
        upstream.wait_seen(f"late-{tag}")
        gateway.restart()
        assert remaining() == 1_000
        gate.set()
        assert stream.result().status == 200
    assert gateway.former[0].wait(30) == 0
    end = time.monotonic() + 20
    while remaining() != 900:
        assert time.monotonic() < end, remaining()


def wait_gone(pid, deadline=20):
    """Waits until the process has ended, whether or not somebody has asked how."""
    end = time.monotonic() + deadline
    while True:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_file_of_counters_is_kept_by_one_process_alone(start, upstream, tag, tmp_path):
    gate = threading.Event()

    @upstream.on(f"held-{tag}")
    async def held(exchange):
        await exchange.hold(gate)
        await exchange.respond(200, body=b"{}")

    state = tmp_path / "counters"
    key = start.key(limits={"requestsPerDay": 4})
    gateway = start("bve", [key], top={"stateFile": str(state), "stateSeconds": 1})
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(gateway.chat, "h2", f"held-{tag}")
        upstream.wait_seen(f"held-{tag}")
        gateway.restart()
        assert [gateway.chat("h1", tag).status for _ in range(2)] == [200, 200]
        # The new process ends first, and the old one does not write over what it wrote.
        gateway.terminate()
        wait_gone(gateway.process.pid)
        gate.set()
        assert stream.result().status == 200
    assert gateway.former[0].wait(30) == 0
    gateway.stop()
    again = start("bve", [key], top={"stateFile": str(state)})
    assert [again.chat("h1", tag).status for _ in range(2)] == [200, 429]


def test_a_new_process_that_does_not_start_leaves_the_old_one_serving(start, tag):
    gateway = start("bve", [start.key(limits={"requestsPerDay": 3})])
    ask = [gateway.chat("h2", tag).status]
    good = gateway.config.read_text()
    gateway.config.write_text("wrkers: 2\n" + good)
    said = refuse_restart(gateway, "the new process ended with status 1; this process goes on")
    assert "gatehouse.yaml:1:1: " in said
    gateway.config.write_text(good)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = copy.deepcopy(gateway.settings)
        busy["listeners"].append(
            {"name": "busy", "address": f"127.0.0.1:{taken.getsockname()[1]}"})
        gateway.config.write_text(dump(busy))
        said = refuse_restart(gateway, "ended with status 1")
        assert "listener busy: bind" in said
    gateway.config.write_text(good)
    ask.append(gateway.chat("h1", tag).status)
    gateway.restart()
    assert gateway.former[-1].wait(30) == 0
    ask += [gateway.chat("h2", tag).status for _ in range(2)]
    assert ask == [200, 200, 200, 429]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A copy of the program, in whose place something else may be put."""
    original = binary()
    copied = tmp_path / "gatehouse"

    def install():
        copied.unlink(missing_ok=True)
        shutil.copy(original, copied)

    install()
    monkeypatch.setenv("GATEHOUSE_BINARY", str(copied))
    return copied, install


def put_script(path, text):
    path.unlink()
    path.write_text(text)
    path.chmod(0o755)


def test_a_program_that_has_gone_is_told_and_a_new_one_in_its_place_is_started(
    start, program, tag
):
    path, install = program
    gateway = start()
    path.unlink()
    refuse_restart(gateway, f"start {path}: No such file or directory")
    assert gateway.chat("h2", tag).status == 200
    install()
    gateway.restart()
    assert gateway.chat("h2", tag).status == 200


def test_a_new_process_that_does_not_get_ready_in_time_is_given_up(start, program, tag):
    path, _ = program
    gateway = start(timeouts={"restartSeconds": 1})
    put_script(path, "#!/bin/sh\nexec sleep 600\n")
    refuse_restart(gateway, "the new process did not serve within 1000 ms; this process goes on")
    assert gateway.chat("h2", tag).status == 200


def test_a_stop_in_the_middle_of_a_restart_stops_both(start, tmp_path, program):
    path, _ = program
    gateway = start()
    put_script(path, f"#!/bin/sh\necho $$ > {tmp_path}/number\nexec sleep 600\n")
    gateway.process.send_signal(signal.SIGUSR2)
    number = tmp_path / "number"
    end = time.monotonic() + 20
    while not (number.exists() and number.read_text().strip()):
        assert time.monotonic() < end
        time.sleep(0.005)
    gateway.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_certificates_are_those_of_the_files_after_a_restart(start, tmp_path, certs):
    pair = Pair(tmp_path, certs)
    gateway = start(top={"listeners": [pair.listener()]})
    pair.issue()
    gateway.restart()
    # Until it has stopped to listen the old process may still be the one that answers.
    assert gateway.former[0].wait(30) == 0
    with gateway.http1() as client:
        assert client.socket.getpeercert(True) == pair.served


def test_a_reload_after_a_restart_is_the_new_process_s(start, tag):
    gateway = start()
    gateway.restart()
    assert gateway.former[0].wait(30) == 0
    gateway.reload(changed(gateway, keys=[entry(gateway.key, status="revoked")]))
    assert gateway.chat("h2", tag).status == 403


def test_idle_connections_may_ask_once_more(start):
    """A client cannot know that its idle connection ends: what it sends at that moment is served."""
    gateway = start()
    clients = [gateway.http1("clear") for _ in range(4)]
    silent = [gateway.http1("clear") for _ in range(4)]
    for client in clients:
        assert client.call("GET", "/health").status == 200
    gateway.restart()
    for client in clients + silent:
        answer = client.call("GET", "/health")
        assert (answer.status, answer.header("connection")) == (200, "close")
    assert gateway.former[0].wait(30) == 0


def test_http2_connections_are_told_to_go(start):
    gateway = start()
    with gateway.http2() as client:
        assert client.call("GET", "/health").status == 200
        gateway.restart()
        assert client.wait_goaway()[0] == (0, 2**31 - 1)
    assert gateway.former[0].wait(30) == 0

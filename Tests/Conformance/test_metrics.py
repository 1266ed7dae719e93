"""The metrics: what a scrape says after requests of every kind, and what it costs the others."""

import json
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families

from behaviours import DONE, SSE, chat_event, compact, send_json
from gateway import binary, environment
from settings import dump
from upstream import Upstream

CHAT = "/v1/chat/completions"
DURATION = "http_server_request_duration_seconds"
CHAT_ROUTE = {"site": "openai", "http_route": CHAT}


def fetch(gateway, path="/metrics", method="GET"):
    request = urllib.request.Request(gateway.listeners["metrics"].url + path, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.headers, answer.read().decode()


class Scrape:
    """One answer: samples by name and labels."""

    def __init__(self, gateway):
        _, text = fetch(gateway)
        self.samples = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.samples, f"twice: {key}"
                self.samples[key] = sample.value

    def sum(self, name, **labels):
        """The sum of all samples of this name that have these labels."""
        wanted = set(labels.items())
        return sum(value for (found, own), value in self.samples.items()
                   if found == name and wanted <= own)


class Deltas:
    """What has been counted since the beginning. Requests are counted when they have ended, which
    the access log tells too; what is only held is waited for."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.before = Scrape(gateway)

    def of(self, name, **labels):
        return Scrape(self.gateway).sum(name, **labels) - self.before.sum(name, **labels)

    def wait(self, expected, name, **labels):
        """A client may have its answer a moment before the turn in which it is counted ends."""
        for _ in range(2_000):
            if (found := self.of(name, **labels)) == expected:
                return
        raise AssertionError(f"{name}{labels}: {found} instead of {expected}")


def labels(status, error=None, method="POST", **route):
    found = {**(route or CHAT_ROUTE), "http_request_method": method,
             "http_response_status_code": str(status)}
    return {**found, "error_type": error} if error else found


@pytest.mark.wire_short
def test_requests_of_every_kind_are_counted_exactly(start, protocol, tag):
    limited = start.key(id="limited", limits={"requestsPerMinute": 1})
    gateway = start(keys=[start.key(), limited])
    deltas = Deltas(gateway)
    for _ in range(3):
        assert gateway.chat(protocol, tag).status == 200
    gateway.chat(protocol, tag, key=None)
    gateway.chat(protocol, f"status-429.{tag}")
    gateway.chat(protocol, f"status-500.{tag}")
    gateway.chat(protocol, f"reset-before-head.{tag}")
    gateway.chat(protocol, f"sse-drop.{tag}", extra={"stream": True})
    for _ in range(3):
        gateway.chat(protocol, tag, key=limited)
    gateway.call(protocol, "GET", "/v1/unknown")
    gateway.call(protocol, "GET", "/health", key=None)
    gateway.call(protocol, "GET", "/v1/models")
    expected = [
        (4, labels(200)), (1, labels(401, "missing_api_key")), (1, labels(429)),
        (2, labels(502, "upstream_error")), (1, labels(200, "upstream_error")),
        (2, labels(429, "rate_limit_exceeded")),
        (1, labels(404, "route_not_found", "GET", site="openai")),
        (1, labels(200, None, "GET", site="openai", http_route="/health")),
        (1, labels(200, None, "GET", site="openai", http_route="/v1/models")),
    ]
    deltas.wait(14, f"{DURATION}_count")
    after = Scrape(gateway)
    for count, wanted in expected:
        key = (f"{DURATION}_count", frozenset(wanted.items()))
        assert after.samples.get(key) == count, wanted
    assert deltas.of("gatehouse_limit_refusals_total", window="minute", **CHAT_ROUTE) == 2
    lines = gateway.wait_log(lambda line: line.get("error") == "upstream_error", 3)
    reasons = Counter(line["reason"] for line in lines)
    assert reasons["server_error"] == 1 and sum(reasons.values()) == 3
    failures = "gatehouse_upstream_failures_total"
    assert deltas.of(failures) == 3
    for reason, count in reasons.items():
        assert deltas.of(failures, upstream="openai", error_type=reason) == count
    # What the upstream answered has a first byte; what it answered to the end has an own share.
    assert deltas.of("gatehouse_time_to_first_byte_seconds_count", **CHAT_ROUTE) == 7
    assert deltas.of("gatehouse_overhead_seconds_count", **CHAT_ROUTE) == 5
    assert deltas.of("gatehouse_overhead_seconds_sum") > 0


def test_body_bytes_are_those_of_the_access_log(start, protocol, tag):
    gateway = start()
    deltas = Deltas(gateway)
    for index in range(4):
        gateway.chat(protocol, tag, extra={"padding": "x" * 10 ** index})
    gateway.chat(protocol, tag, extra={"stream": True})
    lines = gateway.wait_log(lambda line: line.get("model") == tag, 5)
    for direction, name in (("bytes_in", "request"), ("bytes_out", "response")):
        metric = f"http_server_{name}_body_size_bytes"
        deltas.wait(5, f"{metric}_count", **CHAT_ROUTE)
        total = sum(line[direction] for line in lines)
        assert deltas.of(f"{metric}_sum", **CHAT_ROUTE) == total


def usage_chunk(**usage):
    chunk = {"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": usage}
    return b"data: " + compact(chunk) + b"\n\n"


ANTHROPIC = [
    b"event: message_start\ndata: " + compact({"type": "message_start", "message": {
        "usage": {"input_tokens": 20, "cache_read_input_tokens": 5, "output_tokens": 1}}}) + b"\n\n",
    b"event: message_delta\ndata: " + compact({"type": "message_delta", "delta": {},
                                               "usage": {"output_tokens": 44}}) + b"\n\n",
]
RESPONSES = [b"event: response.completed\ndata: " + compact({
    "type": "response.completed",
    "response": {"usage": {"input_tokens": 7, "output_tokens": 9}}}) + b"\n\n"]

STREAMS = {
    "chat": (CHAT, [chat_event("m", '"usage":{"prompt_tokens":1}'),
                    usage_chunk(prompt_tokens=11, completion_tokens=13), DONE], (11, 13)),
    "responses": ("/v1/responses", RESPONSES, (7, 9)),
    "messages": ("/v1/messages", ANTHROPIC, (25, 44)),
    "silent": (CHAT, [chat_event("m", "One"), DONE], (None, None)),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_tokens_are_read_from_streams_that_pass_unchanged(start, protocol, tag, name, size):
    """Whatever the pieces in which the bytes arrive."""
    path, events, (tokens_in, tokens_out) = STREAMS[name]
    stream = b"".join(events)
    with Upstream() as own:

        @own.on("tokens")
        async def answer(exchange):
            await exchange.start(200, [SSE])
            for place in range(0, len(stream), size):
                await exchange.send(stream[place:place + size])
            await exchange.end()

        gateway = start(upstream_url=f"http://{own.address}/v1")
        deltas = Deltas(gateway)
        body = {"model": f"tokens.{tag}", "messages": [], "stream": True}
        answer = gateway.call(protocol, "POST", path, json_body=body)
        assert answer.body == stream
        (line,) = gateway.wait_log(lambda line: tag in line.get("model", ""))
        deltas.wait(1, f"{DURATION}_count", http_route=path)
    assert (line.get("tokens_in"), line.get("tokens_out")) == (tokens_in, tokens_out)
    for kind, count in (("input", tokens_in), ("output", tokens_out)):
        of = {"http_route": path, "gen_ai_token_type": kind}
        assert deltas.of("gen_ai_client_token_usage_count", **of) == (count is not None)
        assert deltas.of("gen_ai_client_token_usage_sum", **of) == (count or 0)


def test_tokens_are_read_from_json_answers(house, cast, protocol, tag):
    """A chat completion of 3 and 6 tokens, and embeddings, which have no output."""
    deltas = Deltas(house)
    chat = house.chat(protocol, tag)
    body = {"model": tag, "input": ["a", "b"]}
    embeddings = house.call(protocol, "POST", "/v1/embeddings", json_body=body)
    lines = house.wait_log(lambda line: line.get("model") == tag, 2)
    by_path = {line["path"]: line for line in lines}
    assert by_path[CHAT]["tokens_in"] == chat.json["usage"]["prompt_tokens"] == 3
    assert by_path[CHAT]["tokens_out"] == 6
    assert by_path["/v1/embeddings"]["tokens_in"] == embeddings.json["usage"]["total_tokens"] == 2
    assert "tokens_out" not in by_path["/v1/embeddings"]
    deltas.wait(2, f"{DURATION}_count")
    assert deltas.of("gen_ai_client_token_usage_sum", gen_ai_token_type="input") == 5
    assert deltas.of("gen_ai_client_token_usage_sum", gen_ai_token_type="output") == 6


@pytest.mark.wire_short
def test_what_is_under_way_and_what_pools_hold_is_told(start, protocol, tag):
    """Two requests at an upstream that takes one connection: one is active, one waits."""
    release = threading.Event()
    with Upstream() as own:

        @own.on("held")
        async def held(exchange):
            import asyncio
            await exchange.read_body()
            while not release.is_set():
                await asyncio.sleep(0.005)
            await send_json(exchange, 200, {"held": True})

        gateway = start(upstream_url=f"http://{own.address}/v1", top={"workers": 1},
                        upstream={"maxConnections": 1})
        deltas = Deltas(gateway)
        with ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(gateway.chat, protocol, f"held.{tag}") for _ in range(2)]
            try:
                deltas.wait(2, "http_server_active_requests")
                deltas.wait(1, "gatehouse_upstream_active_requests", upstream="openai")
                deltas.wait(1, "gatehouse_upstream_pending_requests", upstream="openai")
                connections = "gatehouse_upstream_connections"
                assert deltas.of(connections, upstream="openai", state="active") == 1
                assert deltas.of(connections, state="idle") == 0
                assert deltas.of("gatehouse_client_connections") == 2
                assert deltas.of(f"{DURATION}_count") == 0
            finally:
                release.set()
            assert [call.result().status for call in calls] == [200, 200]
        deltas.wait(0, "http_server_active_requests")
        deltas.wait(1, connections, state="idle")
        assert deltas.of(connections, state="active") == 0
        assert deltas.of("gatehouse_client_connections_accepted_total") == 2


def test_a_client_that_leaves_is_counted_without_a_status(start, protocol, tag):
    gateway = start()
    deltas = Deltas(gateway)
    body = json.dumps({"model": f"never.{tag}", "messages": []}).encode()
    fields = [gateway.key.header, ("Content-Type", "application/json")]
    if protocol == "h1":
        with gateway.http1() as client:
            head = "".join(f"{name}: {value}\r\n" for name, value in fields)
            client.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\n{head}"
                        f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            deltas.wait(1, "http_server_active_requests")
    else:
        with gateway.http2() as client:
            client.request("POST", CHAT, fields, body)
            deltas.wait(1, "http_server_active_requests")
    gone = {**CHAT_ROUTE, "http_request_method": "POST", "error_type": "cancelled_by_client"}
    deltas.wait(1, f"{DURATION}_count", **gone)
    key = (f"{DURATION}_count", frozenset(gone.items()))
    assert Scrape(gateway).samples[key] == 1


def test_tls_handshakes_are_counted_by_how_they_end(start, tag):
    import ssl

    gateway = start()
    deltas = Deltas(gateway)
    target = gateway.listeners["tls"]
    context = ssl.create_default_context(cafile=gateway.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    for _ in range(2):
        raw = socket.create_connection((target.host, target.port), 15)
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as secured:
            session = secured.session
            # Answered, so that the end of the connection does not overtake the handshake's.
            secured.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert secured.recv(4096).startswith(b"HTTP/1.1 200 ")
    with socket.create_connection((target.host, target.port), 15) as raw:
        raw.sendall(b"this is not TLS, whatever it may be\r\n\r\n")
        while raw.recv(4096):
            pass
    handshakes = "gatehouse_tls_handshakes_total"
    deltas.wait(3, handshakes, side="client")
    for result in ("full", "resumed", "failed"):
        assert deltas.of(handshakes, side="client", result=result) == 1, result
    assert deltas.of(handshakes, side="upstream") == 0


def test_handshakes_with_upstreams_are_counted_apart(start, certs, tag):
    with Upstream(tls=certs.pair) as own:
        url = f"https://localhost:{own.port}/v1"
        good = start(upstream_url=url, upstream={"caFile": str(certs.ca)})
        bad = start(upstream_url=url)
        for gateway, status, result in ((good, 200, "full"), (bad, 502, "failed")):
            deltas = Deltas(gateway)
            assert gateway.chat("h1", tag, listener="clear").status == status
            deltas.wait(1, "gatehouse_tls_handshakes_total", side="upstream", result=result)
            assert deltas.of("gatehouse_tls_handshakes_total") == 1


@pytest.mark.wire_short
def test_more_label_sets_than_the_limit_are_counted_as_other(start, protocol):
    gateway = start(top={"metrics": {"seriesLimit": 2}})
    for path in ("/health", "/v1/unknown", "/v1/models", "/v1/models/x"):
        for _ in range(2):
            gateway.call(protocol, "GET", path, key=None)
    Deltas(gateway).wait(0, f"{DURATION}_count")
    for _ in range(2_000):
        scrape = Scrape(gateway)
        if scrape.sum(f"{DURATION}_count") == 8:
            break
    assert scrape.sum(f"{DURATION}_count") == 8
    assert scrape.sum(f"{DURATION}_count", http_route="other", site="other",
                      http_response_status_code="other") == 4
    assert scrape.sum("gatehouse_metrics_overflow_total") == 4
    assert sum(name == f"{DURATION}_count" for name, _ in scrape.samples) == 3


def test_scrapes_under_load_lose_nothing_and_never_go_back(start, tag):
    gateway = start()
    calls, readers = 400, 3
    is_over = threading.Event()
    seen = []

    def scrape():
        last = Scrape(gateway)
        while not is_over.is_set():
            now = Scrape(gateway)
            for (name, own), value in last.samples.items():
                if name.endswith(("_total", "_count", "_bucket")):
                    assert now.samples[name, own] >= value, (name, own)
            last = now
            seen.append(1)

    def load(_):
        with gateway.http2() as client:
            fields = [gateway.key.header, ("Content-Type", "application/json")]
            body = json.dumps({"model": tag, "messages": []}).encode()
            streams = [client.request("POST", CHAT, fields, body) for _ in range(calls // 8)]
            return [client.wait(stream).status for stream in streams]

    with ThreadPoolExecutor(8 + readers) as pool:
        reading = [pool.submit(scrape) for _ in range(readers)]
        statuses = [status for found in pool.map(load, range(8)) for status in found]
        is_over.set()
        for one in reading:
            one.result()
    assert statuses == [200] * calls and len(seen) >= readers
    deltas = Deltas(gateway)
    deltas.wait(0, "http_server_active_requests")
    assert Scrape(gateway).sum(f"{DURATION}_count", **labels(200)) == calls
    assert Scrape(gateway).sum("gen_ai_client_token_usage_sum", gen_ai_token_type="input") \
        == 3 * calls


def test_the_exposition_keeps_to_the_rules_of_its_format(house, protocol, tag):
    """HELP and TYPE once each, above the samples of their metric, cumulative buckets."""
    house.chat(protocol, tag)
    headers, text = fetch(house)
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert text.endswith("\n")
    names, current = [], None
    for line in text.splitlines():
        if match := re.match(r"# HELP (\S+) \S", line):
            current = match[1]
            assert current not in names
            names.append(current)
        elif match := re.match(r"# TYPE (\S+) (counter|gauge|histogram)$", line):
            assert match[1] == current
        else:
            name = re.match(r'[a-z_]+(\{([a-z_]+="([^"\\]|\\["\\n])*",?)*\})? [0-9.]+$', line)
            assert name, line
            assert line.startswith(current)
    for family in text_string_to_metric_families(text):
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples)
        if family.type == "histogram":
            check_histogram(family)


def check_histogram(family):
    groups = {}
    for sample in family.samples:
        own = {name: value for name, value in sample.labels.items() if name != "le"}
        groups.setdefault(frozenset(own.items()), []).append(sample)
    for samples in groups.values():
        buckets = [(float(sample.labels["le"]), sample.value) for sample in samples
                   if sample.name.endswith("_bucket")]
        assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
        assert [value for _, value in buckets] == sorted(value for _, value in buckets)
        (count,) = [sample.value for sample in samples if sample.name.endswith("_count")]
        assert count == buckets[-1][1]


def test_the_process_tells_what_it_takes(house):
    scrape = Scrape(house)
    resident = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{house.process.pid}/status").read())[1])
    assert scrape.sum("process_resident_memory_bytes") == pytest.approx(resident * 1024, rel=0.3)
    assert 5 < scrape.sum("process_open_fds") < scrape.sum("process_max_fds")
    assert scrape.sum("process_start_time_seconds") > 1_700_000_000
    version = subprocess.run([binary(), "version"], capture_output=True, text=True).stdout.split()[1]
    assert scrape.sum("gatehouse_build_info", version=version) == 1
    assert scrape.sum("gatehouse_worker_turn_duration_seconds_count", worker="0") > 0


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/", 404), ("GET", "/metricsx", 404), ("POST", "/metrics", 405), ("HEAD", "/x", 404),
])
def test_only_get_and_head_of_metrics_are_answered(house, method, path, status):
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(house, path, method)
    assert caught.value.code == status


def test_head_and_a_query_are_answered_like_get(house):
    headers, body = fetch(house, "/metrics?x=1", "HEAD")
    assert int(headers["content-length"]) > 1_000 and body == ""
    assert f"# TYPE {DURATION} histogram" in fetch(house, "/metrics?x=1")[1]


def test_one_connection_reads_as_often_as_it_likes(house):
    target = house.listeners["metrics"]
    request = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
    with socket.create_connection((target.host, target.port), 15) as raw:
        stream = raw.makefile("rb")
        raw.sendall(request * 5)
        for _ in range(5):
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while (line := stream.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                length = int(value) if name == b"content-length" else length
            assert len(stream.read(length)) == length > 0
        raw.sendall(b"nonsense\r\n\r\n")
        assert stream.readline() == b"HTTP/1.1 400 Bad Request\r\n"


def test_readers_beyond_the_bound_wait_their_turn(start):
    gateway = start(top={"metrics": {"connections": 2}})
    target = gateway.listeners["metrics"]
    held = [socket.create_connection((target.host, target.port), 15) for _ in range(2)]
    for one in held:
        one.sendall(b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        assert one.recv(4096).startswith(b"HTTP/1.1 200")
    with socket.create_connection((target.host, target.port), 15) as third:
        third.sendall(b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        assert gateway.chat("h1", "any").status == 200
        held[0].close()
        assert third.recv(4096).startswith(b"HTTP/1.1 200")
    held[1].close()


def test_a_silent_reader_is_closed(start):
    gateway = start(top={"metrics": {"timeoutSeconds": 0.2}})
    target = gateway.listeners["metrics"]
    with socket.create_connection((target.host, target.port), 15) as raw:
        raw.sendall(b"GET /metr")
        assert raw.recv(4096) == b""


def test_metrics_can_be_off(start, tag):
    gateway = start(top={"metrics": {"listen": "off"}})
    assert gateway.chat("h1", tag).status == 200
    assert "metrics" not in gateway.listeners


def test_a_port_in_use_is_told_with_the_name_of_the_setting(start, tmp_path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        settings = start.settings(top={"metrics": {"listen": f"127.0.0.1:{port}"}})
        path = tmp_path / "gatehouse.yaml"
        path.write_text(dump(settings))
        result = subprocess.run([binary(), "serve", "--config", str(path)], capture_output=True,
                                text=True, timeout=60, env=environment())
    assert result.returncode == 1
    assert result.stderr == (
        f"gatehouse: metrics.listen: bind 127.0.0.1:{port}: Address already in use; "
        "set metrics.listen to another address, or to off\n")


def test_no_metric_holds_what_a_client_sent(start, protocol, tag):
    gateway = start()
    gateway.chat(protocol, tag, fields=[("X-Api-Key", "secret-1")])
    gateway.call(protocol, "GET", f"/v1/{tag}?key=secret-2")
    gateway.chat(protocol, tag, key=start.key())
    Deltas(gateway).wait(0, "http_server_active_requests")
    text = fetch(gateway)[1]
    for word in (tag, "secret", gateway.key.text, gateway.key.id):
        assert word not in text

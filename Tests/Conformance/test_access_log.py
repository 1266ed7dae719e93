"""One line per exchange, complete, and never a secret in it."""

import json
import re
import signal
import threading

import pytest

from settings import OPERATOR_KEY

FIELDS = {"time", "request_id", "trace_id", "client", "site", "route", "key_id", "method", "path",
          "status", "bytes_in", "bytes_out", "model", "protocol"}


def line_of(gateway, answer):
    """The only line of the exchange that got this answer."""
    wanted = answer.header("x-request-id")
    (line,) = gateway.wait_log(lambda line: line.get("request_id") == wanted)
    return line


@pytest.mark.wire_short
def test_an_exchange_leaves_one_line_that_tells_it_all(house, cast, protocol, upstream, tag):
    body = {"model": tag, "messages": [{"role": "user", "content": "Hello"}]}
    answer = house.call(
        protocol, "POST", "/v1/chat/completions?secret=in-query", json_body=body
    )
    line = line_of(house, answer)
    assert FIELDS <= set(line), FIELDS - set(line)
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", line["time"])
    assert line["trace_id"] == answer.header("x-trace-id")
    assert line["client"].split(":")[0] == "127.0.0.1"
    assert line["key_id"] == cast.active.id
    assert (line["method"], line["path"]) == ("POST", "/v1/chat/completions")
    assert (line["status"], line["model"]) == (200, tag)
    assert line["bytes_in"] == len(json.dumps(body))
    assert line["bytes_out"] == len(answer.body)
    assert line["protocol"] == ("h2" if protocol == "h2" else "http/1.1")
    assert upstream.address in line["upstream"]
    for name in ("duration_ms", "connect_ms", "first_byte_ms"):
        assert line[name] >= 0
    assert line["first_byte_ms"] <= line["duration_ms"]
    assert line.get("error") is None and line.get("cancelled_by") is None


@pytest.mark.parametrize(("model", "key", "status", "code"), [
    ("plain", None, 401, "missing_api_key"),
    ("plain", "revoked", 403, "api_key_revoked"),
    ("status-500", "active", 502, "upstream_error"),
    ("reset-before-head", "active", 502, "upstream_error"),
])
def test_a_refusal_leaves_its_status_and_code(house, cast, protocol, model, key, status, code,
                                              tag):
    chosen = getattr(cast, key) if key else None
    answer = house.chat(protocol, f"{model}.{tag}", key=chosen)
    line = line_of(house, answer)
    assert (line["status"], line["error"]) == (status, code)


def test_a_protocol_error_leaves_a_line_too(house):
    with house.http1() as client:
        client.send(b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        answer = client.answer()
    assert line_of(house, answer)["status"] == 400


def test_an_upstreams_cut_is_told(house, protocol, tag):
    answer = house.chat(protocol, f"sse-drop.{tag}", extra={"stream": True})
    line = line_of(house, answer)
    assert (line["status"], line["error"]) == (200, "upstream_error")
    assert line["cancelled_by"] == "upstream"


@pytest.mark.wire_short
def test_no_output_of_the_gateway_contains_a_key(start, upstream, tag):
    """Access log, standard output and standard error after every kind of call."""
    gateway = start("openai")
    unknown, other = start.key(), start.key("sk-other-")
    for protocol in ("h1", "h2"):
        for key in (gateway.key, unknown, other):
            for model in ("plain", "status-500", "reset-before-head", "sse-drop"):
                gateway.chat(protocol, f"{model}.{tag}", key=key)
        fields = [("X-Api-Key", "cookie-secret-1"), ("Cookie", "cookie-secret-2")]
        gateway.chat(protocol, tag, fields=fields)
        gateway.call(protocol, "GET", f"/v1/unknown?key={gateway.key.text}", key=None)
    gateway.stop()
    text = gateway.log_path.read_text() + "".join(gateway.stdout_lines)
    text += gateway.stderr.decode(errors="replace")
    assert tag in text
    for secret in (gateway.key.text, unknown.text, other.text, OPERATOR_KEY,
                   "cookie-secret-1", "cookie-secret-2", "upstream-secret"):
        assert secret not in text
    for key in (gateway.key, unknown):
        assert key.text.removeprefix("sk-bve-") not in text


def test_a_client_cannot_forge_a_line(house, protocol):
    """Quotes, backslashes and controls of a client are escaped; each line stays one JSON object."""
    model = 'x","status":1,"forged":"\n{"time":"\u2028\\'
    answer = house.chat(protocol, model)
    line = line_of(house, answer)
    assert "forged" not in line
    assert line["status"] == 200


def test_all_lines_are_written_before_the_process_ends(start, tag):
    gateway = start()
    for _ in range(50):
        gateway.chat("h2", tag)
    gateway.stop()
    assert sum(line["model"] == tag for line in gateway.log_lines()) == 50


def test_the_log_goes_to_standard_output_when_it_says_so(start, tag):
    gateway = start(top={"accessLog": {"path": "-"}})
    gateway.chat("h1", tag)
    gateway.stop()
    lines = [json.loads(line) for line in gateway.stdout_lines]
    assert [line for line in lines if line.get("model") == tag]
    assert lines[0]["event"] == "listening"


def test_no_line_is_lost_when_the_log_is_rotated_under_load(start):
    """Files are renamed and SIGHUP is sent while requests run; every line stands in one of them."""
    gateway = start()
    is_over = threading.Event()
    ids = []

    def work(protocol):
        with gateway.http1() if protocol == "h1" else gateway.http2() as client:
            while not is_over.is_set():
                ids.append(client.call("GET", "/health").header("x-request-id"))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("h1", "h2", "h1", "h2")]
    for thread in threads:
        thread.start()
    rotated = []
    for number in range(8):
        gateway.wait_log(lambda line: True, count=20)
        rotated.append(gateway.log_path.rename(gateway.log_path.with_suffix(f".{number}")))
        gateway.process.send_signal(signal.SIGHUP)
    is_over.set()
    for thread in threads:
        thread.join()
    gateway.stop()
    text = "".join(path.read_text() for path in [*rotated, gateway.log_path])
    logged = [json.loads(line)["request_id"] for line in text.splitlines()]
    assert sorted(logged) == sorted(ids)


def test_a_full_disk_keeps_nobody_from_being_served(start, protocol, tag):
    gateway = start(top={"accessLog": {"path": "/dev/full"}})
    for _ in range(20):
        assert gateway.chat(protocol, tag).status == 200
    gateway.process.send_signal(signal.SIGHUP)
    assert gateway.chat(protocol, tag).status == 200

"""Memory that runs short: new requests are refused before the kernel ends everybody's."""

from pathlib import Path

import pytest

CHAT = "/v1/chat/completions"
JSON_TYPE = ("Content-Type", "application/json")


def resident(gateway):
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def until(gateway, protocol, tag, status):
    """It is looked at once a second."""
    for _ in range(10_000):
        answer = gateway.chat(protocol, tag)
        if answer.status == status:
            return answer
    raise AssertionError(f"still {answer.status}")


def bounded(gateway, count):
    return {**gateway.settings,
            "limits": {**gateway.settings.get("limits", {}), "memoryBytes": count}}


@pytest.mark.wire_short
def test_above_the_bound_requests_are_refused_and_health_is_not(start, protocol, upstream, tag):
    gateway = start(limits={"memoryBytes": 1_048_576})
    answer = until(gateway, protocol, tag, 503)
    assert answer.error["code"] == "overloaded"
    assert int(answer.header("retry-after")) >= 1
    seen = len(upstream.seen(tag))
    assert gateway.chat(protocol, tag).status == 503
    assert len(upstream.seen(tag)) == seen
    assert gateway.call(protocol, "GET", "/health", key=None).status == 200
    assert b"requests are answered 503" in gateway.stderr
    gateway.reload(bounded(gateway, 1 << 40))
    until(gateway, protocol, tag, 200)
    assert b"requests are served again" in gateway.stderr


def test_what_is_under_way_ends_well_and_makes_room(start, upstream, tag):
    """Bodies that are being collected fill the memory; their own requests are served."""
    gateway = start()
    assert gateway.chat("h1", tag).status == 200
    gateway.reload(bounded(gateway, resident(gateway) + 24 * 1024 * 1024))
    body = b'{"model":"%s","x":"' % tag.encode() + b"x" * 9_000_000 + b'"}'
    fields = [gateway.key.header, JSON_TYPE, ("Content-Length", str(len(body))),
              ("Expect", "100-continue")]
    clients = [gateway.http1() for _ in range(5)]
    for client in clients:
        client.send(client.head("POST", CHAT, fields))
        assert client.head_of_answer().status == 100
    for client in clients:
        client.send(body[:-1])
    until(gateway, "h1", "t" + tag, 503)
    for client in clients:
        client.send(body[-1:])
        assert client.answer().status == 200
        client.close()
    until(gateway, "h1", "t" + tag, 200)

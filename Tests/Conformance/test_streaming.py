"""Streams: at once, byte for byte, no faster than the client reads, and gone when the client is."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from behaviours import DONE, chat_event, chat_stream

CHAT = "/v1/chat/completions"
JSON_TYPE = ("Content-Type", "application/json")


def kernel_buffers():
    """The most the kernel takes over for the two connections of a relay, both ends, in bytes."""
    largest = [int(Path(f"/proc/sys/net/ipv4/tcp_{way}mem").read_text().split()[2]) for way in "rw"]
    return 2 * sum(largest)


# What a gateway without back-pressure would take over of an endless answer, and one with it.
BOUND = kernel_buffers() + (8 << 20)
TOTAL = 4 * BOUND


def chat_body(model, stream=True):
    return json.dumps({"model": model, "messages": [], "stream": stream}).encode()


def gated(upstream, tag, parts):
    """A stream of `parts` that waits for a gate of its own behind each of them."""
    gates = [threading.Event() for _ in parts]

    @upstream.on("gated-" + tag)
    async def script(exchange):
        await exchange.start(200, [("content-type", "text/event-stream")])
        for part, gate in zip(parts, gates, strict=True):
            await exchange.send(part)
            await exchange.hold(gate)
        await exchange.end()

    return "gated-" + tag, gates


@pytest.mark.wire_short
def test_each_part_reaches_the_client_before_the_upstream_sends_the_next(
    house, protocol, upstream, tag
):
    """No clock: the upstream does not go on before the client has what was sent so far."""
    parts = [chat_event("m", "One "), b"data: {\"half", b'":1}\n\n', b": comment\n\n", DONE]
    model, gates = gated(upstream, tag, parts)
    fields = [house.key.header, JSON_TYPE]
    if protocol == "h1":
        with house.http1() as client:
            client.request("POST", CHAT, fields, chat_body(model))
            answer = client.head_of_answer()
            pieces = client.pieces(answer)
            seen = b""
            for part, gate in zip(parts, gates, strict=True):
                wanted = seen + part
                while len(seen) < len(wanted):
                    seen += next(pieces)
                assert seen == wanted
                gate.set()
            assert list(pieces) == []
        return
    with house.http2() as client:
        stream = client.request("POST", CHAT, fields, chat_body(model))
        wanted = b""
        for part, gate in zip(parts, gates, strict=True):
            wanted += part
            answer = client.wait(stream, until=lambda a: len(a.body) >= len(wanted))
            assert answer.body == wanted
            gate.set()
        assert client.wait(stream).is_complete


def test_the_head_of_a_stream_reaches_the_client_before_its_first_byte(house, upstream, tag):
    gate = threading.Event()
    name = "head-first-" + tag

    @upstream.on(name)
    async def script(exchange):
        await exchange.start(200, [("content-type", "text/event-stream")])
        await exchange.hold(gate)
        await exchange.send(DONE)
        await exchange.end()

    with house.http2() as client:
        stream = client.request("POST", CHAT, [house.key.header, JSON_TYPE], chat_body(name))
        assert client.wait(stream, until=lambda a: a.status).status == 200
        gate.set()
        assert client.wait(stream).body == DONE


@pytest.mark.wire_short
def test_a_streams_bytes_are_the_upstreams(house, protocol, tag):
    answer = house.chat(protocol, tag, extra={"stream": True})
    assert answer.body == b"".join(chat_stream(tag))
    assert answer.header("content-type") == "text/event-stream"


def test_odd_but_legal_stream_bytes_pass_unchanged(house, protocol, upstream, tag):
    raw = b":\r\n\r\nevent: x\r\ndata: 1\r\n\r\n\xef\xbb\xbfdata:2\rdata: 3\n\n" + bytes(range(256))
    name = "odd-" + tag

    @upstream.on(name)
    async def script(exchange):
        await exchange.start(200, [("content-type", "text/event-stream; charset=utf-8")])
        await exchange.send(raw)
        await exchange.end()

    answer = house.chat(protocol, name, extra={"stream": True})
    assert answer.body == raw
    assert answer.header("content-type") == "text/event-stream; charset=utf-8"


def flood(upstream, tag, content_type):
    """An endless-looking answer whose progress the record tells."""
    name = "flood-" + tag

    @upstream.on(name)
    async def script(exchange):
        await exchange.start(200, [("content-type", content_type)])
        block = b"data: " + b"x" * 65_500 + b"\n\n"
        while exchange.record.sent < TOTAL:
            await exchange.send(block)
        await exchange.end()

    return name


def plateau(record, gateway):
    """The number of bytes the upstream could send once it stands still.

    That no byte moved while others were served tells it, however slow the machine is."""
    last = -1
    while record.sent != last:
        last = record.sent
        gateway.serve_others()
    return last


@pytest.mark.parametrize("content_type", ["text/event-stream", "application/octet-stream"])
def test_a_client_that_does_not_read_stops_the_reading_upstream(
    house, protocol, upstream, tag, content_type
):
    name = flood(upstream, tag, content_type)
    fields = [house.key.header, JSON_TYPE]
    if protocol == "h1":
        client = house.http1(receive_buffer=16_384)
        client.request("POST", CHAT, fields, chat_body(name))
        client.head_of_answer()
    else:
        client = house.http2(window=65_535, auto_credit=False)
        stream = client.request("POST", CHAT, fields, chat_body(name))
        client.wait(stream, until=lambda a: a.body)
    with client:
        (record,) = upstream.wait_seen(name)
        assert plateau(record, house) < BOUND
    assert record.cancelled.wait(15)


def test_a_stalled_stream_does_not_hold_the_others_of_its_connection(house, upstream, tag):
    name = flood(upstream, tag, "text/event-stream")
    with house.http2(window=65_535, auto_credit=False) as client:
        fields = [house.key.header, JSON_TYPE]
        stalled = client.request("POST", CHAT, fields, chat_body(name))
        client.wait(stalled, until=lambda a: len(a.body) > 10_000)
        client.machine.increment_flow_control_window(1 << 20)
        client.flush()
        answer = client.call("POST", CHAT, fields, chat_body(tag + "o", stream=False))
        assert answer.status == 200


def test_a_stalled_reader_is_cut_after_the_write_timeout(start, protocol, upstream, tag):
    gateway = start(timeouts={"writeStallSeconds": 0.5})
    name = flood(upstream, tag, "text/event-stream")
    fields = [gateway.key.header, JSON_TYPE]
    if protocol == "h1":
        client = gateway.http1(receive_buffer=16_384)
        client.request("POST", CHAT, fields, chat_body(name))
    else:
        client = gateway.http2(window=1_000, auto_credit=False)
        client.request("POST", CHAT, fields, chat_body(name))
    with client:
        (record,) = upstream.wait_seen(name)
        assert record.cancelled.wait(30)


# The client goes away.


def hanging(upstream, tag, stage):
    """Waits for the client to go: before the head, after the head, after the first bytes."""
    name = f"hang-{stage}-{tag}"

    @upstream.on(name)
    async def script(exchange):
        kind = "text/event-stream" if stage.startswith("sse") else "application/json"
        if stage != "silent":
            await exchange.start(200, [("content-type", kind)])
            await exchange.send(b"data: 1\n\n" if kind != "application/json" else b'{"a":')
        await exchange.gone()

    return name


@pytest.mark.wire_short
@pytest.mark.parametrize("stage", ["silent", "sse", "json"])
@pytest.mark.parametrize("manner", ["close", "abort"])
def test_a_client_that_leaves_cancels_the_upstream(
    house, protocol, upstream, tag, stage, manner
):
    name = hanging(upstream, tag, stage)
    fields = [house.key.header, JSON_TYPE]
    client = house.http1() if protocol == "h1" else house.http2()
    if protocol == "h1":
        client.request("POST", CHAT, fields, chat_body(name, stage == "sse"))
        if stage != "silent":
            next(client.pieces(client.head_of_answer()))
    else:
        stream = client.request("POST", CHAT, fields, chat_body(name, stage == "sse"))
        if stage != "silent":
            client.wait(stream, until=lambda a: a.body)
    (record,) = upstream.wait_seen(name)
    assert not record.cancelled.is_set()
    client.abort() if manner == "abort" and protocol == "h1" else client.close()
    assert record.cancelled.wait(15), "the upstream was never told"
    line = house.wait_log(lambda line: line.get("model") == name)[0]
    assert line["cancelled_by"] == "client"


@pytest.mark.parametrize("stage", ["silent", "sse"])
def test_a_reset_stream_cancels_its_upstream_request_only(house, upstream, tag, stage):
    """Two streams, one reset: the other one completes."""
    name = hanging(upstream, tag, stage)
    with house.http2() as client:
        fields = [house.key.header, JSON_TYPE]
        doomed = client.request("POST", CHAT, fields, chat_body(name, stage == "sse"))
        (record,) = upstream.wait_seen(name)
        client.reset(doomed)
        assert record.cancelled.wait(15)
        answer = client.call("POST", CHAT, fields, chat_body(tag + "x", stream=False))
        assert answer.status == 200
        assert client.goaways == []


def test_a_half_close_over_tls_or_cleartext_means_gone_by_default(house, upstream, tag):
    name = hanging(upstream, tag, "silent")
    with house.http1("clear") as client:
        client.request("POST", CHAT, [house.key.header, JSON_TYPE], chat_body(name))
        (record,) = upstream.wait_seen(name)
        client.socket.shutdown(socket.SHUT_WR)
        assert record.cancelled.wait(15)


def test_a_listener_that_allows_half_close_still_answers(house, upstream, tag):
    gate = threading.Event()
    name = "late-" + tag

    @upstream.on(name)
    async def script(exchange):
        await exchange.hold(gate)
        await exchange.respond(200, [("content-type", "application/json")], b'{"late":1}')

    with house.http1("half") as client:
        client.request("POST", CHAT, [house.key.header, JSON_TYPE], chat_body(name, False))
        upstream.wait_seen(name)
        client.socket.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        gate.set()
        assert client.answer().json == {"late": 1}


def test_a_client_that_leaves_in_the_middle_of_an_upload_cancels_it(
    house, protocol, upstream, tag
):
    fields = [house.key.header, ("Content-Type", "multipart/form-data; boundary=b"),
              ("Content-Length", "1000000")]
    target = f"/v1/files?tag={tag}"
    client = house.http1() if protocol == "h1" else house.http2()
    if protocol == "h1":
        client.send(client.head("POST", target, fields) + b"x" * 100_000)
    else:
        client.send(client.open("POST", target, fields, ends=False), b"x" * 60_000)
    (record,) = upstream.wait_seen(tag)
    assert record.body_seen.wait(15)
    client.close()
    assert record.cancelled.wait(15)
    assert not record.is_complete


def test_many_streams_at_once_are_each_their_own(house, upstream, tag):
    with house.http2() as client:
        fields = [house.key.header, JSON_TYPE]
        streams = {
            index: client.request("POST", CHAT, fields, chat_body(f"{tag}-{index}"))
            for index in range(60)
        }
        for index, stream in streams.items():
            assert client.wait(stream).body == b"".join(chat_stream(f"{tag}-{index}"))

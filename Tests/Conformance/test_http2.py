"""HTTP/2: crafted frames, streams that are each on their own, floods, and a graceful end."""

import json
import threading

import h2.errors
import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tools import nghttp

CHAT = "/v1/chat/completions"
JSON_TYPE = ("content-type", "application/json")
PROTOCOL_ERROR = int(h2.errors.ErrorCodes.PROTOCOL_ERROR)

BASE = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"),
        (":path", "/health")]

MALFORMED = {
    "no method": BASE[1:],
    "no scheme": [BASE[0], *BASE[2:]],
    "no path": BASE[:3],
    "empty path": [*BASE[:3], (":path", "")],
    "path without slash": [*BASE[:3], (":path", "health")],
    "two methods": [BASE[0], *BASE],
    "two paths": [*BASE, (":path", "/other")],
    "two authorities": [*BASE, (":authority", "other")],
    "unknown pseudo": [*BASE, (":odd", "1")],
    "response pseudo": [*BASE, (":status", "200")],
    "pseudo behind field": [*BASE[:3], ("x-a", "1"), BASE[3]],
    "upper-case name": [*BASE, ("X-Upper", "1")],
    "connection": [*BASE, ("connection", "close")],
    "keep-alive": [*BASE, ("keep-alive", "1")],
    "transfer-encoding": [*BASE, ("transfer-encoding", "chunked")],
    "upgrade": [*BASE, ("upgrade", "h2c")],
    "proxy-connection": [*BASE, ("proxy-connection", "close")],
    "te": [*BASE, ("te", "gzip")],
    "CR in value": [*BASE, ("x-a", "a\rb")],
    "LF in value": [*BASE, ("x-a", "a\nGET /smuggled HTTP/1.1")],
    "NUL in value": [*BASE, ("x-a", "a\x00b")],
    "LF in path": [*BASE[:3], (":path", "/health\r\nX: 1")],
    "blank in path": [*BASE[:3], (":path", "/health HTTP/1.1")],
    "blank in method": [(":method", "GET /x"), *BASE[1:]],
    "colon in name": [*BASE, ("x:a", "1")],
    "blank in name": [*BASE, ("x a", "1")],
    "empty name": [*BASE, ("", "1")],
    "host unlike authority": [*BASE, ("host", "other.example")],
    "two hosts": [*BASE, ("host", "localhost"), ("host", "localhost")],
    "user in authority": [*BASE[:2], (":authority", "user@localhost"), BASE[3]],
    "underscore in name": [*BASE, ("x_under", "1")],
    "connect": [(":method", "CONNECT"), (":authority", "localhost:443")],
    "length differs": [*BASE, ("content-length", "5")],
    "bad length": [*BASE, ("content-length", "five")],
    "two lengths": [*BASE, ("content-length", "0"), ("content-length", "1")],
}


@pytest.mark.wire_short
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_stream_is_reset_without_an_answer_and_the_others_live(
    house, upstream, name
):
    """RFC 9113 section 8.1.1. nghttp2 may close the connection instead only for HPACK errors."""
    before = len(upstream.records)
    with house.http2() as client:
        stream = client.crafted(MALFORMED[name])
        answer = client.wait(stream)
        refused = answer.status in (400, 404, 501) and name in POLICY
        assert refused or (answer.status == 0 and answer.reset_code == PROTOCOL_ERROR), answer
        assert client.call("GET", "/health").status == 200
        assert client.goaways == []
    assert len(upstream.records) == before


POLICY = {"underscore in name", "connect", "host unlike authority", "user in authority",
          "two hosts"}


@pytest.mark.wire_short
def test_of_two_streams_one_is_reset_and_one_completes(house, upstream, tag):
    gate = threading.Event()
    name = "held-" + tag

    @upstream.on(name)
    async def held(exchange):
        await exchange.hold(gate)
        await exchange.respond(200, [("content-type", "application/json")], b'{"kept":1}')

    body = json.dumps({"model": name, "messages": []}).encode()
    with house.http2() as client:
        fields = [house.key.header, JSON_TYPE]
        doomed, kept = (client.request("POST", CHAT, fields, body) for _ in range(2))
        upstream.wait_seen(name, 2)
        client.reset(doomed)
        gate.set()
        assert client.wait(kept).json == {"kept": 1}
        assert client.goaways == []


@pytest.mark.wire_short
def test_sigterm_finishes_what_is_under_way_and_exits_0(start, protocol, upstream, tag):
    """GOAWAY 2^31-1 first, the running stream to its end, then the end of the connection."""
    gate = threading.Event()
    name = "long-" + tag

    @upstream.on(name)
    async def long(exchange):
        await exchange.start(200, [("content-type", "text/event-stream")])
        await exchange.send(b"data: 1\n\n")
        await exchange.hold(gate)
        await exchange.send(b"data: [DONE]\n\n")
        await exchange.end()

    gateway = start()
    body = json.dumps({"model": name, "messages": [], "stream": True}).encode()
    fields = [gateway.key.header, JSON_TYPE]
    if protocol == "h1":
        with gateway.http1() as client:
            client.request("POST", CHAT, fields, body)
            answer = client.head_of_answer()
            pieces = client.pieces(answer)
            assert next(pieces) == b"data: 1\n\n"
            gateway.terminate()
            wait_refused(gateway)
            gate.set()
            assert b"".join(pieces) == b"data: [DONE]\n\n"
            assert client.is_closed()
    else:
        with gateway.http2() as client:
            stream = client.request("POST", CHAT, fields, body)
            client.wait(stream, until=lambda a: a.body)
            gateway.terminate()
            (first, *_) = client.wait_goaway()
            assert first == (0, 2**31 - 1)
            gate.set()
            answer = client.wait(stream)
            assert answer.body == b"data: 1\n\ndata: [DONE]\n\n" and answer.is_complete
            assert client.is_closed()
            assert client.goaways[-1][0] == 0
            assert client.goaways[-1][1] in (stream, 2**31 - 1)
    assert gateway.wait() == 0


def wait_refused(gateway):
    """Waits until the gateway takes no new connection."""
    import time

    for _ in range(500):
        try:
            gateway.http1("clear").close()
        except OSError:
            return
        time.sleep(0.01)
    raise AssertionError("connections are still accepted after SIGTERM")


def test_idle_connections_do_not_delay_the_end(start, protocol):
    gateway = start()
    client = gateway.http1() if protocol == "h1" else gateway.http2()
    with client:
        assert client.call("GET", "/health").status == 200
        gateway.terminate()
        assert gateway.wait(20) == 0


def test_a_connection_whose_handshake_ends_in_the_drain_is_sent_away(start):
    """It gets both GOAWAYs: the one that names no limit, and the final one."""
    gateway = start(top={"workers": 1})
    with gateway.http1() as idle, gateway.frames(waits=True) as late:
        assert idle.call("GET", "/health").status == 200
        gateway.terminate()
        assert idle.is_closed()
        late.send(late.PREFACE, SettingsFrame(0))
        while late.next():
            pass
        last = [frame.last_stream_id for frame in late.frames if isinstance(frame, GoAwayFrame)]
        assert last == [2**31 - 1, 0]
        assert gateway.wait(20) == 0


def test_what_outlasts_the_drain_is_cut_and_the_exit_is_still_0(start, upstream, tag):
    gateway = start(timeouts={"drainSeconds": 0.5})
    body = json.dumps({"model": f"never.{tag}", "messages": []}).encode()
    with gateway.http2() as client:
        client.request("POST", CHAT, [gateway.key.header, JSON_TYPE], body)
        (record,) = upstream.wait_seen(tag)
        gateway.terminate()
        assert gateway.wait(20) == 0
        assert record.cancelled.wait(15)


# Floods. Each must end with GOAWAY or a closed connection, and harm nobody else.


def opened(client):
    client.send(client.PREFACE, SettingsFrame(0))


def request_frame(stream, encoder, fields=None, ends=True):
    fields = fields or BASE
    flags = ["END_HEADERS", *(["END_STREAM"] if ends else [])]
    return HeadersFrame(stream, encoder.encode(fields), flags=flags)


def batches(make, count, size=500):
    for begin in range(0, count, size):
        yield b"".join(make(i).serialize() for i in range(begin, min(begin + size, count)))


FLOODS = {
    "ping": (lambda i: PingFrame(0, opaque_data=b"12345678"), 60_000),
    "settings": (lambda i: SettingsFrame(0), 60_000),
    "priority": (lambda i: PriorityFrame(1, depends_on=0, stream_weight=1), 60_000),
    "window": (lambda i: WindowUpdateFrame(0, window_increment=1), 60_000),
    "empty data": (lambda i: DataFrame(1, b""), 60_000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_useless_frames_ends_the_connection(house, name):
    make, count = FLOODS[name]
    with house.frames() as client:
        opened(client)
        if name == "empty data":
            encoder = Encoder()
            fields = [(":method", "POST"), *BASE[1:3], (":path", "/v1/files"),
                      ("authorization", f"Bearer {house.key.text}")]
            client.send(request_frame(1, encoder, fields, ends=False))
        try:
            for batch in batches(make, count):
                client.send(batch)
        except OSError:
            client.is_ended = True
        assert client.until(GoAwayFrame) or client.is_ended
    assert house.call("h2", "GET", "/health", key=None).status == 200


def test_rapid_resets_end_the_connection(house):
    """CVE-2023-44487: open and reset, again and again."""
    encoder = Encoder()
    with house.frames() as client:
        opened(client)
        try:
            for begin in range(0, 5_000, 100):
                parts = []
                for index in range(begin, begin + 100):
                    stream = 2 * index + 1
                    parts.append(request_frame(stream, encoder).serialize())
                    parts.append(RstStreamFrame(stream, error_code=8).serialize())
                client.send(b"".join(parts))
        except OSError:
            client.is_ended = True
        assert client.until(GoAwayFrame) or client.is_ended
    assert house.call("h2", "GET", "/health", key=None).status == 200


def test_resets_that_the_gateway_is_made_to_send_end_the_connection_too(house):
    """CVE-2025-8671: each request is made malformed behind its head, so the server resets it."""
    encoder = Encoder()
    with house.frames() as client:
        opened(client)
        try:
            for begin in range(0, 5_000, 100):
                parts = []
                for index in range(begin, begin + 100):
                    stream = 2 * index + 1
                    parts.append(request_frame(stream, encoder, ends=False).serialize())
                    parts.append(raw_zero_window(stream))
                client.send(b"".join(parts))
        except OSError:
            client.is_ended = True
        assert client.until(GoAwayFrame) or client.is_ended
    assert house.call("h2", "GET", "/health", key=None).status == 200


def raw_zero_window(stream):
    """WINDOW_UPDATE with an increment of 0: a stream error of the peer's (RFC 9113 6.9)."""
    return frame(8, 0, stream, bytes(4))


def test_an_endless_header_block_is_cut(house):
    """CONTINUATION flood: no END_HEADERS ever."""
    encoder = Encoder()
    with house.frames() as client:
        opened(client)
        first = HeadersFrame(1, encoder.encode(BASE), flags=["END_STREAM"])
        try:
            client.send(first)
            for _ in range(5_000):
                client.send(ContinuationFrame(1, b"\x00\x03x-a\x7f\x80" + b"a" * 120))
        except OSError:
            client.is_ended = True
        assert client.until(GoAwayFrame) or client.is_ended
    assert house.call("h2", "GET", "/health", key=None).status == 200


def test_an_hpack_bomb_is_refused(house):
    """One entry of 4,000 bytes, then thousands of one-byte references to it."""
    with house.frames() as client:
        opened(client)
        encoder = Encoder()
        prime = request_frame(1, encoder, [*BASE, ("x-bomb", "a" * 3_900)])
        client.send(prime)
        block = encoder.encode(BASE) + encoder.encode([("x-bomb", "a" * 3_900)]) * 12_000
        try:
            client.send(HeadersFrame(3, block[:16_000], flags=["END_STREAM"]))
            client.send(ContinuationFrame(3, block[16_000:], flags=["END_HEADERS"]))
        except OSError:
            client.is_ended = True
        outcome = None
        while frame := client.next():
            if isinstance(frame, (GoAwayFrame, RstStreamFrame)):
                outcome = frame
                break
            if isinstance(frame, HeadersFrame) and frame.stream_id == 3:
                outcome = frame
                break
        assert outcome is not None or client.is_ended
    assert house.call("h2", "GET", "/health", key=None).status == 200


def test_a_head_that_never_ends_is_cut_on_http2_too(start):
    """An unfinished HEADERS block counts against the request-head timeout."""
    gateway = start(timeouts={"requestHeadSeconds": 0.5})
    with gateway.frames() as client:
        opened(client)
        client.send(HeadersFrame(1, Encoder().encode(BASE), flags=["END_STREAM"]))
        assert client.until(GoAwayFrame) or client.is_ended
    with gateway.frames() as client:
        client.send(client.PREFACE[:10])
        while client.next():
            pass
        assert client.is_ended


def frame(kind, flags, stream, payload=b""):
    """A frame's bytes, also of one that no library would write."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") \
        + payload


CONNECTION_ERRORS = {
    "data on 0": frame(0, 0, 0, b"x"),
    "headers on 0": frame(1, 4, 0, Encoder().encode(BASE)),
    "even stream": frame(1, 5, 2, Encoder().encode(BASE)),
    "data on idle": frame(0, 0, 9, b"x"),
    "window overflow": frame(8, 0, 0, (2**31 - 1).to_bytes(4, "big")),
    "frame too large": frame(0, 0, 1, b"x" * 20_000),
    "settings of 5 bytes": frame(4, 0, 0, b"12345"),
    "bad hpack": frame(1, 5, 1, b"\xff\xff\xff\xff\xff\xff"),
    "lone continuation": frame(9, 4, 1, b""),
    "push promise": frame(5, 4, 1, (2).to_bytes(4, "big")),
}


@pytest.mark.parametrize("name", CONNECTION_ERRORS)
def test_a_connection_error_is_told_by_goaway(house, name):
    with house.frames() as client:
        opened(client)
        client.send(CONNECTION_ERRORS[name])
        goaway = client.until(GoAwayFrame)
        assert goaway is not None and goaway.error_code != 0


def test_more_streams_than_announced_are_refused(house, upstream, tag):
    """SETTINGS_MAX_CONCURRENT_STREAMS is 100; the 101st is refused, the others go on."""
    body = json.dumps({"model": f"never.{tag}", "messages": []}).encode()
    encoder = Encoder()
    fields = [(":method", "POST"), *BASE[1:3], (":path", CHAT), JSON_TYPE,
              ("authorization", f"Bearer {house.key.text}")]
    with house.frames() as client:
        opened(client)
        settings = client.until(SettingsFrame)
        assert settings.settings[SettingsFrame.MAX_CONCURRENT_STREAMS] == 100
        for index in range(101):
            stream = 2 * index + 1
            client.send(request_frame(stream, encoder, fields, ends=False),
                        DataFrame(stream, body, flags=["END_STREAM"]))
        refused = client.until((RstStreamFrame, GoAwayFrame))
        assert isinstance(refused, GoAwayFrame) or (
            refused.stream_id == 201 and refused.error_code in (1, 7)
        )


def test_request_trailers_are_dropped(house, upstream, tag):
    body = json.dumps({"model": tag, "messages": []}).encode()
    with house.http2() as client:
        stream = client.open("POST", CHAT, [house.key.header, JSON_TYPE], ends=False)
        client.send(stream, body)
        client.machine.send_headers(stream, [("x-trailer", "1")], end_stream=True)
        client.flush()
        assert client.wait(stream).status == 200
    (record,) = upstream.seen(tag)
    assert record.trailers == [] and record.header("x-trailer") is None


def test_te_trailers_is_allowed(house):
    with house.http2() as client:
        assert client.call("GET", "/health", [("te", "trailers")]).status == 200


def test_cookie_crumbs_do_not_go_upstream(house, upstream, tag):
    house.chat("h2", tag, fields=[("cookie", "a=1"), ("cookie", "b=2")])
    assert upstream.seen(tag)[0].header("cookie") is None


def test_prior_knowledge_http2_and_http1_share_a_cleartext_port(house):
    with house.http2("clear") as client:
        assert client.call("GET", "/health").json == {"status": "ok"}
    with house.http1("clear") as client:
        assert client.call("GET", "/health").json == {"status": "ok"}


def test_nghttp_speaks_with_the_gateway(house, tag):
    data = json.dumps({"model": tag, "messages": []}).encode()
    fields = [house.key.header, JSON_TYPE]
    trace = nghttp(house.url(CHAT), data=data, fields=fields)
    assert ":status: 200" in trace
    assert '"object":"chat.completion"' in trace

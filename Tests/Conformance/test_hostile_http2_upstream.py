"""The gateway in HTTP/2's client role: what an upstream may do against RFC 9113, frame by frame."""

import threading

import pytest

from frame_upstream import (
    ACK, ANSWER, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, JSON_HEAD, PADDED,
    PING, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW, FrameUpstream, answer, block, frame,
    integer, number, setting,
)

STATUS = (b":status", b"200")
LENGTH = b"content-length"
INTERIM = block((b":status", b"103"), (b"link", b"</x>; rel=preload"))
REFUSED_STREAM, NO_ERROR = number(7), number(0)


def through(start, upstream, **options):
    return start(upstream_url=upstream.url, upstream={"protocol": "h2"}, **options)


def chat(gateway, tag, protocol="h1"):
    return gateway.chat(protocol, tag)


def bad_gateway(found):
    assert (found.status, found.error["code"]) == (502, "upstream_error"), found


def head(*fields):
    return block(STATUS, *fields)


def headers(stream, payload, flags=END_HEADERS):
    return frame(HEADERS, flags, stream, payload)


def bomb(count):
    """A field of 4,000 bytes put into the table, and referred to so often."""
    value = b"b" * 4_000
    entry = b"\x40" + integer(6, 7) + b"x-bomb" + integer(len(value), 7) + value
    return head() + entry + b"\xbe" * count


# Each is written in place of an answer; the call is answered 502, once and at once.
HEADS = {
    "no status": lambda s: headers(s, block((b"content-type", b"text/plain")), 5),
    "two statuses": lambda s: headers(s, block(STATUS, STATUS), 5),
    "a status of two digits": lambda s: headers(s, block((b":status", b"20")), 5),
    "a status of letters": lambda s: headers(s, block((b":status", b"abc")), 5),
    "a status behind a field": lambda s: headers(s, block((b"a", b"1"), STATUS), 5),
    "another pseudo-field": lambda s: headers(s, block(STATUS, (b":path", b"/")), 5),
    "an upper-case name": lambda s: headers(s, head((b"X-Upper", b"1")), 5),
    "an empty name": lambda s: headers(s, head((b"", b"1")), 5),
    "a space in a name": lambda s: headers(s, head((b"a b", b"1")), 5),
    "NUL in a value": lambda s: headers(s, head((b"a", b"1\x002")), 5),
    "CR and LF in a value": lambda s: headers(s, head((b"a", b"1\r\nb: 2")), 5),
    "connection": lambda s: headers(s, head((b"connection", b"close")), 5),
    "transfer-encoding": lambda s: headers(s, head((b"transfer-encoding", b"chunked")), 5),
    "two lengths": lambda s: headers(s, head((LENGTH, b"1"), (LENGTH, b"2"))),
    "a length of letters": lambda s: headers(s, head((LENGTH, b"1x"))),
    "a length beyond 2^63": lambda s: headers(s, head((LENGTH, b"9" * 20))),
    "a length and no body": lambda s: headers(s, head((LENGTH, b"5")), 5),
    "101": lambda s: headers(s, block((b":status", b"101"))),
    "an interim answer that ends": lambda s: headers(s, INTERIM, 5),
    "a thousand interim answers": lambda s: headers(s, INTERIM) * 1_000 + answer(s),
    "DATA before a head": lambda s: frame(DATA, 0, s, b"x"),
    "DATA after an interim answer": lambda s: headers(s, INTERIM) + frame(DATA, 1, s, b"x"),
    "a head of 200 KB": lambda s: b"".join(
        [headers(s, head(*[(b"x-%d" % i, b"b" * 1_000) for i in range(12)]), 0)]
        + [frame(CONTINUATION, END_HEADERS * (n == 13), s, block((b"y", b"b" * 15_000)))
           for n in range(14)]),
    "a head that decodes to 4 MB": lambda s: headers(s, bomb(1_000), 5),
    "a head that decodes to 32 MB": lambda s: headers(s, bomb(8_000), 5),
    "10,000 fields": lambda s: headers(s, head() + b"\x88" * 10_000, 5),
    "a reference beyond the table": lambda s: headers(s, head() + b"\xff\xff\xff\x7f", 5),
    "a table larger than agreed": lambda s: headers(s, b"\x3f\xff\xff\x7f" + head(), 5),
    "a string longer than its block": lambda s: headers(s, head() + b"\x00\x7f\xff", 5),
    "bad Huffman coding": lambda s: headers(s, head() + b"\x00\x01a\x84\xff\xff\xff\xff", 5),
    "padding longer than the frame": lambda s: frame(HEADERS, PADDED | 5, s, b"\xff" + head()),
    "another frame inside a head": lambda s: headers(s, head(), 0) + frame(PING, 0, 0, b"8" * 8),
    "CONTINUATION of another stream": lambda s: headers(s, head(), 0) + frame(
        CONTINUATION, END_HEADERS, s + 2, b""),
    "CONTINUATION of nothing": lambda s: frame(CONTINUATION, END_HEADERS, s, head()),
    "1,000 empty CONTINUATIONs": lambda s: headers(s, head(), 0) + frame(
        CONTINUATION, 0, s) * 1_000,
    "a head on a stream of the upstream's": lambda s: headers(2, head(), 5),
    "a head on a stream that is idle": lambda s: headers(s + 2, head(), 5),
    "a head on stream 0": lambda s: headers(0, head(), 5),
    "a promise": lambda s: frame(PUSH_PROMISE, END_HEADERS, s, number(2) + block(
        (b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"a"))),
    "a reset without its code": lambda s: frame(RST_STREAM, 0, s, b"\x00"),
    "a reset of an idle stream": lambda s: frame(RST_STREAM, 0, s + 2, number(8)),
    "a reset of the connection": lambda s: frame(RST_STREAM, 0, 0, number(8)),
    "a reset, as if well": lambda s: frame(RST_STREAM, 0, s, NO_ERROR),
    "a window by 0": lambda s: frame(WINDOW, 0, s, number(0)),
    "a window beyond 2^31": lambda s: frame(WINDOW, 0, s, number(0x7FFF_FFFF)),
    "the connection's window by 0": lambda s: frame(WINDOW, 0, 0, number(0)),
    "the connection's window beyond 2^31": lambda s: frame(WINDOW, 0, 0, number(0x7FFF_FFFF)),
    "a window of 3 bytes": lambda s: frame(WINDOW, 0, s, b"\x00\x00\x01"),
    "a ping of 7 bytes": lambda s: frame(PING, 0, 0, b"7" * 7),
    "a ping on a stream": lambda s: frame(PING, 0, s, b"8" * 8),
    "settings of 5 bytes": lambda s: frame(SETTINGS, 0, 0, b"12345"),
    "settings on a stream": lambda s: frame(SETTINGS, 0, s),
    "an ACK with settings": lambda s: frame(SETTINGS, ACK, 0, setting(4, 1)),
    "push allowed by the server": lambda s: frame(SETTINGS, 0, 0, setting(2, 1)),
    "a window of 2^31": lambda s: frame(SETTINGS, 0, 0, setting(4, 1 << 31)),
    "frames of 100 bytes": lambda s: frame(SETTINGS, 0, 0, setting(5, 100)),
    "a frame longer than allowed": lambda s: frame(DATA, 0, s, b"x" * 16_385),
    "a head longer than a frame may be": lambda s: headers(s, head((b"a", b"b" * 20_000)), 5),
    "a goodbye on a stream": lambda s: frame(GOAWAY, 0, s, number(0) + NO_ERROR),
    "a goodbye of 4 bytes": lambda s: frame(GOAWAY, 0, 0, number(0)),
    "HTTP/1.1": lambda s: b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "garbage": lambda s: bytes(range(255, 0, -1)) * 40,
}


@pytest.mark.parametrize("fault", HEADS)
def test_an_answer_that_breaks_the_rules_is_a_502(start, fault, protocol, tag):
    """The POST is not sent twice, and the next call is answered."""
    faults = [HEADS[fault]]

    def respond(line, stream):
        line.write(faults.pop()(stream) if faults else answer(stream))

    with FrameUpstream(respond) as upstream:
        gateway = through(start, upstream, top={"workers": 1})
        bad_gateway(chat(gateway, tag, protocol))
        assert len(upstream.requests) == 1
        found = chat(gateway, tag, protocol)
        assert (found.status, found.body) == (200, ANSWER)


def body(*parts, fields=()):
    """An answer that begins well."""
    def make(stream):
        return headers(stream, JSON_HEAD + block(*fields)) + b"".join(
            part(stream) if callable(part) else part for part in parts)
    return make


BODIES = {
    "shorter than its length": body(
        lambda s: frame(DATA, END_STREAM, s, b"1234"), fields=[(LENGTH, b"5")]),
    "longer than its length": body(
        lambda s: frame(DATA, END_STREAM, s, b"123456"), fields=[(LENGTH, b"5")]),
    "trailers that do not end it": body(
        lambda s: frame(DATA, 0, s, b"1"), lambda s: headers(s, block((b"a", b"1")))),
    "trailers with a status": body(
        lambda s: frame(DATA, 0, s, b"1"), lambda s: headers(s, block(STATUS), 5)),
    "trailers with a bad name": body(
        lambda s: frame(DATA, 0, s, b"1"), lambda s: headers(s, block((b"A B", b"1")), 5)),
    "trailers that decode to 4 MB": body(
        lambda s: frame(DATA, 0, s, b"1"), lambda s: headers(s, bomb(1_000)[8:], 5)),
    "another head": body(lambda s: headers(s, JSON_HEAD)),
    "an interim answer behind the head": body(lambda s: headers(s, INTERIM)),
    "more than its window": body(lambda s: frame(DATA, 0, s, b"x" * 16_384) * 80),
    "padding longer than its frame": body(lambda s: frame(DATA, PADDED, s, b"\x09123")),
    "DATA on stream 0": body(frame(DATA, 0, 0, b"x")),
    "DATA on an idle stream": body(lambda s: frame(DATA, 0, s + 2, b"x")),
    "a reset": body(
        lambda s: frame(DATA, 0, s, b"1"), lambda s: frame(RST_STREAM, 0, s, number(2))),
    "a reset, as if well": body(
        lambda s: frame(DATA, 0, s, b"1"), lambda s: frame(RST_STREAM, 0, s, NO_ERROR)),
    "a goodbye below it": body(
        lambda s: frame(DATA, 0, s, b"1"), frame(GOAWAY, 0, 0, number(0) + NO_ERROR)),
    "a promise": body(lambda s: frame(PUSH_PROMISE, END_HEADERS, s, number(2) + JSON_HEAD)),
    "settings of 5 bytes": body(frame(SETTINGS, 0, 0, b"12345")),
}


@pytest.mark.parametrize("fault", BODIES)
def test_a_body_that_breaks_the_rules_breaks_the_answer(start, fault, tag):
    faults = [BODIES[fault]] * 2

    def respond(line, stream):
        line.write(faults.pop()(stream) if faults else answer(stream))

    with FrameUpstream(respond) as upstream:
        gateway = through(start, upstream, top={"workers": 1})
        with gateway.http2() as client:
            stream = ask(client, gateway, tag)
            found = client.wait(stream)
            assert found.status == 502 or found.reset_code is not None, found
        with gateway.http1() as client:
            ask(client, gateway, tag)
            data = drained(client)
            assert b" 502 " in data or not data.endswith(b"0\r\n\r\n"), data[-100:]
            assert data[:9] in (b"", b"HTTP/1.1 ")
        assert len(upstream.requests) == 2
        found = chat(gateway, tag)
        assert (found.status, found.body) == (200, ANSWER)


def ask(client, gateway, tag):
    fields = [gateway.key.header, ("content-type", "application/json")]
    return client.request("POST", "/v1/chat/completions", fields, b'{"model":"%s"}' % tag.encode())


def drained(client):
    """Everything until the gateway closes, which it does behind an answer it had to break."""
    try:
        while client.more():
            if b" 502 " in client.buffer and client.buffer.endswith(b"}}"):
                break
    except (ConnectionError, TimeoutError):
        pass
    return bytes(client.buffer)


FLOODS = {
    "pings": frame(PING, 0, 0, b"8" * 8), "settings": frame(SETTINGS, 0, 0),
    "unknown frames": frame(0x77, 0, 0, b"x"), "priorities": None,
    "empty DATA": None, "windows by 1": None, "resets of a stream that is over": None,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_of_frames_ends_the_connection_or_the_call_goes_on(start, kind, tag):
    """Whichever: the gateway holds no more for it than before, and serves the next call."""
    def respond(line, stream):
        if len(upstream.requests) > 1:
            return line.write(answer(stream))
        one = {
            "priorities": frame(PRIORITY, 0, stream, number(0) + b"\x01"),
            "empty DATA": frame(DATA, 0, stream),
            "windows by 1": frame(WINDOW, 0, stream, number(1)),
            "resets of a stream that is over": frame(RST_STREAM, 0, stream, number(8)),
        }.get(kind, FLOODS[kind])
        line.write(headers(stream, JSON_HEAD))
        for _ in range(100):
            line.write(one * 500)
        line.write(frame(DATA, END_STREAM, stream, ANSWER))

    with FrameUpstream(respond) as upstream:
        gateway = through(start, upstream, top={"workers": 1})
        with gateway.http2() as client:
            found = client.wait(ask(client, gateway, tag))
            is_broken = found.reset_code == 2 and found.body == b""
            assert found.status == 502 or is_broken or found.body == ANSWER, found
        assert chat(gateway, tag).status == 200


def test_frames_split_at_every_byte_are_put_together(start, protocol, tag):
    pieces = headers(1, INTERIM), headers(1, JSON_HEAD, 0), frame(
        CONTINUATION, END_HEADERS, 1, block((b"x-more", b"1"))), frame(
        DATA, PADDED, 1, b"\x03" + ANSWER + b"\0\0\0"), headers(1, block((b"x-sum", b"9")), 5)

    def respond(line, stream):
        if stream > 1:
            return line.write(answer(stream))
        line.drip(frame(PING, 0, 0, b"12345678") + b"".join(pieces))

    opening = frame(SETTINGS, 0, 0, setting(3, 10) + setting(4, 70_000))
    with FrameUpstream(respond, opening=lambda line: line.drip(opening)) as upstream:
        gateway = through(start, upstream, top={"workers": 1})
        found = chat(gateway, tag, protocol)
        assert (found.status, found.body, found.header("x-more")) == (200, ANSWER, "1")
        while not any(kind == PING and flags & ACK for kind, flags, _, _ in upstream.frames):
            assert chat(gateway, tag, protocol).status == 200


OPENINGS = {
    "nothing": lambda line: line.close(),
    "HTTP/1.1": lambda line: line.write(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "a ping before the settings": lambda line: line.write(frame(PING, 0, 0, b"8" * 8)),
    "settings of 5 bytes": lambda line: line.write(frame(SETTINGS, 0, 0, b"12345")),
    "half a frame": lambda line: (line.write(frame(SETTINGS, 0, 0)[:5]), line.close()),
    "a goodbye": lambda line: line.write(
        frame(SETTINGS, 0, 0), frame(GOAWAY, 0, 0, number(0) + NO_ERROR)),
}


@pytest.mark.parametrize("fault", OPENINGS)
def test_a_connection_that_begins_badly_is_a_502_and_no_storm(start, fault, protocol, tag):
    with FrameUpstream(lambda line, stream: None, opening=OPENINGS[fault]) as upstream:
        gateway = through(start, upstream, top={"workers": 1})
        bad_gateway(chat(gateway, tag, protocol))
        assert len(upstream.lines) <= 4


# Streams that are refused, and connections that end in good order.


def test_a_stream_that_is_always_refused_is_tried_twice_and_no_more(start, protocol, tag):
    def refuse(line, stream):
        line.write(frame(RST_STREAM, 0, stream, REFUSED_STREAM))

    with FrameUpstream(refuse) as upstream:
        bad_gateway(chat(through(start, upstream), tag, protocol))
        assert len(upstream.requests) == 2


def test_a_request_above_the_last_of_a_goodbye_is_sent_again_elsewhere(start, protocol, tag):
    def leave(line, stream):
        if line.number == 1:
            line.write(frame(GOAWAY, 0, 0, number(0) + NO_ERROR))
        else:
            line.write(answer(stream))

    with FrameUpstream(leave) as upstream:
        found = chat(through(start, upstream), tag, protocol)
        assert (found.status, found.body) == (200, ANSWER)
        assert [number for number, _, _ in upstream.requests] == [1, 2]


def test_a_request_up_to_the_last_of_a_goodbye_is_answered_there(start, protocol, tag):
    def leave(line, stream):
        line.write(frame(GOAWAY, 0, 0, number(stream) + NO_ERROR), answer(stream))

    with FrameUpstream(leave) as upstream:
        gateway = through(start, upstream, top={"workers": 1})
        for _ in range(3):
            assert chat(gateway, tag, protocol).body == ANSWER
        assert [number for number, _, _ in upstream.requests] == [1, 2, 3]


def test_a_request_up_to_the_last_of_a_goodbye_that_is_never_answered_is_sent_once(
    start, protocol, tag
):
    def leave(line, stream):
        line.write(frame(GOAWAY, 0, 0, number(stream) + NO_ERROR))
        line.close()

    with FrameUpstream(leave) as upstream:
        bad_gateway(chat(through(start, upstream), tag, protocol))
        assert len(upstream.requests) == 1


def test_an_answer_before_the_end_of_the_body_stops_the_sending(start, tag):
    """RFC 9113 section 8.1: RST_STREAM(NO_ERROR) behind a complete answer."""
    def early(line, stream):
        line.write(answer(stream), frame(RST_STREAM, 0, stream, NO_ERROR))

    with FrameUpstream(lambda line, stream: None, on_head=early) as upstream:
        gateway = through(start, upstream, top={"workers": 1})
        fields = [gateway.key.header, ("content-type", "application/octet-stream"),
                  ("content-length", "2000000")]
        with gateway.http2() as client:
            stream = client.open("POST", "/v1/files", fields, ends=False)
            found = client.wait(stream)
            assert (found.status, found.body) == (200, ANSWER)
            assert client.call("GET", "/health").status == 200
        assert len(upstream.requests) == 1


class Crowded:
    """Takes so many streams of a connection, says so at `gate`, and refuses those beyond."""

    def __init__(self, most, gate):
        self.most = most
        self.gate = gate
        self.open = {}
        self.refused = 0
        self.lock = threading.Lock()

    def opening(self, line):
        self.gate.wait(20)
        line.write(frame(SETTINGS, 0, 0, setting(3, self.most)))

    def respond(self, line, stream):
        with self.lock:
            streams = self.open.setdefault(line.number, [])
            streams.append(stream)
            if len(streams) > self.most:
                self.refused += 1
                streams.remove(stream)
                return line.write(frame(RST_STREAM, 0, stream, REFUSED_STREAM))
        threading.Timer(0.02, self.finish, (line, stream)).start()

    def finish(self, line, stream):
        with self.lock:
            self.open[line.number].remove(stream)
            line.write(answer(stream))


@pytest.mark.parametrize("profile", ["bve", "openai"])
def test_a_burst_at_a_new_connection_keeps_to_the_streams_it_takes(start, profile, tag):
    """Its SETTINGS are waited for: nothing is refused, and nobody pays for a wrong guess."""
    crowded = Crowded(2, threading.Event())
    with FrameUpstream(crowded.respond, opening=crowded.opening) as upstream:
        gateway = start(profile, upstream_url=upstream.url, top={"workers": 1},
                        upstream={"protocol": "h2", "maxConnections": 2},
                        timeouts={"upstream": {"tlsSeconds": 20, "connectSeconds": 20}})
        with gateway.http2() as client:
            streams = [ask(client, gateway, tag) for _ in range(12)]
            gateway.serve_others()
            assert upstream.requests == []
            crowded.gate.set()
            assert [client.wait(stream).status for stream in streams] == [200] * 12
        assert crowded.refused == 0
        assert len(upstream.requests) == 12
        assert len(upstream.lines) <= 2

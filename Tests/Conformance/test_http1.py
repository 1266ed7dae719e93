"""HTTP/1.1 strictness over real sockets: nothing ambiguous passes, nothing desynchronises."""

import json

import pytest

from gateway import assert_ids
from http1_client import HTTP1Client

CHAT = "/v1/chat/completions"
JSON_TYPE = ("Content-Type", "application/json")


def smuggled(tag):
    """A request that must never be seen by the upstream."""
    return (f"GET /v1/files/{tag}-smuggled HTTP/1.1\r\nHost: localhost\r\n"
            "Authorization: Bearer x\r\n\r\n").encode()


def ambiguous(tag, authorization):
    """Heads (and bodies) of which two readers could make two things. RFC 9112 and 9110."""
    start = b"POST /v1/files HTTP/1.1\r\n"
    host = b"Host: localhost\r\n" + authorization
    tail = b"\r\n" + b"0\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    return {
        "length and chunked": start + host + b"Content-Length: 5\r\n" + chunked + tail,
        "chunked and length": start + host + chunked + b"Content-Length: 5\r\n" + tail,
        "differing lengths": start + host + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "length list": start + host + b"Content-Length: 5, 6\r\n\r\nhello",
        "length with sign": start + host + b"Content-Length: +5\r\n\r\nhello",
        "length in hex": start + host + b"Content-Length: 0x5\r\n\r\nhello",
        "length with blank": start + host + b"Content-Length: 5 5\r\n\r\nhello",
        "length too big": start + host + b"Content-Length: 18446744073709551617\r\n\r\nh",
        "length empty": start + host + b"Content-Length:\r\n\r\nhello",
        "length negative": start + host + b"Content-Length: -1\r\n\r\nhello",
        "coding gzip": start + host + b"Transfer-Encoding: gzip\r\n" + tail,
        "coding gzip chunked": start + host + b"Transfer-Encoding: gzip, chunked\r\n" + tail,
        "coding chunked gzip": start + host + b"Transfer-Encoding: chunked, gzip\r\n" + tail,
        "coding chunked twice": start + host + b"Transfer-Encoding: chunked, chunked\r\n" + tail,
        "two codings": start + host + chunked + chunked + tail,
        "coding quoted": start + host + b'Transfer-Encoding: "chunked"\r\n' + tail,
        "coding x": start + host + b"Transfer-Encoding: xchunked\r\n" + tail,
        "coding identity": start + host + b"Transfer-Encoding: identity\r\n" + tail,
        "coding tab": start + host + b"Transfer-Encoding:\x0bchunked\r\n" + tail,
        "obs-fold": start + host + b"X-A: b\r\n folded\r\n\r\n",
        "fold of coding": start + host + b"Transfer-Encoding:\r\n chunked\r\n" + tail,
        "bare LF": b"GET /health HTTP/1.1\nHost: localhost\n\n",
        "bare LF in head": b"GET /health HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n",
        "bare CR": b"GET /health HTTP/1.1\r\nHost: localhost\rX-A: b\r\n\r\n",
        "NUL in value": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: a\x00b\r\n\r\n",
        "NUL in target": b"GET /hea\x00lth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "space before colon": start + host + b"Content-Length : 5\r\n\r\nhello",
        "space before field": b"GET /health HTTP/1.1\r\n Host: localhost\r\n\r\n",
        "no host": b"GET /health HTTP/1.1\r\n\r\n",
        "two hosts": b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "bad host": b"GET /health HTTP/1.1\r\nHost: a b\r\n\r\n",
        "host with user": b"GET /health HTTP/1.1\r\nHost: user@localhost\r\n\r\n",
        "host and authority": b"GET http://other/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "empty name": b"GET /health HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
        "bad name": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX(A): x\r\n\r\n",
        "no colon": b"GET /health HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n",
        "control in value": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x07b\r\n\r\n",
        "two blanks": b"GET  /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "tab in line": b"GET\t/health\tHTTP/1.1\r\nHost: localhost\r\n\r\n",
        "bad method": b"G(T /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "bad version": b"GET /health HTTP/1.01\r\nHost: localhost\r\n\r\n",
        "lower-case version": b"GET /health http/1.1\r\nHost: localhost\r\n\r\n",
        "version 2": b"GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n",
        "version 0.9": b"GET /health\r\n\r\n",
        "relative target": b"GET health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "fragment": b"GET /health#x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "connect": b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
        "not http": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    }


NAMES = list(ambiguous("t", b""))


@pytest.mark.wire_short
@pytest.mark.parametrize("listener", ["tls", "clear"])
@pytest.mark.parametrize("name", NAMES)
def test_an_ambiguous_request_is_refused_and_the_connection_closed(
    house, upstream, tag, name, listener
):
    """One refusal with the envelope and both ids; what follows it is never served."""
    authorization = f"Authorization: Bearer {house.key.text}\r\n".encode()
    data = ambiguous(tag, authorization)[name]
    with house.http1(listener) as client:
        client.send(data + smuggled(tag))
        answer = client.answer()
        assert answer.status in (400, 404, 501, 505), name
        if name != "connect":
            assert answer.status == 400, name
            assert answer.error["code"] == "bad_request"
        assert_ids(answer)
        if name != "connect":
            assert client.is_closed(), "the connection goes on behind a framing error"
    assert upstream.seen(tag) == []


BAD_CHUNKS = {
    "junk size": b"zz\r\nhello\r\n0\r\n\r\n",
    "empty size": b"\r\nhello\r\n0\r\n\r\n",
    "hex prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "negative": b"-5\r\nhello\r\n0\r\n\r\n",
    "blank before": b" 5\r\nhello\r\n0\r\n\r\n",
    "overflow": b"FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
    "over 2^63": b"8000000000000000\r\nhello\r\n0\r\n\r\n",
    "LF only": b"5\nhello\n0\n\n",
    "LF in size line": b"5\nhello\r\n0\r\n\r\n",
    "bare CR": b"5\rhello\r\n0\r\n\r\n",
    "no end of data": b"5\r\nhelloX\r\n0\r\n\r\n",
    "longer than size": b"5\r\nhello world\r\n0\r\n\r\n",
    "LF in extension": b"5;a\n\r\nhello\r\n0\r\n\r\n",
    "long extension": b"5;" + b"a" * 5_000 + b"\r\nhello\r\n0\r\n\r\n",
    "bad trailer": b"5\r\nhello\r\n0\r\nbad trailer\r\n\r\n",
    "long trailers": b"5\r\nhello\r\n0\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD_CHUNKS)
@pytest.mark.parametrize("path", [CHAT, "/v1/files"])
def test_a_body_in_broken_chunks_is_refused_and_the_connection_closed(
    house, upstream, tag, name, path
):
    kind = JSON_TYPE if path == CHAT else ("Content-Type", "application/octet-stream")
    fields = [house.key.header, kind, ("Transfer-Encoding", "chunked"), ("X-Tag", tag)]
    with house.http1() as client:
        client.send(client.head("POST", path, fields) + BAD_CHUNKS[name] + smuggled(tag))
        answer = client.answer()
        assert answer.status in (400, 431), name
        assert_ids(answer)
        assert client.is_closed()
    assert upstream.seen(tag + "-smuggled") == []
    for record in upstream.seen(tag):
        assert record.cancelled.wait(15) and not record.is_complete


@pytest.mark.wire_short
def test_pipelined_requests_are_answered_in_order(house, upstream, tag):
    """Slow first, fast second: the answers still come in the order of the requests."""
    fields = [house.key.header, JSON_TYPE]
    bodies = [json.dumps({"model": f"{mode}.{tag}{index}", "messages": []}).encode()
              for index, mode in enumerate(["drip", "plain", "drip", "plain"])]
    with house.http1() as client:
        whole = b"".join(
            client.head("POST", CHAT, [*fields, ("Content-Length", str(len(body)))]) + body
            for body in bodies
        )
        client.send(whole)
        models = [client.answer().json["model"] for _ in bodies]
    assert models == ["drip", f"plain.{tag}1", "drip", f"plain.{tag}3"]


def test_a_refusal_among_pipelined_requests_keeps_the_order(house, tag):
    body = json.dumps({"model": tag, "messages": []}).encode()
    length = ("Content-Length", str(len(body)))
    good = HTTP1Client.head("POST", CHAT, [house.key.header, JSON_TYPE, length]) + body
    bad = HTTP1Client.head("POST", CHAT, [JSON_TYPE, length]) + body
    lost = HTTP1Client.head("GET", "/v1/unknown")
    with house.http1() as client:
        client.send(good + bad + lost + good + bad)
        statuses = [client.answer().status for _ in range(5)]
    assert statuses == [200, 401, 404, 200, 401]


def test_a_pipelined_get_after_head_is_not_confused(house):
    with house.http1() as client:
        client.send(client.head("HEAD", "/health") + client.head("GET", "/health"))
        assert client.answer("HEAD").body == b""
        assert client.answer("GET").json == {"status": "ok"}


@pytest.mark.wire_short
def test_expect_100_continue_is_answered_before_the_body(house, tag):
    body = json.dumps({"model": tag, "messages": []}).encode()
    fields = [house.key.header, JSON_TYPE, ("Content-Length", str(len(body))),
              ("Expect", "100-continue")]
    with house.http1() as client:
        client.send(client.head("POST", CHAT, fields))
        assert client.head_of_answer().status == 100
        client.send(body)
        assert client.answer().status == 200


def test_expect_100_continue_is_not_promised_to_a_request_that_is_refused(house, upstream, tag):
    """401 without `100 Continue`; what the client sends next is never mixed up."""
    fields = [JSON_TYPE, ("Content-Length", "5000"), ("Expect", "100-continue"), ("X-Tag", tag)]
    with house.http1() as client:
        client.send(client.head("POST", CHAT, fields))
        answer = client.answer()
        assert (answer.status, answer.interims) == (401, [])
        assert client.is_closed() or answer.header("connection") != "close"
    assert upstream.seen(tag) == []


def test_a_body_sent_at_once_needs_no_100_continue(house, tag):
    body = json.dumps({"model": tag, "messages": []}).encode()
    fields = [house.key.header, JSON_TYPE, ("Expect", "100-continue")]
    with house.http1() as client:
        assert client.call("POST", CHAT, fields, body).status == 200


@pytest.mark.wire_short
@pytest.mark.parametrize("size", [10, 60_000, 600_000])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_refusal_with_an_unread_body_never_desynchronises(
    house, upstream, tag, size, framing
):
    """The body is itself a request. Either it is skipped, or the connection closes."""
    inner = smuggled(tag)
    body = (inner * (size // len(inner) + 1))[:size]
    if framing == "length":
        fields = [JSON_TYPE, ("Content-Length", str(size))]
        wire = body
    else:
        fields = [JSON_TYPE, ("Transfer-Encoding", "chunked")]
        wire = HTTP1Client.chunk(body) + b"0\r\n\r\n"
    with house.http1() as client:
        try:
            client.send(client.head("POST", CHAT, fields) + wire)
            client.send(client.head("GET", "/health"))
        except OSError:
            pass
        assert client.answer().status == 401
        if not client.is_closed():
            following = client.answer()
            assert (following.status, following.body) == (200, b'{"status":"ok"}')
            assert client.buffer == b""
    assert upstream.seen(tag) == []


def test_connection_close_is_obeyed(house):
    with house.http1() as client:
        answer = client.call("GET", "/health", [("Connection", "close")])
        assert answer.header("connection") == "close"
        assert client.is_closed()


def test_http_1_0_is_served_and_closed(house):
    with house.http1() as client:
        client.send(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = client.answer()
        assert answer.status in (200, 400)
        assert answer.header("transfer-encoding") is None
        assert client.is_closed()


def test_http_1_0_gets_a_stream_without_chunks(house, tag):
    body = json.dumps({"model": tag, "messages": [], "stream": True}).encode()
    head = (f"POST {CHAT} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {house.key.text}\r\nContent-Length: {len(body)}\r\n\r\n")
    with house.http1() as client:
        client.send(head.encode() + body)
        answer = client.answer()
        assert answer.status in (200, 400)
        assert answer.header("transfer-encoding") is None


def test_an_absolute_target_with_the_same_host_is_served(house):
    with house.http1() as client:
        client.send(b"GET https://localhost/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.answer().status == 200


def test_an_idle_connection_is_closed_without_a_word(start):
    gateway = start(timeouts={"keepAliveIdleSeconds": 0.4})
    with gateway.http1() as client:
        assert client.call("GET", "/health").status == 200
        assert client.is_closed()


def test_a_kept_connection_serves_a_thousand_requests(house):
    with house.http1() as client:
        for _ in range(1_000):
            assert client.call("GET", "/health").status == 200


def test_one_byte_at_a_time_is_understood(house, tag):
    body = json.dumps({"model": tag, "messages": []}).encode()
    fields = [house.key.header, JSON_TYPE, ("Content-Length", str(len(body)))]
    with house.http1("clear") as client:
        for byte in client.head("POST", CHAT, fields) + body:
            client.send(bytes([byte]))
        assert client.answer().status == 200

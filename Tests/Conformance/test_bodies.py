"""What body: the 10 MiB cap to the byte, JSON checks, and bytes that arrive as they were sent."""

import hashlib
import json
import os
import threading

import pytest

from http1_client import Truncated

CAP = 10 * 1024 * 1024
JSON_TYPE = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"


def json_of_size(size, tag):
    """A JSON object of exactly that many bytes."""
    frame = b'{"model":"echo.%b","messages":[],"pad":"%b"}'
    empty = len(frame % (tag.encode(), b""))
    return frame % (tag.encode(), b"x" * (size - empty))


@pytest.mark.wire_short
def test_a_body_of_exactly_ten_mebibytes_is_forwarded(house, protocol, upstream, tag):
    body = json_of_size(CAP, tag)
    answer = house.call(protocol, "POST", CHAT, body=body, fields=[JSON_TYPE])
    assert answer.status == 200
    assert answer.json["length"] == CAP
    assert answer.json["sha256"] == hashlib.sha256(body).hexdigest()


def too_large(answer):
    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
    assert answer.error["message"] == "Request body exceeds 10 MB"
    assert answer.error["type"] == "invalid_request_error"


def test_a_declared_byte_more_is_refused_at_the_head_on_http1(house, upstream, tag):
    """Before `100 Continue`, before any byte of the body; then the connection closes."""
    fields = [house.key.header, JSON_TYPE, ("Content-Length", str(CAP + 1)),
              ("Expect", "100-continue"), ("X-Tag", tag)]
    with house.http1() as client:
        client.send(client.head("POST", CHAT, fields))
        answer = client.answer()
        assert answer.interims == []
        too_large(answer)
        assert client.is_closed()
    assert upstream.seen(tag) == []


def test_the_refusal_is_not_lost_when_the_client_keeps_sending(house, upstream, tag):
    """Lingering close: a client that writes its whole body first still reads the 413."""
    fields = [house.key.header, JSON_TYPE, ("Content-Length", str(CAP + 1)), ("X-Tag", tag)]
    with house.http1() as client:
        sent = threading.Thread(target=send_quietly, args=(client, b"x" * (CAP + 1)))
        client.send(client.head("POST", CHAT, fields))
        sent.start()
        answer = client.answer()
        too_large(answer)
        client.close()
        sent.join(20)
    assert upstream.seen(tag) == []


def send_quietly(client, data):
    try:
        client.send(data)
    except OSError:
        pass


def test_a_chunked_body_is_refused_at_the_crossing_byte(house, upstream, tag):
    fields = [house.key.header, JSON_TYPE, ("Transfer-Encoding", "chunked")]
    body = json_of_size(CAP + 1, tag)
    with house.http1() as client:
        client.send(client.head("POST", CHAT, fields))
        for offset in range(0, CAP, 1 << 20):
            client.send(client.chunk(body[offset : offset + (1 << 20)]))
        client.send(b"1\r\n}")
        too_large(client.answer())
        assert client.is_closed()
    assert upstream.seen(tag) == []


def test_a_chunked_body_of_exactly_the_cap_passes(house, upstream, tag):
    fields = [house.key.header, JSON_TYPE, ("Transfer-Encoding", "chunked")]
    body = json_of_size(CAP, tag)
    with house.http1() as client:
        client.send(client.head("POST", CHAT, fields))
        for offset in range(0, CAP, 1 << 20):
            client.send(client.chunk(body[offset : offset + (1 << 20)]))
        client.send(b"0\r\n\r\n")
        answer = client.answer()
    assert (answer.status, answer.json["length"]) == (200, CAP)


@pytest.mark.wire_short
def test_a_byte_more_on_http2_is_refused_and_the_other_streams_live_on(house, upstream, tag):
    """Answer, then RST_STREAM(NO_ERROR); a stream opened before and one opened after complete."""
    fields = [house.key.header, JSON_TYPE]
    with house.http2() as client:
        before = client.open("POST", CHAT, fields, ends=False)
        large = client.open("POST", CHAT, fields, ends=False)
        client.send(large, json_of_size(CAP + 1, tag), ends=True)
        answer = client.wait(large)
        too_large(answer)
        body = json_of_size(200, tag + "b")
        client.send(before, body, ends=True)
        assert client.wait(before).status == 200
        assert client.call("POST", CHAT, fields, json_of_size(200, tag + "a")).status == 200
        assert client.goaways == []
    assert answer.reset_code in (None, 0)
    assert not [r for r in upstream.seen(tag) if len(r.body) > CAP or r.is_complete is False]


def test_a_declared_byte_more_on_http2_is_refused_at_the_head(house, upstream, tag):
    fields = [house.key.header, JSON_TYPE, ("content-length", str(CAP + 1)), ("x-tag", tag)]
    with house.http2() as client:
        stream = client.open("POST", CHAT, fields, ends=False)
        too_large(client.wait(stream))
        assert client.wait_reset(stream) == 0
        health = client.call("GET", "/health")
        assert health.status == 200
    assert upstream.seen(tag) == []


BAD = [
    b"{bad",
    b"",
    b"   ",
    b"[]",
    b'"text"',
    b"null",
    b'{"model":"m",}',
    b'{"model":"m"} {}',
    b'{"model":"m"}x',
    b'{"model":"\xff\xfe"}',
    b'{"model":"m","n":01}',
    b'{"model":"m","n":NaN}',
    b"{'model':'m'}",
    b'{"model":"a","model":"b"}',
    b'{"stream":true,"stream":false}',
    b'{"mod\\u0065l":"a","model":"b"}',
    b'\xef\xbb\xbf\xef\xbb\xbf{"model":"m"}',
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b'{"unterminated":"',
    b'{"control":"\x01"}',
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_a_body_that_is_not_one_json_object_is_invalid_json(house, protocol, upstream, body):
    before = len(upstream.records)
    answer = house.call(protocol, "POST", CHAT, body=body, fields=[JSON_TYPE])
    assert (answer.status, answer.error["code"]) == (400, "invalid_json")
    assert answer.error["message"] == "Request body is not valid JSON"
    assert answer.error["type"] == "invalid_request_error"
    assert len(upstream.records) == before


def test_an_invalid_json_body_keeps_the_connection(house, tag):
    """It is the message that is at fault, not its framing."""
    fields = [house.key.header, JSON_TYPE]
    with house.http1() as client:
        assert client.call("POST", CHAT, fields, b"{bad").status == 400
        body = json_of_size(300, tag)
        assert client.call("POST", CHAT, fields, body).status == 200


UNCHANGED = [
    b'{ "model" : "echo.TAG" ,\r\n\t"zeta":1.0e+2, "alpha":-0, "unknown":{"x":[null,true]} }',
    '{"model":"echo.TAG","text":"äöü \\u00e4 \\ud83d\\ude00 😀"}'.encode(),
    b'{"model":"echo.TAG","big":123456789012345678901234567890,"tiny":1e-400}',
    b'{"model":"echo.TAG","nested":{"model":"inner","stream":"not this one"}}',
    b'\n\n {"model":"echo.TAG"}\n',
    b'{"model":"echo.TAG","dup":1,"dup":2}',
]


@pytest.mark.parametrize("body", UNCHANGED, ids=range(len(UNCHANGED)))
def test_a_json_body_arrives_byte_for_byte(house, protocol, upstream, tag, body):
    body = body.replace(b"TAG", tag.encode())
    answer = house.call(protocol, "POST", CHAT, body=body, fields=[JSON_TYPE])
    assert answer.status == 200
    (record,) = upstream.seen(tag)
    assert bytes(record.body) == body


def test_a_chunked_json_body_in_small_pieces_arrives_whole(house, upstream, tag):
    """Chunks of one byte, with extensions and a trailer."""
    body = json_of_size(400, tag)
    fields = [house.key.header, JSON_TYPE, ("Transfer-Encoding", "chunked")]
    with house.http1() as client:
        client.send(client.head("POST", CHAT, fields))
        for byte in body:
            client.send(b"1;name=value\r\n" + bytes([byte]) + b"\r\n")
        client.send(b"0\r\nX-Trailer: 1\r\n\r\n")
        assert client.answer().status == 200
    (record,) = upstream.seen(tag)
    assert bytes(record.body) == body
    assert record.trailers == []


def multipart(tag, size):
    boundary = f"----{tag}"
    head = (
        f"--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
        f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + os.urandom(size) + f"\r\n--{boundary}--\r\n".encode()
    return body, ("Content-Type", f"multipart/form-data; boundary={boundary}")


@pytest.mark.wire_short
@pytest.mark.parametrize("path", ["/v1/files", "/v1/audio/transcriptions", "/v1/images/edits"])
def test_a_multipart_body_arrives_byte_for_byte(house, protocol, upstream, tag, path):
    body, content_type = multipart(tag, 3_000_000)
    answer = house.call(protocol, "POST", path, body=body, fields=[content_type])
    assert answer.status == 200
    (record,) = upstream.seen(tag)
    assert record.header("content-type") == content_type[1]
    assert record.sha256 == hashlib.sha256(body).hexdigest()


def test_a_multipart_body_streams_before_it_is_complete(house, upstream, tag):
    """The upstream has the first part while the client still holds the rest."""
    body, content_type = multipart(tag, 500_000)
    fields = [house.key.header, content_type, ("Content-Length", str(len(body)))]
    with house.http1() as client:
        client.send(client.head("POST", "/v1/files", fields) + body[:100_000])
        (record,) = upstream.wait_seen(tag)
        assert record.body_seen.wait(15)
        assert not record.is_complete
        client.send(body[100_000:])
        assert client.answer().status == 200
    assert record.sha256 == hashlib.sha256(body).hexdigest()


def test_a_streamed_body_that_crosses_the_cap_is_cancelled_upstream(house, upstream, tag):
    fields = [house.key.header, ("Content-Type", f"multipart/form-data; boundary={tag}"),
              ("Transfer-Encoding", "chunked")]
    with house.http1() as client:
        client.send(client.head("POST", "/v1/files", fields))
        piece = client.chunk(b"x" * (1 << 20))
        for _ in range(10):
            client.send(piece)
        client.send(client.chunk(b"y"))
        too_large(client.answer())
        assert client.is_closed()
    for record in upstream.seen(tag):
        assert record.cancelled.wait(15)
        assert not record.is_complete


def has_word(client):
    """Whether the gateway says something now. When others have been served meanwhile, it has said
    what it had to say."""
    try:
        client.pump(timeout=0.05)
        return True
    except TimeoutError:
        return False


def test_an_upload_moves_no_faster_than_the_upstream_reads(house, upstream, tag):
    """Back-pressure on the way up: an upstream that does not read holds the client."""
    gate = threading.Event()
    name = "slow-reader-" + tag

    @upstream.on(name)
    async def read_late(exchange):
        await exchange.hold(gate)
        await exchange.read_body()
        await exchange.respond(200, [], b"{}")

    fields = [house.key.header, ("Content-Type", "multipart/form-data; boundary=b"),
              ("Content-Length", str(CAP))]
    with house.http2() as client:
        stream = client.open("POST", f"/v1/files?mode={name}", fields, ends=False)
        upstream.wait_seen(name)
        sent = 0
        while sent < CAP:
            room = client.machine.local_flow_control_window(stream)
            if room == 0:
                if not has_word(client):
                    house.serve_others()
                    if not has_word(client):
                        break
                continue
            piece = min(room, 16_384, CAP - sent)
            client.machine.send_data(stream, b"z" * piece)
            client.flush()
            sent += piece
        assert sent < CAP, "the whole body was swallowed while the upstream read nothing"
        gate.set()
        client.socket.settimeout(20)
        client.send(stream, b"z" * (CAP - sent), ends=True)
        assert client.wait(stream).status == 200
    (record,) = upstream.seen(name)
    assert len(record.body) == CAP


def test_a_body_shorter_than_its_length_never_becomes_a_whole_request(house, upstream, tag):
    """The client leaves in the middle: a collected body is dropped, nothing goes upstream."""
    body = json_of_size(500, tag)
    fields = [house.key.header, JSON_TYPE, ("Content-Length", "500"), ("Expect", "100-continue")]
    with house.http1() as client:
        # Nothing unread is left behind: the client's end must not overtake its bytes as a reset.
        client.send(client.head("POST", CHAT, fields))
        assert client.head_of_answer().status == 100
        client.send(body[:499])
    house.wait_log(lambda line: line.get("bytes_in") == 499)
    assert upstream.seen(tag) == []


def test_an_http2_body_unlike_its_content_length_is_a_stream_error(house, upstream, tag):
    body = json_of_size(500, tag)
    for declared in ("499", "501"):
        fields = [house.key.header, JSON_TYPE, ("content-length", declared)]
        with house.http2() as client:
            stream = client.open("POST", CHAT, fields, ends=False)
            client.send(stream, body, ends=True)
            answer = client.wait(stream)
            assert answer.reset_code == 1 or answer.status == 400
            assert client.call("GET", "/health").status == 200
    assert upstream.seen(tag) == []


def test_a_slow_body_times_out_with_408_and_both_ids(start, upstream, tag):
    gateway = start(timeouts={"requestBodyIdleSeconds": 0.4})
    fields = [gateway.key.header, JSON_TYPE, ("Content-Length", "500")]
    with gateway.http1() as client:
        client.send(client.head("POST", CHAT, fields) + b'{"model":')
        answer = client.answer()
        assert (answer.status, answer.error["code"]) == (408, "request_timeout")
        assert answer.header("x-request-id") and answer.header("x-trace-id")
        assert client.is_closed()
    with gateway.http2() as client:
        stream = client.open("POST", CHAT, [gateway.key.header, JSON_TYPE], ends=False)
        answer = client.wait(stream)
        assert answer.status == 408
        assert client.call("GET", "/health").status == 200


def test_collected_bodies_are_bounded_for_the_whole_process(start, upstream, tag):
    """Above the bound a call is refused with 503 and Retry-After, and later calls pass again."""
    gateway = start(limits={"collectedBodiesBytes": 16 * 1024 * 1024})
    fields = [gateway.key.header, JSON_TYPE, ("Content-Length", str(CAP))]
    part = json_of_size(CAP, tag)[: CAP - 1]
    clients = []
    statuses = []
    for _ in range(3):
        client = gateway.http1()
        clients.append(client)
        client.send(client.head("POST", CHAT, fields))
        sender = threading.Thread(target=send_quietly, args=(client, part), daemon=True)
        sender.start()
        sender.join(10)
        client.socket.settimeout(1)
        try:
            answer = client.answer()
            statuses.append((answer.status, answer.error["code"]))
            assert int(answer.header("retry-after")) >= 1
        except (TimeoutError, Truncated):
            pass
    assert (503, "overloaded") in statuses
    for client in clients:
        client.close()
    retry_until(lambda: gateway.chat("h1", tag).status == 200)


def retry_until(check, tries=200):
    import time

    for _ in range(tries):
        if check():
            return
        time.sleep(0.02)
    raise AssertionError("never became true")


def test_a_body_too_large_behind_an_answer_that_has_begun_is_broken_off_by_the_gateway(
    start, upstream, tag
):
    gateway = start(site={"bodyLimitBytes": 5_000})

    @upstream.on("begin-" + tag)
    async def begin(exchange):
        await exchange.start(200, [("content-type", "application/octet-stream")])
        await exchange.send(b"begun")
        await exchange.gone()

    with gateway.http2() as client:
        fields = [gateway.key.header, ("content-type", "application/octet-stream")]
        stream = client.open("POST", f"/v1/files?mode=begin-{tag}", fields, ends=False)
        client.wait(stream, until=lambda answer: answer.body)
        client.send(stream, b"x" * 6_000)
        answer = client.wait(stream)
        assert (answer.status, answer.reset_code) == (200, 2)
    (line,) = gateway.wait_log(lambda line: line["path"] == "/v1/files")
    assert (line["error"], line["cancelled_by"]) == ("request_too_large", "gateway")
    (record,) = upstream.seen(tag)
    assert record.cancelled.wait(15)


def test_a_model_name_with_odd_characters_survives(house, protocol, upstream, tag):
    name = f"echo.{tag} ünï/\u2028\"quoted\"\\"
    body = json.dumps({"model": name, "messages": []}).encode()
    answer = house.call(protocol, "POST", CHAT, body=body, fields=[JSON_TYPE])
    assert answer.status == 200
    assert upstream.seen(tag)[0].json["model"] == name



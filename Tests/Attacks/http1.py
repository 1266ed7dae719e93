"""HTTP/1.1: requests of which two readers make two things, that drip, or that never end."""

import os
import time

from attack import attack, expect
from stream import Stream, crowd, http1_head
from test_http1 import BAD_CHUNKS, ambiguous, smuggled

SLOW = 200


def only_refused(stream, name):
    """One answer, a refusal, and then the end of the connection."""
    data = stream.rest(10)
    expect(stream.is_over, f"{name}: the connection goes on")
    answers = data.count(b"HTTP/1.1 ")
    status = data[9:12]
    expect(answers == 1 and status in (b"400", b"404", b"501", b"505"),
           f"{name}: {answers} answers, the first {status.decode()}")


@attack("one refusal, then the end: nothing behind it is ever read as a request", short=True)
def smuggling(arena):
    authorization = "Authorization: Bearer {}\r\n".format(arena.key.text).encode()
    cases = ambiguous("attack", authorization)
    cases.pop("connect")
    for name, data in cases.items():
        with Stream(arena.gateway) as stream:
            stream.send(data + smuggled("attack"))
            only_refused(stream, name)
    head = http1_head(arena, "POST", "/v1/files", "Transfer-Encoding: chunked")
    for name, body in BAD_CHUNKS.items():
        with Stream(arena.gateway) as stream:
            stream.send(head + body + smuggled("attack"))
            data = stream.rest(10)
            expect(stream.is_over and data.count(b"HTTP/1.1 ") <= 1, f"chunks: {name}")
    return f"{len(cases)} heads and {len(BAD_CHUNKS)} chunked bodies refused"


def dripped(arena, head, pieces, seconds, answered):
    """Many connections, each fed one piece at a time; all must be ended in time."""
    streams = crowd(arena.gateway, SLOW, head)
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < seconds and not all(s.is_over for s in streams):
            for stream in streams:
                if not stream.is_over:
                    stream.send(pieces)
                    stream.take(0)
            time.sleep(0.2)
        over = sum(stream.is_over for stream in streams)
        told = sum(answered in bytes(stream.data) for stream in streams)
        expect(over == SLOW, f"{SLOW - over} of {SLOW} connections live on")
        return f"{SLOW} ended within {time.monotonic() - begun:.1f} s, {told} with " \
               f"{answered.decode().split()[-1]}"
    finally:
        for stream in streams:
            stream.close()


@attack("`requestHeadSeconds`, from the first byte: 408", short=True)
def slowloris(arena):
    return dripped(arena, b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"a", 8,
                   b"HTTP/1.1 408")


@attack("`requestHeadSeconds`: empty lines in front of a request are part of its head")
def empty_lines_without_end(arena):
    return dripped(arena, b"\r\n", b"\r\n", 8, b"HTTP/1.1 408")


@attack("`requestBodyIdleSeconds`: 408")
def silent_bodies(arena):
    head = http1_head(arena, "POST", "/v1/chat/completions", "Content-Type: application/json",
                      "Content-Length: 1000")
    return dripped(arena, head + b"{", b"", 8, b"HTTP/1.1 408")


@attack("one request at a time: who does not read its answer is not read either", short=True)
def pipelining_flood(arena):
    before = arena.kilobytes()
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Stream(arena.gateway) as stream:
        sent = 0
        while sent < 200_000 and stream.send(request * 500, seconds=1):
            sent += 500
        grown = arena.kilobytes() - before
        expect(grown < 8_192, f"{grown:,} kB held")
        expect(not stream.is_over, "an honest, if greedy, client was cut")
    return f"held back after {sent:,} requests, {grown:,} kB held"


@attack("256 bytes of chunk extensions in a whole body: 400")
def chunk_extension_flood(arena):
    before, begun = arena.processor_seconds(), time.monotonic()
    chunk = b"1;" + b"e" * 250 + b"\r\nx\r\n"
    head = http1_head(arena, "POST", "/v1/files?mode=echo", "Transfer-Encoding: chunked")
    count = 40_000
    with Stream(arena.gateway) as stream:
        stream.send(head)
        for _ in range(count // 500):
            if not stream.send(chunk * 500):
                break
        stream.send(b"0\r\n\r\n")
        data = stream.take(10, until=lambda: b"HTTP/1.1 " in stream.data)
        share = (arena.processor_seconds() - before) / (time.monotonic() - begun)
        expect(b"HTTP/1.1 400" in bytes(stream.data), f"no refusal: {data!r}")
    return f"400 in front of {count:,} chunks, {share:.0%} of a processor"


@attack("chunks of one byte: `streamBufferBytes`, and no more than they weigh")
def tiny_chunks(arena):
    head = http1_head(arena, "POST", "/v1/files?mode=echo", "Transfer-Encoding: chunked")
    before = arena.kilobytes()
    with Stream(arena.gateway) as stream:
        stream.send(head)
        for _ in range(400):
            if not stream.send(b"1\r\nx\r\n" * 500):
                break
        grown = arena.kilobytes() - before
        stream.send(b"0\r\n\r\n")
        stream.take(10, until=lambda: b"HTTP/1.1 " in stream.data)
        expect(b"HTTP/1.1 200" in bytes(stream.data), bytes(stream.data[:60]))
        expect(grown < 8_192, f"{grown:,} kB held")
    return f"200,000 chunks passed, {grown:,} kB held"


def status_of(arena, data):
    with Stream(arena.gateway) as stream:
        stream.send(data)
        stream.take(10, until=lambda: b"\r\n\r\n" in stream.data)
        return bytes(stream.data)[9:12].decode()


@attack("`requestHeadBytes`, `requestFieldCount`, `requestTargetBytes`: exactly these pass", short=True)
def heads_at_the_edge(arena):
    line = b"GET /health HTTP/1.1\r\n"
    host = b"Host: localhost\r\n"

    def fields(count):
        return line + host + b"X-F: 1\r\n" * (count - 1) + b"\r\n"

    def target(count):
        room = count - len(b"GET /health? HTTP/1.1")
        return b"GET /health?" + b"q" * room + b" HTTP/1.1\r\n" + host + b"\r\n"

    def size(count):
        frame = line + host + b"X-F: \r\n\r\n"
        return line + host + b"X-F: " + b"f" * (count - len(frame)) + b"\r\n\r\n"

    edges = {
        "100 fields": (fields(100), "200"), "101 fields": (fields(101), "431"),
        "a line of 16,384": (target(16_384), "200"), "one more": (target(16_385), "414"),
        "a head of 65,536": (size(65_536), "200"), "a little more": (size(65_600), "431"),
        "of 10 MiB": (size(10 << 20), "431"), "a line of 10 MiB": (target(10 << 20), "414"),
    }
    for name, (data, wanted) in edges.items():
        status = status_of(arena, data)
        expect(status == wanted, f"{name}: {status} instead of {wanted}")
    return f"{len(edges)} edges as they should be"


@attack("`bodyLimitBytes`: exactly this many pass; told at the head, or at the byte that crosses")
def bodies_at_the_edge(arena):
    cap = 10 << 20
    fields = ("Content-Type: application/octet-stream",)
    whole = http1_head(arena, "POST", "/v1/files?mode=echo", f"Content-Length: {cap}", *fields)
    expect(status_of(arena, whole + bytes(cap)) == "200", "10 MiB are refused")
    more = http1_head(arena, "POST", "/v1/files", f"Content-Length: {cap + 1}", *fields)
    expect(status_of(arena, more) == "413", "a byte more is not refused at the head")
    huge = http1_head(arena, "POST", "/v1/files", f"Content-Length: {2**63 - 1}", *fields)
    expect(status_of(arena, huge) == "413", "2^63 - 1 bytes are not refused")
    chunked = http1_head(arena, "POST", "/v1/files", "Transfer-Encoding: chunked", *fields)
    body = b"%x\r\n" % (cap + 1) + bytes(cap + 1)
    expect(status_of(arena, chunked + body) == "413", "the byte that crosses is not refused")
    lying = b"7fffffffffffffff\r\n" + bytes(64)
    expect(status_of(arena, chunked + lying) == "408", "a chunk of 2^63 - 1 is waited for")
    return "10 MiB pass, a byte more does not"


HOSTILE = ("reset-before-head", "close-before-head", "half-head", "garbage", "interims",
           "header-bomb", "both-lengths", "two-lengths", "bad-length", "negative-length",
           "odd-coding", "obs-fold", "head-nul", "head-space", "bad-version", "bad-status",
           "low-status", "unasked-101", "short-body", "short-json", "bad-chunk", "extra-body",
           "sse-drop", "sse-reset", "sse-bad-chunk", "sse-short", "early-answer",
           "answer-and-close")


@attack("a hostile upstream: 502 or a broken answer, never another's")
def hostile_upstream(arena):
    broken, refused = 0, 0
    for mode in HOSTILE:
        for _ in range(3):
            body = b'{"model":"%b","messages":[]}' % mode.encode()
            head = http1_head(arena, "POST", "/v1/chat/completions",
                              "Content-Type: application/json", f"Content-Length: {len(body)}")
            with Stream(arena.gateway) as stream:
                stream.send(head + body)
                stream.take(4, until=lambda stream=stream: b"\r\n\r\n" in stream.data)
                status = bytes(stream.data)[9:12]
                expect(status in (b"502", b"200", b""), f"{mode}: {status!r}")
                expect(b"poisoned" not in bytes(stream.data), f"{mode}: desynchronised")
                refused += status == b"502"
                broken += status != b"502"
    return f"{len(HOSTILE)} faults: {refused} answers of 502, {broken} broken off or harmless"


@attack("random bytes: a refusal or nothing, then the end")
def garbage(arena):
    import random

    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    for _ in range(300):
        with Stream(arena.gateway) as stream:
            stream.send(chance.randbytes(chance.randrange(1, 4_000)))
            stream.finish()
            data = stream.rest(10)
            expect(stream.is_over and data.count(b"HTTP/1.1 2") == 0, f"seed {seed}")
    return f"300 connections ended (seed {seed})"



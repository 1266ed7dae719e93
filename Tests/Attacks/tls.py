"""TLS: handshakes that do not end, come in floods, or are none."""

import os
import random
import socket
import ssl
import subprocess
import time

from attack import attack, expect
from stream import Stream, crowd


def client_hello(name="localhost"):
    """The first flight of an honest client."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


@attack("`tlsHandshakeSeconds`: cut")
def handshakes_that_do_not_end(arena):
    hello = client_hello()
    silent = crowd(arena.gateway, 300, listener="tls", shakes=False)
    begun = crowd(arena.gateway, 300, hello, listener="tls", shakes=False)
    halves = crowd(arena.gateway, 300, hello[:100], listener="tls", shakes=False)
    streams = silent + begun + halves
    start = time.monotonic()
    try:
        for stream in streams:
            stream.rest(max(0.01, 10 - (time.monotonic() - start)))
        over = sum(stream.is_over for stream in streams)
        expect(over == len(streams), f"{len(streams) - over} of {len(streams)} live on")
    finally:
        for stream in streams:
            stream.close()
    return f"{len(streams)} cut within {time.monotonic() - start:.1f} s"


@attack("one handshake a turn: a flood of them starves nobody", short=True)
def handshake_flood(arena):
    """First flights without an end, as fast as they can be sent for two seconds."""
    hello = client_hello()
    place = arena.gateway.listeners["tls"]
    end = time.monotonic() + 2
    count = 0
    held = []
    while time.monotonic() < end:
        raw = socket.create_connection((place.host, place.port), 10)
        raw.sendall(hello)
        held.append(raw)
        count += 1
        if len(held) > 200:
            held.pop(0).close()
    for raw in held:
        raw.close()
    return f"{count:,} handshakes begun in 2 s"


@attack("what is not TLS ends with an alert or without one", short=True)
def garbage_for_tls(arena):
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    hello = client_hello()
    for _ in range(300):
        data = bytearray(hello)
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        kinds = [bytes(data), chance.randbytes(600), b"\x16\x03\x01\xff\xff" + bytes(2_000)]
        with Stream(arena.gateway, "tls", shakes=False) as stream:
            stream.send(chance.choice(kinds))
            stream.finish()
            stream.rest(10)
            expect(stream.is_over, f"seed {seed}: garbage is listened to")
    return f"300 connections ended (seed {seed})"


@attack("a first flight is bounded, however it is cut")
def endless_client_hello(arena):
    """A handshake message that says it is 16 MiB long, in records of one byte and of 16 KiB."""
    with Stream(arena.gateway, "tls", shakes=False) as stream:
        record = b"\x16\x03\x01\x40\x00" + b"\x01\xff\xff\xff" + bytes(16_380)
        sent = 0
        while sent < 4_000_000 and not stream.is_over:
            if not stream.send(record, seconds=2):
                break
            sent += len(record)
            stream.take(0)
        stream.rest(5)
        expect(stream.is_over, f"{sent:,} bytes of a first flight were taken")
    with Stream(arena.gateway, "tls", shakes=False) as stream:
        stream.send(b"".join(b"\x16\x03\x01\x00\x01" + bytes([byte]) for byte in client_hello()))
        stream.take(3)
        answer = bytes(stream.data[:1])
    return f"ended after {sent:,} bytes; cut into single bytes: " \
           f"{'answered' if answer == bytes([22]) else 'refused'}"


@attack("no renegotiation", short=True)
def renegotiation(arena):
    """`openssl s_client` asks for one on TLS 1.2."""
    place = arena.gateway.listeners["tls"]
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"{place.host}:{place.port}", "-tls1_2",
         "-servername", "localhost", "-CAfile", arena.gateway.ca],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        client.stdin.write(b"R\n")
        client.stdin.flush()
        output = client.communicate(timeout=15)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        client.kill()
        output = client.communicate()[0].decode(errors="replace")
    expect("RENEGOTIATING" in output, "openssl did not ask")
    expect("no renegotiation" in output or "alert" in output or "unexpected" in output,
           output[-300:])
    return "refused"


@attack("records and their size: a byte each, empty ones, and more than a record may hold")
def records_of_every_size(arena):
    with Stream(arena.gateway, "tls") as stream:
        for byte in b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n":
            stream.send(bytes([byte]))
        stream.take(5, until=lambda: b"200 OK" in stream.data)
        expect(b"200 OK" in bytes(stream.data), "not answered byte by byte")
        # Behind the handshake's end the bytes of the socket itself are written.
        raw = socket.socket(fileno=os.dup(stream.socket.fileno()))
        raw.setblocking(True)
        raw.sendall(b"\x17\x03\x03\xff\xff" + bytes(65_535))
        raw.close()
        stream.rest(5)
        expect(stream.is_over, "a record of 65,535 bytes was taken")
    return "answered byte by byte; a forged record ended the connection"

"""HTTP/2: what no client would send, and honest frames cut into pieces."""

import os
import random

from attack import attack, expect
from frames import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, HEALTH, PING, PREFACE,
                    PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW, Peer, chat, frame, number, request,
                    serves, settings)

ILLEGAL = {
    "even stream": request(2),
    "stream 0": request(0),
    "data on idle": frame(DATA, 0, 9, b"x"),
    "reset of idle": frame(RST_STREAM, 0, 9, number(8)),
    "window of idle": frame(WINDOW, 0, 9, number(1)),
    "reset of stream 0": frame(RST_STREAM, 0, 0, number(8)),
    "push promise": frame(PUSH_PROMISE, END_HEADERS, 1, number(2) + HEALTH),
    "push allowed": settings(push=2),
    "window too big": settings(window=2**31),
    "frame too small": settings(frame=100),
    "frame too big": settings(frame=2**24),
    "settings on a stream": frame(SETTINGS, 0, 1),
    "settings with an odd size": frame(SETTINGS, 0, 0, b"12345"),
    "settings ack with a body": frame(SETTINGS, ACK, 0, b"123456"),
    "too many settings": frame(SETTINGS, 0, 0, b"\x00\x99" + bytes(4)) * 1
    + frame(SETTINGS, 0, 0, (b"\x00\x99" + bytes(4)) * 2_000),
    "ping on a stream": frame(PING, 0, 1, bytes(8)),
    "ping of another size": frame(PING, 0, 0, bytes(9)),
    "goaway on a stream": frame(GOAWAY, 0, 1, bytes(8)),
    "short goaway": frame(GOAWAY, 0, 0, bytes(4)),
    "lone continuation": frame(9, END_HEADERS, 1, HEALTH),
    "another frame within a head": frame(HEADERS, 0, 1, HEALTH) + frame(PING, 0, 0, bytes(8)),
    "continuation of another stream": frame(HEADERS, 0, 1, HEALTH)
    + frame(9, END_HEADERS, 3, HEALTH),
    "padding past the frame": frame(DATA, 8, 1, b"\xff"),
    "window overflow": frame(WINDOW, 0, 0, number(2**31 - 1)),
    "zero window update": frame(WINDOW, 0, 0, number(0)),
    "frame of 20,000 bytes": frame(DATA, 0, 1, bytes(20_000)),
    "broken compression": request(1, b"\xff\xff\xff\xff\xff\xff\xff"),
    "integer without end": request(1, b"\x7f" + b"\x80" * 40 + b"\x01"),
}


@attack("RFC 9113: a connection error each, told by GOAWAY", short=True)
def illegal_frames(arena):
    for name, data in ILLEGAL.items():
        with Peer(arena.gateway) as peer:
            peer.send(data)
            expect(peer.ends(5), f"{name}: {peer.ending}")
    return f"{len(ILLEGAL)} of {len(ILLEGAL)} connections ended"


@attack("stream ids end with the connection")
def last_stream_id(arena):
    last = 2**31 - 1
    with Peer(arena.gateway) as peer:
        peer.send(request(last))
        peer.take(5, until=lambda: peer.body[last] or peer.is_cut)
        expect(peer.body[last] or peer.is_cut, "no answer on the last stream")
        peer.send(request(1))
        peer.take(2, until=lambda: peer.body[1] or peer.is_cut)
        expect(not peer.body[1], "a smaller stream was served behind the last")
    return peer.ending


@attack("nothing but the preface begins HTTP/2; garbage ends its connection")
def garbage_behind_the_preface(arena):
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    for _ in range(200):
        with Peer(arena.gateway, opens=False) as peer:
            peer.send(PREFACE[:chance.choice([4, 14, 24, 24, 24])]
                      + chance.randbytes(chance.randrange(1, 3_000)))
            peer.socket.shutdown(1)
            peer.take(5)
            expect(peer.is_over, f"seed {seed}: garbage is listened to")
    return f"200 connections ended (seed {seed})"


@attack("frames whose bits were turned end their stream or connection, nothing else", short=True)
def mutated_conversations(arena):
    """An honest conversation with some of its bytes changed; then nothing is sent any more."""
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    block, body = chat(arena.gateway, "honest")
    honest = (PREFACE + settings(window=65_535) + request(1, block, ends=False)
              + frame(DATA, END_STREAM, 1, body) + frame(PING, 0, 0, bytes(8)) + request(3)
              + frame(WINDOW, 0, 0, number(1_000)))
    for _ in range(300):
        data = bytearray(honest)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(24, len(data))] = chance.randrange(256)
        with Peer(arena.gateway, opens=False) as peer:
            peer.send(bytes(data))
            peer.socket.shutdown(1)
            peer.take(5)
            expect(peer.is_over, f"seed {seed}: the connection outlives its client")
    serves(arena.gateway)
    return f"300 conversations (seed {seed})"


@attack("frames mean the same however they are cut")
def split_at_every_byte(arena):
    """An honest conversation in two pieces, cut at every byte, and once byte by byte."""
    block, body = chat(arena.gateway, "honest")
    data = (PREFACE + settings() + frame(SETTINGS, ACK, 0) + request(1, block, ends=False)
            + frame(DATA, END_STREAM, 1, body) + request(3))
    cuts = [[at] for at in range(1, len(data))] + [list(range(1, len(data)))]
    for cut in cuts:
        with Peer(arena.gateway, opens=False) as peer:
            for begin, end in zip([0, *cut], [*cut, len(data)], strict=True):
                peer.send(data[begin:end])
            peer.take(10, until=lambda peer=peer: peer.body[1] and peer.body[3])
            expect(peer.body[1] and peer.body[3], f"cut at {cut[:3]}: {peer.ending}")
    return f"{len(cuts)} conversations answered in full"

"""HTTP/2: clients that do not take what they asked for, or take it byte by byte."""

import time

from attack import attack, expect
from frames import (DATA, END_STREAM, WINDOW, Peer, chat, frame, number, request, settings, upload)

STREAMS = 100
# Per stream: the buffer's bound each way, and as much again for what surrounds it.
STREAM_KILOBYTES = 2 * 256 + 128


def asked(peer, gateway, model, streams=STREAMS):
    block, body = chat(gateway, model)
    for index in range(streams):
        stream = 2 * index + 1
        peer.send(request(stream, block, ends=False) + frame(DATA, END_STREAM, stream, body))


@attack("`streamBufferBytes` each, `writeStallSeconds`: the streams end, upstream too", short=True)
def window_stall(arena):
    before = arena.kilobytes()
    with Peer(arena.gateway, opens=False) as peer:
        peer.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings(window=0))
        asked(peer, arena.gateway, "ten-megabytes")
        arena.wait_for(lambda: arena.metric("gatehouse_upstream_active_requests") >= STREAMS,
                       "the streams did not begin")
        peer.take(1)
        grown = arena.kilobytes() - before
        expect(grown < STREAMS * STREAM_KILOBYTES, f"{grown:,} kB held")
        begun = time.monotonic()
        peer.take(10, until=lambda: sum(peer.resets.values()) >= STREAMS or peer.is_cut)
        expect(sum(peer.resets.values()) >= STREAMS or peer.is_cut, "stalled streams live on")
        seconds = time.monotonic() - begun
    return f"{grown:,} kB for {STREAMS} streams of 10 MiB, cut after {seconds + 1:.1f} s"


def dripped(arena, seconds, pause):
    """Opens the windows of a hundred streams by one byte at a time."""
    before = arena.kilobytes()
    with Peer(arena.gateway, opens=False) as peer:
        peer.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings(window=0))
        asked(peer, arena.gateway, "ten-megabytes")
        drip = b"".join(frame(WINDOW, 0, 2 * i + 1, number(1)) for i in range(STREAMS))
        end = time.monotonic() + seconds
        grown = 0
        while time.monotonic() < end and not peer.is_cut:
            peer.send(drip)
            peer.take(pause)
            grown = max(grown, arena.kilobytes() - before)
        expect(grown < STREAMS * STREAM_KILOBYTES, f"{grown:,} kB held")
        return peer, grown


@attack("`streamBufferBytes` each; what moves is useful and costs its own size")
def window_drip(arena):
    peer, grown = dripped(arena, 3, 0.002)
    taken = sum(peer.body.values())
    return f"{taken:,} bytes in {peer.counts[DATA]:,} frames, {grown:,} kB held; {peer.ending}"


@attack("flow control: bytes beyond the window end the connection", short=True)
def window_ignored(arena):
    with Peer(arena.gateway) as peer:
        peer.send(request(1, upload(arena.gateway, "never"), ends=False))
        ending = peer.flood(lambda i: frame(DATA, 0, 1, bytes(16_384)), 2_000, reads=True, size=4)
        expect(peer.is_cut or peer.resets, ending)
    return f"{ending}, resets {dict(peer.resets)}"


@attack("`streamBufferBytes`: an upload moves no faster than the upstream reads")
def small_data_frames(arena):
    """A body of single bytes: each frame has ten times its size around it."""
    before = arena.kilobytes()
    count = 60_000
    with Peer(arena.gateway) as peer:
        peer.send(request(1, upload(arena.gateway, "never"), ends=False))
        ending = peer.flood(lambda i: frame(DATA, 0, 1, b"x"), count, reads=True)
        grown = arena.kilobytes() - before
        expect(grown < 8_192, f"{grown:,} kB held for {count:,} bytes")
    return f"{ending}, {grown:,} kB held"

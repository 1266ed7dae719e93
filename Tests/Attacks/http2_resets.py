"""HTTP/2: streams that are opened to be broken off."""

from attack import attack, expect
from frames import (CALM, DATA, END_HEADERS, END_STREAM, HEADERS, PRIORITY, RST_STREAM, WINDOW,
                    Peer, frame, literal, number, request, upload)

TRIES = 3_000
# The burst, a second's refill, and what fits into one read of 64 KiB beside it.
BOUND = "resetBurst"


def broken_off(arena, break_off, *fields, reads=True):
    """Opens upstream requests and breaks each off; the connection must be ended for it."""
    block = upload(arena.gateway, "never", *fields)

    def make(index):
        stream = 2 * index + 1
        return request(stream, block, ends=False) + break_off(stream)

    with Peer(arena.gateway) as peer:
        ending = peer.flood(make, TRIES, reads=reads, size=20)
        expect(peer.is_cut, f"{ending}; {sum(peer.resets.values())} resets sent")
        expect(sum(peer.resets.values()) <= 400, f"{sum(peer.resets.values())} resets sent")
    waited = arena.wait_for(
        lambda: arena.metric("gatehouse_upstream_active_requests") <= 2, "upstream work goes on", 5)
    return (f"{ending.replace('frames', 'streams')}, {sum(peer.resets.values())} resets sent, "
            f"upstream work over in {waited:.1f} s")


@attack(f"`{BOUND}`, `resetsPerSecond`: GOAWAY; upstream work cancelled", short=True)
def rapid_reset(arena):
    return broken_off(arena, lambda stream: frame(RST_STREAM, 0, stream, number(8)))


@attack(f"`{BOUND}`: GOAWAY, also for a client that reads nothing")
def rapid_reset_unread(arena):
    return broken_off(arena, lambda stream: frame(RST_STREAM, 0, stream, number(8)), reads=False)


@attack(f"`{BOUND}`: resets sent count like resets received", short=True)
def made_you_reset_by_zero_window_update(arena):
    return broken_off(arena, lambda stream: frame(WINDOW, 0, stream, number(0)))


@attack(f"`{BOUND}`")
def made_you_reset_by_window_overflow(arena):
    return broken_off(arena, lambda stream: frame(WINDOW, 0, stream, number(2**31 - 1)))


@attack(f"`{BOUND}`")
def made_you_reset_by_priority_on_itself(arena):
    return broken_off(arena, lambda stream: frame(PRIORITY, 0, stream, number(stream) + b"\x10"))


@attack(f"`{BOUND}`")
def made_you_reset_by_short_priority(arena):
    return broken_off(arena, lambda stream: frame(PRIORITY, 0, stream, b"\x00"))


@attack(f"`{BOUND}`", short=True)
def made_you_reset_by_trailers_without_end(arena):
    trailers = literal(b"x-trailer", b"1")
    return broken_off(arena, lambda stream: frame(HEADERS, END_HEADERS, stream, trailers))


@attack(f"`{BOUND}`")
def made_you_reset_by_malformed_trailers(arena):
    trailers = literal(b"Upper", b"1")
    return broken_off(
        arena, lambda stream: frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers))


@attack(f"`{BOUND}`")
def made_you_reset_by_more_than_the_length(arena):
    return broken_off(
        arena, lambda stream: frame(DATA, 0, stream, b"123456"), (b"content-length", b"5"))


@attack(f"`{BOUND}`")
def made_you_reset_by_less_than_the_length(arena):
    return broken_off(
        arena, lambda stream: frame(DATA, END_STREAM, stream, b"1"), (b"content-length", b"5"))


@attack(f"`{BOUND}`")
def made_you_reset_by_data_behind_the_end(arena):
    return broken_off(
        arena, lambda stream: frame(DATA, END_STREAM, stream, b"1") + frame(DATA, 0, stream, b"2"))


@attack(f"`{BOUND}`")
def made_you_reset_by_head_behind_the_end(arena):
    trailers = literal(b"x-trailer", b"1")
    return broken_off(
        arena, lambda stream: frame(DATA, END_STREAM, stream, b"1")
        + frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers))


@attack(f"`{BOUND}`", short=True)
def made_you_reset_by_malformed_heads(arena):
    """The request itself is malformed, so that no exchange ever begins."""
    block = upload(arena.gateway, "never", (b"connection", b"close"))
    with Peer(arena.gateway) as peer:
        ending = peer.flood(lambda i: request(2 * i + 1, block), TRIES, reads=True, size=20)
        expect(peer.is_cut, ending)
    return ending.replace("frames", "streams")


@attack("`concurrentStreams` refuses, `resetBurst` ends", short=True)
def streams_beyond_the_announced(arena):
    block = upload(arena.gateway, "never")
    with Peer(arena.gateway) as peer:
        ending = peer.flood(lambda i: request(2 * i + 1, block, ends=False), TRIES, reads=True,
                            size=20)
        active = arena.metric("gatehouse_upstream_active_requests")
        expect(peer.is_cut and peer.goaway in (None, CALM), ending)
        expect(active <= 102, f"{active} requests upstream")
    return f"{ending.replace('frames', 'streams')}, {sum(peer.resets.values())} refused"

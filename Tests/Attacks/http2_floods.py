"""HTTP/2: frames that carry nothing, by the ten thousand."""

from attack import attack, expect
from frames import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, HEALTH, PADDED, PING,
                    PRIORITY, RST_STREAM, SETTINGS, WINDOW, Peer, frame, number, request, serves,
                    settings, upload)

COUNT = 60_000
BOUND = "`uselessFrameBurst`, `uselessFramesPerSecond`: GOAWAY"


def flooded(arena, make, *, count=COUNT, before=b""):
    """The flood with its answers read, then without: the connection must be ended both times."""
    endings = []
    for reads in (True, False):
        with Peer(arena.gateway) as peer:
            if before:
                peer.send(before)
                peer.take(1, until=lambda: peer.body[1])
            endings.append(peer.flood(make, count, reads=reads))
            expect(peer.is_cut, f"{'read' if reads else 'unread'}: {endings[-1]}")
    serves(arena.gateway)
    return f"read: {endings[0]}; unread: {endings[1]}"


@attack(BOUND, short=True)
def ping_flood(arena):
    return flooded(arena, lambda i: frame(PING, 0, 0, number(i) * 2))


@attack(BOUND)
def ping_ack_flood(arena):
    return flooded(arena, lambda i: frame(PING, ACK, 0, number(i) * 2))


@attack(BOUND, short=True)
def settings_flood(arena):
    return flooded(arena, lambda i: settings())


@attack(BOUND)
def settings_flood_that_resizes_every_window(arena):
    """A hundred streams wait, and every SETTINGS frame changes the window of each."""
    block = upload(arena.gateway, "never")
    waiting = b"".join(request(2 * i + 1, block, ends=False) for i in range(100))
    return flooded(arena, lambda i: settings(window=i % 2 + 1, table=4_096 * (i % 2)),
                   before=waiting)


@attack(BOUND)
def settings_ack_flood(arena):
    return flooded(arena, lambda i: frame(SETTINGS, ACK, 0))


@attack(BOUND)
def empty_data_flood(arena):
    opened = request(1, upload(arena.gateway, "never"), ends=False)
    return flooded(arena, lambda i: frame(DATA, 0, 1), before=opened)


@attack(BOUND)
def padding_flood(arena):
    opened = request(1, upload(arena.gateway, "never"), ends=False)
    return flooded(arena, lambda i: frame(DATA, PADDED, 1, b"\xff" + bytes(255)), before=opened)


@attack(BOUND)
def data_flood_on_a_closed_stream(arena):
    return flooded(arena, lambda i: frame(DATA, 0, 1), before=request(1))


@attack(BOUND, short=True)
def ending_data_flood_on_a_closed_stream(arena):
    return flooded(arena, lambda i: frame(DATA, END_STREAM, 1), before=request(1))


@attack(BOUND, short=True)
def head_flood_on_a_closed_stream(arena):
    return flooded(arena, lambda i: frame(HEADERS, END_HEADERS | END_STREAM, 1, HEALTH),
                   before=request(1))


@attack(BOUND)
def reset_flood_on_a_closed_stream(arena):
    return flooded(arena, lambda i: frame(RST_STREAM, 0, 1, number(8)), before=request(1))


@attack(BOUND)
def priority_flood(arena):
    return flooded(arena, lambda i: frame(PRIORITY, 0, 2 * i + 1, number(0) + b"\x01"))


@attack(BOUND)
def priority_flood_that_weaves(arena):
    """Every frame hangs a stream of another tree."""
    return flooded(arena, lambda i: frame(
        PRIORITY, 0, 2 * (i % 1_000) + 1, number(2 * ((i * 7 + 1) % 1_000) + 1 | 1 << 31) + b"\x01"))


@attack(BOUND)
def window_update_flood(arena):
    return flooded(arena, lambda i: frame(WINDOW, 0, 0, number(1)))


@attack(BOUND)
def window_update_flood_on_a_stream(arena):
    opened = request(1, upload(arena.gateway, "never"), ends=False)
    return flooded(arena, lambda i: frame(WINDOW, 0, 1, number(1)), before=opened)


@attack(BOUND)
def unknown_frame_flood(arena):
    return flooded(arena, lambda i: frame(0xBE, 0, 0, b"unknown"))


@attack(BOUND, short=True)
def large_unknown_frame_flood(arena):
    return flooded(arena, lambda i: frame(0xBE, 0, 0, bytes(16_384)), count=6_000)


@attack(BOUND)
def extension_frame_flood(arena):
    """ALTSVC, ORIGIN and PRIORITY_UPDATE by turns: types that some servers know."""
    kinds = (0x0A, 0x0C, 0x10)
    return flooded(arena, lambda i: frame(kinds[i % 3], 0, 0, number(1) + b"u=1"))


@attack(BOUND)
def goaway_flood(arena):
    return flooded(arena, lambda i: frame(GOAWAY, 0, 0, number(0) + number(0) + b"bye"))


@attack("`uselessFramesPerRequest`: an honest share of useless frames costs nothing else")
def pings_behind_requests(arena):
    """As many pings as the requests between them pay for: legal, and nobody else may suffer."""

    def make(index):
        return request(2 * index + 1) + frame(PING, 0, 0, number(index) * 2) * 9

    with Peer(arena.gateway) as peer:
        for index in range(2_000):
            peer.send(make(index))
            peer.take(5, until=lambda: peer.is_cut or len(peer.body) > index)
        ending, answered = peer.ending, len(peer.body)
    expect(answered == 2_000 or peer.is_cut, f"{answered} answers; {ending}")
    return f"{answered:,} answers; {ending}"

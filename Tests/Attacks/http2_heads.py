"""HTTP/2: header blocks that do not end, do not fit, or grow when they are decoded."""

import time

from attack import attack, expect
from frames import (CONTINUATION, END_HEADERS, END_STREAM, GOAWAY, HEADERS, HEALTH, WINDOW, Peer,
                    chat, frame, head, integer, literal, number, request, serves, upload)

HELD_OPEN = 200


def endless(arena, piece):
    with Peer(arena.gateway) as peer:
        peer.send(frame(HEADERS, END_STREAM, 1, HEALTH))
        ending = peer.flood(lambda i: frame(CONTINUATION, 0, 1, piece), 20_000, reads=True)
        expect(peer.is_cut, ending)
    serves(arena.gateway)
    return ending


@attack("`requestHeadBytes` and eight CONTINUATION frames: GOAWAY", short=True)
def continuation_flood(arena):
    return endless(arena, literal(b"x-a", b"a" * 120))


@attack("eight CONTINUATION frames: GOAWAY")
def empty_continuation_flood(arena):
    return endless(arena, b"")


@attack("`requestHeadSeconds`: GOAWAY, whatever was sent of the block", short=True)
def half_open_heads(arena):
    peers = [Peer(arena.gateway) for _ in range(HELD_OPEN)]
    try:
        for peer in peers:
            peer.send(frame(HEADERS, END_STREAM, 1, HEALTH))
        begun = time.monotonic()
        for peer in peers:
            expect(peer.ends(10), "a connection with an unfinished head lives on")
        seconds = time.monotonic() - begun
    finally:
        for peer in peers:
            peer.socket.close()
    return f"{HELD_OPEN} connections ended within {seconds:.1f} s"


def bomb(stream, references, flags=END_HEADERS | END_STREAM):
    """A block that names the first entry of the dynamic table `references` times."""
    return frame(HEADERS, flags, stream, HEALTH + b"\xbe" * references)


def primed(peer):
    """Puts 3,900 bytes into the peer's dynamic table."""
    value = b"a" * 3_900
    entry = b"\x40" + integer(6, 7) + b"x-bomb" + integer(len(value), 7) + value
    peer.send(request(1, HEALTH + entry))


@attack("decoded bytes: four times `requestHeadBytes` and the connection ends", short=True)
def hpack_bomb(arena):
    begun = arena.processor_seconds()
    with Peer(arena.gateway) as peer:
        primed(peer)
        peer.send(bomb(3, 12_000, flags=END_STREAM) + frame(CONTINUATION, END_HEADERS, 3))
        expect(peer.ends(), "a block of 47 MB decoded was taken")
    serves(arena.gateway)
    spent = arena.processor_seconds() - begun
    return f"GOAWAY {peer.goaway}, {spent:.2f} s of processor, the honest client's share included"


@attack("a head over its limit is not stored and answered 431")
def small_hpack_bombs(arena):
    """Each block decodes to more than a head may have, and to less than ends the connection."""
    before = arena.processor_seconds()
    sent, answered = 0, 0
    begun = time.monotonic()
    with Peer(arena.gateway) as peer:
        primed(peer)
        # Room for all answers.
        peer.send(frame(WINDOW, 0, 0, number(1 << 24)))
        for index in range(1, 1_500):
            data = bomb(2 * index + 1, 50)
            if not peer.send(data):
                break
            sent += len(data)
            if index % 50 == 0:
                peer.take(1, until=lambda: len(peer.body) >= index or peer.is_cut)
        answered = len(peer.body)
    share = (arena.processor_seconds() - before) / (time.monotonic() - begun)
    return f"{answered:,} answers to {sent // 1024:,} KiB, {share:.0%} of a processor"


@attack("`connectionHeadBytes`: heads that grow while they are decoded are held within a bound", short=True)
def heads_that_are_held(arena):
    """A hundred requests wait upstream, each with a head of 60 KiB made of 100 bytes."""
    gateway = arena.gateway
    before = arena.kilobytes()
    sent = 0
    peers = [Peer(gateway) for _ in range(9)]
    try:
        for peer in peers:
            primed(peer)
            block, body = chat(gateway, "never")
            for index in range(1, 100):
                stream = 2 * index + 1
                data = request(stream, block + b"\xbe" * 15, ends=False)
                data += frame(0, END_STREAM, stream, body)
                sent += len(data)
                peer.send(data)
            peer.take(0.3, until=lambda peer=peer: peer.is_cut)
        grown = max(0, arena.kilobytes() - before) * 1_024
    finally:
        for peer in peers:
            peer.socket.close()
    expect(grown < 100 * sent, f"{grown // 1_024:,} KiB held for {sent // 1_024:,} KiB")
    return f"{grown // 1_024:,} KiB held for {sent // 1_024:,} KiB on the wire"


@attack("`requestFieldCount`: 431, and the connection lives")
def too_many_fields(arena):
    def count(fields):
        with Peer(arena.gateway) as peer:
            block = HEALTH + literal(b"x-f", b"1") * fields
            data = b""
            for begin in range(0, len(block), 16_000):
                first, last = begin == 0, begin + 16_000 >= len(block)
                kind = HEADERS if first else CONTINUATION
                flags = (END_STREAM if first else 0) | (END_HEADERS if last else 0)
                data += frame(kind, flags, 1, block[begin:begin + 16_000])
            peer.send(data + request(3))
            peer.take(5, until=lambda: peer.is_cut or peer.body[3])
            return bool(peer.body[3]), peer.goaway

    edge, beyond, flood = count(100), count(101), count(10_000)
    expect(edge[0] and beyond[0], "the connection did not live")
    expect(flood[0] or flood[1], "10,000 fields had no consequence")
    serves(arena.gateway)
    return f"101 fields: connection lives; 10,000: GOAWAY {flood[1]}"


@attack("a table that is resized within every block costs no more than the block")
def table_size_updates(arena):
    """Two updates are legal at a block's start; more, or elsewhere, are a connection error."""
    with Peer(arena.gateway) as peer:
        peer.send(request(1, b"\x20\x3f\xe1\x1f" + HEALTH))
        peer.take(5, until=lambda: peer.body[1])
        expect(peer.body[1], "two legal updates were refused")
        peer.send(request(3, b"\x20" * 5_000 + HEALTH))
        peer.send(request(5, HEALTH + b"\x3f\xe1\x1f"))
        expect(peer.ends(), "an update behind a field was taken")
    return f"GOAWAY {peer.goaway}"


@attack("trailers have the bounds of heads")
def trailer_bomb(arena):
    with Peer(arena.gateway) as peer:
        primed(peer)
        peer.send(request(3, upload(arena.gateway, "never"), ends=False)
                  + frame(HEADERS, END_STREAM, 3, b"\xbe" * 12_000)
                  + frame(CONTINUATION, END_HEADERS, 3))
        expect(peer.ends(), "47 MB of trailers were taken")
    return f"GOAWAY {peer.goaway}"


@attack("what HTTP/1.1 would read as more than one line never gets upstream", short=True)
def injection_into_http1(arena):
    """CR, LF, NUL and fields of a connection, in every place of a head."""
    attempts = []
    for poison in (b"a\r\nx-injected: 1", b"a\nx-injected: 1", b"a\rb", b"a\x00b"):
        attempts += [
            head(b"GET", b"/v1/files?" + poison, (b"x-a", b"1")),
            head(b"GET", b"/v1/files", (b"x-a", poison)),
            head(b"GET", b"/v1/files", (poison, b"1")),
            head(poison, b"/v1/files"),
        ]
    for field in (b"connection", b"transfer-encoding", b"keep-alive", b"upgrade"):
        attempts.append(head(b"GET", b"/v1/files", (field, b"chunked")))
    with Peer(arena.gateway) as peer:
        for index, block in enumerate(attempts):
            peer.send(request(2 * index + 1, block))
        last = 2 * len(attempts) + 1
        peer.send(request(last))
        peer.take(10, until=lambda: peer.body[last] or peer.is_cut)
        expect(peer.body[last] and set(peer.body) == {last}, f"answered: {dict(peer.body)}")
    return f"{peer.resets[1]} of {len(attempts)} reset with PROTOCOL_ERROR"


@attack("an end without a request")
def goaway_and_go(arena):
    """GOAWAY in the middle of a request ends nothing that is under way."""
    with Peer(arena.gateway) as peer:
        peer.send(frame(GOAWAY, 0, 0, bytes(8)) + request(1))
        peer.take(5, until=lambda: peer.body[1] or peer.is_over)
        expect(peer.body[1] or peer.is_over, "neither answer nor end")
    return "answered" if peer.body[1] else "closed"

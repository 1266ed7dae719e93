"""HTTP/2 by hand: frames as bytes, and a peer that keeps no rule."""

import select
import socket
import ssl
import time
from collections import Counter

from attack import expect

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW, CONTINUATION = (
    range(10))
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
CALM = 11


def frame(kind, flags, stream, payload=b""):
    """A frame's bytes, also of one that no library would write."""
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
            + payload)


def number(value):
    return value.to_bytes(4, "big")


def settings(**values):
    ids = {"table": 1, "push": 2, "streams": 3, "window": 4, "frame": 5, "list": 6}
    pairs = (ids[name].to_bytes(2, "big") + number(value) for name, value in values.items())
    return frame(SETTINGS, 0, 0, b"".join(pairs))


def literal(name, value):
    """A field without indexing and without Huffman coding, so that blocks can be put together."""
    return b"\x00" + integer(len(name), 7) + name + integer(len(value), 7) + value


def integer(value, bits):
    """HPACK's integer (RFC 7541 section 5.1) with its first bits zero."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    value -= most
    rest = bytearray([most])
    while value >= 128:
        rest.append(value % 128 + 128)
        value //= 128
    rest.append(value)
    return bytes(rest)


def head(method, path, *fields):
    """A header block that leaves the dynamic table as it is."""
    base = [(b":method", method), (b":scheme", b"http"), (b":authority", b"localhost"),
            (b":path", path)]
    return b"".join(literal(name, value) for name, value in (*base, *fields))


HEALTH = head(b"GET", b"/health")


def request(stream, block=HEALTH, ends=True):
    return frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, block)


class Peer:
    """A connection that is used badly. Nothing it receives is lost: `counts`, `goaway`, `resets`."""

    def __init__(self, gateway, listener="clear", opens=True, receive_buffer=None):
        place = gateway.listeners[listener]
        raw = socket.socket()
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(10)
        raw.connect((place.host, place.port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if place.is_tls:
            context = ssl.create_default_context(cafile=gateway.ca)
            context.set_alpn_protocols(["h2"])
            raw = context.wrap_socket(raw, server_hostname="localhost")
        self.socket = raw
        self.counts = Counter()
        self.resets = Counter()
        self.status = {}
        self.body = Counter()
        self.goaway = None
        self.is_over = False
        self.sent_frames = 0
        self._buffer = bytearray()
        if opens:
            self.send(PREFACE + settings())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # Sending.

    def send(self, data, seconds=10):
        """Sends all of it; False when the gateway ended the connection or does not read on."""
        view = memoryview(data)
        end = time.monotonic() + seconds
        self.socket.setblocking(False)
        while view and not self.is_over:
            try:
                view = view[self.socket.send(view):]
            except (BlockingIOError, ssl.SSLWantWriteError):
                left = end - time.monotonic()
                if left <= 0 or not select.select([], [self.socket], [], left)[1]:
                    return False
            except OSError:
                self.is_over = True
        return not self.is_over

    def flood(self, make, count, *, reads, size=200):
        """Sends up to `count` frames; returns how it ended in words."""
        for begin in range(0, count, size):
            batch = b"".join(make(i) for i in range(begin, min(begin + size, count)))
            if not self.send(batch, seconds=3):
                break
            self.sent_frames = begin + size
            if reads:
                self.take(0)
        self.take(2, until=lambda: self.goaway is not None)
        return self.ending

    @property
    def ending(self):
        if self.goaway is not None:
            return f"GOAWAY {self.goaway} after {self.sent_frames:,} frames"
        if self.is_over:
            return f"closed after {self.sent_frames:,} frames"
        return f"open after {self.sent_frames:,} frames"

    @property
    def is_cut(self):
        return self.is_over or self.goaway not in (None, 0)

    # Receiving.

    def take(self, seconds, until=lambda: False):
        """Takes in what comes until the condition holds, the end, or `seconds` have passed."""
        end = time.monotonic() + seconds
        self.socket.setblocking(False)
        while not until():
            try:
                data = self.socket.recv(262_144)
            except (BlockingIOError, ssl.SSLWantReadError):
                left = end - time.monotonic()
                if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                    return
                continue
            except OSError:
                data = b""
            if not data:
                self.is_over = True
                return
            self._buffer += data
            self._parse()

    def _parse(self):
        at = 0
        while len(self._buffer) >= at + 9:
            length = int.from_bytes(self._buffer[at:at + 3], "big")
            if len(self._buffer) < at + 9 + length:
                break
            kind, flags = self._buffer[at + 3], self._buffer[at + 4]
            stream = int.from_bytes(self._buffer[at + 5:at + 9], "big")
            self._received(kind, flags, stream, bytes(self._buffer[at + 9:at + 9 + length]))
            at += 9 + length
        del self._buffer[:at]

    def _received(self, kind, flags, stream, payload):
        self.counts[kind] += 1
        if kind == GOAWAY:
            self.goaway = int.from_bytes(payload[4:8], "big")
        elif kind == RST_STREAM:
            self.resets[int.from_bytes(payload, "big")] += 1
        elif kind == DATA:
            self.body[stream] += len(payload)

    def ends(self, seconds=10):
        """Whether the connection is told off or closed within that time."""
        self.take(seconds, until=lambda: self.is_cut)
        return self.is_cut


def serves(gateway):
    """The gateway answers on a new connection."""
    with Peer(gateway) as peer:
        peer.send(request(1))
        peer.take(10, until=lambda: peer.body[1])
        expect(peer.body[1], "no answer on a new connection")


def authorized(gateway):
    return (b"authorization", b"Bearer " + gateway.key.text.encode())


def upload(gateway, mode, *fields):
    """The head of a request that goes upstream at once."""
    return head(b"POST", b"/v1/files?mode=" + mode.encode(), authorized(gateway),
                (b"content-type", b"application/octet-stream"), *fields)


def chat(gateway, model):
    """The head and the body of a chat completion."""
    body = b'{"model":"' + model.encode() + b'","messages":[]}'
    return head(b"POST", b"/v1/chat/completions", authorized(gateway),
                (b"content-type", b"application/json")), body



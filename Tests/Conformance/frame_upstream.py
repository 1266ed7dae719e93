"""An HTTP/2 upstream that keeps no rule: it reads frames properly and writes whatever bytes a test
wants, without any machine between."""

import socket
import threading

from hpack import Decoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW, CONTINUATION = (
    range(10))
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8


def frame(kind, flags, stream, payload=b""):
    """A frame's bytes, also of one that no library would write."""
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
            + payload)


def number(value):
    return value.to_bytes(4, "big")


def setting(code, value):
    return code.to_bytes(2, "big") + number(value)


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


def block(*fields):
    """A header block of literals that leaves the dynamic table as it is."""
    return b"".join(
        b"\x00" + integer(len(name), 7) + name + integer(len(value), 7) + value
        for name, value in fields)


JSON_HEAD = block((b":status", b"200"), (b"content-type", b"application/json"))
ANSWER = b'{"well":true}'


def answer(stream):
    """A whole and proper answer."""
    return frame(HEADERS, END_HEADERS, stream, JSON_HEAD) + frame(DATA, END_STREAM, stream, ANSWER)


class Line:
    """One connection of the gateway's."""

    def __init__(self, upstream, raw, number):
        self.upstream = upstream
        self.raw = raw
        self.number = number
        self.buffer = bytearray()
        self.decoder = Decoder()
        self.bodies = {}

    def write(self, *parts):
        """Quietly: whom the gateway has left need not know."""
        try:
            self.raw.sendall(b"".join(parts))
        except OSError:
            pass

    def drip(self, data):
        """Every byte by itself."""
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            self.write(bytes([byte]))

    def close(self):
        try:
            self.raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def bytes(self, count):
        """Exactly so many; None when the connection ended before."""
        while len(self.buffer) < count:
            try:
                piece = self.raw.recv(65_536)
            except OSError:
                piece = b""
            if not piece:
                return None
            self.buffer += piece
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def next(self):
        """Kind, flags, stream and payload of the next frame; None at the end."""
        head = self.bytes(9)
        payload = head and self.bytes(int.from_bytes(head[:3], "big"))
        if payload is None or head is None:
            return None
        return head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFF_FFFF, payload

    def serve(self):
        if self.bytes(len(PREFACE)) != PREFACE:
            return
        self.upstream.opening(self)
        while found := self.next():
            kind, flags, stream, payload = found
            self.upstream.frames.append(found)
            if kind == SETTINGS and not flags & ACK:
                self.write(frame(SETTINGS, ACK, 0))
            if kind == HEADERS:
                path = dict(self.decoder.decode(payload))[":path"]
                self.upstream.requests.append((self.number, stream, path))
                self.upstream.on_head(self, stream)
            if kind == DATA and payload:
                self.write(frame(WINDOW, 0, 0, number(len(payload))),
                           frame(WINDOW, 0, stream, number(len(payload))))
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                self.upstream.on_end(self, stream)


class FrameUpstream:
    """Answers with `on_end(line, stream)` when a request is complete. `requests` are those that
    arrived, with the number of their connection; `frames` all that came."""

    def __init__(self, on_end=None, *, opening=None, on_head=None):
        self.on_end = on_end or (lambda line, stream: line.write(answer(stream)))
        self.on_head = on_head or (lambda line, stream: None)
        self.opening = opening or (lambda line: line.write(frame(SETTINGS, 0, 0)))
        self.requests = []
        self.frames = []
        self.lines = []
        self.ended = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for line in self.lines:
            line.close()

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            line = Line(self, raw, len(self.lines) + 1)
            self.lines.append(line)
            threading.Thread(target=self._run, args=(line,), daemon=True).start()

    def _run(self, line):
        try:
            line.serve()
        finally:
            line.close()
            line.raw.close()
            self.ended.append(line.number)

"""The upstream's HTTP/1.1 side: strict enough to notice what a gateway must not send."""

import asyncio
import base64
import hashlib

from wire import Gone

WEBSOCKET_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Exchange1:
    """One request on an HTTP/1.1 connection. Behaviours write through it, or raw past it."""

    protocol = "http/1.1"

    def __init__(self, wire, record):
        self.wire = wire
        self.record = record
        self.keeps_alive = record.header("connection") != "close"
        self._chunked = "chunked" in (record.header("transfer-encoding") or "").lower()
        self._left = int(record.header("content-length") or 0)
        self._is_read = not self._chunked and self._left == 0
        self._answers_chunked = False
        record.is_complete = self._is_read

    # The request body.

    async def read_some(self):
        """The next piece of the body; empty at its end."""
        if self._is_read:
            return b""
        if self._chunked and self._left == 0:
            line = await self._line()
            self._left = int(line.split(b";")[0], 16)
            if self._left == 0:
                await self._trailers()
                return self._ended()
        piece = await self.wire.some(min(self._left, 65_536))
        if not piece:
            raise Gone()
        self._left -= len(piece)
        self.record.body += piece
        self.record.body_seen.set()
        if self._left == 0:
            if self._chunked:
                if await self._line() != b"":
                    raise AssertionError("chunk data does not end with CRLF")
            else:
                self._ended()
        return piece

    async def read_body(self):
        while await self.read_some():
            pass

    def _ended(self):
        self._is_read = True
        self.record.is_complete = True
        return b""

    async def _line(self):
        line = await self.wire.until(b"\r\n")
        if line is None:
            raise Gone()
        return line[:-2]

    async def _trailers(self):
        while line := await self._line():
            name, _, value = line.partition(b":")
            self.record.trailers.append((name.decode().lower(), value.strip().decode()))

    # The response.

    async def respond(self, status, fields=(), body=b""):
        """A whole response with its Content-Length."""
        head = self._head(status, [*fields, ("content-length", str(len(body)))])
        await self.raw(head + (b"" if self.record.method == "HEAD" else body))

    async def start(self, status, fields=()):
        """A response head; the body follows with `send` in chunks."""
        self._answers_chunked = True
        await self.raw(self._head(status, [*fields, ("transfer-encoding", "chunked")]))

    async def send(self, data):
        framed = b"%x\r\n%b\r\n" % (len(data), data) if self._answers_chunked else data
        await self.wire.write(framed)
        self.record.sent += len(data)

    async def end(self):
        if self._answers_chunked:
            await self.wire.write(b"0\r\n\r\n")

    async def interim(self, status, fields=()):
        await self.raw(self._head(status, fields))

    async def raw(self, data):
        await self.wire.write(data)

    async def reset(self):
        """A TCP reset."""
        await self.wire.flushed()
        await asyncio.sleep(0.02)
        self.keeps_alive = False
        self.wire.abort()

    async def close(self):
        """An orderly end of the connection."""
        self.keeps_alive = False
        self.wire.close()

    async def gone(self):
        """Waits until the peer has gone away."""
        while not self.wire.is_ended:
            await self.wire.more()

    async def hold(self, event):
        """Waits for a test's threading.Event; raises Gone when the peer leaves first."""
        while not event.is_set():
            if self.wire.is_ended:
                raise Gone()
            await asyncio.sleep(0.002)

    # A tunnel: behind `upgrade` bytes are bytes.

    async def upgrade(self, fields=(), accept=None):
        """Agrees to the WebSocket that is asked for, with `accept` in place of the right proof."""
        self.keeps_alive = False
        salted = self.record.header("sec-websocket-key") + WEBSOCKET_SALT
        proof = base64.b64encode(hashlib.sha1(salted.encode()).digest()).decode()
        agreement = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
                     ("Sec-WebSocket-Accept", accept or proof)]
        await self.raw(self._head(101, [*agreement, *fields]))

    async def receive(self):
        """At least one byte of the tunnel; empty at the end of the peer's direction."""
        data = await self.wire.some()
        self.record.received += len(data)
        return data

    async def transmit(self, data):
        await self.wire.write(data)
        self.record.sent += len(data)

    async def hang_up(self):
        """The end of our direction."""
        await self.wire.flushed()
        if self.wire.transport.can_write_eof():
            self.wire.transport.write_eof()
        else:
            self.wire.close()

    @staticmethod
    def _head(status, fields):
        lines = [f"HTTP/1.1 {status} Reason"] + [f"{name}: {value}" for name, value in fields]
        return "\r\n".join(lines + ["", ""]).encode("latin-1")


async def serve_http1(upstream, wire, number):
    """Requests one after the other until either side ends the connection."""
    while True:
        head = await wire.until(b"\r\n\r\n")
        if head is None:
            return
        method, target, version, fields = _parse(head)
        record = upstream.record("http/1.1", number, method, target, fields, head)
        exchange = Exchange1(wire, record)

        def gone(how, record=record):
            if not record.finished.is_set() and not record.cancelled.is_set():
                record.cancel_kind = how
                record.cancelled.set()

        wire.on_gone = gone
        await upstream.answer(exchange)
        wire.on_gone = lambda how: None
        if not exchange.keeps_alive or not record.is_complete or wire.is_ended:
            return


def _parse(head):
    lines = head[:-4].split(b"\r\n")
    assert b"\n" not in b"".join(lines) and b"\r" not in b"".join(lines), head
    method, target, version = lines[0].decode("latin-1").split(" ")
    assert version == "HTTP/1.1", version
    fields = []
    for line in lines[1:]:
        name, colon, value = line.decode("latin-1").partition(":")
        assert colon and name and name == name.strip(), line
        fields.append((name.lower(), value.strip()))
    return method, target, version, fields

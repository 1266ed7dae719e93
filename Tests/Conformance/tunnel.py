"""Both ends of a WebSocket for the tests: frames by `websockets`, the bytes by whatever carries them."""

import socket
import ssl

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
REALTIME = "/v1/realtime"


def handshake(protocol, **changes):
    """The fields of an opening handshake; a change to None leaves a field out."""
    fields = {"Sec-WebSocket-Version": "13"}
    if protocol == "h1":
        fields |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY}
    fields |= {name.replace("_", "-"): value for name, value in changes.items()}
    return [(name, value) for name, value in fields.items() if value is not None]


def connect_pseudo(target, scheme="https", protocol="websocket"):
    """The pseudo-fields of an extended CONNECT."""
    return [(":method", "CONNECT"), (":protocol", protocol), (":scheme", scheme),
            (":authority", "localhost"), (":path", target)]


class TunnelClient:
    """A client's end, over HTTP/1.1 or HTTP/2. `answer` is what its handshake got."""

    def __init__(self, gateway, protocol, target=REALTIME, fields=(), key="default",
                 listener="tls", early=b"", **options):
        self.protocol = protocol
        chosen = gateway.key if key == "default" else key
        fields = [*handshake(protocol), *fields, *([chosen.header] if chosen else [])]
        self.frames = Protocol(Side.CLIENT, max_size=None)
        make = gateway.http1 if protocol == "h1" else gateway.http2
        self.client = make(listener, **options)
        if protocol == "h1":
            self.client.send(self.client.head("GET", target, fields) + early)
            self.answer = self.client.head_of_answer()
        else:
            pseudo = connect_pseudo(target, "https" if listener == "tls" else "http")
            self.stream = self.client.open(None, None, fields, ends=False, pseudo=pseudo)
            self.answer = self.client.wait(self.stream, until=lambda answer: answer.status)
        self.is_open = self.answer.status == (101 if protocol == "h1" else 200)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    # Bytes.

    def transmit(self, data):
        if self.protocol == "h1":
            self.client.send(data)
        else:
            self.client.send(self.stream, data)

    def receive(self):
        """Some bytes; empty at the end. Raises ConnectionError when the tunnel was broken off."""
        if self.protocol == "h1":
            if not self.client.buffer and not self.client.more():
                return b""
            data = bytes(self.client.buffer)
            self.client.buffer.clear()
            return data
        while not self.answer.body:
            if self.answer.is_complete:
                return b""
            if self.answer.reset_code is not None or not self.client.pump():
                raise ConnectionResetError(self.answer.reset_code)
        data, self.answer.body = self.answer.body, b""
        return data

    def rest(self):
        """Everything up to the end, however it ends."""
        data = bytearray()
        try:
            while piece := self.receive():
                data += piece
        except (ConnectionError, ssl.SSLError):
            pass
        return data

    def hang_up(self):
        """Ends this direction only. TLS over a Python socket cannot do that."""
        if self.protocol == "h1":
            self.client.socket.shutdown(socket.SHUT_WR)
        else:
            self.client.machine.end_stream(self.stream)
            self.client.flush()

    def abort(self):
        if self.protocol == "h1":
            self.client.abort()
        else:
            self.client.reset(self.stream)

    # Messages.

    def _flush(self):
        for data in self.frames.data_to_send():
            if data:
                self.transmit(data)

    def send(self, message):
        if isinstance(message, str):
            self.frames.send_text(message.encode())
        else:
            self.frames.send_binary(message)
        self._flush()

    def message(self):
        """The next message whole; None when the tunnel ended first."""
        parts = []
        while True:
            for event in self._events():
                if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    parts.append(event.data)
                    if event.fin:
                        return b"".join(parts)
            data = self.receive()
            if not data:
                return None
            self.frames.receive_data(data)
            self._flush()

    def _events(self):
        self._waiting = getattr(self, "_waiting", []) + self.frames.events_received()
        while self._waiting:
            yield self._waiting.pop(0)

    def close(self):
        """The closing handshake, to the end of the tunnel."""
        self.frames.send_close(1000)
        self._flush()
        while data := self.receive():
            self.frames.receive_data(data)
        self.frames.receive_eof()


class ServerEnd:
    """The upstream's end of a tunnel, on an exchange that has agreed."""

    def __init__(self, exchange):
        self.exchange = exchange
        self.frames = Protocol(Side.SERVER, max_size=None)

    async def messages(self):
        """Every message as (text or binary, bytes), until the client closes."""
        kind, parts = None, []
        while True:
            data = await self.exchange.receive()
            if data:
                self.frames.receive_data(data)
            else:
                self.frames.receive_eof()
            for event in self.frames.events_received():
                if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY):
                    kind = event.opcode
                if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    parts.append(event.data)
                    if event.fin:
                        yield kind, b"".join(parts)
                        parts = []
            if await self.flush() or not data:
                return

    async def send(self, kind, message):
        if kind == Opcode.TEXT:
            self.frames.send_text(message)
        else:
            self.frames.send_binary(message)
        await self.flush()

    async def flush(self):
        """Sends what there is; True when that ends our direction."""
        for data in self.frames.data_to_send():
            if data:
                await self.exchange.transmit(data)
            else:
                await self.exchange.hang_up()
                return True
        return False


async def echo(exchange):
    """Agrees, and sends every message back."""
    chosen = exchange.record.header("sec-websocket-protocol")
    fields = [("Sec-WebSocket-Protocol", chosen.split(",")[0])] if chosen else []
    await exchange.upgrade(fields)
    end = ServerEnd(exchange)
    async for kind, message in end.messages():
        await end.send(kind, message)

"""The upstream's HTTP/2 side, on python h2, with honest flow control both ways."""

import asyncio

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from wire import Gone


class Exchange2:
    """One stream. It offers what `Exchange1` offers, as far as HTTP/2 has it."""

    protocol = "h2"

    def __init__(self, connection, stream, record):
        self.connection = connection
        self.stream = stream
        self.record = record
        self.incoming = []
        self.is_ended = False
        self.is_gone = False
        self.changed = asyncio.Event()

    def wake(self):
        self.changed.set()

    async def _change(self):
        self.changed.clear()
        await self.changed.wait()

    async def read_some(self):
        while not self.incoming:
            if self.is_gone:
                raise Gone()
            if self.is_ended:
                self.record.is_complete = True
                return b""
            await self._change()
        piece, credit = self.incoming.pop(0)
        self.record.body += piece
        self.record.body_seen.set()
        self.connection.credit(credit, self.stream)
        return piece or await self.read_some()

    async def read_body(self):
        while await self.read_some():
            pass

    async def respond(self, status, fields=(), body=b""):
        await self.start(status, [*fields, ("content-length", str(len(body)))])
        if body and self.record.method != "HEAD":
            await self.send(body)
        await self.end()

    async def start(self, status, fields=()):
        self._alive()
        fields = [(":status", str(status)), *((name.lower(), value) for name, value in fields)]
        self.connection.machine.send_headers(self.stream, fields)
        await self.connection.flush()

    async def send(self, data):
        view = memoryview(data)
        while view:
            self._alive()
            machine = self.connection.machine
            room = machine.local_flow_control_window(self.stream)
            room = min(room, machine.max_outbound_frame_size, len(view))
            if room <= 0:
                await self._change()
                continue
            machine.send_data(self.stream, bytes(view[:room]))
            self.record.sent += room
            view = view[room:]
            await self.connection.flush()

    async def end(self):
        self._alive()
        self.connection.machine.end_stream(self.stream)
        await self.connection.flush()

    async def interim(self, status, fields=()):
        await self.start(status, fields)

    async def raw(self, data):
        await self.connection.wire.write(data)

    async def reset(self, code=h2.errors.ErrorCodes.INTERNAL_ERROR):
        self._alive()
        self.connection.machine.reset_stream(self.stream, code)
        await self.connection.flush()

    async def close(self):
        """Ends the whole connection without another word."""
        await self.connection.wire.flushed()
        self.connection.wire.close()

    async def upgrade(self, fields=(), accept=None):
        await self.start(200, fields)

    async def receive(self):
        data = await self.read_some()
        self.record.received += len(data)
        self.record.body.clear()
        return data

    async def transmit(self, data):
        await self.send(data)

    async def hang_up(self):
        await self.end()

    async def gone(self):
        while not self.is_gone:
            await self._change()

    async def hold(self, event):
        while not event.is_set():
            self._alive()
            await asyncio.sleep(0.002)

    def _alive(self):
        if self.is_gone:
            raise Gone()


class Connection2:
    """The machine of one connection and the streams on it."""

    def __init__(self, upstream, wire, number):
        config = h2.config.H2Configuration(
            client_side=False, header_encoding="latin-1", validate_outbound_headers=False
        )
        self.machine = h2.connection.H2Connection(config)
        if upstream.offers_websocket:
            values = {**self.machine.local_settings,
                      h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 1}
            self.machine.local_settings = h2.settings.Settings(
                client=False, initial_values=values)
        self.upstream = upstream
        self.wire = wire
        self.number = number
        self.exchanges = {}
        self.tasks = set()

    def credit(self, count, stream):
        if not count:
            return
        try:
            self.machine.acknowledge_received_data(count, stream)
        except (h2.exceptions.ProtocolError, ValueError):
            return
        self.push()

    def push(self):
        data = self.machine.data_to_send()
        if data and not self.wire.is_lost:
            self.wire.transport.write(data)

    async def flush(self):
        data = self.machine.data_to_send()
        if data:
            await self.wire.write(data)

    def lost(self, how):
        for exchange in list(self.exchanges.values()):
            self.gone(exchange, how)

    def gone(self, exchange, how):
        exchange.is_gone = True
        record = exchange.record
        if not record.finished.is_set() and not record.cancelled.is_set():
            record.cancel_kind = how
            record.cancelled.set()
        exchange.wake()

    async def serve(self):
        self.wire.on_gone = self.lost
        self.machine.initiate_connection()
        await self.flush()
        while data := await self.wire.some():
            try:
                events = self.machine.receive_data(data)
            except h2.exceptions.ProtocolError:
                self.push()
                raise
            for event in events:
                self.handle(event)
            self.push()
        self.lost("end of file")

    def handle(self, event):
        match event:
            case h2.events.RequestReceived():
                self.opened(event)
            case h2.events.DataReceived():
                exchange = self.exchanges[event.stream_id]
                exchange.incoming.append((event.data, event.flow_controlled_length))
                exchange.wake()
            case h2.events.TrailersReceived():
                self.exchanges[event.stream_id].record.trailers += event.headers
            case h2.events.StreamEnded():
                self.exchanges[event.stream_id].is_ended = True
                self.exchanges[event.stream_id].wake()
            case h2.events.StreamReset():
                if event.stream_id in self.exchanges:
                    how = f"RST_STREAM {int(event.error_code)}"
                    self.gone(self.exchanges[event.stream_id], how)
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                for exchange in self.exchanges.values():
                    exchange.wake()

    def opened(self, event):
        pseudo = {name: value for name, value in event.headers if name.startswith(":")}
        fields = [(name, value) for name, value in event.headers if not name.startswith(":")]
        fields.append(("host", pseudo.get(":authority", "")))
        record = self.upstream.record(
            "h2", self.number, pseudo[":method"], pseudo[":path"], fields
        )
        exchange = Exchange2(self, event.stream_id, record)
        self.exchanges[event.stream_id] = exchange
        task = asyncio.get_running_loop().create_task(self.run(exchange))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def run(self, exchange):
        try:
            await self.upstream.answer(exchange)
        except h2.exceptions.ProtocolError:
            pass
        finally:
            self.exchanges.pop(exchange.stream, None) if exchange.is_ended else None


async def serve_http2(upstream, wire, number):
    connection = Connection2(upstream, wire, number)
    try:
        await connection.serve()
    finally:
        connection.lost("closed")

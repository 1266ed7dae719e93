"""A fault-injecting, OpenAI-shaped upstream of our own, on a thread of its own.

What it does is chosen per request: by the query (`?mode=NAME`, decided at the head), by the last part
of the path, or by the model's name up to the first dot (`reset-before-head.3f2a`). Names without a
behaviour get OpenAI's ordinary answers. Tests may add behaviours with `upstream.on(name)`.
"""

import asyncio
import json
import socket
import ssl
import threading
import time
from urllib.parse import parse_qs, urlsplit

import behaviours
from record import Record
from upstream_h1 import serve_http1
from upstream_h2 import serve_http2
from wire import Gone, Wire

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Upstream:
    """Starts with `with Upstream() as upstream:`; every request is kept in `records`."""

    def __init__(self, tls=None, protocols=("http/1.1",), host="127.0.0.1", port=0,
                 offers_websocket=True):
        self.host = host
        self.port = port
        self.offers_websocket = offers_websocket
        self.records = []
        self.connections = 0
        self.open_connections = 0
        self._tls = self._context(tls, protocols) if tls else None
        self._scripts = dict(behaviours.NAMED)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._wires = set()
        self._thread = threading.Thread(target=self._run, name="upstream", daemon=True)

    @staticmethod
    def _context(pair, protocols):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        context.set_alpn_protocols(list(protocols))
        return context

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def on(self, name):
        """Decorator: `async def behaviour(exchange)` answers requests whose mode is `name`."""

        def register(script):
            self._scripts[name] = script
            return script

        return register

    # Looking back.

    def seen(self, text):
        """The records that mention `text` in head or body, oldest first."""
        return [record for record in list(self.records) if record.mentions(text)]

    def wait_seen(self, text, count=1, deadline=30):
        """Waits until `count` requests mention `text`; returns them."""
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            found = self.seen(text)
            if len(found) >= count:
                return found
            time.sleep(0.005)
        raise AssertionError(f"upstream saw {len(self.seen(text))} of {count} for {text!r}")

    # Life.

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10), "the test upstream did not start"
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(10)

    def drop_idle(self):
        """Closes every connection now (what an upstream's keep-alive timeout does)."""
        done = threading.Event()

        def drop():
            for wire in list(self._wires):
                wire.close()
            done.set()

        self._loop.call_soon_threadsafe(drop)
        assert done.wait(5)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda loop, context: None)
        listener = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        listener.bind((self.host, self.port))
        self.port = listener.getsockname()[1]
        make = self._loop.create_server(
            lambda: Wire(self._serve), sock=listener, ssl=self._tls, backlog=1024
        )
        self._server = self._loop.run_until_complete(make)
        self._ready.set()
        self._loop.run_forever()

    def _stop(self):
        self._server.close()
        for wire in list(self._wires):
            wire.transport.abort()
            wire.task.cancel()
        self._loop.call_later(0.05, self._loop.stop)

    async def _serve(self, wire):
        self.connections += 1
        self.open_connections += 1
        number = self.connections
        self._wires.add(wire)
        try:
            if await self._is_http2(wire):
                await serve_http2(self, wire, number)
            else:
                await serve_http1(self, wire, number)
        except Gone:
            pass
        finally:
            self.open_connections -= 1
            self._wires.discard(wire)
            wire.close()

    async def _is_http2(self, wire):
        secured = wire.transport.get_extra_info("ssl_object")
        if secured:
            return secured.selected_alpn_protocol() == "h2"
        while len(wire.buffer) < len(PREFACE):
            if not PREFACE.startswith(bytes(wire.buffer)) or not await wire.more():
                break
        return wire.buffer.startswith(PREFACE)

    # One request, either protocol.

    def record(self, protocol, connection, method, target, fields, raw_head=b""):
        record = Record(protocol, connection, method, target, fields, raw_head)
        self.records.append(record)
        return record

    async def answer(self, exchange):
        """Chooses the behaviour and runs it."""
        record = exchange.record
        try:
            script = self._script_of_target(record.target)
            if script is None:
                await exchange.read_body()
                script = self._script_of_body(record) or behaviours.openai
            await script(exchange)
        except Gone:
            if not record.cancelled.is_set():
                record.cancel_kind = record.cancel_kind or "gone"
                record.cancelled.set()
        finally:
            record.finished.set()

    def _script_of_target(self, target):
        parts = urlsplit(target)
        named = parse_qs(parts.query).get("mode")
        last = parts.path.rsplit("/", 1)[-1]
        return self._find(named[0]) if named else self._find(last)

    def _script_of_body(self, record):
        if "json" not in (record.header("content-type") or ""):
            return None
        try:
            model = json.loads(bytes(record.body)).get("model")
        except (ValueError, AttributeError):
            return None
        return self._find(model) if isinstance(model, str) else None

    def _find(self, name):
        name = name.split(".")[0]
        if name.startswith("status-"):
            return behaviours.status(int(name.removeprefix("status-")))
        return self._scripts.get(name)

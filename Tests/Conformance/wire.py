"""One upstream-side connection: bytes in, bytes out, and the moment the peer went away."""

import asyncio
import socket
import struct


class Gone(Exception):
    """The peer closed or reset the connection (or the stream) while it was still needed."""


class Wire(asyncio.Protocol):
    """A socket with a bounded read buffer, so that not reading is felt by the peer."""

    HIGH_WATER = 262_144

    def __init__(self, on_open):
        self._on_open = on_open
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._paused = False
        self.buffer = bytearray()
        self.is_ended = False
        self.is_lost = False
        self.on_gone = lambda how: None
        self.transport = None
        self.sent = 0
        self.task = None

    # What asyncio tells us.

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(high=65_536)
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.task = asyncio.get_running_loop().create_task(self._on_open(self))

    def data_received(self, data):
        self.buffer += data
        if len(self.buffer) > self.HIGH_WATER and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._changed.set()

    def eof_received(self):
        self.is_ended = True
        self._changed.set()
        self.on_gone("end of file")
        return self.transport.get_extra_info("ssl_object") is None

    def connection_lost(self, error):
        self.is_ended = True
        self.is_lost = True
        self._changed.set()
        self._writable.set()
        self.on_gone("reset" if error else "closed")

    def pause_writing(self):
        self._writable.clear()

    def resume_writing(self):
        self._writable.set()

    # Reading.

    def take(self, count):
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        if self._paused and len(self.buffer) <= self.HIGH_WATER // 2:
            self._paused = False
            if not self.is_lost:
                self.transport.resume_reading()
        return data

    async def more(self):
        """Waits for further bytes. False at the end of the connection."""
        if self.is_ended:
            return False
        self._changed.clear()
        await self._changed.wait()
        return True

    async def until(self, mark):
        """The bytes up to and including `mark`; None when the connection ended before it."""
        searched = 0
        while True:
            found = self.buffer.find(mark, max(0, searched - len(mark)))
            if found >= 0:
                return self.take(found + len(mark))
            searched = len(self.buffer)
            if not await self.more():
                return None

    async def some(self, limit=65_536):
        """At least one byte and at most `limit`; empty at the end of the connection."""
        while not self.buffer:
            if not await self.more():
                return b""
        return self.take(min(limit, len(self.buffer)))

    # Writing.

    async def write(self, data):
        if self.is_lost or self.transport.is_closing():
            raise Gone()
        self.transport.write(data)
        self.sent += len(data)
        await self._writable.wait()
        if self.is_lost:
            raise Gone()

    async def flushed(self):
        """Waits until the kernel has taken every byte."""
        while self.transport.get_write_buffer_size() and not self.is_lost:
            await asyncio.sleep(0.001)

    def close(self):
        if self.transport and not self.transport.is_closing():
            self.transport.close()

    def abort(self):
        """Ends the connection with a TCP reset."""
        raw = self.transport.get_extra_info("socket")
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.transport.abort()

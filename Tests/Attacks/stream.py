"""A plain connection that is used badly, and crowds of them."""

import select
import socket
import ssl
import time


def http1_head(arena, method, target, *fields):
    """A head with the key of the arena."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost",
             f"Authorization: Bearer {arena.key.text}", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


class Stream:
    """Bytes to and from a listener; `data` is what came."""

    def __init__(self, gateway, listener="clear", receive_buffer=None, shakes=True):
        place = gateway.listeners[listener]
        raw = socket.socket()
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(10)
        raw.connect((place.host, place.port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if place.is_tls and shakes:
            context = ssl.create_default_context(cafile=gateway.ca)
            raw = context.wrap_socket(raw, server_hostname="localhost")
        self.socket = raw
        self.data = bytearray()
        self.is_over = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def finish(self):
        """Says that no more will be sent."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.is_over = True

    def send(self, data, seconds=10):
        """Sends all of it; False when the gateway ended the connection or does not read on."""
        view = memoryview(data)
        end = time.monotonic() + seconds
        self.socket.setblocking(False)
        while view:
            try:
                view = view[self.socket.send(view):]
            except (BlockingIOError, ssl.SSLWantWriteError):
                left = end - time.monotonic()
                if left <= 0 or not self._wait(left, select.POLLOUT):
                    return False
            except OSError:
                # What was answered before may still be read.
                return False
        return True

    def take(self, seconds, until=lambda: False):
        """Takes in what comes until the condition holds, the end, or `seconds` have passed."""
        end = time.monotonic() + seconds
        self.socket.setblocking(False)
        while not self.is_over and not until():
            try:
                data = self.socket.recv(262_144)
            except (BlockingIOError, ssl.SSLWantReadError):
                left = end - time.monotonic()
                if left <= 0 or not self._wait(left):
                    break
                continue
            except OSError:
                data = b""
            self.is_over = not data
            self.data += data
        return bytes(self.data)

    def _wait(self, seconds, event=select.POLLIN):
        waiter = select.poll()
        waiter.register(self.socket, event)
        return bool(waiter.poll(seconds * 1_000))

    def rest(self, seconds):
        """Everything up to the end of the connection, if it comes in time."""
        return self.take(seconds)


def crowd(gateway, count, data=b"", **options):
    """`count` connections, each of which has sent `data` as soon as it was there."""
    streams = []
    for _ in range(count):
        streams.append(Stream(gateway, **options))
        if data:
            streams[-1].send(data)
    return streams

"""HTTP/1.1 over a raw socket: sends exactly the bytes it is told to, and parses strictly."""

import socket
import ssl
import struct

from answer import Answer


class Truncated(Exception):
    """The connection ended inside a response. `answer` holds what came."""

    def __init__(self, answer):
        super().__init__(f"truncated after {answer.status}, {len(answer.body)} bytes")
        self.answer = answer


class HTTP1Client:
    """One connection. `with HTTP1Client(listener, ca) as client`."""

    def __init__(self, listener, ca=None, alpn=("http/1.1",), timeout=20, receive_buffer=None,
                 context=None, session=None):
        family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
        raw = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(timeout)
        raw.connect((listener.host, listener.port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.listener = listener
        self.buffer = bytearray()
        if listener.is_tls:
            context = context or ssl.create_default_context(cafile=ca)
            if alpn:
                context.set_alpn_protocols(list(alpn))
            raw = context.wrap_socket(raw, server_hostname="localhost", session=session)
        self.socket = raw

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Sending.

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    @staticmethod
    def head(method, target, fields=(), host="localhost"):
        lines = [f"{method} {target} HTTP/1.1"]
        if host is not None:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in fields]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def request(self, method, target, fields=(), body=None, host="localhost"):
        """Sends a whole request; a body gets its Content-Length."""
        fields = list(fields)
        if body is not None:
            fields.append(("Content-Length", str(len(body))))
        self.send(self.head(method, target, fields, host) + (body or b""))

    def call(self, method, target, fields=(), body=None, host="localhost"):
        """A whole exchange."""
        self.request(method, target, fields, body, host)
        return self.answer(method)

    @staticmethod
    def chunk(data):
        return b"%x\r\n%b\r\n" % (len(data), data)

    # Receiving.

    def more(self):
        data = self.socket.recv(65_536)
        self.buffer += data
        return bool(data)

    def until(self, mark):
        while (found := self.buffer.find(mark)) < 0:
            if not self.more():
                return None
        data = bytes(self.buffer[: found + len(mark)])
        del self.buffer[: found + len(mark)]
        return data

    def head_of_answer(self):
        """The next head: interim or final. Raises Truncated without one."""
        answer = Answer(protocol="http/1.1")
        raw = self._or_truncated(self.until(b"\r\n\r\n"), answer)
        lines = raw[:-4].decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines[0]
        answer.status = int(status)
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon and name == name.strip() and "\n" not in line, line
            answer.fields.append((name.lower(), value.strip()))
        return answer

    def answer(self, method="GET"):
        """The next final response with its body. Raises Truncated when it breaks off."""
        interims = []
        while True:
            answer = self.head_of_answer()
            if answer.status >= 200:
                break
            interims.append(answer)
        answer.interims = interims
        self.body_of(answer, method)
        return answer

    def body_of(self, answer, method="GET"):
        """Reads the body that belongs to `answer`'s head."""
        if method != "HEAD" and answer.status not in (204, 304):
            for piece in self.pieces(answer):
                answer.body += piece
        answer.is_complete = True

    def pieces(self, answer):
        """The body, piece by piece as it arrives, without the framing."""
        lengths = answer.headers("content-length")
        codings = answer.headers("transfer-encoding")
        assert not (lengths and codings), answer.fields
        if codings:
            assert codings == ["chunked"], codings
            yield from self._chunks(answer)
        elif lengths:
            left = int(self._single(lengths))
            while left:
                if not self.buffer and not self.more():
                    raise Truncated(answer)
                piece = bytes(self.buffer[:left])
                del self.buffer[: len(piece)]
                left -= len(piece)
                yield piece
        else:
            while self.buffer or self.more():
                piece = bytes(self.buffer)
                self.buffer.clear()
                yield piece

    def _chunks(self, answer):
        while True:
            size = int(self._or_truncated(self.until(b"\r\n"), answer)[:-2], 16)
            if size == 0:
                break
            while len(self.buffer) < size + 2:
                self._or_truncated(self.more() or None, answer)
            piece = bytes(self.buffer[:size])
            assert self.buffer[size : size + 2] == b"\r\n", "chunk without its end"
            del self.buffer[: size + 2]
            yield piece
        while (line := self._or_truncated(self.until(b"\r\n"), answer)) != b"\r\n":
            answer.trailers.append(line)

    @staticmethod
    def _single(values):
        assert len(values) == 1, values
        return values[0]

    @staticmethod
    def _or_truncated(value, answer):
        if value is None:
            raise Truncated(answer)
        return value

    def is_closed(self):
        """Waits for the end of the connection; False when bytes come instead."""
        if self.buffer:
            return False
        try:
            return not self.more()
        except (ConnectionError, ssl.SSLError):
            return True

    def rest(self):
        """Everything up to the end of the connection."""
        try:
            while self.more():
                pass
        except (ConnectionError, ssl.SSLError):
            pass
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def close(self):
        self.socket.close()

    def abort(self):
        """Ends the connection with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

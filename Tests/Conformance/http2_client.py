"""HTTP/2 through python h2 with its own checks off, so that crafted frames go out as written."""

import socket
import ssl
import time

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
from h2.connection import ConnectionInputs, ConnectionState
from hyperframe.frame import Frame

from answer import Answer


class HTTP2Client:
    """One connection with as many streams as wanted."""

    def __init__(self, listener, ca=None, timeout=20, receive_buffer=None, window=None,
                 auto_credit=True):
        family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
        raw = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(timeout)
        raw.connect((listener.host, listener.port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if listener.is_tls:
            context = ssl.create_default_context(cafile=ca)
            context.set_alpn_protocols(["h2"])
            raw = context.wrap_socket(raw, server_hostname="localhost")
            assert raw.selected_alpn_protocol() == "h2"
        self.socket = raw
        self.listener = listener
        self.timeout = timeout
        self.auto_credit = auto_credit
        self.answers = {}
        self.goaways = []
        self.is_ended = False
        self.machine = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self._outlive_goaway()
        if window is not None:
            code = h2.settings.SettingCodes.INITIAL_WINDOW_SIZE
            self.machine.local_settings[code] = window
        self.machine.initiate_connection()
        self.flush()

    def _outlive_goaway(self):
        """The library calls a connection closed at the first GOAWAY; streams under way go on."""
        states = self.machine.state_machine
        key = (ConnectionState.CLIENT_OPEN, ConnectionInputs.RECV_GOAWAY)
        states._transitions = {**states._transitions, key: (None, ConnectionState.CLIENT_OPEN)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Sending.

    def flush(self):
        data = self.machine.data_to_send()
        if data:
            self.socket.sendall(data)

    def open(self, method, path, fields=(), ends=True, authority="localhost", pseudo=None):
        """Sends HEADERS; returns the stream."""
        stream = self.machine.get_next_available_stream_id()
        scheme = "https" if self.listener.is_tls else "http"
        if pseudo is None:
            pseudo = [(":method", method), (":scheme", scheme), (":authority", authority),
                      (":path", path)]
        fields = [(name.lower(), value) for name, value in fields]
        self.answers[stream] = Answer(protocol="h2")
        self.machine.send_headers(stream, [*pseudo, *fields], end_stream=ends)
        self.flush()
        return stream

    def crafted(self, fields, ends=True):
        """Sends HEADERS with exactly these fields, past every check of the library."""
        stream = self.open("GET", "/", ends=ends, pseudo=fields)
        return stream

    def send(self, stream, data, ends=False):
        """Sends DATA within the peer's windows. False when the stream was reset meanwhile."""
        view = memoryview(data)
        while True:
            answer = self.answers[stream]
            if answer.reset_code is not None or self.is_ended:
                return False
            try:
                room = self.machine.local_flow_control_window(stream)
            except h2.exceptions.ProtocolError:
                return False
            piece = view[: min(room, self.machine.max_outbound_frame_size)]
            if view and not piece:
                if not self.pump():
                    return False
                continue
            view = view[len(piece) :]
            self.machine.send_data(stream, bytes(piece), end_stream=ends and not view)
            self.flush()
            if not view:
                return True

    def raw(self, data):
        """Bytes past the library."""
        self.socket.sendall(data)

    def frame(self, frame: Frame):
        self.raw(frame.serialize())

    def reset(self, stream, code=8):
        self.machine.reset_stream(stream, code)
        self.flush()

    def request(self, method, path, fields=(), body=None, authority="localhost"):
        fields = list(fields)
        if body is not None:
            fields.append(("content-length", str(len(body))))
        stream = self.open(method, path, fields, ends=body is None, authority=authority)
        if body is not None:
            self.send(stream, body, ends=True)
        return stream

    def call(self, method, path, fields=(), body=None, authority="localhost"):
        return self.wait(self.request(method, path, fields, body, authority))

    # Receiving.

    def pump(self, timeout=None):
        """Takes in what one read brings. False at the end of the connection."""
        if self.is_ended:
            return False
        self.socket.settimeout(timeout or self.timeout)
        try:
            data = self.socket.recv(65_536)
        except (ConnectionError, ssl.SSLEOFError):
            data = b""
        if not data:
            self.is_ended = True
            return False
        for event in self.machine.receive_data(data):
            self._handle(event)
        self.flush_quietly()
        return True

    def flush_quietly(self):
        try:
            self.flush()
        except (ConnectionError, ssl.SSLError):
            self.is_ended = True

    def _handle(self, event):
        answer = self.answers.get(getattr(event, "stream_id", None))
        match event:
            case h2.events.InformationalResponseReceived() if answer:
                answer.interims.append(self._head(event.headers))
            case h2.events.ResponseReceived() if answer:
                head = self._head(event.headers)
                answer.status, answer.fields = head.status, head.fields
            case h2.events.DataReceived() if answer:
                answer.body += event.data
                if self.auto_credit and event.flow_controlled_length:
                    self.credit(event.flow_controlled_length, event.stream_id)
            case h2.events.TrailersReceived() if answer:
                answer.trailers += event.headers
            case h2.events.StreamEnded() if answer:
                answer.is_complete = True
            case h2.events.StreamReset() if answer:
                answer.reset_code = int(event.error_code)
            case h2.events.ConnectionTerminated():
                self.goaways.append((int(event.error_code), event.last_stream_id))

    def credit(self, count, stream):
        self.machine.acknowledge_received_data(count, stream)

    @staticmethod
    def _head(headers):
        status = int(dict(headers)[":status"])
        fields = [(name, value) for name, value in headers if not name.startswith(":")]
        return Answer(status=status, fields=fields, protocol="h2")

    def wait(self, stream, until=None):
        """Pumps until the stream is over (or `until(answer)` holds). Returns its answer."""
        answer = self.answers[stream]
        end = time.monotonic() + self.timeout
        while True:
            if until and until(answer):
                return answer
            if answer.is_complete or answer.reset_code is not None:
                return answer
            assert time.monotonic() < end, f"no end of stream {stream}: {answer}"
            if not self.pump():
                return answer

    def wait_reset(self, stream):
        """Pumps until RST_STREAM has come for the stream, after its answer too."""
        answer = self.answers[stream]
        while answer.reset_code is None and self.pump():
            pass
        return answer.reset_code

    def wait_goaway(self, count=1):
        """Pumps until `count` GOAWAY frames have come or the connection ends."""
        while len(self.goaways) < count and self.pump():
            pass
        return self.goaways

    def is_closed(self):
        """Waits for the end of the connection."""
        while self.pump():
            pass
        return True

    def close(self):
        self.socket.close()


class HeldBack:
    """A TLS connection of which the server's handshake ends only with the first `sendall`: the
    client's last message is held back until then."""

    def __init__(self, raw, context):
        self._raw = raw
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname="localhost")
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(self._out.read())
                self._in.write(raw.recv(65_536))

    def sendall(self, data):
        self._tls.write(data)
        self._raw.sendall(self._out.read())

    def recv(self, count):
        while True:
            try:
                return self._tls.read(count)
            except ssl.SSLWantReadError:
                data = self._raw.recv(65_536)
                if not data:
                    return b""
                self._in.write(data)

    def close(self):
        self._raw.close()


class FrameClient:
    """HTTP/2 frame by frame without any machine: what comes back is kept as parsed frames."""

    PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    def __init__(self, listener, ca=None, timeout=20, waits=False):
        raw = socket.create_connection((listener.host, listener.port), timeout)
        if listener.is_tls:
            context = ssl.create_default_context(cafile=ca)
            context.set_alpn_protocols(["h2"])
            if waits:
                raw = HeldBack(raw, context)
            else:
                raw = context.wrap_socket(raw, server_hostname="localhost")
        self.socket = raw
        self.buffer = bytearray()
        self.frames = []
        self.is_ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts):
        data = b"".join(p if isinstance(p, bytes) else p.serialize() for p in parts)
        self.socket.sendall(data)

    def next(self):
        """The next frame; None at the end of the connection."""
        while True:
            if len(self.buffer) >= 9:
                frame, length = Frame.parse_frame_header(memoryview(bytes(self.buffer[:9])))
                if len(self.buffer) >= 9 + length:
                    frame.parse_body(memoryview(bytes(self.buffer[9 : 9 + length])))
                    del self.buffer[: 9 + length]
                    self.frames.append(frame)
                    return frame
            try:
                data = self.socket.recv(65_536)
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                self.is_ended = True
                return None
            self.buffer += data

    def until(self, kind, stream=None):
        """Reads frames until one of that kind has come; None when the connection ended first."""
        while frame := self.next():
            if isinstance(frame, kind) and stream in (None, frame.stream_id):
                return frame
        return None


"""What the upstream saw of one request."""

import hashlib
import json
import threading


class Record:
    """One request as it arrived, and what became of it. The upstream's thread sets the events."""

    def __init__(self, protocol, connection, method, target, fields, raw_head):
        self.protocol = protocol
        self.connection = connection
        self.method = method
        self.target = target
        self.fields = fields
        self.raw_head = raw_head
        self.body = bytearray()
        self.trailers = []
        self.is_complete = False
        self.sent = 0
        self.received = 0
        self.cancel_kind = None
        self.finished = threading.Event()
        self.cancelled = threading.Event()
        self.body_seen = threading.Event()

    def header(self, name):
        """The value of the only field of that name; None without one."""
        values = self.headers(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def headers(self, name):
        return [value for key, value in self.fields if key == name.lower()]

    @property
    def path(self):
        return self.target.split("?")[0]

    @property
    def json(self):
        return json.loads(bytes(self.body))

    @property
    def sha256(self):
        return hashlib.sha256(self.body).hexdigest()

    def mentions(self, text):
        """Whether `text` occurs anywhere in the request, head or body."""
        needle = text.encode()
        return (
            needle in self.raw_head
            or needle in self.target.encode()
            or any(text in key or text in value for key, value in self.fields)
            or needle in self.body
        )

    def __repr__(self):
        return f"<{self.protocol} {self.method} {self.target} {len(self.body)} B>"

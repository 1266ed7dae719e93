"""What a client got, whatever spoke for it."""

import json
from dataclasses import dataclass, field


@dataclass
class Answer:
    """A response, or what arrived of one."""

    status: int = 0
    fields: list = field(default_factory=list)
    body: bytes = b""
    interims: list = field(default_factory=list)
    trailers: list = field(default_factory=list)
    is_complete: bool = False
    reset_code: int | None = None
    protocol: str = ""

    def header(self, name):
        """The value of the only field of that name; None without one."""
        values = self.headers(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def headers(self, name):
        return [value for key, value in self.fields if key == name.lower()]

    @property
    def names(self):
        return {name for name, _ in self.fields}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The error object of the envelope; fails when the body is not one."""
        value = self.json
        assert isinstance(value, dict) and set(value) == {"error"}, value
        return value["error"]

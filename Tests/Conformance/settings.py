"""Makes a gateway's configuration out of the profile files in conf/, changed where a test needs it.

Everything that depends on the names of settings is here.
"""

import copy
import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
OPERATOR_KEY = "operator-secret-4f1c9a"


@dataclass(frozen=True)
class Key:
    """A client's key and the entry that makes the gateway know it."""

    text: str
    entry: dict

    @property
    def id(self):
        return self.entry["id"]

    @property
    def header(self):
        return ("Authorization", f"Bearer {self.text}")


def make_key(pepper, prefix="sk-bve-", **entry):
    """A new key; `entry` overrides or adds settings of its entry (`status=…, limits={…}`)."""
    text = prefix + secrets.token_hex(32)
    digest = hashlib.sha256(text.encode() + pepper).hexdigest()
    base = {
        "id": "key-" + secrets.token_hex(6),
        "name": "conformance",
        "prefix": text[: len(prefix) + 4],
        "hash": f"sha256:{digest}",
    }
    return Key(text, {**base, **entry})


def profile(name):
    """The settings of conf/NAME.yaml."""
    return yaml.safe_load((REPOSITORY / "conf" / f"{name}.yaml").read_text())


def merged(base, changes):
    """`base` with `changes` laid over it; mappings merge, everything else is replaced."""
    result = copy.deepcopy(base)
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value)
        else:
            result[name] = value
    return result


def listeners(certs, names):
    """Listeners by name, each on a port of the system's choosing."""
    tls = {"certificateFile": str(certs.leaf), "keyFile": str(certs.key)}
    known = {
        "tls": {"name": "tls", "address": "127.0.0.1:0", "tls": tls},
        "clear": {"name": "clear", "address": "127.0.0.1:0"},
        "tls6": {"name": "tls6", "address": "[::1]:0", "tls": tls},
        "h2-only": {"name": "h2-only", "address": "127.0.0.1:0", "tls": tls, "protocols": ["h2"]},
        "half": {"name": "half", "address": "127.0.0.1:0", "allowHalfClose": True},
    }
    return [known[name] for name in names]


def upstream_settings(url, base, /, **changes):
    """The profile's upstream entry, pointed at the test upstream."""
    kept = {"name": base["name"], "url": url, "credential": {"value": OPERATOR_KEY}}
    return {**kept, **changes}


def build(profile_name, certs, pepper_file, upstream_url, keys, log_path, *, names=("tls", "clear"),
          site=None, upstream=None, timeouts=None, limits=None, top=None):
    """A complete configuration for a test."""
    settings = profile(profile_name)
    settings["listeners"] = listeners(certs, names)
    settings["keyPepperFile"] = str(pepper_file)
    settings["workers"] = 2
    settings["accessLog"] = {"path": str(log_path)}
    settings["metrics"] = {"listen": "127.0.0.1:0"}
    base = settings["upstreams"][0]
    settings["upstreams"] = [upstream_settings(upstream_url, base, **(upstream or {}))]
    first = settings["sites"][0]
    for name in ("keysFile", "hosts"):
        first.pop(name, None)
    first["keys"] = [key.entry for key in keys]
    settings["sites"] = [merged(first, site or {})]
    settings["timeouts"] = merged({"drainSeconds": 5, **settings.get("timeouts", {})},
                                  timeouts or {})
    settings["limits"] = merged(settings.get("limits") or {}, limits or {})
    settings = merged(settings, top or {})
    return {name: value for name, value in settings.items() if value not in ({}, None)}


def dump(settings):
    """YAML text of the settings."""
    return yaml.safe_dump(json.loads(json.dumps(settings)), sort_keys=False)

"""The gateway in four configurations, from the least it can be told to do to the most."""

import hashlib
import json
import secrets
import subprocess
from pathlib import Path

from processes import Peer, free_port

MANY = 1_000_000_000
MAKE_TOKEN = Path(__file__).resolve().parents[1] / "scripts/make-token.sh"


class Gatehouse(Peer):
    """One worker; a key with three limits, the JSON check, access log and metrics."""

    name = "gatehouse"

    def __init__(self, program, certificates, upstream, directory):
        if not Path(program).exists():
            raise SystemExit(f"{program} is not built")
        self.directory = directory / self.name
        self.directory.mkdir(exist_ok=True)
        self.certificates = certificates
        self.upstream = upstream
        port = free_port()
        config = self.directory / "gatehouse.yaml"
        # JSON is YAML.
        config.write_text(json.dumps(self.settings(port), indent=1))
        super().__init__(self.name, [program, "serve", "--config", config], port, directory)

    def settings(self, port):
        tls = {"certificateFile": str(self.certificates / "localhost.pem"),
               "keyFile": str(self.certificates / "localhost.key")}
        return {
            "workers": 1,
            "listeners": [{"name": "bench", "address": f"127.0.0.1:{port}", "tls": tls}],
            "accessLog": {"path": str(self.directory / "access.log")},
            "metrics": {"listen": "127.0.0.1:0"},
            "upstreams": [{"name": "bench", "url": f"http://127.0.0.1:{self.upstream.port}",
                           "credential": {"value": "operator"}}],
            **self.key_file(),
            "sites": [{"name": "bench", "upstream": "bench", "keys": self.key_entries(),
                       "routes": {"add": [{"methods": "POST", "path": "/sink"},
                                          {"methods": "GET", "path": "/blob"}]},
                       "defaultLimits": {"requestsPerMinute": MANY, "requestsPerDay": MANY,
                                         "requestsPerMonth": MANY}}],
        }

    def key_file(self):
        self.pepper = secrets.token_bytes(32)
        (self.directory / "pepper").write_bytes(self.pepper)
        return {"keyPepperFile": str(self.directory / "pepper")}

    def key_entries(self):
        return [self.key_entry(f"bench-{number}", key) for number, key in enumerate(self.keys)]

    def key_entry(self, name, key):
        digest = hashlib.sha256(key.encode() + self.pepper).hexdigest()
        return {"id": name, "prefix": "sk-bench-", "hash": f"sha256:{digest}"}


class Ungoverned(Gatehouse):
    """As little as can be configured: nobody is served without a key, so the key is looked up,
    but it has no limits, bodies pass unread, and neither log nor metrics are written."""

    name = "ungoverned"

    def settings(self, port):
        route = {"methods": "POST", "path": "/v1/**", "body": "stream"}
        site = {"name": "bench", "upstream": "bench", "routes": [route],
                "rateLimitHeaders": False}
        settings = {**super().settings(port), "accessLog": {"path": "off"},
                    "metrics": {"listen": "off"}}
        return {**settings, "sites": [{**site, "keys": self.key_entries()}]}


class Governed(Gatehouse):
    """A token (RS256) for a user of a project's tier: limits of the address, the project and the
    user, budgets of tokens for both, the JSON check, who calls told to the upstream, access log
    and metrics. All requests bring one token, so all but the first are found in the cache."""

    name = "governed"
    cached_tokens = 4096

    def settings(self, port):
        keys = self.directory / "keys"
        subprocess.run([MAKE_TOKEN, "keys", keys], check=True)
        self.key = subprocess.run(
            [MAKE_TOKEN, "token", keys, "tid=acme", "pid=prj", "uid=alice", "tier=pro",
             "role=user"],
            check=True, capture_output=True, text=True).stdout.strip()
        tier = {"name": "pro", "requestsPerMinute": MANY, "requestsPerDay": MANY,
                "tokensPerDay": MANY * 1_000, "tokensPerMonth": MANY * 1_000}
        project = {"id": "prj", "requestsPerMinute": MANY, "requestsPerDay": MANY,
                   "tokensPerDay": MANY * 1_000, "tokensPerMonth": MANY * 1_000,
                   "tiers": [tier]}
        issuer = {"name": "bench", "jwksFile": str(keys / "jwks.json"),
                  "issuers": ["https://api.behest.app"], "audiences": ["behest"],
                  "algorithms": ["RS256"], "cacheEntries": self.cached_tokens}
        site = {"name": "bench", "upstream": "bench", "credentials": ["token"],
                "tokenIssuer": "bench", "identityHeaders": True,
                "addressRequestsPerMinute": MANY}
        return {**super().settings(port), "tokenIssuers": [issuer],
                "organizations": [{"id": "acme", "projects": [project]}], "sites": [site]}


class Verifying(Governed):
    """The same without the cache: every request pays for the verification of its token."""

    name = "verifying"
    cached_tokens = 0

"""Whatever fields a request has: no credential of a client's goes on, and none that was put in for
the upstream comes back, not even from an upstream that repeats everything it was sent.

Fields are drawn by chance. GATEHOUSE_SEED replays a run; a failure tells its seed.
"""

import json
import os
import random
import secrets

import pytest
from behaviours import JSON, SSE, compact
from key_server import SigningKey, key_set
from settings import OPERATOR_KEY
from test_tokens import token

SEED = int(os.environ.get("GATEHOUSE_SEED") or secrets.randbelow(2**32))
HOST = "brave-otter.leaks.test"
PROJECT = {"id": "prj-otter", "slug": "brave-otter", "requestsPerMinute": 1_000_000}
CREDENTIALS = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key",
               "x-goog-api-key", "x-auth-token", "x-amz-security-token", "cookie2"]
IDENTITIES = ["x-tenant-id", "x-project-id", "x-end-user-id", "x-role", "x-tier"]
FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
             "x-forwarded-port", "x-forwarded-user", "x-real-ip", "true-client-ip"]
HARMLESS = ["x-custom", "accept", "openai-beta", "user-agent", "x-session-id"]
# What belongs to one connection, or to the message's frame.
OWN_HOP = {"host", "connection", "content-length", "content-type", "transfer-encoding", "te"}


def spelled(chance, name):
    """The name with its letters in any case."""
    return "".join(chance.choice((letter.upper(), letter)) for letter in name)


class Draw:
    """The fields of one request: a credential that may hold, and others that must not go on."""

    def __init__(self, chance, credentials, operator_field, is_http1):
        self.secrets = []
        self.fields = []
        self.chance = chance
        self.is_http1 = is_http1
        self.credential, is_token = chance.choice(credentials)
        self._place(chance, operator_field)
        others = CREDENTIALS + [operator_field]
        for _ in range(chance.randrange(12)):
            kind = chance.random()
            names = others if kind < 0.5 else IDENTITIES + FORWARDED if kind < 0.8 else HARMLESS
            name = chance.choice(names)
            # A second place for a credential would only be refused, and mostly is not drawn.
            if name in ("authorization", "x-api-key", "api-key") and chance.random() < 0.9:
                continue
            self.add(name, "harmless" if names is HARMLESS else self.secret(), chance)
        if is_http1 and chance.random() < 0.4:
            named = [spelled(chance, chance.choice(others + IDENTITIES)) for _ in range(3)]
            self.fields.append(("Connection", ", ".join(named)))
        chance.shuffle(self.fields)

    def _place(self, chance, operator_field):
        where = chance.choice(["authorization", "authorization", "x-api-key", "api-key"])
        scheme = spelled(chance, "bearer") + " " * chance.randint(1, 3)
        value = scheme + self.credential if where == "authorization" else self.credential
        self.add(where, value, chance)

    def add(self, name, value, chance):
        blank = chance.choice(["", " ", "\t  "]) if self.is_http1 else ""
        self.fields.append((spelled(chance, name), blank + value + blank))

    def secret(self):
        """A value that occurs nowhere else."""
        value = "leak-" + secrets.token_hex(8)
        self.secrets.append(value)
        return self.chance.choice(["{}", "Bearer {}", "Basic {}", "session={}"]).format(value)


@pytest.fixture
def echoing(upstream, tag):
    """A model whose upstream repeats every field it was sent: under its own name, under another,
    in the head, behind the body, and with any status."""
    chance = random.Random(SEED)

    @upstream.on(f"{tag}-echo")
    async def echo(exchange):
        sent = [(name, value) for name, value in exchange.record.fields if name not in OWN_HOP]
        renamed = [(f"x-echo-{index}", f"seen {value} here")
                   for index, (_, value) in enumerate(sent)]
        status = chance.choice([200, 200, 201, 400, 401, 403, 404, 429, 500, 502, 503])
        kind = chance.choice([JSON, SSE])
        await exchange.start(status, [kind, *sent, *renamed])
        await exchange.send(compact({"echo": True}))
        if exchange.protocol == "http/1.1":
            lines = "".join(f"{name}: {value}\r\n" for name, value in sent + renamed)
            await exchange.raw(f"0\r\n{lines}\r\n".encode("latin-1"))
        else:
            machine = exchange.connection.machine
            machine.send_headers(exchange.stream, sent + renamed, end_stream=True)
            await exchange.connection.flush()

    return f"{tag}-echo"


def governed(start, tmp_path, operator_field, upstream_protocol):
    """A gateway that knows its callers by keys and by tokens, and tells the upstream of them."""
    signer = SigningKey("ES256", "main")
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(key_set(signer)))
    issuer = {"name": "main", "jwksFile": str(path), "issuers": ["https://api.behest.app"],
              "audiences": ["behest"]}
    site = {"hosts": ["*.leaks.test"], "tokenIssuer": "main", "credentials": ["key", "token"],
            "keyPrefix": "sk-bve-", "credentialFields": ["x-api-key", "api-key"],
            "identityHeaders": True}
    credential = {} if operator_field == "authorization" else {
        "credentialHeader": operator_field, "credentialScheme": "none"}
    key = start.key(project="prj-otter", role="member")
    gateway = start("openai", [key], site=site, upstream={
        **credential, "protocol": "h2" if upstream_protocol == "h2" else "auto"},
        top={"tokenIssuers": [issuer], "organizations": [{"id": "acme", "projects": [PROJECT]}]})
    bearer = token(signer, tier="none").header[1].removeprefix("Bearer ")
    return gateway, [(key.text, False), (bearer, True)]


def texts(fields):
    return [part if isinstance(part, str) else part.decode("latin-1")
            for pair in fields for part in (pair if isinstance(pair, tuple) else (pair,))]


@pytest.mark.parametrize("upstream_protocol", ["h1", "h2"])
@pytest.mark.parametrize("operator_field", ["authorization", "x-operator-key"])
def test_no_credential_goes_on_and_none_that_was_put_in_returns(
    start, tmp_path, protocol, upstream_protocol, operator_field, upstream, echoing
):
    gateway, credentials = governed(start, tmp_path, operator_field, upstream_protocol)
    chance = random.Random(f"{SEED} {protocol} {upstream_protocol} {operator_field}")
    body = compact({"model": echoing, "messages": []})
    make = gateway.http1 if protocol == "h1" else gateway.http2
    forbidden, statuses = [OPERATOR_KEY, *(text for text, _ in credentials)], set()
    for turn in range(100):
        case = f"seed {SEED}, request {turn}"
        draw = Draw(chance, credentials, operator_field, protocol == "h1")
        before = len(upstream.seen(echoing))
        with make() as client:
            fields = [*draw.fields, ("Content-Type", "application/json")]
            answer = client.call("POST", "/v1/chat/completions", fields, body, HOST)
        statuses.add(answer.status)
        forbidden += draw.secrets
        for record in upstream.seen(echoing)[before:]:
            passed = " ".join(texts(record.fields)) + str(record.trailers)
            for secret in [draw.credential, *draw.secrets]:
                assert secret not in passed, f"{case}: {record.fields}"
            operators = record.headers(operator_field)
            assert len(operators) == 1 and OPERATOR_KEY in operators[0], f"{case}: {operators}"
            told = {name: record.header(name) for name in IDENTITIES[:2]}
            assert told == {"x-tenant-id": "acme", "x-project-id": "prj-otter"}, case
            assert record.header("x-role") == "member", case
        returned = " ".join(texts(answer.fields) + texts(answer.trailers))
        assert OPERATOR_KEY not in returned + answer.body.decode(), f"{case}: {returned}"
        names = {name.lower() for name, _ in answer.fields}
        names |= {text.split(":")[0].lower() for text in texts(answer.trailers)}
        strange = names & {*CREDENTIALS, *IDENTITIES, *FORWARDED, operator_field, "traceparent"}
        assert not strange, f"{case}: {strange}"
    assert len(statuses) > 5, f"seed {SEED}: {statuses}"
    gateway.stop()
    written = gateway.log_path.read_text() + gateway.stderr.decode()
    leaked = [secret for secret in forbidden if secret in written]
    assert not leaked, f"seed {SEED}: {leaked}"

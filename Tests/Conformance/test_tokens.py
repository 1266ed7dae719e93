"""JSON Web Tokens as credentials: whom they let in, what they say of the caller, what refuses them."""

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from behaviours import JSON, chat_answer, compact
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from key_server import KeyServer, SigningKey, key_set

HOST = "brave-otter-123.behest.test"
OTHER = "swift-hare-9.behest.test"
TENANTS = [
    {"id": "acme", "projects": [
        {"id": "prj-otter", "slug": "brave-otter-123", "requestsPerMinute": 90,
         "tiers": [{"name": "free", "number": 0, "requestsPerMinute": 10},
                   {"name": "pro", "number": 1, "requestsPerMinute": 20}]}]},
    {"id": "rival", "projects": [{"id": "prj-rival", "slug": "swift-hare-9"}]},
]


class Token:
    """A bearer token in the place of a key."""

    def __init__(self, text):
        self.header = ("Authorization", f"Bearer {text}")


@pytest.fixture(scope="module")
def signer():
    return SigningKey("RS256", "main")


@pytest.fixture
def server(signer):
    with KeyServer() as running:
        running.answers["/jwks"] = key_set(signer)
        yield running


def claims(**changes):
    now = int(time.time())
    usual = {"tid": "acme", "pid": "prj-otter", "uid": "alice", "role": "member",
             "iss": "https://api.behest.app", "aud": "behest", "iat": now, "nbf": now,
             "exp": now + 3600}
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def token(signer, kid=None, **changes):
    return Token(jwt.encode(claims(**changes), signer.private, signer.algorithm,
                            headers={"kid": kid or signer.kid}))


def behest(start, server, *keys, site=None, organizations=TENANTS, **issuer):
    own = {"name": "behest", "jwksUrl": server.url(), "issuers": ["https://api.behest.app"],
           "audiences": ["behest"], **issuer}
    changes = {"dialect": "behest", "hosts": ["*.behest.test"], "tokenIssuer": "behest",
               "addressRequestsPerMinute": 100_000, **(site or {})}
    gateway = start("openai", list(keys), site=changes,
                    top={"organizations": organizations, "tokenIssuers": [own]})
    settled(gateway)
    return gateway


def settled(gateway, least=1, deadline=30):
    """Waits until every worker may know the keys: they were read, and letters take one turn."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        statuses = [gateway.chat("h1", "settling", key=Token("a.b.c"), host=HOST).status
                    for _ in range(8)]
        if 503 not in statuses:
            return
        time.sleep(0.02)
    raise AssertionError("the keys were never read")


@pytest.mark.wire_short
def test_a_token_speaks_for_its_project_and_user(start, server, signer, protocol, upstream, tag):
    gateway = behest(start, server)
    forged = [(name, "forged") for name in
              ("X-Tenant-Id", "X-Project-Id", "X-End-User-Id", "X-Role", "X-Tier")]
    good = token(signer, tier="pro")
    answer = gateway.chat(protocol, tag, key=good, host=HOST, fields=forged)
    assert answer.status == 200
    fields = dict(upstream.seen(tag)[0].fields)
    assert [fields[f"x-{name}"] for name in
            ("tenant-id", "project-id", "end-user-id", "role", "tier")] == [
                "acme", "prj-otter", "alice", "member", "pro"]
    assert "forged" not in fields.values()
    assert good.header[1] not in str(fields)
    line = gateway.wait_log(lambda line: line["status"] == 200)[0]
    assert line["key_id"] == "prj-otter/alice"
    assert good.header[1].split(".")[2] not in gateway.log_path.read_text()


HOSTILE = {
    "expired": ({"exp": 1_700_000_000}, "expired_token", "Token expired"),
    "not valid yet": ({"nbf": 4_000_000_000}, "token_not_yet_valid", "Invalid token"),
    "another issuer": ({"iss": "https://evil.example"}, "token_wrong_issuer", "Invalid token"),
    "another audience": ({"aud": "others"}, "token_wrong_audience", "Invalid token"),
    "no audience": ({"aud": None}, "token_wrong_audience", "Invalid token"),
    "no expiry": ({"exp": None}, "token_no_expiry", "Invalid token"),
    "an unknown project": ({"pid": "prj-none"}, "token_unknown_project", "Invalid token"),
    "another tenant's project": ({"tid": "rival"}, "token_foreign_project", "Invalid token"),
}


@pytest.mark.wire_short
@pytest.mark.parametrize("what", HOSTILE)
def test_a_token_that_does_not_hold_is_one_answer_and_a_reason_of_its_own(
    start, server, signer, protocol, upstream, tag, what
):
    changes, reason, message = HOSTILE[what]
    gateway = behest(start, server)
    answer = gateway.chat(protocol, tag, key=token(signer, **changes), host=HOST)
    assert answer.status == 401
    assert answer.json == {"error": {"code": "invalid_token", "message": message}}
    line = gateway.wait_log(lambda line: reason in json.dumps(line))[0]
    assert line["status"] == 401
    assert not upstream.seen(tag)


def without_signature(signer):
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=").decode()
    return f"{head}.{body}."


def signed_with_the_public_key(signer):
    public = signer.private.public_key().public_bytes(Encoding.PEM,
                                                      PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(
        json.dumps({"alg": "HS256", "kid": signer.kid}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
    mark = hmac.new(public, head + b"." + body, hashlib.sha256).digest()
    return b".".join([head, body, base64.urlsafe_b64encode(mark).rstrip(b"=")]).decode()


def tampered(signer):
    head, body, mark = token(signer).header[1].removeprefix("Bearer ").split(".")
    text = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = json.dumps({**text, "role": "owner"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(forged).rstrip(b'=').decode()}.{mark}"


@pytest.mark.parametrize("forge", [without_signature, signed_with_the_public_key, tampered])
def test_forged_tokens_let_nobody_in(start, server, signer, protocol, upstream, tag, forge):
    gateway = behest(start, server)
    answer = gateway.chat(protocol, tag, key=Token(forge(signer)), host=HOST)
    assert (answer.status, answer.error["code"]) == (401, "invalid_token")
    assert not upstream.seen(tag)


def test_a_key_is_no_token_and_a_token_no_key(start, server, signer, protocol, tag):
    key = start.key()
    gateway = behest(start, server, key)
    assert gateway.chat(protocol, tag, key=key, host=HOST).status == 401
    missing = gateway.chat(protocol, tag, key=None, host=HOST)
    assert missing.json == {"error": {"code": "invalid_token",
                                      "message": "Missing Authorization header"}}
    keys_only = start("openai", [key])
    assert keys_only.chat(protocol, tag, key=token(signer)).status == 401


def test_where_both_are_accepted_each_is_what_it_looks_like(start, server, signer, protocol, tag):
    key = start.key(project="prj-otter")
    gateway = behest(start, server, key, site={
        "credentials": ["key", "token"], "keyPrefix": "sk-bve-",
        "credentialFields": ["x-api-key", "api-key"]})
    good = token(signer)
    for credential in (key, good):
        assert gateway.chat(protocol, tag, key=credential, host=HOST).status == 200
        bare = credential.header[1].removeprefix("Bearer ")
        for name in ("x-api-key", "api-key"):
            answer = gateway.chat(protocol, tag, key=None, host=HOST, fields=[(name, bare)])
            assert answer.status == 200
            twice = gateway.chat(protocol, tag, key=credential, host=HOST, fields=[(name, bare)])
            assert twice.status == 401


@pytest.mark.wire_short
def test_a_token_of_one_tenant_is_forbidden_at_another_s_host(
    start, server, signer, protocol, upstream, tag
):
    gateway = behest(start, server)
    answer = gateway.chat(protocol, tag, key=token(signer), host=OTHER)
    assert (answer.status, answer.error["code"]) == (403, "forbidden")
    assert not upstream.seen(tag)


def test_a_new_signing_key_is_learnt_and_a_withdrawn_one_is_believed_no_more(
    start, server, signer, protocol, tag
):
    gateway = behest(start, server, unknownKidSeconds=1, refreshSeconds=2)
    fresh = SigningKey("ES256", "fresh")
    first = gateway.chat(protocol, tag, key=token(fresh), host=HOST)
    assert first.status == 401
    server.answers["/jwks"] = key_set(fresh)

    def turns(credential, status):
        end = time.monotonic() + 30
        while gateway.chat(protocol, tag, key=credential, host=HOST).status != status:
            assert time.monotonic() < end, f"never answered {status}"
            time.sleep(0.05)

    turns(token(fresh), 200)
    turns(token(signer), 401)
    assert gateway.chat(protocol, tag, key=token(fresh), host=HOST).status == 200


def test_many_tokens_of_an_unknown_key_make_the_keys_be_fetched_once(
    start, server, signer, protocol, tag
):
    gateway = behest(start, server, unknownKidSeconds=3600)
    stranger = SigningKey("ES256", "stranger")
    before = len(server.requests)
    for _ in range(40):
        assert gateway.chat(protocol, tag, key=token(stranger), host=HOST).status == 401
    assert gateway.chat(protocol, tag, key=token(signer), host=HOST).status == 200
    assert len(server.requests) <= before + 1


def test_a_tenant_s_own_key_speaks_for_users_of_that_tenant_only(
    start, server, signer, protocol, upstream, tag
):
    own = SigningKey("ES256", "sk_acme")
    own.jwk["tid"] = "acme"
    server.answers["/jwks"] = key_set(signer, own)
    gateway = behest(start, server)
    assert gateway.chat(protocol, tag, key=token(own, role="admin"), host=HOST).status == 200
    assert dict(upstream.seen(tag)[0].fields)["x-role"] == "user"
    foreign = token(own, tid="rival", pid="prj-rival")
    assert gateway.chat(protocol, tag, key=foreign, host=OTHER).status == 401


def limit_of(answer):
    return int(answer.header("x-ratelimit-limit-requests"))


def test_a_user_may_make_a_tenth_of_its_project_or_what_its_tier_says(
    start, server, signer, protocol, tag
):
    gateway = behest(start, server)
    limits = {"plain": None, "free": "free", "pro": "1"}
    found = {name: limit_of(gateway.chat(protocol, tag, key=token(signer, uid=name, tier=tier),
                                         host=HOST))
             for name, tier in limits.items()}
    assert found == {"plain": 9, "free": 10, "pro": 20}


@pytest.mark.wire_short
def test_users_are_counted_apart_and_across_their_tokens(
    start, server, signer, protocol, upstream, tag
):
    shared = [{"id": "acme", "projects": [{"id": "prj-otter", "slug": "brave-otter-123",
                                           "tiers": [{"name": "t", "requestsPerDay": 2,
                                                      "requestsPerMinute": 1000},
                                                     {"name": "u", "requestsPerDay": 3,
                                                      "requestsPerMinute": 1000}],
                                           "requestsPerMinute": 100_000}]}]
    gateway = behest(start, server, organizations=shared)

    def ask(**changes):
        return gateway.chat(protocol, tag, key=token(signer, **{"tier": "t", **changes}),
                            host=HOST).status

    assert [ask(jti=str(turn)) for turn in range(3)] == [200, 200, 402]
    assert ask(uid="bob") == 200
    # A better tier counts at once, with what was used before.
    assert [ask(tier="u"), ask(tier="u")] == [200, 402]
    assert len(upstream.seen(tag)) == 4


def test_before_any_key_was_read_callers_are_told_to_come_again(
    start, server, signer, protocol, tag
):
    server.answers["/jwks"] = None
    own = {"name": "behest", "jwksUrl": server.url(), "issuers": ["https://api.behest.app"],
           "audiences": ["behest"]}
    gateway = start("openai", [], site={"dialect": "behest", "tokenIssuer": "behest"},
                    top={"tokenIssuers": [own]})
    answer = gateway.chat(protocol, tag, key=token(signer))
    assert answer.status == 503
    assert int(answer.header("retry-after")) >= 1


def test_a_token_that_was_believed_is_judged_anew_after_a_reload(
    start, server, signer, protocol, tag
):
    gateway = behest(start, server)
    good = token(signer)
    assert gateway.chat(protocol, tag, key=good, host=HOST).status == 200
    stopped = [{**TENANTS[0], "status": "suspended"}, *TENANTS[1:]]
    gateway.reload({**gateway.settings, "organizations": stopped})
    for _ in range(4):
        answer = gateway.chat(protocol, tag, key=good, host=HOST)
        assert (answer.status, answer.error["code"]) == (403, "forbidden")


def test_the_rules_for_tokens_change_with_a_reload_and_the_keys_stay(
    start, server, signer, protocol, tag
):
    project = {"id": "prj-otter", "slug": "brave-otter-123", "requestsPerMinute": 100_000}
    gateway = behest(start, server, organizations=[{"id": "acme", "projects": [project]}])
    fetched = len(server.requests)
    usual, other = token(signer), token(signer, aud="others")

    def ask(credential):
        return {gateway.chat(protocol, tag, key=credential, host=HOST).status for _ in range(6)}

    def with_issuer(**changes):
        own = {**gateway.settings["tokenIssuers"][0], **changes}
        return {**gateway.settings, "tokenIssuers": [own]}

    assert (ask(usual), ask(other)) == ({200}, {401})
    gateway.reload(with_issuer(audiences=["others"]))
    assert (ask(usual), ask(other)) == ({401}, {200})
    assert len(server.requests) == fetched
    said = gateway.reload(with_issuer(jwksUrl=server.url("/elsewhere")),
                          ending="not reloaded: the configuration before stays in force")
    assert "the key sources of token issuers changed, which takes a restart" in said
    assert ask(other) == {200}


@pytest.mark.wire_short
def test_a_site_may_trust_several_issuers_each_with_its_own_keys_and_rules(
    start, server, signer, protocol, upstream, tag
):
    own = SigningKey("ES256", "main")
    server.answers["/second"] = key_set(own)
    second = {"name": "second", "jwksUrl": server.url("/second"), "audiences": ["elsewhere"],
              "issuers": ["https://second.example"], "claims": {"user": "sub"}}
    first = {"name": "first", "jwksUrl": server.url(), "audiences": ["behest"],
             "issuers": ["https://api.behest.app"]}
    gateway = start("openai", [], top={"organizations": TENANTS, "tokenIssuers": [first, second]},
                    site={"dialect": "behest", "hosts": ["*.behest.test"],
                          "tokenIssuer": ["first", "second"]})
    theirs = {"iss": "https://second.example", "aud": "elsewhere", "uid": None, "sub": "bob"}

    def ask(credential):
        return gateway.chat(protocol, tag, key=credential, host=HOST)

    end = time.monotonic() + 30
    while {ask(token(signer)).status, ask(token(own, **theirs)).status} != {200}:
        assert time.monotonic() < end, "the keys were never read"
        time.sleep(0.02)
    users = {dict(record.fields)["x-end-user-id"] for record in upstream.seen(tag)}
    assert users == {"alice", "bob"}
    refused = {
        # In one issuer's name with the other's key, which goes by the same name.
        "token_key_does_not_fit": [token(signer, kid="main", **theirs), token(own)],
        "token_wrong_audience": [token(own, **{**theirs, "aud": "behest"})],
        "token_wrong_issuer": [token(own, **{**theirs, "iss": "https://third.example"})],
    }
    for reason, credentials in refused.items():
        for credential in credentials:
            assert ask(credential).status == 401
        gateway.wait_log(lambda line: line.get("reason") == reason, count=len(credentials))


def test_users_without_a_project_have_budgets_of_their_issuer(
    start, server, signer, protocol, upstream, tag
):
    gateway = behest(start, server, organizations=[], userTokensPerDay=150,
                     site={"hosts": [], "tokenBudgets": {"admission": "check"}})

    @upstream.on(f"{tag}-costly")
    async def costly(exchange):
        usage = {"prompt_tokens": 30, "completion_tokens": 70, "total_tokens": 100}
        await exchange.respond(200, [JSON], compact({**chat_answer("m"), "usage": usage}))

    def ask(user):
        return gateway.chat(protocol, f"{tag}-costly", key=token(signer, uid=user))

    assert [ask("ann").status for _ in range(2)] == [200, 200]
    refused = ask("ann")
    assert (refused.status, refused.error["code"]) == (402, "quota_exceeded")
    assert refused.error["details"] == {
        "limit": {"tokens_per_day": 150}, "usage": {"tokens_today": 200}}
    assert ask("bob").status == 200

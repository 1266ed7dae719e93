"""The same refusals and failures in the words of each API, to the byte, over both protocols."""

import json

import openai
import pytest
from openai import OpenAI

from settings import make_key
from test_openai_sdk import MESSAGES, sync_client
from test_upstream_faults import closed_port

CHAT = "/v1/chat/completions"
PREFIXES = {"data": "behest_sk_live_", "kong": "behest_sk_live_", "devsphere": "dvs_live_"}
KEYED = {"dialect": "behest", "credentials": ["key"], "keyPrefix": PREFIXES["data"]}
SITES = {
    "data": KEYED,
    "kong": {**KEYED, "edgeDialect": "kong"},
    "devsphere": {"dialect": "devsphere", "routes": "openai"},
}


def data(code, message):
    return {"error": {"code": code, "message": message}}


def kong(error, message):
    return {"error": error, "message": message}


def code(text):
    return {"error": text}


ANSWERS = {
    "missing": {
        "data": (401, data("invalid_token", "Missing Authorization header")),
        "kong": (401, kong("unauthorized", "Missing Authorization header")),
        "devsphere": (401, code("invalid_api_key")),
    },
    "unknown": {
        "data": (401, data("invalid_token", "Invalid token")),
        "kong": (401, kong("unauthorized", "Invalid token")),
        "devsphere": (401, code("invalid_api_key")),
    },
    "expired": {
        "data": (401, data("invalid_token", "Token expired")),
        "kong": (401, kong("unauthorized", "Token expired")),
        "devsphere": (401, code("invalid_api_key")),
    },
    "suspended": {
        "data": (403, data("forbidden", "API key is suspended")),
        "kong": (403, kong("forbidden", "API key is suspended")),
        "devsphere": (403, code("forbidden")),
    },
    "minute": {
        "data": (429, data("rate_limited", "Rate limit exceeded: requests per minute")),
        "kong": (429, kong("rate limit exceeded", "API rate limit exceeded")),
        "devsphere": (429, code("rate_limited")),
    },
    "bad body": {
        "data": (400, data("validation_error", "Invalid JSON body")),
        "kong": (400, kong("bad request", "Invalid JSON body")),
        "devsphere": (400, code("bad_request")),
    },
    "large body": {
        "data": (413, data("validation_error", "Request body exceeds 1 KB")),
        "kong": (413, kong("payload too large", "Request body exceeds 1 KB")),
        "devsphere": (413, code("bad_request")),
    },
    "route": {
        "data": (404, {"error": {"message": "Not found"}}),
        "kong": (404, kong("not found", "no Route matched with those values")),
        "devsphere": (404, code("not_found")),
    },
    "unreachable": {
        "data": (502, data("server_error", "Upstream unavailable")),
        "kong": (502, kong("bad gateway",
                           "An invalid response was received from the upstream server")),
        "devsphere": (500, code("query_failed")),
    },
    "timeout": {
        "data": (504, data("server_error", "Upstream timed out")),
        "kong": (504, kong("gateway timeout", "The upstream server is timing out")),
        "devsphere": (500, code("query_failed")),
    },
    "malformed": {
        "data": (400, data("validation_error", "Malformed request")),
        "kong": (400, kong("bad request", "Malformed request")),
        "devsphere": (400, code("bad_request")),
    },
}
ANSWERS["revoked"] = ANSWERS["unknown"]


def said(answer, situation, dialect):
    """Status and body are those of the table, to the byte."""
    status, body = ANSWERS[situation][dialect]
    assert (answer.status, answer.body.decode()) == (
        status, json.dumps(body, separators=(",", ":")))
    assert answer.header("content-type") == "application/json"
    assert answer.header("www-authenticate") == ("Bearer" if status == 401 else None)
    return answer


@pytest.fixture(scope="module", params=list(SITES))
def dialect(request):
    return request.param


@pytest.fixture(scope="module")
def keys(dialect, pepper):
    prefix = PREFIXES[dialect]
    high = {"requestsPerMinute": 1_000_000}
    return {
        "active": make_key(pepper, prefix, id="active", limits=high),
        "limited": make_key(pepper, prefix, id="limited", limits={"requestsPerMinute": 0}),
        "suspended": make_key(pepper, prefix, id="suspended", status="suspended"),
        "revoked": make_key(pepper, prefix, id="revoked", status="revoked"),
        "expired": make_key(pepper, prefix, id="expired", expiresAt="2020-01-01T00:00:00Z"),
        "unlisted": make_key(pepper, prefix, id="unlisted"),
    }


def begin(starter, dialect, keys, site=None, **options):
    listed = [key for name, key in keys.items() if name != "unlisted"]
    return starter("openai", listed, site={**SITES[dialect], **(site or {})}, **options)


@pytest.fixture(scope="module")
def gateway(session_starter, dialect, keys):
    timeouts = {"upstream": {"firstByteSeconds": 0.4}}
    return begin(session_starter, dialect, keys, {"bodyLimitBytes": 1024}, timeouts=timeouts)


@pytest.mark.parametrize(
    ("situation", "name"),
    [("missing", None), ("unknown", "unlisted"), ("revoked", "revoked"), ("expired", "expired"),
     ("suspended", "suspended"), ("minute", "limited")])
def test_each_dialect_words_what_it_refuses_to_a_caller(
    gateway, dialect, keys, protocol, upstream, tag, situation, name
):
    answer = gateway.chat(protocol, tag, key=keys.get(name))
    said(answer, situation, dialect)
    assert upstream.seen(tag) == []
    if situation == "minute":
        assert answer.header("x-should-retry") == "true"
        assert 1 <= int(answer.header("retry-after")) <= 60


def test_each_dialect_words_a_scheme_that_is_not_bearer(gateway, dialect, protocol, tag):
    fields = [("Authorization", "Basic dXNlcjpwYXNz")]
    said(gateway.chat(protocol, tag, key=None, fields=fields), "unknown", dialect)


@pytest.mark.parametrize("situation", ["bad body", "large body", "route"])
def test_each_dialect_words_what_is_wrong_with_a_request(
    gateway, dialect, protocol, situation
):
    path = "/v2/nothing?secret=1" if situation == "route" else CHAT
    body = b"{" * (1025 if situation == "large body" else 1)
    said(gateway.call(protocol, "POST", path, body=body), situation, dialect)


@pytest.mark.parametrize(
    ("situation", "model"), [("unreachable", "status-503"), ("unreachable", "reset-before-head"),
                             ("timeout", "never")])
def test_each_dialect_words_an_upstream_that_fails(
    gateway, dialect, protocol, tag, situation, model
):
    answer = said(gateway.chat(protocol, f"{model}.{tag}"), situation, dialect)
    request_id = answer.header("x-request-id")
    (line,) = gateway.wait_log(lambda line: line["request_id"] == request_id)
    assert (line["status"], line["error"]) == (answer.status, "upstream_error")


def test_each_dialect_words_an_upstream_that_is_not_there(start, dialect, keys, protocol, tag):
    url = f"http://127.0.0.1:{closed_port()}/v1"
    said(begin(start, dialect, keys, upstream_url=url).chat(protocol, tag), "unreachable", dialect)


def test_each_dialect_words_a_stream_that_breaks_off(gateway, dialect, protocol, tag):
    answer = gateway.chat(protocol, f"sse-drop-between.{tag}", extra={"stream": True})
    status, body = ANSWERS["unreachable"][dialect]
    event = f"data: {json.dumps(body, separators=(',', ':'))}\n\n"
    assert answer.status == 200
    assert answer.body.decode().endswith(event)


@pytest.mark.parametrize("listener", ["tls", "clear"])
def test_what_is_not_http_is_worded_as_the_site_of_every_host_words_it(gateway, dialect, listener):
    with gateway.http1(listener) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n")
        said(client.answer(), "malformed", dialect)
        assert client.is_closed()


def test_devsphere_limits_a_key_to_120_a_minute_and_reads_only(start, pepper, protocol):
    key = make_key(pepper, "dvs_live_", id="reader")
    gateway = start("openai", [key], site={"dialect": "devsphere", "routes": "devsphere"})
    answer = gateway.call(protocol, "GET", "/api/v1/leads")
    assert answer.header("x-ratelimit-limit-requests") == "120"
    said(gateway.call(protocol, "POST", "/api/v1/leads", body=b"{}"), "route", "devsphere")


# What the OpenAI SDK makes of Behest's data plane.


@pytest.fixture(scope="module")
def behest(session_starter, pepper):
    prefix = PREFIXES["data"]
    keys = {
        "active": make_key(pepper, prefix, id="active"),
        "limited": make_key(pepper, prefix, id="limited", limits={"requestsPerMinute": 0}),
        "suspended": make_key(pepper, prefix, id="suspended", status="suspended"),
        "unlisted": make_key(pepper, prefix, id="unlisted"),
    }
    timeouts = {"upstream": {"firstByteSeconds": 0.4}}
    return begin(session_starter, "data", keys, timeouts=timeouts), keys


@pytest.mark.parametrize(
    ("name", "model", "raised", "status", "code"),
    [
        ("unlisted", "m", openai.AuthenticationError, 401, "invalid_token"),
        ("suspended", "m", openai.PermissionDeniedError, 403, "forbidden"),
        ("limited", "m", openai.RateLimitError, 429, "rate_limited"),
        ("active", "status-500", openai.InternalServerError, 502, "server_error"),
        ("active", "never", openai.InternalServerError, 504, "server_error"),
    ])
@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_the_openai_sdk_raises_its_own_exceptions_for_behests_errors(
    behest, tag, name, model, raised, status, code, http2
):
    gateway, keys = behest
    with sync_client(gateway, http2=http2, key=keys[name]) as client:
        assert isinstance(client, OpenAI)
        with pytest.raises(raised) as problem:
            client.chat.completions.create(model=f"{model}.{tag}", messages=MESSAGES)
    assert (problem.value.status_code, problem.value.code) == (status, code)
    assert problem.value.request_id


def test_the_openai_sdk_raises_not_found_for_a_route_that_behest_does_not_have(behest):
    gateway, keys = behest
    with sync_client(gateway, key=keys["active"]) as client:
        with pytest.raises(openai.NotFoundError) as problem:
            client.get("/nothing", cast_to=object)
    assert problem.value.code is None
    assert problem.value.body == {"message": "Not found"}

"""Ids on everything, what passes in each direction, and whose credentials go where."""

import json
import re
import uuid

import pytest

from behaviours import ZOO
from gateway import assert_ids
from settings import OPERATOR_KEY

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")


# Ids.


def test_every_kind_of_answer_carries_a_fresh_uuid(house, cast, protocol, tag):
    answers = [
        house.chat(protocol, tag),
        house.chat(protocol, tag, extra={"stream": True}),
        house.chat(protocol, tag, key=None),
        house.chat(protocol, tag, key=cast.revoked),
        house.chat(protocol, f"status-500.{tag}"),
        house.chat(protocol, f"status-404.{tag}"),
        house.call(protocol, "GET", "/health", key=None),
        house.call(protocol, "GET", "/v1/unknown", key=None),
        house.call(protocol, "OPTIONS", "/v1/models", key=None,
                   fields=[("Origin", "https://a.example"),
                           ("Access-Control-Request-Method", "GET")]),
    ]
    ids = [answer.header("x-request-id") for answer in answers]
    assert all(UUID.match(one) and uuid.UUID(one) for one in ids), ids
    assert len(set(ids)) == len(ids)
    assert len({answer.header("x-trace-id") for answer in answers}) == len(answers)


@pytest.mark.parametrize("value", ["abc", "A-b_c.9", "x" * 128])
def test_a_clients_own_valid_request_id_is_kept(house, protocol, upstream, tag, value):
    answer = house.chat(protocol, tag, fields=[("X-Request-Id", value)])
    assert answer.header("x-request-id") == value


@pytest.mark.parametrize("value", ["", "x" * 129, "with space", "semi;colon", "ümlaut", "a/b"])
def test_a_clients_own_invalid_request_id_is_replaced(house, protocol, tag, value):
    answer = house.chat(protocol, tag, fields=[("X-Request-Id", value)])
    assert UUID.match(answer.header("x-request-id"))


def test_two_request_ids_of_a_client_are_replaced(house, protocol, tag):
    fields = [("X-Request-Id", "one"), ("X-Request-Id", "two")]
    answer = house.chat(protocol, tag, fields=fields)
    assert UUID.match(answer.header("x-request-id")) or answer.status == 400


def test_the_upstreams_own_id_is_kept_under_another_name(house, protocol, tag):
    answer = house.chat(protocol, f"zoo.{tag}")
    assert answer.header("x-upstream-request-id") == "upstream-id-1"
    assert answer.header("x-request-id") != "upstream-id-1"


def test_a_valid_traceparent_is_continued(house, protocol, upstream, tag):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    fields = [("traceparent", f"00-{trace}-00f067aa0ba902b7-01"), ("tracestate", "vendor=1")]
    answer = house.chat(protocol, tag, fields=fields)
    assert answer.header("x-trace-id") == trace
    (record,) = upstream.seen(tag)
    sent = TRACEPARENT.match(record.header("traceparent"))
    assert sent[1] == trace and sent[2] != "00f067aa0ba902b7"
    assert record.header("tracestate") == "vendor=1"


@pytest.mark.parametrize("value", [
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    "nonsense",
])
def test_an_invalid_traceparent_is_replaced(house, protocol, upstream, tag, value):
    answer = house.chat(protocol, tag, fields=[("traceparent", value)])
    (record,) = upstream.seen(tag)
    sent = TRACEPARENT.match(record.header("traceparent"))
    assert sent[1] == answer.header("x-trace-id") != "4bf92f3577b34da6a3ce929d0e0e4736"


# Answers of the protocol layer.

PROTOCOL_ERRORS = [
    ("malformed", b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", 400, "bad_request"),
    ("no-host", b"GET /health HTTP/1.1\r\n\r\n", 400, "bad_request"),
    ("long-target", b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414,
     "uri_too_long"),
    ("long-head", b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431,
     "headers_too_large"),
    ("many-fields", b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X-A: 1\r\n" * 120 + b"\r\n", 431,
     "headers_too_large"),
    ("expectation", b"POST /v1/files HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n"
     b"Content-Length: 1\r\n\r\nx", 417, "expectation_failed"),
]


@pytest.mark.wire_short
@pytest.mark.parametrize(("name", "data", "status", "code"), PROTOCOL_ERRORS,
                         ids=[row[0] for row in PROTOCOL_ERRORS])
def test_an_error_of_the_protocol_has_the_envelope_and_both_ids(
    house, name, data, status, code
):
    with house.http1() as client:
        client.send(data)
        answer = client.answer()
        assert (answer.status, answer.error["code"]) == (status, code)
        assert answer.error["type"] == "invalid_request_error"
        assert_ids(answer)
        assert client.is_closed()


def test_a_head_that_never_ends_is_answered_408_with_both_ids(start):
    gateway = start(timeouts={"requestHeadSeconds": 0.4})
    with gateway.http1() as client:
        client.send(b"GET /health HTTP/1.1\r\nHost: loc")
        answer = client.answer()
        assert (answer.status, answer.error["code"]) == (408, "request_timeout")
        assert_ids(answer)
        assert client.is_closed()


@pytest.mark.parametrize("size", ["long-head", "many-fields", "long-target"])
def test_an_oversized_http2_head_is_refused_and_the_connection_lives(house, size):
    path = "/" + "a" * 20_000 if size == "long-target" else "/health"
    fields = {"long-head": [("x", "a" * 70_000)], "many-fields": [("x-a", "1")] * 120}
    with house.http2() as client:
        stream = client.open("GET", path, fields.get(size, []))
        answer = client.wait(stream)
        assert answer.status == (414 if size == "long-target" else 431)
        assert_ids(answer)
        assert client.call("GET", "/health").status == 200


# From the upstream to the client.


def zoo(name):
    return dict(ZOO)[name]


def test_the_default_profile_passes_all_but_its_denylist(house, protocol, tag):
    answer = house.chat(protocol, f"zoo.{tag}")
    for name in ("content-type", "cache-control", "x-quota-allowed", "x-custom",
                 "openai-processing-ms"):
        assert answer.header(name) == zoo(name)
    for name in ("server", "set-cookie", "alt-svc", "via", "x-should-retry",
                 "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"):
        assert zoo(name) not in answer.headers(name)
    assert "https://evil.example" not in answer.headers("access-control-allow-origin")


@pytest.mark.wire_short
@pytest.mark.parametrize("mode", ["zoo", "zoo-sse"])
def test_the_bve_profile_passes_only_its_allowlist(bve, protocol, tag, mode):
    answer = bve.chat(protocol, f"{mode}.{tag}", extra={"stream": mode == "zoo-sse"})
    for name in ("cache-control", "x-quota-allowed", "x-quota-available", "x-quota-reset"):
        assert answer.header(name) == zoo(name)
    own = {"content-type", "cache-control", "x-quota-allowed", "x-quota-available",
           "x-quota-reset", "x-request-id", "x-upstream-request-id", "x-trace-id",
           "x-bve-latency", "content-length", "transfer-encoding", "date", "connection",
           "access-control-allow-origin", "access-control-expose-headers", "vary",
           "x-accel-buffering", "x-ratelimit-limit-requests",
           "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"}
    assert answer.names <= own, answer.names - own


def test_the_bve_profile_tells_its_latency_in_whole_milliseconds(bve, protocol, tag):
    for model in (tag, f"status-500.{tag}", f"status-404.{tag}"):
        assert int(bve.chat(protocol, model).header("x-bve-latency")) >= 0


def test_hop_by_hop_fields_of_the_upstream_stay_there(house, protocol, tag):
    answer = house.chat(protocol, f"hop-by-hop.{tag}")
    assert (answer.status, answer.body) == (200, b'{"a":1}')
    gone = {"x-hop", "keep-alive", "proxy-authenticate", "upgrade"}
    assert not gone & answer.names
    assert "x-hop" not in ",".join(answer.headers("connection"))


def test_a_stream_tells_proxies_not_to_buffer(house, protocol, tag):
    answer = house.chat(protocol, tag, extra={"stream": True})
    assert answer.header("content-type") == "text/event-stream"
    assert answer.header("x-accel-buffering") == "no"
    assert answer.header("cache-control") == "no-cache"


def test_a_streams_own_cache_control_is_kept(house, protocol, tag):
    answer = house.chat(protocol, f"zoo-sse.{tag}", extra={"stream": True})
    assert answer.header("cache-control") == "max-age=7"


# From the client to the upstream.


@pytest.mark.wire_short
def test_the_operators_credential_replaces_every_credential_of_the_client(
    house, cast, protocol, upstream, tag
):
    fields = [("x-api-key", "client-x"), ("api-key", "client-y"), ("Cookie", "client=z"),
              ("Proxy-Authorization", "Basic client")]
    answer = house.chat(protocol, tag, fields=fields)
    (record,) = upstream.seen(tag)
    assert record.header("authorization") == f"Bearer {OPERATOR_KEY}"
    assert not record.mentions(cast.active.text)
    for name in ("x-api-key", "api-key", "cookie", "proxy-authorization"):
        assert record.header(name) is None
    assert OPERATOR_KEY not in str(answer.fields) + answer.body.decode()


def test_the_operators_credential_never_returns_even_when_the_upstream_echoes_it_in_a_header(
    start, protocol, upstream, tag
):
    name = "echo-key-" + tag

    @upstream.on(name)
    async def leak(exchange):
        sent = exchange.record.header("authorization")
        fields = [("authorization", sent), ("content-type", "application/json")]
        await exchange.respond(200, fields, b"{}")

    answer = start().chat(protocol, name)
    assert answer.header("authorization") is None


def test_claimed_identity_headers_are_dropped(house, protocol, upstream, tag):
    names = ("X-Tenant-Id", "X-Project-Id", "X-End-User-Id", "X-Role", "X-Tier")
    house.chat(protocol, tag, fields=[(name, "forged") for name in names])
    (record,) = upstream.seen(tag)
    assert not any(value == "forged" for _, value in record.fields)


def test_forwarded_headers_come_from_the_connection(house, protocol, upstream, tag):
    fields = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "gopher"),
              ("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=6.6.6.6"),
              ("X-Real-IP", "6.6.6.6")]
    house.chat(protocol, tag, fields=fields)
    (record,) = upstream.seen(tag)
    assert record.header("x-forwarded-for") == "127.0.0.1"
    assert record.header("x-forwarded-proto") == "https"
    assert record.header("x-forwarded-host").split(":")[0] == "localhost"
    assert not any("6.6.6.6" in value or "evil" in value or "gopher" in value
                   for name, value in record.fields if name != "x-real-ip")


def test_a_trusted_peers_forwarded_for_is_kept(start, protocol, upstream, tag):
    gateway = start(top={"trustedProxies": ["127.0.0.0/8"]})
    gateway.chat(protocol, tag, fields=[("X-Forwarded-For", "203.0.113.9")])
    (record,) = upstream.seen(tag)
    assert record.header("x-forwarded-for") == "203.0.113.9, 127.0.0.1"


def test_fields_named_by_connection_stay_on_their_hop(house, upstream, tag):
    fields = [house.key.header, ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"),
              ("Keep-Alive", "timeout=5"), ("TE", "trailers"), ("Upgrade", "websocket"),
              ("Proxy-Connection", "keep-alive"), ("Content-Type", "application/json")]
    body = json.dumps({"model": tag, "messages": []}).encode()
    with house.http1() as client:
        assert client.call("POST", "/v1/chat/completions", fields, body).status == 200
    (record,) = upstream.seen(tag)
    for name in ("x-hop", "keep-alive", "upgrade", "proxy-connection"):
        assert record.header(name) is None
    assert "X-Hop" not in (record.header("connection") or "")


def test_connection_cannot_strip_what_the_gateway_sets(house, upstream, tag):
    """Naming end-to-end fields in Connection must not remove the operator's credential."""
    named = "authorization, x-forwarded-for, content-type, traceparent, host, content-length"
    fields = [house.key.header, ("Connection", named), ("Content-Type", "application/json")]
    body = json.dumps({"model": tag, "messages": []}).encode()
    with house.http1() as client:
        answer = client.call("POST", "/v1/chat/completions", fields, body)
    records = upstream.seen(tag)
    if answer.status == 200:
        assert records[0].header("authorization") == f"Bearer {OPERATOR_KEY}"
        assert records[0].header("x-forwarded-for") == "127.0.0.1"
        assert bytes(records[0].body) == body
    else:
        assert answer.status in (400, 401) and not records


def test_accept_encoding_does_not_go_upstream_on_json_routes(house, protocol, upstream, tag):
    house.chat(protocol, tag, fields=[("Accept-Encoding", "gzip, br")])
    (record,) = upstream.seen(tag)
    assert record.header("accept-encoding") is None


def test_the_host_that_goes_upstream_is_the_upstreams(house, protocol, upstream, tag):
    house.chat(protocol, tag)
    (record,) = upstream.seen(tag)
    assert record.header("host") == upstream.address


@pytest.mark.parametrize("name", ["OpenAI-Beta", "OpenAI-Organization", "User-Agent",
                                  "X-Stainless-Lang", "Accept"])
def test_ordinary_request_headers_pass(house, protocol, upstream, tag, name):
    house.chat(protocol, tag, fields=[(name, "value-1")])
    (record,) = upstream.seen(tag)
    assert record.header(name) == "value-1"


def test_large_request_headers_up_to_the_bound_pass(house, protocol, upstream, tag):
    """Up to 64 KiB of head must be accepted; single fields of tens of KiB exist."""
    value = "v" * 60_000
    assert house.chat(protocol, tag, fields=[("X-Large", value)]).status == 200
    assert upstream.seen(tag)[0].header("x-large") == value

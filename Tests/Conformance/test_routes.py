"""Where a request goes: the route table, unknown paths, methods, CORS preflights."""

import pytest

from tools import curl

UNKNOWN_TYPE = "invalid_request_error"


@pytest.mark.wire_short
def test_an_unknown_route_is_not_found_and_needs_no_key(bve, protocol):
    answer = bve.call(protocol, "GET", "/v1/unknown", key=None)
    assert answer.status == 404
    assert answer.error == {
        "message": "Route GET /v1/unknown not found",
        "type": UNKNOWN_TYPE,
        "code": "route_not_found",
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_method_the_path_does_not_have_is_an_unknown_route(bve, protocol, method):
    answer = bve.call(protocol, method, "/v1/models", key=None)
    assert answer.status == 404
    assert answer.error["message"] == f"Route {method} /v1/models not found"


def test_the_message_of_an_unknown_route_shows_the_path_only(bve, protocol):
    answer = bve.call(protocol, "GET", "/v1/unknown?secret=1", key=None)
    assert answer.error["message"] == "Route GET /v1/unknown not found"


def test_the_message_of_an_unknown_route_is_safe_json(bve, protocol):
    answer = bve.call(protocol, "GET", "/v1/%22%3Cscript%3E\\", key=None)
    assert answer.status in (400, 404)
    assert answer.error["code"] in ("route_not_found", "bad_request")


@pytest.mark.parametrize("path", ["/v1/models/", "/v1", "/", "/V1/models", "/v1//models",
                                  "/v1/models/a/b", "/health/", "/v1/chat/completions/"])
def test_a_path_that_only_resembles_a_route_is_unknown(bve, protocol, path):
    assert bve.call(protocol, "GET", path, key=None).status == 404


@pytest.mark.parametrize("path", ["/v1/files/../models", "/v1/%2e%2e/admin", "/v1/files/%2e%2e/x",
                                  "/v1/files/..", "/v1/files/./x"])
def test_a_path_with_dot_segments_never_reaches_the_upstream_as_another_path(
    house, protocol, upstream, path
):
    """Whatever is forwarded, the upstream must not resolve it out of the route's tree."""
    before = len(upstream.records)
    answer = house.call(protocol, "GET", path)
    for record in upstream.records[before:]:
        assert ".." not in record.path and "%2e%2e" not in record.path.lower()
    assert answer.status in (200, 400, 404)


def test_the_models_list_is_forwarded(house, protocol):
    answer = house.call(protocol, "GET", "/v1/models")
    assert [entry["id"] for entry in answer.json["data"]] == ["gpt-test", "gpt-other"]


def test_one_model_is_forwarded_with_its_name(house, protocol):
    assert house.call(protocol, "GET", "/v1/models/gpt-4o").json["id"] == "gpt-4o"


def test_an_upstream_404_for_a_model_passes_through(house, protocol):
    answer = house.call(protocol, "GET", "/v1/models/status-404")
    assert answer.status == 404
    assert answer.error["message"] == "upstream-secret-404"


def test_head_follows_get_and_has_no_body(house, protocol):
    get = house.call(protocol, "GET", "/v1/models")
    head = house.call(protocol, "HEAD", "/v1/models")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-type") == get.header("content-type")


def test_head_of_health_has_no_body(house, protocol):
    head = house.call(protocol, "HEAD", "/health", key=None)
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/embeddings", "/v1/responses", "/v1/messages"]
)
def test_each_json_route_is_forwarded_under_its_path(house, protocol, upstream, tag, path):
    answer = house.call(protocol, "POST", path, json_body={"model": tag, "input": "x"})
    assert answer.status == 200
    (record,) = upstream.seen(tag)
    assert (record.method, record.path) == ("POST", path)


@pytest.mark.parametrize("tree", ["files", "assistants", "threads", "vector_stores"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_pass_through_trees_take_get_post_and_delete(
    house, protocol, upstream, tag, tree, method
):
    path = f"/v1/{tree}/{tag}/deep?limit=2&after=a%20b"
    body = {"a": 1} if method == "POST" else None
    answer = house.call(protocol, method, path, json_body=body,
                        fields=[("OpenAI-Beta", "assistants=v2")])
    assert answer.status == 200
    (record,) = upstream.seen(tag)
    assert (record.method, record.target) == (method, path)
    assert record.header("openai-beta") == "assistants=v2"


def test_streaming_legacy_completions_are_refused_by_the_bve_profile(
    bve, protocol, upstream, tag
):
    body = {"model": tag, "prompt": "Hello", "stream": True}
    answer = bve.call(protocol, "POST", "/v1/completions", json_body=body)
    assert answer.status == 400
    assert answer.error == {
        "message": "Streaming legacy completions are not supported. "
        "Use /v1/chat/completions with stream=true.",
        "type": "invalid_request_error",
        "code": "unsupported_streaming_completion",
    }
    assert upstream.seen(tag) == []


def test_a_cors_preflight_of_the_bve_profile_is_answered_in_the_pages_words(bve, protocol):
    fields = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    ]
    for path in ("/v1/chat/completions", "/v1/unknown"):
        answer = bve.call(protocol, "OPTIONS", path, fields=fields, key=None)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.header("access-control-allow-origin") == "*"
        allowed = answer.header("access-control-allow-headers")
        assert allowed == "Authorization, Content-Type, X-Request-Id"
        assert answer.header("access-control-max-age") == "86400"


def test_a_cors_preflight_of_the_default_profile_reflects_the_requested_headers(
    house, protocol
):
    """The SDKs send x-stainless-* from browsers."""
    wanted = "authorization,x-stainless-os,x-stainless-retry-count"
    fields = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", wanted),
    ]
    answer = house.call(protocol, "OPTIONS", "/v1/chat/completions", fields=fields, key=None)
    assert answer.status == 204
    allowed = answer.header("access-control-allow-headers").lower().replace(" ", "")
    assert set(wanted.split(",")) <= set(allowed.split(","))


def test_cors_headers_stand_on_answers_and_on_errors(bve, protocol, tag):
    origin = [("Origin", "https://app.example")]
    answers = [
        bve.chat(protocol, tag, fields=origin),
        bve.chat(protocol, tag, fields=origin, key=None),
        bve.call(protocol, "GET", "/v1/unknown", fields=origin, key=None),
    ]
    assert [answer.status for answer in answers] == [200, 401, 404]
    for answer in answers:
        assert answer.header("access-control-allow-origin") == "*"
        assert "x-request-id" in answer.header("access-control-expose-headers").lower()


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_gets_a_chat_completion(house, version, tag):
    data = b'{"model":"%b","messages":[]}' % tag.encode()
    answer = curl(
        house.url("/v1/chat/completions"), house.ca, version=version, data=data,
        fields=[house.key.header, ("Content-Type", "application/json")],
    )
    assert answer.status == 200
    assert answer.protocol == ("h2" if version == "--http2" else "http/1.1")
    assert answer.json["model"] == tag


# The limit is that of the window that is used most, which may be another a moment later.
VARYING = {"x-request-id", "x-trace-id", "date", "x-ratelimit-reset-requests",
           "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "connection",
           "x-bve-latency", "content-length", "transfer-encoding"}

SAME = [
    ("GET", "/health", None),
    ("GET", "/v1/models", None),
    ("GET", "/v1/nothing", None),
    ("POST", "/v1/chat/completions", {"model": "plain", "messages": []}),
    ("POST", "/v1/chat/completions", {"model": "plain", "messages": [], "stream": True}),
    ("POST", "/v1/chat/completions", {"model": "zoo"}),
    ("POST", "/v1/chat/completions", {"model": "status-500"}),
    ("POST", "/v1/chat/completions", {"model": "status-429"}),
    ("POST", "/v1/chat/completions", {"model": "sse-drop", "stream": True}),
    ("POST", "/v1/embeddings", {"model": "plain", "input": ["a", "b"]}),
]


@pytest.mark.wire_short
@pytest.mark.parametrize("profile", ["house", "bve"])
@pytest.mark.parametrize(("method", "path", "body"), SAME, ids=range(len(SAME)))
def test_the_same_request_gets_the_same_answer_over_http1_and_http2(
    request, profile, method, path, body
):
    gateway = request.getfixturevalue(profile)
    one = gateway.call("h1", method, path, json_body=body)
    two = gateway.call("h2", method, path, json_body=body)
    assert (one.status, one.body) == (two.status, two.body)

    def stable(answer):
        return sorted(field for field in answer.fields if field[0] not in VARYING)

    assert stable(one) == stable(two)
    assert one.names - two.names <= {"connection", "transfer-encoding", "content-length"}
    assert two.names - one.names <= {"content-length"}


def test_a_page_may_read_both_ids_and_when_to_come_back(house, protocol, tag):
    answer = house.chat(protocol, tag, fields=[("Origin", "https://app.example")])
    exposed = answer.header("access-control-expose-headers").lower().split(", ")
    assert {"x-request-id", "x-trace-id", "retry-after"} <= set(exposed)


def test_a_site_lists_the_origins_whose_pages_may_call(start, protocol, tag):
    gateway = start("openai", site={"crossOrigin": {
        "origins": ["https://app.example"], "credentials": True, "maxAgeSeconds": 60}})
    answer = gateway.chat(protocol, tag, fields=[("Origin", "https://app.example")])
    assert answer.header("access-control-allow-origin") == "https://app.example"
    assert answer.header("access-control-allow-credentials") == "true"
    assert "Origin" in answer.headers("vary")
    stranger = gateway.chat(protocol, tag, fields=[("Origin", "https://evil.example")])
    assert stranger.status == 200
    assert not {name for name in stranger.names if name.startswith("access-control-")}
    fields = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST")]
    preflight = gateway.call(protocol, "OPTIONS", "/v1/x", fields=fields, key=None)
    assert preflight.header("access-control-max-age") == "60"

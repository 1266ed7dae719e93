"""`/openapi.json`: a valid document that says what the site does, and how it is served."""

import json
import re
from urllib.parse import unquote

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
READ = ("GET", "HEAD")
TREE = ("GET", "HEAD", "POST", "DELETE")
POST = ("POST",)
WHOLE = {"message", "type", "code"}

COMMON = {
    "/health": READ, "/openapi.json": READ, "/v1/models": READ, "/v1/models/{model}": READ,
    "/v1/chat/completions": POST, "/v1/completions": POST, "/v1/embeddings": POST,
    "/v1/responses": POST, "/v1/messages": POST, "/v1/audio/speech": POST,
    "/v1/audio/transcriptions": POST, "/v1/images/generations": POST, "/v1/images/edits": POST,
}


def trees(*names):
    return {f"/v1/{name}{rest}": TREE for name in names for rest in ("", "/{path}")}


BVE = {**COMMON, **trees("files", "assistants", "threads", "vector_stores")}
OPENAI = {
    **BVE, "/v1/moderations": POST, "/v1/audio/translations": POST, "/v1/images/variations": POST,
    "/v1/messages/count_tokens": POST, "/v1/realtime": READ,
    **trees("chat/completions", "responses", "uploads", "batches", "fine_tuning"),
}
OWN_ROUTES = [
    {"methods": "GET", "path": "/spec", "action": "openapi", "body": "none"},
    {"methods": ["GET", "PUT"], "path": "/a/{id}", "body": "stream"},
    {"methods": "POST", "path": "/a/{other}", "body": "json"},
    {"methods": ["PATCH", "DELETE"], "path": "/a/**", "body": "none"},
    {"methods": "POST", "path": "/a/b", "body": "json", "bodyLimitBytes": 1_024},
    {"methods": "GET", "path": "/**", "body": "none"},
]
OWN = {
    "/spec": READ, "/a": ("GET", "HEAD", "PATCH", "DELETE"),
    "/a/{id}": ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"),
    "/a/b": ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"), "/{path}": READ,
}


@pytest.fixture(scope="module")
def own(session_starter):
    """A site with routes that overlap."""
    return session_starter("openai", site={"routes": OWN_ROUTES, "openapi": True})


@pytest.fixture(params=["house", "bve", "own"])
def site(request):
    """Gateway, path of its description, and the operations of its routes."""
    gateway = request.getfixturevalue(request.param)
    path, table = {"house": ("/openapi.json", OPENAI), "bve": ("/openapi.json", BVE),
                   "own": ("/spec", OWN)}[request.param]
    return gateway, path, table


def document(gateway, path="/openapi.json"):
    answer = gateway.call("h1", "GET", path, key=None)
    assert answer.status == 200
    return answer.json


def described(spec):
    """(METHOD, template, operation) of everything the document describes."""
    for template, item in spec["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), template, operation


def filled(template):
    """A path that the template stands for."""
    return re.sub(r"\{[a-z_]+\}", "some-1", template)


def response(spec, path, method, status):
    """The component that an operation refers to for this status."""
    name = spec["paths"][path][method]["responses"][status]["$ref"].rpartition("/")[2]
    return spec["components"]["responses"][name]


def body_for(method):
    return b"{}" if method in ("POST", "PUT", "PATCH") else None


def test_the_description_is_valid_openapi_and_names_its_scheme(site):
    gateway, path, _ = site
    spec = document(gateway, path)
    OpenAPIV31SpecValidator(spec).validate()
    assert spec["openapi"].startswith("3.1.")
    scheme = spec["components"]["securitySchemes"]["BearerAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert spec["security"] == [{"BearerAuth": []}]
    assert spec["servers"] == [{"url": "/"}]


def test_the_description_has_exactly_the_operations_of_the_routes(site):
    gateway, path, table = site
    found = {}
    for method, template, _ in described(document(gateway, path)):
        found.setdefault(template, set()).add(method)
    assert found == {template: set(methods) for template, methods in table.items()}


def test_what_is_described_is_served_and_what_is_not_is_404(site):
    gateway, path, _ = site
    spec = document(gateway, path)
    operations = {(method, template): each for method, template, each in described(spec)}
    for template in spec["paths"]:
        for method in METHODS:
            operation = operations.get((method, template))
            body = body_for(method)
            answer = gateway.call("h2", method, filled(template), body=body, listener="clear")
            where = f"{method} {template}: {answer.status}"
            if operation is None:
                assert answer.status == 404, where
                if method != "HEAD":
                    assert answer.error["code"] == "route_not_found", where
            else:
                assert answer.status != 404 or b"route_not_found" not in answer.body, where
                classes = {str(answer.status), f"{answer.status // 100}XX"}
                assert classes & set(operation["responses"]), where


def test_an_operation_needs_a_key_unless_it_says_otherwise(site):
    gateway, path, _ = site
    for method, template, operation in described(document(gateway, path)):
        if template == "/v1/realtime":
            continue
        answer = gateway.call("h2", method, filled(template), body=body_for(method),
                              key=None, listener="clear")
        needs_none = operation.get("security") == []
        assert (answer.status == 401) == (not needs_none), f"{method} {template}"
        assert needs_none == (template in ("/health", "/openapi.json", "/spec")), template


def test_a_tree_is_served_deeper_than_a_template_can_say(site):
    gateway, path, table = site
    for template, item in document(gateway, path)["paths"].items():
        rest = [each for each in item.get("parameters", ()) if each.get("x-gatehouse-tree")]
        for _ in rest:
            method = next(name for name in item if name not in ("parameters", "head")).upper()
            deep = filled(template) + "/and/deeper"
            answer = gateway.call("h1", method, deep, body=body_for(method))
            assert b"route_not_found" not in answer.body, f"{method} {deep}"


@pytest.mark.parametrize("segment", ["%2e%2e", "a%2fb", "a%5cb", "%00", "a%25b", "%7f"])
def test_what_a_parameter_may_not_be_is_no_route(house, segment):
    """The schema of a parameter says so, and the 404 is described."""
    item = document(house)["paths"]["/v1/models/{model}"]
    pattern = item["parameters"][0]["schema"]["pattern"]
    assert not re.search(pattern, unquote(segment))
    assert re.search(pattern, "gpt-4.1 ä:#?")
    answer = house.call("h1", "GET", f"/v1/models/{segment}")
    assert answer.status in (400, 404)
    assert {"400", "404"} <= set(item["get"]["responses"])


def test_the_envelope_is_the_dialects(house, bve):
    for gateway, members in ((house, WHOLE | {"param"}), (bve, WHOLE)):
        schemas = document(gateway)["components"]["schemas"]
        error = schemas["ErrorEnvelope"]["properties"]["error"]
        assert set(error["required"]) == members
        assert set(error["properties"]) == members
        answer = gateway.call("h1", "GET", "/v1/models", key=None)
        assert set(answer.error) == members


def test_bodies_and_streams_are_described(bve):
    spec = document(bve)
    kinds = {"/v1/chat/completions": "json", "/v1/audio/transcriptions": "upload",
             "/v1/files": "any"}
    for path, kind in kinds.items():
        body = spec["paths"][path]["post"]["requestBody"]
        assert body == {"$ref": f"#/components/requestBodies/{kind}"}
    assert "requestBody" not in spec["paths"]["/v1/models"]["get"]
    chat = response(spec, "/v1/chat/completions", "post", "2XX")
    assert {"application/json", "text/event-stream"} <= set(chat["content"])
    assert {"x-request-id", "X-Trace-Id", "x-bve-latency"} <= set(chat["headers"])
    legacy = response(spec, "/v1/completions", "post", "2XX")
    assert set(legacy["content"]) == {"application/json"}
    limited = response(spec, "/v1/models", "get", "429")
    assert {"Retry-After", "x-ratelimit-reset-requests"} <= set(limited["headers"])


def test_the_description_is_served_without_a_key_as_json(house, protocol):
    answer = house.call(protocol, "GET", "/openapi.json", key=None)
    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-cache"
    assert int(answer.header("content-length")) == len(answer.body) > 16_384
    # A bad key is not looked at, as on /health.
    bad = house.call(protocol, "GET", "/openapi.json", key=None,
                     fields=[("Authorization", "Basic x")])
    assert (bad.status, bad.body) == (200, answer.body)


def test_whoever_has_the_description_is_told_so(house, protocol):
    first = house.call(protocol, "GET", "/openapi.json", key=None)
    tag = first.header("etag")
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    for known in (tag, f'W/{tag}', f'"other", {tag}', "*"):
        for method in READ:
            answer = house.call(protocol, method, "/openapi.json", key=None,
                                fields=[("If-None-Match", known)])
            assert (answer.status, answer.body) == (304, b"")
            assert answer.header("etag") == tag
            assert answer.header("cache-control") == "no-cache"
            assert answer.header("content-type") is None
    stale = house.call(protocol, "GET", "/openapi.json", key=None,
                       fields=[("If-None-Match", '"other"')])
    assert (stale.status, stale.body) == (200, first.body)


def test_head_of_the_description_has_its_length_and_no_body(house, protocol):
    get = house.call(protocol, "GET", "/openapi.json", key=None)
    head = house.call(protocol, "HEAD", "/openapi.json", key=None)
    assert (head.status, head.body) == (200, b"")
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.header(name) == get.header(name)


def test_the_connection_goes_on_behind_a_304(house):
    with house.http1() as client:
        tag = client.call("GET", "/openapi.json").header("etag")
        known = client.call("GET", "/openapi.json", [("If-None-Match", tag)])
        again = client.call("GET", "/health")
    assert (known.status, again.status) == (304, 200)


def test_a_page_of_another_origin_may_read_the_description(house, protocol):
    origin = [("Origin", "https://app.example")]
    answer = house.call(protocol, "GET", "/openapi.json", key=None, fields=origin)
    assert answer.header("access-control-allow-origin") == "*"
    asks = origin + [("Access-Control-Request-Method", "GET"),
                     ("Access-Control-Request-Headers", "if-none-match")]
    preflight = house.call(protocol, "OPTIONS", "/openapi.json", key=None, fields=asks)
    assert preflight.status == 204


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_another_method_of_the_description_is_an_unknown_route(house, protocol, method):
    answer = house.call(protocol, method, "/openapi.json", key=None)
    assert (answer.status, answer.error["code"]) == (404, "route_not_found")


def test_a_site_may_keep_its_description_to_itself(start, protocol):
    gateway = start("openai", site={"openapi": False})
    answer = gateway.call(protocol, "GET", "/openapi.json", key=None)
    assert (answer.status, answer.error["code"]) == (404, "route_not_found")
    assert gateway.call(protocol, "GET", "/health", key=None).status == 200


def test_the_description_names_no_upstream_and_no_host(house, upstream):
    text = house.call("h1", "GET", "/openapi.json", key=None).body.decode()
    for word in (upstream.address, "127.0.0.1", "localhost", "sk-", "conformance"):
        assert word not in text


def test_the_description_is_logged_and_counted_as_health_is(start):
    gateway = start("openai")
    gateway.call("h1", "GET", "/openapi.json", key=None)
    gateway.call("h1", "GET", "/health", key=None)
    (spec,) = gateway.wait_log(lambda line: line["path"] == "/openapi.json")
    (health,) = gateway.wait_log(lambda line: line["path"] == "/health")
    assert set(spec) == set(health)
    assert (spec["route"], spec["status"]) == ("/openapi.json", 200)



def test_budgets_and_other_fields_for_the_credential_are_described_where_there_are_some(start):
    key = start.key(limits={"tokensPerMonth": 1})
    fields = ["x-api-key", "api-key"]
    gateway = start("openai", [key], site={"credentialFields": fields,
                                           "tokenBudgets": {"limitsKeys": True}})
    spec = document(gateway, "/openapi.json")
    OpenAPIV31SpecValidator(spec).validate()
    assert spec["security"] == [{"BearerAuth": []}, *({name: []} for name in fields)]
    schemes = spec["components"]["securitySchemes"]
    assert [(schemes[name]["in"], schemes[name]["name"]) for name in fields] == [
        ("header", "x-api-key"), ("header", "api-key")]
    for name in fields:
        # The budget of one token has no room for what the request asks.
        body = {"model": "m", "max_tokens": 10, "messages": []}
        answer = gateway.call("h2", "POST", "/v1/chat/completions", json_body=body, key=None,
                              fields=[(name, key.text)])
        assert (answer.status, answer.error["code"]) == (429, "insufficient_quota")
        refusal = response(spec, "/v1/chat/completions", "post", "429")
        told = {one for one in answer.names if one.startswith("x-ratelimit-")}
        assert told and told <= set(refusal["headers"])
        assert answer.json in [each["value"] for each in
                               refusal["content"]["application/json"]["examples"].values()]
    plain = document(start("openai"), "/openapi.json")
    assert not any(name.endswith("-tokens") for name in plain["components"]["headers"])
    assert "insufficient_quota" not in json.dumps(plain["components"]["responses"])

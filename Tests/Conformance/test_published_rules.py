"""Numbers and words that Behest and DevSphere publish, on every path on which they can be seen."""

import json
import time

import pytest
from behaviours import JSON, chat_answer, compact
from test_dialects import KEYED, code, data, kong
from test_tokens import HOST, behest, server, signer, token  # noqa: F401

PROJECT = {"id": "prj-otter", "slug": "brave-otter-123"}


def of_acme(**project):
    return [{"id": "acme", "projects": [{**PROJECT, **project}]}]


@pytest.mark.parametrize(("project", "user"), [(None, 6), (10, 3), (29, 3), (60, 6), (99, 9)])
def test_a_user_gets_a_tenth_of_its_project_at_least_3_and_a_project_60(
    start, server, signer, protocol, upstream, tag, project, user
):
    limits = {} if project is None else {"requestsPerMinute": project}
    gateway = behest(start, server, organizations=of_acme(**limits))
    limit = "x-ratelimit-limit-requests"
    ann, bob = (token(signer, uid=name) for name in ("ann", "bob"))
    # A minute of the clock may end in between.
    while True:
        minute = time.time() // 60
        answers = [gateway.chat(protocol, tag, key=ann, host=HOST) for _ in range(user + 1)]
        other = gateway.chat(protocol, tag, key=bob, host=HOST)
        if minute == time.time() // 60:
            break
        upstream.records.clear()
    assert [answer.status for answer in answers] == [200] * user + [429]
    assert {answer.header(limit) for answer in answers} == {str(user)}
    assert other.status == 200
    assert len(upstream.seen(tag)) == user + 1
    # A service, which names nobody, is held by the project alone.
    service = gateway.chat(protocol, tag, key=token(signer, uid=None), host=HOST)
    assert service.header(limit) == str(project or 60)


def test_the_edge_words_a_minute_and_a_day_that_are_used_up(
    start, server, signer, protocol, upstream, tag
):
    @upstream.on(f"{tag}-costly")
    async def costly(exchange):
        usage = {"prompt_tokens": 30, "completion_tokens": 70, "total_tokens": 100}
        await exchange.respond(200, [JSON], compact({**chat_answer("m"), "usage": usage}))

    site = {"edgeDialect": "kong", "tokenBudgets": {"admission": "check"}}
    caller = token(signer, uid=None)
    minutes = behest(start, server, site=site, organizations=of_acme(requestsPerMinute=2))
    while True:
        answers = [minutes.chat(protocol, tag, key=caller, host=HOST) for _ in range(3)]
        now = time.time()
        if answers[-1].status == 429 and now % 60 > 1:
            break
    refused = answers[-1]
    assert refused.json == kong("rate limit exceeded", "API rate limit exceeded")
    # To the end of the minute of the clock.
    assert abs(int(refused.header("retry-after")) - (60 - now % 60)) < 5
    assert refused.header("x-request-id")
    days = behest(start, server, site=site, organizations=of_acme(tokensPerDay=100))
    ask = lambda: days.chat(protocol, f"{tag}-costly", key=caller, host=HOST)
    assert ask().status == 200
    refused = ask()
    assert (refused.status, refused.json) == (
        429, kong("rate limit exceeded", "Daily token budget exhausted"))


def test_what_upstreams_say_of_threads_passes_as_they_say_it(
    start, server, signer, protocol, upstream, tag
):
    @upstream.on(f"{tag}-gone")
    async def gone(exchange):
        await exchange.read_body()
        await exchange.respond(404, [JSON], b'{"error":{"message":"Thread not found"}}')

    @upstream.on(f"{tag}-thread")
    async def deleted(exchange):
        await exchange.read_body()
        await exchange.raw(b"HTTP/1.1 204 No Content\r\n\r\n")

    gateway = behest(start, server)
    call = lambda name: gateway.call(protocol, "DELETE", f"/v1/threads/{name}",
                                     key=token(signer), host=HOST)
    missing = call(f"{tag}-gone")
    assert (missing.status, missing.body) == (404, b'{"error":{"message":"Thread not found"}}')
    assert (call(f"{tag}-thread").status, call(f"{tag}-thread").body) == (204, b"")


def test_devsphere_refuses_the_121st_call_of_a_key_in_a_minute(start, protocol, upstream, tag):
    keys = [start.key("dvs_live_", scopes=["leads:read"]) for _ in range(2)]
    routes = [{"methods": "GET", "path": "/api/v1/leads", "body": "none", "scope": "leads:read"}]
    gateway = start("openai", keys, site={"dialect": "devsphere", "keyPrefix": "dvs_live_",
                                          "routes": routes})
    make = gateway.http1 if protocol == "h1" else gateway.http2
    with make() as client:
        def ask(key):
            return client.call("GET", "/api/v1/leads", [key.header, ("X-Tag", tag)])

        statuses = [ask(keys[0]).status for _ in range(121)]
        assert statuses == [200] * 120 + [429]
        assert ask(keys[0]).json == {"error": "rate_limited"}
        assert ask(keys[1]).status == 200
    assert len(upstream.seen(tag)) == 121


SITES = {
    "data": KEYED,
    "kong": {**KEYED, "edgeDialect": "kong"},
    "devsphere": {"dialect": "devsphere"},
    "openai": {"keyPrefix": "sk-"},
}
# What is wrong with whom, and the words of each API for it.
STANDINGS = {
    "suspended project": {
        "data": (403, data("forbidden", "Project is suspended")),
        "kong": (403, kong("forbidden", "Project is suspended")),
        "devsphere": (403, code("forbidden")), "openai": 403,
    },
    "suspended organization": {
        "data": (403, data("forbidden", "Tenant is suspended")),
        "kong": (403, kong("forbidden", "Tenant is suspended")),
        "devsphere": (403, code("forbidden")), "openai": 403,
    },
    "another tenant": {
        "data": (403, data("forbidden", "Tenant mismatch")),
        "kong": (403, kong("forbidden", "Tenant mismatch")),
        "devsphere": (404, code("not_found")), "openai": 403,
    },
    "killed": {
        "data": (403, data("forbidden", "Kill switch active")),
        "kong": (403, kong("forbidden", "Kill switch active")),
        "devsphere": (403, code("forbidden")), "openai": 403,
    },
    "scope": {
        "data": (403, data("forbidden", "Missing scope: chat:write")),
        "kong": (403, kong("forbidden", "Forbidden")),
        "devsphere": (403, {"error": "insufficient_scope", "need": "chat:write"}), "openai": 403,
    },
    "tokens of a day": {
        "data": (402, {"error": {
            "code": "quota_exceeded", "message": "Project has exceeded the daily token limit.",
            "details": {"limit": {"tokens_per_day": 0}, "usage": {"tokens_today": 0}}}}),
        "kong": (429, kong("rate limit exceeded", "Daily token budget exhausted")),
        "devsphere": (403, code("plan_limit")), "openai": 429,
    },
    "unknown project": {
        "data": (404, {"error": {"message": "Not found"}}),
        "kong": (404, kong("not found", "no Route matched with those values")),
        "devsphere": (404, code("not_found")), "openai": 404,
    },
}
CHANGES = {
    "suspended project": ({}, {"status": "suspended"}),
    "suspended organization": ({"status": "suspended"}, {}),
    "another tenant": ({}, {}),
    "killed": ({"killed": True}, {}),
    "scope": ({}, {}),
    "tokens of a day": ({}, {"tokensPerDay": 0}),
    "unknown project": ({}, {}),
}


@pytest.mark.parametrize("dialect", SITES)
def test_each_dialect_words_the_standing_of_a_caller(start, upstream, tag, dialect):
    prefix = SITES[dialect].get("keyPrefix", "dvs_live_")
    organizations, keys = [], {}
    for number, (situation, (organization, project)) in enumerate(CHANGES.items()):
        name = f"p{number}"
        organizations.append({"id": f"o{number}", **organization,
                              "projects": [{"id": name, "slug": name, **project}]})
        scopes = [] if situation == "scope" else ["chat:write"]
        keys[situation] = start.key(prefix, project=name, scopes=scopes)
    route = {"methods": "POST", "path": "/v1/chat/completions", "body": "json",
             "scope": "chat:write"}
    gateway = start("openai", keys.values(), top={"organizations": organizations}, site={
        **SITES[dialect], "hosts": ["*.words.test"], "routes": [route],
        "addressRequestsPerMinute": 100_000})
    for number, (situation, answers) in enumerate(STANDINGS.items()):
        label = {"another tenant": "p0", "unknown project": "nobody"}.get(situation, f"p{number}")
        for protocol in ("h1", "h2"):
            answer = gateway.chat(protocol, tag, key=keys[situation], host=f"{label}.words.test")
            where = f"{situation}: {answer.body}"
            expected = answers[dialect]
            if dialect == "openai":
                assert answer.status == expected and answer.error["code"], where
                continue
            status, body = expected
            assert answer.status == status, where
            assert answer.body.decode() == json.dumps(body, separators=(",", ":")), where
    assert not upstream.seen(tag)

"""Budgets of tokens: held before a request goes on, settled with what it took."""

import asyncio
import threading
import time

import pytest
from behaviours import DONE, JSON, SSE, chat_answer, chat_event, compact
from test_metrics import Scrape
from test_openai_sdk import sync_client
from test_token_keys import eventually
from test_tokens import HOST, behest, server, signer, token  # noqa: F401

USAGE = {"prompt_tokens": 30, "completion_tokens": 70, "total_tokens": 100}


def budgeted(start, tokens, *more, admission="reserve", limits=None, **top):
    """A gateway whose key has so many tokens a month."""
    key = start.key(limits={"tokensPerMonth": tokens, **(limits or {})})
    site = {"tokenBudgets": {"limitsKeys": True, "admission": admission}}
    return start("openai", [key, *more], site=site, top=top)


def left(answer):
    return int(answer.header("x-ratelimit-remaining-tokens"))


def remaining(gateway, protocol="h1"):
    """What the key has left, told by a request that costs nothing."""
    return left(gateway.call(protocol, "GET", "/v1/models"))


@pytest.fixture
def answers(upstream, tag):
    """Models that answer with 100 tokens, whole or streamed."""

    @upstream.on(f"{tag}-costly")
    async def costly(exchange):
        body = exchange.record.json
        answer = {**chat_answer(body["model"]), "usage": USAGE}
        if not body.get("stream"):
            return await exchange.respond(200, [JSON], compact(answer))
        await exchange.start(200, [SSE])
        await exchange.send(chat_event(body["model"], "One "))
        if (body.get("stream_options") or {}).get("include_usage"):
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1,
                     "model": body["model"], "choices": [], "usage": USAGE}
            await exchange.send(b"data: " + compact(chunk) + b"\n\n")
        await exchange.send(DONE)
        await exchange.end()

    return f"{tag}-costly"


@pytest.mark.wire_short
def test_what_an_answer_took_is_counted_and_the_budget_refuses_with_a_quota_error(
    start, protocol, upstream, answers, tag
):
    gateway = budgeted(start, 250, admission="check")
    first = gateway.chat(protocol, answers)
    assert first.status == 200
    assert remaining(gateway, protocol) == 150
    assert [gateway.chat(protocol, answers).status for _ in range(2)] == [200, 200]
    refused = gateway.chat(protocol, answers)
    assert (refused.status, refused.error["code"]) == (429, "insufficient_quota")
    assert refused.header("x-should-retry") == "false"
    assert (refused.header("x-ratelimit-limit-tokens"), left(refused)) == ("250", 0)
    assert refused.header("x-ratelimit-reset-tokens").endswith("s")
    assert len(upstream.seen(tag)) == 3


@pytest.mark.wire_short
def test_a_request_is_admitted_only_where_the_budget_has_room_for_its_estimate(
    start, protocol, upstream, answers, tag
):
    gateway = budgeted(start, 1_000)
    assert gateway.chat(protocol, answers, extra={"max_tokens": 1_000}).status == 429
    assert gateway.chat(protocol, answers, extra={"max_completion_tokens": 500, "n": 2}).status == 429
    # Neither bounded by the request nor by its model: the site's 1,024.
    assert gateway.chat(protocol, answers).status == 429
    assert remaining(gateway, protocol) == 1_000
    assert gateway.chat(protocol, answers, extra={"max_tokens": 900}).status == 200
    assert remaining(gateway, protocol) == 900
    assert len(upstream.seen(tag)) == 1


@pytest.mark.wire_short
def test_requests_that_race_are_never_admitted_beyond_the_budget(start, upstream, tag):
    gate = threading.Event()

    @upstream.on(f"{tag}-slow")
    async def slow(exchange):
        while not gate.is_set():
            await asyncio.sleep(0.005)
        answer = {**chat_answer("m"), "usage": USAGE}
        await exchange.respond(200, [JSON], compact(answer))

    gateway = budgeted(start, 1_000)
    statuses = []

    def ask():
        extra = {"max_tokens": 80}
        statuses.append(gateway.chat("h1", f"{tag}-slow", extra=extra).status)

    callers = [threading.Thread(target=ask) for _ in range(64)]
    for caller in callers:
        caller.start()
    # 80 and a fourth of the body: between 100 and 125 tokens each.
    end = time.monotonic() + 30
    while len(statuses) + len(upstream.seen(f"{tag}-slow")) < 64 and time.monotonic() < end:
        time.sleep(0.005)
    admitted = len(upstream.seen(f"{tag}-slow"))
    gate.set()
    for caller in callers:
        caller.join(60)
    assert 8 <= admitted <= 10
    assert sorted(statuses) == [200] * admitted + [429] * (64 - admitted)
    assert remaining(gateway) == 1_000 - 100 * admitted


@pytest.mark.parametrize("mode", ["status-400", "status-503", "reset-before-head"])
def test_what_is_refused_or_fails_costs_nothing(start, protocol, mode, tag):
    gateway = budgeted(start, 5_000)
    answer = gateway.call(protocol, "POST", f"/v1/chat/completions?mode={mode}",
                          json_body={"model": tag, "messages": []})
    assert answer.status >= 400
    assert remaining(gateway, protocol) == 5_000


def test_a_body_that_is_refused_costs_nothing(start, protocol):
    gateway = budgeted(start, 5_000)
    assert gateway.call(protocol, "POST", "/v1/chat/completions", body=b"{bad",
                        fields=[("content-type", "application/json")]).status == 400
    assert remaining(gateway, protocol) == 5_000


@pytest.mark.wire_short
@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_the_sdk_sees_a_stream_without_the_usage_that_only_the_gateway_wanted(
    start, http2, upstream, answers
):
    gateway = budgeted(start, 5_000)
    messages = [{"role": "user", "content": "Hello"}]
    with sync_client(gateway, http2=http2) as client:
        create = client.chat.completions.create
        plain = list(create(model=answers, messages=messages, stream=True))
        assert [len(chunk.choices) for chunk in plain] == [1]
        asked = list(create(model=answers, messages=messages, stream=True,
                            stream_options={"include_usage": True}))
        assert [len(chunk.choices) for chunk in asked] == [1, 0]
        assert asked[-1].usage.total_tokens == 100
        whole = create(model=answers, messages=messages)
        assert whole.usage.total_tokens == 100
    assert remaining(gateway) == 4_700
    for record in upstream.seen(answers)[:2]:
        assert record.json["stream_options"] == {"include_usage": True}


def test_a_body_is_changed_by_the_question_for_usage_alone(start, protocol, upstream, answers):
    gateway = budgeted(start, 5_000)
    body = b' { "stream" : true, "x":1.0e0, "model":"%s", "messages" :[ ] } ' % answers.encode()
    fields = [("content-type", "application/json")]
    answer = gateway.call(protocol, "POST", "/v1/chat/completions", body=body, fields=fields)
    assert answer.body == chat_event(answers, "One ") + DONE
    added = body.replace(b"{", b'{"stream_options":{"include_usage":true},', 1)
    assert bytes(upstream.seen(answers)[0].body) == added


def test_without_a_budget_nothing_is_asked_for(start, protocol, upstream, answers):
    gateway = start("openai")
    answer = gateway.chat(protocol, answers, extra={"stream": True})
    assert answer.status == 200
    assert answer.header("x-ratelimit-limit-tokens") is None
    assert "stream_options" not in upstream.seen(answers)[0].json


@pytest.mark.wire_short
def test_a_client_that_leaves_pays_for_what_it_saw(start, upstream, tag):
    @upstream.on(f"{tag}-endless")
    async def endless(exchange):
        await exchange.start(200, [SSE])
        for _ in range(10):
            await exchange.send(chat_event("m", "x" * 400))
        await exchange.gone()

    gateway = budgeted(start, 100_000)
    with sync_client(gateway) as client:
        stream = client.chat.completions.create(
            model=f"{tag}-endless", messages=[{"role": "user", "content": "Hello"}], stream=True)
        for _ in range(10):
            next(iter(stream))
        stream.close()
    line = gateway.wait_log(lambda line: line.get("cancelled_by") == "client")[0]
    spent = 100_000 - remaining(gateway)
    assert line["tokens_estimated"] == spent
    # Ten events of some 500 bytes, a token for four.
    assert 1_000 < spent < 2_000


def test_behest_s_quota_error_tells_what_was_used_of_what(start, protocol, answers):
    key = start.key(prefix="behest_sk_live_", project="p")
    organizations = [{"id": "o", "projects": [{"id": "p", "slug": "one", "tokensPerDay": 150}]}]
    site = {"dialect": "behest", "credentials": ["key"], "keyPrefix": "behest_sk_live_",
            "tokenBudgets": {"admission": "check"}}
    gateway = start("openai", [key], site=site, top={"organizations": organizations})
    assert [gateway.chat(protocol, answers).status for _ in range(2)] == [200, 200]
    refused = gateway.chat(protocol, answers)
    assert (refused.status, refused.error["code"]) == (402, "quota_exceeded")
    assert refused.error["details"] == {
        "limit": {"tokens_per_day": 150}, "usage": {"tokens_today": 200}}


@pytest.mark.wire_short
def test_a_tier_s_quotas_are_told_of_with_its_name(start, server, signer, protocol, answers, tag):
    tiers = [{"name": "free", "requestsPerMinute": 90, "requestsPerDay": 2},
             {"name": "pro", "requestsPerMinute": 90, "tokensPerDay": 300}]
    project = {"id": "prj-otter", "slug": "brave-otter-123", "requestsPerMinute": 900,
               "userTokensPerDay": 100, "tiers": tiers}
    gateway = behest(start, server, organizations=[{"id": "acme", "projects": [project]}],
                     site={"tokenBudgets": {"admission": "check"}})

    def ask(user, tier, model=answers):
        return gateway.chat(protocol, model, key=token(signer, uid=user, tier=tier), host=HOST)

    assert [ask("ann", "free", tag).status for _ in range(2)] == [200, 200]
    refused = ask("ann", "free", tag)
    assert (refused.status, refused.error["code"]) == (402, "quota_exceeded")
    assert refused.error["details"] == {
        "tier": "free", "limit": {"requests_per_day": 2}, "usage": {"requests_today": 2}}
    assert refused.header("x-should-retry") == "false"

    assert [ask("bob", "pro").status for _ in range(3)] == [200] * 3
    refused = ask("bob", "pro")
    assert refused.status == 402
    assert refused.error["details"] == {
        "tier": "pro", "limit": {"tokens_per_day": 300}, "usage": {"tokens_today": 300}}
    # Another user has tokens of its own, and without a tier as many as the project says.
    assert [ask("eve", None).status for _ in range(2)] == [200, 402]


SHAPES = {
    "a response": ("/v1/responses", JSON, [{"usage": {"input_tokens": 36, "output_tokens": 87}}]),
    "a streamed response": (
        "/v1/responses", SSE,
        [{"type": "response.completed",
          "response": {"usage": {"input_tokens": 36, "output_tokens": 87}}}]),
    "streamed messages": (
        "/v1/messages", SSE,
        [{"type": "message_start", "message": {"usage": {"input_tokens": 30, "output_tokens": 1}}},
         {"type": "message_delta", "usage": {"output_tokens": 93}}]),
    "embeddings": ("/v1/embeddings", JSON, [{"usage": {"prompt_tokens": 123}}]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_usage_is_settled_in_every_shape_that_tells_it(start, protocol, upstream, tag, name):
    path, kind, events = SHAPES[name]

    @upstream.on(f"{tag}-shape")
    async def shape(exchange):
        await exchange.start(200, [kind])
        for event in events:
            text = compact(event)
            await exchange.send(text if kind == JSON else b"data: " + text + b"\n\n")
        await exchange.end()

    gateway = budgeted(start, 5_000)
    body = {"model": f"{tag}-shape", "input": "x", "stream": kind == SSE}
    assert gateway.call(protocol, "POST", path, json_body=body).status == 200
    assert remaining(gateway, protocol) == 5_000 - 123
    assert upstream.seen(tag)[0].json == body


def test_tokens_of_keys_are_only_stored_unless_the_site_says_otherwise(start, protocol, answers):
    key = start.key(limits={"tokensPerMonth": 1})
    gateway = start("openai", [key])
    assert [gateway.chat(protocol, answers).status for _ in range(3)] == [200] * 3


def kept(start, tmp_path, keys, **top):
    """A gateway that keeps its counters in a file."""
    site = {"tokenBudgets": {"limitsKeys": True}}
    state = tmp_path / "counters"
    return start("openai", keys, site=site, top={"stateFile": str(state), **top}), state


@pytest.mark.wire_short
def test_what_was_used_of_days_and_months_survives_a_restart(start, tmp_path, answers):
    key = start.key(limits={"tokensPerMonth": 5_000, "requestsPerDay": 10})
    first, state = kept(start, tmp_path, [key])
    assert [first.chat("h1", answers).status for _ in range(2)] == [200, 200]
    first.stop()
    assert state.stat().st_mode & 0o777 == 0o600
    assert key.text.encode() not in state.read_bytes()
    second, _ = kept(start, tmp_path, [key])
    answer = second.chat("h1", answers)
    assert answer.header("x-ratelimit-remaining-requests") == "7"
    assert remaining(second) == 4_700


def test_a_crash_loses_one_interval_at_most(start, tmp_path, answers):
    key = start.key(limits={"tokensPerMonth": 5_000})
    first, state = kept(start, tmp_path, [key], stateSeconds=0.1)
    assert first.chat("h1", answers).status == 200
    end = time.monotonic() + 15
    while b" 100" not in (state.read_bytes() if state.exists() else b""):
        assert time.monotonic() < end, "the counters were never written"
        time.sleep(0.01)
    first.discard()
    state.with_name("counters.new").write_bytes(b"gatehouse counters 1\nkey =")
    second, _ = kept(start, tmp_path, [key])
    assert remaining(second) == 4_900


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"gatehouse counters 1\nend 0 00\n"])
def test_a_corrupt_file_of_counters_is_set_aside_and_told_of(start, tmp_path, damage, answers):
    key = start.key(limits={"tokensPerMonth": 5_000})
    (tmp_path / "counters").write_bytes(damage)
    gateway, state = kept(start, tmp_path, [key])
    assert gateway.chat("h1", answers).status == 200
    assert remaining(gateway) == 4_900
    assert state.with_name("counters.corrupt").read_bytes() == damage
    gateway.stop()
    assert b"set aside" in gateway.stderr


def test_a_folder_that_cannot_be_written_stops_nobody(start, tmp_path, answers):
    key = start.key(limits={"tokensPerMonth": 5_000})
    gateway, _ = kept(start, tmp_path / "missing", [key])
    assert gateway.chat("h1", answers).status == 200
    gateway.stop()
    assert b"the counters are not kept" in gateway.stderr


def test_budgets_and_remembered_tokens_are_counted(start, server, signer, protocol, answers):
    project = {"id": "prj-otter", "slug": "brave-otter-123", "requestsPerMinute": 100_000,
               "userTokensPerDay": 1_500}
    gateway = behest(start, server, organizations=[{"id": "acme", "projects": [project]}])
    caller = token(signer)

    def ask(most):
        return gateway.chat(protocol, answers, key=caller, host=HOST,
                            extra={"max_tokens": most}).status

    before = Scrape(gateway)
    assert [ask(1_000), ask(1_000), ask(9_000)] == [200, 200, 402]
    gateway.wait_log(lambda line: line["status"] == 402)
    eventually(lambda: Scrape(gateway).sum("gatehouse_budget_refusals_total") == 1)
    after = Scrape(gateway)

    def counted(name, **labels):
        return after.sum(name, **labels) - before.sum(name, **labels)

    route = {"http_route": "/v1/chat/completions"}
    assert counted("gatehouse_budget_tokens_total", state="settled", **route) == 200
    assert 2_000 < counted("gatehouse_budget_tokens_total", state="reserved", **route) < 2_200
    # Each worker verifies a token once, and knows it from then on.
    misses = counted("gatehouse_token_cache_lookups_total", result="miss")
    hits = counted("gatehouse_token_cache_lookups_total", result="hit")
    assert misses == after.sum("gatehouse_token_cache_entries") in (1, 2)
    assert misses + hits == 3

"""Models with several targets: drawn by weight, and asked one after the other when one does not
serve a request; what each target is shown."""

import json
import socket

import pytest
from behaviours import JSON, SSE, compact
from settings import OPERATOR_KEY
from test_metrics import Deltas
from upstream import Upstream

CHAT = "/v1/chat/completions"


@pytest.fixture
def second():
    with Upstream() as running:
        yield running


@pytest.fixture
def third():
    with Upstream() as running:
        yield running


def nowhere():
    """A port where nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{reserved.getsockname()[1]}"


def place(name, upstream, **more):
    address = upstream if isinstance(upstream, str) else upstream.address
    return {"name": name, "url": f"http://{address}/v1", **more}


def serving(start, places, models, *, profile="openai", keys=None, site=None, top=None, **options):
    """A gateway whose site's upstream is the first of `places`."""
    site = {"upstream": places[0]["name"], "models": models, **(site or {})}
    return start(profile, keys, site=site, top={"upstreams": places, **(top or {})}, **options)


def starting(start, places, rule, **options):
    """The same with one rule, for the model `m`."""
    return serving(start, places, [{"model": "m", **rule}], **options)


def ask(gateway, protocol, tag, body='{"model":"m"}', path=CHAT, **options):
    fields = [("Content-Type", "application/json"), ("X-Tag", tag)]
    return gateway.call(protocol, "POST", path, body=body.encode(), fields=fields, **options)


def bodies(upstream, tag):
    return [bytes(record.body).decode() for record in upstream.seen(tag)]


def line_of(gateway, answer):
    wanted = answer.header("x-request-id")
    (line,) = gateway.wait_log(lambda line: line["request_id"] == wanted)
    return line


def test_targets_share_the_requests_for_a_model(start, protocol, upstream, second, tag):
    """Weights are drawn at random here; that each gets its share is a test of the rule."""
    gateway = starting(
        start, [place("a", upstream), place("b", second)],
        {"targets": [{"as": "first"}, {"as": "second", "upstream": "b", "weight": 2}]})
    for _ in range(60):
        assert ask(gateway, protocol, tag).status == 200
    mine, others = bodies(upstream, tag), bodies(second, tag)
    assert len(mine) + len(others) == 60 and mine and others
    assert set(mine) == {'{"model":"first"}'} and set(others) == {'{"model":"second"}'}


@pytest.mark.wire_short
def test_who_cannot_be_reached_is_passed_over(start, protocol, upstream, tag):
    gateway = starting(
        start, [place("a", nowhere()), place("b", upstream)],
        {"fallbacks": [{"as": "same place"}, {"upstream": "b", "as": "other"}]})
    deltas = Deltas(gateway)
    answer = ask(gateway, protocol, tag, '{ "model" : "m", "keep":[1, 2.0] }')
    assert answer.status == 200
    assert bodies(upstream, tag) == ['{ "model" : "other", "keep":[1, 2.0] }']
    line = line_of(gateway, answer)
    assert (line["status"], line["attempts"], line["model"]) == (200, 2, "m")
    assert line["upstream"].endswith(upstream.address) and "error" not in line
    fallbacks = "gatehouse_upstream_fallbacks_total"
    assert (deltas.of(fallbacks, upstream="a"), deltas.of(fallbacks, upstream="b")) == (1, 0)


@pytest.mark.wire_short
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize("spoken", ["http1", "h2"])
def test_who_refuses_to_serve_is_passed_over(start, protocol, upstream, second, tag, status,
                                             spoken):
    gateway = starting(
        start, [place("a", upstream, protocol=spoken), place("b", second, protocol=spoken)],
        {"as": f"status-{status}.{tag}", "fallbacks": [{"upstream": "b"}]})
    for count in range(1, 4):
        answer = ask(gateway, protocol, tag, '{"mod\\u0065l":"m" ,"n":1}')
        assert answer.status == 200 and answer.json["model"] == "m"
        assert answer.header("x-upstream-note") is None
        assert line_of(gateway, answer)["attempts"] == 2
        assert len(upstream.seen(tag)) == count
    assert set(bodies(upstream, tag)) == {f'{{"mod\\u0065l":"status-{status}.{tag}" ,"n":1}}'}
    assert bodies(second, tag) == ['{"mod\\u0065l":"m" ,"n":1}'] * 3


@pytest.mark.parametrize(("status", "seen"), [(400, 400), (401, 401), (404, 404), (501, 502)])
def test_other_answers_are_the_client_s(start, protocol, upstream, second, tag, status, seen):
    gateway = starting(
        start, [place("a", upstream), place("b", second)],
        {"as": f"status-{status}.{tag}", "fallbacks": [{"upstream": "b"}]})
    answer = ask(gateway, protocol, tag)
    assert answer.status == seen and not second.seen(tag)
    assert "attempts" not in line_of(gateway, answer)


def test_a_rule_says_which_answers_count(start, protocol, upstream, second, tag):
    models = [{"model": f"{status}-{name}", "as": f"status-{status}.{tag}", "fallbackOn": statuses,
               "fallbacks": [{"upstream": "b"}]}
              for name, statuses in (("some", [404]), ("none", [])) for status in (404, 429, 500)]
    gateway = serving(start, [place("a", upstream), place("b", second)], models)
    for model, expected in (("404-some", 200), ("429-some", 429), ("500-some", 502),
                            ("404-none", 404), ("429-none", 429), ("500-none", 502)):
        assert ask(gateway, protocol, tag, f'{{"model":"{model}"}}').status == expected
    assert bodies(second, tag) == ['{"model":"404-some"}']


def test_when_nobody_serves_it_the_last_answer_is_the_client_s(
    start, protocol, upstream, second, tag
):
    places = [place("a", upstream), place("b", second), place("c", nowhere())]
    lasts = {"busy": [{"upstream": "b", "as": f"status-429.{tag}"}],
             "down": [{"upstream": "c"}, {"upstream": "b", "as": f"status-503.{tag}"}],
             "gone": [{"upstream": "b", "as": f"status-429.{tag}"}, {"upstream": "c"}]}
    models = [{"model": name, "as": f"status-500.{tag}", "fallbacks": fallbacks}
              for name, fallbacks in lasts.items()]
    gateway = serving(start, places, models)
    busy = ask(gateway, protocol, tag, '{"model":"busy"}')
    assert (busy.status, busy.error["message"]) == (429, "upstream-secret-429")
    assert busy.header("retry-after") == "7" and line_of(gateway, busy)["attempts"] == 2
    down = ask(gateway, protocol, tag, '{"model":"down"}')
    assert (down.status, down.error["code"]) == (502, "upstream_error")
    assert down.header("retry-after") == "7" and line_of(gateway, down)["attempts"] == 3
    gone = ask(gateway, protocol, tag, '{"model":"gone"}')
    assert (gone.status, gone.error["code"]) == (502, "upstream_error")
    assert gone.header("retry-after") is None
    line = line_of(gateway, gone)
    assert (line["attempts"], line["reason"]) == (3, "unreachable") and "upstream" not in line


@pytest.mark.wire_short
@pytest.mark.parametrize(
    "fault", ["reset-before-head", "close-before-head", "half-head", "garbage"])
def test_what_an_upstream_may_have_begun_is_never_asked_for_twice(
    start, protocol, upstream, second, tag, fault
):
    gateway = starting(start, [place("a", upstream), place("b", second)],
                       {"as": f"{fault}.{tag}", "fallbacks": [{"upstream": "b"}]})
    for _ in range(3):
        answer = ask(gateway, protocol, tag)
        assert (answer.status, answer.error["code"]) == (502, "upstream_error")
    assert len(upstream.seen(tag)) == 3 and not second.seen(tag)


def test_silence_is_no_refusal(start, protocol, upstream, second, tag):
    gateway = starting(start, [place("a", upstream), place("b", second)],
                       {"as": f"never.{tag}", "fallbacks": [{"upstream": "b"}]},
                       timeouts={"upstream": {"firstByteSeconds": 0.5}})
    assert ask(gateway, protocol, tag).status == 502
    assert len(upstream.seen(tag)) == 1 and not second.seen(tag)


def test_an_answer_that_has_begun_is_the_answer(start, protocol, upstream, second, tag):
    gateway = starting(start, [place("a", upstream), place("b", second)],
                       {"as": f"sse-drop.{tag}", "fallbacks": [{"upstream": "b"}]})
    answer = ask(gateway, protocol, tag, '{"model":"m","stream":true}')
    assert answer.status == 200 and b"upstream_error" in answer.body
    assert not second.seen(tag)


def test_each_target_reads_its_own_name(start, protocol, upstream, second, third, tag):
    """However often the body is put to somebody, only the name changes, back to the client's too."""
    models = [{"model": "default name", "targets": [{"as": f"status-429.{tag}"}],
               "fallbacks": [{"upstream": "b", "as": f"status-503.{tag}"},
                             {"upstream": "c", "as": f"status-500.{tag}-and-longer"},
                             {"upstream": "c"}]}]
    places = [place("a", upstream), place("b", second), place("c", third)]
    gateway = serving(start, places, models, site={"defaultModel": "default name"})
    assert ask(gateway, protocol, tag, '{"n": 1e2,"model":null}').status == 200
    written = '{{"n": 1e2,"model":"{}"}}'.format
    assert bodies(upstream, tag) == [written(f"status-429.{tag}")]
    assert bodies(second, tag) == [written(f"status-503.{tag}")]
    assert bodies(third, tag) == [written(f"status-500.{tag}-and-longer"), written("default name")]


def test_connections_survive_refusals(start, protocol, upstream, second, tag):
    """A short refusal is read to its end and its connection used again; a long one costs that."""

    @upstream.on(f"{tag}-long")
    async def long(exchange):
        await exchange.read_body()
        await exchange.respond(429, [JSON], b'{"error":"' + b"x" * 1_000_000 + b'"}')

    @upstream.on(f"{tag}-endless")
    async def endless(exchange):
        await exchange.read_body()
        await exchange.start(503, [JSON])
        await exchange.send(b"{" + b" " * 100)
        await exchange.gone()

    models = [{"model": f"{tag}-m{number}", "as": name, "fallbacks": [{"upstream": "b"}]}
              for number, name in enumerate((f"status-429.{tag}", f"{tag}-long", f"{tag}-endless"))]
    gateway = serving(start, [place("a", upstream), place("b", second)], models,
                      top={"workers": 1})
    for round in range(6):
        for model in (models[0], models[0], *models[1:]):
            answer = ask(gateway, protocol, tag, json.dumps({"model": model["model"]}))
            assert (answer.status, answer.json["model"]) == (200, model["model"]), round
        plain = ask(gateway, protocol, tag, json.dumps({"model": f"{tag}-{round}"}))
        assert (plain.status, plain.json["model"]) == (200, f"{tag}-{round}")
    short = {record.connection for record in upstream.seen(f"status-429.{tag}")}
    assert len(short) <= 7
    assert len({record.connection for record in second.seen(tag)}) == 1


def test_an_upstream_without_room_is_passed_over(start, protocol, upstream, second, tag):
    gateway = starting(
        start, [place("a", upstream, maxActiveRequests=1, maxPendingRequests=0),
                place("b", second)],
        {"as": f"never.{tag}", "fallbacks": [{"upstream": "b", "as": "other"}]},
        top={"workers": 1})
    fields = [("Content-Type", "application/json"), ("X-Tag", f"{tag}-holder"), gateway.key.header]
    with gateway.http1() as holder:
        holder.request("POST", CHAT, fields, b'{"model":"m"}')
        upstream.wait_seen(f"{tag}-holder")
        assert ask(gateway, protocol, f"{tag}-next").status == 200
    assert bodies(second, f"{tag}-next") == ['{"model":"other"}']
    assert not upstream.seen(f"{tag}-next")


def test_a_stream_comes_from_whoever_serves_it(start, protocol, upstream, second, tag):
    gateway = starting(start, [place("a", upstream), place("b", second)],
                       {"as": f"status-529.{tag}", "fallbacks": [{"upstream": "b"}]})
    answer = ask(gateway, protocol, tag, '{"model":"m","stream":true}')
    assert answer.status == 200 and answer.header("content-type") == SSE[1]
    assert answer.body.endswith(b"data: [DONE]\n\n") and answer.is_complete


def test_a_translated_completion_falls_back_too(start, protocol, upstream, second, tag):
    models = [{"model": "m", "as": f"status-503.{tag}", "fallbacks": [{"upstream": "b",
                                                                       "as": "other"}]}]
    gateway = serving(start, [place("a", upstream), place("b", second)], models, profile="bve")
    answer = ask(gateway, protocol, tag, '{"model":"m","prompt":"Hi"}', "/v1/completions")
    assert answer.status == 200 and answer.json["object"] == "text_completion"
    (record,) = second.seen(tag)
    assert record.json["model"] == "other" and record.json["messages"][0]["content"] == "Hi"


def test_tokens_are_held_once_however_many_are_asked(start, protocol, upstream, second, tag):
    key = start.key(limits={"tokensPerMonth": 1_000})
    gateway = starting(
        start, [place("a", upstream), place("b", second)],
        {"as": f"status-429.{tag}", "fallbacks": [{"as": f"status-500.{tag}"}, {"upstream": "b"}]},
        keys=[key], site={"tokenBudgets": {"limitsKeys": True}})
    for count in range(1, 4):
        # Twice as much as is left could not be held.
        answer = ask(gateway, protocol, tag, '{"model":"m","max_tokens":900}')
        assert answer.status == 200 and line_of(gateway, answer)["attempts"] == 3
        left = gateway.call(protocol, "GET", "/v1/models").header("x-ratelimit-remaining-tokens")
        assert int(left) == 1_000 - 9 * count


def test_a_client_that_leaves_takes_the_fallback_along(start, protocol, upstream, second, tag):
    gateway = starting(
        start, [place("a", upstream), place("b", second)],
        {"as": f"status-429.{tag}", "fallbacks": [{"upstream": "b", "as": f"never.{tag}"}]})
    body = b'{"model":"m"}'
    fields = [("Content-Type", "application/json"), ("X-Tag", tag), gateway.key.header]
    make = gateway.http1 if protocol == "h1" else gateway.http2
    with make() as client:
        client.request("POST", CHAT, fields, body)
        (record,) = second.wait_seen(tag)
    assert record.cancelled.wait(15)
    (line,) = gateway.wait_log(lambda line: line.get("cancelled_by") == "client")
    assert line["attempts"] == 2 and line["upstream"].endswith(second.address)


# What an upstream is shown.


def shown(upstream, tag, name="authorization"):
    return [record.headers(name) for record in upstream.seen(tag)]


def test_a_site_and_a_target_may_have_credentials_of_their_own(
    start, protocol, upstream, second, tag
):
    places = [place("a", upstream, credential={"value": OPERATOR_KEY}),
              place("b", second, credential={"value": "of-b"}, credentialHeader="x-api-key",
                    credentialScheme="none")]
    models = [{"model": "own", "credential": {"value": "of-rule"}},
              {"model": "there", "upstream": "b", "credential": {"value": "of-rule-there"}},
              {"model": "plain", "as": "x", "fallbacks": [{"upstream": "b"}]},
              {"model": "again", "as": f"status-429.{tag}", "fallbacks": [
                  {"as": f"status-429.{tag}", "credential": {"value": "spare"}},
                  {"upstream": "b", "credential": {"value": "spare-of-b"}}]}]
    gateway = serving(start, places, models, site={"credential": {"value": "of-site"}})
    for model in ("none", "own", "plain", "again", "there"):
        assert ask(gateway, protocol, f"{tag}-{model}", f'{{"model":"{model}"}}').status == 200
    assert shown(upstream, f"{tag}-none") == [["Bearer of-site"]]
    assert shown(upstream, f"{tag}-own") == [["Bearer of-rule"]]
    assert shown(upstream, f"{tag}-plain") == [["Bearer of-site"]]
    assert shown(upstream, f"{tag}-again") == [["Bearer of-site"], ["Bearer spare"]]
    assert shown(second, f"{tag}-again", "x-api-key") == [["spare-of-b"]]
    assert shown(second, f"{tag}-there", "x-api-key") == [["of-rule-there"]]
    assert shown(second, f"{tag}-there") == [[]]
    assert gateway.call(protocol, "GET", f"/v1/models/{tag}-get").status == 200
    assert shown(upstream, f"{tag}-get") == [["Bearer of-site"]]


@pytest.mark.wire_short
def test_a_site_s_credential_is_its_upstream_s_alone(start, protocol, upstream, second, tag):
    places = [place("a", upstream), place("b", second), place("c", second, credential={
        "value": "of-c"})]
    models = [{"model": "bare", "upstream": "b"}, {"model": "armed", "upstream": "c"}]
    gateway = serving(start, places, models, site={"credential": {"value": "of-site"}})
    for model, expected in (("bare", []), ("armed", ["Bearer of-c"])):
        assert ask(gateway, protocol, f"{tag}-{model}", f'{{"model":"{model}"}}').status == 200
        assert shown(second, f"{tag}-{model}") == [expected]


def test_no_credential_comes_back_or_is_written_down(start, protocol, upstream, tag, tmp_path):
    secret = f"secret-{tag}-in-a-file"
    (tmp_path / "key").write_text(secret + "\n")

    @upstream.on(f"{tag}-echo")
    async def echo(exchange):
        await exchange.read_body()
        fields = [(name, value) for name, value in exchange.record.fields if secret in value]
        assert fields
        await exchange.respond(200, [JSON, *fields], compact({"model": "x"}))

    models = [{"model": "m", "as": f"{tag}-echo", "credential": {"file": str(tmp_path / "key")}}]
    gateway = start(site={"models": models}, upstream={"credentialHeader": "x-vendor-key",
                                                       "credentialScheme": "none"})
    mine = [("Content-Type", "application/json"), ("X-Vendor-Key", "from-the-client")]
    answer = gateway.call(protocol, "POST", CHAT, body=b'{"model":"m"}', fields=mine)
    assert answer.status == 200
    (record,) = upstream.seen(f"{tag}-echo")
    assert record.headers("x-vendor-key") == [secret]
    assert secret not in str(answer.fields)
    line_of(gateway, answer)
    gateway.stop()
    outputs = gateway.log_path.read_text() + gateway.stderr.decode() + str(gateway.stdout_lines)
    assert secret not in outputs

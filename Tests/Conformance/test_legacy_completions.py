"""The old completions API, answered through chat completions (the BVE profile), or passed through."""

import json

import pytest

from behaviours import JSON, chat_answer, compact
from test_openai_sdk import sync_client

TEXT = "Hello from the test upstream."


def complete(gateway, protocol, model, **members):
    body = {"model": model, "prompt": "Say hello", **members}
    return gateway.call(protocol, "POST", "/v1/completions", json_body=body)


@pytest.mark.wire_short
def test_a_prompt_goes_upstream_as_one_message_of_the_users(bve, protocol, upstream, tag):
    assert complete(bve, protocol, tag).status == 200
    (record,) = upstream.seen(tag)
    assert (record.method, record.target) == ("POST", "/v1/chat/completions")
    assert record.json["messages"] == [{"role": "user", "content": "Say hello"}]
    assert "prompt" not in record.json
    assert record.header("content-type") == "application/json"


def test_what_the_gateway_writes_is_json_whatever_the_clients_body_was_called(
    bve, protocol, upstream, tag
):
    body = b'{"model":"%b","prompt":"Say hello"}' % tag.encode()
    fields = [("Content-Type", "text/plain")]
    answer = bve.call(protocol, "POST", "/v1/completions", body=body, fields=fields)
    assert answer.status == 200
    (record,) = upstream.seen(tag)
    assert record.header("content-type") == "application/json"


@pytest.mark.parametrize(("prompt", "content"), [
    (["a", "b"], "a\n\nb"), (["only"], "only"), ([], ""), (None, ""),
    (['"quoted" \\ é', "\u2028😀"], '"quoted" \\ é\n\n\u2028😀'),
])
def test_several_prompts_are_joined_by_a_blank_line(bve, protocol, upstream, tag, prompt, content):
    assert complete(bve, protocol, tag, prompt=prompt).status == 200
    (record,) = upstream.seen(tag)
    assert record.json["messages"] == [{"role": "user", "content": content}]


@pytest.mark.parametrize("prompt", [[1, 2, 3], [[1, 2], [3]], 7, {"a": 1}, ["a", 1]])
def test_a_prompt_that_is_not_text_is_refused(bve, protocol, upstream, tag, prompt):
    answer = complete(bve, protocol, tag, prompt=prompt)
    assert answer.status == 400
    assert answer.error == {
        "message": "The prompt must be a string or an array of strings",
        "type": "invalid_request_error",
        "code": "bad_request",
    }
    assert upstream.seen(tag) == []


def test_every_other_member_goes_upstream_as_it_came(bve, protocol, upstream, tag):
    members = {
        "max_tokens": 16, "temperature": 0.7, "top_p": 1, "n": 2, "stop": ["\n"], "user": "u",
        "seed": 12345678901234567890, "logit_bias": {"50256": -100}, "presence_penalty": 0.5,
        "frequency_penalty": -2, "stream": False, "x_unknown": {"deep": [None]},
    }
    assert complete(bve, protocol, tag, **members).status == 200
    (record,) = upstream.seen(tag)
    sent = record.json
    del sent["messages"]
    assert sent == {"model": tag, **members}


def test_members_that_chat_does_not_have_are_left_out(bve, protocol, upstream, tag):
    answer = complete(bve, protocol, tag, best_of=1, echo=False, logprobs=2, suffix="x",
                      messages=[{"role": "system", "content": "mine"}])
    assert answer.status == 200
    (record,) = upstream.seen(tag)
    assert set(record.json) == {"model", "messages"}
    assert len(record.json["messages"]) == 1


@pytest.mark.wire_short
def test_the_answer_is_a_text_completion(bve, protocol, tag):
    answer = complete(bve, protocol, tag)
    assert answer.header("content-type") == "application/json"
    assert answer.json == {
        "id": "cmpl-test",
        "object": "text_completion",
        "created": 1_700_000_000,
        "model": tag,
        "choices": [{"text": TEXT, "index": 0, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 6, "total_tokens": 9},
    }
    assert answer.header("x-bve-latency")


def test_every_choice_is_translated_however_the_answer_is_cut(bve, protocol, upstream, tag):
    name = "cut-" + tag
    answer = chat_answer(name)
    answer["choices"] = [
        {"index": index, "message": {"role": "assistant", "content": f"é{index}\n"},
         "finish_reason": "length"} for index in range(3)
    ]

    @upstream.on(name)
    async def cut(exchange):
        await exchange.start(200, [JSON])
        for byte in compact(answer):
            await exchange.send(bytes([byte]))
        await exchange.end()

    assert complete(bve, protocol, name).json["choices"] == [
        {"text": f"é{index}\n", "index": index, "logprobs": None, "finish_reason": "length"}
        for index in range(3)
    ]


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_a_refusal_of_the_upstream_passes_untranslated(bve, protocol, tag, status):
    answer = complete(bve, protocol, f"status-{status}.{tag}")
    assert answer.status == status
    assert answer.error["message"] == f"upstream-secret-{status}"


@pytest.mark.parametrize("model", ["status-500", "reset-before-head", "garbage", "short-json"])
def test_a_failure_of_the_upstream_is_a_502(bve, protocol, tag, model):
    """Also one in the middle of the body: nothing of it has gone to the client."""
    answer = complete(bve, protocol, f"{model}.{tag}")
    assert answer.status == 502
    assert answer.error["code"] == "upstream_error"


@pytest.mark.parametrize("body", [
    b"", b"<html>", b'{"choices":', b"[]", b"{}", b'{"choices":[{"message":"x"}]}',
    b'{"choices":[{"message":{"content":7}}]}', b"\xff\xfe",
], ids=repr)
def test_an_answer_that_is_no_chat_completion_is_a_502(bve, protocol, upstream, tag, body):
    name = "odd-" + tag

    @upstream.on(name)
    async def odd(exchange):
        await exchange.respond(200, [JSON], body)

    answer = complete(bve, protocol, name)
    assert answer.status == 502
    assert answer.error["code"] == "upstream_error"
    (line,) = bve.wait_log(lambda line: line.get("model") == name)
    assert line["reason"] == "malformed_reply"
    assert complete(bve, protocol, tag).status == 200


def test_an_answer_over_its_bound_is_a_502(start, protocol, upstream, tag):
    gateway = start("bve", limits={"translatedAnswerBytes": 2_048})
    name = "sized-" + tag

    @upstream.on(name)
    async def sized(exchange):
        size = int(exchange.record.json["size"])
        answer = compact({"choices": [], "pad": ""})
        pad = "x" * (size - len(answer))
        await exchange.respond(200, [JSON], compact({"choices": [], "pad": pad}))

    assert complete(gateway, protocol, name, size=2_048).status == 200
    assert complete(gateway, protocol, name, size=2_049).status == 502


def test_a_client_that_leaves_cancels_the_chat_request(bve, upstream, tag):
    client = bve.http1()
    body = json.dumps({"model": f"never.{tag}", "prompt": "x"}).encode()
    fields = [bve.key.header, ("Content-Type", "application/json")]
    client.request("POST", "/v1/completions", fields, body)
    (record,) = upstream.wait_seen(tag)
    client.close()
    assert record.cancelled.wait(15)


def test_the_model_list_of_a_key_binds_here_too(bve, cast, protocol, tag):
    answer = bve.call(protocol, "POST", "/v1/completions", key=cast.picky,
                      json_body={"model": tag, "prompt": "x"})
    assert answer.error["code"] == "model_not_allowed"


def test_the_sdk_gets_a_completion(bve, tag):
    with sync_client(bve) as client:
        answer = client.completions.create(model=tag, prompt=["Say", "hello"], max_tokens=5)
    assert (answer.object, answer.id) == ("text_completion", "cmpl-test")
    assert answer.choices[0].text == TEXT
    assert answer.usage.total_tokens == 9


def test_the_default_profile_passes_completions_through(house, protocol, upstream, tag):
    answer = complete(house, protocol, tag)
    assert answer.json["choices"][0]["text"] == "Hello."
    (record,) = upstream.seen(tag)
    assert record.path == "/v1/completions"
    assert record.json == {"model": tag, "prompt": "Say hello"}


def test_a_site_chooses_to_translate(start, protocol, upstream, tag):
    route = {"methods": "POST", "path": "/v1/completions", "body": "json",
             "action": "legacyCompletions"}
    gateway = start("openai", site={"routes": {"preset": "openai", "add": [route]}})
    assert complete(gateway, protocol, tag).json["object"] == "text_completion"
    (record,) = upstream.seen(tag)
    assert record.path == "/v1/chat/completions"

"""What comes back when the upstream fails: in the head, in the body, in a stream, in between."""

import json
import socket
import threading
import time

import pytest

from behaviours import DONE, chat_event
from http1_client import Truncated
from upstream import Upstream

CHAT = "/v1/chat/completions"
JSON_TYPE = ("Content-Type", "application/json")


def bad_gateway(answer, dialect_members=4):
    assert answer.status == 502
    assert answer.error["code"] == "upstream_error"
    assert answer.error["type"] == "server_error"
    assert answer.error["message"] == "Upstream request failed"
    assert len(answer.error) == dialect_members
    assert b"upstream-secret" not in answer.body


FAULTS = [
    "reset-before-head", "close-before-head", "half-head", "garbage", "both-lengths",
    "two-lengths", "bad-length", "negative-length", "odd-coding", "head-nul", "head-space",
    "bad-version", "bad-status", "low-status", "unasked-101", "header-bomb", "obs-fold",
    "interims",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_upstream_that_breaks_its_head_is_a_502(house, protocol, upstream, tag, fault):
    """Also: a POST that may have been processed is never sent twice."""
    answer = house.chat(protocol, f"{fault}.{tag}")
    bad_gateway(answer)
    assert len(upstream.seen(tag)) == 1


@pytest.mark.wire_short
@pytest.mark.parametrize("fault", ["reset-before-head", "both-lengths", "never-mind"])
def test_after_a_fault_the_next_call_is_answered(house, protocol, tag, fault):
    house.chat(protocol, f"{fault}.{tag}")
    assert house.chat(protocol, f"plain.{tag}").status == 200


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599])
def test_an_upstream_5xx_is_a_502_without_its_words(house, protocol, tag, status):
    answer = house.chat(protocol, f"status-{status}.{tag}")
    bad_gateway(answer)
    if status == 503:
        assert answer.header("retry-after") == "7"


def test_the_bve_profile_words_the_502_with_three_members(bve, protocol, tag):
    bad_gateway(bve.chat(protocol, f"status-500.{tag}"), dialect_members=3)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429])
@pytest.mark.parametrize("profile", ["house", "bve"])
def test_an_upstream_4xx_passes_with_status_and_body(request, profile, protocol, tag, status):
    gateway = request.getfixturevalue(profile)
    answer = gateway.chat(protocol, f"status-{status}.{tag}")
    assert answer.status == status
    assert answer.json["error"]["message"] == f"upstream-secret-{status}"
    assert answer.header("content-type") == "application/json"
    assert answer.header("x-should-retry") is None
    if status == 429 and profile == "house":
        assert answer.header("retry-after") == "7"


@pytest.mark.parametrize("status", [400, 429])
def test_an_upstream_4xx_to_a_streaming_call_passes_too(house, protocol, tag, status):
    answer = house.chat(protocol, f"status-{status}.{tag}", extra={"stream": True})
    assert (answer.status, answer.error["code"]) == (status, "odd")


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.wire_short
def test_an_upstream_that_is_not_there_is_a_502(start, protocol, tag):
    gateway = start(upstream_url=f"http://127.0.0.1:{closed_port()}/v1")
    bad_gateway(gateway.chat(protocol, tag))


def test_an_upstream_name_that_does_not_resolve_is_a_502_and_blocks_nobody(start, tag):
    """While the name is looked up, /health is still answered."""
    gateway = start(upstream_url="http://does-not-exist.invalid/v1")
    with gateway.http2() as client:
        body = json.dumps({"model": tag, "messages": []}).encode()
        stream = client.request("POST", CHAT, [gateway.key.header, JSON_TYPE], body)
        assert client.call("GET", "/health").status == 200
        bad_gateway(client.wait(stream))


def test_an_upstream_that_never_answers_is_a_502_after_the_first_byte_timeout(
    start, protocol, upstream, tag
):
    gateway = start(timeouts={"upstream": {"firstByteSeconds": 0.4}})
    bad_gateway(gateway.chat(protocol, f"never.{tag}"))
    (record,) = upstream.seen(tag)
    assert record.cancelled.wait(15)


def test_an_upstream_that_goes_silent_in_a_stream_ends_it_with_an_error(
    start, protocol, upstream, tag
):
    gateway = start(timeouts={"upstream": {"idleSeconds": 0.4}})
    answer = gateway.chat(protocol, f"sse-stall.{tag}", extra={"stream": True})
    assert answer.status == 200
    assert final_event(answer)["error"]["code"] == "upstream_error"
    (record,) = upstream.seen(tag)
    assert record.cancelled.wait(15)


def test_a_slow_stream_is_not_cut_while_it_moves(start, protocol, tag):
    """No total cap: the whole takes far longer than each timeout."""
    gateway = start(timeouts={"upstream": {"idleSeconds": 0.5, "firstByteSeconds": 0.5},
                              "requestBodyIdleSeconds": 0.5, "requestHeadSeconds": 0.5})
    name = "slow-" + tag

    @start.upstream.on(name)
    async def slow(exchange):
        import asyncio

        await exchange.start(200, [("content-type", "text/event-stream")])
        for index in range(16):
            await exchange.send(b"data: %d\n\n" % index)
            await asyncio.sleep(0.1)
        await exchange.send(DONE)
        await exchange.end()

    answer = gateway.chat(protocol, name, extra={"stream": True})
    assert answer.is_complete
    assert answer.body.endswith(b"data: 15\n\n" + DONE)


# In the middle of an event stream.


def events(body):
    return [event for event in body.split(b"\n\n") if event.strip()]


def final_event(answer):
    """The JSON of the last `data:` event, which must be a well-formed event."""
    assert answer.body.endswith(b"\n\n"), answer.body[-200:]
    last = events(answer.body)[-1].split(b"\n")
    (data,) = [line for line in last if line.startswith(b"data:")]
    return json.loads(data.removeprefix(b"data:"))


@pytest.mark.wire_short
@pytest.mark.parametrize(
    "fault", ["sse-drop", "sse-drop-between", "sse-drop-line", "sse-reset", "sse-bad-chunk"]
)
def test_a_stream_that_breaks_off_ends_with_an_error_event_and_no_done(
    house, protocol, tag, fault
):
    """Whatever was whole is there, a partial event is closed off, then one error envelope."""
    model = f"{fault}.{tag}"
    answer = house.chat(protocol, model, extra={"stream": True})
    assert (answer.status, answer.is_complete) == (200, True)
    whole = chat_event(model, "One ") + chat_event(model, "two ")
    assert answer.body.startswith(whole)
    assert b"[DONE]" not in answer.body
    error = final_event(answer)["error"]
    assert (error["type"], error["code"]) == ("server_error", "upstream_error")
    assert set(error) == {"message", "type", "param", "code"}


def test_a_stream_shorter_than_its_content_length_still_tells_the_error(house, tag):
    """With the upstream's length kept there is no room for an event: told, or broken."""
    model = f"sse-short.{tag}"
    try:
        answer = house.chat("h1", model, extra={"stream": True})
    except Truncated as broken:
        assert b"[DONE]" not in broken.answer.body
    else:
        assert final_event(answer)["error"]["code"] == "upstream_error"
    answer = house.chat("h2", model, extra={"stream": True})
    if answer.reset_code is None:
        assert final_event(answer)["error"]["code"] == "upstream_error"


def test_a_broken_responses_stream_ends_with_an_error_event_of_that_api(house, protocol, tag):
    body = {"model": f"sse-drop.{tag}", "input": "x", "stream": True}
    answer = house.call(protocol, "POST", "/v1/responses", json_body=body)
    error = final_event(answer)
    assert error["type"] == "error"
    assert error["code"] == "upstream_error"
    assert {"message", "param", "sequence_number"} <= set(error)


def test_a_broken_messages_stream_ends_with_an_error_event_of_that_api(house, protocol, tag):
    body = {"model": f"sse-drop.{tag}", "messages": [], "stream": True}
    answer = house.call(protocol, "POST", "/v1/messages", json_body=body)
    last = events(answer.body)[-1].split(b"\n")
    assert b"event: error" in last
    error = final_event(answer)
    assert error["type"] == "error"
    assert {"type", "message"} <= set(error["error"])


def test_a_clean_end_without_done_stays_as_it_is(house, protocol, tag):
    model = f"sse-without-done.{tag}"
    answer = house.chat(protocol, model, extra={"stream": True})
    assert answer.body == chat_event(model, "One ")
    assert answer.is_complete


@pytest.mark.wire_short
@pytest.mark.parametrize("fault", ["short-body", "short-json", "bad-chunk"])
def test_any_other_body_that_breaks_off_breaks_the_answer(house, tag, fault):
    """HTTP/1.1: the last chunk (or the length) is missing; HTTP/2: RST_STREAM(INTERNAL_ERROR)."""
    try:
        answer = house.chat("h1", f"{fault}.{tag}")
    except (Truncated, ConnectionError):
        pass
    else:
        assert answer.status == 502, "the answer looks complete"
    answer = house.chat("h2", f"{fault}.{tag}")
    assert answer.status == 502 or answer.reset_code == 2
    assert not (answer.status == 200 and answer.is_complete)


def test_a_body_that_ends_with_the_connection_is_complete(house, protocol, tag):
    answer = house.chat(protocol, f"until-close.{tag}")
    assert answer.json == {"ends": "with the connection"}
    assert answer.is_complete


def test_bytes_behind_an_answer_never_become_another_answer(house, protocol, upstream, tag):
    """More than Content-Length: the connection is not used again."""
    answer = house.chat(protocol, f"extra-body.{tag}")
    assert answer.status in (200, 502)
    if answer.status == 200:
        assert answer.body == b'{"a":1}'
    for _ in range(8):
        following = house.chat(protocol, f"plain.{tag}")
        assert following.json["object"] == "chat.completion"
    connections = [record.connection for record in upstream.seen(tag)]
    assert connections[0] not in connections[1:]


def test_one_interim_response_is_no_answer(house, protocol, tag):
    answer = house.chat(protocol, f"one-interim.{tag}")
    assert (answer.status, answer.json) == (200, {"after": "interim"})


def test_an_answer_byte_by_byte_is_put_together(house, protocol, tag):
    answer = house.chat(protocol, f"drip.{tag}")
    assert answer.json["object"] == "chat.completion"


def test_a_big_answer_arrives_whole(house, protocol, tag):
    from behaviours import BIG_BODY

    answer = house.chat(protocol, f"big.{tag}")
    assert answer.body == BIG_BODY


# Connections that are kept.


def test_the_connection_to_the_upstream_is_used_again(start, protocol, upstream, tag):
    gateway = start(top={"workers": 1})
    for _ in range(5):
        assert gateway.chat(protocol, tag).status == 200
    assert len({record.connection for record in upstream.seen(tag)}) == 1


@pytest.mark.wire_short
def test_a_stale_connection_of_the_pool_never_costs_a_call(start, protocol, upstream, tag):
    """The upstream closes idle connections; its FIN is seen before the connection is used again."""
    gateway = start(top={"workers": 1})
    for _ in range(20):
        assert gateway.chat(protocol, tag).status == 200
        upstream.drop_idle()
        time.sleep(0.02)
    assert len(upstream.seen(tag)) == 20


def test_an_upstream_that_closes_behind_its_answer_costs_no_following_call(
    start, protocol, upstream, tag
):
    gateway = start(top={"workers": 1})
    for _ in range(20):
        assert gateway.chat(protocol, f"answer-and-close.{tag}").status == 200
        time.sleep(0.01)
    assert len(upstream.seen(tag)) == 20


def test_a_post_on_a_reused_connection_that_dies_unanswered_is_not_repeated(
    start, protocol, upstream, tag
):
    """The upstream read the request, so it may have acted on it: 502, and it saw it once."""
    gateway = start(top={"workers": 1})
    assert gateway.chat(protocol, f"plain.{tag}w").status == 200
    bad_gateway(gateway.chat(protocol, f"close-before-head.{tag}x"))
    assert len(upstream.seen(tag + "x")) == 1


def test_an_early_refusal_reaches_the_client_that_is_still_sending(house, protocol, upstream, tag):
    """The upstream answers 400 in the middle of the body; the client gets it."""
    fields = [house.key.header, ("Content-Type", "multipart/form-data; boundary=b"),
              ("Content-Length", "4000000")]
    target = f"/v1/files?mode=early-refusal&tag={tag}"
    make = house.http1 if protocol == "h1" else house.http2
    with make() as client:
        if protocol == "h1":
            client.send(client.head("POST", target, fields))
            client.send(b"x" * 50_000)
            answer = client.answer()
        else:
            stream = client.open("POST", target, fields, ends=False)
            client.send(stream, b"x" * 50_000)
            answer = client.wait(stream)
            assert client.call("GET", "/health").status == 200
    assert (answer.status, answer.error["code"]) == (400, "early")


def test_an_early_success_answer_is_relayed_before_the_body_is_complete(house, upstream, tag):
    fields = [house.key.header, ("Content-Type", "multipart/form-data; boundary=b"),
              ("Content-Length", "100000")]
    with house.http2() as client:
        stream = client.open("POST", f"/v1/files?mode=early-answer&tag={tag}", fields, ends=False)
        client.send(stream, b"x" * 1_000)
        answer = client.wait(stream, until=lambda a: a.body)
        assert (answer.status, answer.json) == (200, {"early": True})


def test_too_many_requests_for_the_upstream_are_refused_with_503(start, upstream, tag):
    """One connection, a short queue: the rest is told to come again."""
    gate = threading.Event()
    name = "held-" + tag

    @upstream.on(name)
    async def held(exchange):
        await exchange.hold(gate)
        await exchange.respond(200, [("content-type", "application/json")], b"{}")

    gateway = start(top={"workers": 1}, upstream={"maxConnections": 2, "maxPendingRequests": 2})
    body = json.dumps({"model": name, "messages": []}).encode()
    with gateway.http2() as client:
        fields = [gateway.key.header, JSON_TYPE]
        streams = [client.request("POST", CHAT, fields, body) for _ in range(8)]
        refused = []
        while len(refused) < 4:
            assert client.pump()
            refused = [s for s in streams if client.answers[s].is_complete]
        gate.set()
        answers = [client.wait(stream) for stream in streams]
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [200] * 4 + [503] * 4
    for answer in answers:
        if answer.status == 503:
            assert answer.error["code"] == "overloaded"
            assert int(answer.header("retry-after")) >= 1


def test_an_upstream_that_hangs_leaves_the_others_alone(start, upstream, tag):
    """It has all it may have, and more wait for it; the other's calls do not."""
    url = f"http://{upstream.address}/v1"
    sick = {"name": "sick", "url": url, "maxConnections": 2, "maxActiveRequests": 4,
            "maxPendingRequests": 40}
    well = {"name": "well", "url": url}
    gateway = start(top={"upstreams": [well, sick]}, site={
        "upstream": "well", "models": [{"model": "never*", "upstream": "sick"}]})
    fields = [gateway.key.header, JSON_TYPE]
    with gateway.http2() as client:
        hanging = json.dumps({"model": f"never.{tag}", "messages": []}).encode()
        stuck = [client.request("POST", CHAT, fields, hanging) for _ in range(30)]
        upstream.wait_seen(f"never.{tag}")
        body = json.dumps({"model": f"plain.{tag}", "messages": []}).encode()
        for _ in range(30):
            assert client.call("POST", CHAT, fields, body).status == 200
        over = [answer for stream in stuck if (answer := client.answers[stream]).is_complete]
        assert {answer.status for answer in over} <= {503}


@pytest.mark.parametrize("speech", ["http1", "h2"])
def test_an_upstream_that_comes_and_goes_is_never_asked_twice_for_a_post(start, tag, speech):
    """It flaps: each connection ends behind a few answers. What it saw, it saw once."""
    with Upstream() as own:

        @own.on("flap")
        async def flap(exchange):
            count = sum(record.connection == exchange.record.connection for record in own.records)
            if count % 3 == 0:
                return await exchange.close()
            await exchange.respond(200, [("content-type", "application/json")], b"{}")

        gateway = start(upstream_url=f"http://{own.address}/v1", top={"workers": 1},
                        upstream={"protocol": speech})
        statuses = [gateway.chat("h1", f"flap.{tag}{n:03}").status for n in range(30)]
        assert set(statuses) == {200, 502}
        for n in range(30):
            assert len(own.seen(f"flap.{tag}{n:03}")) <= 1
        assert gateway.chat("h1", f"plain.{tag}").status == 200

"""The unmodified OpenAI SDK, sync and async: answers, streams, uploads, exceptions, retries."""

import asyncio
import io
import json
import ssl

import openai
import pytest
from openai import AsyncOpenAI, OpenAI


def options(gateway, key=None, retries=0, **http):
    """What both clients are made with; TLS is verified against the run's own authority."""
    chosen = key or gateway.key
    return {
        "base_url": gateway.url("/v1"),
        "api_key": chosen.text,
        "max_retries": retries,
        "timeout": 30,
    }, {"verify": ssl.create_default_context(cafile=gateway.ca), **http}


def sync_client(gateway, http2=False, **more):
    settings, http = options(gateway, http2=http2, **more)
    return OpenAI(**settings, http_client=openai.DefaultHttpxClient(**http))


def async_client(gateway, http2=False, **more):
    settings, http = options(gateway, http2=http2, **more)
    return AsyncOpenAI(**settings, http_client=openai.DefaultAsyncHttpxClient(**http))


MESSAGES = [{"role": "user", "content": "Hello"}]
TEXT = "One two three four."


@pytest.fixture(params=[False, True], ids=["http1", "http2"])
def client(request, house):
    with sync_client(house, http2=request.param) as made:
        yield made


@pytest.mark.wire_short
def test_a_chat_completion(client, tag):
    answer = client.chat.completions.create(model=tag, messages=MESSAGES)
    assert answer.choices[0].message.content == "Hello from the test upstream."
    assert answer.model == tag
    assert answer._request_id


@pytest.mark.wire_short
def test_a_streamed_chat_completion(client, tag):
    with client.chat.completions.create(model=tag, messages=MESSAGES, stream=True) as stream:
        parts = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(parts) == TEXT
    assert len(parts) == 5


def test_embeddings(client, tag):
    answer = client.embeddings.create(model=tag, input=["a", "b"], encoding_format="float")
    assert [entry.embedding for entry in answer.data] == [[0.25, -0.5, 1.0]] * 2


def test_the_models(client):
    assert [model.id for model in client.models.list()] == ["gpt-test", "gpt-other"]
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_a_file_upload(client, upstream, tag):
    content = (tag * 50_000).encode()
    answer = client.files.create(file=("up.jsonl", io.BytesIO(content)), purpose="batch")
    assert answer.id == "file-test"
    (record,) = upstream.seen(tag)
    assert content in bytes(record.body)


def test_a_response(client, tag):
    answer = client.responses.create(model=tag, input="Hello")
    assert answer.output_text == "Hello from the test upstream."


def test_the_async_client_does_the_same(house, tag):
    async def everything(http2):
        async with async_client(house, http2=http2) as client:
            chat = await client.chat.completions.create(model=tag, messages=MESSAGES)
            stream = await client.chat.completions.create(
                model=tag, messages=MESSAGES, stream=True
            )
            parts = [chunk.choices[0].delta.content or "" async for chunk in stream]
            vectors = await client.embeddings.create(model=tag, input="a",
                                                     encoding_format="float")
            models = [model.id async for model in client.models.list()]
            upload = await client.files.create(file=("a", b"x" * 10_000), purpose="batch")
            answer = await client.responses.create(model=tag, input="Hello")
            many = await asyncio.gather(*(
                client.chat.completions.create(model=f"{tag}-{index}", messages=MESSAGES)
                for index in range(20)
            ))
            return chat, parts, vectors, models, upload, answer, many

    for http2 in (False, True):
        chat, parts, vectors, models, upload, answer, many = asyncio.run(everything(http2))
        assert chat.choices[0].message.content == "Hello from the test upstream."
        assert "".join(parts) == TEXT
        assert len(vectors.data) == 1
        assert models == ["gpt-test", "gpt-other"]
        assert upload.bytes > 10_000
        assert answer.status == "completed"
        assert [one.model for one in many] == [f"{tag}-{index}" for index in range(20)]


# Exceptions.


def test_an_unknown_key_raises_authentication_error(house, start):
    with sync_client(house, key=start.key()) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            client.models.list()
    assert caught.value.code == "invalid_api_key"
    assert caught.value.request_id


@pytest.mark.parametrize(("who", "code"), [("suspended", "api_key_suspended"),
                                           ("revoked", "api_key_revoked")])
def test_a_key_that_is_not_active_raises_permission_denied(house, cast, who, code, tag):
    with sync_client(house, key=getattr(cast, who)) as client:
        with pytest.raises(openai.PermissionDeniedError) as caught:
            client.chat.completions.create(model=tag, messages=MESSAGES)
    assert caught.value.code == code


def test_a_model_that_is_not_allowed_raises_permission_denied(house, cast, tag):
    with sync_client(house, key=cast.picky) as client:
        with pytest.raises(openai.PermissionDeniedError) as caught:
            client.chat.completions.create(model=tag, messages=MESSAGES)
    assert caught.value.code == "model_not_allowed"


def test_an_upstream_400_raises_bad_request(client, tag):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=f"status-400.{tag}", messages=MESSAGES)
    assert caught.value.body["message"] == "upstream-secret-400"


def test_an_unknown_route_raises_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.post("/nothing/here", cast_to=object)
    assert caught.value.code == "route_not_found"


@pytest.mark.wire_short
def test_an_upstream_failure_raises_internal_server_error(client, tag):
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model=f"reset-before-head.{tag}", messages=MESSAGES)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_error")
    assert caught.value.type == "server_error"


@pytest.mark.wire_short
@pytest.mark.parametrize("fault", ["sse-drop-between", "sse-drop", "sse-reset"])
def test_a_stream_that_breaks_off_never_looks_complete(client, tag, fault):
    """Between two events the SDK delivers what came and raises APIError, because an event says so.

    Within an event the half of it has been delivered already; the SDK stumbles over its JSON.
    """
    got = []
    with pytest.raises((openai.APIError, json.JSONDecodeError)) as caught:
        with client.chat.completions.create(
            model=f"{fault}.{tag}", messages=MESSAGES, stream=True
        ) as stream:
            for chunk in stream:
                got.append(chunk.choices[0].delta.content)
    assert not isinstance(caught.value, openai.APIConnectionError)
    assert got == ["One ", "two "]
    if fault == "sse-drop-between":
        assert caught.value.code == "upstream_error"


def test_a_stream_that_breaks_off_raises_api_error_in_the_async_client_too(house, tag):
    async def read():
        async with async_client(house) as client:
            stream = await client.chat.completions.create(
                model=f"sse-drop-between.{tag}", messages=MESSAGES, stream=True
            )
            return [chunk async for chunk in stream]

    with pytest.raises(openai.APIError) as caught:
        asyncio.run(read())
    assert caught.value.code == "upstream_error"


def test_a_broken_answer_that_is_no_stream_raises_a_connection_error(client, tag):
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model=f"short-json.{tag}", messages=MESSAGES)


# Retries.


def limited(start, **limits):
    high = {"requestsPerMinute": 1_000, "requestsPerDay": 100_000}
    return start("openai", [start.key(limits={**high, **limits})])


def test_a_day_limit_is_not_retried(start, upstream, tag):
    """x-should-retry: false. The SDK gives up at once instead of sleeping."""
    gateway = limited(start, requestsPerDay=1)
    with sync_client(gateway, retries=2) as client:
        client.chat.completions.create(model=tag, messages=MESSAGES)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model=tag, messages=MESSAGES)
    assert caught.value.code == "rate_limit_exceeded"
    assert len(gateway.wait_log(lambda line: line["status"] == 429)) == 1
    assert len(upstream.seen(tag)) == 1


def test_a_minute_limit_tells_the_sdk_when_to_come_again(start, tag):
    """What the SDK would sleep is what the headers say: never more than the window."""
    gateway = limited(start, requestsPerMinute=1)
    with sync_client(gateway) as client:
        client.chat.completions.create(model=tag, messages=MESSAGES)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model=tag, messages=MESSAGES)
        response = caught.value.response
        assert client._should_retry(response)
        assert 0 < client._parse_retry_after_header(response.headers) <= 60


def test_a_502_is_retried_twice_by_the_sdk_and_never_by_the_gateway(house, upstream, tag):
    """Three calls at the upstream: the first and the SDK's own two retries."""
    with sync_client(house, retries=2) as client:
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model=f"status-500.{tag}", messages=MESSAGES)
    assert len(upstream.seen(tag)) == 3


def test_a_retry_after_a_502_succeeds(house, upstream, tag):
    seen = []
    name = "flaky-" + tag

    @upstream.on(name)
    async def flaky(exchange):
        from behaviours import openai as ordinary

        seen.append(1)
        if len(seen) == 1:
            return await exchange.reset()
        await ordinary(exchange)

    with sync_client(house, retries=2) as client:
        answer = client.chat.completions.create(model=name, messages=MESSAGES)
    assert answer.model == name
    assert len(seen) == 2


def test_an_abandoned_stream_cancels_the_upstream(house, upstream, tag):
    with sync_client(house) as client:
        stream = client.chat.completions.create(
            model=f"sse-stall.{tag}", messages=MESSAGES, stream=True
        )
        next(iter(stream))
        stream.close()
        (record,) = upstream.wait_seen(tag)
        assert record.cancelled.wait(15)

"""What the test upstream can do: OpenAI's ordinary answers, and every fault by name."""

import asyncio
import hashlib
import json

JSON = ("content-type", "application/json")
SSE = ("content-type", "text/event-stream")
BIG_BODY = bytes(range(256)) * 40_960  # 10 MiB


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def chat_answer(model, text="Hello from the test upstream."):
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 6, "total_tokens": 9},
    }


def chat_event(model, text, finish=None):
    chunk = {
        "id": "chatcmpl-test",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
    }
    return b"data: " + compact(chunk) + b"\n\n"


DONE = b"data: [DONE]\n\n"
WORDS = ("One ", "two ", "three ", "four.")


def chat_stream(model):
    """The exact bytes of an ordinary streamed answer, event by event."""
    return [*(chat_event(model, word) for word in WORDS), chat_event(model, "", "stop"), DONE]


def model_entry(name):
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "test"}


def responses_answer(model):
    text = {"type": "output_text", "text": "Hello from the test upstream.", "annotations": []}
    return {
        "id": "resp_test",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "model": model,
        "output": [
            {
                "type": "message",
                "id": "msg_test",
                "status": "completed",
                "role": "assistant",
                "content": [text],
            }
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


# OpenAI's ordinary answers.


async def openai(exchange):
    """What an OpenAI-compatible provider answers on this path."""
    record = exchange.record
    path = record.path.removeprefix("/v1")
    if record.method in ("GET", "HEAD") and path.startswith("/models/"):
        return await send_json(exchange, 200, model_entry(path.rsplit("/", 1)[-1]))
    if record.method in ("GET", "HEAD") and path == "/models":
        entries = [model_entry("gpt-test"), model_entry("gpt-other")]
        return await send_json(exchange, 200, {"object": "list", "data": entries})
    if record.method == "POST" and path == "/files":
        return await send_json(exchange, 200, file_entry(len(record.body)))
    if record.method == "POST" and "json" in (record.header("content-type") or ""):
        body = json_object(record)
        if body is not None:
            return await openai_json(exchange, path, body)
    await echo(exchange)


def json_object(record):
    """The body, if it is what a provider's endpoints take."""
    try:
        body = record.json
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def file_entry(size):
    return {
        "id": "file-test",
        "object": "file",
        "bytes": size,
        "created_at": 1_700_000_000,
        "filename": "upload.jsonl",
        "purpose": "batch",
        "status": "processed",
    }


async def openai_json(exchange, path, body):
    model = body.get("model", "none")
    if path == "/embeddings":
        inputs = body.get("input")
        count = len(inputs) if isinstance(inputs, list) else 1
        data = [
            {"object": "embedding", "index": index, "embedding": [0.25, -0.5, 1.0]}
            for index in range(count)
        ]
        usage = {"prompt_tokens": count, "total_tokens": count}
        answer = {"object": "list", "data": data, "model": model, "usage": usage}
        return await send_json(exchange, 200, answer)
    if path == "/responses":
        return await send_json(exchange, 200, responses_answer(model))
    if body.get("stream"):
        return await sse(exchange)
    if path == "/completions":
        text = {"text": "Hello.", "index": 0, "logprobs": None, "finish_reason": "stop"}
        answer = {"id": "cmpl-test", "object": "text_completion", "created": 1_700_000_000}
        return await send_json(exchange, 200, {**answer, "model": model, "choices": [text]})
    await send_json(exchange, 200, chat_answer(model))


async def send_json(exchange, status, value, fields=()):
    await exchange.respond(status, [JSON, *fields], compact(value))


async def sse(exchange):
    """A complete streamed answer, one write per event."""
    await exchange.start(200, [SSE])
    for event in chat_stream(exchange.record.json["model"]):
        await exchange.send(event)
        await asyncio.sleep(0.002)
    await exchange.end()


async def echo(exchange):
    """A description of the request: head, and the digest of its body."""
    await exchange.read_body()
    record = exchange.record
    answer = {
        "method": record.method,
        "target": record.target,
        "headers": record.fields,
        "length": len(record.body),
        "sha256": hashlib.sha256(record.body).hexdigest(),
    }
    await send_json(exchange, 200, answer)


# Answers with every kind of header.

ZOO = [
    JSON,
    ("cache-control", "max-age=7"),
    ("x-quota-allowed", "100"),
    ("x-quota-available", "42"),
    ("x-quota-reset", "2030-01-01T00:00:00Z"),
    ("x-custom", "kept by default"),
    ("openai-processing-ms", "12"),
    ("x-request-id", "upstream-id-1"),
    ("server", "secret-server/1.0"),
    ("set-cookie", "session=upstream"),
    ("alt-svc", 'h3=":443"'),
    ("via", "1.1 upstream"),
    ("access-control-allow-origin", "https://evil.example"),
    ("x-ratelimit-limit-requests", "9999"),
    ("x-ratelimit-remaining-requests", "9998"),
    ("x-should-retry", "true"),
]


async def zoo(exchange):
    await exchange.read_body()
    await exchange.respond(200, ZOO, b'{"zoo":true}')


async def zoo_sse(exchange):
    await exchange.start(200, [SSE, *ZOO[1:]])
    await exchange.send(chat_event("zoo", "one"))
    await exchange.send(DONE)
    await exchange.end()


async def hop_by_hop(exchange):
    """Connection-specific fields that must stay on this hop (HTTP/1.1 only)."""
    await exchange.raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive, x-hop\r\n"
        b"x-hop: 1\r\nkeep-alive: timeout=5\r\nproxy-authenticate: Basic\r\ntrailer: x-sum\r\n"
        b"upgrade: h2c\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\nx-sum: 9\r\n\r\n"
    )


def status(code):
    """An answer with this status; the body carries words that must not leak on a 5xx."""

    async def answer(exchange):
        await exchange.read_body()
        error = {"message": f"upstream-secret-{code}", "type": "upstream", "code": "odd"}
        fields = [("retry-after", "7")] if code in (429, 503) else []
        fields.append(("x-upstream-note", "kept"))
        await send_json(exchange, code, {"error": {**error, "param": None}}, fields)

    return answer


# Faults before the head is complete.


async def reset_before_head(exchange):
    await exchange.reset()


async def close_before_head(exchange):
    await exchange.close()


async def half_head(exchange):
    await exchange.raw(b"HTTP/1.1 200 OK\r\ncontent-ty")
    await exchange.close()


async def garbage(exchange):
    await exchange.raw(b"\x16\x03\x01 what is this? \r\n\r\n\x00\x00")
    await exchange.close()


async def never(exchange):
    """Accepts, and never answers."""
    await exchange.gone()


def raw_answer(data):
    async def answer(exchange):
        await exchange.raw(data)
        await exchange.close()

    return answer


async def interims(exchange):
    """A thousand interim responses, then a real one."""
    for _ in range(1_000):
        await exchange.interim(103, [("link", "</x>; rel=preload")])
    await send_json(exchange, 200, {"after": "interims"})


async def one_interim(exchange):
    await exchange.interim(103, [("link", "</x>; rel=preload")])
    await send_json(exchange, 200, {"after": "interim"})


async def header_bomb(exchange):
    fields = [(f"x-bomb-{index}", "b" * 1_000) for index in range(1_000)]
    await exchange.respond(200, [JSON, *fields], b"{}")


# Faults in the middle of a body.


async def short_body(exchange):
    """Promises 1,000 bytes, sends 10, closes."""
    await exchange.raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n"
        b"content-length: 1000\r\n\r\n0123456789"
    )
    await exchange.wire.flushed()
    await exchange.close()


async def short_json(exchange):
    await exchange.start(200, [JSON])
    await exchange.send(b'{"half":')
    await asyncio.sleep(0.05)
    await exchange.reset()


async def bad_chunk(exchange):
    await exchange.raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        b"4\r\n{\"a\"\r\nZZ\r\n:1}\r\n0\r\n\r\n"
    )
    await exchange.close()


async def until_close(exchange):
    """A body that ends with the connection."""
    await exchange.raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
        b'{"ends":"with the connection"}'
    )
    await exchange.wire.flushed()
    await exchange.close()


async def extra_body(exchange):
    """More bytes than Content-Length: the rest must never become somebody's response."""
    await exchange.raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{\"a\":1}"
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n"
        b'"poisoned"'
    )


def sse_fault(last, how):
    """Two whole events, then `last`, then the end in the way of `how`."""

    async def answer(exchange):
        model = exchange.record.json["model"]
        await exchange.start(200, [SSE])
        await exchange.send(chat_event(model, "One "))
        await exchange.send(chat_event(model, "two ") + last)
        await asyncio.sleep(0.05)
        await how(exchange)

    return answer


async def _close(exchange):
    await exchange.close()


async def _reset(exchange):
    await exchange.reset()


async def _bad_chunk(exchange):
    if exchange.protocol == "h2":
        return await exchange.reset()
    await exchange.raw(b"nonsense\r\n")
    await exchange.close()


async def _stall(exchange):
    await exchange.gone()


async def sse_short(exchange):
    """An SSE body with a Content-Length it does not reach."""
    event = chat_event(exchange.record.json["model"], "One ")
    head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n"
    await exchange.raw(head.encode() + event)
    await exchange.wire.flushed()
    await exchange.close()


async def sse_without_done(exchange):
    """A clean end without [DONE]: legal, and nothing may be made up."""
    await exchange.start(200, [SSE])
    await exchange.send(chat_event(exchange.record.json["model"], "One "))
    await exchange.end()


async def drip(exchange):
    """An answer byte by byte."""
    await exchange.start(200, [JSON])
    for byte in compact(chat_answer("drip")):
        await exchange.send(bytes([byte]))
        await asyncio.sleep(0.0005)
    await exchange.end()


async def big(exchange):
    await exchange.start(200, [("content-type", "application/octet-stream")])
    for offset in range(0, len(BIG_BODY), 65_536):
        await exchange.send(BIG_BODY[offset : offset + 65_536])
    await exchange.end()


# The connection's own races.


async def early_answer(exchange):
    """Answers 200 before the request body has come, and never reads it."""
    await send_json(exchange, 200, {"early": True})
    await exchange.gone()


async def early_refusal(exchange):
    """Answers 400 in the middle of the request body, says so, and closes."""
    await exchange.read_some()
    error = {"error": {"message": "early", "type": "t", "param": None, "code": "early"}}
    if exchange.protocol == "http/1.1":
        await exchange.respond(400, [JSON, ("connection", "close")], compact(error))
        await exchange.gone()
        return await exchange.close()
    await exchange.respond(400, [JSON], compact(error))


async def answer_and_close(exchange):
    """Says keep-alive, and closes right behind the answer."""
    await send_json(exchange, 200, {"then": "closed"})
    await exchange.wire.flushed()
    await exchange.close()


def _lengths(*fields):
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    return raw_answer(head + b"".join(field + b"\r\n" for field in fields) + b"\r\n{\"a\":1}")


NAMED = {
    "echo": echo,
    "sse": sse,
    "zoo": zoo,
    "zoo-sse": zoo_sse,
    "hop-by-hop": hop_by_hop,
    "reset-before-head": reset_before_head,
    "close-before-head": close_before_head,
    "half-head": half_head,
    "garbage": garbage,
    "never": never,
    "interims": interims,
    "one-interim": one_interim,
    "header-bomb": header_bomb,
    "both-lengths": raw_answer(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n"
        b"transfer-encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n"
    ),
    "two-lengths": _lengths(b"content-length: 7", b"content-length: 8"),
    "bad-length": _lengths(b"content-length: seven"),
    "negative-length": _lengths(b"content-length: -7"),
    "odd-coding": _lengths(b"transfer-encoding: gzip, chunked"),
    "obs-fold": _lengths(b"content-length: 7", b"x-a: b", b"  folded"),
    "head-nul": _lengths(b"content-length: 7", b"x-nul: a\x00b"),
    "head-space": _lengths(b"content-length : 7"),
    "bad-version": raw_answer(b"HTTP/3.7 200 OK\r\ncontent-length: 0\r\n\r\n"),
    "bad-status": raw_answer(b"HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n"),
    "low-status": raw_answer(b"HTTP/1.1 042 OK\r\ncontent-length: 0\r\n\r\n"),
    "unasked-101": raw_answer(
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
    ),
    "short-body": short_body,
    "short-json": short_json,
    "bad-chunk": bad_chunk,
    "until-close": until_close,
    "extra-body": extra_body,
    "sse-drop": sse_fault(b'data: {"choices":[{"del', _close),
    "sse-drop-between": sse_fault(b"", _close),
    "sse-drop-line": sse_fault(b'data: {"half":\n', _close),
    "sse-reset": sse_fault(b'data: {"choices', _reset),
    "sse-bad-chunk": sse_fault(b"data: {", _bad_chunk),
    "sse-stall": sse_fault(b"", _stall),
    "sse-short": sse_short,
    "sse-without-done": sse_without_done,
    "drip": drip,
    "big": big,
    "early-answer": early_answer,
    "early-refusal": early_refusal,
    "answer-and-close": answer_and_close,
}

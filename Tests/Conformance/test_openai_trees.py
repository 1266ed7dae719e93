"""The pass-through endpoints, each by the SDK's own call against answers of the real shape."""

import asyncio
import re

import pytest

from behaviours import JSON, compact, file_entry
from test_openai_sdk import async_client, sync_client
from upstream import Upstream

SOUND = bytes(range(256)) * 400
TIME = 1_700_000_000
RUN = {
    "id": "run_1", "object": "thread.run", "created_at": TIME, "assistant_id": "asst_1",
    "thread_id": "thread_1", "status": "queued", "model": "m", "instructions": "", "tools": [],
    "metadata": {}, "parallel_tool_calls": True,
}
MESSAGE = {
    "id": "msg_1", "object": "thread.message", "created_at": TIME, "thread_id": "thread_1",
    "role": "user", "metadata": {}, "attachments": [], "status": "completed",
    "content": [{"type": "text", "text": {"value": "Hi", "annotations": []}}],
}
ASSISTANT = {
    "id": "asst_1", "object": "assistant", "created_at": TIME, "model": "m", "tools": [],
    "name": "A", "description": None, "instructions": None, "metadata": {},
}
THREAD = {"id": "thread_1", "object": "thread", "created_at": TIME, "metadata": {},
          "tool_resources": None}
STORE = {
    "id": "vs_1", "object": "vector_store", "created_at": TIME, "name": "S", "usage_bytes": 0,
    "status": "completed", "last_active_at": None, "metadata": {},
    "file_counts": {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0},
}
BATCH = {
    "id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "created_at": TIME,
    "input_file_id": "file-test", "completion_window": "24h", "status": "validating",
}
JOB = {
    "id": "ftjob-1", "object": "fine_tuning.job", "created_at": TIME, "model": "m",
    "status": "queued", "training_file": "file-test", "seed": 1, "organization_id": "org",
    "hyperparameters": {}, "result_files": [],
}
UPLOAD = {
    "id": "upload_1", "object": "upload", "bytes": 4, "created_at": TIME, "filename": "a",
    "purpose": "batch", "status": "pending", "expires_at": TIME,
}
MODERATION = {"id": "modr-1", "model": "m", "results": [
    {"flagged": False, "categories": {}, "category_scores": {}, "category_applied_input_types": {}},
]}
IMAGES = {"created": TIME, "data": [{"url": "https://images.example/1"}]}


def listing(*entries):
    return {"object": "list", "data": list(entries), "has_more": False}


def deleted(name, kind):
    return {"id": name, "object": kind, "deleted": True}


ANSWERS = [
    ("POST", "/moderations", MODERATION),
    ("POST", "/audio/(transcriptions|translations)", {"text": "Hello there."}),
    ("POST", "/images/(generations|edits|variations)", IMAGES),
    ("GET", "/files", listing(file_entry(4))),
    ("POST", "/files", file_entry(4)),
    ("GET", "/files/[^/]+", file_entry(4)),
    ("DELETE", "/files/[^/]+", deleted("file-test", "file")),
    ("POST", "/uploads", UPLOAD),
    ("POST", "/uploads/[^/]+/parts", {"id": "part_1", "object": "upload.part",
                                      "created_at": TIME, "upload_id": "upload_1"}),
    ("POST", "/uploads/[^/]+/complete", {**UPLOAD, "status": "completed"}),
    ("POST", "/uploads/[^/]+/cancel", {**UPLOAD, "status": "cancelled"}),
    ("POST", "/assistants(/[^/]+)?", ASSISTANT),
    ("GET", "/assistants", listing(ASSISTANT)),
    ("GET", "/assistants/[^/]+", ASSISTANT),
    ("DELETE", "/assistants/[^/]+", deleted("asst_1", "assistant.deleted")),
    ("POST", "/threads(/[^/]+)?", THREAD),
    ("GET", "/threads/[^/]+", THREAD),
    ("DELETE", "/threads/[^/]+", deleted("thread_1", "thread.deleted")),
    ("POST", "/threads/[^/]+/messages", MESSAGE),
    ("GET", "/threads/[^/]+/messages", listing(MESSAGE)),
    ("POST", "/threads/[^/]+/runs", RUN),
    ("GET", "/threads/[^/]+/runs/[^/]+", {**RUN, "status": "completed"}),
    ("POST", "/vector_stores(/[^/]+)?", STORE),
    ("GET", "/vector_stores", listing(STORE)),
    ("DELETE", "/vector_stores/[^/]+", deleted("vs_1", "vector_store.deleted")),
    ("POST", "/batches(/[^/]+/cancel)?", BATCH),
    ("GET", "/batches", listing(BATCH)),
    ("GET", "/batches/[^/]+", BATCH),
    ("POST", "/fine_tuning/jobs(/[^/]+/cancel)?", JOB),
    ("GET", "/fine_tuning/jobs", listing(JOB)),
    ("GET", "/fine_tuning/jobs/[^/]+", JOB),
]


async def account(exchange):
    """What an account at OpenAI holds, by method and path."""
    await exchange.read_body()
    record = exchange.record
    path = record.path.removeprefix("/v1")
    if path == "/audio/speech":
        return await exchange.respond(200, [("content-type", "audio/mpeg")], SOUND)
    if path.endswith("/content"):
        return await exchange.respond(200, [("content-type", "application/octet-stream")], SOUND)
    for method, pattern, answer in ANSWERS:
        if record.method == method and re.fullmatch(pattern, path):
            return await exchange.respond(200, [JSON], compact(answer))
    await exchange.respond(404, [JSON], compact({"error": {"message": "nothing here"}}))


class Account(Upstream):
    """An upstream that answers by method and path alone."""

    def _script_of_target(self, target):
        return account


@pytest.fixture(scope="module")
def provider():
    with Account() as running:
        yield running


@pytest.fixture(scope="module", params=[False, True], ids=["http1", "http2"])
def client(request, session_starter, provider):
    gateway = session_starter("openai", upstream_url=f"http://{provider.address}/v1")
    with sync_client(gateway, http2=request.param) as made:
        yield made


def last(provider, path):
    """The latest request for `path`."""
    return [record for record in provider.records if record.path == "/v1" + path][-1]


def test_moderations(client):
    assert client.moderations.create(input="x").results[0].flagged is False


def test_speech_comes_down_byte_for_byte(client):
    answer = client.audio.speech.create(model="tts", voice="alloy", input="Hello")
    assert answer.read() == SOUND
    with client.audio.speech.with_streaming_response.create(
        model="tts", voice="alloy", input="Hello"
    ) as streamed:
        assert b"".join(streamed.iter_bytes(1_000)) == SOUND
        assert streamed.headers["content-type"] == "audio/mpeg"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["transcriptions", "translations"])
def test_sound_goes_up_byte_for_byte(client, provider, name):
    answer = getattr(client.audio, name).create(model="whisper-1", file=("a.mp3", SOUND))
    assert answer.text == "Hello there."
    assert SOUND in bytes(last(provider, f"/audio/{name}").body)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_images(client, provider):
    assert client.images.generate(model="i", prompt="x").data[0].url
    assert client.images.edit(model="i", image=("a.png", SOUND), prompt="x").data[0].url
    assert client.images.create_variation(model="i", image=("a.png", SOUND)).data[0].url
    assert SOUND in bytes(last(provider, "/images/edits").body)


def test_files(client, provider):
    assert client.files.create(file=("a", SOUND), purpose="batch").id == "file-test"
    assert SOUND in bytes(last(provider, "/files").body)
    assert [entry.id for entry in client.files.list()] == ["file-test"]
    assert client.files.retrieve("file-test").bytes == 4
    assert client.files.content("file-test").read() == SOUND
    assert client.files.delete("file-test").deleted


def test_uploads(client, provider):
    upload = client.uploads.create(bytes=4, filename="a", mime_type="text/plain", purpose="batch")
    part = client.uploads.parts.create(upload.id, data=SOUND)
    assert SOUND in bytes(last(provider, "/uploads/upload_1/parts").body)
    assert client.uploads.complete(upload.id, part_ids=[part.id]).status == "completed"
    assert client.uploads.cancel(upload.id).status == "cancelled"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_assistants_and_threads(client, provider):
    beta = client.beta
    assert beta.assistants.create(model="m").id == "asst_1"
    assert last(provider, "/assistants").header("openai-beta") == "assistants=v2"
    assert [one.id for one in beta.assistants.list()] == ["asst_1"]
    assert beta.assistants.update("asst_1", name="A").name == "A"
    thread = beta.threads.create()
    beta.threads.messages.create(thread.id, role="user", content="Hi")
    assert [one.id for one in beta.threads.messages.list(thread.id)] == ["msg_1"]
    run = beta.threads.runs.create(thread.id, assistant_id="asst_1")
    assert beta.threads.runs.retrieve(run.id, thread_id=thread.id).status == "completed"
    assert last(provider, "/threads/thread_1/runs/run_1").header("openai-beta") == "assistants=v2"
    assert beta.threads.delete(thread.id).deleted
    assert beta.assistants.delete("asst_1").deleted


def test_vector_stores(client):
    assert client.vector_stores.create(name="S").id == "vs_1"
    assert [one.id for one in client.vector_stores.list()] == ["vs_1"]
    assert client.vector_stores.update("vs_1", name="S").name == "S"
    assert client.vector_stores.delete("vs_1").deleted


def test_batches(client):
    batch = client.batches.create(
        completion_window="24h", endpoint="/v1/chat/completions", input_file_id="file-test")
    assert client.batches.retrieve(batch.id).status == "validating"
    assert [one.id for one in client.batches.list()] == ["batch_1"]
    assert client.batches.cancel(batch.id).id == "batch_1"


def test_fine_tuning(client):
    job = client.fine_tuning.jobs.create(model="m", training_file="file-test")
    assert client.fine_tuning.jobs.retrieve(job.id).status == "queued"
    assert [one.id for one in client.fine_tuning.jobs.list()] == ["ftjob-1"]
    assert client.fine_tuning.jobs.cancel(job.id).id == "ftjob-1"


def test_the_async_client_does_some_of_it_too(session_starter, provider):
    gateway = session_starter("openai", upstream_url=f"http://{provider.address}/v1")

    async def some(http2):
        async with async_client(gateway, http2=http2) as client:
            speech, text, files, store = await asyncio.gather(
                client.audio.speech.create(model="tts", voice="alloy", input="Hello"),
                client.audio.transcriptions.create(model="w", file=("a.mp3", SOUND)),
                client.files.content("file-test"),
                client.vector_stores.create(name="S"))
            return speech.content, text.text, files.content, store.id

    for http2 in (False, True):
        assert asyncio.run(some(http2)) == (SOUND, "Hello there.", SOUND, "vs_1")

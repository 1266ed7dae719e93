"""Fields that a site's requests carry upstream by the operator's wish."""

import pytest
from behaviours import JSON, compact
from upstream import Upstream

SECRET = "system-secret-77b1"


def sent(gateway, protocol, upstream, tag, fields=()):
    """What the upstream saw of a request with these fields."""
    answer = gateway.call(protocol, "GET", f"/v1/models/{tag}", fields=list(fields))
    assert answer.status == 200
    return upstream.seen(tag)[-1]


@pytest.mark.wire_short
def test_a_site_adds_replaces_and_removes_fields(start, protocol, upstream, tag):
    gateway = start(site={"requestHeaders": {
        "set": [{"name": "OpenAI-Organization", "value": "org-1"},
                {"name": "User-Agent", "value": "house/1 (a, b)"}],
        "remove": ["X-Internal-*", "openai-beta"]}})
    record = sent(gateway, protocol, upstream, tag, [
        ("OpenAI-Organization", "org-of-the-client"), ("openai-organization", "another"),
        ("User-Agent", "client"), ("X-Internal-Trace", "1"), ("x-internal-", "2"),
        ("OpenAI-Beta", "assistants=v2"), ("X-Inter", "kept"), ("X-Custom", "kept")])
    assert record.headers("openai-organization") == ["org-1"]
    assert record.headers("user-agent") == ["house/1 (a, b)"]
    for name in ("x-internal-trace", "x-internal-", "openai-beta"):
        assert record.headers(name) == []
    assert record.headers("x-inter") == record.headers("x-custom") == ["kept"]


def test_they_go_to_every_upstream_of_the_site_and_with_every_body(
    start, protocol, upstream, tag
):
    with Upstream() as second:
        places = [{"name": "a", "url": f"http://{upstream.address}/v1"},
                  {"name": "b", "url": f"http://{second.address}/v1"}]
        gateway = start(top={"upstreams": places}, site={
            "upstream": "a", "models": [{"model": "m", "as": f"status-429.{tag}",
                        "fallbacks": [{"upstream": "b", "as": tag}]}],
            "requestHeaders": {"set": [{"name": "X-House", "value": "yes"}]}})
        assert gateway.chat(protocol, "m").status == 200
        gateway.call(protocol, "POST", "/v1/files", body=b"x" * 9, fields=[("X-Tag", tag)])
        assert [record.header("x-house") for record in upstream.seen(tag)] == ["yes", "yes"]
        assert [record.header("x-house") for record in second.seen(tag)] == ["yes"]


@pytest.mark.wire_short
def test_a_secret_field_comes_from_a_file_and_goes_nowhere_else(
    start, protocol, upstream, tag, tmp_path
):
    (tmp_path / "secret").write_text(f"{SECRET}\n")

    @upstream.on(f"{tag}-echo")
    async def echo(exchange):
        await exchange.read_body()
        fields = [("X-Access-Secret", exchange.record.header("x-access-secret"))]
        await exchange.respond(200, [JSON, *fields], compact({}))

    gateway = start(site={"requestHeaders": {"set": [
        {"name": "X-Access-Secret", "file": str(tmp_path / "secret")}]}})
    answer = gateway.chat(protocol, f"{tag}-echo", fields=[("X-Access-Secret", "guess")])
    assert answer.status == 200 and answer.header("x-access-secret") is None
    (record,) = upstream.seen(f"{tag}-echo")
    assert record.headers("x-access-secret") == [SECRET]
    gateway.stop()
    outputs = gateway.log_path.read_text() + gateway.stderr.decode() + str(gateway.stdout_lines)
    assert SECRET not in outputs and "guess" not in outputs


def test_a_reload_brings_other_fields(start, protocol, upstream, tag, tmp_path):
    (tmp_path / "secret").write_text("one")
    gateway = start(site={"requestHeaders": {"set": [
        {"name": "X-Rotated", "file": str(tmp_path / "secret")}]}})
    assert sent(gateway, protocol, upstream, tag).header("x-rotated") == "one"
    (tmp_path / "secret").write_text("two")
    gateway.reload()
    assert sent(gateway, protocol, upstream, tag).header("x-rotated") == "two"

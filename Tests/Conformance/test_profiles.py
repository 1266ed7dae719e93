"""Every example under conf/ starts as it stands, and serves its callers."""

import subprocess

import pytest
import yaml
from gateway import Gateway
from settings import REPOSITORY


class Bearer:
    def __init__(self, text):
        self.header = ("Authorization", f"Bearer {text}")


@pytest.fixture
def profile(tmp_path, certs, pepper, upstream, start):
    """Starts an example on ports of the system's choosing, with the files that `make run` makes."""
    build = tmp_path / "build"
    build.mkdir()
    (build / "pepper").write_bytes(pepper)
    script = REPOSITORY / "scripts" / "make-token.sh"
    subprocess.run([str(script), "keys", str(build)], check=True)

    def begin(name, keys=()):
        for file in ("demo-keys", f"demo-keys-{name}"):
            (build / f"{file}.yaml").write_text(
                yaml.safe_dump({"keys": [key.entry for key in keys]}))
        text = (REPOSITORY / "conf" / f"{name}.yaml").read_text()
        for old, new in (("../certs/localhost.pem", str(certs.leaf)),
                         ("../certs/localhost.key", str(certs.key)), ("../build", str(build)),
                         ("127.0.0.1:8443", "127.0.0.1:0"), ("127.0.0.1:9464", "127.0.0.1:0"),
                         ("http://127.0.0.1:8081", f"http://{upstream.address}")):
            text = text.replace(old, new)
        settings = yaml.safe_load(text)
        settings["accessLog"] = {"path": str(tmp_path / "access.log")}
        settings.setdefault("metrics", {"listen": "127.0.0.1:0"})
        for place in settings["upstreams"]:
            place["credential"] = {"value": "sk-operator"}
        for rule in settings["sites"][0].get("models", []):
            for target in rule["fallbacks"]:
                if "credential" in target:
                    target["credential"] = {"value": "sk-spare"}
        gateway = Gateway(tmp_path, settings, certs.ca, None)
        gateway.start()
        start.running.append(gateway)
        return gateway

    def token(**claims):
        pairs = [f"{name}={value}" for name, value in claims.items()]
        made = subprocess.run([str(script), "token", str(build), *pairs], check=True,
                              capture_output=True, text=True)
        return Bearer(made.stdout.strip())

    begin.token = token
    return begin


def test_the_openai_and_bve_examples_serve_their_keys(profile, start, protocol, tag):
    for name in ("openai", "bve"):
        key = start.key()
        gateway = profile(name, [key])
        assert gateway.chat(protocol, tag, key=key, listener="https").status == 200
        assert gateway.chat(protocol, tag, key=None, listener="https").status == 401
        gateway.stop()


def test_the_models_example_asks_its_fallbacks(profile, start, protocol, upstream, tag):
    key = start.key()
    gateway = profile("models", [key])
    for model in ("gpt-4o", "gpt-4-turbo", "other"):
        answer = gateway.chat(protocol, model, key=key, listener="https", extra={"user": tag})
        assert answer.status == 200

    @upstream.on("gpt-4-busy")
    async def busy(exchange):
        if exchange.record.header("authorization") == "Bearer sk-operator":
            return await exchange.respond(429, [("content-type", "application/json")], b"{}")
        await exchange.respond(200, [("content-type", "application/json")], b'{"spare":true}')

    answer = gateway.chat(protocol, "gpt-4-busy", key=key, listener="https")
    assert (answer.status, answer.json) == (200, {"spare": True})
    assert {record.header("x-house") for record in upstream.seen(tag)} == {"example"}


def test_the_behest_example_serves_tokens_at_the_hosts_of_its_projects(profile, upstream, tag):
    gateway = profile("behest")
    token = profile.token(tid="acme", pid="prj-otter", uid="alice", tier="free")
    for protocol in ("h1", "h2"):
        answer = gateway.chat(protocol, tag, key=token, listener="https",
                              host="brave-otter-123.behest.localhost")
        assert answer.status == 200
        assert int(answer.header("x-ratelimit-limit-requests")) in (10, 60, 100)
        other = gateway.chat(protocol, tag, key=token, listener="https",
                             host="calm-lynx-456.behest.localhost")
        assert (other.status, other.error["code"]) == (403, "forbidden")
    assert dict(upstream.seen(tag)[0].fields)["x-end-user-id"] == "alice"


def test_the_devsphere_example_demands_the_scope_of_its_route(profile, start, protocol, tag):
    key = start.key("dvs_live_", organization="org-1", scopes=["leads:read"])
    gateway = profile("devsphere", [key])

    def ask(path, **options):
        return gateway.call(protocol, "GET", path, listener="https", **options)

    assert ask("/api/v1/leads", key=None).json == {"error": "invalid_api_key"}
    assert ask("/api/v1/invoices", key=key).json == {"error": "insufficient_scope",
                                                     "need": "invoices:read"}
    assert ask("/api/v1/leads", key=key, fields=[("X-Tag", tag)]).status == 200
    post = gateway.call(protocol, "POST", "/api/v1/leads", json_body={}, key=key,
                        listener="https")
    assert (post.status, post.json) == (404, {"error": "not_found"})

"""SIGHUP: upstreams that come, go and change, under streams that end where they began."""

import copy
import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from behaviours import DONE, chat_event
from http1_client import HTTP1Client
from test_endpoints import url, wait_told
from test_metrics import Scrape
from certificates import openssl
from test_reload import CHAT, JSON_TYPE, REFUSED, changed, connections, statuses
from upstream import Upstream


@pytest.fixture
def pair():
    """Two upstreams of this test's own."""
    with Upstream() as first, Upstream() as second:
        yield [first, second]


def moved(gateway, **upstream):
    """The settings with others for the first upstream."""
    settings = copy.deepcopy(gateway.settings)
    settings["upstreams"][0].update(upstream)
    return settings


def wait_deserted(upstream, deadline=15):
    """Waits until nobody is connected to the upstream."""
    end = time.monotonic() + deadline
    while upstream.open_connections:
        assert time.monotonic() < end, f"{upstream.open_connections} connections"
        time.sleep(0.005)


@pytest.mark.wire_short
@pytest.mark.parametrize("spoken", ["http1", "h2"])
def test_streams_end_at_the_old_upstream_and_all_else_goes_to_the_new_one(
    start, pair, tag, spoken
):
    old, new = pair
    gate = threading.Event()
    parts = [chat_event("m", f"part {number} ") for number in range(3)] + [DONE]

    @old.on("moving-" + tag)
    async def script(exchange):
        await exchange.start(200, [("content-type", "text/event-stream")])
        await exchange.send(parts[0])
        await exchange.hold(gate)
        for part in parts[1:]:
            await exchange.send(part)
        await exchange.end()

    gateway = start(upstream={"url": url(old.port), "protocol": spoken})
    clients = connections(gateway)
    assert statuses(clients, gateway.key) == {200}
    body = json.dumps({"model": "moving-" + tag, "messages": [], "stream": True}).encode()

    def stream(number):
        with gateway.http1() if number % 2 else gateway.http2() as client:
            return client.call("POST", CHAT, [gateway.key.header, JSON_TYPE], body).body

    with ThreadPoolExecutor(10) as pool:
        streams = [pool.submit(stream, number) for number in range(10)]
        old.wait_seen("moving-" + tag, count=10)
        before = len(old.records)
        gateway.reload(moved(gateway, url=url(new.port), protocol="auto"))
        assert statuses(clients, gateway.key) == {200}
        assert statuses(connections(gateway), gateway.key) == {200}
        gate.set()
        assert {one.result() for one in streams} == {b"".join(parts)}
    assert len(old.records) == before and len(new.records) == 16
    wait_deserted(old)
    assert not any(line.get("error") for line in gateway.wait_log(lambda line: True, count=34))


def test_an_upstream_that_is_added_serves_and_is_measured_until_it_is_removed(start, pair, tag):
    gateway = start(upstream={"url": url(pair[0].port)})
    fresh = start.key()
    original = copy.deepcopy(gateway.settings)
    settings = copy.deepcopy(gateway.settings)
    # In front, so that every place in the list is another one.
    settings["upstreams"].insert(0, {"name": "fresh", "url": url(pair[1].port)})
    settings["sites"].append({
        **settings["sites"][0], "name": "fresh", "hosts": ["fresh.test"], "upstream": "fresh",
        "keys": [fresh.entry]})
    gateway.reload(settings)
    clients = connections(gateway)

    def ask(key, host):
        statuses = set()
        for client in clients:
            named = {"host" if isinstance(client, HTTP1Client) else "authority": host}
            answer = client.call("GET", f"/v1/models/{tag}", [key.header], **named)
            statuses.add(answer.status)
        return statuses

    assert ask(fresh, "fresh.test") == {200}
    assert ask(gateway.key, "localhost") == {200}
    assert [len(upstream.seen(tag)) for upstream in pair] == [8, 8]
    named = {"upstream": "fresh", "state": "idle"}
    assert Scrape(gateway).sum("gatehouse_upstream_connections", **named) > 0
    gateway.reload(original)
    wait_deserted(pair[1])
    assert ask(gateway.key, "localhost") == {200}
    for _ in range(2_000):
        page = Scrape(gateway)
        held = page.sum("gatehouse_upstream_connections", upstream="fresh")
        if held == page.sum("gatehouse_upstream_endpoints", upstream="fresh") == 0:
            break
    else:
        raise AssertionError("the metrics still know connections of an upstream that has gone")


def test_an_upstream_that_stays_keeps_its_connections(start, tag, certs):
    with Upstream(tls=certs.pair) as upstream:
        gateway = start(top={"workers": 1}, upstream={
            "url": f"https://localhost:{upstream.port}/v1", "caFile": str(certs.ca)})
        for count in range(5):
            assert gateway.chat("h2", tag).status == 200
            gateway.reload(changed(gateway, keys=[gateway.key.entry, start.key().entry]))
        assert upstream.connections == 1


def test_another_authority_in_the_same_file_is_believed_from_now_on(start, certs, tmp_path):
    authority, other = tmp_path / "ca.pem", tmp_path / "other.pem"
    shutil.copy(certs.ca, authority)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=other", "-keyout", tmp_path / "other.key", "-out", other)
    with Upstream(tls=certs.pair) as upstream:
        gateway = start(upstream={
            "url": f"https://localhost:{upstream.port}/v1", "caFile": str(authority)})
        clients = connections(gateway)
        assert statuses(clients, gateway.key) == {200}
        shutil.copy(other, authority)
        gateway.reload()
        assert statuses(clients, gateway.key) == {502}
        shutil.copy(certs.ca, authority)
        gateway.reload()
        assert statuses(clients, gateway.key) == {200}


def test_another_credential_in_its_file_is_sent_from_now_on(start, upstream, tag, tmp_path):
    secret = tmp_path / "operator"
    secret.write_text("sk-operator-old")
    secret.chmod(0o600)
    gateway = start(upstream={"credential": {"file": str(secret)}})
    assert gateway.chat("h2", tag + ".a").status == 200
    secret.write_text("sk-operator-new")
    gateway.reload()
    for protocol in ("h1", "h2") * 3:
        assert gateway.chat(protocol, tag + ".b").status == 200
    assert upstream.seen(tag + ".a")[0].header("authorization") == "Bearer sk-operator-old"
    sent = {record.header("authorization") for record in upstream.seen(tag + ".b")}
    assert sent == {"Bearer sk-operator-new"}


def missing_authority(gateway, directory):
    return moved(gateway, caFile=str(directory / "gone.pem")), f"{directory / 'gone.pem'}: "


def empty_authority(gateway, directory):
    (directory / "empty.pem").write_text("")
    return moved(gateway, caFile=str(directory / "empty.pem")), f"{directory / 'empty.pem'}: "


def missing_credential(gateway, directory):
    return (moved(gateway, credential={"file": str(directory / "gone")}),
            f"{directory / 'gone'}: no such file")


def two_schemes(gateway, directory):
    ends = [{"url": "http://127.0.0.1:9/v1"}, {"url": "https://127.0.0.1:9/v1"}]
    return moved(gateway, url=None, endpoints=ends), "gatehouse.yaml:"


@pytest.mark.parametrize("fault", [
    missing_authority, empty_authority, missing_credential, two_schemes,
], ids=lambda fault: fault.__name__)
def test_an_upstream_that_cannot_be_made_leaves_the_old_in_force(
    start, certs, tmp_path, tag, fault
):
    with Upstream(tls=certs.pair) as upstream:
        gateway = start(upstream={
            "url": f"https://localhost:{upstream.port}/v1", "caFile": str(certs.ca)})
        assert statuses(connections(gateway), gateway.key) == {200}
        settings, message = fault(gateway, tmp_path)
        assert message in gateway.reload(settings, ending=REFUSED)
        assert gateway.chat("h2", tag).status == 200
        assert statuses(connections(gateway), gateway.key) == {200}


def test_checks_follow_the_upstream(start, pair, tag):
    first, second = pair
    path = f"/check-{tag}"

    for upstream, status in ((first, 200), (second, 500)):

        @upstream.on(f"check-{tag}")
        async def check(exchange, status=status):
            await exchange.respond(status, body=b"{}")

    ends = [{"url": url(one.port)} for one in pair]
    gateway = start(upstream={"url": None, "endpoints": ends}, top={"workers": 1})

    def ask(name):
        for _ in range(20):
            assert gateway.chat("h2", f"{tag}.{name}").status == 200
        return [len(one.seen(f"{tag}.{name}")) for one in pair]

    assert min(ask("a")) > 0
    check = {"path": path, "intervalSeconds": 2, "timeoutSeconds": 2, "unhealthyAfter": 1}
    gateway.reload(moved(gateway, healthCheck=check))
    wait_told(gateway, "is unhealthy")
    assert ask("b") == [20, 0]
    # Other weights, the same judgement.
    weighted = [{"url": url(one.port), "weight": weight} for one, weight in zip(pair, (1, 9))]
    gateway.reload(moved(gateway, healthCheck=check, endpoints=weighted))
    assert ask("c") == [20, 0]
    gateway.reload(moved(gateway, endpoints=weighted))
    assert min(ask("d")) > 0


def test_a_name_that_does_not_resolve_is_told_and_costs_the_others_nothing(start, pair, tag):
    gateway = start(upstream={"url": url(pair[0].port)})
    said = gateway.reload(moved(gateway, url="http://nowhere.invalid/v1"))
    assert "warning: " in said and "nowhere.invalid" in said
    assert gateway.chat("h2", tag).status == 502
    gateway.reload(moved(gateway, url=url(pair[1].port, host="localhost")))
    assert gateway.chat("h2", tag).status == 200
    assert len(pair[1].seen(tag)) == 1


def test_bounds_of_an_upstream_change_without_a_restart(start, pair, tag):
    """At one active request the second is refused; at two it is served."""
    gate = threading.Event()

    @pair[0].on("held-" + tag)
    async def held(exchange):
        await exchange.hold(gate)
        await exchange.respond(200, body=b"{}")

    gateway = start(upstream={"url": url(pair[0].port), "maxActiveRequests": 1,
                              "maxPendingRequests": 1}, top={"workers": 1})
    target = f"/v1/models/x?mode=held-{tag}"
    with gateway.http2() as client, ThreadPoolExecutor(2) as pool:
        for bound, expected in ((1, 503), (3, 200)):
            gate.clear()
            gateway.reload(moved(gateway, maxActiveRequests=bound))
            before = len(pair[0].seen("held-" + tag))
            first = pool.submit(gateway.call, "h2", "GET", target)
            pair[0].wait_seen("held-" + tag, count=before + 1)
            assert client.call("GET", "/v1/models", [gateway.key.header]).status == expected
            gate.set()
            assert first.result().status == 200

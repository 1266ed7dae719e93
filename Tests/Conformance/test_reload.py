"""SIGHUP: another configuration, whole or not at all, under requests that never notice."""

import copy
import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from behaviours import DONE, chat_event
from certificates import Pair
from settings import dump
from test_metrics import Deltas, Scrape

CHAT = "/v1/chat/completions"
JSON_TYPE = ("Content-Type", "application/json")
REFUSED = "not reloaded: the configuration before stays in force"


def changed(gateway, **site):
    """The settings with others for the first site."""
    settings = copy.deepcopy(gateway.settings)
    settings["sites"][0].update(site)
    return settings


def entry(key, **changes):
    return {**key.entry, **changes}


def connections(gateway):
    """Open ones of both versions: enough that every worker has some."""
    return [gateway.http1() if number % 2 else gateway.http2() for number in range(8)]


def statuses(clients, key, path="/v1/models"):
    return {client.call("GET", path, [key.header]).status for client in clients}


@pytest.fixture
def pair(tmp_path, certs):
    return Pair(tmp_path, certs)


# What changes.


@pytest.mark.wire_short
def test_a_revoked_key_is_refused_from_the_next_request_on(start):
    gateway = start()
    clients = connections(gateway)
    assert statuses(clients, gateway.key) == {200}
    gateway.reload(changed(gateway, keys=[entry(gateway.key, status="revoked")]))
    assert statuses(clients, gateway.key) == {403}
    assert statuses(connections(gateway), gateway.key) == {403}


def test_a_key_that_is_added_is_known_to_every_worker(start):
    gateway = start()
    fresh = start.key()
    clients = connections(gateway)
    assert statuses(clients, fresh) == {401}
    gateway.reload(changed(gateway, keys=[gateway.key.entry, fresh.entry]))
    assert statuses(clients, fresh) == {200}
    assert statuses(clients, gateway.key) == {200}


def test_a_file_of_keys_is_read_again(start, tmp_path):
    keys = [start.key(), start.key()]
    file = tmp_path / "keys.yaml"
    file.write_text(dump({"keys": [key.entry for key in keys]}))
    gateway = start(keys=keys, site={"keys": [], "keysFile": str(file)})
    clients = connections(gateway)
    assert [statuses(clients, key) for key in keys] == [{200}, {200}]
    file.write_text(dump({"keys": [keys[1].entry]}))
    gateway.reload()
    assert [statuses(clients, key) for key in keys] == [{401}, {200}]


def test_a_changed_limit_goes_on_from_what_was_counted(start, protocol, tag):
    gateway = start("bve", [start.key(limits={"requestsPerDay": 3})])

    def limit(count):
        gateway.reload(
            changed(gateway, keys=[entry(gateway.key, limits={"requestsPerDay": count})]))

    def ask(count):
        return [gateway.chat(protocol, tag).status for _ in range(count)]

    assert ask(2) == [200, 200]
    limit(2)
    assert ask(1) == [429]
    limit(4)
    assert ask(3) == [200, 200, 429]


def test_a_route_and_a_site_that_are_added_are_served_and_measured(start):
    gateway = start()
    fresh = start.key()
    path = "/v1/fresh"
    with gateway.http2() as client:
        assert client.call("GET", path, [gateway.key.header]).status == 404
        settings = changed(gateway)
        added = [{"methods": ["GET"], "path": path, "body": "none"}]
        settings["sites"][0]["routes"] = {"preset": "openai", "add": added}
        other = {**settings["sites"][0], "name": "other", "hosts": ["other.test"],
                 "keys": [fresh.entry]}
        settings["sites"].append(other)
        gateway.reload(settings)
        assert client.call("GET", path, [gateway.key.header]).status == 200
        assert client.call("GET", path, [fresh.header], authority="other.test").status == 200
    gateway.wait_log(lambda line: line.get("route") == path, count=2)
    page = Scrape(gateway)
    for site in ("openai", "other"):
        name = "http_server_request_duration_seconds_count"
        assert page.sum(name, site=site, http_route=path, http_response_status_code="200") == 1


def test_a_timeout_that_changed_holds_for_what_comes_next(start):
    gateway = start()
    gateway.reload({**gateway.settings, "timeouts": {"requestHeadSeconds": 0.2}})
    with gateway.http1("clear") as client:
        client.send(b"GET /health HTTP/1.1\r\nHost")
        assert client.answer().status == 408


# Certificates.


@pytest.mark.wire_short
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_new_certificate_is_for_new_connections_and_old_sessions_are_resumed(
    start, pair, version
):
    gateway = start(top={"listeners": [pair.listener()]})
    context = ssl.create_default_context(cafile=gateway.ca)
    context.minimum_version = context.maximum_version = version
    before = pair.served
    with gateway.http1(context=context) as old:
        assert old.call("GET", "/health").status == 200
        assert old.socket.getpeercert(True) == before
        pair.issue()
        gateway.reload()
        assert pair.served != before
        assert old.call("GET", "/health").status == 200
        for _ in range(4):
            with gateway.http1() as new:
                assert new.socket.getpeercert(True) == pair.served
                assert new.call("GET", "/health").status == 200
            with gateway.http1(context=context, session=old.socket.session) as resumed:
                assert resumed.socket.session_reused
                assert resumed.call("GET", "/health").status == 200


# What is refused.


def problem_in_yaml(gateway, pair):
    return dump(gateway.settings) + "sites: [\n", "gatehouse.yaml:"


def unknown_setting(gateway, pair):
    text = "wrkers: 2\n" + dump(gateway.settings)
    return text, "gatehouse.yaml:1:1: "


def a_key_twice(gateway, pair):
    twice = [gateway.key.entry, entry(gateway.key, id="again")]
    return changed(gateway, keys=twice), "is taken"


def missing_keys_file(gateway, pair):
    return changed(gateway, keysFile="/nowhere/keys.yaml"), "/nowhere/keys.yaml"


def expired_certificate(gateway, pair):
    pair.issue(start=-9, end=-2)
    return gateway.settings, f"{pair.certificate}: the certificate expired on "


def future_certificate(gateway, pair):
    pair.issue(start=1, end=2)
    return gateway.settings, f"{pair.certificate}: the certificate is not valid before "


def mismatched_certificate(gateway, pair):
    pair.issue(key=pair.key.with_suffix(".other"))
    return gateway.settings, f"{pair.key}: not the private key of {pair.certificate}"


def unreadable_key(gateway, pair):
    pair.key.rename(pair.key.with_suffix(".gone"))
    return gateway.settings, f"{pair.key}: "


def empty_certificate(gateway, pair):
    pair.certificate.write_text("")
    return gateway.settings, f"{pair.certificate}: not a certificate chain in PEM"


def changed_address(gateway, pair):
    settings = copy.deepcopy(gateway.settings)
    settings["listeners"][0]["address"] = "127.0.0.2:0"
    return settings, "the addresses of listeners changed, which takes a restart"


def changed_workers(gateway, pair):
    return {**gateway.settings, "workers": 3}, "workers changed, which takes a restart"


def changed_meters(gateway, pair):
    limits = {**gateway.settings.get("limits", {}), "meters": 5_000}
    return {**gateway.settings, "limits": limits}, "limits.meters changed, which takes a restart"


def changed_metrics(gateway, pair):
    return {**gateway.settings, "metrics": {"listen": "off"}}, "metrics changed, which takes a"


@pytest.mark.parametrize("fault", [
    problem_in_yaml, unknown_setting, a_key_twice, missing_keys_file, expired_certificate,
    future_certificate, mismatched_certificate, unreadable_key, empty_certificate,
    changed_address, changed_workers, changed_meters, changed_metrics,
], ids=lambda fault: fault.__name__)
def test_what_cannot_be_put_in_force_leaves_the_old_in_force_and_is_told(start, pair, fault):
    gateway = start(top={"listeners": [pair.listener()]})
    served, key, original = pair.served, gateway.key, pair.key.read_bytes()
    counted = Deltas(gateway)
    settings, message = fault(gateway, pair)
    if isinstance(settings, dict):
        # Beside the fault, something that would be noticed.
        settings = copy.deepcopy(settings)
        settings["sites"][0]["keys"][0]["status"] = "revoked"
    said = gateway.reload(settings, ending=REFUSED)
    assert message in said
    assert said.startswith(f"{gateway.config}:")
    assert statuses(connections(gateway), key) == {200}
    with gateway.http1() as client:
        assert client.socket.getpeercert(True) == served
    assert counted.of("gatehouse_config_reloads_total", result="failed") == 1
    # And what is mended is taken.
    pair.key.write_bytes(original)
    pair.issue()
    gateway.reload(gateway.settings)
    assert counted.of("gatehouse_config_reloads_total", result="ok") == 1
    assert counted.of("gatehouse_config_last_reload_success_timestamp_seconds") >= 0
    with gateway.http1() as client:
        assert client.socket.getpeercert(True) == pair.served


def test_a_configuration_that_has_gone_leaves_the_old_in_force(start):
    gateway = start()
    gateway.config.unlink()
    said = gateway.reload(ending=REFUSED)
    assert "gatehouse.yaml: " in said
    assert gateway.chat("h2", "gpt-test").status == 200


# Under load.


@pytest.mark.wire_short
def test_reloads_break_no_stream_and_fail_no_request(start, pair, upstream, tag):
    """Twenty reloads, each with another certificate and another key, while twenty streams run and
    requests of both versions come on old and on new connections."""
    gateway = start(top={"listeners": [pair.listener()]})
    parts = [chat_event("m", f"part {number} ") for number in range(20)] + [DONE]
    gates = [threading.Event() for _ in range(20)]

    @upstream.on("reload-" + tag)
    async def script(exchange):
        await exchange.start(200, [("content-type", "text/event-stream")])
        for part, gate in zip(parts, gates, strict=False):
            await exchange.send(part)
            await exchange.hold(gate)
        await exchange.send(parts[-1])
        await exchange.end()

    body = json.dumps({"model": "reload-" + tag, "messages": [], "stream": True}).encode()
    fields = [gateway.key.header, JSON_TYPE]

    def stream(number):
        with gateway.http1() if number % 2 else gateway.http2() as client:
            return client.call("POST", CHAT, fields, body).body

    is_over = threading.Event()

    def work(protocol):
        count = 0
        with gateway.http1() if protocol == "h1" else gateway.http2() as client:
            while not is_over.is_set():
                assert client.call("GET", "/v1/models", [gateway.key.header]).status == 200
                assert gateway.call(protocol, "GET", "/v1/models").status == 200
                count += 2
        return count

    with ThreadPoolExecutor(24) as pool:
        streams = [pool.submit(stream, number) for number in range(20)]
        others = [pool.submit(work, name) for name in ("h1", "h2", "h1", "h2")]
        upstream.wait_seen("reload-" + tag, count=20)
        try:
            for gate in gates:
                pair.issue()
                gateway.reload(
                    changed(gateway, keys=[gateway.key.entry, start.key().entry]))
                gate.set()
        finally:
            is_over.set()
            for gate in gates:
                gate.set()
        assert {one.result() for one in streams} == {b"".join(parts)}
        assert all(one.result() > 0 for one in others)

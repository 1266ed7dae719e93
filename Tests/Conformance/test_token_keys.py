"""The keys of token issuers: where they are read from, and what a source that misbehaves changes."""

import json
import threading
import time

import pytest

from key_server import (KeyServer, SigningKey, broken_off, key_set, nonsense, oversized, redirect,
                        silent, trickling)
from test_metrics import Scrape

ISSUER = "https://issuer.example"


@pytest.fixture
def server():
    with KeyServer() as running:
        yield running


@pytest.fixture
def release():
    """Set when the test is over: what hangs for it ends."""
    event = threading.Event()
    yield event
    event.set()


def issuer(**settings):
    base = {"name": "main", "issuers": [ISSUER], "audiences": ["gatehouse"], "refreshSeconds": 1,
            "unknownKidSeconds": 1}
    return {"tokenIssuers": [{**base, **settings}]}


def keys_of(gateway):
    return Scrape(gateway).sum("gatehouse_token_keys", issuer="main")


def readings(gateway, result):
    return Scrape(gateway).sum(
        "gatehouse_token_keys_readings_total", issuer="main", result=result)


def read_at(gateway):
    return Scrape(gateway).sum(
        "gatehouse_token_keys_last_success_timestamp_seconds", issuer="main")


def eventually(is_so, deadline=30):
    """Waits for what must come about; nothing is concluded from how long it took."""
    end = time.monotonic() + deadline
    while not is_so():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)


def test_a_key_set_is_fetched_and_fetched_again(start, server):
    server.answers["/jwks?v=1"] = key_set(SigningKey())
    gateway = start(top=issuer(jwksUrl=server.url("/jwks?v=1")))
    eventually(lambda: keys_of(gateway) == 1)
    path, fields = server.requests[0]
    assert path == "/jwks?v=1"
    assert fields["host"] == f"localhost:{server.server.server_port}"
    assert "authorization" not in fields
    server.answers["/jwks?v=1"] = key_set(SigningKey(), SigningKey("EdDSA", kid="key-2"))
    eventually(lambda: keys_of(gateway) == 2)
    assert read_at(gateway) > 1_700_000_000


def test_a_key_set_comes_over_tls_from_a_host_that_proves_its_name(start, certs):
    with KeyServer(certs) as server:
        server.answers["/jwks"] = key_set(SigningKey("RS256"))
        good = start(top=issuer(jwksUrl=server.url(), caFile=str(certs.ca)))
        eventually(lambda: keys_of(good) == 1)
        stranger = start(top=issuer(jwksUrl=server.url()))
        eventually(lambda: readings(stranger, "failed") > 0)
        assert keys_of(stranger) == 0
        eventually(lambda: b"token issuer main: no keys" in stranger.stderr)


@pytest.mark.parametrize("lie", [oversized, redirect, broken_off, nonsense, None],
                         ids=["oversized", "redirect", "broken-off", "nonsense", "missing"])
def test_the_last_good_keys_stay_while_the_source_fails(start, server, lie):
    server.answers["/jwks"] = key_set(SigningKey())
    server.answers["/elsewhere"] = key_set()
    gateway = start(top=issuer(jwksUrl=server.url()))
    eventually(lambda: keys_of(gateway) == 1)
    server.answers["/jwks"] = lie
    failures = readings(gateway, "failed")
    eventually(lambda: readings(gateway, "failed") > failures)
    assert keys_of(gateway) == 1
    eventually(lambda: b"the last ones stay in force" in gateway.stderr)
    assert all(path == "/jwks" for path, _ in server.requests)
    server.answers["/jwks"] = key_set(SigningKey(), SigningKey(kid="key-2"))
    eventually(lambda: keys_of(gateway) == 2)
    eventually(lambda: b"the keys can be read again" in gateway.stderr)


@pytest.mark.parametrize("behaviour", [silent, trickling])
def test_a_source_that_hangs_holds_up_neither_requests_nor_the_end(start, server, release,
                                                                   behaviour):
    server.answers["/jwks"] = behaviour(release)
    gateway = start(top=issuer(jwksUrl=server.url(), timeoutSeconds=0.2))
    server.wait_for_requests(2)
    eventually(lambda: b"the time is over" in gateway.stderr)
    assert gateway.chat("h1", "gpt-4o").status == 200
    patient = start(top=issuer(jwksUrl=server.url(), timeoutSeconds=60))
    server.wait_for_requests(len(server.requests) + 1)
    patient.stop()


def test_one_issuer_does_not_wait_for_another(start, server, release):
    server.answers["/hanging"] = silent(release)
    server.answers["/jwks"] = key_set(SigningKey())
    first = issuer(name="hanging", jwksUrl=server.url("/hanging"), timeoutSeconds=60)
    second = issuer(jwksUrl=server.url())
    gateway = start(top={"tokenIssuers": first["tokenIssuers"] + second["tokenIssuers"]})
    eventually(lambda: keys_of(gateway) == 1)


def test_an_empty_set_revokes_every_key(start, server):
    server.answers["/jwks"] = key_set(SigningKey())
    gateway = start(top=issuer(jwksUrl=server.url()))
    eventually(lambda: keys_of(gateway) == 1)
    server.answers["/jwks"] = key_set()
    eventually(lambda: keys_of(gateway) == 0)
    eventually(lambda: b"0 keys can verify tokens" in gateway.stderr)


def test_discovery_says_where_the_keys_are(start, server):
    place = "/.well-known/openid-configuration"
    server.answers["/keys"] = key_set(SigningKey("ES384"))
    server.answers[place] = {"issuer": ISSUER, "jwks_uri": server.url("/keys")}
    gateway = start(top=issuer(discoveryUrl=server.url(place)))
    eventually(lambda: keys_of(gateway) == 1)
    server.answers[place] = {"issuer": ISSUER + "/other", "jwks_uri": server.url("/evil")}
    eventually(lambda: b"is about another issuer" in gateway.stderr)
    assert keys_of(gateway) == 1
    assert not any(path == "/evil" for path, _ in server.requests)


def test_discovery_over_tls_leads_to_no_keys_in_cleartext(start, certs, server):
    with KeyServer(certs) as discovery:
        discovery.answers["/d"] = {"issuer": ISSUER, "jwks_uri": server.url()}
        gateway = start(top=issuer(discoveryUrl=discovery.url("/d"), caFile=str(certs.ca)))
        eventually(lambda: b"jwks_uri is no URL to trust" in gateway.stderr)
        assert server.requests == []


def test_a_file_of_keys_is_read_at_the_start_and_when_it_changes(start, tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(key_set(SigningKey("RS256"), SigningKey(kid="key-2"))))
    gateway = start(top=issuer(jwksFile=str(path)))
    assert keys_of(gateway) == 2
    path.write_text(json.dumps(key_set(SigningKey("EdDSA"))))
    eventually(lambda: keys_of(gateway) == 1)
    path.write_text("{")
    eventually(lambda: readings(gateway, "failed") > 0)
    assert keys_of(gateway) == 1


def test_a_file_without_keys_prevents_the_start(start, tmp_path):
    path = tmp_path / "keys.json"
    path.write_text('{"keys": 1}')
    with pytest.raises(AssertionError, match="is not a JSON object with a list of keys"):
        start(top=issuer(jwksFile=str(path)))

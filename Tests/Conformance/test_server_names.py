"""Several certificates at one listener, chosen by the server name that the client asks for."""

import socket
import ssl

import pytest

from certificates import Pair
from settings import dump
from test_command_line import run

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
API = "DNS:api.test, DNS:*.apps.test"


@pytest.fixture
def pairs(tmp_path, certs):
    """The listener's own certificate, and two for other names."""
    return [Pair(tmp_path, certs), Pair(tmp_path, certs, "api", API),
            Pair(tmp_path, certs, "other", "DNS:other.test, DNS:a.apps.test")]


def served(gateway, name, version=ssl.TLSVersion.TLSv1_3):
    """The certificate that a client gets who asks for `name`."""
    context = ssl.create_default_context(cafile=gateway.ca)
    context.check_hostname = False
    context.minimum_version = context.maximum_version = version
    target = gateway.listeners["tls"]
    with socket.create_connection((target.host, target.port), 20) as raw:
        with context.wrap_socket(raw, server_hostname=name) as secured:
            secured.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert secured.recv(4096).startswith(b"HTTP/1.1 200")
            return secured.getpeercert(True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_server_name_chooses_the_certificate(start, pairs, version):
    first, api, other = pairs
    gateway = start(top={"listeners": [first.listener(api, other)]})
    wanted = {
        "localhost": first, "api.test": api, "API.Test": api, "b.apps.test": api,
        "other.test": other,
        # The exact name goes before the wildcard.
        "a.apps.test": other,
        # A wildcard stands for one label, whole.
        "apps.test": first, "x.b.apps.test": first, "xapps.test": first,
        "unknown.test": first, None: first,
    }
    for name, pair in wanted.items():
        assert served(gateway, name, version) == pair.served, name


def test_the_chosen_certificate_verifies_for_its_name(start, pairs):
    gateway = start(top={"listeners": [pairs[0].listener(*pairs[1:])]})
    context = ssl.create_default_context(cafile=gateway.ca)
    target = gateway.listeners["tls"]
    for name in ("localhost", "api.test", "b.apps.test", "other.test"):
        with socket.create_connection((target.host, target.port), 20) as raw:
            with context.wrap_socket(raw, server_hostname=name) as secured:
                assert secured.version() == "TLSv1.3"


def test_a_reload_renews_every_certificate(start, pairs):
    first, api, other = pairs
    gateway = start(top={"listeners": [first.listener(api, other)]})
    before = [pair.served for pair in pairs]
    names = ("localhost", "api.test", "other.test")
    api.issue()
    gateway.reload()
    assert [served(gateway, name) for name in names] == [before[0], api.served, before[2]]
    other.issue(start=-9, end=-2)
    said = gateway.reload(ending="not reloaded: the configuration before stays in force")
    assert f"{other.certificate}: the certificate expired on " in said
    assert [served(gateway, name) for name in names] == [before[0], api.served, before[2]]
    settings = {**gateway.settings, "listeners": [first.listener(api)]}
    gateway.reload(settings)
    assert [served(gateway, name) for name in names] == [before[0], api.served, before[0]]


def expired(pair):
    pair.issue(start=-9, end=-2)
    return f"{pair.certificate}: the certificate expired on "


def early(pair):
    pair.issue(start=1, end=2)
    return f"{pair.certificate}: the certificate is not valid before "


def mismatched(pair):
    pair.issue(key=pair.key.with_suffix(".other"))
    return f"{pair.key}: not the private key of {pair.certificate}"


def nameless(pair):
    pair.names = ""
    pair.issue()
    return f"{pair.certificate}: no server name selects it, as it has no DNS name"


def shadowed(pair):
    pair.names = "DNS:localhost"
    pair.issue()
    return f"{pair.certificate}: no server name selects it, as those before it have all its names"


def gone(pair):
    pair.certificate.unlink()
    return f"cannot read {pair.certificate}"


@pytest.mark.parametrize("fault", [expired, early, mismatched, nameless, shadowed, gone])
def test_check_says_which_certificate_is_wrong_and_why(start, tmp_path, pairs, fault):
    message = fault(pairs[2])
    listener = pairs[0].listener(*pairs[1:])
    config = tmp_path / "gatehouse.yaml"
    config.write_text(dump(start.settings(directory=tmp_path, top={"listeners": [listener]})))
    result = run("check", "--config", str(config))
    assert result.returncode != 0
    assert message in result.stderr

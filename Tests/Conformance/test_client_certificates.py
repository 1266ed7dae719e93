"""Listeners that ask for certificates, or require them."""

import ssl
import subprocess

import pytest

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def clients(tmp_path_factory, certs):
    """Certificates of clients with their keys: `known` to the gateway's authority, `other` not."""
    directory = tmp_path_factory.mktemp("clients")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    known = directory / "known.pem", directory / "known.key"
    request = directory / "known.csr"
    openssl("req", "-new", *curve, "-subj", "/CN=known", "-keyout", known[1], "-out", request)
    openssl("x509", "-req", "-in", request, "-days", 2, "-CA", certs.ca,
            "-CAkey", certs.directory / "ca.key", "-set_serial", 77, "-out", known[0])
    other = directory / "other.pem", directory / "other.key"
    openssl("req", "-x509", *curve, "-days", 2, "-subj", "/CN=other", "-keyout", other[1],
            "-out", other[0])
    return {"known": known, "other": other, "none": None}


def asking(start, certs, rule):
    tls = {"certificateFile": str(certs.leaf), "keyFile": str(certs.key),
           "clientCertificates": rule, "clientCAFile": str(certs.ca)}
    return start(top={"listeners": [{"name": "tls", "address": "127.0.0.1:0", "tls": tls}]})


def status(gateway, pair, version):
    """How /health is answered to a client with this certificate."""
    context = ssl.create_default_context(cafile=gateway.ca)
    context.minimum_version = context.maximum_version = version
    if pair:
        context.load_cert_chain(*pair)
    # With TLS 1.3 the refusal comes behind the client's end of the handshake.
    with gateway.http1(context=context) as client:
        return client.call("GET", "/health").status


@pytest.mark.wire_short
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("rule", ["request", "require"])
def test_a_client_certificate_has_to_verify(start, certs, clients, rule, version):
    gateway = asking(start, certs, rule)
    assert status(gateway, clients["known"], version) == 200
    with pytest.raises(ssl.SSLError, match="(?i)unknown.ca"):
        status(gateway, clients["other"], version)
    assert status(gateway, clients["known"], version) == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_without_a_certificate_is_served_where_it_is_only_asked(
    start, certs, clients, version
):
    assert status(asking(start, certs, "request"), clients["none"], version) == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_without_a_certificate_is_refused_where_one_is_required(
    start, certs, clients, version
):
    gateway = asking(start, certs, "require")
    with pytest.raises(ssl.SSLError, match="(?i)certificate.required|handshake.failure"):
        status(gateway, clients["none"], version)

"""What graders of TLS servers look at (testssl.sh and its kin), asked one by one."""

import socket
import ssl
import struct
import subprocess

import pytest

AEAD_ECDSA = {
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
}
SUITES_13 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
HANDSHAKE_FAILURE, PROTOCOL_VERSION, INAPPROPRIATE_FALLBACK = 40, 70, 86


def s_client(house, *options, send=b""):
    """What `openssl s_client` says of a connection, and whether it succeeded."""
    target = house.listeners["tls"]
    run = subprocess.run(
        ["openssl", "s_client", "-connect", f"{target.host}:{target.port}", "-CAfile", house.ca,
         "-servername", "localhost", *options],
        input=send, capture_output=True, timeout=30)
    return run.returncode == 0, (run.stdout + run.stderr).decode(errors="replace")


def client_hello(version, suites, extensions=b""):
    """A ClientHello of up to TLS 1.2, record and all."""
    body = struct.pack("!H32sB", version, b"\x11" * 32, 0)
    body += struct.pack(f"!H{len(suites)}H", 2 * len(suites), *suites) + b"\x01\x00"
    body += struct.pack("!H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message


def fatal_alert(house, hello):
    """The alert that ends a handshake which began so."""
    target = house.listeners["tls"]
    with socket.create_connection((target.host, target.port), 20) as raw:
        raw.sendall(hello)
        answer = b""
        while len(answer) < 7 and (piece := raw.recv(7 - len(answer))):
            answer += piece
        assert raw.recv(1) == b""
    assert answer[:1] == b"\x15" and answer[3:6] == b"\x00\x02\x02", answer
    return answer[6]


GROUPS = b"\x00\x0a\x00\x06\x00\x04\x00\x1d\x00\x17"
FORMATS = b"\x00\x0b\x00\x02\x01\x00"
SIGNATURES = b"\x00\x0d\x00\x06\x00\x04\x04\x03\x08\x04"


@pytest.mark.parametrize(("version", "alert"), [
    (0x0300, HANDSHAKE_FAILURE), (0x0301, PROTOCOL_VERSION), (0x0302, PROTOCOL_VERSION)],
    ids=["ssl3", "tls1.0", "tls1.1"])
def test_versions_before_1_2_are_refused_by_their_alert(house, version, alert):
    """SSL 3.0 has no word of its own for it."""
    suites = [0xC02B, 0xC009, 0xC00A, 0x002F, 0x000A]
    assert fatal_alert(house, client_hello(version, suites, GROUPS + FORMATS)) == alert


def test_a_fallback_from_a_version_that_is_spoken_is_refused(house):
    """RFC 7507: somebody made the client believe that TLS 1.3 is not spoken here."""
    hello = client_hello(0x0303, [0xC02B, 0x5600], GROUPS + FORMATS + SIGNATURES)
    assert fatal_alert(house, hello) == INAPPROPRIATE_FALLBACK


def test_of_all_suites_of_tls_1_2_only_aead_with_ecdhe_are_spoken(house):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    known = {suite["name"] for suite in context.get_ciphers() if suite["protocol"] != "TLSv1.3"}
    assert len(known) > 50 and AEAD_ECDSA < known
    target = house.listeners["tls"]
    spoken = set()
    for name in known:
        client = ssl.create_default_context(cafile=house.ca)
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        client.set_ciphers(f"{name}:@SECLEVEL=0")
        with socket.create_connection((target.host, target.port), 20) as raw:
            try:
                with client.wrap_socket(raw, server_hostname="localhost") as secured:
                    spoken.add(secured.cipher()[0])
            except (ssl.SSLError, ConnectionError):
                pass
    assert spoken == AEAD_ECDSA


def test_of_the_suites_of_tls_1_3_those_with_short_tags_are_not_spoken(house):
    for name in [*sorted(SUITES_13), "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]:
        succeeded, said = s_client(house, "-tls1_3", "-ciphersuites", name)
        assert succeeded == (name in SUITES_13), f"{name}: {said}"


@pytest.mark.parametrize(
    ("group", "is_spoken"),
    [("X25519", True), ("P-256", True), ("P-384", False), ("P-521", False), ("X448", False),
     ("ffdhe2048", False), ("ffdhe3072", False)])
def test_keys_are_exchanged_on_x25519_and_p256_only(house, group, is_spoken):
    succeeded, said = s_client(house, "-tls1_3", "-groups", group)
    assert succeeded == is_spoken, said


@pytest.mark.parametrize(
    ("groups", "chosen"),
    [("P-256:X25519", "X25519"), ("P-256", "ECDH, prime256v1"),
     ("P-521:P-384:P-256", "ECDH, prime256v1")])
def test_in_tls_1_2_too_the_server_chooses_among_the_same_two(house, groups, chosen):
    """The curve of the certificate has to be among them (RFC 8422 section 5.3)."""
    _, said = s_client(house, "-tls1_2", "-groups", groups)
    assert f"Server Temp Key: {chosen}, " in said


def test_the_servers_order_of_suites_counts(house):
    order = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
    _, said = s_client(house, "-tls1_2", "-cipher", order)
    assert "Cipher    : ECDHE-ECDSA-AES128-GCM-SHA256" in said


def test_nothing_is_compressed_and_no_early_data_is_taken(house):
    _, said = s_client(house, "-tls1_2", "-comp")
    assert "Compression: NONE" in said
    assert "Extended master secret: yes" in said
    assert "Secure Renegotiation IS supported" in said
    health = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    _, said = s_client(house, "-tls1_3", "-ign_eof", send=health)
    assert "Max Early Data: 0" in said


def test_a_client_may_not_renegotiate(house):
    succeeded, said = s_client(house, "-tls1_2", send=b"R\n")
    assert "RENEGOTIATING" in said
    assert not succeeded and "no renegotiation" in said


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_ticket_is_good_for_twelve_hours(house, version):
    """As long as its key seals; the key opens for three times that more."""
    health = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    _, said = s_client(house, version, "-ign_eof", send=health)
    assert "TLS session ticket lifetime hint: 43200 (seconds)" in said


def test_a_certificate_with_an_rsa_key_is_spoken_for_by_aead_too(start, certs, tmp_path):
    key, leaf = tmp_path / "rsa.key", tmp_path / "rsa.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
         "-out", leaf, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-CA", certs.ca, "-CAkey", certs.directory / "ca.key"],
        check=True, capture_output=True)
    tls = {"certificateFile": str(leaf), "keyFile": str(key)}
    gateway = start(top={"listeners": [{"name": "tls", "address": "127.0.0.1:0", "tls": tls}]})
    for name, is_spoken in [
        ("ECDHE-RSA-AES128-GCM-SHA256", True), ("ECDHE-RSA-AES256-GCM-SHA384", True),
        ("ECDHE-RSA-CHACHA20-POLY1305", True), ("ECDHE-RSA-AES128-SHA256", False),
        ("AES128-GCM-SHA256", False), ("DHE-RSA-AES128-GCM-SHA256", False),
    ]:
        succeeded, said = s_client(gateway, "-tls1_2", "-cipher", f"{name}:@SECLEVEL=0")
        assert succeeded == is_spoken, f"{name}: {said}"

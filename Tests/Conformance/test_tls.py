"""TLS on both sides: versions, ALPN, resumption, IPv6; and the upstream's certificate."""

import socket
import ssl

import pytest

from http1_client import Truncated
from upstream import Upstream


def handshake(house, listener="tls", alpn=("http/1.1",), server_name="localhost", session=None,
              context=None, **versions):
    context = context or ssl.create_default_context(cafile=house.ca)
    for name, value in versions.items():
        setattr(context, name, value)
    if alpn is not None:
        context.set_alpn_protocols(list(alpn))
    target = house.listeners[listener]
    raw = socket.create_connection((target.host, target.port), 15)
    return context.wrap_socket(raw, server_hostname=server_name, session=session)


@pytest.mark.wire_short
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_tls_versions_are_spoken_with_forward_secrecy(house, version):
    with handshake(house, minimum_version=version, maximum_version=version) as secured:
        name, protocol, _ = secured.cipher()
        assert secured.version() == ("TLSv1.2" if version == ssl.TLSVersion.TLSv1_2 else "TLSv1.3")
        if protocol == "TLSv1.2":
            assert name.startswith("ECDHE-") and ("GCM" in name or "POLY1305" in name)
        assert get_health(secured) == b"HTTP/1.1 200"


def get_health(secured):
    secured.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return secured.recv(4096)[:12]


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_versions_are_refused(house, version):
    import subprocess

    target = house.listeners["tls"]
    run = subprocess.run(
        ["openssl", "s_client", "-connect", f"{target.host}:{target.port}", version,
         "-cipher", "ALL:@SECLEVEL=0"],
        input=b"", capture_output=True, timeout=20,
    )
    assert run.returncode != 0


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256",
                                    "DHE-RSA-AES128-GCM-SHA256"])
def test_suites_without_aead_and_ecdhe_are_refused(house, cipher):
    context = ssl.create_default_context(cafile=house.ca)
    try:
        context.set_ciphers(cipher + ":@SECLEVEL=0")
    except ssl.SSLError:
        pytest.skip("this OpenSSL does not know the suite")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(house, context=context, maximum_version=ssl.TLSVersion.TLSv1_2)


@pytest.mark.parametrize(("offered", "chosen"), [
    (("h2", "http/1.1"), "h2"), (("http/1.1", "h2"), "h2"), (("http/1.1",), "http/1.1"),
    (("h2",), "h2"), (("spdy/3", "http/1.1"), "http/1.1"),
])
def test_alpn_chooses_the_protocol(house, offered, chosen):
    with handshake(house, alpn=offered) as secured:
        assert secured.selected_alpn_protocol() == chosen


def test_a_client_without_alpn_gets_http_1_1(house):
    with handshake(house, alpn=None) as secured:
        assert secured.selected_alpn_protocol() is None
        assert get_health(secured) == b"HTTP/1.1 200"


def test_an_unknown_alpn_is_answered_by_an_alert(house):
    """RFC 7301 section 3.2: no_application_protocol."""
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        handshake(house, alpn=("acme-tls/1",))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("alpn", [None, ("http/1.1",)])
def test_a_listener_for_http2_alone_refuses_who_does_not_offer_it(start, alpn, version):
    """A client without ALPN means HTTP/1.1, which is not spoken there."""
    gateway = start(names=("h2-only",))
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        handshake(gateway, "h2-only", alpn=alpn, maximum_version=version)
    with gateway.http2("h2-only") as client:
        assert client.call("GET", "/health").status == 200


@pytest.mark.wire_short
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed_whichever_worker_takes_the_connection(house, version):
    """Ticket keys are shared: several resumptions in a row all succeed."""
    context = ssl.create_default_context(cafile=house.ca)
    options = {"context": context, "minimum_version": version, "maximum_version": version}
    with handshake(house, **options) as first:
        assert not first.session_reused
        get_health(first)
        session = first.session
    for _ in range(6):
        with handshake(house, session=session, **options) as again:
            assert again.session_reused
            get_health(again)
            session = again.session or session


def test_ipv6_is_served(house):
    with house.http2("tls6") as client:
        assert client.call("GET", "/health").status == 200
    with house.http1("tls6") as client:
        assert client.call("GET", "/health").status == 200


def test_plain_http_on_a_tls_port_harms_nobody(house):
    target = house.listeners["tls"]
    with socket.create_connection((target.host, target.port), 15) as raw:
        raw.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while raw.recv(4096):
            pass
    assert house.call("h1", "GET", "/health", key=None).status == 200


def test_a_handshake_that_never_ends_is_cut(start):
    gateway = start(timeouts={"tlsHandshakeSeconds": 0.4})
    target = gateway.listeners["tls"]
    with socket.create_connection((target.host, target.port), 15) as raw:
        raw.sendall(b"\x16\x03\x01")
        try:
            assert raw.recv(4096) == b""
        except ConnectionError:
            pass


# Towards the upstream.


@pytest.fixture(scope="module", params=[("http/1.1",), ("h2", "http/1.1"), ("h2",)],
                ids=["http1", "both", "h2"])
def secured_upstream(request, certs):
    with Upstream(tls=certs.pair, protocols=request.param) as running:
        running.wanted = "h2" if "h2" in request.param else "http/1.1"
        yield running


def over_tls(start, upstream, certs, host="localhost", **changes):
    changes = {"caFile": str(certs.ca), **changes}
    changes = {name: value for name, value in changes.items() if value is not None}
    url = f"https://{host}:{upstream.port}/v1"
    return start(upstream_url=url, upstream=changes)


@pytest.mark.wire_short
def test_alpn_chooses_the_protocol_towards_the_upstream(
    start, certs, secured_upstream, protocol, tag
):
    gateway = over_tls(start, secured_upstream, certs)
    for _ in range(3):
        assert gateway.chat(protocol, tag).status == 200
    records = secured_upstream.seen(tag)
    assert [record.protocol for record in records] == [secured_upstream.wanted] * 3


def test_streams_and_uploads_pass_over_upstream_tls(
    start, certs, secured_upstream, protocol, tag
):
    gateway = over_tls(start, secured_upstream, certs)
    answer = gateway.chat(protocol, tag, extra={"stream": True})
    assert answer.body.endswith(b"data: [DONE]\n\n")
    body = b"u" * 2_000_000
    fields = [("Content-Type", "multipart/form-data; boundary=b"), ("X-Tag", tag)]
    answer = gateway.call(protocol, "POST", "/v1/files", body=body, fields=fields)
    assert answer.json["bytes"] == len(body)


def test_many_exchanges_share_one_http2_connection(start, certs, tag):
    with Upstream(tls=certs.pair, protocols=("h2",)) as upstream:
        url = f"https://localhost:{upstream.port}/v1"
        gateway = start(upstream_url=url, upstream={"caFile": str(certs.ca)}, top={"workers": 1})
        body = b'{"model":"%b","messages":[]}' % tag.encode()
        fields = [gateway.key.header, ("content-type", "application/json")]
        with gateway.http2() as client:
            client.wait(client.request("POST", "/v1/chat/completions", fields, body))
            streams = [client.request("POST", "/v1/chat/completions", fields, body)
                       for _ in range(40)]
            assert {client.wait(stream).status for stream in streams} == {200}
        assert upstream.connections == 1


def test_a_stream_the_http2_upstream_refuses_is_sent_again(start, certs, upstream, tag):
    """REFUSED_STREAM promises that nothing was processed (RFC 9113 section 8.7)."""
    with Upstream() as plain:
        refusals = []

        @plain.on("refuse-once")
        async def refuse_once(exchange):
            if not refusals:
                refusals.append(1)
                return await exchange.reset(7)
            await exchange.respond(200, [("content-type", "application/json")], b'{"second":1}')

        gateway = start(upstream_url=f"http://{plain.address}/v1", upstream={"protocol": "h2"})
        assert gateway.chat("h1", f"refuse-once.{tag}").json == {"second": 1}
        assert len(plain.seen(tag)) == 2


def test_a_stream_the_http2_upstream_resets_otherwise_is_not_sent_again(start, tag):
    with Upstream() as plain:
        gateway = start(upstream_url=f"http://{plain.address}/v1", upstream={"protocol": "h2"})
        assert gateway.chat("h2", f"reset-before-head.{tag}").status == 502
        assert len(plain.seen(tag)) == 1
        assert gateway.chat("h2", f"plain.{tag}").status == 200


@pytest.mark.parametrize("fault", ["sse-drop", "sse-reset", "sse-drop-line"])
def test_a_broken_http2_stream_ends_with_an_error_event(start, protocol, tag, fault):
    with Upstream() as plain:
        gateway = start(upstream_url=f"http://{plain.address}/v1", upstream={"protocol": "h2"})
        answer = gateway.chat(protocol, f"{fault}.{tag}", extra={"stream": True})
        assert answer.is_complete and b"[DONE]" not in answer.body
        assert b'"upstream_error"' in answer.body.split(b"\n\n")[-2]


@pytest.mark.parametrize("stage", ["never", "sse-stall"])
def test_a_client_that_leaves_resets_the_http2_stream_upstream(start, protocol, tag, stage):
    """RST_STREAM(CANCEL), and the connection lives on."""
    with Upstream() as plain:
        gateway = start(upstream_url=f"http://{plain.address}/v1", upstream={"protocol": "h2"})
        model = f"{stage}.{tag}"
        body = b'{"model":"%b","messages":[],"stream":true}' % model.encode()
        fields = [gateway.key.header, ("content-type", "application/json")]
        client = gateway.http1() if protocol == "h1" else gateway.http2()
        client.request("POST", "/v1/chat/completions", fields, body)
        (record,) = plain.wait_seen(tag)
        client.close()
        assert record.cancelled.wait(15)
        assert record.cancel_kind == "RST_STREAM 8"


REFUSED = {
    "unknown authority": {"caFile": None},
    "wrong name": {"serverName": "wrong.example"},
}


@pytest.mark.wire_short
@pytest.mark.parametrize("reason", REFUSED)
def test_an_upstream_certificate_that_does_not_verify_is_a_502(
    start, certs, protocol, tag, reason
):
    with Upstream(tls=certs.pair, protocols=("h2", "http/1.1")) as upstream:
        gateway = over_tls(start, upstream, certs, **REFUSED[reason])
        answer = gateway.chat(protocol, tag)
        assert (answer.status, answer.error["code"]) == (502, "upstream_error")
        assert upstream.seen(tag) == []


def test_an_upstream_address_is_verified_as_an_address(start, certs, protocol, tag):
    with Upstream(tls=certs.pair) as upstream:
        gateway = over_tls(start, upstream, certs, host="127.0.0.1")
        assert gateway.chat(protocol, tag).status == 200


def test_an_upstream_without_tls_behind_https_is_a_502(start, certs, upstream, protocol, tag):
    gateway = over_tls(start, upstream, certs)
    assert gateway.chat(protocol, tag).status == 502


def test_an_ipv6_upstream_is_reached(start, protocol, tag):
    with Upstream(host="::1") as upstream:
        gateway = start(upstream_url=f"http://[::1]:{upstream.port}/v1")
        assert gateway.chat(protocol, tag).status == 200


def ends_without_farewell(upstream, name, head, body):
    """The upstream answers so, and its TCP connection ends without TLS's close_notify."""

    @upstream.on(name)
    async def cut(exchange):
        await exchange.raw(head + body)
        await exchange.wire.flushed()
        exchange.keeps_alive = False
        exchange.wire.transport.abort()


@pytest.mark.wire_short
def test_a_body_cut_off_without_close_notify_is_not_complete(start, certs, protocol, tag):
    """A body without framing ends with the connection: over TLS only close_notify can say so."""
    with Upstream(tls=certs.pair) as upstream:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n"
        ends_without_farewell(upstream, "cut-" + tag, head, b"the first half")
        gateway = over_tls(start, upstream, certs)
        target = f"/v1/models/x?mode=cut-{tag}"
        try:
            answer = gateway.call(protocol, "GET", target)
        except Truncated:
            pass
        else:
            assert answer.status == 502 or not answer.is_complete
        assert gateway.call(protocol, "GET", f"/v1/models/x?mode=until-close&t={tag}").is_complete


def test_a_framed_body_is_complete_without_close_notify(start, certs, protocol, tag):
    with Upstream(tls=certs.pair) as upstream:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n"
        ends_without_farewell(upstream, "cut-" + tag, head, b"whole")
        gateway = over_tls(start, upstream, certs)
        answer = gateway.call(protocol, "GET", f"/v1/models/x?mode=cut-{tag}")
        assert (answer.status, answer.body) == (200, b"whole")

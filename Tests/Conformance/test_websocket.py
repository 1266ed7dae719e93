"""WebSocket: the handshake through the same gate as every request, then bytes, both ways."""

import secrets
import ssl
import threading

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from test_openai_sdk import sync_client
from test_streaming import kernel_buffers
from tunnel import ACCEPT, KEY, REALTIME, ServerEnd, TunnelClient, connect_pseudo, echo, handshake
from upstream import Upstream

PAIRS = [("h1", "h1"), ("h2", "h1"), ("h1", "h2"), ("h2", "h2")]


@pytest.fixture(scope="module")
def gateways(session_starter, cast):
    """One gateway for each protocol that is spoken to the upstream."""
    made = {"h1": session_starter("openai", cast.all),
            "h2": session_starter("openai", cast.all, upstream={"protocol": "h2"})}
    yield made


@pytest.fixture(params=PAIRS, ids=["-to-".join(pair) for pair in PAIRS])
def pair(request, gateways):
    """(the client's protocol, a gateway that speaks HTTP/1.1 or HTTP/2 to the upstream)."""
    client, upstream_protocol = request.param
    return client, gateways[upstream_protocol]


@pytest.fixture
def play(upstream, tag):
    """Makes a behaviour of this test's own; returns the target that leads to it."""
    def add(script):
        upstream.on("ws-" + tag)(script)
        return f"{REALTIME}?model=gpt-realtime&mode=ws-{tag}"
    return add


def line_of(gateway, tag_of_id):
    return gateway.wait_log(lambda line: line["request_id"] == tag_of_id)[0]


def library(gateway, target, key="default", listener="tls", **options):
    """The `websockets` library, as its users call it."""
    chosen = gateway.key if key == "default" else key
    headers = dict(options.pop("headers", {}))
    if chosen:
        headers["Authorization"] = f"Bearer {chosen.text}"
    context = ssl.create_default_context(cafile=gateway.ca)
    url = gateway.url(target).replace("https", "wss")
    return connect(url, ssl=context, additional_headers=headers, proxy=None, **options)


# What flows.


@pytest.mark.wire_short
def test_messages_pass_both_ways_and_the_tunnel_is_one_line_of_the_log(pair, play, upstream, tag):
    protocol, gateway = pair
    target = play(echo)
    fields = [("X-Request-Id", tag), ("Sec-WebSocket-Protocol", "realtime, other"),
              ("Cookie", "a=b")]
    big = secrets.token_bytes(1 << 20)
    with TunnelClient(gateway, protocol, target, fields) as client:
        assert client.is_open, client.answer
        client.send("Hello")
        assert client.message() == b"Hello"
        client.send(big)
        assert client.message() == big
        client.close()
    record = upstream.seen(tag)[0]
    line = line_of(gateway, tag)
    assert client.answer.header("x-request-id") == tag
    assert client.answer.header("sec-websocket-protocol") == "realtime"
    assert client.answer.header("sec-websocket-accept") == (ACCEPT if protocol == "h1" else None)
    assert record.target == target
    assert record.header("authorization") == "Bearer operator-secret-4f1c9a"
    assert record.header("sec-websocket-version") == "13"
    assert record.header("sec-websocket-protocol") == "realtime, other"
    assert record.header("cookie") is None
    assert record.header("sec-websocket-key") != KEY
    assert (record.header("sec-websocket-key") is None) == (record.protocol == "h2")
    assert line["status"] == (101 if protocol == "h1" else 200)
    assert line["bytes_in"] > len(big) and line["bytes_out"] > len(big)
    assert line["key_id"] == gateway.key.id
    assert line.get("error") is None and line.get("cancelled_by") is None
    assert line["model"] == "gpt-realtime"


def test_the_websockets_library_agrees_on_compression_and_a_subprotocol(house, play):
    with library(house, play(echo), subprotocols=["realtime"], max_size=None) as client:
        assert client.subprotocol == "realtime"
        for message in ("Hello", b"\x00\xff" * 600_000, ""):
            client.send(message)
            assert client.recv(timeout=20) == message
        client.ping().wait(20)


def test_an_extension_is_agreed_between_the_two_ends(pair, play, upstream, tag):
    protocol, gateway = pair

    async def script(exchange):
        await exchange.upgrade([("Sec-WebSocket-Extensions", "permessage-deflate; x=1")])
        await exchange.hang_up()

    fields = [("Sec-WebSocket-Extensions", "permessage-deflate"), ("X-Tag", tag)]
    with TunnelClient(gateway, protocol, play(script), fields) as client:
        assert client.answer.header("sec-websocket-extensions") == "permessage-deflate; x=1"
    assert upstream.seen(tag)[0].header("sec-websocket-extensions") == "permessage-deflate"


def test_the_openai_sdk_holds_a_realtime_conversation(house, upstream, tag):
    import json

    @upstream.on("realtime")
    async def conversation(exchange):
        await exchange.upgrade()
        end = ServerEnd(exchange)
        await end.send(1, json.dumps({"type": "session.created", "event_id": tag,
                                      "session": {"type": "realtime"}}).encode())
        async for _, message in end.messages():
            event = json.loads(message)
            if event["type"] == "response.create":
                for text in ("Hel", "lo"):
                    delta = {"type": "response.output_text.delta", "delta": text, "event_id": "e",
                             "item_id": "i", "response_id": "r", "content_index": 0,
                             "output_index": 0}
                    await end.send(1, json.dumps(delta).encode())

    options = {"ssl": ssl.create_default_context(cafile=house.ca), "proxy": None}
    with sync_client(house) as client, client.realtime.connect(
            model="gpt-realtime", websocket_connection_options=options) as connection:
        assert connection.recv().event_id == tag
        connection.conversation.item.create(item={
            "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": "Say hello"}]})
        connection.response.create()
        assert connection.recv().delta + connection.recv().delta == "Hello"


def test_what_the_client_sends_with_its_request_is_the_tunnels(house, play):
    with TunnelClient(house, "h1", play(echo), early=b"\x81\x82\x00\x00\x00\x00Hi") as client:
        assert client.message() == b"Hi"


def test_when_the_upstream_has_said_all_the_client_may_go_on(pair, play):
    protocol, gateway = pair
    got = threading.Event()
    received = bytearray()

    async def script(exchange):
        await exchange.upgrade()
        await exchange.transmit(b"last words")
        await exchange.hang_up()
        while data := await exchange.receive():
            received.extend(data)
        got.set()

    with TunnelClient(gateway, protocol, play(script)) as client:
        assert client.rest() == b"last words"
        client.transmit(b"goodbye")
        client.hang_up() if protocol == "h2" else client.client.close()
        assert got.wait(15)
    assert received == b"goodbye"


def test_when_the_client_has_said_all_the_upstream_may_go_on(pair, play, tag):
    protocol, gateway = pair

    async def script(exchange):
        await exchange.upgrade()
        while await exchange.receive():
            pass
        await exchange.transmit(b"x" * 300_000)
        await exchange.hang_up()

    with TunnelClient(gateway, protocol, play(script), [("X-Request-Id", tag)],
                      listener="clear") as client:
        client.transmit(b"goodbye")
        client.hang_up()
        assert len(client.rest()) == 300_000
    assert line_of(gateway, tag).get("cancelled_by") is None


# Back-pressure.

# What is held for a peer that does not read: the kernel's part and the gateway's.
BOUND = kernel_buffers() + (8 << 20)
# In whole pieces of 64 KiB.
TOTAL = BOUND + (16 << 20) >> 16 << 16


def test_a_client_that_does_not_read_holds_the_upstream_back(pair, play, upstream, tag):
    protocol, gateway = pair

    async def script(exchange):
        await exchange.upgrade()
        for _ in range(TOTAL >> 16):
            await exchange.transmit(b"x" * 65_536)
        await exchange.hang_up()

    with TunnelClient(gateway, protocol, play(script), [("X-Tag", tag)],
                      receive_buffer=65_536) as client:
        record = upstream.wait_seen(tag)[0]
        assert settled(lambda: record.sent) < BOUND
        assert len(client.rest()) == TOTAL


def test_an_upstream_that_does_not_read_holds_the_client_back(pair, play, upstream, tag):
    protocol, gateway = pair
    gate = threading.Event()

    async def script(exchange):
        await exchange.upgrade()
        await exchange.hold(gate)
        while await exchange.receive():
            pass
        await exchange.hang_up()

    sent = [0]

    def pump(client):
        while sent[0] < TOTAL:
            client.transmit(b"x" * 65_536)
            sent[0] += 65_536

    with TunnelClient(gateway, protocol, play(script), [("X-Tag", tag)]) as client:
        client.client.socket.settimeout(60)
        client.client.timeout = 60
        thread = threading.Thread(target=pump, args=(client,))
        thread.start()
        assert settled(lambda: sent[0]) < BOUND
        gate.set()
        thread.join(60)
        client.hang_up()
        record = upstream.seen(tag)[0]
        assert record.finished.wait(30)
    assert record.received == TOTAL


def settled(read):
    """The value when it has stopped changing."""
    last, same = -1, 0
    while same < 10:
        threading.Event().wait(0.05)
        value = read()
        same = same + 1 if value == last and value > 0 else 0
        last = value
    return last


# Ends.


def test_an_upstream_that_dies_ends_the_clients_side(pair, play, tag):
    protocol, gateway = pair

    async def script(exchange):
        await exchange.upgrade()
        await exchange.receive()
        await exchange.reset()

    with TunnelClient(gateway, protocol, play(script), [("X-Request-Id", tag)]) as client:
        client.transmit(b"now")
        assert client.rest() == b""
    line = line_of(gateway, tag)
    assert line["cancelled_by"] == "upstream"
    assert line["error"] == "upstream_error"


def test_a_client_that_dies_is_noticed_upstream(pair, play, upstream, tag):
    protocol, gateway = pair

    async def script(exchange):
        await exchange.upgrade()
        await exchange.transmit(b"hello")
        while await exchange.receive():
            pass

    with TunnelClient(gateway, protocol, play(script), [("X-Request-Id", tag)]) as client:
        assert client.receive() == b"hello"
        client.abort()
        record = upstream.seen(tag)[0]
        assert record.finished.wait(15)
    assert line_of(gateway, tag)["cancelled_by"] == "client"


def test_a_silent_tunnel_ends_when_its_time_is_over(start, play, upstream, tag, protocol):
    async def script(exchange):
        await exchange.upgrade()
        await exchange.gone()

    gateway = start(timeouts={"tunnelIdleSeconds": 1, "writeStallSeconds": 1})
    with TunnelClient(gateway, protocol, play(script), [("X-Request-Id", tag)]) as client:
        assert client.rest() == b""
    assert upstream.seen(tag)[0].finished.wait(15)
    assert line_of(gateway, tag)["cancelled_by"] == "gateway"


def test_a_drain_gives_tunnels_its_time_and_no_more(start, play, tag, protocol):
    gateway = start(timeouts={"drainSeconds": 1})
    with TunnelClient(gateway, protocol, play(echo), [("X-Request-Id", tag)]) as client:
        client.send("before")
        assert client.message() == b"before"
        gateway.terminate()
        client.send("during")
        assert client.message() == b"during"
        assert gateway.wait() == 0
    assert line_of(gateway, tag)["cancelled_by"] == "gateway"


# Refusals.


def plain(gateway, protocol, fields, target=REALTIME, body=b"", key="default"):
    """A handshake that may be wrong, as an ordinary exchange."""
    chosen = gateway.key if key == "default" else key
    fields = [*fields, *([chosen.header] if chosen else [])]
    if protocol == "h1":
        with gateway.http1() as client:
            client.send(client.head("GET", target, fields) + body)
            return client.answer()
    with gateway.http2() as client:
        return client.wait(client.open(None, None, fields, ends=False,
                                       pseudo=connect_pseudo(target)))


@pytest.mark.parametrize("version", ["8", "0", "13, 8", None])
def test_another_version_is_upgrade_required(house, protocol, version):
    answer = plain(house, protocol, handshake(protocol, Sec_WebSocket_Version=version))
    assert answer.status == 426
    assert answer.header("sec-websocket-version") == "13"
    assert answer.error["code"] == "upgrade_required"
    assert answer.header("upgrade") == ("websocket" if protocol == "h1" else None)


def test_a_plain_request_is_upgrade_required(house, protocol):
    answer = house.call(protocol, "GET", REALTIME)
    assert answer.status == 426
    assert answer.error["code"] == "upgrade_required"


@pytest.mark.parametrize("key", [None, "short", KEY[:-1], KEY + "A", "!" * 22 + "=="])
def test_a_key_that_is_not_sixteen_bytes_is_a_bad_request(house, key):
    answer = plain(house, "h1", handshake("h1", Sec_WebSocket_Key=key))
    assert answer.status == 400
    assert answer.header("connection") == "close"


@pytest.mark.parametrize("framing, body", [("Content-Length: 0", b""), ("Content-Length: 3", b"abc"),
                                           ("Transfer-Encoding: chunked", b"0\r\n\r\n")])
def test_a_handshake_with_a_body_is_a_bad_request(house, framing, body):
    name, value = framing.split(": ")
    answer = plain(house, "h1", [*handshake("h1"), (name, value)], body=body)
    assert answer.status == 400
    assert answer.header("connection") == "close"


def test_a_handshake_needs_a_key(house, protocol):
    answer = plain(house, protocol, handshake(protocol), key=None)
    assert answer.status == 401
    assert answer.error["code"] == "missing_api_key"


def test_limits_come_before_the_upgrade(start, play, upstream, tag, protocol):
    gateway = start(keys=[start.key(limits={"requestsPerMinute": 1})])
    target = play(echo)
    with TunnelClient(gateway, protocol, target, [("X-Tag", tag)]) as client:
        assert client.answer.header("x-ratelimit-remaining-requests") == "0"
        answer = plain(gateway, protocol, handshake(protocol), target)
    assert answer.status == 429
    assert answer.header("retry-after")
    assert len(upstream.seen(tag)) == 1


def test_nothing_behind_a_refused_handshake_is_read_as_a_request(house, upstream, tag):
    smuggled = f"GET /v1/files/{tag} HTTP/1.1\r\nHost: localhost\r\n"
    smuggled += f"Authorization: Bearer {house.key.text}\r\n\r\n"
    fields = [*handshake("h1", Sec_WebSocket_Version="8"), house.key.header]
    with house.http1() as client:
        client.send(client.head("GET", REALTIME, fields) + smuggled.encode())
        assert client.answer().status == 426
        assert client.is_closed()
    assert upstream.seen(tag) == []


def test_the_upstreams_refusal_passes_and_its_failure_does_not(pair, play):
    protocol, gateway = pair
    for status, told in ((403, 403), (404, 404), (500, 502), (503, 502)):
        async def script(exchange, status=status):
            await exchange.respond(status, [("content-type", "text/plain")], b"the reason")

        answer = plain(gateway, protocol, handshake(protocol), play(script))
        assert answer.status == told
        assert (answer.body == b"the reason") == (told == status)


def test_a_success_that_is_no_upgrade_is_a_bad_gateway(gateways, protocol, play, tag):
    async def script(exchange):
        await exchange.respond(200, [], b"not a tunnel")

    gateway = gateways["h1"]
    answer = plain(gateway, protocol, [*handshake(protocol), ("X-Request-Id", tag)], play(script))
    assert answer.status == 502
    assert line_of(gateway, tag)["reason"] == "upgrade_refused"


def test_an_upstream_that_did_not_read_the_key_is_a_bad_gateway(gateways, protocol, play, upstream,
                                                                tag):
    async def script(exchange):
        await exchange.upgrade(accept=ACCEPT)
        await exchange.gone()

    answer = plain(gateways["h1"], protocol, [*handshake(protocol), ("X-Tag", tag)], play(script))
    assert answer.status == 502
    assert upstream.seen(tag)[0].finished.wait(15)


def test_a_101_to_an_ordinary_request_never_reaches_the_client(house, protocol, play):
    async def script(exchange):
        await exchange.upgrade(accept=ACCEPT)
        await exchange.gone()

    target = play(script).replace("realtime", "files", 1)
    answer = house.call(protocol, "GET", target,
                        fields=handshake("h1") if protocol == "h1" else [])
    assert answer.status == 502


def test_a_model_outside_the_keys_list_is_not_allowed(house, cast, protocol, play):
    allowed = play(echo).replace("gpt-realtime", "allowed-model")
    for target in (REALTIME, f"{REALTIME}?model=other", f"{allowed}&model=other",
                   f"{allowed}&mod%65l=other"):
        answer = plain(house, protocol, handshake(protocol), target, key=cast.picky)
        assert (answer.status, answer.error["code"]) == (403, "model_not_allowed"), target
    with TunnelClient(house, protocol, allowed, key=cast.picky) as client:
        assert client.is_open


# A browser's key.


def test_a_subprotocol_is_no_credential_unless_the_site_says_so(house, protocol, upstream, tag):
    offer = f"realtime, openai-insecure-api-key.{house.key.text}"
    fields = [*handshake(protocol), ("Sec-WebSocket-Protocol", offer), ("X-Tag", tag)]
    assert plain(house, protocol, fields, key=None).status == 401
    assert upstream.seen(tag) == []


def test_a_browsers_key_among_the_subprotocols_never_goes_upstream(start, play, upstream, tag,
                                                                   protocol):
    gateway = start(site={"webSocketSubprotocolKeys": True})
    secret = f"openai-insecure-api-key.{gateway.key.text}"
    target = play(echo)
    for key, offer in ((None, f"realtime, {secret}, openai-beta.realtime-v1"),
                       ("default", f"realtime, {secret}, openai-beta.realtime-v1")):
        fields = [("Sec-WebSocket-Protocol", offer), ("X-Tag", tag)]
        with TunnelClient(gateway, protocol, target, fields, key=key) as client:
            assert client.is_open, client.answer
            assert client.answer.header("sec-websocket-protocol") == "realtime"
    for record in upstream.seen(tag):
        assert record.header("sec-websocket-protocol") == "realtime, openai-beta.realtime-v1"
        assert not record.mentions(gateway.key.text)
    wrong = [*handshake(protocol), ("Sec-WebSocket-Protocol", f"{secret}, {secret}")]
    assert plain(gateway, protocol, wrong, target, key=None).status == 401
    assert gateway.key.text not in gateway.log_path.read_text()


def test_a_key_among_the_subprotocols_of_another_route_goes_nowhere(house, protocol, upstream, tag):
    secret = f"openai-insecure-api-key.{house.key.text}"
    house.call(protocol, "GET", f"/v1/files/{tag}", fields=[("Sec-WebSocket-Protocol", secret)])
    assert upstream.seen(tag)[0].header("sec-websocket-protocol") is None


# HTTP/2's own.


def test_extended_connect_is_announced_where_a_site_has_such_a_route(house, bve):
    for gateway, offer in ((house, 1), (bve, 0)):
        with gateway.http2() as client:
            client.call("GET", "/health")
            assert client.machine.remote_settings.enable_connect_protocol == offer


def test_a_connect_for_anything_else_is_refused(house):
    plain_connect = [(":method", "CONNECT"), (":authority", "localhost:443")]
    for pseudo in (plain_connect, connect_pseudo(REALTIME, protocol="connect-udp")):
        with house.http2() as client:
            answer = client.wait(client.open(None, None, [house.key.header], ends=False,
                                             pseudo=pseudo))
            assert answer.reset_code == 1
            assert client.call("GET", "/health").status == 200


def test_an_extended_connect_on_another_route_is_not_found(house):
    answer = plain(house, "h2", handshake("h2"), "/v1/models")
    assert answer.status == 404
    assert "CONNECT /v1/models" in answer.error["message"]


def test_the_bve_profile_has_no_such_route(bve):
    answer = plain(bve, "h1", handshake("h1"))
    assert answer.status == 404


def test_other_streams_go_on_beside_a_tunnel(house, play):
    with TunnelClient(house, "h2", play(echo)) as client:
        client.send("one")
        assert client.message() == b"one"
        assert client.client.call("GET", "/v1/models", [house.key.header]).status == 200
        client.send("two")
        assert client.message() == b"two"
        client.close()


# Upstreams.


def test_an_http2_upstream_that_does_not_offer_it_is_a_bad_gateway(start, protocol, tag):
    with Upstream(offers_websocket=False) as upstream:
        gateway = start(upstream_url=f"http://{upstream.address}/v1", upstream={"protocol": "h2"})
        fields = [*handshake(protocol), ("X-Request-Id", tag)]
        answer = plain(gateway, protocol, fields)
        assert answer.status == 502
        assert gateway.call(protocol, "GET", "/v1/models").status == 200
        assert upstream.seen(tag) == []
        assert line_of(gateway, tag)["reason"] == "upgrade_refused"


def test_where_alpn_decides_a_tunnel_has_an_http1_connection_of_its_own(start, certs, protocol):
    with Upstream(tls=certs.pair, protocols=("h2", "http/1.1")) as upstream:
        upstream.on("ws")(echo)
        url = f"https://localhost:{upstream.port}/v1"
        gateway = start(upstream_url=url, upstream={"caFile": str(certs.ca)})
        assert gateway.call(protocol, "GET", "/v1/models").status == 200
        with TunnelClient(gateway, protocol, f"{REALTIME}?mode=ws") as client:
            client.send("Hello")
            assert client.message() == b"Hello"
            client.close()
        assert [record.protocol for record in upstream.records] == ["h2", "http/1.1"]


def test_a_tunnels_connection_is_not_used_again(start, protocol):
    with Upstream() as upstream:
        upstream.on("ws")(echo)
        gateway = start(upstream_url=f"http://{upstream.address}/v1", top={"workers": 1})
        for count in (1, 2):
            with TunnelClient(gateway, protocol, f"{REALTIME}?mode=ws") as client:
                client.send("Hello")
                assert client.message() == b"Hello"
                client.close()
            gateway.wait_log(lambda line: line["path"] == REALTIME, count)
        assert upstream.connections == 2


def test_the_library_sees_a_refusal_as_such(house):
    with pytest.raises(InvalidStatus) as refusal:
        library(house, REALTIME, key=None)
    assert refusal.value.response.status_code == 401

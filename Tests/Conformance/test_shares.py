"""What one client may take of the gateway: connections, and the time that slowness costs."""

import socket

import pytest

from behaviours import chat_event
from test_metrics import Scrape

CHAT = "/v1/chat/completions"
JSON_TYPE = ("Content-Type", "application/json")
REFUSED = "gatehouse_client_connections_refused_total"


def is_refused(gateway, listener):
    """Whether a connection is closed before the client has said a word."""
    found = gateway.listeners[listener]
    with socket.create_connection((found.host, found.port), timeout=20) as client:
        try:
            return client.recv(1) == b""
        except ConnectionResetError:
            return True


def connect_when_free(gateway, listener):
    """The gateway learns of a client's leaving in a turn of its own."""
    for _ in range(2_000):
        try:
            client = gateway.http1(listener)
            assert client.call("GET", "/health").status == 200
            return client
        except OSError:
            continue
    raise AssertionError("no place became free")


def test_an_address_has_so_many_connections_whichever_worker_takes_them(start):
    gateway = start(limits={"addressConnections": 4}, names=("tls", "clear", "tls6"))
    clients = [gateway.http1(listener) for listener in ("tls", "clear", "tls", "clear")]
    for client in clients:
        assert client.call("GET", "/health").status == 200
    refusals = [is_refused(gateway, listener) for listener in ("tls", "clear") * 4]
    assert refusals == [True] * 8
    assert Scrape(gateway).sum(REFUSED) == 8
    assert Scrape(gateway).sum("gatehouse_client_connections") == 4
    with gateway.http1("tls6") as other:
        assert other.call("GET", "/health").status == 200
    clients.pop().close()
    clients.append(connect_when_free(gateway, "clear"))
    assert is_refused(gateway, "clear")
    for client in clients:
        assert client.call("GET", "/health").status == 200
        client.close()


def test_the_connections_of_a_trusted_proxy_are_not_counted(start):
    gateway = start(limits={"addressConnections": 1}, top={"trustedProxies": ["127.0.0.1/32"]})
    clients = [gateway.http1("clear") for _ in range(8)]
    for client in clients:
        assert client.call("GET", "/health").status == 200
        client.close()
    assert Scrape(gateway).sum(REFUSED) == 0


def test_a_reload_bounds_what_comes_from_then_on(start):
    gateway = start(names=("clear",))
    early = gateway.http1("clear")
    assert early.call("GET", "/health").status == 200
    limits = {**gateway.settings.get("limits", {}), "addressConnections": 1}
    gateway.reload({**gateway.settings, "limits": limits})
    with gateway.http1("clear") as client:
        assert client.call("GET", "/health").status == 200
        assert is_refused(gateway, "clear")
        assert early.call("GET", "/health").status == 200
    early.close()
    connect_when_free(gateway, "clear").close()


# Slowness that keeps every idle timeout.


def drip(client, total):
    """A byte now and then, until the gateway has something to say."""
    client.socket.settimeout(0.05)
    for _ in range(total):
        client.send(b" ")
        try:
            client.more()
            break
        except TimeoutError:
            continue
    client.socket.settimeout(20)


@pytest.mark.parametrize("path", [CHAT, "/v1/files"])
def test_a_body_slower_than_the_rate_is_answered_408(start, upstream, tag, path):
    gateway = start(limits={"uploadBytesPerSecond": 10_000},
                    timeouts={"requestBodyIdleSeconds": 2})
    fields = [gateway.key.header, JSON_TYPE, ("Content-Length", "4000")]
    with gateway.http1() as client:
        client.send(client.head("POST", f"{path}?tag={tag}", fields))
        drip(client, 3_999)
        answer = client.answer()
        assert (answer.status, answer.error["code"]) == (408, "request_timeout")
        assert client.is_closed()
    if path != CHAT:
        (record,) = upstream.seen(tag)
        assert record.cancelled.wait(15)


def test_a_reader_slower_than_the_rate_is_cut(start, protocol, upstream, tag):
    gateway = start(limits={"downloadBytesPerSecond": 1_000_000_000},
                    timeouts={"writeStallSeconds": 1})

    @upstream.on("flood-" + tag)
    async def flood(exchange):
        await exchange.start(200, [("content-type", "text/event-stream")])
        while exchange.record.sent < 256 * 1024 * 1024:
            await exchange.send(chat_event(tag, "x" * 60_000))

    body = b'{"model":"flood-%s"}' % tag.encode()
    fields = [gateway.key.header, JSON_TYPE]
    if protocol == "h1":
        client = gateway.http1(receive_buffer=16_384)
        client.request("POST", CHAT, fields, body)
    else:
        client = gateway.http2(window=1_000, auto_credit=False)
        stream = client.request("POST", CHAT, fields, body)
    with client:
        (record,) = upstream.wait_seen("flood-" + tag)
        # Steadily, so that no second passes without a byte.
        while not record.cancelled.wait(0.02):
            try:
                if protocol == "h1":
                    assert client.socket.recv(1_000)
                else:
                    client.machine.increment_flow_control_window(1_000, stream)
                    client.machine.increment_flow_control_window(1_000)
                    client.flush()
            except OSError:
                break
        assert record.cancelled.wait(15)
    (line,) = gateway.wait_log(lambda line: line.get("model") == "flood-" + tag)
    assert line["cancelled_by"] == "gateway"

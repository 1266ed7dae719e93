"""Several endpoints of one upstream: who is used, who is left out, and how one comes back."""

import socket
import threading
import time
from contextlib import ExitStack

import pytest

from upstream import Upstream


@pytest.fixture
def pair():
    """Two upstreams of this test's own."""
    with Upstream() as first, Upstream() as second:
        yield [first, second]


@pytest.fixture
def closed_port():
    """A port at which nobody listens: bound, so that nobody else gets it."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        yield place.getsockname()[1]


def url(port, host="127.0.0.1"):
    return f"http://{host}:{port}/v1"


def over(start, entries, workers=1, **upstream):
    """A gateway whose upstream has these endpoints: ports, or entries written out."""
    endpoints = [{"url": url(entry)} if isinstance(entry, int) else entry for entry in entries]
    return start(upstream={"url": None, "endpoints": endpoints, **upstream},
                 top={"workers": workers})


def served(upstreams, tag):
    return [len(upstream.seen(tag)) for upstream in upstreams]


@pytest.mark.wire_short
def test_all_endpoints_are_used(start, pair, protocol, tag):
    gateway = over(start, [one.port for one in pair])
    for _ in range(40):
        assert gateway.chat(protocol, tag).status == 200
    assert sum(served(pair, tag)) == 40
    assert min(served(pair, tag)) >= 5


def test_requests_are_spread_by_weight(start, pair, tag):
    weighted = [{"url": url(pair[0].port), "weight": 3}, {"url": url(pair[1].port), "weight": 1}]
    gateway = over(start, weighted)
    for _ in range(200):
        assert gateway.chat("h2", tag).status == 200
    assert 110 <= served(pair, tag)[0] <= 185


def test_the_endpoint_with_less_to_do_is_chosen(start, pair, tag):
    """One endpoint holds two requests; the next ones go to the other."""
    gate = threading.Event()
    for upstream in pair:

        @upstream.on("held-" + tag)
        async def held(exchange):
            await exchange.hold(gate)
            await exchange.respond(200, body=b"{}")

    gateway = over(start, [one.port for one in pair])
    for _ in range(10):
        assert gateway.chat("h2", f"warm.{tag}w").status == 200
    with gateway.http2() as client:
        streams = []
        for count in range(1, 11):
            target = f"/v1/models/x?mode=held-{tag}"
            streams.append(client.open("GET", target, [gateway.key.header], ends=True))
            deadline = time.monotonic() + 10
            while sum(served(pair, "held-" + tag)) < count:
                assert time.monotonic() < deadline
                time.sleep(0.002)
        assert served(pair, "held-" + tag) == [5, 5]
        gate.set()
        assert all(client.wait(stream).status == 200 for stream in streams)


@pytest.mark.wire_short
def test_an_endpoint_where_nobody_listens_costs_no_call(start, pair, closed_port, protocol, tag):
    gateway = over(start, [closed_port, pair[0].port])
    for _ in range(30):
        assert gateway.chat(protocol, tag).status == 200
    assert len(pair[0].seen(tag)) == 30


def test_an_address_where_nobody_listens_costs_no_call(start, upstream, tag):
    """`localhost` leads to ::1 too, where the upstream does not listen."""
    gateway = start(upstream_url=url(upstream.port, "localhost"), top={"workers": 1})
    for _ in range(10):
        assert gateway.chat("h1", tag).status == 200


def test_when_no_endpoint_can_be_reached_the_answer_is_502(start, closed_port, protocol, tag):
    gateway = over(start, [closed_port, {"url": url(closed_port, "localhost")}])
    for _ in range(12):
        assert gateway.chat(protocol, tag).error["code"] == "upstream_error"


class Load:
    """Calls without end from several threads; keeps the statuses."""

    def __init__(self, gateway, tag, threads=6):
        self.gateway, self.tag = gateway, tag
        self.statuses = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(threads)]

    def _call(self):
        fields = [self.gateway.key.header, ("Content-Type", "application/json")]
        with self.gateway.http2() as client:
            while not self._stop.is_set():
                body = b'{"model":"%s"}' % self.tag.encode()
                answer = client.call("POST", "/v1/chat/completions", fields, body)
                self.statuses.append(answer.status)

    def wait(self, more):
        """Until `more` further calls were answered."""
        goal = len(self.statuses) + more
        deadline = time.monotonic() + 30
        while len(self.statuses) < goal:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(20)


def test_an_endpoint_that_dies_under_load_costs_what_was_in_flight_and_comes_back(start, tag):
    """POSTs from six threads. Kill: at most six are lost. Restart: it serves again."""
    with ExitStack() as stack:
        living = stack.enter_context(Upstream())
        mortal = Upstream()
        mortal.__enter__()
        gateway = over(start, [living.port, mortal.port], ejection={"seconds": 0.3})
        with Load(gateway, tag) as load:
            load.wait(100)
            assert min(served([living, mortal], tag)) > 5
            mortal.__exit__()
            load.wait(200)
            lost = [status for status in load.statuses if status != 200]
            assert set(lost) <= {502} and len(lost) <= 6
            again = stack.enter_context(Upstream(port=mortal.port))
            again.wait_seen(tag, count=20)
            load.wait(50)
        assert [s for s in load.statuses if s != 200] == lost


def test_an_endpoint_that_answers_503_is_left_out_and_tried_again(start, pair, tag):
    bad, good = pair
    is_bad = threading.Event()
    is_bad.set()

    @bad.on("sick-" + tag)
    async def sick(exchange):
        await exchange.respond(503 if is_bad.is_set() else 200, body=b"{}")

    @good.on("sick-" + tag)
    async def well(exchange):
        await exchange.respond(200, body=b"{}")

    gateway = over(start, [bad.port, good.port], ejection={"failures": 2, "seconds": 0.5})
    target = f"/v1/models/x?mode=sick-{tag}"
    began = time.monotonic()
    statuses = [gateway.call("h2", "GET", target).status for _ in range(30)]
    probes = int((time.monotonic() - began) / 0.5) + 1
    assert 2 <= statuses.count(502) <= 2 + probes
    is_bad.clear()
    bad.wait_seen(tag)
    deadline = time.monotonic() + 10
    seen = len(bad.seen(tag))
    while len(bad.seen(tag)) < seen + 5:
        assert time.monotonic() < deadline
        assert gateway.call("h2", "GET", target).status == 200


def test_the_access_log_names_the_endpoint_that_answered(start, pair, closed_port, tag):
    gateway = over(start, [closed_port, pair[0].port])
    assert gateway.chat("h1", tag).status == 200
    line = gateway.wait_log(lambda line: line["path"].endswith("/chat/completions"))[0]
    assert line["upstream"].endswith(pair[0].address)


# Active checks.


def test_an_endpoint_that_fails_its_checks_gets_no_calls_until_it_passes_them(start, pair, tag):
    """The checks alone decide: the endpoint would answer calls all the time."""
    first, second = pair
    is_sick = threading.Event()
    path = f"/check-{tag}"

    @first.on(path[1:])
    async def check(exchange):
        await exchange.respond(500 if is_sick.is_set() else 200, body=b"")

    gateway = over(start, [first.port, second.port], workers=2, healthCheck={
        "path": path, "intervalSeconds": 0.1, "timeoutSeconds": 0.1, "unhealthyAfter": 2})
    for _ in range(20):
        assert gateway.chat("h2", f"{tag}.a").status == 200
    assert min(served(pair, f"{tag}.a")) > 0
    is_sick.set()
    wait_told(gateway, "is unhealthy")
    for _ in range(20):
        assert gateway.chat("h2", f"{tag}.b").status == 200
    assert served(pair, f"{tag}.b") == [0, 20]
    is_sick.clear()
    wait_told(gateway, "is healthy again")
    for _ in range(20):
        assert gateway.chat("h2", f"{tag}.c").status == 200
    assert served(pair, f"{tag}.c")[0] > 0
    check = first.seen(path)[0]
    assert (check.method, check.target) == ("GET", path)
    assert check.header("authorization")


def test_checks_are_made_once_for_all_workers(start, pair, tag):
    path = f"/check-{tag}"
    gateway = over(start, [one.port for one in pair], workers=4, healthCheck={
        "path": path, "intervalSeconds": 0.5, "timeoutSeconds": 0.5})
    began = time.monotonic()
    pair[0].wait_seen(path, count=4)
    seen, passed = len(pair[0].seen(path)), time.monotonic() - began
    assert seen <= passed / 0.5 + 2
    assert gateway.chat("h1", tag).status == 200


def test_checks_speak_the_upstreams_tls(start, certs, tag):
    path = f"/check-{tag}"
    with Upstream(tls=certs.pair, protocols=("h2", "http/1.1")) as upstream:
        over(start, [{"url": f"https://localhost:{upstream.port}/v1"}], caFile=str(certs.ca),
             healthCheck={"path": path, "intervalSeconds": 0.2, "timeoutSeconds": 0.2})
        assert upstream.wait_seen(path, count=2)[0].protocol == "h2"


def wait_told(gateway, text):
    """Waits until the gateway has said so. It tells its workers first, and a worker reads what it
    is told before it serves a call that came later."""
    deadline = time.monotonic() + 15
    while text.encode() not in gateway.stderr:
        assert time.monotonic() < deadline
        time.sleep(0.005)

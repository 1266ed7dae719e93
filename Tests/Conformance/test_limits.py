"""How much: exact windows, the headers that tell of them, and what does not count."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from test_metrics import Scrape

DURATION = re.compile(r"^(\d+h)?(\d+m(?!s))?(\d+(\.\d+)?s)?$|^\d+(\.\d+)?ms$")


def limited(start, profile="bve", **limits):
    high = {"requestsPerMinute": 100_000, "requestsPerDay": 1_000_000}
    return start(profile, [start.key(limits={**high, **limits})])


def use_up(gateway, protocol, tag, count=2):
    for _ in range(count):
        assert gateway.chat(protocol, tag).status == 200
    return gateway.chat(protocol, tag)


@pytest.mark.wire_short
def test_the_call_past_the_minute_limit_is_refused_so_that_clients_retry(
    start, protocol, upstream, tag
):
    gateway = limited(start, requestsPerMinute=2)
    answer = use_up(gateway, protocol, tag)
    assert answer.status == 429
    assert answer.error["message"] == "Rate limit exceeded: requests per minute"
    assert answer.error["type"] == "rate_limit_error"
    assert answer.error["code"] == "rate_limit_exceeded"
    assert answer.header("x-should-retry") == "true"
    seconds = int(answer.header("retry-after"))
    milliseconds = int(answer.header("retry-after-ms"))
    assert 1 <= seconds <= 60
    assert (seconds - 1) * 1000 < milliseconds <= seconds * 1000
    assert len(upstream.seen(tag)) == 2


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("requestsPerDay", "Rate limit exceeded: requests per day"),
        ("requestsPerMonth", "Monthly request limit exceeded"),
    ],
)
def test_the_call_past_a_day_or_month_limit_tells_clients_not_to_retry(
    start, protocol, upstream, tag, limit, message
):
    gateway = limited(start, **{limit: 2})
    answer = use_up(gateway, protocol, tag)
    assert (answer.status, answer.error["message"]) == (429, message)
    assert answer.error["code"] == "rate_limit_exceeded"
    assert answer.header("x-should-retry") == "false"
    assert int(answer.header("retry-after")) >= 1
    assert len(upstream.seen(tag)) == 2


def test_when_every_limit_is_exceeded_the_minute_speaks(start, protocol, tag):
    gateway = limited(start, requestsPerMinute=1, requestsPerDay=1, requestsPerMonth=1)
    answer = use_up(gateway, protocol, tag, count=1)
    assert answer.error["message"] == "Rate limit exceeded: requests per minute"


def test_a_governed_success_carries_the_limit_headers(start, protocol, tag):
    gateway = limited(start, "openai", requestsPerMinute=5)
    first, second = gateway.chat(protocol, tag), gateway.chat(protocol, tag)
    assert [a.header("x-ratelimit-limit-requests") for a in (first, second)] == ["5", "5"]
    assert [a.header("x-ratelimit-remaining-requests") for a in (first, second)] == ["4", "3"]
    assert DURATION.match(first.header("x-ratelimit-reset-requests"))


def test_a_refusal_carries_the_limit_headers_of_its_window(start, protocol, tag):
    gateway = limited(start, "openai", requestsPerMinute=1)
    answer = use_up(gateway, protocol, tag, count=1)
    assert answer.header("x-ratelimit-limit-requests") == "1"
    assert answer.header("x-ratelimit-remaining-requests") == "0"
    assert DURATION.match(answer.header("x-ratelimit-reset-requests"))


def test_the_headers_of_a_success_speak_of_the_window_with_the_least_share_left(
    start, protocol, tag
):
    gateway = limited(start, "openai", requestsPerMinute=100, requestsPerDay=4)
    assert gateway.chat(protocol, tag).header("x-ratelimit-limit-requests") == "4"


def test_one_keys_exhaustion_leaves_another_key_alone(start, protocol, tag):
    keys = [start.key(limits={"requestsPerMinute": 1}) for _ in range(2)]
    gateway = start("bve", keys)
    assert gateway.chat(protocol, tag, key=keys[0]).status == 200
    assert gateway.chat(protocol, tag, key=keys[0]).status == 429
    assert gateway.chat(protocol, tag, key=keys[1]).status == 200


def test_what_identity_refuses_consumes_nothing(start, protocol, tag):
    """Neither bad credentials beside it nor refusals by the limit itself use up a budget."""
    gateway = limited(start, "openai", requestsPerMinute=2)
    for _ in range(5):
        assert gateway.chat(protocol, tag, key=None).status == 401
    first = gateway.chat(protocol, tag)
    assert first.header("x-ratelimit-remaining-requests") == "1"


def test_a_bad_body_of_an_admitted_call_consumes_a_request(start, protocol, tag):
    gateway = limited(start, "openai", requestsPerMinute=2)
    json_type = [("Content-Type", "application/json")]
    bad = gateway.call(
        protocol, "POST", "/v1/chat/completions", body=b"{bad", fields=json_type
    )
    assert bad.status == 400
    assert gateway.chat(protocol, tag).header("x-ratelimit-remaining-requests") == "0"


def test_the_limit_is_told_before_the_bad_body(start, protocol, tag):
    gateway = limited(start, requestsPerMinute=1)
    assert gateway.chat(protocol, tag).status == 200
    json_type = [("Content-Type", "application/json")]
    answer = gateway.call(
        protocol, "POST", "/v1/chat/completions", body=b"{bad", fields=json_type
    )
    assert answer.status == 429


@pytest.mark.wire_short
def test_of_many_parallel_calls_exactly_as_many_as_the_limit_are_admitted(
    start, upstream, tag
):
    """60 calls at once over both protocols and several connections, a limit of 23."""
    gateway = limited(start, requestsPerMinute=23)
    calls = [("h1" if index % 2 else "h2") for index in range(60)]
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda p: gateway.chat(p, tag).status, calls))
    assert sorted(statuses) == [200] * 23 + [429] * 37
    assert len(upstream.seen(tag)) == 23


def test_parallel_streams_of_one_connection_admit_exactly_the_limit(start, upstream, tag):
    gateway = limited(start, requestsPerMinute=13)
    body = b'{"model":"%b","messages":[]}' % tag.encode()
    fields = [gateway.key.header, ("content-type", "application/json")]
    with gateway.http2() as client:
        streams = [
            client.request("POST", "/v1/chat/completions", fields, body) for _ in range(50)
        ]
        statuses = [client.wait(stream).status for stream in streams]
    assert sorted(statuses) == [200] * 13 + [429] * 37
    assert len(upstream.seen(tag)) == 13


def test_the_default_limits_of_the_bve_profile_hold_for_a_key_without_its_own(start, tag):
    gateway = start("bve", [start.key()])
    answer = gateway.chat("h1", tag)
    assert answer.header("x-ratelimit-limit-requests") in (None, "60")
    statuses = [gateway.chat("h2", tag).status for _ in range(60)]
    assert statuses == [200] * 59 + [429]


def test_the_default_profile_is_unlimited_until_limits_are_set(start, tag):
    gateway = start("openai", [start.key()])
    answers = [gateway.chat("h2", tag) for _ in range(70)]
    assert {answer.status for answer in answers} == {200}
    assert answers[0].header("x-ratelimit-limit-requests") is None


# The process as a whole.


def capped(start, soft="unlimited", hard="unlimited", keys=2):
    made = [start.key() for _ in range(keys)]
    return start("openai", made, top={"monthlyRequests": {"softCap": soft, "hardCap": hard}}), made


def test_all_keys_together_are_admitted_exactly_the_hard_cap(start, upstream, tag):
    gateway, keys = capped(start, hard=20)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(
            lambda number: gateway.chat("h1" if number % 2 else "h2", tag, key=keys[number % 2]),
            range(60)))
    assert sorted(answer.status for answer in answers) == [200] * 20 + [429] * 40
    assert len(upstream.seen(tag)) == 20
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.error["message"] == "Monthly request limit exceeded"
    assert refused.error["code"] == "rate_limit_exceeded"
    assert refused.header("x-should-retry") == "false"
    assert int(refused.header("retry-after")) >= 1
    assert refused.header("x-ratelimit-limit-requests") == "20"
    lines = gateway.wait_log(lambda line: line.get("error") == "process_limit_exceeded", count=40)
    assert len(lines) == 40


def test_what_is_refused_before_does_not_count_for_the_process(start, protocol, tag):
    gateway, keys = capped(start, hard=1)
    assert gateway.chat(protocol, tag, key=None).status == 401
    assert gateway.call(protocol, "GET", "/health", key=None).status == 200
    assert gateway.call(protocol, "GET", "/v1/unknown").status == 404
    assert gateway.chat(protocol, tag, key=keys[0]).status == 200
    assert gateway.chat(protocol, tag, key=keys[1]).status == 429


def test_the_soft_cap_is_told_once_and_refuses_nothing(start, protocol, tag):
    gateway, _ = capped(start, soft=2)
    assert [gateway.chat(protocol, tag).status for _ in range(4)] == [200] * 4
    gateway.stop()
    warnings = [line for line in gateway.stderr.decode().splitlines() if "soft cap" in line]
    assert warnings == ["gatehouse: warning: 2 requests this month: the soft cap is reached"]


def test_the_metrics_tell_how_much_of_the_month_is_used(start, protocol, tag):
    gateway, _ = capped(start, soft=2, hard=3)
    assert [gateway.chat(protocol, tag).status for _ in range(4)] == [200] * 3 + [429]
    scrape = Scrape(gateway)
    assert scrape.sum("gatehouse_month_requests") == 3
    assert scrape.sum("gatehouse_month_requests_cap", cap="soft") == 2
    assert scrape.sum("gatehouse_month_requests_cap", cap="hard") == 3
    changed = {"softCap": "unlimited", "hardCap": 5}
    gateway.reload({**gateway.settings, "monthlyRequests": changed})
    scrape = Scrape(gateway)
    assert scrape.sum("gatehouse_month_requests") == 3
    assert ("gatehouse_month_requests_cap", frozenset({("cap", "soft")})) not in scrape.samples
    assert gateway.chat(protocol, tag).status == 200


def test_without_caps_the_metrics_tell_nothing_of_a_month(start):
    names = {name for name, _ in Scrape(start()).samples}
    assert not [name for name in names if "month" in name]

"""Who may pass: credentials, key states, allowed models, and what a refusal looks like."""

import pytest

UNKNOWN = "sk-bve-" + "0123456789abcdef" * 4


def chat(tag):
    return {"model": tag, "messages": [{"role": "user", "content": "Hello"}]}


def refused(gateway, protocol, upstream, tag, status, code, fields=(), key=None):
    """A chat call with these credentials is refused so, and nothing reaches the upstream."""
    answer = gateway.call(
        protocol, "POST", "/v1/chat/completions", json_body=chat(tag), fields=fields, key=key
    )
    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.error["type"] == "invalid_request_error"
    assert answer.header("content-type").split(";")[0] == "application/json"
    assert upstream.seen(tag) == []
    return answer


@pytest.mark.wire_short
def test_a_call_without_authorization_is_refused_as_missing_api_key(
    bve, protocol, upstream, tag
):
    answer = refused(bve, protocol, upstream, tag, 401, "missing_api_key")
    assert answer.error["message"] == "Missing API key"


@pytest.mark.parametrize(
    "value",
    [
        "Basic dXNlcjpwYXNz",
        "Bearer",
        "Bearer not-a-key",
        "Bearer sk-other-" + "0" * 64,
        "Bearer " + UNKNOWN,
        "Bearer " + UNKNOWN.upper(),
        "Bearer sk-bve-" + "0" * 8_000,
        "Bearer sk-bve-" + "0" * 63,
        "Bearer sk-bve-" + "0" * 64 + " trailing",
        UNKNOWN,
    ],
)
def test_a_credential_of_the_wrong_kind_is_invalid_api_key(
    bve, protocol, upstream, tag, value
):
    refused(bve, protocol, upstream, tag, 401, "invalid_api_key", [("Authorization", value)])


def test_a_key_in_upper_case_hex_is_unknown(bve, cast, protocol, upstream, tag):
    """The format is lower case, and the hash is taken of the bytes as sent."""
    text = "sk-bve-" + cast.active.text.removeprefix("sk-bve-").upper()
    field = ("Authorization", f"Bearer {text}")
    refused(bve, protocol, upstream, tag, 401, "invalid_api_key", [field])


def test_the_scheme_is_compared_without_regard_to_case(bve, cast, protocol, upstream, tag):
    """RFC 9110 section 11.1."""
    field = ("Authorization", f"bearer {cast.active.text}")
    answer = bve.chat(protocol, tag, fields=[field], key=None)
    assert answer.status == 200


def test_two_authorization_fields_are_refused(house, cast, protocol, upstream, tag):
    """Which of two credentials counts must never be a matter of luck."""
    fields = [cast.active.header, ("Authorization", f"Bearer {UNKNOWN}")]
    answer = house.chat(protocol, tag, fields=fields, key=None)
    assert answer.status in (400, 401)
    assert upstream.seen(tag) == []


@pytest.mark.wire_short
def test_an_active_key_reaches_the_upstream(house, protocol, upstream, tag):
    answer = house.chat(protocol, tag)
    assert answer.status == 200
    assert answer.json["object"] == "chat.completion"
    assert len(upstream.seen(tag)) == 1


def test_a_suspended_key_is_forbidden(bve, cast, protocol, upstream, tag):
    answer = refused(
        bve, protocol, upstream, tag, 403, "api_key_suspended", key=cast.suspended
    )
    assert answer.error["message"] == "API key is suspended"


def test_a_revoked_key_is_forbidden(bve, cast, protocol, upstream, tag):
    answer = refused(bve, protocol, upstream, tag, 403, "api_key_revoked", key=cast.revoked)
    assert answer.error["message"] == "API key has been revoked"


def test_an_expired_key_is_refused(house, cast, protocol, upstream, tag):
    answer = house.chat(protocol, tag, key=cast.expired)
    assert answer.status in (401, 403)
    assert answer.error["code"]
    assert upstream.seen(tag) == []


def test_a_key_made_with_another_pepper_is_unknown(start, tmp_path, protocol, upstream, tag):
    """The same key under a different pepper has a different hash."""
    key = start.key()
    other = tmp_path / "pepper"
    other.write_bytes(b"another pepper of thirty-two bytes or more")
    other.chmod(0o600)
    gateway = start("bve", [key], top={"keyPepperFile": str(other)})
    refused(gateway, protocol, upstream, tag, 401, "invalid_api_key", key=key)


def test_a_bve_error_has_exactly_three_members(bve, protocol, upstream, tag):
    answer = refused(bve, protocol, upstream, tag, 401, "missing_api_key")
    assert list(answer.error) == ["message", "type", "code"]


def test_an_openai_error_has_exactly_four_members(house, protocol, upstream, tag):
    answer = refused(house, protocol, upstream, tag, 401, "missing_api_key")
    assert list(answer.error) == ["message", "type", "param", "code"]
    assert answer.error["param"] is None


def test_health_needs_no_key(house, protocol):
    answer = house.call(protocol, "GET", "/health", key=None)
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_models_need_a_key(house, protocol):
    answer = house.call(protocol, "GET", "/v1/models", key=None)
    assert (answer.status, answer.error["code"]) == (401, "missing_api_key")


def test_a_model_outside_the_keys_list_is_not_allowed(house, cast, protocol, upstream, tag):
    answer = house.chat(protocol, f"other.{tag}", key=cast.picky)
    assert (answer.status, answer.error["code"]) == (403, "model_not_allowed")
    assert upstream.seen(tag) == []


def test_a_model_of_the_keys_list_passes(house, cast, protocol):
    assert house.chat(protocol, "allowed-model", key=cast.picky).status == 200


def test_a_key_with_a_model_list_needs_a_model_it_can_read(house, cast, protocol, upstream, tag):
    """A body whose model is missing or not a string cannot be found allowed."""
    for model in ({}, {"model": None}, {"model": ["allowed-model"]}, {"model": 1}):
        body = {**model, "messages": [], "user": tag}
        answer = house.call(
            protocol, "POST", "/v1/chat/completions", json_body=body, key=cast.picky
        )
        assert answer.status in (400, 403), body
    assert upstream.seen(tag) == []


def test_a_key_with_a_model_list_cannot_hide_the_model_behind_an_escape(
    house, cast, protocol, upstream, tag
):
    """`mod\\u0065l` is the member `model`; what the upstream would read is what is checked."""
    body = b'{"mod\\u0065l":"%b","messages":[]}' % tag.encode()
    answer = house.call(
        protocol, "POST", "/v1/chat/completions", body=body, key=cast.picky,
        fields=[("Content-Type", "application/json")],
    )
    assert answer.status in (400, 403)
    assert upstream.seen(tag) == []

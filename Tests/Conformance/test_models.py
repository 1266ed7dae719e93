"""Which model a request means: defaults, names for the upstream, and who serves which."""

import json

import pytest
from upstream import Upstream

CHAT = "/v1/chat/completions"


def post(gateway, protocol, tag, body, path=CHAT, **options):
    fields = [("Content-Type", "application/json"), ("X-Tag", tag)]
    return gateway.call(protocol, "POST", path, body=body.encode(), fields=fields, **options)


def received(upstream, tag):
    return bytes(upstream.seen(tag)[-1].body).decode()


@pytest.mark.wire_short
@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ('{ "a" : [1, 2.0] }', '{"model":"usual", "a" : [1, 2.0] }'),
        ("{}", '{"model":"usual"}'),
        ("{ \n}", '{"model":"usual" \n}'),
        ('{"model":"default","a":1e5}', '{"model":"usual","a":1e5}'),
        ('{"a":"\\u00e9","model" : null }', '{"a":"\\u00e9","model" : "usual" }'),
        ('{"mod\\u0065l":"def\\u0061ult"}', '{"mod\\u0065l":"usual"}'),
        ('{"model":"mine", "a":{"model":"default"}}', '{"model":"mine", "a":{"model":"default"}}'),
        ('{"model":"Default"}', '{"model":"Default"}'),
        ('{"model":5}', '{"model":5}'),
    ],
)
def test_a_request_that_leaves_the_choice_open_gets_the_site_s_model(
    start, protocol, upstream, tag, sent, arrives
):
    gateway = start(site={"defaultModel": "usual"})
    assert post(gateway, protocol, tag, sent).status == 200
    assert received(upstream, tag) == arrives


def test_without_a_default_bodies_go_on_byte_for_byte(start, protocol, upstream, tag):
    gateway = start()
    for body in ("{}", '{"model":"default"}', '{"model":null}'):
        assert post(gateway, protocol, tag, body).status == 200
        assert received(upstream, tag) == body


def test_a_missing_model_is_filled_in_only_where_requests_are_put_to_one(
    start, protocol, upstream, tag
):
    gateway = start(site={"defaultModel": "usual"})
    assert post(gateway, protocol, tag, '{"input":"a"}', "/v1/embeddings").status == 200
    assert received(upstream, tag) == '{"input":"a"}'
    assert post(gateway, protocol, tag, '{"model":"default"}', "/v1/embeddings").status == 200
    assert received(upstream, tag) == '{"model":"usual"}'
    assert post(gateway, protocol, tag, '{"input":"a"}', "/v1/responses").status == 200
    assert received(upstream, tag) == '{"model":"usual","input":"a"}'


def test_a_project_has_a_model_of_its_own(start, protocol, upstream, tag):
    tenants = [{"id": "o", "projects": [{"id": "p", "slug": "one", "model": "theirs"},
                                        {"id": "q", "slug": "two"}]}]
    keys = [start.key(project="p"), start.key(project="q")]
    gateway = start("openai", keys, site={"hosts": ["*.a.test"], "defaultModel": "usual"},
                    top={"organizations": tenants})
    for key, slug, model in ((keys[0], "one", "theirs"), (keys[1], "two", "usual")):
        post(gateway, protocol, tag, "{}", key=key, host=f"{slug}.a.test")
        assert json.loads(received(upstream, tag)) == {"model": model}


@pytest.mark.wire_short
def test_models_go_to_their_upstreams_under_the_names_they_have_there(
    start, protocol, upstream, tag
):
    with Upstream() as second:
        places = [{"name": "openai", "url": f"http://{upstream.address}/v1"},
                  {"name": "second", "url": f"http://{second.address}/v1"}]
        models = [{"model": "gpt-4o", "as": "gpt-4o-2024-08-06"},
                  {"model": "claude-*", "upstream": "second"},
                  {"model": "fast", "as": "claude-x", "upstream": "second"}]
        gateway = start(site={"models": models}, top={"upstreams": places})
        for model, place, name in (("gpt-4o", upstream, "gpt-4o-2024-08-06"),
                                   ("gpt-4o-mini", upstream, "gpt-4o-mini"),
                                   ("claude-3", second, "claude-3"),
                                   ("fast", second, "claude-x"),
                                   ("other", upstream, "other")):
            label = f"{tag}-{model}"
            body = f'{{"model":"{model}","keep":[ 1 ,2]}}'
            assert post(gateway, protocol, label, body).status == 200
            assert received(place, label) == f'{{"model":"{name}","keep":[ 1 ,2]}}'
            other = second if place is upstream else upstream
            assert not other.seen(label)


def test_a_key_s_list_speaks_of_the_names_that_clients_use(start, protocol, upstream, tag):
    models = [{"model": "fast", "as": "hidden"}]
    key = start.key(allowedModels=["fast", "usual"])
    gateway = start("openai", [key], site={"models": models, "defaultModel": "usual"})
    assert post(gateway, protocol, tag, '{"model":"fast"}').status == 200
    assert post(gateway, protocol, tag, "{}").status == 200
    refused = post(gateway, protocol, tag, '{"model":"hidden"}')
    assert (refused.status, refused.error["code"]) == (403, "model_not_allowed")
    assert len(upstream.seen(tag)) == 2

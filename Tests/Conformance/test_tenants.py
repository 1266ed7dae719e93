"""Whose request it is: projects by host name, switches, scopes, roles, and what they share."""

import pytest
import yaml

TENANTS = [
    {"id": "acme", "projects": [
        {"id": "prj-otter", "slug": "brave-otter-123"},
        {"id": "prj-lynx", "slug": "calm-lynx-456"},
        {"id": "prj-held", "slug": "held-crow-7", "status": "suspended"},
        {"id": "prj-off", "slug": "dark-wolf-8", "killed": True},
    ]},
    {"id": "rival", "projects": [{"id": "prj-rival", "slug": "swift-hare-9"}]},
    {"id": "stopped", "killed": True, "projects": [{"id": "prj-stopped", "slug": "still-fox-1"}]},
    {"id": "closed", "status": "suspended",
     "projects": [{"id": "prj-closed", "slug": "shut-owl-2"}]},
]
SITE = {"hosts": ["*.behest.test"], "identityHeaders": True}


def host(slug):
    return f"{slug}.behest.test"


def tenants(start, *keys, site=None, organizations=TENANTS, **top):
    return start("openai", list(keys), site={**SITE, **(site or {})},
                 top={"organizations": organizations, **top})


def code(answer):
    return answer.status, answer.error["code"]


@pytest.mark.wire_short
def test_a_key_is_served_at_its_own_project_s_host_and_at_no_other(start, protocol, upstream, tag):
    key = start.key(project="prj-otter")
    gateway = tenants(start, key)
    for name in ("brave-otter-123", "BRAVE-Otter-123"):
        assert gateway.chat(protocol, tag, host=host(name)).status == 200
    for name in ("calm-lynx-456", "swift-hare-9", "dark-wolf-8"):
        assert code(gateway.chat(protocol, tag, host=host(name))) == (403, "forbidden")
    assert len(upstream.seen(tag)) == 2


def test_a_key_of_an_organization_is_served_at_each_of_its_projects(start, protocol, tag):
    gateway = tenants(start, start.key(organization="acme"))
    for name in ("brave-otter-123", "calm-lynx-456"):
        assert gateway.chat(protocol, tag, host=host(name)).status == 200
    assert gateway.chat(protocol, tag, host=host("swift-hare-9")).status == 403


def test_a_host_of_no_project_is_unknown_whatever_the_key(start, protocol, upstream, tag):
    gateway = tenants(start, start.key(organization="acme"))
    for key in ("default", None):
        answer = gateway.chat(protocol, tag, host=host("no-such-1"), key=key)
        assert answer.status == 404
    assert gateway.chat(protocol, tag, host="a.brave-otter-123.behest.test").status == 421
    assert not upstream.seen(tag)


@pytest.mark.parametrize(
    ("project", "slug", "expected"),
    [
        ("prj-held", "held-crow-7", "project_suspended"),
        ("prj-closed", "shut-owl-2", "organization_suspended"),
        ("prj-off", "dark-wolf-8", "killed"),
        ("prj-stopped", "still-fox-1", "killed"),
    ],
)
def test_suspended_and_killed_tenants_are_refused_before_their_limits(
    start, protocol, upstream, tag, project, slug, expected
):
    key = start.key(project=project, limits={"requestsPerMinute": 0})
    gateway = tenants(start, key)
    answer = gateway.chat(protocol, tag, host=host(slug))
    assert answer.status == 403
    line = gateway.wait_log(lambda line: line["status"] == 403)[0]
    assert expected in line["error"]
    # Whoever shows no good key is told that, not what is switched off.
    assert gateway.chat(protocol, tag, host=host(slug), key=start.key()).status == 401
    assert not upstream.seen(tag)


def test_the_switch_of_everything_stops_everybody(start, protocol, upstream, tag):
    gateway = tenants(start, start.key(), start.key(project="prj-otter"), killed=True)
    assert gateway.chat(protocol, tag, host=host("brave-otter-123")).status == 403
    assert gateway.call(protocol, "GET", "/health", host=host("brave-otter-123")).status == 200
    assert not upstream.seen(tag)


@pytest.mark.wire_short
def test_a_scope_is_demanded_before_limits_and_consumes_none(start, protocol, upstream, tag):
    routes = [
        {"methods": "POST", "path": "/v1/chat/completions", "body": "json", "scope": "chat:write"},
        {"methods": "GET", "path": "/v1/models", "body": "none", "roles": ["owner"]},
    ]
    able = start.key(scopes=["chat:write"], role="owner", limits={"requestsPerMinute": 1})
    unable = start.key(scopes=["chat:read", "chat"], limits={"requestsPerMinute": 1})
    gateway = tenants(start, able, unable, site={"routes": routes, "hosts": []})
    for _ in range(3):
        answer = gateway.chat(protocol, tag, key=unable)
        assert (answer.status, answer.header("x-ratelimit-remaining-requests")) == (403, None)
        assert gateway.call(protocol, "GET", "/v1/models", key=unable).status == 403
    assert gateway.chat(protocol, tag).status == 200
    assert gateway.chat(protocol, tag).status == 429
    assert len(upstream.seen(tag)) == 1


@pytest.mark.wire_short
def test_a_project_s_limit_holds_for_all_its_keys_together(start, protocol, upstream, tag):
    keys = [start.key(project="p") for _ in range(3)]
    shared = [{"id": "o", "projects": [{"id": "p", "slug": "one", "requestsPerDay": 4},
                                       {"id": "q", "slug": "two"}]}]
    other = start.key(project="q")
    gateway = tenants(start, *keys, other, organizations=shared)
    statuses = [gateway.chat(protocol, tag, key=keys[turn % 3], host=host("one")).status
                for turn in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    assert gateway.chat(protocol, tag, key=other, host=host("two")).status == 200
    assert len(upstream.seen(tag)) == 5


def test_the_upstream_is_told_who_calls_and_not_what_clients_claim(start, protocol, upstream, tag):
    forged = [(name, "forged") for name in
              ("X-Tenant-Id", "X-Project-Id", "X-End-User-Id", "X-Role", "X-Tier")]
    kept = [("X-Session-Id", "s-1"), ("X-Thread-Id", "t-1")]
    gateway = tenants(start, start.key(project="prj-otter", role="member"))
    gateway.chat(protocol, tag, host=host("brave-otter-123"), fields=forged + kept)
    fields = dict(upstream.seen(tag)[0].fields)
    assert fields["x-tenant-id"] == "acme"
    assert fields["x-project-id"] == "prj-otter"
    assert fields["x-role"] == "member"
    assert (fields["x-session-id"], fields["x-thread-id"]) == ("s-1", "t-1")
    assert "forged" not in fields.values()
    silent = tenants(start, start.key(project="prj-otter"), site={"identityHeaders": False})
    silent.chat(protocol, tag + "-2", host=host("brave-otter-123"), fields=forged)
    names = {name for name, _ in upstream.seen(tag + "-2")[0].fields}
    assert not names & {"x-tenant-id", "x-project-id", "x-end-user-id", "x-role", "x-tier"}


@pytest.mark.wire_short
def test_an_address_is_limited_before_its_credential_is_looked_at(start, protocol, upstream, tag):
    gateway = tenants(start, start.key(), site={"hosts": [], "addressRequestsPerMinute": 5})
    answers = [gateway.chat(protocol, tag, key=start.key()) for _ in range(9)]
    statuses = [answer.status for answer in answers]
    # The minute of the clock may end in between; then the address has five more.
    assert statuses[:5] == [401] * 5
    assert 429 in statuses and set(statuses) <= {401, 429}
    refused = next(answer for answer in answers if answer.status == 429)
    assert 1 <= int(refused.header("retry-after")) <= 60
    assert not upstream.seen(tag)


def test_a_project_has_cross_origin_rules_of_its_own(start, protocol, tag):
    rules = {"origins": ["https://app.example"], "credentials": True}
    home = [{"id": "o", "projects": [{"id": "p", "slug": "one", "crossOrigin": rules},
                                     {"id": "q", "slug": "two"}]}]
    gateway = tenants(start, start.key(organization="o"), organizations=home,
                      site={"crossOrigin": {"origins": ["https://site.example"]}})
    for slug, allowed in (("one", "https://app.example"), ("two", "https://site.example")):
        for origin in ("https://app.example", "https://site.example"):
            fields = [("Origin", origin)]
            answer = gateway.chat(protocol, tag, host=host(slug), fields=fields)
            found = answer.header("access-control-allow-origin")
            assert found == (origin if origin == allowed else None)


@pytest.mark.wire_short
def test_a_switch_takes_effect_with_the_next_request_after_a_reload(start, protocol, tag):
    gateway = tenants(start, start.key(project="prj-otter"))

    def statuses():
        return {gateway.chat(protocol, tag, host=host("brave-otter-123")).status
                for _ in range(6)}

    def switched(**changes):
        organizations = [{**TENANTS[0], **changes}, *TENANTS[1:]]
        gateway.reload({**gateway.settings, "organizations": organizations})

    assert statuses() == {200}
    switched(killed=True)
    assert statuses() == {403}
    switched(killed=False)
    assert statuses() == {200}
    switched(status="suspended")
    assert statuses() == {403}


def test_a_project_s_limit_that_changed_goes_on_from_what_was_counted(start, protocol, tag):
    def limited(count):
        return [{"id": "o", "projects": [{"id": "p", "slug": "one", "requestsPerDay": count}]}]

    gateway = tenants(start, start.key(project="p"), organizations=limited(3))

    def ask(count):
        return [gateway.chat(protocol, tag, host=host("one")).status for _ in range(count)]

    assert ask(2) == [200, 200]
    for count, statuses in ((2, [429]), (4, [200, 200, 429])):
        gateway.reload({**gateway.settings, "organizations": limited(count)})
        assert ask(len(statuses)) == statuses


def test_the_switch_of_everything_is_thrown_by_a_reload(start):
    gateway = tenants(start, start.key(project="prj-otter"))
    with gateway.http1() as one, gateway.http2() as two:
        for killed, status in ((True, 403), (False, 200)):
            gateway.reload({**gateway.settings, "killed": killed})
            for client in (one, two):
                answer = client.call("GET", "/v1/models", [gateway.key.header],
                                     None, host("brave-otter-123"))
                assert answer.status == status


def test_organizations_may_stand_in_a_file_of_their_own(start, tmp_path, protocol, tag):
    path = tmp_path / "organizations.yaml"
    path.write_text(yaml.safe_dump({"organizations": TENANTS}))
    gateway = tenants(start, start.key(project="prj-otter"), organizations=[],
                      organizationsFile=str(path))
    ask = lambda: gateway.chat(protocol, tag, host=host("brave-otter-123")).status
    assert ask() == 200
    path.write_text(yaml.safe_dump({"organizations": [{**TENANTS[0], "killed": True}]}))
    gateway.reload()
    assert ask() == 403

"""The order of refusals: a request with two faults is always answered for the one that comes first.

A case is a request, and a tenant of its own, with which every step is content. A fault is a change
to a case with which one step is not. Every two faults are put into one case.
"""

import itertools
import json
import time
from dataclasses import dataclass
from typing import Callable

import pytest
import yaml
from key_server import SigningKey, key_set
from test_tokens import token

ROUTE = {"methods": "POST", "path": "/v1/chat/completions", "body": "json",
         "bodyLimitBytes": 2_000, "scope": "chat:write", "roles": ["member"]}
DOMAIN = "order.test"


class Case:
    """A request that is served, and the tenant it is for."""

    def __init__(self, *faults, name=None, is_with_key=False, **limits):
        self.faults = faults
        self.name = name or "-".join(["order", *(fault.name for fault in faults)])
        self.project = {"id": f"p-{self.name}", "slug": self.name, **limits}
        self.organization = {"id": f"o-{self.name}", "projects": [self.project]}
        self.claims = {"tid": self.organization["id"], "pid": self.project["id"],
                       "scp": "chat:write", "role": "member"}
        self.key = None
        self.is_genuine = True
        self.is_killed = self.is_exhausted = False
        self.host = f"{self.name}.{DOMAIN}"
        self.method, self.path = "POST", ROUTE["path"]
        self.fields = []
        self.is_address_used = False
        self.body = json.dumps({"model": self.name, "max_tokens": 100, "messages": []})
        if is_with_key or any(fault.needs == "key" for fault in faults):
            self.key = {"project": self.project["id"], "scopes": ["chat:write"], "role": "member",
                        "limits": {}}
        for fault in faults:
            fault.commit(self)


# A request names one host, and a key that nobody knows has no status.
EXCLUSIVE = [{"site", "host", "tenant"}, {"credential", "held-key"}]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a case, and how the step that minds answers and logs it."""

    name: str
    status: int
    error: str | None
    reason: str | None
    commit: Callable[[Case], None]
    needs: str | None = None

    def is_possible_with(self, other):
        if {self.needs, other.needs} == {"key", "token"}:
            return False
        return not any({self.name, other.name} <= one for one in EXCLUSIVE)


def preflight(case):
    case.method = "OPTIONS"
    case.fields += [("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST")]


def elsewhere(case):
    case.host = f"order-neighbour.{DOMAIN}"


def assign(path, value):
    """A fault that sets one setting or claim: `project.killed`."""
    *owners, name = path.split(".")

    def commit(case):
        target = getattr(case, owners[0])
        for owner in owners[1:]:
            target = target[owner]
        target[name] = value

    return commit


def attribute(name, value):
    return lambda case: setattr(case, name, value)


def tier(case):
    case.claims["tier"] = "none"
    case.project["tiers"] = [{"name": "none", "requestsPerDay": 0}]


def too_long(case):
    case.body += " " * ROUTE["bodyLimitBytes"]


def broken(case):
    case.body = "{" + case.body


# In the order of the pipeline.
FAULTS = [
    Fault("site", 421, "misdirected_request", None, attribute("host", "order.nowhere.test")),
    Fault("address", 429, "address_rate_limit_exceeded", None, attribute("is_address_used", True)),
    Fault("host", 404, "unknown_project", None, attribute("host", f"no-project.{DOMAIN}")),
    Fault("preflight", 204, None, None, preflight),
    Fault("route", 404, "route_not_found", None, attribute("path", "/v1/unknown")),
    Fault("length", 413, "request_too_large", None, too_long),
    Fault("credential", 401, None, None, attribute("is_genuine", False)),
    Fault("held-key", 403, "api_key_suspended", None, assign("key.status", "suspended"), "key"),
    Fault("status", 403, "project_suspended", None, assign("project.status", "suspended")),
    Fault("org-status", 403, "organization_suspended", None,
          assign("organization.status", "suspended")),
    Fault("tenant", 403, "other_tenant", None, elsewhere),
    Fault("kill-all", 403, "killed", "everything", attribute("is_killed", True)),
    Fault("kill-org", 403, "killed", "organization", assign("organization.killed", True)),
    Fault("kill-project", 403, "killed", "project", assign("project.killed", True)),
    Fault("scope", 403, "insufficient_scope", None,
          lambda case: (assign("key.scopes", []) if case.key else assign("claims.scp", ""))(case)),
    Fault("role", 403, "insufficient_role", None,
          lambda case: assign("key.role" if case.key else "claims.role", "guest")(case)),
    Fault("project-window", 429, "rate_limit_exceeded", "day",
          assign("project.requestsPerDay", 0)),
    Fault("user-window", 429, "rate_limit_exceeded", "minute",
          assign("project.userRequestsPerMinute", 0), "token"),
    Fault("tier-window", 402, "quota_exceeded", "requests_per_day", tier, "token"),
    Fault("key-window", 429, "rate_limit_exceeded", "month",
          assign("key.limits.requestsPerMonth", 0), "key"),
    Fault("tokens", 402, "quota_exceeded", "tokens_per_day", assign("project.tokensPerDay", 0)),
    Fault("process", 429, "process_limit_exceeded", None, attribute("is_exhausted", True)),
    Fault("body", 400, "invalid_json", None, broken),
    Fault("model", 403, "model_not_allowed", None, assign("key.allowedModels", ["another"]),
          "key"),
    Fault("estimate", 402, "quota_exceeded", "tokens_per_month",
          assign("project.tokensPerMonth", 50)),
]
CASES = [Case(), *(Case(fault) for fault in FAULTS),
         *(Case(*pair) for pair in itertools.combinations(FAULTS, 2)
           if pair[0].is_possible_with(pair[1]))]


NEIGHBOUR = {"id": "o-neighbour", "projects": [{"id": "p-neighbour", "slug": "order-neighbour"}]}


class House:
    """Gateways that know the tenants of all cases: switched on or off, with or without room."""

    def __init__(self, start, directory):
        self.start = start
        self.signer, self.forger = SigningKey("ES256", "main"), SigningKey("ES256", "main")
        self.jwks = directory / "keys.json"
        self.jwks.write_text(json.dumps(key_set(self.signer)))
        self.keys = {case.name: start.key(id=case.name, **case.key) for case in CASES if case.key}
        self.gateways = {}
        self.numbers = itertools.count(1)

    def gateway(self, case):
        kind = (case.is_killed, case.is_exhausted)
        if kind not in self.gateways:
            tenants = self.jwks.with_name("organizations.yaml")
            organizations = [NEIGHBOUR, *(case.organization for case in CASES)]
            tenants.write_text(yaml.safe_dump({"organizations": organizations}))
            caps = {"monthlyRequests": {"hardCap": 0}} if case.is_exhausted else {}
            self.gateways[kind] = self.open(self.start, self.keys.values(), killed=case.is_killed,
                                            organizationsFile=str(tenants), **caps)
        return self.gateways[kind]

    def open(self, start, keys, **top):
        issuer = {"name": "main", "jwksFile": str(self.jwks), "audiences": ["behest"],
                  "issuers": ["https://api.behest.app"]}
        site = {"dialect": "behest", "hosts": [f"*.{DOMAIN}"], "tokenIssuer": "main",
                "credentials": ["key", "token"], "keyPrefix": "sk-bve-", "routes": [ROUTE],
                "addressRequestsPerMinute": 1}
        return start("openai", keys, site=site, top={
            "tokenIssuers": [issuer], "trustedProxies": ["127.0.0.0/8"], **top})

    def ask(self, protocol, case, gateway=None, key=None):
        """The answer, and what the access log says of it."""
        gateway = gateway or self.gateway(case)
        credential = self.credential(case, key or self.keys.get(case.name))

        def send(address, credential):
            request_id = f"{protocol}-{case.name}-{next(self.numbers)}"
            fields = [*case.fields, ("X-Forwarded-For", address), ("X-Request-Id", request_id)]
            answer = gateway.call(protocol, case.method, case.path, body=case.body.encode(),
                                  host=case.host, key=credential, fields=fields)
            return answer, gateway.wait_log(lambda line: line["request_id"] == request_id)[0]

        if not case.is_address_used:
            return send(self.address(), credential)
        # What an address may do belongs to the minute of the clock.
        while True:
            minute, address = time.time() // 60, self.address()
            send(address, None)
            refused = send(address, credential)
            if minute == time.time() // 60:
                return refused

    def credential(self, case, key):
        if case.key is None:
            return token(self.signer if case.is_genuine else self.forger, **case.claims)
        return key if case.is_genuine else self.start.key()

    def address(self):
        number = next(self.numbers)
        return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


@pytest.fixture(scope="module")
def house(session_starter, tmp_path_factory):
    return House(session_starter, tmp_path_factory.mktemp("order"))


def told(answer, line):
    return answer.status, line.get("error"), line.get("reason")


def expected(fault, case):
    if fault.name != "credential":
        return fault.status, fault.error, fault.reason
    if case.key is None:
        return 401, "invalid_token", "token_bad_signature"
    return 401, "unknown_api_key", None


def test_a_request_without_a_fault_is_served(house, protocol, upstream):
    answer, line = house.ask(protocol, CASES[0])
    assert told(answer, line) == (200, None, None)
    assert upstream.seen(CASES[0].name)


@pytest.mark.parametrize("first", FAULTS, ids=lambda fault: fault.name)
def test_of_two_faults_the_one_of_the_earlier_step_is_answered(house, protocol, upstream, first):
    cases = [case for case in CASES if case.faults and case.faults[0] is first]
    for case in cases:
        found = told(*house.ask(protocol, case))
        assert found == expected(first, case), case.name
    assert len(cases) > 1 or first is FAULTS[-1]
    assert not upstream.seen(f"order-{first.name}")


# Refused for what it asks for, when it has been counted.
COUNTED = {"body", "model", "estimate"}
# What the process may serve is no part of a configuration that is read again.
RELOADED = [fault for fault in FAULTS if fault.name != "process"]


@pytest.mark.parametrize("needs", ["token", "key"])
def test_what_is_refused_is_counted_nowhere_and_holds_no_tokens(
    start, house, protocol, upstream, tag, needs
):
    faults = [fault for fault in RELOADED if fault.needs in (None, needs)]
    key = start.key(id=tag)

    def case(*faults):
        return Case(*faults, name=tag, is_with_key=needs == "key", requestsPerDay=20,
                    requestsPerMinute=100_000, tokensPerDay=5_000)

    def settings(case):
        entry = {**key.entry, **(case.key or {})}
        return {**gateway.settings, "organizations": [NEIGHBOUR, case.organization],
                "killed": case.is_killed, "sites": [{**gateway.settings["sites"][0],
                                                     "keys": [entry]}]}

    gateway = house.open(start, [key], organizations=[NEIGHBOUR])
    for fault in faults:
        refused = case(fault)
        gateway.reload(settings(refused))
        found = told(*house.ask(protocol, refused, gateway, key))
        assert found == expected(fault, refused), fault.name
    good = case()
    gateway.reload(settings(good))
    answer, _ = house.ask(protocol, good, gateway, key)
    counted = sum(fault.name in COUNTED for fault in faults)
    assert answer.status == 200
    assert answer.header("x-ratelimit-remaining-requests") == str(20 - counted - 1)
    # What this one holds itself: its body and the answer it asks for.
    held = (len(good.body) + 3) // 4 + 100
    assert answer.header("x-ratelimit-remaining-tokens") == str(5_000 - held)
    assert len(upstream.seen(tag)) == 1

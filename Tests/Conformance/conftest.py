"""The fixtures: certificates, one upstream, two shared gateways, a maker of others."""

import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway import Gateway
from settings import REPOSITORY, build, make_key
from upstream import Upstream


@dataclass(frozen=True)
class Certificates:
    """What scripts/make-certificates.sh makes."""

    directory: Path

    @property
    def ca(self):
        return self.directory / "ca.pem"

    @property
    def leaf(self):
        return self.directory / "localhost.pem"

    @property
    def key(self):
        return self.directory / "localhost.key"

    @property
    def pair(self):
        return str(self.leaf), str(self.key)


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    """Certificates made for this run only."""
    directory = tmp_path_factory.mktemp("certs")
    script = REPOSITORY / "scripts" / "make-certificates.sh"
    subprocess.run([str(script), str(directory)], check=True, capture_output=True)
    return Certificates(directory)


@pytest.fixture(scope="session")
def pepper():
    return secrets.token_bytes(32)


@pytest.fixture(scope="session")
def pepper_file(pepper, tmp_path_factory):
    path = tmp_path_factory.mktemp("pepper") / "pepper"
    path.write_bytes(pepper)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="session")
def upstream():
    """The cleartext HTTP/1.1 (and h2c) upstream that most tests share."""
    with Upstream() as running:
        yield running


class Starter:
    """Makes gateways; stops every one of them at its end."""

    def __init__(self, make_directory, certs, pepper, pepper_file, upstream):
        self._make_directory = make_directory
        self.certs = certs
        self.pepper = pepper
        self.pepper_file = pepper_file
        self.upstream = upstream
        self.running = []

    def key(self, prefix="sk-bve-", **entry):
        return make_key(self.pepper, prefix, **entry)

    def settings(self, profile="openai", keys=(), upstream_url=None, directory=None, **changes):
        directory = directory or self._make_directory()
        url = upstream_url or f"http://{self.upstream.address}/v1"
        return build(profile, self.certs, self.pepper_file, url, keys, directory / "access.log",
                     **changes)

    def __call__(self, profile="openai", keys=None, **options):
        """Starts a gateway; its default key is the first of `keys`."""
        gateway = self.make(profile, keys, **options)
        gateway.start()
        return gateway

    def make(self, profile="openai", keys=None, **options):
        """The same, not started yet."""
        keys = [self.key()] if keys is None else list(keys)
        directory = self._make_directory()
        settings = self.settings(profile, keys, directory=directory, **options)
        gateway = Gateway(directory, settings, self.certs.ca, keys[0] if keys else None)
        self.running.append(gateway)
        return gateway

    def stop(self):
        problems = []
        for gateway in reversed(self.running):
            if not gateway.is_started:
                continue
            try:
                gateway.stop()
            except AssertionError as problem:
                problems.append(str(problem))
        assert not problems, "\n".join(problems)


@pytest.fixture
def start(tmp_path_factory, certs, pepper, pepper_file, upstream):
    """Starts gateways for one test."""
    starter = Starter(lambda: tmp_path_factory.mktemp("gateway"), certs, pepper, pepper_file,
                      upstream)
    yield starter
    starter.stop()


@pytest.fixture(scope="session")
def session_starter(tmp_path_factory, certs, pepper, pepper_file, upstream):
    starter = Starter(lambda: tmp_path_factory.mktemp("shared"), certs, pepper, pepper_file,
                      upstream)
    yield starter
    starter.stop()


@dataclass(frozen=True)
class Cast:
    """The keys that the shared gateways know."""

    active: object
    other: object
    suspended: object
    revoked: object
    expired: object
    picky: object

    @property
    def all(self):
        return [self.active, self.other, self.suspended, self.revoked, self.expired, self.picky]


@pytest.fixture(scope="session")
def cast(session_starter):
    make = session_starter.key
    return Cast(
        active=make(id="active", limits=HIGH),
        other=make(id="other", limits=HIGH),
        suspended=make(id="suspended", status="suspended"),
        revoked=make(id="revoked", status="revoked"),
        expired=make(id="expired", expiresAt="2020-01-01T00:00:00Z"),
        picky=make(id="picky", allowedModels=["allowed-model"], limits=HIGH),
    )


HIGH = {"requestsPerMinute": 1_000_000, "requestsPerDay": 10_000_000}


class Shared:
    """A gateway that many tests share. After a failed test the next one gets a new one."""

    current_failures = 0

    def __init__(self, start):
        self._start = start
        self._gateway = None
        self._failures = 0

    def get(self):
        if self._gateway is None or self._failures != Shared.current_failures:
            if self._gateway is not None:
                self._gateway.discard()
            self._failures = Shared.current_failures
            self._gateway = self._start()
        return self._gateway


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        Shared.current_failures += 1


@pytest.fixture(scope="session")
def shared_house(session_starter, cast):
    names = ("tls", "clear", "tls6", "half")
    return Shared(lambda: session_starter("openai", cast.all, names=names))


@pytest.fixture(scope="session")
def shared_bve(session_starter, cast):
    return Shared(lambda: session_starter("bve", cast.all))


@pytest.fixture
def house(shared_house):
    """A gateway with the default profile, shared by the tests that leave it as they found it."""
    return shared_house.get()


@pytest.fixture
def bve(shared_bve):
    """A gateway with the BVE profile, shared likewise."""
    return shared_bve.get()


@pytest.fixture(params=["h1", "h2"])
def protocol(request):
    """Runs a test over HTTP/1.1 and over HTTP/2."""
    return request.param


@pytest.fixture
def tag():
    """A word that occurs in this test's requests only."""
    return "t" + secrets.token_hex(6)

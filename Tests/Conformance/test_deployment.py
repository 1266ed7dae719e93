"""What is shipped for a server fits the program: unit, image, sample configuration, tarball."""

import json
import re
import shutil
import subprocess
import tarfile

import pytest
import yaml

from gateway import binary, environment
from settings import REPOSITORY

UNIT = REPOSITORY / "conf" / "gatehouse.service"
SOCKET = REPOSITORY / "conf" / "gatehouse.socket"
DOCKERFILE = REPOSITORY / "Dockerfile"
GUIDE = REPOSITORY / "docs" / "deploy.md"
# Libraries that belong to the C and C++ runtimes, which every image of Debian has.
RUNTIME = {"libc6", "libgcc-s1", "libstdc++6"}


def unit_commands():
    """The gatehouse command lines of the unit."""
    lines = re.findall(r"^Exec\w+=/usr/local/bin/gatehouse (.+)$", UNIT.read_text(), re.M)
    return [line.split() for line in lines]


def image_commands():
    """The gatehouse command lines of the image: what it runs, and its health check."""
    text = DOCKERFILE.read_text()
    assert json.loads(re.search(r"^ENTRYPOINT (.+)$", text, re.M)[1]) == ["gatehouse"]
    serve = json.loads(re.search(r"^CMD (.+)$", text, re.M)[1])
    health = json.loads(re.search(r"^ +CMD (.+)$", text, re.M)[1])
    assert health[0] == "gatehouse"
    return [serve, health[1:]]


def documented_commands():
    """The gatehouse command lines of the guide."""
    lines = re.findall(r"\bgatehouse ((?:serve|check|health|keys new|version)\b[^\n`#|>\\]*)",
                       GUIDE.read_text())
    return [line.split() for line in lines]


@pytest.mark.parametrize("commands", [unit_commands, image_commands, documented_commands])
def test_every_command_line_uses_options_that_exist(commands):
    found = commands()
    assert found
    for words in found:
        command = [word for word in words if not word.startswith("-")]
        command = command[:2] if command[0] == "keys" else command[:1]
        usage = subprocess.run([binary(), *command, "--help"], capture_output=True, text=True)
        assert usage.returncode == 0, words
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert option in usage.stdout, (words, option)


@pytest.fixture
def sample(tmp_path, certs, pepper):
    """conf/gatehouse.yaml with the files it names, in a folder of its own."""
    (tmp_path / "tls").mkdir()
    shutil.copy(certs.leaf, tmp_path / "tls" / "fullchain.pem")
    shutil.copy(certs.key, tmp_path / "tls" / "privkey.pem")
    (tmp_path / "pepper").write_bytes(pepper)
    (tmp_path / "keys.yaml").write_text("keys: []\n")
    text = (REPOSITORY / "conf" / "gatehouse.yaml").read_text()
    path = tmp_path / "gatehouse.yaml"
    text += "\nmetrics:\n  listen: 127.0.0.1:9464\n"
    text = re.sub(r":(8443|8080|9464)\b", ":0", text)
    path.write_text(text.replace("/etc/gatehouse", str(tmp_path)))
    return path


def test_the_sample_configuration_is_good(sample):
    result = subprocess.run([binary(), "check", "--config", str(sample)], capture_output=True,
                            text=True, env=environment(UPSTREAM_API_KEY="k"))
    assert (result.returncode, result.stderr) == (0, "")


def test_the_health_check_of_the_image_finds_the_listener_of_the_sample(sample):
    """As shipped they name one address, and that listener answers it."""
    shipped = yaml.safe_load((REPOSITORY / "conf" / "gatehouse.yaml").read_text())
    (local,) = [entry for entry in shipped["listeners"] if "tls" not in entry]
    assert ["health", "--address", local["address"]] in image_commands()
    process = subprocess.Popen([binary(), "serve", "--config", str(sample)],
                               stdout=subprocess.PIPE, env=environment(UPSTREAM_API_KEY="k"))
    try:
        lines = [json.loads(process.stdout.readline()) for _ in shipped["listeners"]]
        (port,) = [line["port"] for line in lines if line["name"] == local["name"]]
        health = [binary(), "health", "--address", f"127.0.0.1:{port}"]
        assert subprocess.run(health).returncode == 0
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_the_socket_unit_opens_the_addresses_of_the_sample():
    """An inherited socket is known by its address."""
    shipped = yaml.safe_load((REPOSITORY / "conf" / "gatehouse.yaml").read_text())
    opened = re.findall(r"^ListenStream=(.+)$", SOCKET.read_text(), re.M)
    assert opened == [listener["address"] for listener in shipped["listeners"]]


def test_the_unit_waits_longer_than_the_drain():
    drain = re.search(r"`drainSeconds`.*?\| `(\d+)` \|",
                      (REPOSITORY / "docs" / "configuration.md").read_text())
    assert int(re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.M)[1]) > int(drain[1])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    copies = [tmp_path / UNIT.name, tmp_path / SOCKET.name]
    for copy, unit in zip(copies, (UNIT, SOCKET), strict=True):
        copy.write_text(unit.read_text().replace("/usr/local/bin/gatehouse", binary()))
    result = subprocess.run(["systemd-analyze", "verify", "--man=no", *map(str, copies)],
                            capture_output=True, text=True)
    assert [line for line in result.stderr.splitlines() if "gatehouse" in line] == []


def needed_packages():
    """The Debian packages whose libraries the program needs, Swift's own apart."""
    dynamic = subprocess.run(["readelf", "-d", binary()], capture_output=True, text=True).stdout
    packages = set()
    for name in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
        owner = subprocess.run(["dpkg", "-S", f"*/{name}"], capture_output=True, text=True)
        packages |= set(re.findall(r"^([^:]+):", owner.stdout, re.M))
    return packages - RUNTIME


@pytest.mark.skipif(not shutil.which("dpkg"), reason="needs Debian")
@pytest.mark.parametrize("path", [DOCKERFILE, GUIDE], ids=lambda path: path.name)
def test_the_libraries_of_the_program_are_installed_and_no_others(path):
    packages = needed_packages()
    lists = re.findall(r"^ +ca-certificates((?: lib\S+)+)", path.read_text(), re.M)
    assert lists
    for listed in lists:
        assert set(listed.split()) == packages


def test_the_image_is_built_with_what_the_script_installs():
    """Nobody keeps a second list of what a build needs."""
    build, _ = DOCKERFILE.read_text().split("\nFROM debian")
    assert "RUN scripts/install-dependencies.sh build" in build
    assert "apt-get" not in build


def release(directory, **extra):
    result = subprocess.run([str(REPOSITORY / "scripts" / "dist.sh"), str(directory)],
                            capture_output=True, text=True,
                            env=environment(GATEHOUSE_BINARY=binary(), **extra))
    assert result.returncode == 0, result.stderr
    (path,) = directory.glob("*.tar.gz")
    return path


@pytest.mark.skipif(not shutil.which("strip"), reason="needs binutils")
def test_the_same_program_makes_the_same_tarball(tmp_path):
    first, second = (release(tmp_path / name, SOURCE_DATE_EPOCH="1") for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    sums = ["sha256sum", "--check", "--strict", f"{first.name}.sha256"]
    assert subprocess.run(sums, cwd=first.parent, capture_output=True).returncode == 0
    with tarfile.open(first) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(m.mtime, m.uid, m.gid) for m in members} == {(1, 0, 0)}
    root = members[0].name
    held = {member.name.removeprefix(f"{root}/") for member in members}
    assert held >= {"bin/gatehouse", "LICENSE", "README.md", "docs/deploy.md",
                    "conf/gatehouse.yaml", "conf/gatehouse.service",
                    "conf/grafana/gatehouse.json"}

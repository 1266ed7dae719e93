"""The program's own manners: check, keys new, help, misuse, bad configurations, readiness."""

import hashlib
import json
import re
import socket
import subprocess
import threading

import pytest
import yaml

from gateway import binary, environment
from settings import dump


def run(*arguments, **extra):
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, env=environment(**extra))


@pytest.fixture
def config(start, tmp_path):
    """A valid configuration file."""
    path = tmp_path / "gatehouse.yaml"
    path.write_text(dump(start.settings("openai", [start.key()], directory=tmp_path)))
    return path


@pytest.mark.parametrize("arguments", [
    ["--help"], ["serve", "--help"], ["check", "--help"], ["keys", "--help"],
    ["keys", "new", "--help"], ["health", "--help"], ["demo-upstream", "--help"],
    ["version", "--help"],
])
def test_help_goes_to_standard_output_and_exits_0(arguments):
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert "usage" in result.stdout.lower()


def test_version_prints_one_line():
    result = run("version")
    assert (result.returncode, result.stderr) == (0, "")
    assert re.search(r"\d+\.\d+\.\d+", result.stdout)
    assert result.stdout.count("\n") == 1


@pytest.mark.wire_short
@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["serve"], ["serve", "--config"], ["serve", "--nonsense", "x"],
    ["check"], ["keys"], ["keys", "nonsense"], ["keys", "new", "--prefix", "sk-"],
    ["demo-upstream"], ["demo-upstream", "--listen", "nonsense"], ["version", "extra"],
    ["serve", "--config", "a", "b"], ["health"], ["health", "--address", "nonsense"],
])
def test_misuse_exits_2_and_speaks_on_standard_error(arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.strip()


def test_check_of_a_good_configuration_exits_0(config):
    result = run("check", "--config", str(config))
    assert (result.returncode, result.stderr) == (0, "")


def test_check_of_the_profiles_of_the_repository(certs, tmp_path):
    """conf/*.yaml are good as they stand, apart from files that `make run` makes."""
    from settings import REPOSITORY

    for profile in ("openai", "bve", "behest", "devsphere", "models", "gatehouse"):
        result = run("check", "--config", str(REPOSITORY / "conf" / f"{profile}.yaml"),
                     GATEHOUSE_KEY_PEPPER="p" * 32, UPSTREAM_API_KEY="k", UPSTREAM_KEY="k")
        lines = result.stderr.splitlines()
        assert not [line for line in lines if "unknown" in line or "expected" in line], lines


@pytest.mark.wire_short
def test_check_lists_every_problem_with_its_place(config):
    settings = yaml.safe_load(config.read_text())
    settings["nonsense"] = 1
    settings["workers"] = "many"
    settings["timeouts"] = {"drainSeconds": -1}
    settings["sites"][0]["upstream"] = "nowhere"
    settings["listeners"][0]["address"] = "not an address"
    config.write_text(dump(settings))
    result = run("check", "--config", str(config))
    assert (result.returncode, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert all(re.match(rf"^{re.escape(str(config))}:\d+:\d+: ", line) for line in lines), lines
    assert len(lines) >= 5
    for word in ("nonsense", "workers", "drainSeconds", "nowhere"):
        number = next(i for i, text in enumerate(config.read_text().splitlines(), 1)
                      if word in text)
        assert any(f":{number}:" in line for line in lines), (word, lines)


def test_serve_refuses_what_check_refuses(config):
    config.write_text(config.read_text() + "nonsense: 1\n")
    result = run("serve", "--config", str(config))
    assert (result.returncode, result.stdout) == (1, "")
    assert "nonsense" in result.stderr


@pytest.mark.parametrize("text", ["", "[", "a: b: c", "listeners: [}", "\x00", "&a [*a]",
                                  "listeners: 1", "- x"])
def test_a_file_that_is_no_configuration_is_a_problem_with_a_place(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    result = run("check", "--config", str(path))
    assert result.returncode == 1
    assert re.match(rf"^{re.escape(str(path))}:\d+:\d+: ", result.stderr), result.stderr


def test_a_missing_file_is_a_problem(tmp_path):
    result = run("check", "--config", str(tmp_path / "nowhere.yaml"))
    assert result.returncode == 1
    assert "nowhere.yaml" in result.stderr


@pytest.mark.wire_short
def test_keys_new_prints_a_key_once_and_an_entry_that_admits_it(start, config, pepper, tag):
    result = run("keys", "new", "--prefix", "sk-bve-", "--config", str(config))
    assert result.returncode == 0, result.stderr
    text = result.stdout + result.stderr
    (key,) = set(re.findall(r"\bsk-bve-[0-9a-f]{64}\b", text))
    assert text.count(key) == 1
    entry = printed_entry(result.stdout)
    assert entry["hash"] == "sha256:" + hashlib.sha256(key.encode() + pepper).hexdigest()
    assert key.startswith(entry["prefix"])
    assert {"id", "name", "prefix", "hash"} <= set(entry)
    from settings import Key

    gateway = start("openai", [Key(key, entry)])
    assert gateway.chat("h2", tag).status == 200


def printed_entry(text):
    """The YAML entry among the lines that are printed."""
    lines = text.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.lstrip().startswith("- id:"))
    indent = len(lines[begin]) - len(lines[begin].lstrip())
    entry = [lines[begin]]
    for line in lines[begin + 1:]:
        if not line.startswith(" " * (indent + 2)):
            break
        entry.append(line)
    (value,) = yaml.safe_load("\n".join(entry))
    return value


def test_two_new_keys_differ(config):
    arguments = ("keys", "new", "--prefix", "sk-bve-", "--config", str(config))
    assert run(*arguments).stdout != run(*arguments).stdout


def test_an_address_in_use_is_told_and_exits_1(start, config):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        settings = yaml.safe_load(config.read_text())
        settings["listeners"] = [{"name": "clear", "address": f"127.0.0.1:{port}"}]
        config.write_text(dump(settings))
        result = run("serve", "--config", str(config))
    assert result.returncode == 1
    assert str(port) in result.stderr


def test_each_listener_tells_its_address_on_one_line_of_json(house):
    lines = [json.loads(line) for line in house.stdout_lines]
    assert {line["name"] for line in lines} == {"tls", "clear", "tls6", "half", "metrics"}
    for line in lines:
        assert line["event"] == "listening"
        assert line["address"] in ("127.0.0.1", "::1")
        assert 0 < line["port"] < 65_536


def health(port, *arguments):
    result = run("health", "--address", f"127.0.0.1:{port}", *arguments)
    assert result.stdout == ""
    return result


@pytest.mark.wire_short
def test_health_of_a_gateway_that_serves_exits_0(house):
    assert health(house.listeners["clear"].port).returncode == 0


@pytest.mark.parametrize("answer", [
    b"", b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", b"nonsense\r\n\r\n",
])
def test_health_of_anything_else_exits_1(answer):
    """Also of a server that closes without a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        result = health(server.getsockname()[1])
        thread.join()
    assert result.returncode == 1
    assert result.stderr.startswith("gatehouse: ")
    port = server_port_that_nobody_holds()
    assert health(port).returncode == 1


def server_port_that_nobody_holds():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_health_asks_for_the_host_it_is_told(start):
    gateway = start(site={"hosts": ["api.example.com"]})
    port = gateway.listeners["clear"].port
    assert health(port).returncode == 1
    assert health(port, "--host", "api.example.com").returncode == 0


def test_the_demo_upstream_answers_like_openai():
    """Deterministic, on a port of its own choosing, and it ends on SIGTERM with 0."""
    import urllib.request

    process = subprocess.Popen([binary(), "demo-upstream", "--listen", "127.0.0.1:0"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    try:
        port = json.loads(process.stdout.readline())["port"]
        base = f"http://127.0.0.1:{port}/v1"
        models = json.load(urllib.request.urlopen(f"{base}/models", timeout=20))
        assert models["object"] == "list" and models["data"]
        model = models["data"][0]["id"]
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
        answers = [post(f"{base}/chat/completions", body) for _ in range(2)]
        chat = json.loads(answers[0])
        assert chat["choices"][0]["message"]["content"]
        assert json.loads(answers[1])["choices"] == chat["choices"]
        streamed = post(f"{base}/chat/completions", {**body, "stream": True})
        assert streamed.rstrip().endswith(b"data: [DONE]")
        vectors = json.loads(post(f"{base}/embeddings", {"model": model, "input": "a"}))
        assert vectors["data"][0]["embedding"]
    finally:
        process.terminate()
        assert process.wait(20) == 0


def post(url, body):
    import urllib.request

    request = urllib.request.Request(url, json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=20).read()

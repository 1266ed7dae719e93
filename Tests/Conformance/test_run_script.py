"""`make run`: what it prints works exactly as printed, and Ctrl-C ends it cleanly."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from gateway import binary
from settings import REPOSITORY

SCRIPT = REPOSITORY / "scripts" / "run.sh"
DEADLINE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def launch(directory, output, **extra):
    """Starts the script with ports and a folder of its own, and the program under test."""
    names = ("UPSTREAM_URL", "UPSTREAM_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL",
             "SSL_CERT_FILE")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    settings = {"GATEHOUSE_BINARY": binary(), "DEMO_DIRECTORY": str(directory), **extra}
    settings.setdefault("HTTPS_PORT", str(free_port()))
    settings.setdefault("DEMO_PORT", str(free_port()))
    settings.setdefault("METRICS_PORT", str(free_port()))
    return subprocess.Popen(
        [str(SCRIPT)], stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        env={**kept, **settings}, start_new_session=True, cwd="/", preexec_fn=default_interrupt,
    )


def default_interrupt():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def running(tmp_path):
    """The script up and running: its process and all it printed up to there."""
    log = tmp_path / "output"
    with log.open("wb") as output:
        process = launch(tmp_path, output)
    end = time.monotonic() + DEADLINE
    while "The access log follows." not in log.read_text():
        assert process.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.05)
    process.log = log
    yield process, log.read_text(), tmp_path
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def exports(text):
    """The printed export lines as a shell reads them."""
    found = dict(re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE))
    assert set(found) == {"OPENAI_BASE_URL", "OPENAI_API_KEY", "SSL_CERT_FILE"}
    return found


def test_what_make_run_prints_works_as_printed(running):
    process, text, directory = running
    variables = exports(text)
    assert exports((directory / "demo.env").read_text()) == variables
    environment = {"PATH": os.environ["PATH"], **variables}

    (curl_line,) = re.findall(r"^curl .*$", text, re.MULTILINE)
    run = subprocess.run(["bash", "-c", curl_line], env=environment, capture_output=True,
                         text=True, timeout=DEADLINE)
    assert run.returncode == 0, run.stderr
    assert '"chat.completion"' in run.stdout

    snippet = re.search(r"^from openai import OpenAI\n.*?(?=\n\n)", text, re.M | re.S)[0]
    run = subprocess.run([sys.executable, "-"], input=snippet, env=environment,
                         capture_output=True, text=True, timeout=DEADLINE)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()

    sourced = f"source {directory}/demo.env && {curl_line}"
    run = subprocess.run(["bash", "-c", sourced], env={"PATH": os.environ["PATH"]},
                         capture_output=True, text=True, timeout=DEADLINE)
    assert '"chat.completion"' in run.stdout


def test_ctrl_c_stops_the_gateway_and_the_demo_upstream(running):
    """As a terminal does it: SIGINT to the whole group."""
    process, text, directory = running
    port = int(re.search(r"https://127\.0\.0\.1:(\d+)", text)[1])
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(DEADLINE) == 0, process.log.read_text()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_the_key_of_a_run_is_stored_as_a_hash_only(running):
    process, text, directory = running
    key = exports(text)["OPENAI_API_KEY"]
    assert re.fullmatch(r"sk-bve-[0-9a-f]{64}", key)
    assert key not in (directory / "demo-keys.yaml").read_text()
    assert (directory / "pepper").stat().st_size == 32
    for name in ("pepper", "demo.env", "demo-keys.yaml"):
        assert (directory / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["HTTPS_PORT", "DEMO_PORT", "METRICS_PORT"])
def test_a_port_in_use_is_told(tmp_path, name):
    log = tmp_path / "output"
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with log.open("wb") as output:
            process = launch(tmp_path, output, **{name: str(port)})
        assert process.wait(DEADLINE) == 1
    assert f"port {port} is in use" in log.read_text()
    assert name in log.read_text()


def test_another_upstream_is_used_when_the_environment_names_it(tmp_path, upstream, tag):
    log = tmp_path / "output"
    with log.open("wb") as output:
        process = launch(tmp_path, output, UPSTREAM_URL=f"http://{upstream.address}/v1",
                         UPSTREAM_API_KEY="operator-of-run", DEMO_MODEL=tag)
    try:
        end = time.monotonic() + DEADLINE
        while "The access log follows." not in log.read_text():
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        text = log.read_text()
        (curl_line,) = re.findall(r"^curl .*$", text, re.MULTILINE)
        subprocess.run(["bash", "-c", curl_line], check=True, timeout=DEADLINE,
                       capture_output=True, env={"PATH": os.environ["PATH"], **exports(text)})
    finally:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(DEADLINE) == 0
    (record,) = upstream.seen(tag)
    assert record.header("authorization") == "Bearer operator-of-run"

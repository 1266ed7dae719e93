"""Sockets that a service manager has bound, and what it is told (sd_listen_fds(3), sd_notify(3))."""

import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from gateway import binary, environment
from settings import dump

# Puts descriptors where a manager puts them and becomes the program.
WRAPPER = """
import fcntl, os, sys
names, listen_pid = sys.argv[1], sys.argv[2]
fds = [int(fd) for fd in sys.argv[3].split(",") if fd]
# Out of the way first, so that none is overwritten before it has moved.
for place, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in fds]):
    os.dup2(fd, 3 + place)
os.environ["LISTEN_FDS"] = str(len(fds))
os.environ["LISTEN_PID"] = str(os.getpid()) if listen_pid == "own" else listen_pid
if names:
    os.environ["LISTEN_FDNAMES"] = names
os.execv(sys.argv[4], sys.argv[4:])
"""


class Manager:
    """Starts the program as systemd does, and hears what it is told."""

    def __init__(self, stack, directory):
        self.stack = stack
        self.directory = directory
        self.notices = stack.enter_context(
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.path = str(directory / "notify")
        self.notices.bind(self.path)
        self.notices.settimeout(30)
        self.heard = []

    def bind(self, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        found = self.stack.enter_context(socket.socket(family))
        found.bind((host, 0))
        found.listen(128)
        return found

    def hear(self, text):
        """Waits until the program says so; returns what it said then."""
        while True:
            said = self.notices.recv(4_096).decode()
            self.heard.append(said)
            if text in said:
                return said


@pytest.fixture
def manager(tmp_path):
    with ExitStack() as stack:
        yield Manager(stack, tmp_path)


@pytest.fixture
def activate(start, manager):
    """Starts a gateway that inherits sockets."""

    def activate(sockets, names="", listen_pid="own", **options):
        gateway = start.make(**options)
        fds = [found.fileno() for found in sockets]
        wrapper = [sys.executable, "-c", WRAPPER, names, listen_pid,
                   ",".join(map(str, fds))]
        gateway.start(wrapper=wrapper, pass_fds=fds,
                      env=environment(NOTIFY_SOCKET=manager.path))
        return gateway

    return activate


def address(found):
    host, port = found.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def plain(found, name="clear"):
    return {"name": name, "address": found if isinstance(found, str) else address(found)}


def ask(port, host="127.0.0.1", timeout=20):
    with socket.create_connection((host, port), timeout) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        data = b""
        while piece := client.recv(4_096):
            data += piece
    return data.split(b"\r\n")[0]


OK = b"HTTP/1.1 200 OK"


@pytest.mark.wire_short
def test_an_inherited_socket_is_known_by_its_address_and_shared_by_the_workers(
    activate, manager
):
    first, second = manager.bind(), manager.bind("::1")
    gateway = activate([first, second], names="gatehouse.socket:gatehouse.socket", top={
        "listeners": [plain(second, "six"), plain(first, "four")], "workers": 3})
    manager.hear("READY=1")
    assert gateway.listeners["four"].port == first.getsockname()[1]
    assert gateway.listeners["six"].port == second.getsockname()[1]
    for _ in range(30):
        assert ask(first.getsockname()[1]) == OK
        assert ask(second.getsockname()[1], "::1") == OK
    assert "warning" not in gateway.stderr.decode()


def test_an_inherited_socket_is_known_by_its_name(activate, manager):
    found = manager.bind()
    gateway = activate([found], names="clear", top={
        "listeners": [plain("127.0.0.1:1"), plain("127.0.0.1:0", "other")]})
    assert gateway.listeners["clear"].port == found.getsockname()[1]
    assert ask(found.getsockname()[1]) == OK
    assert ask(gateway.listeners["other"].port) == OK


def test_connections_wait_in_the_manager_s_queue_while_no_process_serves(activate, manager):
    found = manager.bind()
    port = found.getsockname()[1]
    options = {"top": {"listeners": [plain(found)]}}
    first = activate([found], **options)
    assert ask(port) == OK
    first.terminate()
    manager.hear("STOPPING=1")
    assert first.wait() == 0
    with socket.create_connection(("127.0.0.1", port), 20) as early:
        early.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        activate([found], **options)
        assert early.recv(4_096).startswith(OK)


def test_sockets_meant_for_another_process_are_not_taken(activate, manager):
    found = manager.bind()
    gateway = activate([found], names="clear", listen_pid="1", top={
        "listeners": [plain("127.0.0.1:0")]})
    assert gateway.listeners["clear"].port != found.getsockname()[1]
    assert ask(gateway.listeners["clear"].port) == OK


def test_a_socket_that_fits_no_listener_is_told(activate, manager):
    found = manager.bind()
    gateway = activate([found], names="stray", top={"listeners": [plain("127.0.0.1:0")]})
    told = f'warning: the socket "stray" at {address(found)} fits no listener'
    assert told in gateway.stderr.decode()


def test_what_is_no_listening_socket_is_refused(start, manager, tmp_path):
    gateway = start.make(top={"listeners": [plain("127.0.0.1:0")]})
    gateway.config.write_text(dump(gateway.settings))
    with open(tmp_path / "file", "w") as file:
        result = subprocess.run(
            [sys.executable, "-c", WRAPPER, "clear", "own", str(file.fileno()), binary(), "serve",
             "--config", str(gateway.config)],
            pass_fds=[file.fileno()], capture_output=True, text=True, env=environment())
    assert result.returncode == 1
    assert 'the inherited descriptor 3 "clear" is not a TCP socket' in result.stderr


def test_the_manager_is_told_of_reloads_restarts_and_the_end(activate, manager):
    found = manager.bind()
    gateway = activate([found], names="clear", top={"listeners": [plain(found)]})
    manager.hear("READY=1")
    before = time.clock_gettime(time.CLOCK_MONOTONIC)
    gateway.reload()
    said = manager.hear("RELOADING=1")
    when = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", said)[1]) / 1e6
    assert before <= when <= time.clock_gettime(time.CLOCK_MONOTONIC)
    manager.hear("READY=1")
    gateway.restart()
    assert manager.hear("MAINPID=") == f"MAINPID={gateway.process.pid}"
    assert ask(found.getsockname()[1]) == OK
    assert gateway.former[0].wait(30) == 0
    gateway.restart()
    assert manager.hear("MAINPID=") == f"MAINPID={gateway.process.pid}"
    assert ask(found.getsockname()[1]) == OK
    gateway.stop()
    manager.hear("STOPPING=1")
    assert manager.heard[:3] == ["READY=1", said, "READY=1"]


def test_nobody_waits_in_vain_while_processes_change_at_a_shared_queue(activate, manager):
    """One connection at a time: none is there to wake whoever should have served the last."""
    found = manager.bind()
    gateway = activate([found], names="clear", top={"listeners": [plain(found)]})
    port = found.getsockname()[1]
    answers, over = [], threading.Event()

    def go_on():
        while not over.is_set():
            answers.append(ask(port))

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(go_on)
        try:
            for _ in range(12):
                before = len(answers)
                gateway.restart()
                manager.hear("MAINPID=")
                while len(answers) < before + 20 and not asking.done():
                    time.sleep(0.001)
        finally:
            over.set()
        asking.result()
    assert set(answers) == {OK}


def test_a_manager_that_does_not_listen_holds_nobody_up(start, tmp_path):
    gateway = start.make()
    gateway.start(env=environment(NOTIFY_SOCKET=str(tmp_path / "nobody")))
    assert gateway.call("h1", "GET", "/health", key=None).status == 200


def test_a_manager_that_has_stopped_reading_holds_nobody_up(activate, manager):
    found = manager.bind()
    gateway = activate([found], names="clear", top={"listeners": [plain(found)]})
    # More notices than its queue takes.
    for _ in range(8):
        gateway.reload()
    assert ask(found.getsockname()[1]) == OK

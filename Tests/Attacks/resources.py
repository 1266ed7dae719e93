"""Memory, descriptors, disk: crowds of clients that take and do not give back."""

import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from attack import attack, expect
from stream import Stream, crowd, http1_head

# Two workers share them as chance has it, and both processes need a descriptor for each.
IDLE = min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 1_000)


def ended(streams, seconds):
    """Whether all of them are told off or closed within that time."""
    end = time.monotonic() + seconds
    for stream in streams:
        stream.rest(max(0.01, end - time.monotonic()))
    return sum(stream.is_over for stream in streams)


def close(streams):
    for stream in streams:
        stream.close()


@attack("`requestHeadSeconds`, `clientConnections`: cut, whatever they have begun", short=True)
def a_thousand_stalled_clients(arena):
    before = arena.kilobytes()
    streams = crowd(arena.gateway, 1_000, b"POST /v1/chat/completions HTTP/1.1\r\nHost: local")
    try:
        grown = arena.kilobytes() - before
        over = ended(streams, 10)
        expect(over == 1_000, f"{1_000 - over} live on")
    finally:
        close(streams)
    return f"{grown * 1_024 // 1_000:,} bytes each, all cut"


@attack("`streamBufferBytes` each, `writeStallSeconds`: cut, and cancelled upstream")
def a_hundred_stalled_downloads(arena):
    before = arena.kilobytes()
    body = b'{"model":"ten-megabytes","messages":[]}'
    head = http1_head(arena, "POST", "/v1/chat/completions", "Content-Type: application/json",
                      f"Content-Length: {len(body)}")
    streams = crowd(arena.gateway, 100, head + body, receive_buffer=16_384)
    try:
        begun = time.monotonic()
        peak = 0
        while arena.metric("gatehouse_upstream_active_requests") > 2 or peak == 0:
            peak = max(peak, arena.kilobytes() - before)
            expect(time.monotonic() - begun < 15, "stalled downloads hold their upstream")
            time.sleep(0.05)
        seconds = time.monotonic() - begun
        expect(peak < 100 * 640, f"{peak:,} kB held")
    finally:
        close(streams)
    return f"{peak:,} kB for 100 downloads of 10 MiB, cut after {seconds:.1f} s"


@attack("`requestBodyIdleSeconds`, `collectedBodiesBytes`: 408")
def a_thousand_slow_uploads(arena):
    before = arena.kilobytes()
    head = http1_head(arena, "POST", "/v1/chat/completions", "Content-Type: application/json",
                      "Content-Length: 10000000")
    streams = crowd(arena.gateway, 1_000, head + b'{"messages":[')
    try:
        grown = arena.kilobytes() - before
        over = ended(streams, 10)
        told = sum(b"HTTP/1.1 408" in stream.data for stream in streams)
        expect(over == 1_000, f"{1_000 - over} live on")
    finally:
        close(streams)
    return f"{grown * 1_024 // 1_000:,} bytes each, {told} answered 408"


@attack("`collectedBodiesBytes`: 503 when all bodies together are too large")
def bodies_that_fill_the_memory(arena):
    """Sixty declared bodies of 10 MiB, of which the gateway may hold 256 MiB."""
    before = arena.kilobytes()
    size = (10 << 20) - 1
    head = http1_head(arena, "POST", "/v1/chat/completions", "Content-Type: application/json",
                      f"Content-Length: {size + 1}")
    streams = crowd(arena.gateway, 60, head)
    try:
        peak = 0
        for stream in streams:
            stream.send(b'"' + b"a" * (size - 1), seconds=5)
            peak = max(peak, arena.kilobytes() - before)
        for stream in streams:
            stream.take(0.05, until=lambda stream=stream: b"HTTP/1.1 " in stream.data)
        refused = sum(b"HTTP/1.1 503" in stream.data for stream in streams)
        expect(refused > 0, "nobody was refused")
        expect(peak < 300 * 1_024, f"{peak:,} kB held")
    finally:
        close(streams)
    return f"{peak:,} kB at most, {refused} of 60 answered 503"


@attack("no more than 24,000 bytes for an idle TLS connection (the goal is 20,000)")
def idle_tls_connections(arena):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    gateway = arena.start(timeouts={"keepAliveIdleSeconds": 600},
                          limits={"clientConnections": 3 * IDLE})
    pid = gateway.process.pid
    served(gateway, 100)
    before, descriptors = arena.kilobytes(pid), len(os.listdir(f"/proc/{pid}/fd"))
    streams = crowd(gateway, IDLE, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    listener="tls")
    try:
        for stream in streams:
            stream.take(10, until=lambda stream=stream: b"\r\n\r\n" in stream.data)
        time.sleep(0.2)
        each = (arena.kilobytes(pid) - before) * 1_024 // IDLE
        held = len(os.listdir(f"/proc/{pid}/fd")) - descriptors
        expect(held > IDLE - 5, f"{held:,} of {IDLE:,} connections are open")
        expect(each < 24_000, f"{each:,} bytes each")
    finally:
        close(streams)
    gateway.stop()
    return f"{each:,} bytes for each of {IDLE:,}"


@attack("accepting pauses without descriptors and goes on when there are some", short=True)
def no_descriptors(arena):
    gateway = arena.start()
    pid = gateway.process.pid
    held = max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (held + 20, held + 20))
    streams = crowd(gateway, 300)
    begun = arena.processor_seconds(pid)
    time.sleep(1)
    spent = arena.processor_seconds(pid) - begun
    expect(spent < 0.5, f"{spent:.2f} s of processor in a second without descriptors")
    close(streams)
    with Stream(gateway) as stream:
        stream.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stream.take(10, until=lambda: b"200 OK" in stream.data)
        expect(b"200 OK" in bytes(stream.data), "nobody is accepted any more")
    gateway.stop()
    return f"served again; {spent:.2f} s of processor while it waited for a second"


def served(gateway, count):
    """Requests on one connection, all of which must be answered."""
    with Stream(gateway) as stream:
        for index in range(count):
            stream.data.clear()
            stream.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            stream.take(10, until=lambda: b"\r\n\r\n" in stream.data)
            expect(b"200 OK" in bytes(stream.data), f"request {index} was not answered")


@attack("a log that cannot be written drops lines and counts them; nobody waits")
def full_disk_under_the_log(arena):
    """A file system of 64 KiB where one may be mounted; otherwise the device that is always full."""
    folder = tempfile.mkdtemp(dir=arena.folder)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "attack", folder],
                             capture_output=True).returncode == 0
    path = str(Path(folder) / "access.log") if mounted else "/dev/full"
    try:
        gateway = arena.start(accessLog={"path": path})
        served(gateway, 2_000)
        gateway.stop()
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)
    return f"2,000 requests answered, log on {'64 KiB' if mounted else '/dev/full'}"


@attack("a limit on file sizes (SIGXFSZ) ends nothing", short=True)
def file_size_limit_under_the_log(arena):
    gateway = arena.start()
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4_096, 4_096))
    served(gateway, 500)
    expect(gateway.process.poll() is None, "the gateway died of its log")
    gateway.stop()
    return "500 requests answered"

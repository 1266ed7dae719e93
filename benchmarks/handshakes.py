"""Full and resumed handshakes, one after the other, by `openssl s_time`."""

import re
import subprocess

from load import LoadError
from processes import processor_seconds


def handshakes(peer, is_resumed, seconds):
    """What one connection costs the peer: the handshake, a request it refuses, the end."""
    before = processor_seconds(peer.pid)
    command = ["taskset", "-c", "1", "openssl", "s_time", "-connect", f"127.0.0.1:{peer.port}",
               "-tls1_3", "-reuse" if is_resumed else "-new", "-time", str(round(seconds) or 1),
               "-www", "/"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60 + seconds)
    spent = processor_seconds(peer.pid) - before
    counts = re.findall(r"(\d+) connections in (\d+) real seconds, (\d+) bytes", run.stdout)
    if not counts or counts[-1][2] == "0":
        raise LoadError(f"{peer.name}: no answers\n{run.stdout[-500:]}{run.stderr[-500:]}")
    full, resumed = (len(marks) for marks in marked(run.stdout))
    if (full > 1 and is_resumed) or (resumed and not is_resumed):
        raise LoadError(f"{peer.name}: {full} full and {resumed} resumed handshakes")
    # s_time counts the second in which it stops, too.
    connections, elapsed = int(counts[-1][0]), max(int(counts[-1][1]) - 1, 1)
    return {"rate": connections / elapsed, "cpu_us": spent / connections * 1e6}


def marked(text):
    """s_time writes a star for each full handshake, an r for each resumed one."""
    lines = [line for line in text.splitlines() if re.fullmatch(r"[*rt]+", line)]
    marks = "".join(lines)
    return marks.replace("r", ""), marks.replace("*", "")

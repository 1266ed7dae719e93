"""Command line clients: curl and nghttp, as their users run them."""

import json
import subprocess
import tempfile

from answer import Answer


def curl(url, ca, *arguments, version="--http2", fields=(), data=None, timeout=30):
    """Runs curl; returns an Answer. `data` goes in by standard input, byte for byte."""
    command = ["curl", "-sS", version, "--cacert", str(ca), "--max-time", str(timeout)]
    command += ["-D", "/dev/stderr", "-o", "-", "-w", "%{stderr}\n%{json}"]
    for name, value in fields:
        command += ["-H", f"{name}: {value}"]
    if data is not None:
        command += ["--data-binary", "@-"]
    command += [*arguments, url]
    run = subprocess.run(command, input=data, capture_output=True, timeout=timeout + 10)
    heads, _, report = run.stderr.rpartition(b"\n{")
    assert report, run.stderr.decode(errors="replace")
    answer = Answer(body=run.stdout)
    report = json.loads(b"{" + report)
    answer.protocol = {"1.1": "http/1.1", "2": "h2"}.get(report["http_version"])
    answer.is_complete = run.returncode == 0
    blocks = [block for block in heads.replace(b"\r\n", b"\n").split(b"\n\n") if b"HTTP/" in block]
    for block in blocks:
        lines = block.decode("latin-1").strip().split("\n")
        head = Answer(status=int(lines[0].split(" ")[1]))
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if colon:
                head.fields.append((name.lower(), value.strip()))
        if head.status < 200:
            answer.interims.append(head)
        else:
            answer.status, answer.fields = head.status, head.fields
    return answer


def nghttp(url, *arguments, data=None, fields=()):
    """Runs nghttp with its frame trace; returns the text of the trace."""
    command = ["nghttp", "-v", "--no-verify-peer", "-t", "20"]
    for name, value in fields:
        command += ["-H", f"{name}: {value}"]
    with tempfile.NamedTemporaryFile() as body:
        if data is not None:
            body.write(data)
            body.flush()
            command += ["-d", body.name]
        run = subprocess.run([*command, *arguments, url], capture_output=True, timeout=40)
    return run.stdout.decode(errors="replace") + run.stderr.decode(errors="replace")

"""What was measured, and on what."""

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def first_line(*command):
    run = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    return (run.stdout.splitlines() or [""])[0]


def described(rivals):
    """The machine, and the versions of who takes part."""
    models = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    return {
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": first_line("git", "rev-parse", "--short", "HEAD"),
        "processor": models[0] if models else platform.machine(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "openssl": first_line("openssl", "version"),
        "load_average": os.getloadavg(),
        **{kind.name: kind.version() for kind in rivals},
    }

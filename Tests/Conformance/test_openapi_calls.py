"""Calls made out of `/openapi.json` by schemathesis, good ones and bad ones; the document has to be
true of every answer.

`unsupported_method` is off: a method that a path does not have is 404 here, not 405, which
test_openapi.py shows. So are the checks about resources: what is behind a path is the upstream's.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "ignored_auth",
    "negative_data_rejection", "positive_data_acceptance", "refusals_have_the_envelope",
)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("profile", ["house", "bve"])
def test_the_description_is_true_of_generated_calls(request, profile, tmp_path):
    gateway = request.getfixturevalue(profile)
    command = [
        Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml",
        "run", gateway.url("/openapi.json", "clear"),
        "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing", "--max-examples", "5",
        # The same calls in every run.
        "--generation-deterministic", "--no-shrink", "--continue-on-failure", "--no-color",
        "--header", f"Authorization: Bearer {gateway.key.text}",
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "openapi_checks", "PYTHONPATH": str(HERE)}
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=100,
                         env=environment)
    assert run.returncode == 0, run.stdout + run.stderr
    # Where the document comes from is left out.
    count = count_operations(gateway) - 1
    assert re.search(rf"^ *Tested: {count}$", run.stdout, re.MULTILINE), run.stdout


def count_operations(gateway):
    paths = gateway.call("h1", "GET", "/openapi.json", key=None).json["paths"]
    return sum(len(set(item) - {"parameters"}) for item in paths.values())

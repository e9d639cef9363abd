"""Schemathesis reads the server's OpenAPI and attacks every operation of it, well-formed and not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import serving

EXAMPLES = 15
REQUEST_TIMEOUT_S = 60
TIMEOUT_S = 900

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="`make compat` installs schemathesis"),
]


def test_no_described_operation_fails_or_hangs(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{server.port}/openapi.json"),
            *("--checks", "not_a_server_error"),
            *("--phases", "examples,coverage,fuzzing"),
            *("--mode", "all"),
            *("--max-examples", str(EXAMPLES)),
            *("--request-timeout", str(REQUEST_TIMEOUT_S)),
            *("--generation-database", "none"),
            *("--suppress-health-check", "all"),
            "--no-color",
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S)
        assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
        assert server.send("GET", "/readyz").status == 200
        assert "Traceback" not in server.log, server.log

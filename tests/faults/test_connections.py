"""More connections than the server can have: it answers again when they are gone."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from tests.serving import FILES, request_head, serving, wait_until_healthy

DESCRIPTORS = 64
CONNECTIONS = 200


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a running process can only be set on Linux")
@pytest.mark.parametrize("said", [b"", b"GET /vers", request_head("PUT", f"{FILES}/a.bin", Content_Length="5") + b"h"])
def test_a_server_without_descriptors_answers_again_when_there_are_some(tmp_path: Path, said: bytes) -> None:
    with serving(tmp_path) as server:
        psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        crowd = [server.connect() for _ in range(CONNECTIONS)]
        for connection in crowd:
            connection.sendall(said)
        for connection in crowd:
            connection.close()
        wait_until_healthy(server)
        run_id = server.create_run()
        server.ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
        assert server.send("PUT", f"{FILES}/b.bin", b"x").status == 200
        assert server.files() == {"b.bin": 1}

"""SIGTERM: what is in flight is finished, what comes later is refused."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest

from tests.faults.load import Writers
from tests.serving import API, FILES, Server, read_answer, request_head, serving

SIZE = 2**20
PEACEFUL = {0, -signal.SIGTERM}
EXPECT = {"Expect": "100-continue"}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def _begin(connection: socket.socket, head: bytes) -> None:
    """Sends the head of a request and waits until the server has asked for its body: now it is in flight."""
    connection.sendall(head)
    assert connection.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE


def _refuses_connections(server: Server) -> bool:
    try:
        server.connect().close()
    except ConnectionError:
        return True
    return False


def _wait_until_closed(server: Server) -> None:
    while not _refuses_connections(server):
        pass


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_upload_that_has_begun_is_finished_and_nothing_more_is_taken(tmp_path: Path, workers: str) -> None:
    with serving(tmp_path, "--workers", workers) as server:
        with server.connect() as uploading, server.connect() as idle:
            idle.sendall(request_head("GET", "/version"))
            assert read_answer(idle).status == 200
            _begin(uploading, request_head("PUT", f"{FILES}/slow.bin", Content_Length=str(2 * SIZE), **EXPECT))
            uploading.sendall(b"x" * SIZE)
            server.terminate()
            if workers == "1":
                _wait_until_closed(server)
                # A connection that was kept open is closed instead of being answered.
                try:
                    idle.sendall(request_head("GET", "/version"))
                    assert read_answer(idle).status == 0
                except BrokenPipeError:
                    pass
            assert server.process.poll() is None
            uploading.sendall(b"y" * SIZE)
            assert read_answer(uploading, "PUT").status == 200
        assert server.process.wait(30) in PEACEFUL
        assert server.files() == {"slow.bin": 2 * SIZE}
        assert _refuses_connections(server)


def test_a_message_that_has_begun_is_written(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        run_id = server.create_run()
        body = json.dumps({"run_id": run_id, "key": "t", "value": "written"}).encode()
        with server.connect() as writing:
            given = {"Content_Type": "application/json", "Content_Length": str(len(body)), **EXPECT}
            _begin(writing, request_head("POST", f"{API}runs/set-tag", **given))
            writing.sendall(body[:10])
            server.terminate()
            _wait_until_closed(server)
            writing.sendall(body[10:])
            assert read_answer(writing, "POST").status == 200
        assert server.process.wait(30) in PEACEFUL
    with serving(tmp_path) as again:
        tags = again.send("GET", f"{API}runs/get?run_id={run_id}").json["run"]["data"]["tags"]
        assert {"key": "t", "value": "written"} in tags


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_write_that_was_acknowledged_before_the_end_is_there(tmp_path: Path, workers: str) -> None:
    with serving(tmp_path, "--workers", workers) as server:
        run_id = server.create_run()
        writers = Writers(server.port, run_id, 16)

        def stop_in_the_middle(writers: Writers) -> None:
            if writers.total == 500:
                server.terminate()

        writers.run(100_000, stop_in_the_middle)
        assert server.process.wait(30) in PEACEFUL
        # A request that came too late was not answered, or told so; none failed.
        assert {refusal.status for refusal in writers.others} <= {503}
    with serving(tmp_path) as again:
        for writer, acknowledged in enumerate(writers.acknowledged):
            steps = {int(point["step"]) for point in again.history(run_id, f"writer%20{writer}")}
            assert set(acknowledged) <= steps
            assert len(steps) <= len(acknowledged) + 1


def test_connections_that_say_nothing_do_not_hold_the_end_up(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.connect() as silent, server.connect() as half:
        half.sendall(b"GET /vers")
        assert server.send("GET", "/version").status == 200
        server.terminate()
        assert server.process.wait(20) in PEACEFUL
        silent.settimeout(5)
        assert silent.recv(1) == b""


def test_a_server_that_was_stopped_starts_again_on_the_same_port(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        run_id = server.create_run()
    with serving(tmp_path, port=server.port) as again:
        assert again.send("GET", f"{API}runs/get?run_id={run_id}").status == 200


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with serving(tmp_path / "first") as server:
        with serving(tmp_path / "second", port=server.port, wait=False) as second:
            assert second.process.wait(30) != 0
        assert "in use" in second.log
        assert "Traceback" not in second.log
        assert server.send("GET", "/version").status == 200

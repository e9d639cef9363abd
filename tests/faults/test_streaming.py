"""Large files, slow clients, clients that vanish: memory stays flat, nobody waits for another, nothing half is seen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import psutil
import pytest

from tests.faults.large import MIB, growth_of_both_ways
from tests.serving import API, FILES, Server, read_answer, request_head, serving

LARGE = 300
GROWTH_BYTES = 64 * MIB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has stored and given a file before, so that what it needs once is not taken for growth."""
    with serving(tmp_path_factory.mktemp("streaming")) as running:
        assert running.send("PUT", f"{FILES}/first.bin", b"x" * 4 * MIB).status == 200
        assert running.send("GET", f"{FILES}/first.bin").status == 200
        yield running
        assert "Traceback" not in running.log, running.log


def test_a_large_file_passes_both_ways_with_flat_memory(server: Server) -> None:
    assert growth_of_both_ways(server, LARGE) < GROWTH_BYTES
    assert server.files()["large.bin"] == LARGE * MIB


def test_clients_that_do_not_read_cost_no_memory_and_hold_nobody_up(server: Server) -> None:
    before = server.memory_bytes()
    slow = [server.connect() for _ in range(20)]
    for connection in slow:
        connection.sendall(request_head("GET", f"{FILES}/large.bin"))
        assert connection.recv(100)
    run_id = server.create_run()
    for step in range(20):
        server.ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": step})
        assert server.send("GET", f"{FILES}/first.bin").status == 200
    assert server.memory_bytes() - before < GROWTH_BYTES
    for connection in slow:
        connection.close()


def test_clients_that_do_not_send_hold_nobody_up(server: Server) -> None:
    slow = [server.connect() for _ in range(50)]
    for number, connection in enumerate(slow):
        head = request_head("PUT", f"{FILES}/slow{number}.bin", Content_Length=str(MIB))
        message = request_head("POST", f"{API}runs/create", Content_Type="application/json", Content_Length="100")
        connection.sendall(head + b"x" if number % 2 else message + b"{")
    run_id = server.create_run()
    for step in range(20):
        server.ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": step})
        assert server.send("PUT", f"{FILES}/quick.bin", b"x" * MIB).status == 200
    for connection in slow:
        connection.close()
    assert not [name for name in server.files() if name.startswith("slow")]


def test_a_file_is_not_read_on_for_a_client_that_has_gone(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    if not hasattr(process, "io_counters"):
        pytest.skip("this platform does not count what a process reads")
    before = process.io_counters().read_chars
    for _ in range(3):
        with server.connect() as connection:
            connection.sendall(request_head("GET", f"{FILES}/large.bin"))
            assert connection.recv(100)
    # While one who stays gets all of it, those who went would have got as much.
    assert len(server.send("GET", f"{FILES}/large.bin").body) == LARGE * MIB
    assert process.io_counters().read_chars - before < (LARGE + 100) * MIB


def test_a_client_that_vanishes_in_the_middle_of_an_upload_leaves_nothing(server: Server) -> None:
    server.send("PUT", f"{FILES}/kept.bin", b"the old content")
    for name in ("kept.bin", "vanished.bin"):
        for sent in (0, 1, 70_000, 5 * MIB):
            with server.connect() as connection:
                connection.sendall(request_head("PUT", f"{FILES}/{name}", Content_Length=str(6 * MIB)) + b"x" * sent)
    assert server.send("GET", f"{FILES}/kept.bin").body == b"the old content"
    assert server.send("GET", f"{FILES}/vanished.bin").status == 404
    assert "vanished.bin" not in server.files()
    for _ in range(10_000):  # it may hear of the last one after it has answered us
        if not server.has_uploads_on_their_way():
            break
        assert server.send("GET", "/version").status == 200
    assert not server.has_uploads_on_their_way()


def test_two_uploads_of_one_path_leave_one_of_them_whole(server: Server) -> None:
    contents = [bytes([number]) * (8 * MIB + number) for number in range(1, 7)]

    def upload(content: bytes) -> None:
        parts = (content[start : start + 100_000] for start in range(0, len(content), 100_000))
        statuses.append(server.send("PUT", f"{FILES}/contested/file.bin", parts).status)

    statuses: list[int] = []
    threads = [threading.Thread(target=upload, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen = server.send("GET", f"{FILES}/contested/file.bin")
        assert seen.status == 404 or seen.body in contents
    assert statuses == [200] * len(contents)
    assert server.send("GET", f"{FILES}/contested/file.bin").body in contents


def test_a_file_that_is_replaced_or_deleted_while_it_is_read_is_read_to_its_end(server: Server) -> None:
    old = b"o" * 32 * MIB
    for change in ("PUT", "DELETE"):
        assert server.send("PUT", f"{FILES}/changing.bin", old).status == 200
        with server.connect() as reading:
            reading.sendall(request_head("GET", f"{FILES}/changing.bin"))
            first = reading.recv(100)
            answer = server.send(change, f"{FILES}/changing.bin", b"new" if change == "PUT" else None)
            assert answer.status == 200
            rest = bytearray(first)
            while len(rest) < len(old):
                rest += reading.recv(MIB)
            assert rest.partition(b"\r\n\r\n")[2][: 31 * MIB] == old[: 31 * MIB]


def test_an_upload_that_expects_to_be_told_when_to_send_is_told(server: Server) -> None:
    with server.connect() as connection:
        head = request_head("PUT", f"{FILES}/expected.bin", Content_Length="5", Expect="100-continue")
        connection.sendall(head)
        assert connection.recv(25, socket.MSG_WAITALL) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert read_answer(connection, "PUT").status == 200
    assert server.send("GET", f"{FILES}/expected.bin").body == b"hello"

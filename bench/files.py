"""The rows of artifacts: many small files through the server, and one that is larger than any memory."""

from __future__ import annotations

import http.client
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from rich.progress import Progress

from bench.findings import Finding
from bench.load import HOST, BadAnswer, Connection, Script, drive
from bench.rows import CONNECTIONS, Asked, Row, Subject
from bench.systems import Server, System

PROXY = "/api/2.0/mlflow-artifacts/artifacts/"
FILES, FILE_BYTES = 10_000, 4_096
LARGE_BYTES = 2_000_000_000
LARGE_PATH = f"{PROXY}bench/large"
BLOCK_BYTES = 2**20
COPY_SHARE, GROWTH_MB = 0.6, 32.0
ROUNDS = 3


def small_files(subject: Subject) -> list[float]:
    """10,000 files of 4 KB, from 16 connections; some are read again and compared."""
    content = os.urandom(FILE_BYTES)
    folder = f"bench/{time.time_ns()}"
    begin = time.perf_counter()
    shares = [_puts(f"{folder}/{share}", FILES // CONNECTIONS, content) for share in range(CONNECTIONS)]
    answers = drive(subject.server.port, shares)
    rate = answers / (time.perf_counter() - begin)
    for share in range(CONNECTIONS):
        if _get(subject.server.port, f"{folder}/{share}/{FILES // CONNECTIONS - 1}") != content:
            raise BadAnswer("a file is not what was sent")
    return [rate]


def _puts(folder: str, count: int, content: bytes) -> Script:
    for number in range(count):
        head = f"PUT {PROXY}{folder}/{number} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(content)}\r\n\r\n"
        yield head.encode() + content


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection(HOST, port)
    try:
        connection.request("GET", PROXY + path)
        return connection.getresponse().read()
    finally:
        connection.close()


ROWS: tuple[Row, ...] = (
    Row("files", "files of 4 KB stored, 16 connections", "/s", small_files, Asked("≥", 5), rounds=2),
)


# --- one large file -------------------------------------------------------------------------------------------


def large_file(system: System, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Sends a file of 2 GB through our server and reads it back, beside a copy on the same disk.

    Args:
        system: ours.
        folder: on the disk in question.
        progress: shows what is being done.
    """
    task = progress.add_task("a file of 2 GB", total=3 * ROUNDS)
    source, back = folder / "large", folder / "back"
    _make(source)
    server = Server(system, folder / "server")
    server.start()
    rates: dict[str, list[float]] = {"copy": [], "upload": [], "download": []}
    try:
        with Connection(server.port) as connection:
            connection.post("runs/search", {"experiment_ids": ["0"]})
        with _Watch(server) as watch:
            for _ in range(ROUNDS):
                for name, work in (("copy", _copy), ("upload", _upload), ("download", _download)):
                    _clear(server.port, back, uploaded=name == "upload")
                    begin = time.perf_counter()
                    work(server.port, source, back)
                    rates[name].append(LARGE_BYTES / 1e6 / (time.perf_counter() - begin))
                    progress.advance(task)
        if not _same(source, back):
            raise BadAnswer("the file that came back is not the one that was sent")
    finally:
        server.stop()
    progress.remove_task(task)
    copied = max(rates["copy"])
    yield Finding("copy of 2 GB on this disk, flushed", f"{copied:,.0f} MB/s (best of {ROUNDS})")
    for name in ("upload", "download"):
        share = max(rates[name]) / copied
        figure = f"{max(rates[name]):,.0f} MB/s, {share:.0%} of the copy"
        yield Finding(f"{name} of 2 GB through the server", figure, f"≥ {COPY_SHARE:.0%}", share >= COPY_SHARE)
    grown = watch.most_mb - watch.first_mb
    yield Finding("memory of the server meanwhile", f"+{grown:.1f} MB", f"≤ {GROWTH_MB:g} MB", grown <= GROWTH_MB)


def _make(path: Path) -> None:
    block = os.urandom(BLOCK_BYTES)
    with path.open("wb") as file:
        for start in range(0, LARGE_BYTES, BLOCK_BYTES):
            file.write(block[: min(BLOCK_BYTES, LARGE_BYTES - start)])
        os.fsync(file.fileno())


def _clear(port: int, back: Path, *, uploaded: bool) -> None:
    """Lets each begin with nothing to replace and nothing to flush; memory that was just freed is faster, too."""
    back.unlink(missing_ok=True)
    if uploaded:
        connection = http.client.HTTPConnection(HOST, port)
        connection.request("DELETE", LARGE_PATH)
        connection.getresponse().read()
        connection.close()
    os.sync()


def _copy(_: int, source: Path, back: Path) -> None:
    shutil.copyfile(source, back)
    with back.open("rb+") as file:
        os.fsync(file.fileno())


def _upload(port: int, source: Path, _: Path) -> None:
    connection = http.client.HTTPConnection(HOST, port)
    with source.open("rb") as file:
        connection.putrequest("PUT", LARGE_PATH)
        connection.putheader("Content-Length", str(LARGE_BYTES))
        connection.endheaders()
        # The client shares two processors with the server, so it does as little as it can, as the copy does.
        connection.sock.sendfile(file)
        answer = connection.getresponse()
        if answer.status != 200:
            raise BadAnswer(f"upload: {answer.status} {answer.read()[:200]!r}")
        answer.read()
    connection.close()


def _download(port: int, _: Path, back: Path) -> None:
    connection = http.client.HTTPConnection(HOST, port)
    connection.request("GET", LARGE_PATH)
    answer = connection.getresponse()
    block = memoryview(bytearray(BLOCK_BYTES))
    with back.open("wb", buffering=0) as file:
        while size := answer.readinto(block):
            file.write(block[:size])
        os.fsync(file.fileno())
    connection.close()


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as left, other.open("rb") as right:
        while block := left.read(BLOCK_BYTES):
            if block != right.read(BLOCK_BYTES):
                return False
        return not right.read(1)


class _Watch:
    """Looks at the memory of a server ten times a second."""

    def __init__(self, server: Server) -> None:
        self.first_mb = self.most_mb = server.memory_mb()
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.most_mb = max(self.most_mb, self._server.memory_mb())

"""Many connections that write at the same time and remember what was acknowledged."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.serving import API, Server

ANSWER_TIMEOUT_S = 120
WAIT_TIMEOUT_S = 120
PATIENCE_S = 0.2


class Gone(Exception):
    """The server closed the connection instead of answering."""


@dataclass(frozen=True)
class Refusal:
    """An answer that was not 200."""

    status: int
    retry_after: str | None
    body: bytes


class Connection:
    """A connection that is kept open, on which one request follows the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, verb: str, message: object) -> tuple[int, bytes]:
        """Posts a message; status and body of the answer.

        Raises:
            Gone: the connection ended first.
        """
        status, _, body = await self.send(verb, message)
        return status, body

    async def send(self, verb: str, message: object) -> tuple[int, dict[str, str], bytes]:
        """Like ``post``, with the headers of the answer."""
        body = json.dumps(message).encode()
        head = (
            f"POST {API}{verb} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            self._writer.write(head.encode() + body)
            return await asyncio.wait_for(self._answer(), ANSWER_TIMEOUT_S)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise Gone from error

    async def _answer(self) -> tuple[int, dict[str, str], bytes]:
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
        return int(first.split(" ", 2)[1]), headers, await self._reader.readexactly(int(headers["content-length"]))


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """A new connection.

    Raises:
        Gone: nobody listens.
    """
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        raise Gone from error
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


class Writers:
    """Connections that log one metric each, step by step.

    Args:
        port: where the server listens.
        run_ids: the runs that they write to in turn, or the one.
        count: the number of connections.

    Attributes:
        acknowledged: for each connection the steps that were answered with 200.
        open: for each connection the steps that were sent and not answered with 200: they may be there or not.
        others: every answer that was not 200.
    """

    def __init__(self, port: int, run_ids: str | Sequence[str], count: int) -> None:
        self.acknowledged: list[list[int]] = [[] for _ in range(count)]
        self.open: list[list[int]] = [[] for _ in range(count)]
        self.others: list[Refusal] = []
        self._port = port
        self._run_ids = [run_ids] if isinstance(run_ids, str) else run_ids
        self._ended = False

    @property
    def total(self) -> int:
        """How many points were acknowledged."""
        return sum(map(len, self.acknowledged))

    def run(self, steps: int, watch: Callable[[Writers], None] = lambda _: None) -> None:
        """Writes until every connection has written its steps or was closed.

        Args:
            steps: how many points each connection writes.
            watch: called after each acknowledgement.
        """
        asyncio.run(self._run(steps, watch))

    def end(self) -> None:
        """Has every connection finish the step that it is at."""
        self._ended = True

    async def _run(self, steps: int, watch: Callable[[Writers], None]) -> None:
        await asyncio.gather(*(self._write(writer, steps, watch) for writer in range(len(self.acknowledged))))

    async def _write(self, writer: int, steps: int, watch: Callable[[Writers], None]) -> None:
        step = 0
        try:
            async with connected(self._port) as connection:
                for step in range(steps):
                    if self._ended:
                        return
                    status, headers, body = await connection.send("runs/log-metric", self.point(writer, step))
                    if status == 200:
                        self.acknowledged[writer].append(step)
                        watch(self)
                    else:
                        self.open[writer].append(step)
                        self.others.append(Refusal(status, headers.get("retry-after"), body))
                        await asyncio.sleep(PATIENCE_S)
        except Gone:
            self.open[writer].append(step)

    def point(self, writer: int, step: int) -> dict[str, Any]:
        """The message of one point."""
        return {
            **{"run_id": self.run_id(writer), "key": self.key(writer)},
            **{"value": step / 2, "timestamp": step, "step": step},
        }

    def run_id(self, writer: int) -> str:
        """The run of a connection."""
        return self._run_ids[writer % len(self._run_ids)]

    def key(self, writer: int) -> str:
        """The metric of a connection."""
        return f"writer {writer}"


@contextmanager
def writing(writers: Writers) -> Iterator[Writers]:
    """Has the connections write while the block is worked through, and finish at its end."""
    thread = threading.Thread(target=writers.run, args=(10**9,), name="writers")
    thread.start()
    try:
        yield writers
    finally:
        writers.end()
        thread.join()


def wait_for_more(writers: Writers, points: int = 20) -> None:
    """Waits until every connection has that many more points acknowledged.

    Raises:
        AssertionError: they do not get further.
    """
    wanted = [len(steps) + points for steps in writers.acknowledged]
    wait_until(
        lambda: all(len(steps) >= least for steps, least in zip(writers.acknowledged, wanted, strict=True)),
        lambda: f"they do not get further: {writers.others[-3:]}",
    )


def wait_until(condition: Callable[[], bool], explain: Callable[[], object]) -> None:
    """Waits until something holds.

    Raises:
        AssertionError: it never does; ``explain`` says what is the case instead.
    """
    deadline = time.monotonic() + WAIT_TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.02)


def steps_of(server: Server, run_id: str, key: str) -> list[int]:
    """The steps of a metric's points, in the order of its history."""
    return [int(point["step"]) for point in server.history(run_id, quote(key))]


def assert_kept(server: Server, writers: Writers) -> None:
    """Every acknowledged point is there once, and of the others only such as were sent."""
    for writer, acknowledged in enumerate(writers.acknowledged):
        steps = steps_of(server, writers.run_id(writer), writers.key(writer))
        assert len(steps) == len(set(steps)), "a point was written twice"
        missing, surplus = set(acknowledged) - set(steps), set(steps) - set(acknowledged)
        assert not missing, f"{len(missing)} of {len(acknowledged)} points are missing"
        assert surplus <= set(writers.open[writer])


def assert_asked_to_wait(writers: Writers) -> None:
    """Whatever was not acknowledged was answered with 503, and told when to come back."""
    assert {refusal.status for refusal in writers.others} <= {503}, writers.others[:3]
    assert all(int(refusal.retry_after or 0) > 0 for refusal in writers.others), writers.others[:3]

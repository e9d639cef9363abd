"""Many connections that write at the same time and remember what was acknowledged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.serving import API

ANSWER_TIMEOUT_S = 120


class Gone(Exception):
    """The server closed the connection instead of answering."""


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

    async def _answer(self) -> tuple[int, bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        return int(head.split(" ", 2)[1]), await self._reader.readexactly(length)


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
        run_id: the run that they write to.
        count: the number of connections.

    Attributes:
        acknowledged: for each connection the steps that were answered with 200.
        others: every answer that was not 200.
    """

    def __init__(self, port: int, run_id: str, count: int) -> None:
        self.acknowledged: list[list[int]] = [[] for _ in range(count)]
        self.others: list[tuple[int, bytes]] = []
        self._port = port
        self._run_id = run_id

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

    async def _run(self, steps: int, watch: Callable[[Writers], None]) -> None:
        await asyncio.gather(*(self._write(writer, steps, watch) for writer in range(len(self.acknowledged))))

    async def _write(self, writer: int, steps: int, watch: Callable[[Writers], None]) -> None:
        try:
            async with connected(self._port) as connection:
                for step in range(steps):
                    status, body = await connection.post("runs/log-metric", self.point(writer, step))
                    if status == 200:
                        self.acknowledged[writer].append(step)
                        watch(self)
                    else:
                        self.others.append((status, body))
        except Gone:
            return

    def point(self, writer: int, step: int) -> dict[str, Any]:
        """The message of one point."""
        return {"run_id": self._run_id, "key": self.key(writer), "value": step / 2, "timestamp": step, "step": step}

    def key(self, writer: int) -> str:
        """The metric of a connection."""
        return f"writer {writer}"

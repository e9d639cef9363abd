"""A receiver of webhooks on the loopback address, and certificates for it, in the process of the tests."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.certificates import certificate_file

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True)
class Got:
    """A request that came.

    Attributes:
        headers: with their names in lower case.
    """

    line: str
    headers: Mapping[str, str]
    body: bytes


Answering = Callable[[Got, asyncio.StreamWriter], Awaitable[None]]


def saying(*parts: bytes) -> Answering:
    """Answers with these bytes."""

    async def answer(got: Got, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return answer


async def never(got: Got, writer: asyncio.StreamWriter) -> None:
    """Does not answer."""
    await asyncio.Event().wait()


async def for_ever(got: Got, writer: asyncio.StreamWriter) -> None:
    """Answers well, and does not stop."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


@dataclass
class Receiver:
    """What listens.

    Attributes:
        got: what came so far.
        arrived: set with each request.
    """

    port: int
    got: list[Got] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def receiving(answer: Answering | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver that answers each request so; with 200 by default."""
    tasks: set[asyncio.Task[None]] = set()
    receiver = Receiver(0)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            receiver.got.append(Got(head[0], headers, body))
            receiver.arrived.set()
            await (answer or saying(OK))(receiver.got[-1], writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def certificate(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this name proves itself with, and what a client that trusts it checks that with."""
    path = certificate_file(name, folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=path)

"""The one way in which this server calls an address that a user named.

The name is resolved once, every address that it has is checked, and the connection is made to what was checked; TLS
verifies the name all the same. No redirect is followed, of the answer no more than its head is read, and nothing of it
but the status is given on: what a private network says never reaches the user who guessed its address.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from weakref import WeakValueDictionary

from genesis_flow.rules.addresses import Network, is_allowed, parse_address
from genesis_flow.rules.webhooks import TIMEOUT_S, Url

CONNECT_S = 5.0
MOST_READ_BYTES = 64 * 2**10
AT_ONCE = 16
AT_ONCE_FOR_HOST = 4
RESOLVERS = 4
USER_AGENT = "genesis-flow"

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r\n")
_END = b"\r\n\r\n"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True)
class Allowed:
    """What an operator allows.

    Attributes:
        schemes: of URLs, in lower case.
        private: whether addresses of this machine and of private networks may be called.
        networks: addresses that may be called besides public ones, whatever they are.
    """

    schemes: frozenset[str] = frozenset({"https"})
    private: bool = False
    networks: tuple[Network, ...] = ()

    @property
    def only_public(self) -> bool:
        """Whether no address may be called but those of the public Internet."""
        return not self.private and not self.networks


class CallFailed(Exception):
    """A call got no answer.

    Attributes:
        reason: why, as a word that names a class of errors and nothing that was received.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Client:
    """Sends requests to addresses that may be called; belongs to one event loop.

    Args:
        allowed: what may be called.
        resolve: answers the addresses of a name; by default the system's resolver.
        tls: how other servers prove who they are.
        total_s: how long a call may take.
    """

    def __init__(
        self,
        allowed: Allowed,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        total_s: float = TIMEOUT_S,
    ) -> None:
        self.allowed = allowed
        self.total_s = total_s
        # The system's resolver cannot be told to stop. It gets threads of its own, so that names that nobody answers
        # for hold up nothing but other names.
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")
        self._resolve = resolve or self._ask_system
        self._tls = tls
        self._all = asyncio.Semaphore(AT_ONCE)
        self._of_host: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def post(self, url: Url, headers: Mapping[str, str], body: bytes) -> int:
        """Sends a body; the status of the answer, whatever it is.

        Raises:
            CallFailed: there was no answer in time, or the address may not be called.
        """
        try:
            return await asyncio.wait_for(self._in_turn(url, headers, body), self.total_s)
        except asyncio.TimeoutError:
            raise CallFailed("Timeout") from None

    async def check(self, url: Url) -> None:
        """Refuses an address that may not be called; raises ``CallFailed``."""
        try:
            await asyncio.wait_for(self._addresses(url), CONNECT_S)
        except asyncio.TimeoutError:
            raise CallFailed("NameNotResolved") from None

    async def _in_turn(self, url: Url, headers: Mapping[str, str], body: bytes) -> int:
        host = self._of_host.setdefault(url.authority, asyncio.Semaphore(AT_ONCE_FOR_HOST))
        # The host first: who waits for a slow one takes no place from others.
        async with host, self._all:
            return await self._call(url, headers, body)

    async def _call(self, url: Url, headers: Mapping[str, str], body: bytes) -> int:
        addresses = await self._addresses(url)
        try:
            reader, writer = await asyncio.wait_for(self._connect(url, addresses), CONNECT_S)
        except asyncio.TimeoutError:
            raise CallFailed("ConnectTimeout") from None
        try:
            writer.write(_head(url, headers, len(body)) + body)
            return await _status(reader)
        except (OSError, EOFError) as error:
            raise CallFailed("ConnectionLost") from error
        finally:
            # At once: a receiver that does not stop sending is not listened to any more.
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _addresses(self, url: Url) -> Sequence[str]:
        """The addresses of the host, every one of which may be called."""
        try:
            found = await self._resolve(url.host, url.port)
        except (OSError, UnicodeError) as error:
            raise CallFailed("NameNotResolved") from error
        for text in found:
            if not is_allowed(parse_address(text), private=self.allowed.private, networks=self.allowed.networks):
                raise CallFailed("AddressNotAllowed")
        if not found:
            raise CallFailed("NameNotResolved")
        return found

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    async def _connect(self, url: Url, addresses: Sequence[str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first of the addresses that takes one."""
        error: Exception | None = None
        for address in addresses:
            try:
                return await self._connect_to(url, address)
            except ssl.SSLError as refused:
                raise CallFailed("TlsFailed") from refused
            except OSError as failed:
                error = failed
        raise CallFailed("ConnectionFailed") from error

    async def _connect_to(self, url: Url, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if url.scheme == "http":
            return await asyncio.open_connection(address, url.port, limit=MOST_READ_BYTES)
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return await asyncio.open_connection(
            address, url.port, limit=MOST_READ_BYTES, ssl=self._tls, server_hostname=url.host
        )

    def close(self) -> None:
        """Frees the threads; a name that is being resolved is waited for by nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _head(url: Url, headers: Mapping[str, str], length: int) -> bytes:
    lines = {
        "Host": url.authority,
        "User-Agent": USER_AGENT,
        "Content-Length": str(length),
        "Connection": "close",
        **headers,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    head = f"POST {url.target} HTTP/1.1\r\n{text}\r\n"
    if head.count("\n") != len(lines) + 2:
        raise CallFailed("InvalidRequest")  # something in it would begin a line of its own
    return head.encode("ascii")


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of an answer, behind interim ones."""
    left = MOST_READ_BYTES
    while left > 0:
        try:
            head = await reader.readuntil(_END)
        except asyncio.LimitOverrunError:
            raise CallFailed("AnswerTooLarge") from None
        found = _STATUS.match(head)
        if found is None:
            raise CallFailed("NotHttp")
        status = int(found[1])
        if status >= 200:
            return status
        left -= len(head)
    raise CallFailed("AnswerTooLarge")

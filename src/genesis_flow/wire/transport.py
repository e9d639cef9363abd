"""The one way to send an operation over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from genesis_flow.errors import MalformedRequest, MissingParameter, ServerError, Unavailable, shown
from genesis_flow.values.message import Message
from genesis_flow.wire import codec
from genesis_flow.wire.decoders import decoder
from genesis_flow.wire.operations import REPEATABLE, Operation
from genesis_flow.wire.processes import OfThisProcess

if TYPE_CHECKING:
    import urllib3

TIMEOUT_S = 120.0
CONNECTIONS = 16
LONGEST_BACKOFF_S = 120.0
MOST_REFUSAL_BYTES = 2**20

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_JSON: Mapping[str, str] = MappingProxyType({"Content-Type": "application/json"})


class _Failure(msgspec.Struct):
    error_code: str = "INTERNAL_ERROR"
    message: str = ""


@dataclass(frozen=True)
class Retrying:
    """How often and when a request is sent again.

    A request that leaves the same if it arrives twice is repeated after any failed connection and after some answers;
    every other only if it failed before it was sent, because what was sent may have been done.

    Attributes:
        times: how often to try again.
        backoff_s: how long to wait before the second of them; then twice as long, and so on.
        jitter_s: up to how much longer, by chance, so that not all come back at once.
        statuses: the answers after which to try again.
        respect_retry_after: whether to wait as long as such an answer says.
    """

    times: int = 3
    backoff_s: float = 0.2
    jitter_s: float = 0.0
    statuses: frozenset[int] = frozenset()
    respect_retry_after: bool = True


@dataclass(frozen=True)
class Tls:
    """Whom to trust, and who to be.

    Attributes:
        verify: whether the server must prove who it is.
        trusted: a file of the authorities that may vouch for it, instead of those that the machine trusts.
        certificate: a file with the certificate, and the key, of the client.
    """

    verify: bool = True
    trusted: str | None = None
    certificate: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """A request that is about to leave.

    Attributes:
        method: GET or its like.
        url: the whole address.
        headers: those that are set.
        body: what is sent; None for nothing.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | IO[bytes] | None


class HttpTransport:
    """Sends operations to one server; may be shared by threads.

    A redirect is never followed: it comes back as a ``ServerError``.

    Args:
        base_uri: where the server is, perhaps with a path that stands in front of every operation's.
        headers: sent with every request; a function is asked for them each time.
        sign: asked at last for the headers of each request; it may look at all of it.
        timeout_s: how long to wait for a connection, and for the next bytes of an answer.
        retrying: how often and when to send again.
        tls: whom to trust, and who to be.
        connections: how many stay open.
        most_reply_bytes: the largest answer that is read; None reads any.
    """

    def __init__(
        self,
        base_uri: str,
        *,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] = _NO_HEADERS,
        sign: Callable[[Outgoing], Mapping[str, str]] | None = None,
        timeout_s: float = TIMEOUT_S,
        retrying: Retrying = Retrying(),
        tls: Tls = Tls(),
        connections: int = CONNECTIONS,
        most_reply_bytes: int | None = None,
    ) -> None:
        self._base = base_uri.rstrip("/")
        host, slash, path = self._base.partition("://")[2].partition("/")
        self._host = shown(host.rpartition("@")[2])  # as a message may name it: without credentials
        self._path = slash + path
        self._headers = headers
        self._sign = sign
        self._timeout_s = timeout_s
        self._retrying = retrying
        self._tls = tls
        self._kept = connections
        self._most_reply_bytes = most_reply_bytes
        self._pool = OfThisProcess(self._open_pool)

    def send(self, operation: Operation[Any, Any], message: Message) -> bytes:
        """The JSON of the server's answer.

        Raises:
            ServerError: the server refused, or failed.
            Unavailable: the server could not be reached, or did not answer in time.
            MissingParameter: a field that stands in the path is empty.
            MalformedRequest: the answer is too large.
        """
        path, names = _filled(operation.path, message)
        if operation.method == "GET":
            pairs = [(name, text) for name, text in codec.encode_query(message) if name not in names]
            return self.request("GET", f"{path}?{urlencode(pairs)}" if pairs else path)
        return self.request(operation.method, path, codec.encode(message), again=operation.name in REPEATABLE)

    def request(self, method: str, path: str, body: bytes | None = None, *, again: bool = False) -> bytes:
        """The body of the answer to any request; raises as :meth:`send`.

        Args:
            method: GET, or any other.
            path: with the query, if there is one.
            body: JSON.
            again: whether the request leaves the same if it arrives twice; a GET always does.
        """
        with self.open(
            method, path, body=body, headers=_NO_HEADERS if body is None else _JSON, again=again or method == "GET"
        ) as answer:
            return self._read(answer)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        again: bool = False,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """The answer to a request, to be read piece by piece; its connection is closed unless it was read to its end.

        Raises as :meth:`send`, also while it is read.
        """
        import urllib3

        own = self._headers() if callable(self._headers) else self._headers
        outgoing = Outgoing(method, self._base + path, {**own, **headers}, body)
        sent = outgoing.headers if self._sign is None else self._sign(outgoing)
        try:
            answer = self._pool.get().urlopen(
                method,
                self._path + path,
                body,
                sent,
                retries=_retry(self._retrying, again),
                redirect=False,
                preload_content=False,
            )
            try:
                if not 200 <= answer.status < 300:
                    raise _refusal(answer.status, answer.read(MOST_REFUSAL_BYTES), _retry_after_s(answer))
                yield answer
            finally:
                if not answer.closed:  # something is left of it, and nothing else can be asked over its connection
                    answer.close()
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"The server {self._host} did not answer ({type(error).__name__}).") from error

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        most = self._most_reply_bytes
        if most is None:
            return answer.read()
        content = answer.read(most + 1)
        if len(content) > most:
            answer.close()
            raise MalformedRequest(f"the server's answer is larger than {most:,} bytes")
        return content

    def _open_pool(self) -> urllib3.HTTPConnectionPool:
        from genesis_flow.wire.pool import pool_to

        certificates: dict[str, Any] = {"ca_certs": self._tls.trusted, "cert_file": self._tls.certificate}
        if not self._tls.verify:
            certificates["cert_reqs"] = "CERT_NONE"
        return pool_to(self._base, certificates, timeout=self._timeout_s, maxsize=self._kept)

    def close(self) -> None:
        """Closes the connections; the next request opens new ones."""
        if (pool := self._pool.take()) is not None:
            pool.close()


@lru_cache(maxsize=16)
def _retry(policy: Retrying, again: bool) -> urllib3.Retry:
    import urllib3

    return urllib3.Retry(
        policy.times,
        allowed_methods=None if again else {"GET"},
        redirect=0,
        status_forcelist=policy.statuses if again else (),
        raise_on_status=False,
        backoff_factor=policy.backoff_s,
        backoff_max=LONGEST_BACKOFF_S,
        backoff_jitter=policy.jitter_s,
        respect_retry_after_header=policy.respect_retry_after and again,
    )


def _filled(path: str, message: Message) -> tuple[str, set[str]]:
    """The path with the message's fields in it, and their names."""
    parts = path.split("{")
    filled, names = parts[0], set()
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        text = getattr(message, name)
        if not text:
            raise MissingParameter(name)
        # A dot must be encoded, too: "." and ".." would be taken for steps in the path.
        filled += quote(str(text), safe="").replace(".", "%2E") + rest
        names.add(name)
    return filled, names


def _retry_after_s(answer: urllib3.BaseHTTPResponse) -> float | None:
    """How long the answer asks to wait, in either form that HTTP has for it."""
    import urllib3

    try:
        return urllib3.Retry().get_retry_after(answer)
    except urllib3.exceptions.InvalidHeader:
        return None


def _refusal(status: int, content: bytes, retry_after_s: float | None) -> ServerError:
    try:
        failure = decoder(_Failure).decode(content)
    except msgspec.MsgspecError:
        text = content[:500].decode("utf-8", "replace")
        message = f"The server answered with status {status}: {shown(text)}"
        return ServerError("INTERNAL_ERROR", status, message, retry_after_s)
    message = failure.message or f"The server answered with status {status}."
    return ServerError(failure.error_code, status, message, retry_after_s)

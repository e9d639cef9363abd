"""From a URI to what answers the operations of the table: a server, or a store in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec

from genesis_flow.errors import ServerError, Unavailable, UnsupportedLocation
from genesis_flow.rules.locations import scheme_of
from genesis_flow.values.message import Message
from genesis_flow.wire import codec
from genesis_flow.wire.operations import Operation, operation_of

R = TypeVar("R", bound=Message)


class Connection(Protocol):
    """What answers operations; may be shared by threads."""

    def send(self, operation: Operation[Any, Any], message: Message) -> bytes:
        """The JSON of the answer.

        Raises:
            ServerError: a server refused, or failed.
            Unavailable: there was no answer.
            GenesisFlowError: a store in this process refused.
        """

    def close(self) -> None:
        """Lets go of what it holds; the next message opens it again."""


class Calls:
    """Messages and their answers, over a connection.

    Args:
        uri: where to send them.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def __call__(self, message: Message, response: type[R]) -> R:
        """The answer to a message.

        Raises:
            RestException: a server refused, or failed.
            MlflowException: whatever else there is against it.
        """
        body = self.body(message)
        try:
            return codec.decode_answer(body, response)
        except msgspec.MsgspecError as error:
            raise Unavailable(f"The server answered something that is no {response.__name__}: {error}") from None

    def body(self, message: Message) -> bytes:
        """The JSON of the answer; raises as a call."""
        try:
            return connection_to(self.uri).send(operation_of(type(message)), message)
        except ServerError as error:
            raise error.for_users() from None


_LOCK = threading.Lock()
_OPEN: dict[str, Connection] = {}


def connection_to(uri: str) -> Connection:
    """The connection of this process to what a URI names: one for all that use it.

    Raises:
        UnsupportedLocation: nothing can be kept there.
    """
    found = _OPEN.get(uri)
    if found is not None:
        return found
    connect = _connector(uri)
    with _LOCK:
        if uri not in _OPEN:
            _OPEN[uri] = connect(uri)
        return _OPEN[uri]


def close_connections() -> None:
    """Closes all connections of this process; they are opened again if somebody asks."""
    with _LOCK:
        for connection in _OPEN.values():
            connection.close()
        _OPEN.clear()


def _connector(uri: str) -> Callable[[str], Connection]:
    scheme = scheme_of(uri)
    if scheme in ("http", "https"):
        from genesis_flow.client.http import connect_http

        return connect_http
    if scheme in ("databricks", "databricks-uc", "uc"):
        raise UnsupportedLocation(scheme, "Runs are kept on a server (http, https), in a database or in a folder")
    from genesis_flow.client.local import LocalConnection

    return LocalConnection

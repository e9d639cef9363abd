"""Another server as a store: every verb is sent on, as the table of operations says."""

from __future__ import annotations

import asyncio

from genesis_flow.stores.forwarding import ForwardingStore, Request, Response
from genesis_flow.stores.protocol import Capability
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.operations import Operation
from genesis_flow.wire.transport import HttpTransport


class RestStore(ForwardingStore):
    """A store behind HTTP: this server or any other that speaks MLflow's interface.

    Its errors are ``ServerError`` with the server's code and status, and ``Unavailable`` if there is no answer.

    Args:
        uri: where the server is.
        transport: what sends; by default one for this URI.
    """

    # What a verb has answered is kept by the server, for whoever else asks it.
    supports: frozenset[Capability] = frozenset({"persistent", "concurrent-processes", "webhooks", "any-name"})

    def __init__(self, uri: str, transport: HttpTransport | None = None) -> None:
        self.transport = transport or HttpTransport(uri)

    async def call(self, operation: Operation[Request, Response], message: Request) -> Encoded[Response]:
        """Sends the message and answers with the JSON that came back."""
        return Encoded(await asyncio.to_thread(self.transport.send, operation, message), operation.response)

    async def check(self) -> None:
        """Answers when the server does; raises ``Unavailable`` or ``ServerError`` when it does not."""
        await asyncio.to_thread(self.transport.request, "GET", "/health")

    async def close(self) -> None:
        """Closes the connections."""
        self.transport.close()

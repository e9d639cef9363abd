"""HTTP/1.1 with a bound on what stands before a body, which httptools itself does not have."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 2**10


class BoundedHttp(HttpToolsProtocol):
    """Refuses a request whose head does not end within ``HEAD_BYTES`` and one read more."""

    _head_bytes: int | None = None
    """How much of a head came so far; None outside of one."""

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        super().on_headers_complete()
        self.headers = []  # trailers are headers to httptools; they must not join those that were checked

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_bytes is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self.send_400_response("The head of the request is too large.")

"""A wire between a server and its database that can be cut."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.serving import free_port

SIZE = 2**16
# Closing with it says to the other side that the connection is gone, instead of ending it politely.
RESET = struct.pack("ii", 1, 0)


class Wire:
    """Forwards connections to a port of this machine.

    Attributes:
        port: where it listens.
        lost: set when the answer to a request was lost, as ``lose_answer`` asked for.
    """

    def __init__(self, to: int) -> None:
        self.port = free_port()
        self._to = to
        self._flows = threading.Event()
        self._flows.set()
        self._ends: set[socket.socket] = set()
        self._losing = b""
        self._deaf: set[socket.socket] = set()
        self.lost = threading.Event()
        self._listener: socket.socket | None = None
        self._listen()

    def drop(self) -> None:
        """From now on nothing arrives, in either direction; connections stay open and none is refused."""
        self._flows.clear()

    def refuse(self) -> None:
        """Ends the connections, and takes no others."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # Closing alone would not wake the thread that waits in it.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for end in list(self._ends):
            self._close(end)
        self._flows.set()

    def lose_answer(self, to: bytes) -> None:
        """Lets the next request through that has these bytes, and nothing that comes back on its connection."""
        self.lost.clear()
        self._losing = to

    def mend(self) -> None:
        """All is well again; what was dropped arrives late, as it does when packets are sent again."""
        self._flows.set()
        if self._listener is None:
            self._listen()

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), name="wire", daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    near.close()
                    continue
                self._ends |= {near, far}
                if self._listener is not listener:  # it was cut meanwhile
                    self._close(near)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), name="wire", daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(SIZE):
                self._flows.wait()
                if self._losing and self._losing in data:
                    self._losing = b""
                    self._deaf.add(source)
                    self.lost.set()
                if sink not in self._deaf:
                    sink.sendall(data)
        for end in (source, sink):
            self._close(end)

    def _close(self, end: socket.socket) -> None:
        self._ends.discard(end)
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def wire(to: int) -> Iterator[Wire]:
    """A wire to a port, which ends with the block."""
    made = Wire(to)
    try:
        yield made
    finally:
        made.refuse()

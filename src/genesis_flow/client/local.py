"""The store of a database or a folder in this process: the same service as a server's, without the wire.

The one place where the client's half loads the server's, and only when a tracking URI asks for it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from genesis_flow.client.uris import absolute
from genesis_flow.errors import MissingExtra
from genesis_flow.journals.layout import is_offline, offline_folder
from genesis_flow.rules.locations import scheme_of
from genesis_flow.values.message import Message
from genesis_flow.wire import codec
from genesis_flow.wire.operations import Operation

if TYPE_CHECKING:
    from genesis_flow.service.service import Service

T = TypeVar("T")

ARTIFACT_ROOT = "./artifacts"


class LocalConnection:
    """Answers operations from a store in this process; may be shared by threads, and survives a fork.

    Args:
        uri: ``sqlite:///runs.db``, ``postgresql://…``, ``mongodb://…``, a folder, or ``offline:`` and a folder.

    Raises:
        UnsupportedLocation: no store has this scheme.
        ForeignDatabase: the database belongs to another program; it is not touched.
        MissingExtra: what the store needs is not installed.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._lock = threading.Lock()
        self._pid = 0
        self._open()

    def send(self, operation: Operation[Any, Any], message: Message) -> bytes:
        """The JSON of the store's answer; raises what the service has against the message."""
        from genesis_flow.auth.may import ANYONE

        if self._pid != os.getpid():  # a fork has the objects of its parent, and none of its threads
            self._open()
        reply = self._run(self._service.answer(operation, message, ANYONE))
        return codec.encode(reply)

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _open(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            service = _service(self._uri)
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="genesis-flow-store", daemon=True)
            self._thread.start()
            self._service = service
            self._pid = os.getpid()

    def close(self) -> None:
        """Closes the store; the next message opens it again."""
        with self._lock:
            if self._pid != os.getpid():
                return
            self._pid = 0
            self._run(self._service.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


def _service(uri: str) -> Service:
    if uri.startswith(("sqlite:", "postgres")) and importlib.util.find_spec("sqlalchemy") is None:
        raise MissingExtra("A database as a tracking URI", "server")
    from genesis_flow.artifact_stores.open import Roots
    from genesis_flow.service.service import Service
    from genesis_flow.stores.open import open_store

    uri = absolute(uri)
    if is_offline(uri):
        from genesis_flow.stores.offline.store import OfflineStore

        folder = offline_folder(uri)
        return Service(OfflineStore(folder), Roots.open(destination=None, root=folder.as_uri()), delivers=False)
    # MLflow's directory form keeps the files of runs beside what it knows of them.
    root = uri if scheme_of(uri) == "file" else os.path.abspath(ARTIFACT_ROOT)
    return Service(open_store(uri, artifact_root=root), Roots.open(destination=None, root=root), delivers=False)

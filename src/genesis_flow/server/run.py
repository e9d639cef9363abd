"""Starting a server: what its settings name is opened, and uvicorn serves the application.

One worker is one process, the one that was started. Several are children of it, told the settings through the
environment.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import re
import signal
import tempfile
import threading
from pathlib import Path

import msgspec
import uvicorn

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.errors import InvalidSetting, Unavailable
from genesis_flow.server.app import Application
from genesis_flow.server.monitor import Monitor
from genesis_flow.server.protocol import BoundedHttp
from genesis_flow.server.settings import Settings
from genesis_flow.server.system import check_soon
from genesis_flow.service.secrets import KEY_VARIABLE, Sealer
from genesis_flow.stores.open import folder_path, open_store, store_folder
from genesis_flow.stores.protocol import Queued

SETTINGS_VARIABLE = "GENESIS_FLOW_SERVER_SETTINGS"
KEEP_ALIVE_S = 65
GRACE_S = 30
_LOCAL = re.compile(r"(?!(?i:[a-z][a-z0-9+.-]+):)|(?i:file):")

log = logging.getLogger("genesis_flow.server")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "genesis_flow": {"level": "INFO"},
        "uvicorn.error": {"level": "WARNING"},
    },
}


def application(settings: Settings) -> Application:
    """Opens what the settings name and makes the application over it.

    Raises:
        GenesisFlowError: the store or a location cannot be opened.
    """
    root = settings.artifact_root
    sealer = _sealer()
    roots = Roots.open(destination=settings.artifacts_destination if settings.serve_artifacts else None, root=root)
    store = open_store(settings.backend_store_uri, artifact_root=_absolute(root))
    monitor = Monitor(lambda: store.waiting if isinstance(store, Queued) else 0)
    if isinstance(store, Queued):
        store.watch(monitor.committed)
    return Application(store, roots, settings, monitor, sealer)


def _sealer() -> Sealer:
    """What the secrets of webhooks are kept with; its key comes by the environment alone, which is in no log."""
    return Sealer(os.environ.get(KEY_VARIABLE, ""))


def _absolute(root: str) -> str:
    """A relative path as an absolute one, because clients would read it from their own folder."""
    return str(Path(root).absolute()) if _LOCAL.match(root) and not root.lower().startswith("file:") else root


async def _look(settings: Settings) -> None:
    """Reads the settings and opens the store before the server starts; a database that is away is no reason not to.

    Raises:
        GenesisFlowError: a setting is none, or the store can never be opened.
    """
    _sealer()
    _keep_apart(settings)
    log.debug("Webhooks may call %s.", settings.outbound)
    store = open_store(settings.backend_store_uri, artifact_root=_absolute(settings.artifact_root))
    try:
        await check_soon(store)
    except Unavailable as error:
        log.warning("The server starts without its database. %s", error)
    finally:
        await store.close()


def _keep_apart(settings: Settings) -> None:
    """Refuses to serve a folder of runs as one of artifacts, in which a client may write any file.

    Raises:
        InvalidSetting
    """
    folder, destination = store_folder(settings.backend_store_uri), settings.artifacts_destination
    if folder is None or not settings.serve_artifacts or not _LOCAL.match(destination):
        return
    files = Path(folder_path(destination[5:]) if destination.lower().startswith("file:") else destination).resolve()
    if files == folder or files in folder.parents or folder in files.parents:
        raise InvalidSetting("--artifacts-destination", "apart from the folder of --backend-store-uri")


def from_environment() -> Application:
    """The application of a worker process."""
    _end_with_parent()
    return application(msgspec.json.decode(os.environ[SETTINGS_VARIABLE], type=Settings))


def _end_with_parent() -> None:
    """Stops this worker when the process that started it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; then finishes what is in flight and takes nothing more.

    Raises:
        GenesisFlowError: the store or a location cannot be opened.
    """
    options = {
        "host": settings.host,
        "port": settings.port,
        "access_log": False,
        "log_config": LOGGING,
        "http": BoundedHttp,
        "proxy_headers": False,
        "ws": "none",
        "lifespan": "on",
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE_S,
        "timeout_graceful_shutdown": GRACE_S,
    }
    settings.durations_ms()
    # What no worker could open is refused here, once, instead of by each worker again and again.
    asyncio.run(_look(settings))
    if settings.workers == 1:
        uvicorn.Server(uvicorn.Config(application(settings), **options)).run()  # type: ignore[arg-type]
        return
    os.environ[SETTINGS_VARIABLE] = msgspec.json.encode(settings).decode()
    with tempfile.TemporaryDirectory(prefix="genesis-flow-metrics-") as counts:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts
        uvicorn.run(
            "genesis_flow.server.run:from_environment",
            factory=True,
            workers=settings.workers,
            **options,  # type: ignore[arg-type]
        )

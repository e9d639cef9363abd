"""What dead processes left in their spools goes to its servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from genesis_flow.client.connection import Connection
from genesis_flow.client.reports import Reports
from genesis_flow.client.sender import Counts, Sender, Stopped
from genesis_flow.client.spool import Spool, spools


@dataclass(frozen=True)
class Synced:
    """What has become of a spool.

    Attributes:
        folder: the spool's.
        tracking_uri: for which server it is.
        counts: what found its end now.
        waiting: items that still wait, because the server did not take them in time.
        damaged: files with what could not be read.
    """

    folder: Path
    tracking_uri: str
    counts: Counts
    waiting: int
    damaged: tuple[Path, ...]


def sync(root: Path, connect: Callable[[str], Connection], *, patience_s: float = 10.0) -> Iterator[Synced]:
    """Sends the spools below a folder that no living process has, the oldest first.

    It may be interrupted, and run any number of times, on several machines at once.

    Args:
        root: the folder of spools.
        connect: opens a connection to a tracking URI, which is without credentials.
        patience_s: how long to try while a server does not answer.

    Yields:
        Each spool when it is done with.

    Raises:
        OSError: a spool cannot be read.
    """
    for folder in spools(root):
        spool = Spool.recover(folder)
        if spool is not None:
            yield _sent(spool, connect, patience_s)


def _sent(spool: Spool, connect: Callable[[str], Connection], patience_s: float) -> Synced:
    sender = Sender(spool, lambda: connect(spool.tracking_uri), Reports(), patience_s=patience_s)
    try:
        while sender.step():
            pass
        spool.remove()
    except Stopped:
        pass
    finally:
        sender.close()
        spool.close()
    waiting = max(0, spool.end - spool.settled)
    return Synced(spool.folder, spool.tracking_uri, sender.counts, waiting, tuple(spool.damaged))

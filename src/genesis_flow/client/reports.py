"""What goes wrong in the background is said once."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger("genesis_flow")


class Reports:
    """Warnings through ``logging``, each kind once; threads may share it."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._lock = threading.RLock()  # a signal's handler may have something to say, too

    def once(self, kind: str, text: str, *facts: object) -> None:
        """Logs a warning, unless one of that kind was logged before."""
        with self._lock:
            if kind in self._said:
                return
            self._said.add(kind)
        log.warning(text, *facts)

"""What is to be done when the program ends, while there still are threads that can do it."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from contextlib import suppress


def before_exit(work: Callable[[], None]) -> None:
    """Does something at the end of the program.

    A store in this process works in threads of executors, which take nothing more once ``atexit`` has its turn. So
    it is done where executors are told to stop, before they are, as ``concurrent.futures`` does it. What is registered
    last is done first. Where Python has no such place, ``atexit`` does it; elsewhere once more.

    Args:
        work: may be done twice.
    """
    register = getattr(threading, "_register_atexit", None)
    if register is not None:
        # The executors' own must be there before this one, to be done after it.
        import concurrent.futures.thread  # noqa: F401

        with suppress(RuntimeError):  # the program ends already
            register(work)
    atexit.register(work)

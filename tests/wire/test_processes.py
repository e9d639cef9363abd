"""What each process has for itself."""

from __future__ import annotations

import os
from itertools import count

import pytest

from genesis_flow.wire.processes import OfThisProcess


def test_it_is_made_when_it_is_first_asked_for_and_stays() -> None:
    numbers = count()
    held = OfThisProcess(lambda: next(numbers))
    assert held.take() is None
    assert (held.get(), held.get(), held.take(), held.take(), held.get()) == (0, 0, 0, None, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_makes_its_own() -> None:
    held = OfThisProcess(os.getpid)
    assert held.get() == os.getpid()
    if (child := os.fork()) == 0:
        mine = held.take() is None and held.get() == os.getpid()
        os._exit(0 if mine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert held.get() == os.getpid()

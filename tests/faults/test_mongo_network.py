"""The wire to MongoDB is cut under writers: waits or 503, and every acknowledged point once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import mongod
from tests.faults.asking import Users, asking, wait_until_ready
from tests.faults.cut import Wire, wire
from tests.faults.load import Writers, assert_asked_to_wait, assert_kept, wait_for_more, wait_until, writing
from tests.serving import Server, serving

WRITERS = 16
RUNS = 4
CUT_S = 30


@dataclass(frozen=True)
class Wired:
    """A server that reaches its MongoDB through a wire only."""

    server: Server
    wire: Wire


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[Wired]:
    with mongod.replica_set(tmp_path / "members", 1) as alone, wire(alone.members[0].port) as cut:
        # Directly: what the member says of its own address would lead around the wire.
        store = f"mongodb://127.0.0.1:{cut.port}/cut?directConnection=true"
        with serving(tmp_path / "server", store=store) as server:
            yield Wired(server, cut)


def _write_through(wired: Wired, seconds: float, *cuts: str) -> Writers:
    """Writes while the wire is cut in these ways, one after the other."""
    server = wired.server
    run_ids = [server.create_run() for _ in range(RUNS)]
    with asking(Users(server, run_ids[0])) as users, writing(Writers(server.port, run_ids, WRITERS)) as writers:
        for cut in cuts:
            wait_for_more(writers)
            getattr(wired.wire, cut)()
            time.sleep(seconds)
            # The process is well, and says what is not.
            assert server.send("GET", "/health").status == 200
            wired.wire.mend()
        wait_for_more(writers)
    assert_asked_to_wait(writers)
    users.assert_right()
    assert_kept(server, writers)
    assert "Traceback" not in server.log, server.log[-4_000:]
    return writers


def test_a_wire_that_is_cut_for_a_while_loses_nothing(wired: Wired) -> None:
    _write_through(wired, CUT_S, "drop")


def test_short_cuts_of_both_kinds_lose_nothing(wired: Wired) -> None:
    _write_through(wired, 2, "refuse", "drop", "refuse")


def test_writers_are_asked_to_come_back_when_the_wire_stays_cut(wired: Wired) -> None:
    server = wired.server
    with writing(Writers(server.port, server.create_run(), WRITERS)) as writers:
        wait_for_more(writers)
        wired.wire.refuse()
        wait_until(lambda: len(writers.others) >= WRITERS, lambda: writers.others)
        unready = server.send("GET", "/readyz")
        assert unready.status == 503
        assert "database" in unready.message
        wired.wire.mend()
        wait_for_more(writers)
        wait_until_ready(server)
    assert_asked_to_wait(writers)
    assert_kept(server, writers)

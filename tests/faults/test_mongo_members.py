"""Members of a replica set that die or fall silent under writers: waits or 503, and every acknowledged point once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import mongod
from tests.faults.asking import Users, asking
from tests.faults.load import Writers, assert_asked_to_wait, assert_kept, wait_for_more, writing
from tests.mongod import ReplicaSet
from tests.serving import Server, serving

WRITERS = 16
RUNS = 4


@dataclass(frozen=True)
class Cluster:
    """A server on three members."""

    members: ReplicaSet
    server: Server
    store: str


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with mongod.replica_set(tmp_path / "members") as members:
        store = mongod.database(members.uri)
        with serving(tmp_path / "server", store=store) as server:
            yield Cluster(members, server, store)


def _check(cluster: Cluster, tmp_path: Path, fail: Callable[[Writers], None]) -> None:
    """Writes while something fails, then counts, also with a server that has nothing in its memory."""
    server = cluster.server
    run_ids = [server.create_run() for _ in range(RUNS)]
    with asking(Users(server, run_ids[0])) as users, writing(Writers(server.port, run_ids, WRITERS)) as writers:
        wait_for_more(writers)
        fail(writers)
        wait_for_more(writers)
    assert_asked_to_wait(writers)
    users.assert_right()
    assert_kept(server, writers)
    with serving(tmp_path / "another", store=cluster.store) as another:
        assert_kept(another, writers)
    assert "Traceback" not in server.log, server.log[-4_000:]


def test_a_primary_that_dies_takes_no_acknowledged_point_with_it(cluster: Cluster, tmp_path: Path) -> None:
    def fail(writers: Writers) -> None:
        primary = cluster.members.primary()
        primary.kill()
        wait_for_more(writers)
        assert cluster.members.primary() is not primary
        primary.start()
        cluster.members.wait()

    _check(cluster, tmp_path, fail)


def test_a_secondary_that_falls_silent_holds_nobody_up(cluster: Cluster, tmp_path: Path) -> None:
    def fail(writers: Writers) -> None:
        secondary = cluster.members.secondary()
        secondary.pause()
        wait_for_more(writers, 100)
        secondary.resume()
        cluster.members.wait()

    _check(cluster, tmp_path, fail)


def test_a_primary_that_falls_silent_and_comes_back_is_followed_by_nobody(cluster: Cluster, tmp_path: Path) -> None:
    def fail(writers: Writers) -> None:
        primary = cluster.members.primary()
        primary.pause()
        wait_for_more(writers)
        primary.resume()
        cluster.members.wait()

    _check(cluster, tmp_path, fail)

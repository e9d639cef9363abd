"""A disk that gets full below MongoDB, which dies of it: waits or 503, and every acknowledged point once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import mongod
from tests.faults.asking import Users, asking
from tests.faults.disk import fill, small_disk
from tests.faults.load import (
    Writers,
    assert_asked_to_wait,
    assert_counted,
    assert_kept,
    wait_for_more,
    wait_until,
    writing,
)
from tests.mongod import Member, ReplicaSet
from tests.serving import free_port, serving

WRITERS = 16
DISK_MB = 128
# Nothing that takes much of a small disk at once.
OPTIONS = ("--wiredTigerEngineConfigString", "log=(file_max=4MB,prealloc=false)", "--oplogSize", "16")

if sys.platform != "linux":
    pytest.skip("small disks can only be made on Linux", allow_module_level=True)


def test_a_disk_that_gets_full_below_mongodb_takes_no_acknowledged_point_with_it(tmp_path: Path) -> None:
    mongod.needed()
    with small_disk(tmp_path / "disk", DISK_MB) as disk:
        member = Member(disk / "member", free_port(), OPTIONS)
        members = ReplicaSet([member])
        try:
            member.start()
            members.initiate()
            with serving(tmp_path / "server", store=mongod.database(members.uri)) as server:
                run_ids = [server.create_run() for _ in range(4)]
                users = Users(server, run_ids[0])
                with asking(users), writing(Writers(server.port, run_ids, WRITERS)) as writers:
                    wait_for_more(writers)
                    ballast = fill(disk)
                    wait_until(lambda: not member.runs, lambda: "it does not mind a full disk")
                    assert server.send("GET", "/readyz").status == 503
                    ballast.unlink()
                    member.start()
                    members.wait()
                    wait_for_more(writers)
                assert_asked_to_wait(writers)
                users.assert_right()
                assert_kept(server, writers)
                assert_counted(server, writers)
                assert "Traceback" not in server.log, server.log[-4_000:]
        finally:
            member.kill()

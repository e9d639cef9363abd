"""A MongoDB that is not there when the server starts: the server says so, and does its work when it can."""

from __future__ import annotations

from pathlib import Path

from tests.faults.asking import wait_until_ready
from tests.mongod import Member, ReplicaSet
from tests.serving import free_port, serving

# The driver looks for a member so long before a request is told to come back.
PATIENCE = "serverSelectionTimeoutMS=500"


def test_a_server_starts_before_its_database_and_recovers_by_itself(tmp_path: Path) -> None:
    member = Member(tmp_path / "member", free_port())
    members = ReplicaSet([member])
    with serving(tmp_path / "server", store=f"mongodb://{member.address}/later?replicaSet=tests&{PATIENCE}") as server:
        try:
            assert server.send("GET", "/livez").status == 200
            for answer in (
                server.send("GET", "/readyz"),
                server.post("runs/search", {"experiment_ids": ["0"]}),
                server.post("runs/create", {"experiment_id": "0"}),
                server.post("experiments/create", {"name": "early"}),
            ):
                assert (answer.status, answer.error_code) == (503, "TEMPORARILY_UNAVAILABLE")
                assert "database" in answer.message
                assert str(member.port) not in answer.message, "nobody needs to know where it is"
                assert int(answer.headers["retry-after"]) > 0

            member.start()
            members.initiate()
            wait_until_ready(server)
            run_id = server.create_run()
            server.ask("experiments/create", {"name": "early"})

            member.kill()
            assert server.send("GET", "/readyz").status == 503
            assert server.post("runs/set-tag", {"run_id": "0" * 32, "key": "k", "value": "v"}).status == 503

            member.start()
            wait_until_ready(server)
            server.ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
            assert len(server.history(run_id, "m")) == 1
            assert "Traceback" not in server.log, server.log[-4_000:]
        finally:
            member.kill()

"""Logging in the background, to a real server: everything arrives, in order, once, and what is refused stands aside."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import genesis_flow as mlflow
from genesis_flow.client.background import Background, background_of, default_folder
from genesis_flow.client.client import MlflowClient
from genesis_flow.client.pipeline import Limits
from genesis_flow.client.spool import REFUSED
from genesis_flow.client.sync import sync
from genesis_flow.entities import Metric, Param, RunTag
from genesis_flow.exceptions import MlflowException
from genesis_flow.wire.transport import HttpTransport, Retrying
from tests.client.between import CUT, LOST, SLOW, Deed, between
from tests.faults.disk import small_disk
from tests.serving import Server, serving

IMPATIENT = Limits(exit_s=0.2, exit_stall_s=0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def connect(uri: str) -> HttpTransport:
    return HttpTransport(uri, retrying=Retrying(0))


@pytest.fixture
def background(server: Server, tmp_path: Path) -> Iterator[Background]:
    made = Background(lambda: connect(server.uri), tmp_path / "spool", tracking_uri=server.uri)
    yield made
    made.close()


def steps(server: Server, run_id: str, key: str) -> list[int]:
    return [point["step"] for point in server.history(run_id, key)]


def data(server: Server, run_id: str) -> tuple[dict[str, str], dict[str, str]]:
    """Params and tags of a run."""
    found = json.loads(server.send("GET", f"/api/2.0/mlflow/runs/get?run_id={run_id}").body)["run"]["data"]
    params, tags = ({one["key"]: one["value"] for one in found.get(kind, [])} for kind in ("params", "tags"))
    return params, {key: text for key, text in tags.items() if not key.startswith("mlflow.")}


def spool_folders(folder: Path) -> list[Path]:
    return list((folder / "spool").glob("*"))


def test_points_params_and_tags_arrive_as_they_were_logged(
    background: Background, server: Server, tmp_path: Path
) -> None:
    run_id = server.create_run()
    for step in range(2_500):
        background.log_metric(run_id, "loss", 1 / (step + 1), 1_000 + step, step)
    background.log(
        run_id,
        [Metric("nan", float("nan"), 5, -3), Metric("inf", float("-inf"), 5, 1), Metric("loss", 7, 0, 9_999)],
        [Param(f"p{i}", "x" * 100) for i in range(150)],
        [RunTag("t", "first"), RunTag("t", "é 𝄞"), RunTag("t", "last")],
    )
    confirmed = background.flush(60)
    assert (confirmed.points, confirmed.params, confirmed.tags) == (2_503, 150, 3)
    assert (confirmed.waiting, confirmed.refused, confirmed.dropped) == (0, 0, 0)
    history = server.history(run_id, "loss")
    assert [(p["step"], p["timestamp"], p["value"]) for p in history[1:]] == [
        (step, 1_000 + step, 1 / (step + 1)) for step in range(2_500)
    ]
    assert [(p["value"], p["step"]) for key in ("nan", "inf") for p in server.history(run_id, key)] == [
        ("NaN", -3),
        ("-Infinity", 1),
    ]
    params, tags = data(server, run_id)
    assert len(params) == 150
    assert tags == {"t": "last"}
    background.close()
    assert spool_folders(tmp_path) == []


def test_runs_that_take_turns_are_sent_in_large_batches(server: Server, tmp_path: Path) -> None:
    runs = [server.create_run() for _ in range(3)]
    with between(server.port) as way:
        background = Background(lambda: connect(way.uri), tmp_path / "spool", limits=Limits(gather_s=0.3))
        for step in range(1_200):
            for run_id in runs:
                background.log_metric(run_id, "m", step, 1, step)
                background.log(run_id, tags=[RunTag("step", str(step))])
        background.flush(60)
        background.close()
        asked = len(way.asked)
    for run_id in runs:
        assert steps(server, run_id, "m") == list(range(1_200))
        assert data(server, run_id)[1] == {"step": "1199"}
    assert asked <= 3 * 1_200 / 100 + 3  # no batch has more than 100 tags


def test_threads_log_at_the_same_time(background: Background, server: Server) -> None:
    run_id = server.create_run()

    def log(key: str) -> None:
        for step in range(1_000):
            background.log_metric(run_id, key, step, 1, step)

    threads = [threading.Thread(target=log, args=(f"k{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert background.flush(60).points == 8_000
    for i in range(8):
        assert steps(server, run_id, f"k{i}") == list(range(1_000))


def test_what_was_logged_can_be_waited_for(background: Background, server: Server) -> None:
    run_id = server.create_run()
    pending = [background.log_metric(run_id, "m", i, 1, i) for i in range(10)]
    assert pending[4].wait(60)
    assert steps(server, run_id, "m")[:5] == list(range(5))
    assert background.log(run_id).wait(60)


# --- the end of a run ---------------------------------------------------------------------------------------------


def state(server: Server, run_id: str) -> tuple[str, int | None, int]:
    """Status and end of a run, and how many points it has."""
    info = json.loads(server.send("GET", f"/api/2.0/mlflow/runs/get?run_id={run_id}").body)["run"]["info"]
    return info["status"], info.get("end_time"), len(steps(server, run_id, "m"))


@pytest.mark.parametrize("fluent", [False, True])
def test_a_run_ends_behind_what_was_logged_to_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fluent: bool
) -> None:
    monkeypatch.setenv("GENESIS_FLOW_SPOOL_DIR", str(tmp_path / "spool"))
    with between(server.port) as way:
        client = MlflowClient(way.uri)
        if fluent:
            mlflow.set_tracking_uri(way.uri)
            run_id = mlflow.start_run().info.run_id
        else:
            run_id = client.create_run("0").info.run_id
        way.asked.clear()
        way.plan = [SLOW, SLOW]
        for step in range(3_000):
            client.log_metric(run_id, "m", step, 1, step, synchronous=False)
        if fluent:
            mlflow.end_run()
            mlflow.set_tracking_uri("")
        else:
            client.set_terminated(run_id, end_time=77)
        sent = [json.loads(body) for _, body in way.asked]
        background_of(way.uri).close()
    assert state(server, run_id)[::2] == ("FINISHED", 3_000)
    assert [one.get("status") for one in sent] == [None] * (len(sent) - 1) + ["FINISHED"]
    assert fluent or sent[-1]["end_time"] == 77


def test_the_end_of_a_run_keeps_its_turn_while_the_server_is_away(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = server.create_run(), server.create_run()
    with between(server.port) as way:
        way.plan = [CUT] * 1_000
        background = Background(lambda: connect(way.uri), tmp_path / "spool", limits=IMPATIENT)
        background.log_metric(first, "m", 1.0, 1, 1)
        background.end_run(first, "FAILED", 77)
        assert state(server, first) == ("RUNNING", None, 0)
        assert "waits in the spool" in caplog.text
        background.log_metric(first, "m", 2.0, 2, 2)
        background.log_metric(second, "m", 1.0, 1, 1)
        way.plan.clear()
        way.asked.clear()
        confirmed = background.flush(60)
        sent = [json.loads(body) for _, body in way.asked]
        background.close()
    assert (confirmed.points, confirmed.waiting, confirmed.refused) == (3, 0, 0)
    assert state(server, first) == ("FAILED", 77, 2)
    assert state(server, second) == ("RUNNING", None, 1)
    of_first = [[p["step"] for p in one.get("metrics", [])] or one["status"] for one in sent if one["run_id"] == first]
    assert of_first == [[1], "FAILED", [2]]


def test_an_end_that_is_refused_is_an_error(background: Background, server: Server) -> None:
    run_id = server.create_run()
    server.ask("runs/delete", {"run_id": run_id})
    with pytest.raises(MlflowException) as caught:
        background.end_run(run_id, "FINISHED", 1)
    assert caught.value.error_code in ("INVALID_PARAMETER_VALUE", "INVALID_STATE")
    assert background.confirmed.refused == 1


def test_the_end_of_a_run_that_nobody_confirmed_is_sent_by_sync(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    background = Background(
        lambda: connect("http://127.0.0.1:1"), tmp_path / "spool", tracking_uri=server.uri, limits=IMPATIENT
    )
    background.log_metric(run_id, "m", 1.0, 1, 1)
    background.end_run(run_id, "KILLED", 99)
    assert background.close().waiting == 2
    assert background.waits
    (done,) = sync(tmp_path / "spool", connect)
    assert (done.counts.points, done.waiting) == (1, 0)
    assert state(server, run_id) == ("KILLED", 99, 1)


# --- refusals -----------------------------------------------------------------------------------------------------


def test_what_is_refused_is_set_aside_and_the_rest_arrives(
    background: Background, server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = server.create_run()
    background.log(run_id, params=[Param("p", "one")]).wait(60)
    good = background.log_metric(run_id, "m", 0.0, 1, 0)
    bad = background.log(run_id, [Metric("m", 1.0, -5, 1)], [Param("p", "two"), Param("q", "1")], [RunTag("t", "1")])
    for step in range(2, 500):
        background.log_metric(run_id, "m", 1.0, 1, step)
    assert good.wait(60)
    with pytest.raises(MlflowException, match="timestamp"):
        bad.wait(60)
    confirmed = background.flush(60)
    assert (confirmed.points, confirmed.params, confirmed.tags, confirmed.refused) == (499, 2, 1, 2)
    assert steps(server, run_id, "m") == [0, *range(2, 500)]
    assert data(server, run_id) == ({"p": "one", "q": "1"}, {"t": "1"})
    background.close()
    (folder,) = spool_folders(tmp_path)
    lines = [json.loads(line) for line in (folder / REFUSED).read_text().splitlines()]
    assert [(line["code"], line["status"]) for line in lines] == [("INVALID_PARAMETER_VALUE", 400)] * 2
    assert [list(line["batch"]) for line in lines] == [["run_id", "metrics"], ["run_id", "params"]]
    assert len([one for one in caplog.records if "refused" in one.getMessage()]) == 1


def test_a_deleted_run_does_not_hold_up_others(server: Server, tmp_path: Path) -> None:
    deleted, other = server.create_run(), server.create_run()
    server.ask("runs/delete", {"run_id": deleted})
    with between(server.port) as way:
        background = Background(lambda: connect(way.uri), tmp_path / "spool", limits=Limits(gather_s=0.2))
        for step in range(1_000):
            background.log_metric(deleted, "m", step, 1, step)
            background.log_metric(other, "m", step, 1, step)
        confirmed = background.flush(60)
        background.close()
        assert len(way.asked) <= 5  # it is not asked about each of the thousand
    assert (confirmed.points, confirmed.refused) == (1_000, 1_000)
    assert steps(server, other, "m") == list(range(1_000))


def test_what_cannot_be_written_is_left_out_and_said_once(
    background: Background, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = server.create_run()
    wrong: list[tuple[Any, Any]] = [("m", "no number"), ("\ud800", 1.0), ("m", None)]
    pending = [background.log_metric(run_id, key, value, 1, 7) for key, value in wrong]
    pending.append(background.log_metric(run_id, "m", 1.0, 2**70, 7))
    background.log_metric(run_id, "m", True, 1, 1)
    confirmed = background.flush(60)
    assert (confirmed.points, confirmed.refused, confirmed.waiting) == (1, 4, 0)
    assert steps(server, run_id, "m") == [1]
    for one in pending:
        with pytest.raises((ValueError, TypeError, OverflowError)):
            one.wait(60)
    assert len([one for one in caplog.records if "cannot be written" in one.getMessage()]) == 1


# --- answers that are none ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "deed",
    [
        CUT,
        LOST,
        SLOW,
        Deed(status=500, body=b"{}"),
        Deed(forward=True, status=500, body=b'{"error_code": "INTERNAL_ERROR", "message": "?"}'),
        Deed(status=503, body=b'{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "?"}'),
        Deed(status=429, body=b'{"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "?"}'),
        Deed(status=401, body=b'{"error_code": "UNAUTHENTICATED", "message": "?"}'),
        Deed(status=200, body=b"<html>Please log in</html>"),
        Deed(status=200, body=b""),
        Deed(status=404, body=b"<html>No such page</html>"),
        Deed(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    ],
    ids=lambda deed: f"{deed.status}-{deed.forward}-{len(deed.body)}",
)
def test_what_is_not_confirmed_is_sent_again(
    server: Server, tmp_path: Path, deed: Deed, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = server.create_run()
    with between(server.port) as way:
        way.plan = [deed, deed]
        background = Background(lambda: connect(way.uri), tmp_path / "spool")
        for step in range(3_000):
            background.log_metric(run_id, "m", step, 1, step)
        background.log(run_id, params=[Param("p", "1")], tags=[RunTag("t", "1")])
        confirmed = background.flush(60)
        background.close()
    assert (confirmed.points, confirmed.params, confirmed.tags, confirmed.refused) == (3_000, 1, 1, 0)
    assert steps(server, run_id, "m") == list(range(3_000))
    said = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert len(said) == (deed is not SLOW)


def test_a_server_that_asks_to_wait_is_left_alone_for_so_long(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    with between(server.port) as way:
        way.plan = [Deed(status=429, headers={"Retry-After": "1"}, body=b"{}")]
        background = Background(lambda: connect(way.uri), tmp_path / "spool")
        background.log_metric(run_id, "m", 1, 1, 1)
        assert background.flush(60).points == 1
        background.close()
        (first, body), (second, again) = way.asked
    assert body == again
    assert second - first >= 1.0


def test_a_name_that_nobody_knows_leaves_everything_in_the_spool(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    uri = "http://tracking.invalid:5000"
    background = Background(lambda: connect(uri), tmp_path / "spool", tracking_uri=uri, limits=IMPATIENT)
    for step in range(100):
        background.log_metric(run_id, "m", step, 1, step)
    assert not background.log_metric(run_id, "m", 100, 1, 100).wait(0.3)
    assert background.close().waiting == 101
    asked: list[str] = []

    def known(at: str) -> HttpTransport:
        asked.append(at)
        return connect(server.uri)

    (done,) = sync(tmp_path / "spool", known)
    assert (done.counts.points, done.waiting, asked) == (101, 0, [uri])
    assert steps(server, run_id, "m") == list(range(101))
    assert list(sync(tmp_path / "spool", known)) == []


def test_sync_gives_up_on_a_server_that_does_not_answer_and_goes_on_later(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    nowhere = "http://127.0.0.1:1"
    background = Background(lambda: connect(nowhere), tmp_path / "spool", tracking_uri=nowhere, limits=IMPATIENT)
    background.log_metric(run_id, "m", 1, 1, 1)
    background.close()
    (tried,) = sync(tmp_path / "spool", connect, patience_s=0.2)
    assert (tried.waiting, tried.counts.points) == (1, 0)
    (done,) = sync(tmp_path / "spool", lambda _: connect(server.uri))
    assert (done.waiting, done.counts.points) == (0, 1)


def test_a_server_that_is_killed_and_comes_back_misses_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        run_id = server.create_run()
        background = Background(lambda: connect(server.uri), tmp_path / "spool")
        for step in range(20_000):
            background.log_metric(run_id, "m", step, 1, step)
        background.log_metric(run_id, "m", step, 1, step).wait(0.3)
        server.kill()
        for step in range(20_000, 25_000):
            background.log_metric(run_id, "m", step, 1, step)
        background.log(run_id, tags=[RunTag("t", "after")])
        port = server.port
    with serving(tmp_path / "server", port=port) as server:
        confirmed = background.flush(120)
        background.close()
        assert (confirmed.points, confirmed.tags, confirmed.waiting) == (25_001, 1, 0)
        assert steps(server, run_id, "m") == list(range(25_000))
        assert data(server, run_id)[1] == {"t": "after"}


# --- disks --------------------------------------------------------------------------------------------------------


def test_where_the_disk_is_full_everything_goes_to_the_server_from_memory(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    with small_disk(tmp_path / "disk", 1) as disk:
        background = Background(lambda: connect(server.uri), disk)
        for step in range(60_000):  # 4 MB
            background.log_metric(run_id, "m", step, 1, step)
        confirmed = background.flush(120)
        background.close()
    assert (confirmed.points, confirmed.waiting, confirmed.dropped) == (60_000, 0, 0)
    assert steps(server, run_id, "m") == list(range(60_000))


def test_a_folder_that_cannot_be_made_is_done_without(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    run_id = server.create_run()
    background = Background(lambda: connect(server.uri), tmp_path / "file" / "spool")
    assert background.log_metric(run_id, "m", 1, 1, 1).wait(60)
    background.close()
    assert [one.getMessage() for one in caplog.records if "The disk does not take" in one.getMessage()]


def test_where_neither_spool_nor_server_takes_it_training_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    small = Limits(items=1_000, spool_bytes=100_000, patience_s=0.2, exit_s=0.1, exit_stall_s=0.1)
    background = Background(lambda: connect("http://127.0.0.1:1"), tmp_path / "spool", limits=small)
    pending = [background.log_metric("r" * 32, "m", step, 1, step) for step in range(200_000)]
    confirmed = background.confirmed
    assert confirmed.dropped > 0
    assert confirmed.dropped + confirmed.waiting == 200_000
    with pytest.raises(MlflowException, match="no room"):
        pending[-1].wait(60)
    assert sum(path.stat().st_size for path in (tmp_path / "spool").rglob("*.spool")) <= 100_000
    background.close()
    assert len([one for one in caplog.records if "dropped" in one.getMessage()]) == 1


# --- a light start ------------------------------------------------------------------------------------------------


def test_nothing_heavy_is_loaded_before_something_is_logged() -> None:
    code = (
        "import sys; from pathlib import Path; from genesis_flow.client.background import Background; "
        "Background(lambda: None, Path('nowhere')); "
        "print([name for name in ('msgspec', 'urllib3', 'asyncio', 'genesis_flow.wire') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "[]\n"


def test_the_folder_of_spools_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GENESIS_FLOW_SPOOL_DIR", raising=False)
    assert default_folder().is_absolute()
    monkeypatch.setenv("GENESIS_FLOW_SPOOL_DIR", str(tmp_path))
    assert default_folder() == tmp_path

"""Pushing what was logged offline: to a real server, once, whatever happens in between."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.connection import close_connections
from genesis_flow.client.push.notes import Notes
from genesis_flow.exceptions import MlflowException
from tests.client.offline import OFFLINE_RUN, filled, logged, missing, push, pushed, pushing, runs_of
from tests.serving import free_port


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "runs"
    close_connections()


@pytest.fixture
def client(folder: Path) -> MlflowClient:
    return MlflowClient(f"offline:{folder}")


@pytest.fixture
def name() -> str:
    return f"pushed {uuid4().hex}"


@pytest.fixture
def there(server_uri: str) -> MlflowClient:
    return MlflowClient(server_uri)


def test_everything_arrives_as_it_was_logged(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str, tmp_path: Path
) -> None:
    run_id = filled(client, name, tmp_path)
    told = pushed(folder, server_uri)
    ours, run = client.get_run(run_id), runs_of(there, name)[run_id]
    assert (run.info.run_name, run.info.status, run.info.user_id) == ("of all", "FAILED", "ada")
    assert (run.info.start_time, run.info.end_time) == (1_000, 2_000)
    assert (run.data.params, run.data.metrics) == (ours.data.params, ours.data.metrics)
    assert run.data.tags == {**ours.data.tags, OFFLINE_RUN: run_id}
    for key in ("loss", "odd", "auc"):
        mine, theirs = client.get_metric_history(run_id, key), there.get_metric_history(run.info.run_id, key)
        assert [(p.value, p.timestamp, p.step) for p in theirs] == [(p.value, p.timestamp, p.step) for p in mine]
    assert [one.dataset.digest for one in run.inputs.dataset_inputs] == ["digest"]
    path = there.download_artifacts(run.info.run_id, "deep/er/a.bin", tmp_path / "down")
    assert Path(path).read_bytes() == (tmp_path / "a.bin").read_bytes()
    assert [file.path for file in there.list_artifacts(run.info.run_id)] == ["deep", "note.txt"]
    experiment = there.get_experiment_by_name(name)
    assert experiment is not None
    assert experiment.tags == {"team": "vision"}
    (model,) = there.search_logged_models([experiment.experiment_id])
    assert (model.name, model.params, str(model.status)) == ("net", {"layers": "3"}, "READY")
    assert model.source_run_id == run.info.run_id
    assert [(one.key, one.value, one.run_id) for one in model.metrics or ()] == [("auc", 0.9, run.info.run_id)]
    assert [file.path for file in there.list_logged_model_artifacts(model.model_id)] == ["a.bin"]
    by_kind = {one["kind"]: one for one in told["pushed"]}
    assert {kind: one["outcome"] for kind, one in by_kind.items()} == dict.fromkeys(
        ("experiment", "run", "model"), "made"
    )
    assert (by_kind["run"]["points"], by_kind["run"]["files"], by_kind["model"]["files"]) == (1_502, 2, 1)


def snapshot(there: MlflowClient, name: str) -> object:
    """All that a server has of an experiment."""
    experiment = there.get_experiment_by_name(name)
    assert experiment is not None
    models = there.search_logged_models([experiment.experiment_id])
    return [
        dict(experiment),
        [dict(model) for model in models],
        {
            key: (dict(run.info), run.data.to_dictionary(), len(there.get_metric_history(run.info.run_id, "loss")))
            for key, run in runs_of(there, name).items()
        },
    ]


def test_a_second_push_changes_nothing_with_and_without_its_notes(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str, tmp_path: Path
) -> None:
    filled(client, name, tmp_path)
    pushed(folder, server_uri)
    before = snapshot(there, name)
    again = pushed(folder, server_uri)
    assert {one["outcome"] for one in again["pushed"]} <= {"unchanged"}
    assert snapshot(there, name) == before
    shutil.rmtree(folder / "pushed")
    pushed(folder, server_uri)
    now = snapshot(there, name)
    for one in (before, now):  # a model that is said to be ready once more was changed at another time
        for model in one[1]:  # type: ignore[index]
            model.pop("last_updated_timestamp")
        one[0].pop("last_update_time")  # type: ignore[index]
    assert now == before


def test_what_is_logged_after_a_push_is_sent_by_the_next_one(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    run_id = client.create_run(client.create_experiment(name), tags={"a": "1"}).info.run_id
    client.log_metric(run_id, "loss", 1.0, step=1)
    pushed(folder, server_uri)
    run = runs_of(there, name)[run_id]
    assert run.info.status == "RUNNING"
    there.set_tag(run.info.run_id, "a", "of the server")
    client.log_metric(run_id, "loss", 2.0, step=2)
    client.log_param(run_id, "p", 1)
    client.set_tag(run_id, "b", "2")
    client.log_text(run_id, "later", "later.txt")
    client.set_terminated(run_id)
    told = pushed(folder, server_uri)
    run = runs_of(there, name)[run_id]
    assert [point.value for point in there.get_metric_history(run.info.run_id, "loss")] == [1.0, 2.0]
    assert (run.info.status, run.data.params) == ("FINISHED", {"p": "1"})
    assert (run.data.tags["a"], run.data.tags["b"]) == ("of the server", "2")
    assert [file.path for file in there.list_artifacts(run.info.run_id)] == ["later.txt"]
    assert [one["points"] for one in told["pushed"] if one["kind"] == "run"] == [1]


def test_nested_runs_have_the_new_ids_of_their_parents(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    experiment = client.create_experiment(name)
    parent = client.create_run(experiment, run_name="parent").info.run_id
    child = client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id
    late = client.create_run(experiment).info.run_id
    client.set_tag(late, "mlflow.parentRunId", child)
    circle = [client.create_run(experiment).info.run_id for _ in range(2)]
    for one, other in (circle, circle[::-1]):
        client.set_tag(one, "mlflow.parentRunId", other)
    pushed(folder, server_uri)
    found = runs_of(there, name)
    assert found[child].data.tags["mlflow.parentRunId"] == found[parent].info.run_id
    assert found[late].data.tags["mlflow.parentRunId"] == found[child].info.run_id
    assert {*circle, parent, child, late} == set(found)


def test_two_nodes_log_to_one_folder_and_to_folders_that_are_put_together(
    folder: Path, there: MlflowClient, server_uri: str, name: str, tmp_path: Path
) -> None:
    ledger = logged(folder, name, 30) + logged(folder, name, 20)
    elsewhere = logged(tmp_path / "other", name, 25)
    pushed(folder, server_uri)
    shutil.copytree(tmp_path / "other", folder, dirs_exist_ok=True)
    pushed(folder, server_uri)
    ids = {key: run.info.run_id for key, run in runs_of(there, name).items()}
    assert missing(ledger + elsewhere, there, ids, tmp_path / "files") == []
    assert set(ids) == {entry[0] for entry in ledger + elsewhere}


def test_programs_and_pushes_that_are_killed_lose_nothing_and_double_nothing(
    folder: Path, there: MlflowClient, server_uri: str, name: str, tmp_path: Path
) -> None:
    chance = random.Random(5)
    ledger = []
    for _ in range(5):
        ledger += logged(folder, name, chance.randrange(20, 60), kill=True)
    for _ in range(10):
        process = pushing(folder, server_uri)
        lock = folder / "pushed"
        while process.poll() is None and not lock.exists():
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.25))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    pushed(folder, server_uri)
    found = runs_of(there, name)
    ids = {key: run.info.run_id for key, run in found.items()}
    assert missing(ledger, there, ids, tmp_path / "files") == []
    client = MlflowClient(f"offline:{folder}")
    for key, run in found.items():  # nothing twice, nothing from nowhere
        assert len(there.get_metric_history(run.info.run_id, "loss")) == len(client.get_metric_history(key, "loss"))


def test_two_pushes_at_once_do_not_meet(folder: Path, client: MlflowClient, server_uri: str, name: str) -> None:
    client.create_run(client.create_experiment(name))
    notes = Notes(folder, server_uri)
    notes.open()
    try:
        done = push(folder, server_uri)
    finally:
        notes.close()
    assert done.exit_code == 1
    assert "Another push" in done.output
    pushed(folder, server_uri)


def test_a_dry_run_says_what_would_be_sent_and_does_nothing(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str, tmp_path: Path
) -> None:
    filled(client, name, tmp_path)
    told = pushed(folder, server_uri, "--dry-run")
    run = next(one for one in told["pushed"] if one["kind"] == "run")
    assert (run["points"], run["params"], run["files"], run["outcome"]) == (1_502, 1, 2, "made")
    assert run["size_bytes"] > 100_000
    assert not (folder / "pushed").exists()
    assert there.get_experiment_by_name(name) is None
    assert "would be sent" in push(folder, "http://127.0.0.1:9", "--dry-run").output


def test_what_is_deleted_on_the_server_is_said_and_the_rest_is_sent(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    lost, kept = client.create_experiment(name), client.create_experiment(f"{name} kept")
    runs = [client.create_run(experiment).info.run_id for experiment in (lost, kept, kept)]
    there.delete_experiment(there.create_experiment(name))
    done = push(folder, server_uri)
    assert done.exit_code == 1
    assert f"The experiment '{name}' is deleted" in done.output
    found = runs_of(there, f"{name} kept")
    assert set(found) == set(runs[1:])
    there.restore_experiment(there.get_experiment_by_name(name).experiment_id)  # type: ignore[union-attr]
    pushed(folder, server_uri)
    there.delete_run(found[runs[1]].info.run_id)
    client.log_metric(runs[1], "m", 1.0)
    client.log_metric(runs[2], "m", 1.0)
    done = push(folder, server_uri)
    assert done.exit_code == 1
    assert "is deleted on the server" in done.output
    assert runs_of(there, f"{name} kept")[runs[2]].data.metrics == {"m": 1.0}


def test_what_was_deleted_before_it_was_sent_is_left_out_and_afterwards_is_deleted_there(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    experiment = client.create_experiment(name)
    first, second = (client.create_run(experiment).info.run_id for _ in range(2))
    client.delete_run(first)
    pushed(folder, server_uri)
    assert set(runs_of(there, name)) == {second}
    client.delete_run(second)
    pushed(folder, server_uri)
    assert runs_of(there, name)[second].info.lifecycle_stage == "deleted"
    client.restore_run(second)
    client.restore_run(first)
    pushed(folder, server_uri)
    assert {run.info.lifecycle_stage for run in runs_of(there, name).values()} == {"active"}
    assert set(runs_of(there, name)) == {first, second}


def test_two_values_of_a_param_are_kept_apart_and_told(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    client.log_param(run_id, "p", "1")
    pushed(folder, server_uri)
    run = runs_of(there, name)[run_id]
    there.log_param(run.info.run_id, "q", "of the server")
    client.log_param(run_id, "q", "of the folder")
    client.log_param(run_id, "r", "3")
    done = push(folder, server_uri)
    assert done.exit_code == 1
    assert runs_of(there, name)[run_id].data.params == {"p": "1", "q": "of the server", "r": "3"}
    (path,) = folder.glob("pushed/*/refused.jsonl")
    (refused,) = map(json.loads, path.read_text().splitlines())
    assert refused["id"] == run_id
    assert "of the folder" in json.dumps(refused["refused"])
    assert push(folder, server_uri).exit_code == 0


def test_a_server_that_is_away_gets_all_of_it_later(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    done = push(folder, f"http://127.0.0.1:{free_port()}")
    assert done.exit_code == 1
    assert "did not answer" in done.output
    pushed(folder, server_uri)
    assert set(runs_of(there, name)) == {run_id}


def test_a_push_to_a_database_of_this_process(folder: Path, client: MlflowClient, name: str, tmp_path: Path) -> None:
    run_id = filled(client, name, tmp_path)
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    os.chdir(tmp_path)
    pushed(folder, uri)
    assert (
        len(MlflowClient(uri).get_metric_history(runs_of(MlflowClient(uri), name)[run_id].info.run_id, "loss")) == 1_500
    )


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("offline:./elsewhere", "--tracking-uri"),
        ("gopher://host", "not supported"),
        ("databricks://profile", "server"),
    ],
)
def test_what_is_no_target_is_refused_before_anything_is_done(
    uri: str, says: str, folder: Path, client: MlflowClient
) -> None:
    client.create_run("0")
    done = push(folder, uri)
    assert done.exit_code == 1
    assert says in done.output
    assert not (folder / "pushed").exists()


def test_what_is_no_folder_of_offline_runs_is_refused(tmp_path: Path, server_uri: str) -> None:
    done = push(tmp_path, server_uri)
    assert done.exit_code == 1
    assert "no folder of offline runs" in done.output
    assert push(tmp_path / "nowhere", server_uri).exit_code == 2
    assert list(tmp_path.iterdir()) == []


# --- hostile folders ------------------------------------------------------------------------------------------------


def record(number: int, line: object) -> bytes:
    """A record whose sums are right."""
    summed = struct.pack("<QI", number, 1) + json.dumps(line).encode()
    return struct.pack("<II", len(summed), zlib.crc32(summed)) + summed


ABOUT = [1, "about", "", {"version": 1}]
RUN = "ab" * 16


def journal(folder: Path, name: str, *lines: object) -> None:
    content = b"".join(record(number, line) for number, line in enumerate([ABOUT, *lines]))
    (folder / "journals" / name).write_bytes(content)


HOSTILE: dict[str, object] = {
    "a subject that climbs": [2, "create_run", "../../../etc", {"experiment_id": "0"}],
    "an experiment that climbs": [2, "create_experiment", "../1", {"name": "x"}],
    "an unknown operation": [2, "delete_registered_model", RUN, {"name": "x"}],
    "a line of another form": {"at": 1},
    "a number that is none": [1e400, "create_run", RUN, {}],
    "another version": [1, "about", "", {"version": 99}],
    "nesting without an end": [2, "create_run", RUN, json.loads("[" * 500 + "]" * 500)],
    "a message of another type": [2, "create_run", RUN, {"experiment_id": 7, "tags": "x"}],
    "a file that climbs": [2, "file", RUN, {"path": "../../../../etc/passwd", "sha256": "00"}],
    "a run that is not there": [
        2,
        "log_batch",
        "cd" * 16,
        {"run_id": "cd" * 16, "params": [{"key": "a", "value": "b"}]},
    ],
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_line_is_named_and_the_rest_is_sent(
    line: object, folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    journal(folder, "bad.journal", line)
    done = push(folder, server_uri, "--output", "json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    said = [*(one["file"] for one in told["problems"]), *(one["id"] for one in told["pushed"] if one["reason"])]
    assert any("bad.journal" in one or RUN in one or "cd" * 16 in one for one in said), told
    assert set(runs_of(there, name)) == {run_id}


def test_hostile_lines_about_a_run_that_is_there_are_named_and_the_others_are_sent(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    experiment = client.create_experiment(name)
    runs = [client.create_run(experiment).info.run_id for _ in range(3)]
    described: object = {"run_id": runs[0], "model_json": "[1"}
    points = {"run_id": runs[1], "metrics": [{"key": "m", "value": "x", "timestamp": [1]}]}
    refused = {"run_id": runs[1], "tags": [{"key": "k" * 300, "value": "x"}, {"key": "fine", "value": "x"}]}
    journal(folder, "a.journal", [2, "log_model", runs[0], described])
    journal(folder, "b.points", [2, "log_batch", runs[1], points])
    journal(folder, "c.journal", [2, "log_batch", runs[1], refused])
    done = push(folder, server_uri, "--output", "json")
    assert done.exit_code == 1
    reasons = {one["id"]: one["reason"] for one in json.loads(done.stdout)["pushed"] if one["reason"]}
    assert set(reasons) == {runs[0], runs[1]}, reasons
    assert "JSON" in reasons[runs[0]]
    found = runs_of(there, name)
    assert set(found) == set(runs), done.stdout
    assert found[runs[1]].data.tags["fine"] == "x"


def test_bytes_that_are_no_journal_are_named(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    journals = folder / "journals"
    (journals / "zeros.journal").write_bytes(bytes(100_000))
    (journals / "noise.points").write_bytes(random.Random(1).randbytes(100_000))
    (journals / "long.journal").write_bytes(record(0, ABOUT) + struct.pack("<II", 2**31, 0) + bytes(1_000))
    (journals / "gap.journal").write_bytes(record(0, ABOUT) + record(2, ABOUT))
    (journals / "..journal").write_bytes(b"")
    with (journals / "sparse.journal").open("wb") as file:
        file.truncate(2**33)
    os.mkfifo(journals / "pipe.journal")
    (journals / "link.journal").symlink_to("/dev/zero")
    (journals / "folder.journal").mkdir()
    (journals / "named\n.journal").write_bytes(b"")
    journal(folder, "strange.points", [2, "set_experiment_tag", "0", {"experiment_id": "0", "key": "a", "value": "b"}])
    done = push(folder, server_uri, "--output", "json")
    assert done.exit_code == 1
    named = {problem["file"].removeprefix("journals/") for problem in json.loads(done.stdout)["problems"]}
    bad = {"zeros.journal", "noise.points", "long.journal", "gap.journal", "sparse.journal", "pipe.journal"}
    assert named == bad | {"link.journal", "folder.journal", "named\n.journal", "strange.points"}
    assert set(runs_of(there, name)) == {run_id}


def test_links_among_files_and_notes_are_not_followed(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("of somebody else")
    run_id = client.create_run(experiment := client.create_experiment(name)).info.run_id
    client.log_text(run_id, "fine", "fine.txt")
    client.log_text(run_id, "changed", "changed.txt")
    client.log_text(run_id, "gone", "gone.txt")
    files = folder / "artifacts" / experiment / run_id / "artifacts"
    (files / "changed.txt").write_text("other")
    (files / "gone.txt").unlink()
    (files / "link").symlink_to(secret / "key")
    (files / "folder").symlink_to(secret)
    os.mkfifo(files / "pipe")
    (folder / "pushed").symlink_to(secret)
    done = push(folder, server_uri)
    assert done.exit_code == 1
    assert sorted(secret.iterdir()) == [secret / "key"]
    (folder / "pushed").unlink()
    done = push(folder, server_uri, "--output", "json")
    assert done.exit_code == 1
    named = {Path(problem["file"]).name for problem in json.loads(done.stdout)["problems"]}
    assert named == {"link", "folder", "pipe", "changed.txt", "gone.txt"}
    run = runs_of(there, name)[run_id]
    assert [file.path for file in there.list_artifacts(run.info.run_id)] == ["fine.txt"]


def test_a_note_that_names_a_run_of_somebody_else_writes_nothing_to_it(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    theirs = there.create_run("0").info.run_id
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    pushed(folder, server_uri)
    (note,) = folder.glob(f"pushed/*/{run_id}.json")
    note.write_text(json.dumps({**json.loads(note.read_text()), "target_id": theirs}))
    client.log_metric(run_id, "m", 1.0)
    done = push(folder, server_uri)
    assert done.exit_code == 1
    assert "is not of this folder" in done.output
    assert there.get_run(theirs).data.metrics == {}
    note.write_text("[" * 100_000)
    pushed(folder, server_uri)
    assert runs_of(there, name)[run_id].data.metrics == {"m": 1.0}


def test_tags_that_only_push_sets_cannot_be_logged(
    folder: Path, client: MlflowClient, there: MlflowClient, server_uri: str, name: str
) -> None:
    run_id = client.create_run(client.create_experiment(name), tags={OFFLINE_RUN: "another"}).info.run_id
    client.set_tag(run_id, OFFLINE_RUN, "a third")
    pushed(folder, server_uri)
    assert set(runs_of(there, name)) == {run_id}


def test_offline_is_no_store_of_a_server() -> None:
    from genesis_flow.stores.open import open_store

    with pytest.raises(MlflowException):
        open_store("offline:./runs", artifact_root="./artifacts")

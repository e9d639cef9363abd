"""What the tests of offline runs share: programs that are killed, and ledgers that are compared."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from genesis_flow.cli.main import main
from genesis_flow.client.client import MlflowClient
from genesis_flow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, ViewType

SCRIPT = Path(__file__).with_name("offline_script.py")
END_S = 60
OFFLINE_RUN = "genesis.offline_run_id"
Entry = Sequence[Any]


@contextmanager
def logging(folder: Path, experiment: str, limit: int = 10**9) -> Iterator[subprocess.Popen[str]]:
    """A program that logs offline; killed at the end, if it has not ended."""
    words = [sys.executable, str(SCRIPT), str(folder), experiment, str(limit)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "MLFLOW_TRACKING_URI": ""})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(END_S)
        assert process.stdout is not None
        process.stdout.close()


def logged(folder: Path, experiment: str, calls: int, *, kill: bool = False) -> list[Entry]:
    """The ledger of a program that logged so many calls, and was killed in the midst of the next one if it is to be."""
    with logging(folder, experiment, 10**9 if kill else calls) as process:
        assert process.stdout is not None
        ledger = [json.loads(process.stdout.readline()) for _ in range(calls)]
        if kill:
            process.send_signal(signal.SIGKILL)
        *lines, _ = process.stdout.read().split("\n")  # the last one may lack its end
        process.wait(END_S)
    return ledger + [json.loads(line) for line in lines]


def missing(ledger: Sequence[Entry], client: MlflowClient, ids: dict[str, str], folder: Path) -> list[Entry]:
    """What a ledger has and the client does not see.

    Args:
        ledger: what was acknowledged.
        client: of the server or of the folder.
        ids: the id of each run there.
        folder: for downloads.
    """
    runs = {run_id: client.get_run(ids[run_id]) for run_id in {entry[0] for entry in ledger} if run_id in ids}

    @functools.cache
    def history(run_id: str, key: str) -> Counter[tuple[int, float]]:
        return Counter((point.step, point.value) for point in client.get_metric_history(ids[run_id], key))

    def has(run_id: str, kind: str, key: str, value: Any) -> bool:
        run = runs[run_id]
        match kind:
            case "run":
                return bool(run.info.run_name == value)
            case "param":
                return bool(run.data.params.get(key) == value)
            case "tag":
                return bool(run.data.tags.get(key) == value)
            case "point":
                return history(run_id, key)[value[0], value[1]] == 1
            case _:
                path = client.download_artifacts(ids[run_id], key, folder / run_id)
                return bool(Path(path).read_text(encoding="utf-8") == value)

    return [entry for entry in ledger if entry[0] not in runs or not has(*entry)]


def log_more(uri: str, run_id: str, value: float) -> None:
    """A point and a param, from another process."""
    MlflowClient(uri).log_metric(run_id, "loss", value, timestamp=int(value), step=int(value))
    MlflowClient(uri).log_param(run_id, f"of {value}", os.getpid())


def runs_of(there: MlflowClient, name: str) -> dict[str, Run]:
    """The runs of an experiment by their ids in the folder; no two may have the same."""
    experiment = there.get_experiment_by_name(name)
    assert experiment is not None
    runs = there.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=5_000)
    found = {run.data.tags[OFFLINE_RUN]: run for run in runs}
    assert len(found) == len(runs)
    return found


def filled(client: MlflowClient, name: str, tmp_path: Path) -> str:
    """A run with some of everything."""
    experiment = client.create_experiment(name, tags={"team": "vision"})
    run = client.create_run(experiment, start_time=1_000, tags={"mlflow.user": "ada", "gone": "1"}, run_name="of all")
    run_id = run.info.run_id
    client.log_batch(run_id, [Metric("loss", 1 / (step + 1), step, step) for step in range(1_500)])
    client.log_batch(run_id, [Metric("odd", float("inf"), 5, 1)], [Param("p", "1")])
    client.set_tag(run_id, "state", "begun")
    client.set_tag(run_id, "state", "done")
    client.delete_tag(run_id, "gone")
    dataset = DatasetInput(Dataset("d", "digest", "local", "{}"), [InputTag("mlflow.data.context", "train")])
    client.log_inputs(run_id, [dataset])
    (tmp_path / "a.bin").write_bytes(os.urandom(100_000))
    client.log_artifact(run_id, tmp_path / "a.bin", "deep/er")
    client.log_text(run_id, "text", "note.txt")
    model = client.create_logged_model(experiment, "net", run_id, tags={"t": "1"}, params={"layers": 3})
    client.log_metric(run_id, "auc", 0.9, timestamp=3, step=2, model_id=model.model_id)
    client.log_model_artifact(model.model_id, tmp_path / "a.bin")
    client.finalize_logged_model(model.model_id, "READY")
    client.set_terminated(run_id, "FAILED", end_time=2_000)
    return run_id


def push(folder: Path, uri: str, *words: str) -> Result:
    """``genesis-flow push``, in this process."""
    return CliRunner().invoke(main, ["push", str(folder), "--tracking-uri", uri, *words])


def pushed(folder: Path, uri: str, *words: str) -> dict[str, Any]:
    """What a push that must succeed says."""
    done = push(folder, uri, "--output", "json", *words)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def pushing(folder: Path, uri: str) -> subprocess.Popen[bytes]:
    """A push in a process of its own."""
    words = [sys.executable, "-m", "genesis_flow", "push", str(folder), "--tracking-uri", uri]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

"""A server with everything on it that the tests in the browser look at, filled through the client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from genesis_flow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from genesis_flow.tracking import MlflowClient
from tests.page.browser import chromium, require_page
from tests.page.files import log_files
from tests.serving import serving

RUNS = 1_000
PREFIX = "/ml/flow"
MARKUP = "<img src=x onerror='globalThis.planted=1'><script>globalThis.planted=1</script>"
TURNED = "\u202eevil\u2066 \u202e"
LONG = "a very long name " * 14


@pytest.fixture(scope="session")
def filled_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two servers, one of them below a prefix: where they are and what is on them, as JSON for the tests."""
    require_page()
    program = chromium()
    folder = tmp_path_factory.mktemp("page")
    with serving(folder / "plain") as server, serving(folder / "prefixed", "--static-prefix", PREFIX) as prefixed:
        address, below = (f"http://127.0.0.1:{each.port}" for each in (server, prefixed))
        about = {"address": address, "prefixed": below + PREFIX, "program": program}
        client = MlflowClient(address)
        about["runs"], thousand = _thousand_runs(client)
        about["run"], about["compared"] = thousand[-1], ",".join(thousand[:-4:-1])
        about["hostile"], hostile = _hostile(client)
        about["hostileRun"], about["hostileRuns"] = hostile[-1], ",".join(hostile)
        about["files"] = log_files(client, folder / "files")
        about["noFiles"] = client.create_run("0", run_name="without files").info.run_id
        about["empty"] = client.create_experiment("empty")
        other = MlflowClient(below)
        about["prefixedRun"] = other.create_run(other.create_experiment("prefixed"), run_name="only").info.run_id
        yield json.dumps(about)


def _thousand_runs(client: MlflowClient) -> tuple[str, list[str]]:
    """An experiment of a thousand runs; its id, and theirs. The last, the latest, has all that a run can have."""
    experiment = client.create_experiment("thousand")

    def log(i: int) -> str:
        run = client.create_run(experiment, start_time=1_700_000_000_000 + i * 60_000, run_name=f"run-{i:04d}")
        lowest = 0.25 + (i * 7919 % RUNS) / RUNS if i < RUNS - 1 else 0.25
        values = (1.0, 0.75, 0.5, lowest) if i == RUNS - 1 else (lowest,)
        metrics = [Metric("val_loss", value, 1, step) for step, value in enumerate(values)]
        client.log_batch(
            run.info.run_id,
            [*metrics, Metric("accuracy", 1 - lowest / 4, 1, 0)],
            [
                Param("lr", f"{10 ** -(1 + i % 40 / 10):.5f}"),
                Param("model", ("base", "small", "large")[i % 3]),
                Param("optimizer", "adam"),
            ],
            [RunTag("team", "vision"), RunTag("mlflow.source.name", "train.py")],
        )
        if i % 5 == 4:  # the others are running
            client.set_terminated(run.info.run_id, "FAILED" if i % 10 == 4 else "FINISHED")
        return run.info.run_id

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(log, range(RUNS)))
    latest = runs[-1]
    client.set_tag(latest, "mlflow.note.content", "# A note\n\nas **text**")
    dataset = Dataset("churn", "d1g3st", "local", '{"uri": "churn.csv"}')
    client.log_inputs(latest, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    return experiment, runs


def _hostile(client: MlflowClient) -> tuple[str, list[str]]:
    """An experiment whose every text is an attempt; its id, and those of its runs."""
    experiment = client.create_experiment(MARKUP)
    client.set_experiment_tag(experiment, "mlflow.note.content", MARKUP)
    runs = []
    for i, name in enumerate((LONG, TURNED, "javascript:planted=1", MARKUP)):
        run = client.create_run(experiment, start_time=1_700_000_000_000 + i, run_name=name)
        runs.append(run.info.run_id)
        params = [Param("text", MARKUP), Param("turned", TURNED + str(i)), Param("long", "x" * 5_000 + str(i))]
        tags = [RunTag("mlflow.note.content", MARKUP), RunTag("mlflow.source.name", "javascript:planted=1")]
        client.log_batch(
            runs[-1],
            [Metric("loss", float("nan"), 1, 0)],
            params,
            [*tags, RunTag("enemy", MARKUP), RunTag("turned", TURNED)],
        )
    return experiment, runs

"""Short forms of what the tests of a store do all the time, and values that no store may stumble over."""

from __future__ import annotations

import math
import uuid
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import pytest

from genesis_flow.errors import GenesisFlowError
from genesis_flow.stores.protocol import Store
from genesis_flow.values.datasets import Dataset, DatasetInput, InputTag
from genesis_flow.values.experiments import Experiment, ExperimentTag
from genesis_flow.values.logged_models import LoggedModel, LoggedModelParameter, LoggedModelTag
from genesis_flow.values.message import Message
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunInfo, RunTag
from genesis_flow.wire import codec
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import experiments, logged_models, metrics, runs

M = TypeVar("M", bound=Message)

HOSTILE = (
    "",
    "'",
    '"',
    "it's",
    "''",
    "\\",
    "\\'",
    "`",
    "%",
    "_",
    "100%",
    "a_b",
    "$where",
    "{}",
    ".",
    "a.b",
    "../x",
    "😀",
    "É",
    "e\u0301",
    "line\nline",
    " ",
    "NULL",
    "NaN",
    "' OR '1'='1",
    "--",
    ";",
    str(2**63 - 1),
    "x" * 5_000,
    "x" * 4_999 + "y",
)
"""Texts: quotes, wild cards, operators, code points outside the plane, beginnings that are equal for long."""

NUMBERS = (0.0, 1.0, -1.5, 0.1 + 0.2, 1e308, 5e-324, float(2**53 + 1), math.inf, -math.inf, math.nan)
INT64 = (-(2**63), -1, 0, 1, 2**53 + 1, 2**63 - 1)

NOT_FOUND = "RESOURCE_DOES_NOT_EXIST", 404
EXISTS = "RESOURCE_ALREADY_EXISTS", 400
INVALID = "INVALID_PARAMETER_VALUE", 400
UNSUPPORTED = "NOT_IMPLEMENTED", 501

UNKNOWN_EXPERIMENT = "987654321"
UNKNOWN_RUN = "0" * 32
UNKNOWN_MODEL = "m-" + "0" * 32


@contextmanager
def refused(outcome: tuple[str, int]) -> Iterator[pytest.ExceptionInfo[GenesisFlowError]]:
    """Expects an error with this code and status, of whatever class: a store behind HTTP has but one."""
    with pytest.raises(GenesisFlowError) as caught:
        yield caught
    assert (caught.value.code, caught.value.status) == outcome, caught.value


async def answer(reply: Awaitable[Reply[M]]) -> M:
    """What a verb answers, whichever form it has."""
    return codec.value(await reply)


def there(value: M | None) -> M:
    """A part of an answer that must be there."""
    assert value is not None
    return value


def unique(text: str = "") -> str:
    """A name that nothing else has; the store of a suite need not be empty."""
    return f"{text}{uuid.uuid4().hex}"


async def new_experiment(store: Store, name: str | None = None, **tags: str) -> str:
    """The id of a new experiment."""
    message = experiments.CreateExperiment(
        name=name or unique(), tags=tuple(ExperimentTag(key=k, value=v) for k, v in tags.items())
    )
    created = await answer(store.create_experiment(message))
    assert created.experiment_id is not None
    return created.experiment_id


async def experiment_of(store: Store, experiment_id: str) -> Experiment:
    """The experiment with this id."""
    return there(
        (await answer(store.get_experiment(experiments.GetExperiment(experiment_id=experiment_id)))).experiment
    )


async def new_run(store: Store, experiment_id: str | None = None, name: str = "run", start_time: int = 1) -> str:
    """The id of a new run, in an experiment of its own if none is given."""
    message = runs.CreateRun(
        experiment_id=experiment_id or await new_experiment(store), run_name=name, start_time=start_time
    )
    return id_of(there((await answer(store.create_run(message))).run))


async def run_of(store: Store, run_id: str) -> Run:
    """The run with this id."""
    return there((await answer(store.get_run(runs.GetRun(run_id=run_id)))).run)


def info_of(run: Run) -> RunInfo:
    """The description of a run."""
    return there(run.info)


def id_of(run: Run) -> str:
    """The id of a run."""
    run_id = info_of(run).run_id
    assert run_id is not None
    return run_id


def params_of(run: Run) -> dict[str | None, str | None]:
    """The params of a run by key; a key that is there twice is a failure."""
    return _by_key(there(run.data).params)


def tags_of(run: Run) -> dict[str | None, str | None]:
    """The tags of a run by key, without its name, which it always has."""
    return {key: text for key, text in _by_key(there(run.data).tags).items() if key != "mlflow.runName"}


def _by_key(entries: Iterable[Param | RunTag]) -> dict[str | None, str | None]:
    found = [(entry.key, entry.value) for entry in entries]
    assert len(dict(found)) == len(found)
    return dict(found)


def metrics_of(run: Run) -> dict[str | None, float]:
    """The latest values of the metrics of a run by key."""
    found = {metric.key: value_of(metric) for metric in there(run.data).metrics}
    assert len(found) == len(there(run.data).metrics)
    return found


def value_of(metric: Metric) -> float:
    """The value of a metric that must have one."""
    assert metric.value is not None
    return metric.value


def point(key: str, value: float, step: int = 0, timestamp: int = 1) -> Metric:
    """A point of a metric."""
    return Metric(key=key, value=value, step=step, timestamp=timestamp)


def batch(
    run_id: str,
    *points: Metric,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> runs.LogBatch:
    """A batch for a run."""
    return runs.LogBatch(
        run_id=run_id,
        metrics=points,
        params=tuple(Param(key=k, value=v) for k, v in (params or {}).items()),
        tags=tuple(RunTag(key=k, value=v) for k, v in (tags or {}).items()),
    )


async def history(store: Store, run_id: str, key: str) -> list[tuple[int | None, int | None, float]]:
    """Step, time and value of every point of a metric, in the order of the answer."""
    found = await answer(store.get_metric_history(metrics.GetMetricHistory(run_id=run_id, metric_key=key)))
    return [(metric.step, metric.timestamp, value_of(metric)) for metric in found.metrics]


def dataset(name: str = "iris", digest: str = "d1", context: str | None = None, **tags: str) -> DatasetInput:
    """A dataset as a run reads it."""
    if context is not None:
        tags["mlflow.data.context"] = context
    return DatasetInput(
        dataset=Dataset(name=name, digest=digest, source_type="local", source="file.csv"),
        tags=tuple(InputTag(key=k, value=v) for k, v in tags.items()),
    )


async def new_model(
    store: Store,
    experiment_id: str,
    name: str = "model",
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    source_run_id: str | None = None,
) -> str:
    """The id of a new logged model."""
    message = logged_models.CreateLoggedModel(
        experiment_id=experiment_id,
        name=name,
        source_run_id=source_run_id,
        params=tuple(LoggedModelParameter(key=k, value=v) for k, v in (params or {}).items()),
        tags=tuple(LoggedModelTag(key=k, value=v) for k, v in (tags or {}).items()),
    )
    model_id = there(there((await answer(store.create_logged_model(message))).model).info).model_id
    assert model_id is not None
    return model_id


async def model_of(store: Store, model_id: str) -> LoggedModel:
    """The logged model with this id."""
    return there((await answer(store.get_logged_model(logged_models.GetLoggedModel(model_id=model_id)))).model)


def same(left: object, right: object) -> bool:
    """Whether two answers say the same; NaN is the same as NaN, and 0.0 is not -0.0."""
    return repr(left) == repr(right)

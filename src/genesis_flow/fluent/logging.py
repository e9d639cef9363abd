"""What is logged to the run that is going on; one is started if none is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.words import metric_value_of
from genesis_flow.entities import (
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunTag,
)
from genesis_flow.exceptions import INVALID_PARAMETER_VALUE, MlflowException
from genesis_flow.fluent.active import active_or_new_run_id, active_run
from genesis_flow.fluent.models import get_active_model_id, is_input
from genesis_flow.rules.clock import now_ms

if TYPE_CHECKING:
    from genesis_flow.client.background import Pending

DATASET_CONTEXT = "mlflow.data.context"


def log_metric(
    key: str,
    value: Any,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> Pending | None:
    """Logs a value of a metric.

    Args:
        key: of which metric.
        value: a number, or what holds one.
        step: at which step; 0 by default.
        synchronous: whether to wait until it is kept; False answers at once, with what can be waited for.
        timestamp: when it was measured, in milliseconds since 1970; now by default.
        run_id: to which run; the active one by default.
        model_id: of which logged model it is; the active one by default, if there is one.
        dataset: on which dataset it was measured.
    """
    client, run, model = MlflowClient(), run_id or active_or_new_run_id(), model_id or get_active_model_id()
    name, digest = (dataset.name, dataset.digest) if dataset is not None else (None, None)
    pending = client.log_metric(run, key, value, timestamp, step, synchronous, name, digest, model)
    if model:
        is_input(client, run, model)
    return pending


def log_metrics(
    metrics: Mapping[str, Any],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> Pending | None:
    """Logs a value of each of several metrics; the arguments are those of :func:`log_metric`."""
    client, run, model = MlflowClient(), run_id or active_or_new_run_id(), model_id or get_active_model_id()
    time_ms, at = now_ms() if timestamp is None else int(timestamp), int(step or 0)
    name, digest = (dataset.name, dataset.digest) if dataset is not None else (None, None)
    points = [
        Metric(key, metric_value_of(key, value), time_ms, at, model, name, digest, run)
        for key, value in metrics.items()
    ]
    pending = client.log_batch(run, metrics=points, synchronous=synchronous)
    if model:
        is_input(client, run, model)
    return pending


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Logs a param, whose value never changes after; answers the value that was handed in."""
    return MlflowClient().log_param(active_or_new_run_id(), key, value, synchronous)


def log_params(params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | None = None) -> Pending | None:
    """Logs several params."""
    pairs = [Param(key, str(value)) for key, value in params.items()]
    return MlflowClient().log_batch(run_id or active_or_new_run_id(), params=pairs, synchronous=synchronous)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> Pending | None:
    """Sets a tag of the run."""
    return MlflowClient().set_tag(active_or_new_run_id(), key, value, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> Pending | None:
    """Sets several tags of the run."""
    pairs = [RunTag(key, str(value)) for key, value in tags.items()]
    return MlflowClient().log_batch(active_or_new_run_id(), tags=pairs, synchronous=synchronous)


def delete_tag(key: str) -> None:
    """Deletes a tag of the run."""
    MlflowClient().delete_tag(active_or_new_run_id(), key)


def log_input(
    dataset: Any = None,
    context: str | None = None,
    tags: Mapping[str, str] | None = None,
    model: LoggedModelInput | None = None,
) -> None:
    """Says that the run was given a dataset or a model.

    Args:
        dataset: of ``genesis_flow.data``.
        context: what for: ``training``, ``validation`` and their like.
        tags: on this use of the dataset.
        model: a logged model that the run was given.
    """
    log_inputs(
        None if dataset is None else [dataset],
        None if dataset is None else [context],
        None if dataset is None else [tags],
        None if model is None else [model],
    )


def log_inputs(
    datasets: Sequence[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, str] | None] | None = None,
    models: Sequence[LoggedModelInput] | None = None,
) -> None:
    """Says that the run was given several datasets or models; contexts and tags are those of the datasets, in order."""
    given = list(datasets or ())
    of_them, tags = list(contexts or [None] * len(given)), list(tags_list or [None] * len(given))
    if not len(given) == len(of_them) == len(tags):
        raise MlflowException(
            f"There are {len(given)} datasets, {len(of_them)} contexts and {len(tags)} dictionaries of tags: they must "
            "be equally many.",
            INVALID_PARAMETER_VALUE,
        )
    inputs = [_input(*one) for one in zip(given, of_them, tags, strict=True)]
    MlflowClient().log_inputs(active_or_new_run_id(), inputs, models)


def _input(dataset: Any, context: str | None, tags: Mapping[str, str] | None) -> DatasetInput:
    kept = [InputTag(key, str(value)) for key, value in (tags or {}).items()]
    if context:
        kept.append(InputTag(DATASET_CONTEXT, context))
    return DatasetInput(dataset._to_mlflow_entity(), kept)


def log_outputs(models: Sequence[LoggedModelOutput] | None = None) -> None:
    """Says which models the run made."""
    MlflowClient().log_outputs(active_or_new_run_id(), models or [])


def flush_async_logging() -> None:
    """Waits until everything that was logged in the background is kept."""
    from genesis_flow.client.background import flush_all

    flush_all()


# --- the run itself ---


def get_run(run_id: str) -> Run:
    """A run."""
    return MlflowClient().get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run in which another one is nested; None if it is in none."""
    return MlflowClient().get_parent_run(run_id)


def delete_run(run_id: str) -> None:
    """Deletes a run; it can be restored until it is collected."""
    MlflowClient().delete_run(run_id)


def restore_run(run_id: str) -> None:
    """Brings a deleted run back."""
    MlflowClient().restore_run(run_id)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Where the files of the run are, or one of them."""
    run_id = active_or_new_run_id()
    run = active_run()
    root = (run.info.artifact_uri if run is not None else get_run(run_id).info.artifact_uri) or ""
    if not artifact_path:
        return root
    base, question, query = root.partition("?")
    return f"{base.rstrip('/')}/{artifact_path.lstrip('/')}{question}{query}"

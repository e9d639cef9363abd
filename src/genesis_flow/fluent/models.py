"""Logged models, and the one that is active."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.context import run_tags
from genesis_flow.client.logged_models import MODELS_OF_A_PAGE
from genesis_flow.entities import LoggedModel, LoggedModelInput, LoggedModelStatus
from genesis_flow.entities.paged_list import every_page
from genesis_flow.environment_variables import MLFLOW_ACTIVE_MODEL_ID
from genesis_flow.exceptions import INVALID_PARAMETER_VALUE, MlflowException
from genesis_flow.fluent.active import active_run
from genesis_flow.fluent.experiments import active_experiment_id

if TYPE_CHECKING:
    from pandas import DataFrame
    from typing_extensions import Self

IS_EXTERNAL = "mlflow.model.isExternal"


class ActiveModel(LoggedModel):
    """The model that metrics are of; as a context manager it is active for the block.

    Args:
        logged_model: the model.
        set_by_user: taken for MLflow's signature.
    """

    def __init__(self, logged_model: LoggedModel, set_by_user: bool) -> None:
        self.__dict__.update(vars(logged_model))
        self._before = _state.model_id

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _state.model_id = self._before


class _State(threading.local):
    def __init__(self) -> None:
        self.model_id: str | None = None
        self.last_id: str | None = None
        self.inputs: set[tuple[str, str]] = set()


_state = _State()


def get_active_model_id() -> str | None:
    """The model that metrics are of: what was set, or what ``MLFLOW_ACTIVE_MODEL_ID`` says."""
    return _state.model_id or MLFLOW_ACTIVE_MODEL_ID.get()


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """Makes a logged model the one that metrics are of, in this thread.

    Args:
        name: of the latest model of this name in the active experiment; an external one is made if there is none.
        model_id: or its id.
    """
    if (name is None) == (model_id is None):
        raise MlflowException("Give the name of the model or its id, and not both.", INVALID_PARAMETER_VALUE)
    model = ActiveModel(get_logged_model(model_id) if model_id else _named(str(name)), set_by_user=True)
    _state.model_id = _state.last_id = model.model_id
    return model


def _named(name: str) -> LoggedModel:
    quoted = name.replace("'", "''")
    latest = [{"field_name": "creation_timestamp", "ascending": False}]
    found = MlflowClient().search_logged_models([active_experiment_id()], f"name = '{quoted}'", None, 1, latest)
    return found[0] if found else create_external_model(name)


def clear_active_model() -> None:
    """Makes no model the active one."""
    _state.model_id = None
    MLFLOW_ACTIVE_MODEL_ID.unset()


def is_input(client: MlflowClient, run_id: str, model_id: str) -> None:
    """Says once that a run was given a model: one whose metrics are logged to it."""
    if (run_id, model_id) in _state.inputs:
        return
    # COMPAT: mlflow 3.17 says so even of a model that this very run has made.
    client.log_inputs(run_id, models=[LoggedModelInput(model_id)])
    _state.inputs.add((run_id, model_id))


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Makes a model whose files are awaited; ``finalize_logged_model`` says when they are there.

    Args:
        name: for people.
        source_run_id: the run that makes it; the active one by default, if there is one.
        tags: set from the beginning.
        params: logged from the beginning.
        model_type: what kind of model it is.
        experiment_id: where it belongs; the experiment of the run, or the active one.
    """
    run = active_run()
    if source_run_id is None and run is not None:
        source_run_id, experiment_id = run.info.run_id, experiment_id or run.info.experiment_id
    model = MlflowClient().create_logged_model(
        experiment_id or active_experiment_id(), name, source_run_id, {**run_tags(), **(tags or {})}, params, model_type
    )
    _state.last_id = model.model_id
    return model


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Makes a model whose files are kept elsewhere; the arguments are those of ``initialize_logged_model``."""
    marked = {**(tags or {}), IS_EXTERNAL: "true"}
    model = initialize_logged_model(name, source_run_id, marked, params, model_type, experiment_id)
    return finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def finalize_logged_model(model_id: str, status: LoggedModelStatus | Literal["READY", "FAILED"]) -> LoggedModel:
    """Says that a model's files are complete (``READY``), or will never be (``FAILED``)."""
    return MlflowClient().finalize_logged_model(model_id, status)


def get_logged_model(model_id: str) -> LoggedModel:
    """A logged model."""
    return MlflowClient().get_logged_model(model_id)


def last_logged_model() -> LoggedModel | None:
    """The model that this thread made or activated last; None if there was none."""
    return None if _state.last_id is None else get_logged_model(_state.last_id)


def log_model_params(params: Mapping[str, Any], model_id: str | None = None) -> None:
    """Logs params of a model; of the active one by default."""
    chosen = model_id or get_active_model_id()
    if chosen is None:
        raise MlflowException("Name a model: none is active.", INVALID_PARAMETER_VALUE)
    MlflowClient().log_model_params(chosen, params)


def set_logged_model_tags(model_id: str, tags: Mapping[str, Any]) -> None:
    """Sets tags of a model."""
    MlflowClient().set_logged_model_tags(model_id, tags)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Deletes a tag of a model."""
    MlflowClient().delete_logged_model_tag(model_id, key)


def search_logged_models(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    datasets: Sequence[Mapping[str, str]] | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | None = None,
    output_format: Literal["pandas", "list"] = "pandas",
) -> list[LoggedModel] | DataFrame:
    """All models that a filter finds, or the first so many, as a table or as a list."""
    client, where = MlflowClient(), experiment_ids or [active_experiment_id()]
    found = every_page(
        lambda most, token: client.search_logged_models(where, filter_string, datasets, most, order_by, token),
        MODELS_OF_A_PAGE,
        max_results,
    )
    if output_format == "list":
        return found
    from genesis_flow.fluent.tables import table

    names = sorted({*vars(found[0])} if found else ())
    rows = [{**vars(model), "status": model.status.value} for model in found]
    return table({name: [row[name] for row in rows] for name in names})

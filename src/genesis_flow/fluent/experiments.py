"""Experiments, and the one that is active."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.experiments import MOST_EXPERIMENTS
from genesis_flow.entities import Experiment, ViewType
from genesis_flow.entities.paged_list import every_page
from genesis_flow.environment_variables import MLFLOW_EXPERIMENT_ID, MLFLOW_EXPERIMENT_NAME
from genesis_flow.exceptions import INVALID_PARAMETER_VALUE, MlflowException

DEFAULT_EXPERIMENT_ID = "0"

_lock = threading.Lock()
_active_id: str | None = None


def active_experiment_id() -> str:
    """The experiment in which runs are started: what was set, what the environment says, or the default one."""
    if _active_id is not None:
        return _active_id
    name, experiment_id = MLFLOW_EXPERIMENT_NAME.get(), MLFLOW_EXPERIMENT_ID.get()
    if experiment_id:
        return experiment_id
    return set_experiment(name).experiment_id if name else DEFAULT_EXPERIMENT_ID


def set_experiment(
    experiment_name: str | None = None, experiment_id: str | None = None, trace_location: Any = None
) -> Experiment:
    """Makes an experiment the active one, for all threads and the processes that this one starts.

    Args:
        experiment_name: its name; it is created if there is none of this name.
        experiment_id: or its id.
        trace_location: taken for MLflow's signature.

    Raises:
        MlflowException: it is deleted; neither or both of name and id are given.
    """
    if (experiment_name is None) == (experiment_id is None):
        raise MlflowException("Give the name of the experiment or its id, and not both.", INVALID_PARAMETER_VALUE)
    global _active_id
    client = MlflowClient()
    with _lock:
        found = client.get_experiment(experiment_id) if experiment_id else _named(client, str(experiment_name))
        if found.lifecycle_stage != "active":
            raise MlflowException(
                f"The experiment {found.name!r} is deleted and cannot be made the active one. Bring it back with "
                "restore_experiment() first, or choose another name.",
                INVALID_PARAMETER_VALUE,
            )
        _active_id = found.experiment_id
        MLFLOW_EXPERIMENT_ID.set(found.experiment_id)
    return found


def _named(client: MlflowClient, name: str) -> Experiment:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found
    try:
        return client.get_experiment(client.create_experiment(name))
    except MlflowException as error:
        again = client.get_experiment_by_name(name)  # somebody was faster
        if error.error_code != "RESOURCE_ALREADY_EXISTS" or again is None:
            raise
        return again


def forget_experiment() -> None:
    """Makes no experiment the active one; for a tracking URI that has others."""
    global _active_id
    _active_id = None


def create_experiment(
    name: str,
    artifact_location: str | None = None,
    tags: Mapping[str, Any] | None = None,
    trace_location: Any = None,
) -> str:
    """Makes an experiment and answers its id."""
    return MlflowClient().create_experiment(name, artifact_location, tags)


def get_experiment(experiment_id: str) -> Experiment:
    """The experiment of an id."""
    return MlflowClient().get_experiment(experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """The experiment of a name; None if there is none."""
    return MlflowClient().get_experiment_by_name(name)


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Experiment]:
    """All experiments that a filter finds, or the first so many."""
    client = MlflowClient()
    return every_page(
        lambda most, token: client.search_experiments(view_type, most, filter_string, order_by, token),
        MOST_EXPERIMENTS,
        max_results,
    )


def delete_experiment(experiment_id: str) -> None:
    """Deletes an experiment and its runs; they can be restored until they are collected."""
    MlflowClient().delete_experiment(experiment_id)


def restore_experiment(experiment_id: str) -> None:
    """Brings a deleted experiment back."""
    MlflowClient().restore_experiment(experiment_id)


def set_experiment_tag(key: str, value: Any) -> None:
    """Sets a tag of the active experiment."""
    MlflowClient().set_experiment_tag(active_experiment_id(), key, value)


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Sets tags of the active experiment."""
    for key, value in tags.items():
        set_experiment_tag(key, value)


def delete_experiment_tag(key: str) -> None:
    """Deletes a tag of the active experiment."""
    MlflowClient().delete_experiment_tag(active_experiment_id(), key)

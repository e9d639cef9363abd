"""The run that is going on: one stack of runs for each thread.

A run that is nested in another one lies above it on the stack. A process that is forked begins with an empty stack,
because the runs of its parent are not its own to end.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.context import run_tags
from genesis_flow.client.exits import before_exit
from genesis_flow.client.runs import PARENT
from genesis_flow.entities import Run
from genesis_flow.environment_variables import (
    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING,
    MLFLOW_RUN_ID,
    MLFLOW_RUN_NAME,
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT,
)
from genesis_flow.exceptions import INVALID_PARAMETER_VALUE, MlflowException
from genesis_flow.fluent.experiments import active_experiment_id
from genesis_flow.rules.locations import without_credentials

if TYPE_CHECKING:
    from typing_extensions import Self

DESCRIPTION = "mlflow.note.content"


class ActiveRun(Run):
    """A run that is going on; as a context manager it ends with the block.

    ``FINISHED``, or ``FAILED`` if the block is left by an exception.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run.info, run.data, run.inputs, run.outputs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stack = _stack()
        if any(run.info.run_id == self.info.run_id for run in stack):
            while stack[-1].info.run_id != self.info.run_id:  # nested runs that somebody forgot
                end_run()
            end_run("FINISHED" if kind is None else "FAILED")

    def __repr__(self) -> str:
        return f"<ActiveRun: run_id={self.info.run_id!r}, run_name={self.info.run_name!r}>"


class _State(threading.local):
    """What each thread knows of its own runs."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.runs: list[ActiveRun] = []
        self.last_run_id: str | None = None


_state = _State()
_monitors: dict[str, Any] = {}
"""What samples the machine, by the runs for which it does."""


def _stack() -> list[ActiveRun]:
    if _state.pid != os.getpid():
        _state.pid, _state.runs = os.getpid(), []
    return _state.runs


def active_run() -> ActiveRun | None:
    """The run of this thread that is going on, as it was at its start; None without one."""
    stack = _stack()
    return stack[-1] if stack else None


def last_active_run() -> Run | None:
    """The run that is going on, or the last one that ended, as it is now; None if there never was one."""
    current = active_run()
    run_id = _state.last_run_id if current is None else current.info.run_id
    return None if run_id is None else MlflowClient().get_run(run_id)


def active_or_new_run_id() -> str:
    """The run that is going on, or one that is started here."""
    return (active_run() or start_run()).info.run_id


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Starts a run, or goes on with one, and makes it the active one of this thread.

    Args:
        run_id: a run to go on with; by default what ``MLFLOW_RUN_ID`` says, once, or a new run.
        experiment_id: where a new run belongs; the active experiment by default.
        run_name: what a new run is called; by default what ``MLFLOW_RUN_NAME`` says, or what the server finds.
        nested: whether it may be started while another run is going on, in which it is nested then.
        parent_run_id: the run in which it is nested, going on or not.
        tags: set from the beginning.
        description: for people; the tag ``mlflow.note.content``.
        log_system_metrics: whether to log what the machine is doing; by default what
            ``MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING`` says.

    Raises:
        MlflowException: another run is going on and ``nested`` is not set; the run to go on with is deleted.
        ValueError: ``MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING`` cannot be read.
    """
    # COMPAT: mlflow 3.17 raises the same, and leaves a run that seems to go on.
    watched = MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING.get() if log_system_metrics is None else log_system_metrics
    stack = _stack()
    if stack and not (nested or parent_run_id):
        raise MlflowException(
            f"The run {stack[-1].info.run_id} is active already. End it with end_run(), or start this one as a part of "
            "it with start_run(nested=True)."
        )
    client = MlflowClient()
    kept = _tags(tags, description)
    resumed = run_id or (None if stack else _run_id_of_environment())
    if resumed:
        run = _resume(client, resumed, kept)
    else:
        parent = parent_run_id or (stack[-1].info.run_id if stack else None)
        if parent:
            kept[PARENT] = parent
        where = experiment_id or (stack[-1].info.experiment_id if stack else active_experiment_id())
        name = run_name or MLFLOW_RUN_NAME.get()
        run = client.create_run(where, tags={**run_tags(), **kept}, run_name=name)
    active = ActiveRun(run)
    stack.append(active)
    if watched:
        _watch_machine(active)
    return active


def _tags(tags: Mapping[str, Any] | None, description: str | None) -> dict[str, Any]:
    kept = dict(tags or {})
    if description:
        if DESCRIPTION in kept:
            raise MlflowException(
                f"The description is given twice: as an argument, and as the tag {DESCRIPTION}. Leave one out.",
                INVALID_PARAMETER_VALUE,
            )
        kept[DESCRIPTION] = description
    return kept


def _run_id_of_environment() -> str | None:
    """The run that the environment names; only the first run of a process goes on with it."""
    run_id = MLFLOW_RUN_ID.get()
    MLFLOW_RUN_ID.unset()
    return run_id


def _resume(client: MlflowClient, run_id: str, tags: Mapping[str, Any]) -> Run:
    run = client.get_run(run_id)
    if run.info.lifecycle_stage == "deleted":
        # COMPAT: mlflow 3.17 raises this one without a code of its own.
        raise MlflowException(f"The run {run_id} is deleted and cannot go on. Bring it back with restore_run() first.")
    for key, value in tags.items():
        client.set_tag(run_id, key, value, synchronous=True)
    client.update_run(run_id, status="RUNNING")
    return client.get_run(run_id)


def end_run(status: str = "FINISHED") -> None:
    """Ends the active run of this thread, if there is one.

    Args:
        status: ``FINISHED``, ``FAILED`` or ``KILLED``.
    """
    stack = _stack()
    if not stack:
        return
    run = stack.pop()
    run_id = _state.last_run_id = run.info.run_id
    monitor = _monitors.pop(run_id, None)
    if monitor is not None:
        monitor.finish()
    client = MlflowClient()
    client.set_terminated(run_id, status)
    _tell(client, run)


def _tell(client: MlflowClient, run: Run) -> None:
    """Says where the run can be looked at."""
    uri = client.tracking_uri
    if uri.startswith(("http:", "https:")) and not MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.get():
        base, info = without_credentials(uri).rstrip("/"), run.info  # no credentials on the screen
        page = f"{base}/#/experiments/{info.experiment_id}/runs/{info.run_id}"
        print(f"Run {info.run_name or info.run_id}: {page}")


def _watch_machine(run: ActiveRun) -> None:
    from genesis_flow.system_metrics import start_monitor

    _monitors[run.info.run_id] = start_monitor(run.info.run_id, MlflowClient())


def _end_at_exit() -> None:
    """A program that ends leaves no run behind that looks as if it was going on."""
    with contextlib.suppress(Exception):  # nobody is left to hear of it
        while active_run() is not None:
            end_run()


before_exit(_end_at_exit)

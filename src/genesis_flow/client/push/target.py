"""The server that offline runs are sent to: what is asked of it, and what it has of them already."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from genesis_flow.client.connection import connection_to
from genesis_flow.client.push.told import OFFLINE_MODEL, OFFLINE_RUN
from genesis_flow.client.runs import POINTS_OF_A_PAGE
from genesis_flow.client.sender import is_refusal
from genesis_flow.client.words import there
from genesis_flow.errors import GenesisFlowError, MalformedRequest, PushTargetDeleted, Unavailable
from genesis_flow.values.experiments import ExperimentTag
from genesis_flow.values.logged_models import LoggedModel
from genesis_flow.values.message import Message
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunTag
from genesis_flow.wire import codec
from genesis_flow.wire.messages import experiments, logged_models, metrics, runs
from genesis_flow.wire.operations import operation_of

R = TypeVar("R", bound=Message)
T = TypeVar("T")

TRIES = 3
MISSING, TAKEN = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"

PointKey = tuple[int, int, str]
"""Time, step, and the value as text."""


class Target:
    """A server, MLflow's or ours, or a store in this process.

    Args:
        uri: where it is.

    Raises:
        UnsupportedLocation: nothing can be kept there.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._connection = connection_to(uri)

    def ask(self, message: Message, response: type[R]) -> R:
        """The answer to a message.

        Raises:
            GenesisFlowError: the server refused or failed, or there was no answer.
        """
        body = self._connection.send(operation_of(type(message)), message)
        if not body:
            raise MalformedRequest("the server's answer is empty")
        return codec.decode_answer(body, response)

    def _ask_for(self, message: Message, response: type[R]) -> R | None:
        """The answer to a message that asks for something; None if that is not there."""
        try:
            return self.ask(message, response)
        except GenesisFlowError as error:
            if error.code == MISSING:
                return None
            raise

    # --- experiments ----------------------------------------------------------------------------------------------

    def experiment(self, name: str, location: str | None, tags: dict[str, str]) -> tuple[str, bool]:
        """The id of the experiment of a name, which is made if there is none; and whether it was.

        Raises:
            PushTargetDeleted: the name belongs to one that is deleted.
        """
        if found := self._experiment(name):
            return found, False
        create = experiments.CreateExperiment(
            name=name,
            artifact_location=location,
            tags=tuple(ExperimentTag(key=key, value=value) for key, value in tags.items()),
        )
        try:
            made = self.ask(create, experiments.CreateExperimentResponse)
        except GenesisFlowError as error:
            if error.code != TAKEN and not isinstance(error, Unavailable):
                raise
            if found := self._experiment(name):  # another push was faster, or it was made and the answer lost
                return found, False
            raise
        return there(made.experiment_id), True

    def _experiment(self, name: str) -> str | None:
        message = experiments.GetExperimentByName(experiment_name=name)
        answer = self._ask_for(message, experiments.GetExperimentByNameResponse)
        if answer is None:
            return None
        found = there(answer.experiment)
        if found.lifecycle_stage == "deleted":
            raise PushTargetDeleted("experiment", name)
        return found.experiment_id

    # --- runs and models, each made once --------------------------------------------------------------------------

    def run(self, create: runs.CreateRun, offline_id: str) -> tuple[Run, bool]:
        """The run that was made for an offline one, or a new one; and whether it is new."""

        def find() -> Run | None:
            message = runs.SearchRuns(
                experiment_ids=(create.experiment_id or "",),
                filter=f"tags.`{OFFLINE_RUN}` = '{offline_id}'",
                run_view_type="ALL",
                max_results=10,
            )
            found = self.ask(message, runs.SearchRunsResponse).runs
            return min(found, key=lambda run: there(run.info).run_id or "", default=None)

        return _once(find, lambda: there(self.ask(create, runs.CreateRunResponse).run))

    def get_run(self, run_id: str) -> Run | None:
        """A run; None if there is none."""
        answer = self._ask_for(runs.GetRun(run_id=run_id), runs.GetRunResponse)
        return there(answer.run) if answer else None

    def model(self, create: logged_models.CreateLoggedModel, offline_id: str) -> tuple[LoggedModel, bool]:
        """The logged model that was made for an offline one, or a new one; and whether it is new."""

        def find() -> LoggedModel | None:
            message = logged_models.SearchLoggedModels(
                experiment_ids=(create.experiment_id,),
                filter=f"tags.`{OFFLINE_MODEL}` = '{offline_id}'",
                max_results=10,
            )
            found = self.ask(message, logged_models.SearchLoggedModelsResponse).models
            return min(found, key=lambda model: there(model.info).model_id or "", default=None)

        return _once(find, lambda: there(self.ask(create, logged_models.CreateLoggedModelResponse).model))

    def get_model(self, model_id: str) -> LoggedModel | None:
        """A logged model; None if there is none, or it is deleted."""
        answer = self._ask_for(logged_models.GetLoggedModel(model_id=model_id), logged_models.GetLoggedModelResponse)
        return there(answer.model) if answer else None

    # --- points ---------------------------------------------------------------------------------------------------

    def points(self, run_id: str, key: str) -> set[PointKey]:
        """All points of a metric that are there."""
        found: set[PointKey] = set()
        token = None
        while True:
            message = metrics.GetMetricHistory(
                run_id=run_id, metric_key=key, max_results=POINTS_OF_A_PAGE, page_token=token
            )
            answer = self.ask(message, metrics.GetMetricHistoryResponse)
            found.update(map(point_key, answer.metrics))
            if not answer.next_page_token or answer.next_page_token == token:
                return found
            token = answer.next_page_token

    def log(self, batch: runs.LogBatch) -> list[tuple[runs.LogBatch, GenesisFlowError]]:
        """Logs a batch; if the server refuses it, those parts that it takes. What it refuses, each item alone.

        Raises:
            GenesisFlowError: the server did not say that it never takes the batch.
        """
        refused: list[tuple[runs.LogBatch, GenesisFlowError]] = []
        parts = [batch]
        while parts:
            part = parts.pop()
            error = self.refusal(part, runs.LogBatchResponse)
            if error is None:
                continue
            if _count(part) == 1:
                refused.append((part, error))
            elif part is batch and self.refusal(runs.LogBatch(run_id=batch.run_id), runs.LogBatchResponse):
                raise error  # it is the run that it refuses
            else:
                parts.extend(reversed(_halves(part)))
        return refused

    def refusal(self, message: Message, response: type[Message]) -> GenesisFlowError | None:
        """What the server has against a message for good; None if it took it.

        Raises:
            GenesisFlowError: the server may take it another time.
        """
        try:
            self.ask(message, response)
        except GenesisFlowError as error:
            if is_refusal(error):
                return error
            raise
        return None


def point_key(point: Metric) -> PointKey:
    """What tells a point from another one of its metric."""
    return point.timestamp or 0, point.step or 0, codec.number(float(point.value or 0.0))


def _once(find: Callable[[], T | None], make: Callable[[], T]) -> tuple[T, bool]:
    """What is found, or made; if the answer to that was lost, it is looked for again."""
    for attempt in range(TRIES):
        if (found := find()) is not None:
            return found, False
        try:
            return make(), True
        except Unavailable:
            if attempt + 1 == TRIES:
                raise
    raise AssertionError("not reached")


def _count(batch: runs.LogBatch) -> int:
    return len(batch.metrics) + len(batch.params) + len(batch.tags)


def _halves(batch: runs.LogBatch) -> tuple[runs.LogBatch, runs.LogBatch]:
    items: list[Metric | Param | RunTag] = [*batch.metrics, *batch.params, *batch.tags]
    middle = len(items) // 2

    def of(part: list[Metric | Param | RunTag]) -> runs.LogBatch:
        return msgspec.structs.replace(
            batch,
            metrics=tuple(item for item in part if isinstance(item, Metric)),
            params=tuple(item for item in part if isinstance(item, Param)),
            tags=tuple(item for item in part if isinstance(item, RunTag)),
        )

    return of(items[:middle]), of(items[middle:])

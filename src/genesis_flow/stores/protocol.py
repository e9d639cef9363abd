"""What every store can do: one asynchronous protocol per noun, one shape of call.

``verb(message) -> reply``, with the types of the wire on both sides, so that a server, a proxy and a test call
a store in the same way and another server is a store too (``stores/rest.py``). A store checks what only it can
know (does the run exist, is it active, has the param another value); what a message alone shows (lengths,
characters, limits) is checked before, in ``rules/`` by ``service/``.

Every verb is atomic: it happens as a whole or not at all, and when it has answered it is on disk. What happens
on repeat is said where a verb is declared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import datasets, experiments, logged_models, metrics, runs, unlisted

Capability = Literal["persistent", "concurrent-processes"]
"""``persistent``: what was acknowledged survives the process. ``concurrent-processes``: several may share the store."""


class ExperimentStore(Protocol):
    """Experiments and their tags."""

    async def create_experiment(
        self, message: experiments.CreateExperiment
    ) -> Reply[experiments.CreateExperimentResponse]:
        """Creates an experiment. On repeat: ``ExperimentExists``, also when the one of that name is deleted."""

    async def get_experiment(self, message: experiments.GetExperiment) -> Reply[experiments.GetExperimentResponse]:
        """Reads an experiment, deleted or not; ``ExperimentNotFound``."""

    async def get_experiment_by_name(
        self, message: experiments.GetExperimentByName
    ) -> Reply[experiments.GetExperimentByNameResponse]:
        """Reads an experiment by its name, deleted or not; ``ExperimentNameNotFound``."""

    async def search_experiments(
        self, message: experiments.SearchExperiments
    ) -> Reply[experiments.SearchExperimentsResponse]:
        """A page of experiments in the order asked for, the newest first by default."""

    async def update_experiment(
        self, message: experiments.UpdateExperiment
    ) -> Reply[experiments.UpdateExperimentResponse]:
        """Renames an active experiment. On repeat: the same. On another's name: ``ExperimentExists``."""

    async def delete_experiment(
        self, message: experiments.DeleteExperiment
    ) -> Reply[experiments.DeleteExperimentResponse]:
        """Marks an experiment and its runs as deleted. On repeat: ``ExperimentNotFound``."""

    async def restore_experiment(
        self, message: experiments.RestoreExperiment
    ) -> Reply[experiments.RestoreExperimentResponse]:
        """Brings a deleted experiment back, with its runs. On an active one: ``ExperimentNotFound``."""

    async def set_experiment_tag(
        self, message: experiments.SetExperimentTag
    ) -> Reply[experiments.SetExperimentTagResponse]:
        """Writes or replaces a tag of an active experiment. On repeat: the same."""

    async def delete_experiment_tag(
        self, message: experiments.DeleteExperimentTag
    ) -> Reply[experiments.DeleteExperimentTagResponse]:
        """Removes a tag of an active experiment. On repeat: ``TagNotFound``."""


class RunStore(Protocol):
    """Runs, and everything written to them."""

    async def create_run(self, message: runs.CreateRun) -> Reply[runs.CreateRunResponse]:
        """Creates a run in an active experiment. On repeat: another run."""

    async def get_run(self, message: runs.GetRun) -> Reply[runs.GetRunResponse]:
        """Reads a run with the latest value of each metric; ``RunNotFound``."""

    async def update_run(self, message: runs.UpdateRun) -> Reply[runs.UpdateRunResponse]:
        """Changes status, end or name of an active run. On repeat: the same."""

    async def delete_run(self, message: runs.DeleteRun) -> Reply[runs.DeleteRunResponse]:
        """Marks a run as deleted. On repeat: the same."""

    async def restore_run(self, message: runs.RestoreRun) -> Reply[runs.RestoreRunResponse]:
        """Brings a deleted run back. On repeat: the same."""

    async def search_runs(self, message: runs.SearchRuns) -> Reply[runs.SearchRunsResponse]:
        """A page of runs in the order asked for, the latest started first by default."""

    async def log_batch(self, message: runs.LogBatch) -> Reply[runs.LogBatchResponse]:
        """Writes metrics, params and tags to an active run, all or none.

        On repeat: the same, because a point is what it says (key, step, time, value) and is kept once. A param with
        another value than it has: ``ParameterChanged``.
        """

    async def delete_tag(self, message: runs.DeleteTag) -> Reply[runs.DeleteTagResponse]:
        """Removes a tag of an active run. On repeat: ``TagNotFound``."""

    async def log_inputs(self, message: runs.LogInputs) -> Reply[runs.LogInputsResponse]:
        """Notes the datasets and models that an active run read. On repeat: the same."""

    async def log_outputs(self, message: runs.LogOutputs) -> Reply[runs.LogOutputsResponse]:
        """Notes the models that an active run made. On repeat: the same."""

    async def log_model(self, message: runs.LogModel) -> Reply[runs.LogModelResponse]:
        """Appends a model's description to the run's tag ``mlflow.log-model.history``."""


class MetricStore(Protocol):
    """The points of a metric over time, ordered by time, step and value."""

    async def get_metric_history(self, message: metrics.GetMetricHistory) -> Reply[metrics.GetMetricHistoryResponse]:
        """All points of one metric of a run, or a page of them; an unknown run or key has none."""

    async def get_metric_history_bulk(
        self, message: unlisted.GetMetricHistoryBulk
    ) -> Reply[unlisted.GetMetricHistoryBulkResponse]:
        """The points of one metric in several runs, run by run."""

    async def get_metric_history_bulk_interval(
        self, message: metrics.GetMetricHistoryBulkInterval
    ) -> Reply[metrics.GetMetricHistoryBulkIntervalResponse]:
        """The curve of one metric in several runs with few points: first, last, lowest and highest of every bucket."""


class DatasetStore(Protocol):
    """The datasets that runs have read."""

    async def search_datasets(self, message: datasets.SearchDatasets) -> Reply[datasets.SearchDatasetsResponse]:
        """The datasets of the experiments, each once with each context it was used in."""


class LoggedModelStore(Protocol):
    """The models that runs have made (MLflow 3)."""

    async def create_logged_model(
        self, message: logged_models.CreateLoggedModel
    ) -> Reply[logged_models.CreateLoggedModelResponse]:
        """Creates a pending model in an active experiment. On repeat: another model."""

    async def get_logged_model(
        self, message: logged_models.GetLoggedModel
    ) -> Reply[logged_models.GetLoggedModelResponse]:
        """Reads a model with its tags, params and metrics; ``LoggedModelNotFound``, also for a deleted one."""

    async def finalize_logged_model(
        self, message: logged_models.FinalizeLoggedModel
    ) -> Reply[logged_models.FinalizeLoggedModelResponse]:
        """Sets a model's status. On repeat: the same."""

    async def delete_logged_model(
        self, message: logged_models.DeleteLoggedModel
    ) -> Reply[logged_models.DeleteLoggedModelResponse]:
        """Marks a model as deleted. On repeat: ``LoggedModelNotFound``."""

    async def search_logged_models(
        self, message: logged_models.SearchLoggedModels
    ) -> Reply[logged_models.SearchLoggedModelsResponse]:
        """A page of models in the order asked for, the newest first by default."""

    async def set_logged_model_tags(
        self, message: logged_models.SetLoggedModelTags
    ) -> Reply[logged_models.SetLoggedModelTagsResponse]:
        """Writes or replaces tags. On repeat: the same."""

    async def delete_logged_model_tag(
        self, message: logged_models.DeleteLoggedModelTag
    ) -> Reply[logged_models.DeleteLoggedModelTagResponse]:
        """Removes a tag. On repeat: ``TagNotFound``."""

    async def log_logged_model_params(
        self, message: logged_models.LogLoggedModelParamsRequest
    ) -> Reply[logged_models.LogLoggedModelParamsRequestResponse]:
        """Adds params."""


@runtime_checkable
class Queued(Protocol):
    """A store whose writes wait for a commit that they share."""

    @property
    def waiting(self) -> int:
        """How many writes wait at the moment."""

    def watch(self, on_commit: Callable[[int], None]) -> None:
        """Has ``on_commit`` told the number of writes in each commit; it must be quick and thread-safe."""


@runtime_checkable
class Signing(Protocol):
    """A store that lends the key that it signs page tokens with; servers that share it share the key."""

    async def token_secret(self) -> bytes:
        """The key."""


class Store(ExperimentStore, RunStore, MetricStore, DatasetStore, LoggedModelStore, Protocol):
    """A whole store."""

    supports: frozenset[Capability]

    async def check(self) -> None:
        """Answers when the store can do its work; raises ``Unavailable`` when it cannot."""

    async def close(self) -> None:
        """Finishes what was asked and frees what the store holds. Afterwards no verb may be called."""

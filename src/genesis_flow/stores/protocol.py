"""What every store can do: one asynchronous protocol per noun, one shape of call.

``verb(message) -> reply``, with the types of the wire on both sides, so that a server, a proxy and a test call
a store in the same way and another server is a store too (``stores/rest.py``). A store checks what only it can
know (does the run exist, is it active, has the param another value); what a message alone shows (lengths,
characters, limits) is checked before, in ``rules/`` by ``service/``.

Every verb is atomic: it happens as a whole or not at all, and when it has answered it is on disk. What happens
on repeat is said where a verb is declared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import (
    datasets,
    experiments,
    extended,
    keys,
    logged_models,
    metrics,
    model_history,
    registry,
    run_tables,
    runs,
    unlisted,
    webhook_deliveries,
    webhooks,
)

Capability = Literal[
    "persistent", "concurrent-processes", "collection", "webhooks", "any-name", "own-files", "unknown-models"
]
"""``persistent``: what was acknowledged survives the process. ``concurrent-processes``: several may share the store.
``collection``: the deleted can be removed for good (``stores/collecting.py``). ``webhooks``: they are kept and told;
elsewhere their verbs are ``Unsupported``. ``any-name``: registered models may have every name that the rules allow.
``own-files``: artifacts may lie in the store itself, and go with what they belong to.
``unknown-models``: a point may name a logged model that does not exist, and is its run's alone."""


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

    async def get_runs_table(self, message: run_tables.GetRunsTable) -> Reply[run_tables.GetRunsTableResponse]:
        """How many runs a search finds, and of a block of them the fields that are asked for, in the same order."""

    async def log_batch(self, message: runs.LogBatch) -> Reply[runs.LogBatchResponse]:
        """Writes metrics, params and tags to an active run, all or none.

        On repeat: the same, because a point is what it says (key, step, time, value) and is kept once. A param with
        another value than it has: ``ParameterChanged``. A point of a logged model that there never was, or that is
        removed: ``LoggedModelNotFound``, unless the store takes ``unknown-models``; that of a deleted one is kept.
        """

    async def delete_tag(self, message: runs.DeleteTag) -> Reply[runs.DeleteTagResponse]:
        """Removes a tag of an active run. On repeat: ``TagNotFound``."""

    async def log_inputs(self, message: runs.LogInputs) -> Reply[runs.LogInputsResponse]:
        """Notes the datasets and models that an active run read. On repeat: the same."""

    async def log_outputs(self, message: runs.LogOutputs) -> Reply[runs.LogOutputsResponse]:
        """Notes the models that an active run made. On repeat: the same."""

    async def log_model(self, message: runs.LogModel) -> Reply[runs.LogModelResponse]:
        """Appends a model's description to the run's tag ``mlflow.log-model.history``."""


class KeyStore(Protocol):
    """Which metrics, params and tags the runs of an experiment have."""

    async def list_experiment_keys(self, message: keys.ListExperimentKeys) -> Reply[keys.ListExperimentKeysResponse]:
        """A page of the keys of an experiment, deleted or not, with what they come to; ``ExperimentNotFound``.

        Everything counts from its acknowledgement on, of active runs. A page is of the moment in which it is asked for.
        """


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


class RegistryStore(Protocol):
    """Registered models, their versions, tags, aliases and stages, and the history of all that.

    Every change is noted in the model's history in the same transaction; a repeat that changes nothing is not. A
    number is given to one version of a model only, also if that is deleted and if two are created at once.
    """

    async def create_registered_model(
        self, message: registry.CreateRegisteredModel
    ) -> Reply[registry.CreateRegisteredModelResponse]:
        """Creates a model without versions. On repeat: ``RegisteredModelExists``."""

    async def get_registered_model(
        self, message: registry.GetRegisteredModel
    ) -> Reply[registry.GetRegisteredModelResponse]:
        """Reads a model with the latest version of each stage; ``RegisteredModelNotFound``."""

    async def rename_registered_model(
        self, message: registry.RenameRegisteredModel
    ) -> Reply[registry.RenameRegisteredModelResponse]:
        """Renames a model and its versions. To its own name: the same. To another's: ``RegisteredModelExists``."""

    async def update_registered_model(
        self, message: registry.UpdateRegisteredModel
    ) -> Reply[registry.UpdateRegisteredModelResponse]:
        """Writes the description; without one it is removed. On repeat: the same."""

    async def delete_registered_model(
        self, message: registry.DeleteRegisteredModel
    ) -> Reply[registry.DeleteRegisteredModelResponse]:
        """Removes a model with its versions; its history stays. On repeat: ``RegisteredModelNotFound``."""

    async def search_registered_models(
        self, message: registry.SearchRegisteredModels
    ) -> Reply[registry.SearchRegisteredModelsResponse]:
        """A page of models in the order asked for, by name by default; prompts only if the filter speaks of them."""

    async def get_latest_versions(
        self, message: registry.GetLatestVersions
    ) -> Reply[registry.GetLatestVersionsResponse]:
        """The latest version of each stage, or of those that are named."""

    async def create_model_version(
        self, message: registry.CreateModelVersion
    ) -> Reply[registry.CreateModelVersionResponse]:
        """Creates a version with the next number. On repeat: another version.

        A source ``models:/…`` must exist: it is followed to where the artifacts are, and its logged model is told.
        """

    async def get_model_version(self, message: registry.GetModelVersion) -> Reply[registry.GetModelVersionResponse]:
        """Reads a version with its aliases; ``ModelVersionNotFound``, also if there is no such model."""

    async def update_model_version(
        self, message: registry.UpdateModelVersion
    ) -> Reply[registry.UpdateModelVersionResponse]:
        """Writes the description; without one it is removed. On repeat: the same."""

    async def transition_model_version_stage(
        self, message: registry.TransitionModelVersionStage
    ) -> Reply[registry.TransitionModelVersionStageResponse]:
        """Moves a version to a stage, and if asked for the others in it to ``Archived``. On repeat: the same."""

    async def delete_model_version(
        self, message: registry.DeleteModelVersion
    ) -> Reply[registry.DeleteModelVersionResponse]:
        """Removes a version with its aliases. On repeat: ``ModelVersionNotFound``."""

    async def search_model_versions(
        self, message: registry.SearchModelVersions
    ) -> Reply[registry.SearchModelVersionsResponse]:
        """A page of versions, the last updated first by default; those of prompts only if the filter speaks of them."""

    async def get_model_version_download_uri(
        self, message: registry.GetModelVersionDownloadUri
    ) -> Reply[registry.GetModelVersionDownloadUriResponse]:
        """Where the artifacts of a version are."""

    async def set_registered_model_tag(
        self, message: registry.SetRegisteredModelTag
    ) -> Reply[registry.SetRegisteredModelTagResponse]:
        """Writes or replaces a tag of a model. On repeat: the same."""

    async def set_model_version_tag(
        self, message: registry.SetModelVersionTag
    ) -> Reply[registry.SetModelVersionTagResponse]:
        """Writes or replaces a tag of a version. On repeat: the same."""

    async def delete_registered_model_tag(
        self, message: registry.DeleteRegisteredModelTag
    ) -> Reply[registry.DeleteRegisteredModelTagResponse]:
        """Removes a tag of a model, if it is there. On repeat: the same."""

    async def delete_model_version_tag(
        self, message: registry.DeleteModelVersionTag
    ) -> Reply[registry.DeleteModelVersionTagResponse]:
        """Removes a tag of a version, if it is there. On repeat: the same."""

    async def set_registered_model_alias(
        self, message: registry.SetRegisteredModelAlias
    ) -> Reply[registry.SetRegisteredModelAliasResponse]:
        """Gives a version an alias, which another one loses if it has it. On repeat: the same."""

    async def delete_registered_model_alias(
        self, message: registry.DeleteRegisteredModelAlias
    ) -> Reply[registry.DeleteRegisteredModelAliasResponse]:
        """Removes an alias, if it is there. On repeat: the same."""

    async def get_model_version_by_alias(
        self, message: registry.GetModelVersionByAlias
    ) -> Reply[registry.GetModelVersionByAliasResponse]:
        """The version that has an alias; ``latest`` is the one with the highest number. ``AliasNotFound``."""

    async def promote_model_versions(
        self, message: model_history.PromoteModelVersions
    ) -> Reply[model_history.PromoteModelVersionsResponse]:
        """Sets and removes aliases, all or none. ``AliasMoved``, if one is not where it is expected: so on repeat."""

    async def resolve_model_alias(
        self, message: model_history.ResolveModelAlias
    ) -> Reply[model_history.ResolveModelAliasResponse]:
        """The version that an alias stood for at a time, also if that is deleted since; ``AliasNotFound``."""

    async def get_model_timeline(
        self, message: model_history.GetModelTimeline
    ) -> Reply[model_history.GetModelTimelineResponse]:
        """A page of the history of a model, under all the names it had; of a deleted one under its last name."""


class WebhookStore(Protocol):
    """Webhooks, and what was and will be delivered to them.

    Every change that an active webhook listens to is noted as a delivery to it in the same transaction.
    """

    async def create_webhook(self, message: extended.CreateWebhook) -> Reply[extended.WebhookResponse]:
        """Creates a webhook. On repeat: another one."""

    async def list_webhooks(self, message: extended.ListWebhooks) -> Reply[extended.ListWebhooksResponse]:
        """A page of webhooks, the newest first."""

    async def get_webhook(self, message: webhooks.GetWebhook) -> Reply[extended.WebhookResponse]:
        """Reads a webhook without its secret; ``WebhookNotFound``."""

    async def update_webhook(self, message: extended.UpdateWebhook) -> Reply[extended.WebhookResponse]:
        """Changes what the message gives and leaves the rest. On repeat: the same."""

    async def delete_webhook(self, message: webhooks.DeleteWebhook) -> Reply[webhooks.DeleteWebhookResponse]:
        """Removes a webhook with its deliveries. On repeat: ``WebhookNotFound``."""

    async def list_webhook_deliveries(
        self, message: webhook_deliveries.ListWebhookDeliveries
    ) -> Reply[webhook_deliveries.ListWebhookDeliveriesResponse]:
        """The newest deliveries of a webhook, those on their way too."""

    async def replay_webhook_delivery(
        self, message: webhook_deliveries.ReplayWebhookDelivery
    ) -> Reply[webhook_deliveries.ReplayWebhookDeliveryResponse]:
        """Has a delivery that has ended sent again, with its id and with all attempts; one on its way stays so."""


class Target(NamedTuple):
    """Where deliveries of a webhook go.

    Attributes:
        secret: as the service sealed it; empty if they are not signed.
    """

    webhook_id: str
    url: str
    secret: str


class Delivery(NamedTuple):
    """A delivery that somebody has taken to send it.

    Attributes:
        attempts: how often it was taken, this time included.
    """

    delivery_id: str
    webhook_id: str
    body: bytes
    attempts: int


class Outcome(NamedTuple):
    """How an attempt went.

    Attributes:
        status: what was answered, if anything was.
        error: why it failed, in a word; None if it did not.
        again_ms: when to try again; None: never.
    """

    status: int | None
    error: str | None
    again_ms: int | None


@runtime_checkable
class Outbox(Protocol):
    """A store whose deliveries are sent by the server that has it open; several servers may share them."""

    async def target(self, webhook_id: str) -> Target:
        """Where a webhook's deliveries go, active or not; ``WebhookNotFound``."""

    async def due_targets(self, now_ms: int) -> Sequence[Target]:
        """The active webhooks for which a delivery is due, the longest waiting first."""

    async def take_deliveries(self, webhook_id: str, now_ms: int, until_ms: int, most: int) -> Sequence[Delivery]:
        """Takes deliveries that are due, so that nobody else does before ``until_ms``, and counts the attempt."""

    async def settle_delivery(self, delivery: Delivery, at_ms: int, outcome: Outcome) -> None:
        """Notes how an attempt went, unless the delivery was taken again meanwhile; keeps the last that have ended."""


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


class Store(
    ExperimentStore,
    RunStore,
    KeyStore,
    MetricStore,
    DatasetStore,
    LoggedModelStore,
    RegistryStore,
    WebhookStore,
    Protocol,
):
    """A whole store."""

    supports: frozenset[Capability]

    async def check(self) -> None:
        """Answers when the store can do its work; raises ``Unavailable`` when it cannot."""

    async def close(self) -> None:
        """Finishes what was asked and frees what the store holds. Afterwards no verb may be called."""

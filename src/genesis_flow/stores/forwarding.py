"""A store whose verbs all go one way: what each asks and answers stands here once, as the table of operations says."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Generic, Protocol, TypeVar

from genesis_flow.values.message import Message
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
from genesis_flow.wire.operations import Operation, operation

Request = TypeVar("Request", bound=Message)
Request_contra = TypeVar("Request_contra", bound=Message, contravariant=True)
Response = TypeVar("Response", bound=Message)
Response_co = TypeVar("Response_co", bound=Message, covariant=True)


class Call(Protocol[Request_contra, Response_co]):
    """A verb of one store."""

    def __call__(self, message: Request_contra) -> Coroutine[Any, Any, Reply[Response_co]]:
        """Answers the message."""


class Verb(Generic[Request, Response]):
    """A method of a ``ForwardingStore`` that calls the operation of its own name.

    Args:
        request: what is asked.
        response: what is answered.

    Raises:
        TypeError: the table of operations says otherwise.
    """

    def __init__(self, request: type[Request], response: type[Response]) -> None:
        self._types = request, response

    def __set_name__(self, owner: type[ForwardingStore], name: str) -> None:
        self._operation: Operation[Request, Response] = operation(name)
        if (self._operation.request, self._operation.response) != self._types:
            raise TypeError(f"the operation {name} has other messages")

    def __get__(self, store: ForwardingStore, owner: type[ForwardingStore]) -> Call[Request, Response]:
        def call(message: Request) -> Coroutine[Any, Any, Reply[Response]]:
            return store.call(self._operation, message)

        return call


class ForwardingStore:
    """Every verb of a store, each of which is left to ``call``."""

    async def call(self, operation: Operation[Request, Response], message: Request) -> Reply[Response]:
        """Answers the message of an operation."""
        raise NotImplementedError

    create_experiment = Verb(experiments.CreateExperiment, experiments.CreateExperimentResponse)
    get_experiment = Verb(experiments.GetExperiment, experiments.GetExperimentResponse)
    get_experiment_by_name = Verb(experiments.GetExperimentByName, experiments.GetExperimentByNameResponse)
    search_experiments = Verb(experiments.SearchExperiments, experiments.SearchExperimentsResponse)
    update_experiment = Verb(experiments.UpdateExperiment, experiments.UpdateExperimentResponse)
    delete_experiment = Verb(experiments.DeleteExperiment, experiments.DeleteExperimentResponse)
    restore_experiment = Verb(experiments.RestoreExperiment, experiments.RestoreExperimentResponse)
    set_experiment_tag = Verb(experiments.SetExperimentTag, experiments.SetExperimentTagResponse)
    delete_experiment_tag = Verb(experiments.DeleteExperimentTag, experiments.DeleteExperimentTagResponse)

    create_run = Verb(runs.CreateRun, runs.CreateRunResponse)
    get_run = Verb(runs.GetRun, runs.GetRunResponse)
    update_run = Verb(runs.UpdateRun, runs.UpdateRunResponse)
    delete_run = Verb(runs.DeleteRun, runs.DeleteRunResponse)
    restore_run = Verb(runs.RestoreRun, runs.RestoreRunResponse)
    search_runs = Verb(runs.SearchRuns, runs.SearchRunsResponse)
    get_runs_table = Verb(run_tables.GetRunsTable, run_tables.GetRunsTableResponse)
    log_batch = Verb(runs.LogBatch, runs.LogBatchResponse)
    delete_tag = Verb(runs.DeleteTag, runs.DeleteTagResponse)
    log_inputs = Verb(runs.LogInputs, runs.LogInputsResponse)
    log_outputs = Verb(runs.LogOutputs, runs.LogOutputsResponse)
    log_model = Verb(runs.LogModel, runs.LogModelResponse)

    list_experiment_keys = Verb(keys.ListExperimentKeys, keys.ListExperimentKeysResponse)

    get_metric_history = Verb(metrics.GetMetricHistory, metrics.GetMetricHistoryResponse)
    get_metric_history_bulk = Verb(unlisted.GetMetricHistoryBulk, unlisted.GetMetricHistoryBulkResponse)
    get_metric_history_bulk_interval = Verb(
        metrics.GetMetricHistoryBulkInterval, metrics.GetMetricHistoryBulkIntervalResponse
    )

    search_datasets = Verb(datasets.SearchDatasets, datasets.SearchDatasetsResponse)

    create_logged_model = Verb(logged_models.CreateLoggedModel, logged_models.CreateLoggedModelResponse)
    get_logged_model = Verb(logged_models.GetLoggedModel, logged_models.GetLoggedModelResponse)
    finalize_logged_model = Verb(logged_models.FinalizeLoggedModel, logged_models.FinalizeLoggedModelResponse)
    delete_logged_model = Verb(logged_models.DeleteLoggedModel, logged_models.DeleteLoggedModelResponse)
    search_logged_models = Verb(logged_models.SearchLoggedModels, logged_models.SearchLoggedModelsResponse)
    set_logged_model_tags = Verb(logged_models.SetLoggedModelTags, logged_models.SetLoggedModelTagsResponse)
    delete_logged_model_tag = Verb(logged_models.DeleteLoggedModelTag, logged_models.DeleteLoggedModelTagResponse)
    log_logged_model_params = Verb(
        logged_models.LogLoggedModelParamsRequest, logged_models.LogLoggedModelParamsRequestResponse
    )

    create_registered_model = Verb(registry.CreateRegisteredModel, registry.CreateRegisteredModelResponse)
    get_registered_model = Verb(registry.GetRegisteredModel, registry.GetRegisteredModelResponse)
    rename_registered_model = Verb(registry.RenameRegisteredModel, registry.RenameRegisteredModelResponse)
    update_registered_model = Verb(registry.UpdateRegisteredModel, registry.UpdateRegisteredModelResponse)
    delete_registered_model = Verb(registry.DeleteRegisteredModel, registry.DeleteRegisteredModelResponse)
    search_registered_models = Verb(registry.SearchRegisteredModels, registry.SearchRegisteredModelsResponse)
    get_latest_versions = Verb(registry.GetLatestVersions, registry.GetLatestVersionsResponse)
    set_registered_model_tag = Verb(registry.SetRegisteredModelTag, registry.SetRegisteredModelTagResponse)
    delete_registered_model_tag = Verb(registry.DeleteRegisteredModelTag, registry.DeleteRegisteredModelTagResponse)
    create_model_version = Verb(registry.CreateModelVersion, registry.CreateModelVersionResponse)
    get_model_version = Verb(registry.GetModelVersion, registry.GetModelVersionResponse)
    update_model_version = Verb(registry.UpdateModelVersion, registry.UpdateModelVersionResponse)
    transition_model_version_stage = Verb(
        registry.TransitionModelVersionStage, registry.TransitionModelVersionStageResponse
    )
    delete_model_version = Verb(registry.DeleteModelVersion, registry.DeleteModelVersionResponse)
    search_model_versions = Verb(registry.SearchModelVersions, registry.SearchModelVersionsResponse)
    get_model_version_download_uri = Verb(
        registry.GetModelVersionDownloadUri, registry.GetModelVersionDownloadUriResponse
    )
    set_model_version_tag = Verb(registry.SetModelVersionTag, registry.SetModelVersionTagResponse)
    delete_model_version_tag = Verb(registry.DeleteModelVersionTag, registry.DeleteModelVersionTagResponse)
    set_registered_model_alias = Verb(registry.SetRegisteredModelAlias, registry.SetRegisteredModelAliasResponse)
    delete_registered_model_alias = Verb(
        registry.DeleteRegisteredModelAlias, registry.DeleteRegisteredModelAliasResponse
    )
    get_model_version_by_alias = Verb(registry.GetModelVersionByAlias, registry.GetModelVersionByAliasResponse)
    promote_model_versions = Verb(model_history.PromoteModelVersions, model_history.PromoteModelVersionsResponse)
    resolve_model_alias = Verb(model_history.ResolveModelAlias, model_history.ResolveModelAliasResponse)
    get_model_timeline = Verb(model_history.GetModelTimeline, model_history.GetModelTimelineResponse)

    create_webhook = Verb(extended.CreateWebhook, extended.WebhookResponse)
    list_webhooks = Verb(extended.ListWebhooks, extended.ListWebhooksResponse)
    get_webhook = Verb(webhooks.GetWebhook, extended.WebhookResponse)
    update_webhook = Verb(extended.UpdateWebhook, extended.WebhookResponse)
    delete_webhook = Verb(webhooks.DeleteWebhook, webhooks.DeleteWebhookResponse)
    list_webhook_deliveries = Verb(
        webhook_deliveries.ListWebhookDeliveries, webhook_deliveries.ListWebhookDeliveriesResponse
    )
    replay_webhook_delivery = Verb(
        webhook_deliveries.ReplayWebhookDelivery, webhook_deliveries.ReplayWebhookDeliveryResponse
    )

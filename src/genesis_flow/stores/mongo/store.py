"""The store on MongoDB: each verb, and what it needs."""

from __future__ import annotations

from genesis_flow.rules.limits import HISTORY_BULK_POINTS_MOST, INTERVAL_POINTS_DEFAULT
from genesis_flow.stores.mongo import (
    datasets,
    experiment_search,
    experiments,
    keys,
    logged_models,
    metrics,
    model_search,
    run_search,
    run_tables,
    runs,
)
from genesis_flow.stores.mongo.collection_store import MongoCollection
from genesis_flow.stores.mongo.registry_store import MongoRegistry
from genesis_flow.stores.mongo.webhook_store import MongoWebhooks
from genesis_flow.stores.protocol import Capability
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import datasets as dataset_messages
from genesis_flow.wire.messages import experiments as experiment_messages
from genesis_flow.wire.messages import keys as key_messages
from genesis_flow.wire.messages import logged_models as model_messages
from genesis_flow.wire.messages import metrics as metric_messages
from genesis_flow.wire.messages import run_tables as table_messages
from genesis_flow.wire.messages import runs as run_messages
from genesis_flow.wire.messages import unlisted


class MongoStore(MongoRegistry, MongoCollection, MongoWebhooks):
    """Experiments, runs, metrics, datasets, models and webhooks in a MongoDB.

    It is opened without the database: the first verb prepares that, and the next one does if the first could not.
    It belongs to the event loop that it is first used on.

    Args:
        uri: ``mongodb://`` or ``mongodb+srv://``, with everything the driver takes, and ``profile``.
        artifact_root: below which new experiments get their artifact locations.
        clock: the time.
        event_listeners: told of every command that is sent to the database, as the driver does it.

    Raises:
        UnsupportedLocation: the URI cannot be understood.
    """

    supports: frozenset[Capability] = frozenset(
        {"persistent", "concurrent-processes", "collection", "webhooks", "any-name"}
    )

    # --- experiments ----------------------------------------------------------------------------------------------

    async def create_experiment(
        self, message: experiment_messages.CreateExperiment
    ) -> Reply[experiment_messages.CreateExperimentResponse]:
        return await experiments.create(
            await self._ready(), message, artifact_root=self._artifact_root, now_ms=self._clock()
        )

    async def get_experiment(
        self, message: experiment_messages.GetExperiment
    ) -> Reply[experiment_messages.GetExperimentResponse]:
        return await experiments.get(await self._ready(), message)

    async def get_experiment_by_name(
        self, message: experiment_messages.GetExperimentByName
    ) -> Reply[experiment_messages.GetExperimentByNameResponse]:
        return await experiments.get_by_name(await self._ready(), message)

    async def search_experiments(
        self, message: experiment_messages.SearchExperiments
    ) -> Reply[experiment_messages.SearchExperimentsResponse]:
        return await experiment_search.search(await self._ready(), message, secret=await self.token_secret())

    async def update_experiment(
        self, message: experiment_messages.UpdateExperiment
    ) -> Reply[experiment_messages.UpdateExperimentResponse]:
        return await experiments.update(await self._ready(), message, now_ms=self._clock())

    async def delete_experiment(
        self, message: experiment_messages.DeleteExperiment
    ) -> Reply[experiment_messages.DeleteExperimentResponse]:
        return await experiments.delete(await self._ready(), message, now_ms=self._clock())

    async def restore_experiment(
        self, message: experiment_messages.RestoreExperiment
    ) -> Reply[experiment_messages.RestoreExperimentResponse]:
        return await experiments.restore(await self._ready(), message, now_ms=self._clock())

    async def set_experiment_tag(
        self, message: experiment_messages.SetExperimentTag
    ) -> Reply[experiment_messages.SetExperimentTagResponse]:
        return await experiments.set_tag(await self._ready(), message)

    async def delete_experiment_tag(
        self, message: experiment_messages.DeleteExperimentTag
    ) -> Reply[experiment_messages.DeleteExperimentTagResponse]:
        return await experiments.delete_tag(await self._ready(), message)

    # --- runs -----------------------------------------------------------------------------------------------------

    async def create_run(self, message: run_messages.CreateRun) -> Reply[run_messages.CreateRunResponse]:
        return await runs.create(await self._ready(), self._writer, message)

    async def get_run(self, message: run_messages.GetRun) -> Reply[run_messages.GetRunResponse]:
        return await runs.get(await self._ready(), message)

    async def update_run(self, message: run_messages.UpdateRun) -> Reply[run_messages.UpdateRunResponse]:
        return await runs.update(await self._ready(), self._writer, message, now_ms=self._clock())

    async def delete_run(self, message: run_messages.DeleteRun) -> Reply[run_messages.DeleteRunResponse]:
        return await runs.delete(await self._write(), message, now_ms=self._clock())

    async def restore_run(self, message: run_messages.RestoreRun) -> Reply[run_messages.RestoreRunResponse]:
        return await runs.restore(await self._write(), message)

    async def search_runs(self, message: run_messages.SearchRuns) -> Reply[run_messages.SearchRunsResponse]:
        return await run_search.search(await self._ready(), message, secret=await self.token_secret())

    async def get_runs_table(self, message: table_messages.GetRunsTable) -> Reply[table_messages.GetRunsTableResponse]:
        return await run_tables.get(await self._ready(), message)

    async def log_batch(self, message: run_messages.LogBatch) -> Reply[run_messages.LogBatchResponse]:
        return await runs.log_batch(await self._ready(), self._writer, message)

    async def delete_tag(self, message: run_messages.DeleteTag) -> Reply[run_messages.DeleteTagResponse]:
        return await runs.delete_tag(await self._write(), message)

    async def log_inputs(self, message: run_messages.LogInputs) -> Reply[run_messages.LogInputsResponse]:
        return await runs.log_inputs(await self._ready(), self._writer, message)

    async def log_outputs(self, message: run_messages.LogOutputs) -> Reply[run_messages.LogOutputsResponse]:
        return await runs.log_outputs(await self._write(), message)

    async def log_model(self, message: run_messages.LogModel) -> Reply[run_messages.LogModelResponse]:
        return await runs.log_model(await self._write(), message)

    async def list_experiment_keys(
        self, message: key_messages.ListExperimentKeys
    ) -> Reply[key_messages.ListExperimentKeysResponse]:
        return await keys.list_keys(await self._ready(), message, secret=await self.token_secret())

    # --- metrics --------------------------------------------------------------------------------------------------

    async def get_metric_history(
        self, message: metric_messages.GetMetricHistory
    ) -> Reply[metric_messages.GetMetricHistoryResponse]:
        return await metrics.history(await self._ready(), message, secret=await self.token_secret())

    async def get_metric_history_bulk(
        self, message: unlisted.GetMetricHistoryBulk
    ) -> Reply[unlisted.GetMetricHistoryBulkResponse]:
        most = HISTORY_BULK_POINTS_MOST if message.max_results is None else message.max_results
        return await metrics.history_bulk(await self._ready(), message, most=most)

    async def get_metric_history_bulk_interval(
        self, message: metric_messages.GetMetricHistoryBulkInterval
    ) -> Reply[metric_messages.GetMetricHistoryBulkIntervalResponse]:
        most = message.max_results or INTERVAL_POINTS_DEFAULT
        return await metrics.history_bulk_interval(await self._ready(), message, most=most)

    # --- datasets and logged models -------------------------------------------------------------------------------

    async def search_datasets(
        self, message: dataset_messages.SearchDatasets
    ) -> Reply[dataset_messages.SearchDatasetsResponse]:
        return await datasets.search(await self._ready(), message)

    async def create_logged_model(
        self, message: model_messages.CreateLoggedModel
    ) -> Reply[model_messages.CreateLoggedModelResponse]:
        return await logged_models.create(await self._ready(), message, now_ms=self._clock())

    async def get_logged_model(
        self, message: model_messages.GetLoggedModel
    ) -> Reply[model_messages.GetLoggedModelResponse]:
        return await logged_models.get(await self._ready(), message)

    async def finalize_logged_model(
        self, message: model_messages.FinalizeLoggedModel
    ) -> Reply[model_messages.FinalizeLoggedModelResponse]:
        return await logged_models.finalize(await self._ready(), message, now_ms=self._clock())

    async def delete_logged_model(
        self, message: model_messages.DeleteLoggedModel
    ) -> Reply[model_messages.DeleteLoggedModelResponse]:
        return await logged_models.delete(await self._ready(), message, now_ms=self._clock())

    async def search_logged_models(
        self, message: model_messages.SearchLoggedModels
    ) -> Reply[model_messages.SearchLoggedModelsResponse]:
        return await model_search.search(await self._ready(), message, secret=await self.token_secret())

    async def set_logged_model_tags(
        self, message: model_messages.SetLoggedModelTags
    ) -> Reply[model_messages.SetLoggedModelTagsResponse]:
        return await logged_models.set_tags(await self._ready(), message)

    async def delete_logged_model_tag(
        self, message: model_messages.DeleteLoggedModelTag
    ) -> Reply[model_messages.DeleteLoggedModelTagResponse]:
        return await logged_models.delete_tag(await self._ready(), message)

    async def log_logged_model_params(
        self, message: model_messages.LogLoggedModelParamsRequest
    ) -> Reply[model_messages.LogLoggedModelParamsRequestResponse]:
        return await logged_models.log_params(await self._ready(), message)

"""The store on a relational database: each verb, and how it runs."""

from __future__ import annotations

import secrets
from functools import partial

import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.rules.ids import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME
from genesis_flow.rules.limits import HISTORY_BULK_POINTS_MOST, INTERVAL_POINTS_DEFAULT
from genesis_flow.rules.locations import joined
from genesis_flow.stores.protocol import Capability
from genesis_flow.stores.sql import (
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
    schema,
)
from genesis_flow.stores.sql.collection_store import SqlCollection
from genesis_flow.stores.sql.connection import Connection, Statement
from genesis_flow.stores.sql.migrations import PROPERTY
from genesis_flow.stores.sql.registry_store import SqlRegistry
from genesis_flow.stores.sql.upsert import upsert
from genesis_flow.stores.sql.webhook_store import SqlWebhooks
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import datasets as dataset_messages
from genesis_flow.wire.messages import experiments as experiment_messages
from genesis_flow.wire.messages import keys as key_messages
from genesis_flow.wire.messages import logged_models as model_messages
from genesis_flow.wire.messages import metrics as metric_messages
from genesis_flow.wire.messages import run_tables as table_messages
from genesis_flow.wire.messages import runs as run_messages
from genesis_flow.wire.messages import unlisted

# Also by one that is being removed, or by another one of the name of one that was.
TAKEN = Statement(
    sa.select(schema.experiments.c.id).where(
        sa.or_(schema.experiments.c.id == value("id"), schema.experiments.c.name == value("name"))
    )
)
PUT_ONCE = Statement(upsert(schema.properties, "name"))


class SqlStore(SqlRegistry, SqlCollection, SqlWebhooks):
    """Experiments, runs, metrics, datasets, models and webhooks in a relational database.

    Args:
        database: the database, with its tables made.
        secret: gives the key that signs page tokens; asked when the database has been reached.
        artifact_root: below which new experiments get their artifact locations.
        clock: the time.
    """

    supports: frozenset[Capability] = frozenset(
        {"persistent", "concurrent-processes", "collection", "webhooks", "any-name"}
    )

    # --- experiments ------------------------------------------------------------------------------------------

    async def create_experiment(
        self, message: experiment_messages.CreateExperiment
    ) -> Reply[experiment_messages.CreateExperimentResponse]:
        return await self._write_dated(partial(experiments.create, artifact_root=self._artifact_root), message)

    async def get_experiment(
        self, message: experiment_messages.GetExperiment
    ) -> Reply[experiment_messages.GetExperimentResponse]:
        return await self._read(experiments.get, message)

    async def get_experiment_by_name(
        self, message: experiment_messages.GetExperimentByName
    ) -> Reply[experiment_messages.GetExperimentByNameResponse]:
        return await self._read(experiments.get_by_name, message)

    async def search_experiments(
        self, message: experiment_messages.SearchExperiments
    ) -> Reply[experiment_messages.SearchExperimentsResponse]:
        return await self._scan_pages(experiment_search.search, message)

    async def update_experiment(
        self, message: experiment_messages.UpdateExperiment
    ) -> Reply[experiment_messages.UpdateExperimentResponse]:
        return await self._write_dated(experiments.update, message)

    async def delete_experiment(
        self, message: experiment_messages.DeleteExperiment
    ) -> Reply[experiment_messages.DeleteExperimentResponse]:
        return await self._write_dated(experiments.delete, message)

    async def restore_experiment(
        self, message: experiment_messages.RestoreExperiment
    ) -> Reply[experiment_messages.RestoreExperimentResponse]:
        return await self._write_dated(experiments.restore, message)

    async def set_experiment_tag(
        self, message: experiment_messages.SetExperimentTag
    ) -> Reply[experiment_messages.SetExperimentTagResponse]:
        return await self._write(experiments.set_tag, message)

    async def delete_experiment_tag(
        self, message: experiment_messages.DeleteExperimentTag
    ) -> Reply[experiment_messages.DeleteExperimentTagResponse]:
        return await self._write(experiments.delete_tag, message)

    # --- runs ---------------------------------------------------------------------------------------------------

    async def create_run(self, message: run_messages.CreateRun) -> Reply[run_messages.CreateRunResponse]:
        return await self._write(runs.create, message)

    async def get_run(self, message: run_messages.GetRun) -> Reply[run_messages.GetRunResponse]:
        return await self._read(runs.get, message)

    async def update_run(self, message: run_messages.UpdateRun) -> Reply[run_messages.UpdateRunResponse]:
        return await self._write_dated(runs.update, message)

    async def delete_run(self, message: run_messages.DeleteRun) -> Reply[run_messages.DeleteRunResponse]:
        return await self._write_dated(runs.delete, message)

    async def restore_run(self, message: run_messages.RestoreRun) -> Reply[run_messages.RestoreRunResponse]:
        return await self._write(runs.restore, message)

    async def search_runs(self, message: run_messages.SearchRuns) -> Reply[run_messages.SearchRunsResponse]:
        return await self._scan_pages(run_search.search, message)

    async def get_runs_table(self, message: table_messages.GetRunsTable) -> Reply[table_messages.GetRunsTableResponse]:
        return await self._scan(run_tables.get, message)

    async def log_batch(self, message: run_messages.LogBatch) -> Reply[run_messages.LogBatchResponse]:
        return await self._write(runs.log_batch, message)

    async def delete_tag(self, message: run_messages.DeleteTag) -> Reply[run_messages.DeleteTagResponse]:
        return await self._write(runs.delete_tag, message)

    async def log_inputs(self, message: run_messages.LogInputs) -> Reply[run_messages.LogInputsResponse]:
        return await self._write(runs.log_inputs, message)

    async def log_outputs(self, message: run_messages.LogOutputs) -> Reply[run_messages.LogOutputsResponse]:
        return await self._write(runs.log_outputs, message)

    async def log_model(self, message: run_messages.LogModel) -> Reply[run_messages.LogModelResponse]:
        return await self._write(runs.log_model, message)

    async def list_experiment_keys(
        self, message: key_messages.ListExperimentKeys
    ) -> Reply[key_messages.ListExperimentKeysResponse]:
        return await self._scan_pages(keys.list_keys, message)

    # --- metrics ------------------------------------------------------------------------------------------------

    async def get_metric_history(
        self, message: metric_messages.GetMetricHistory
    ) -> Reply[metric_messages.GetMetricHistoryResponse]:
        return await self._scan_pages(metrics.history, message)

    async def get_metric_history_bulk(
        self, message: unlisted.GetMetricHistoryBulk
    ) -> Reply[unlisted.GetMetricHistoryBulkResponse]:
        most = HISTORY_BULK_POINTS_MOST if message.max_results is None else message.max_results
        return await self._scan(partial(metrics.history_bulk, most=most), message)

    async def get_metric_history_bulk_interval(
        self, message: metric_messages.GetMetricHistoryBulkInterval
    ) -> Reply[metric_messages.GetMetricHistoryBulkIntervalResponse]:
        most = message.max_results or INTERVAL_POINTS_DEFAULT
        return await self._scan(partial(metrics.history_bulk_interval, most=most), message)

    # --- datasets and logged models --------------------------------------------------------------------------

    async def search_datasets(
        self, message: dataset_messages.SearchDatasets
    ) -> Reply[dataset_messages.SearchDatasetsResponse]:
        return await self._scan(datasets.search, message)

    async def create_logged_model(
        self, message: model_messages.CreateLoggedModel
    ) -> Reply[model_messages.CreateLoggedModelResponse]:
        return await self._write_dated(logged_models.create, message)

    async def get_logged_model(
        self, message: model_messages.GetLoggedModel
    ) -> Reply[model_messages.GetLoggedModelResponse]:
        return await self._read(logged_models.get, message)

    async def finalize_logged_model(
        self, message: model_messages.FinalizeLoggedModel
    ) -> Reply[model_messages.FinalizeLoggedModelResponse]:
        return await self._write_dated(logged_models.finalize, message)

    async def delete_logged_model(
        self, message: model_messages.DeleteLoggedModel
    ) -> Reply[model_messages.DeleteLoggedModelResponse]:
        return await self._write_dated(logged_models.delete, message)

    async def search_logged_models(
        self, message: model_messages.SearchLoggedModels
    ) -> Reply[model_messages.SearchLoggedModelsResponse]:
        return await self._scan_pages(model_search.search, message)

    async def set_logged_model_tags(
        self, message: model_messages.SetLoggedModelTags
    ) -> Reply[model_messages.SetLoggedModelTagsResponse]:
        return await self._write(logged_models.set_tags, message)

    async def delete_logged_model_tag(
        self, message: model_messages.DeleteLoggedModelTag
    ) -> Reply[model_messages.DeleteLoggedModelTagResponse]:
        return await self._write(logged_models.delete_tag, message)

    async def log_logged_model_params(
        self, message: model_messages.LogLoggedModelParamsRequest
    ) -> Reply[model_messages.LogLoggedModelParamsRequestResponse]:
        return await self._write(logged_models.log_params, message)


def prepare(connection: Connection, *, artifact_root: str, now: int) -> bytes:
    """Writes what a new database holds from the start, unless it is there; the secret that signs page tokens."""
    entries = {"owner": schema.OWNER, "token_secret": secrets.token_hex(32)}
    connection.many(PUT_ONCE, [{"name": name, "value": text} for name, text in entries.items()])
    if connection.row(TAKEN, id=int(DEFAULT_EXPERIMENT_ID), name=DEFAULT_EXPERIMENT_NAME) is None:
        connection.run(
            experiments.INSERT_WITH_ID,
            id=int(DEFAULT_EXPERIMENT_ID),
            name=DEFAULT_EXPERIMENT_NAME,
            artifact_location=joined(artifact_root, DEFAULT_EXPERIMENT_ID),
            lifecycle_stage="active",
            created_ms=now,
            updated_ms=now,
        )
    row = connection.row(PROPERTY, name="token_secret")
    assert row is not None  # written above
    return bytes.fromhex(row[0])

"""Runs: what a request must look like. Every write to a run becomes a batch, so that stores know one."""

from __future__ import annotations

import msgspec

from genesis_flow.errors import InvalidParameter, MissingParameter
from genesis_flow.rules import limits
from genesis_flow.rules.tags import RUN_NAME
from genesis_flow.rules.texts import check_key, check_line, check_long_text, check_range, check_text, require
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import RunStore
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, RunTag
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import metrics as metric_messages
from genesis_flow.wire.messages import run_tables
from genesis_flow.wire.messages import runs as messages


def verbs(store: RunStore) -> Verbs:
    """The verbs of the noun."""

    async def log_metric(message: metric_messages.LogMetric) -> Reply[messages.LogBatchResponse]:
        metric = Metric(
            key=message.key,
            value=message.value,
            timestamp=message.timestamp,
            step=message.step,
            model_id=message.model_id,
            dataset_name=message.dataset_name,
            dataset_digest=message.dataset_digest,
        )
        return await store.log_batch(messages.LogBatch(run_id=_run_id(message), metrics=(metric,)))

    async def log_param(message: messages.LogParam) -> Reply[messages.LogBatchResponse]:
        param = Param(key=message.key, value=message.value)
        return await store.log_batch(messages.LogBatch(run_id=_run_id(message), params=(param,)))

    async def set_tag(message: messages.SetTag) -> Reply[messages.LogBatchResponse]:
        tag = RunTag(key=message.key, value=message.value)
        return await store.log_batch(messages.LogBatch(run_id=_run_id(message), tags=(tag,)))

    return {
        "create_run": Verb(store.create_run, check_create),
        "get_run": Verb(store.get_run, check_get),
        "update_run": Verb(store.update_run, check_update),
        "delete_run": Verb(store.delete_run, check_delete),
        "restore_run": Verb(store.restore_run, check_restore),
        "search_runs": Verb(store.search_runs, check_search),
        "get_runs_table": Verb(store.get_runs_table, check_table),
        "log_metric": Verb(log_metric, check_log_metric),
        "log_param": Verb(log_param, check_log_param),
        "set_tag": Verb(set_tag, check_set_tag),
        "log_batch": Verb(store.log_batch, check_log_batch),
        "delete_tag": Verb(store.delete_tag, check_delete_tag),
        "log_inputs": Verb(store.log_inputs, check_log_inputs),
        "log_outputs": Verb(store.log_outputs, check_log_outputs),
        "log_model": Verb(store.log_model, check_log_model),
    }


HasRunId = messages.GetRun | messages.UpdateRun | messages.LogParam | messages.SetTag | metric_messages.LogMetric


def _run_id(message: HasRunId) -> str:
    """The id of the run, which older clients call ``run_uuid``."""
    return require("run_id", message.run_id or message.run_uuid)


def check_create(message: messages.CreateRun) -> messages.CreateRun:
    """Experiment, name, user and tags."""
    require("experiment_id", message.experiment_id)
    tags = tuple(
        RunTag(
            key=check_line(f"tags[{i}].key", tag.key or "", limits.KEY_LENGTH),
            value=check_text(f"tags[{i}].value", tag.value or ""),
        )
        for i, tag in enumerate(message.tags)
    )
    texts = {tag.key: tag.value for tag in tags}
    if len(texts) != len(tags):
        raise InvalidParameter("tags", [tag.key for tag in tags], "a list in which every key stands once")
    named = texts.get(RUN_NAME)
    if message.run_name and named and message.run_name != named:
        raise InvalidParameter("run_name", message.run_name, f"the same as the tag '{RUN_NAME}', or one of them absent")
    check_line("run_name", message.run_name or "", limits.RUN_NAME_LENGTH)
    check_line("user_id", message.user_id or "", limits.USER_LENGTH)
    return msgspec.structs.replace(message, tags=tags)


def check_get(message: messages.GetRun) -> messages.GetRun:
    """The id is there."""
    _run_id(message)
    return message


def check_update(message: messages.UpdateRun) -> messages.UpdateRun:
    """Id and name."""
    _run_id(message)
    check_line("run_name", message.run_name or "", limits.RUN_NAME_LENGTH)
    return message


def check_delete(message: messages.DeleteRun) -> messages.DeleteRun:
    """The id is there."""
    require("run_id", message.run_id)
    return message


def check_restore(message: messages.RestoreRun) -> messages.RestoreRun:
    """The id is there."""
    require("run_id", message.run_id)
    return message


def check_search(message: messages.SearchRuns) -> messages.SearchRuns:
    """The size of a page, the number of experiments."""
    check_range("max_results", message.max_results, 1, limits.SEARCH_RUNS_MOST)
    check_range("experiment_ids", len(message.experiment_ids), 0, limits.SEARCH_EXPERIMENT_IDS_MOST)
    return message


def check_table(message: run_tables.GetRunsTable) -> run_tables.GetRunsTable:
    """The number of experiments and columns, and the bounds of the block."""
    if not message.experiment_ids:
        raise MissingParameter("experiment_ids")
    check_range("experiment_ids", len(message.experiment_ids), 1, limits.TABLE_EXPERIMENTS_MOST)
    check_range("columns", len(message.columns), 0, limits.TABLE_COLUMNS_MOST)
    check_range("offset", message.offset, 0, limits.TABLE_OFFSET_MOST)
    check_range("limit", message.limit, 1, limits.TABLE_LIMIT_MOST)
    return message


# --- writes -----------------------------------------------------------------------------------------------------


def check_log_metric(message: metric_messages.LogMetric) -> metric_messages.LogMetric:
    """Run, key, time and dataset."""
    _run_id(message)
    check_key("key", message.key)
    _check_point("", message.timestamp, message.dataset_name, message.dataset_digest, message.model_id)
    return message


def check_log_param(message: messages.LogParam) -> messages.LogParam:
    """Run, key and value."""
    _run_id(message)
    check_key("key", message.key)
    return msgspec.structs.replace(message, value=_param_text("value", message.value))


def check_set_tag(message: messages.SetTag) -> messages.SetTag:
    """Run, key and value."""
    _run_id(message)
    check_key("key", message.key)
    return msgspec.structs.replace(message, value=_tag_text("value", message.value))


def check_log_batch(message: messages.LogBatch) -> messages.LogBatch:
    """Run, limits, and every item: one bad item refuses the batch before anything is written."""
    require("run_id", message.run_id)
    counts = len(message.metrics), len(message.params), len(message.tags)
    check_range("metrics", counts[0], 0, limits.METRICS_A_BATCH)
    check_range("params", counts[1], 0, limits.PARAMS_A_BATCH)
    check_range("tags", counts[2], 0, limits.TAGS_A_BATCH)
    check_range("metrics, params and tags together", sum(counts), 0, limits.ITEMS_A_BATCH)
    for i, metric in enumerate(message.metrics):
        _check_metric(f"metrics[{i}]", metric)
    params = tuple(
        Param(key=check_key(f"params[{i}].key", param.key), value=_param_text(f"params[{i}].value", param.value))
        for i, param in enumerate(message.params)
    )
    if len({param.key for param in params}) != len(params):
        raise InvalidParameter("params", [param.key for param in params], "a list in which every key stands once")
    tags = tuple(
        RunTag(key=check_key(f"tags[{i}].key", tag.key), value=_tag_text(f"tags[{i}].value", tag.value))
        for i, tag in enumerate(message.tags)
    )
    return msgspec.structs.replace(message, params=params, tags=tags)


def _check_metric(field: str, metric: Metric) -> None:
    # PERF: this runs a thousand times a batch; names of fields are only made for the error.
    try:
        check_key("key", metric.key)
        if metric.value is None:
            raise MissingParameter("value")
        if metric.timestamp is None:
            raise MissingParameter("timestamp")
        _check_point("", metric.timestamp, metric.dataset_name, metric.dataset_digest, metric.model_id)
    except MissingParameter as error:
        raise MissingParameter(f"{field}.{error.name}") from None
    except InvalidParameter as error:
        raise InvalidParameter(f"{field}.{error.name}", error.value, error.allowed) from None


def _check_point(field: str, timestamp: int, name: str | None, digest: str | None, model_id: str | None) -> None:
    if timestamp < 0:
        raise InvalidParameter(f"{field}timestamp", timestamp, "milliseconds since 1970, not negative")
    if name or digest or model_id:
        check_line(f"{field}dataset_name", name or "", limits.DATASET_NAME_LENGTH)
        check_line(f"{field}dataset_digest", digest or "", limits.DATASET_DIGEST_LENGTH)
        check_line(f"{field}model_id", model_id or "", limits.KEY_LENGTH)
    if bool(name) != bool(digest):
        raise InvalidParameter(f"{field}dataset_name", name or "", "given together with 'dataset_digest'")


def _param_text(field: str, text: str | None) -> str:
    # COMPAT: mlflow 3.17 cuts a long value instead of refusing it.
    return check_text(field, text or "")[: limits.PARAM_LENGTH]


def _tag_text(field: str, text: str | None) -> str:
    # COMPAT: mlflow 3.17 cuts a long value instead of refusing it.
    return check_text(field, text or "")[: limits.TAG_LENGTH]


def check_delete_tag(message: messages.DeleteTag) -> messages.DeleteTag:
    """Run and key are there."""
    require("run_id", message.run_id)
    require("key", message.key)
    return message


def check_log_inputs(message: messages.LogInputs) -> messages.LogInputs:
    """Run, models, datasets and their tags."""
    require("run_id", message.run_id)
    for i, model in enumerate(message.models):
        check_line(f"models[{i}].model_id", require(f"models[{i}].model_id", model.model_id), limits.KEY_LENGTH)
    for i, given in enumerate(message.datasets):
        field, dataset = f"datasets[{i}].dataset", given.dataset
        check_line(f"{field}.name", require(f"{field}.name", dataset.name), limits.DATASET_NAME_LENGTH)
        check_line(f"{field}.digest", require(f"{field}.digest", dataset.digest), limits.DATASET_DIGEST_LENGTH)
        check_line(f"{field}.source_type", dataset.source_type, limits.DATASET_NAME_LENGTH)
        check_long_text(f"{field}.source", dataset.source or "", limits.DATASET_SOURCE_LENGTH)
        check_long_text(f"{field}.schema", dataset.schema or "", limits.DATASET_SCHEMA_LENGTH)
        check_long_text(f"{field}.profile", dataset.profile or "", limits.DATASET_PROFILE_LENGTH)
        for tag in given.tags:
            check_line(f"datasets[{i}].tags.key", tag.key, limits.INPUT_TAG_KEY_LENGTH)
            check_long_text(f"datasets[{i}].tags.value", tag.value or "", limits.INPUT_TAG_LENGTH)
        if len({tag.key for tag in given.tags}) != len(given.tags):
            raise InvalidParameter(f"datasets[{i}].tags", [t.key for t in given.tags], "keys that stand once")
    return message


def check_log_outputs(message: messages.LogOutputs) -> messages.LogOutputs:
    """Run and models."""
    require("run_id", message.run_id)
    for i, model in enumerate(message.models):
        check_line(f"models[{i}].model_id", require(f"models[{i}].model_id", model.model_id), limits.KEY_LENGTH)
    return message


def check_log_model(message: messages.LogModel) -> messages.LogModel:
    """The run is there, and the description is a JSON object that says where the model is."""
    require("run_id", message.run_id)
    text = require("model_json", message.model_json)
    try:
        described = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidParameter("model_json", text, "a JSON object") from None
    if not isinstance(described, dict):
        raise InvalidParameter("model_json", text, "a JSON object")
    missing = [name for name in ("artifact_path", "run_id", "utc_time_created", "flavors") if name not in described]
    if missing:
        raise InvalidParameter("model_json", text, f"an object with {', '.join(missing)}")
    return message

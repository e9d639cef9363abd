"""The history of metrics: what a request must look like."""

from __future__ import annotations

from genesis_flow.errors import InvalidParameter, MissingParameter
from genesis_flow.rules import limits
from genesis_flow.rules.texts import check_range, require
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import MetricStore
from genesis_flow.wire.messages import metrics as messages
from genesis_flow.wire.messages import unlisted


def verbs(store: MetricStore) -> Verbs:
    """The verbs of the noun."""
    return {
        "get_metric_history": Verb(store.get_metric_history, check_history),
        "get_metric_history_bulk": Verb(store.get_metric_history_bulk, check_bulk),
        "get_metric_history_bulk_interval": Verb(store.get_metric_history_bulk_interval, check_interval),
    }


def check_history(message: messages.GetMetricHistory) -> messages.GetMetricHistory:
    """Run, key and the size of a page."""
    require("run_id", message.run_id or message.run_uuid)
    require("metric_key", message.metric_key)
    if message.max_results is not None:
        check_range("max_results", message.max_results, 1, 2**31 - 1)
    return message


def check_bulk(message: unlisted.GetMetricHistoryBulk) -> unlisted.GetMetricHistoryBulk:
    """Runs, key and how many points."""
    _check_runs("run_id", message.run_id)
    require("metric_key", message.metric_key)
    if message.max_results is not None:
        check_range("max_results", message.max_results, 0, limits.HISTORY_BULK_POINTS_MOST)
    return message


def check_interval(message: messages.GetMetricHistoryBulkInterval) -> messages.GetMetricHistoryBulkInterval:
    """Runs, key, the range of steps and how many points."""
    _check_runs("run_ids", message.run_ids)
    require("metric_key", message.metric_key)
    start, end = message.start_step, message.end_step
    if start is None and end is not None:
        raise MissingParameter("start_step")
    if end is None and start is not None:
        raise MissingParameter("end_step")
    if start is not None and end is not None and end < start:
        raise InvalidParameter("end_step", end, f"at least 'start_step' ({start})")
    if message.max_results is not None:
        check_range("max_results", message.max_results, 1, limits.INTERVAL_POINTS_MOST)
    return message


def _check_runs(field: str, runs: tuple[str, ...]) -> None:
    if not runs:
        raise MissingParameter(field)
    if len(runs) > limits.HISTORY_RUNS_MOST:
        raise InvalidParameter(field, f"{len(runs)} runs", f"at most {limits.HISTORY_RUNS_MOST} runs")

"""Metrics in memory: the points of a run over time."""

from __future__ import annotations

import math

from genesis_flow.rules.limits import HISTORY_BULK_POINTS_MOST, INTERVAL_POINTS_DEFAULT
from genesis_flow.rules.page_tokens import make_token, read_token
from genesis_flow.rules.points import ordered
from genesis_flow.rules.stages import REMOVED
from genesis_flow.rules.thinning import Point, thinned
from genesis_flow.stores.memory.state import State
from genesis_flow.values.metrics import Metric, MetricWithRunId
from genesis_flow.wire import codec
from genesis_flow.wire.messages import metrics as messages
from genesis_flow.wire.messages import unlisted


class Metrics:
    """The verbs of the noun."""

    _state: State

    def _points(self, run_id: str, key: str) -> list[Metric]:
        """The points of a metric in their order; none, if there is no such run or metric."""
        stored = self._state.runs.get(run_id)
        if stored and stored.info.lifecycle_stage == REMOVED:
            return []
        points = stored.points_of(key) if stored else []
        return sorted(points, key=lambda point: _rank(*_place(point)))

    async def get_metric_history(self, message: messages.GetMetricHistory) -> messages.GetMetricHistoryResponse:
        run_id = message.run_id or message.run_uuid or ""
        points = self._points(run_id, message.metric_key)
        query = [run_id, message.metric_key]
        if message.page_token:
            end = _rank(*read_token(self._state.secret, query, message.page_token))
            points = [point for point in points if _rank(*_place(point)) > end]
        shown = points[: message.max_results]
        more = len(points) > len(shown)
        token = make_token(self._state.secret, query, _place(shown[-1])) if more else None
        return messages.GetMetricHistoryResponse(metrics=tuple(shown), next_page_token=token)

    async def get_metric_history_bulk(
        self, message: unlisted.GetMetricHistoryBulk
    ) -> unlisted.GetMetricHistoryBulkResponse:
        most = HISTORY_BULK_POINTS_MOST if message.max_results is None else message.max_results
        found = [
            _with_run(point, run_id)
            for run_id in sorted(set(message.run_id))
            for point in self._points(run_id, message.metric_key)
        ]
        return unlisted.GetMetricHistoryBulkResponse(metrics=tuple(found[:most]))

    async def get_metric_history_bulk_interval(
        self, message: messages.GetMetricHistoryBulkInterval
    ) -> messages.GetMetricHistoryBulkIntervalResponse:
        start = -math.inf if message.start_step is None else message.start_step
        end = math.inf if message.end_step is None else message.end_step
        found: list[MetricWithRunId] = []
        for run_id in message.run_ids:
            points = [
                Point(point.step or 0, point.timestamp or 0, point.value or 0.0)
                for point in self._points(run_id, message.metric_key)
                if start <= (point.step or 0) <= end
            ]
            points.sort(key=lambda point: point.step)
            found += [
                MetricWithRunId(key=message.metric_key, run_id=run_id, **point._asdict())
                for point in thinned(points, message.max_results or INTERVAL_POINTS_DEFAULT)
            ]
        return messages.GetMetricHistoryBulkIntervalResponse(metrics=tuple(found))


def _place(point: Metric) -> tuple[int, int, str]:
    return point.timestamp or 0, point.step or 0, codec.number(point.value or 0.0)


def _rank(timestamp: int, step: int, text: str) -> tuple[int, int, float, str]:
    """What orders the points: time, step, value."""
    return timestamp, step, ordered(float(text.strip('"'))), text


def _with_run(point: Metric, run_id: str) -> MetricWithRunId:
    return MetricWithRunId(key=point.key, value=point.value, timestamp=point.timestamp, step=point.step, run_id=run_id)

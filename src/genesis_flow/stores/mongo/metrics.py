"""The points of metrics in MongoDB, as they are asked for."""

from __future__ import annotations

from genesis_flow.rules.page_tokens import make_token, read_token
from genesis_flow.rules.points import Triple, ordered
from genesis_flow.stores.mongo import packing, points
from genesis_flow.stores.mongo.database import Database
from genesis_flow.values.metrics import Metric, MetricWithRunId
from genesis_flow.wire import codec
from genesis_flow.wire.codec import Encoded, Reply
from genesis_flow.wire.messages import metrics as messages
from genesis_flow.wire.messages import unlisted

ALL_STEPS = (-(2**63), 2**63 - 1)


async def history(
    database: Database, message: messages.GetMetricHistory, *, secret: bytes
) -> messages.GetMetricHistoryResponse:
    """All points of a metric, or a page of them."""
    run_id, key, most = message.run_id or message.run_uuid or "", message.metric_key, message.max_results
    query = [run_id, key]
    behind = None
    if message.page_token:
        timestamp, step, text = read_token(secret, query, message.page_token)
        behind = timestamp, step, ordered(float(text.strip('"'))), text
    if most is None:
        found = await points.history(database, run_id, key)
        shown = [point for point in found if behind is None or packing.in_history(point) > behind]
        return messages.GetMetricHistoryResponse(metrics=_metrics(key, shown))
    found = await points.page(database, run_id, key, behind, most + 1)
    shown = found[:most]
    token = None
    if len(found) > most and shown:
        timestamp, step, value = shown[-1]
        token = make_token(secret, query, [timestamp, step, codec.number(value)])
    return messages.GetMetricHistoryResponse(metrics=_metrics(key, shown), next_page_token=token)


def _metrics(key: str, found: list[Triple]) -> tuple[Metric, ...]:
    return tuple([Metric(key=key, value=value, timestamp=timestamp, step=step) for timestamp, step, value in found])


async def history_bulk(
    database: Database, message: unlisted.GetMetricHistoryBulk, *, most: int
) -> Reply[unlisted.GetMetricHistoryBulkResponse]:
    """The points of one metric in several runs, ordered by run id, ``most`` of them in all."""
    found: list[MetricWithRunId] = []
    for run_id in sorted(set(message.run_id)):
        if len(found) >= most:
            break
        of_run = await points.page(database, run_id, message.metric_key, None, most - len(found))
        found += [
            MetricWithRunId(key=message.metric_key, value=value, timestamp=timestamp, step=step, run_id=run_id)
            for timestamp, step, value in of_run
        ]
    reply = unlisted.GetMetricHistoryBulkResponse(metrics=tuple(found))
    # COMPAT: mlflow 3.17 answers an empty list here, where a message would leave it out.
    return reply if found else Encoded(b'{"metrics":[]}', unlisted.GetMetricHistoryBulkResponse)


async def history_bulk_interval(
    database: Database, message: messages.GetMetricHistoryBulkInterval, *, most: int
) -> messages.GetMetricHistoryBulkIntervalResponse:
    """The thinned curve of one metric in several runs."""
    start = ALL_STEPS[0] if message.start_step is None else message.start_step
    end = ALL_STEPS[1] if message.end_step is None else message.end_step
    found: list[MetricWithRunId] = []
    for run_id in message.run_ids:
        found += [
            MetricWithRunId(key=message.metric_key, run_id=run_id, **point._asdict())
            for point in await points.curve(database, run_id, message.metric_key, (start, end), most)
        ]
    return messages.GetMetricHistoryBulkIntervalResponse(metrics=tuple(found))

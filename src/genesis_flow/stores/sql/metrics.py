"""Metrics in SQL: every point, and beside them the latest of each metric."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam as value
from sqlalchemy.engine.interfaces import Dialect

from genesis_flow.entities.metrics import Metric, MetricWithRunId
from genesis_flow.errors import LoggedModelNotFound
from genesis_flow.rules.page_tokens import make_token, read_token
from genesis_flow.rules.thinning import Point, thinned
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Connection, Statement
from genesis_flow.stores.sql.upsert import upsert
from genesis_flow.wire import codec
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages import metrics as messages
from genesis_flow.wire.messages import unlisted

T = schema.metric_points
LATEST = ("step", "timestamp", "value")

ADD_POINT = Statement(upsert(T, *(c.name for c in T.primary_key)))
PUT_LATEST = Statement(upsert(schema.run_metrics, "run", "key", update=("value", "timestamp", "step"), newer=LATEST))
MODEL = Statement(sa.select(schema.logged_models.c.id).where(schema.logged_models.c.model_id == value("model_id")))
ADD_MODEL_POINT = Statement(
    upsert(schema.logged_model_metrics, *(c.name for c in schema.logged_model_metrics.primary_key))
)
RUN = Statement(sa.select(schema.runs.c.id).where(schema.runs.c.run_id == value("run_id")))

LARGEST = sys.float_info.max
ORDER = (T.c.timestamp, T.c.step, T.c.number, T.c.value)  # the primary key's own, so nothing is sorted
# PERF: a point as JSON, written by the database: 100,000 points in 70 ms instead of 250 ms as Python objects.
ITEM = (
    sa.bindparam("prefix", type_=sa.Text)
    + T.c.value
    + sa.literal_column("""',"timestamp":'""", sa.Text)
    + sa.cast(T.c.timestamp, sa.Text)
    + sa.literal_column("""',"step":'""", sa.Text)
    + sa.cast(T.c.step, sa.Text)
    + sa.bindparam("suffix", type_=sa.Text)
)
OF_METRIC = (T.c.run == value("run"), T.c.key == value("name"))
IN_ORDER = sa.select(ITEM.label("item")).where(*OF_METRIC).order_by(*ORDER).limit(value("most")).subquery()
# All of them at once, with commas between; the subquery is read in its order.
ITEMS = Statement(lambda dialect: sa.select(_joined(dialect, IN_ORDER.c.item), sa.func.count()))
PAGE = Statement(
    sa.select(ITEM, T.c.timestamp, T.c.step, T.c.value)
    .where(*OF_METRIC, sa.tuple_(*ORDER) > sa.tuple_(value("t"), value("s"), value("n"), value("v")))
    .order_by(*ORDER)
    .limit(value("most"))
)
FIRST_PAGE = Statement(
    sa.select(ITEM, T.c.timestamp, T.c.step, T.c.value).where(*OF_METRIC).order_by(*ORDER).limit(value("most"))
)
POINTS = Statement(
    sa.select(T.c.step, T.c.timestamp, T.c.value)
    .where(*OF_METRIC, T.c.step >= value("start"), T.c.step <= value("end"))
    .order_by(T.c.step, T.c.timestamp, T.c.number)
)
ALL_STEPS = (-(2**63), 2**63 - 1)
ALL = 2**63 - 1


def write(connection: Connection, run: int, experiment: int, run_id: str, metrics: Sequence[Metric]) -> None:
    """Adds points to a run; a point that is there already stays one.

    Raises:
        LoggedModelNotFound: a metric names a model that does not exist.
    """
    models = _models(connection, metrics)
    connection.many(ADD_POINT, _points(run, metrics))
    connection.many(
        PUT_LATEST,
        ({"run": run, "experiment_id": experiment, **_latest(metric)} for metric in newest(metrics)),
    )
    if models:
        connection.many(
            ADD_MODEL_POINT,
            (
                {
                    "model": models[metric.model_id],
                    "run_id": run_id,
                    "dataset_name": metric.dataset_name or "",
                    "dataset_digest": metric.dataset_digest or "",
                    "text": codec.number(float(metric.value or 0.0)),
                    **_latest(metric),
                }
                for metric in metrics
                if metric.model_id
            ),
        )


def newest(metrics: Iterable[Metric]) -> list[Metric]:
    """Of each key the point with the highest step, then time, then value; NaN counts as 0."""
    best: dict[str | None, tuple[tuple[int, int, float], Metric]] = {}
    for metric in metrics:
        number = metric.value or 0.0
        rank = (metric.step or 0, metric.timestamp or 0, 0.0 if math.isnan(number) else number)
        known = best.get(metric.key)
        if known is None or rank > known[0]:
            best[metric.key] = rank, metric
    return [metric for _, metric in best.values()]


def _models(connection: Connection, metrics: Sequence[Metric]) -> dict[str, int]:
    keys: dict[str, int] = {}
    for model_id in {metric.model_id for metric in metrics if metric.model_id}:
        row = connection.row(MODEL, model_id=model_id)
        if row is None:
            raise LoggedModelNotFound(model_id)
        keys[model_id] = row[0]
    return keys


def _points(run: int, metrics: Sequence[Metric]) -> Iterator[Mapping[str, Any]]:
    # PERF: a loop for the thousand points of a batch, with no call in it for a finite number.
    for metric in metrics:
        number = float(metric.value or 0.0)
        finite = math.isfinite(number)
        yield {
            "run": run,
            "key": metric.key,
            "timestamp": metric.timestamp or 0,
            "step": metric.step or 0,
            "number": number if finite else ordered(number),
            "value": repr(number) if finite else codec.number(number),
        }


def ordered(number: float) -> float:
    """What a value is ordered by.

    COMPAT: mlflow 3.17 orders NaN as 0 and an infinity as the largest double.
    """
    return 0.0 if math.isnan(number) else max(-LARGEST, min(number, LARGEST))


def _latest(metric: Metric) -> dict[str, Any]:
    number = metric.value or 0.0
    return {
        "key": metric.key,
        "value": None if math.isnan(number) else number,
        "timestamp": metric.timestamp or 0,
        "step": metric.step or 0,
    }


def history(
    connection: Connection, message: messages.GetMetricHistory, *, secret: bytes
) -> Encoded[messages.GetMetricHistoryResponse]:
    """All points of a metric, or a page of them."""
    run_id = message.run_id or message.run_uuid or ""
    row = connection.row(RUN, run_id=run_id)
    if row is None:
        return _answer(b"", None)
    of = {"run": row[0], "name": message.metric_key, **_around(message.metric_key)}
    if message.max_results is None and not message.page_token:
        return _answer(_items(connection, of)[0], None)
    return _page(connection, message, [run_id, message.metric_key], of, secret)


def _joined(dialect: Dialect, texts: sa.ColumnElement[str]) -> sa.ColumnElement[bytes]:
    """The texts as bytes with commas between."""
    if dialect.name == "postgresql":
        return sa.func.convert_to(sa.func.string_agg(texts, sa.literal_column("','")), sa.literal_column("'UTF8'"))
    return sa.cast(sa.func.group_concat(texts), sa.LargeBinary)


def _items(connection: Connection, of: dict[str, Any], most: int = ALL) -> tuple[bytes, int]:
    """The points as JSON with commas between, and how many they are."""
    ((items, count),) = connection.rows(ITEMS, most=most, **of)
    return items or b"", count


def _page(
    connection: Connection,
    message: messages.GetMetricHistory,
    query: list[str],
    of: dict[str, Any],
    secret: bytes,
) -> Encoded[messages.GetMetricHistoryResponse]:
    most = message.max_results
    limit = ALL if most is None else most + 1
    if message.page_token:
        timestamp, step, text = read_token(secret, query, message.page_token)
        after = {"t": timestamp, "s": step, "n": ordered(float(text.strip('"'))), "v": text}
        rows = connection.rows(PAGE, most=limit, **after, **of)
    else:
        rows = connection.rows(FIRST_PAGE, most=limit, **of)
    more = most is not None and len(rows) > most
    shown = rows[:most] if more else rows
    token = make_token(secret, query, list(shown[-1][1:])) if more else None
    return _answer(",".join([row[0] for row in shown]).encode(), token)


def _around(key: str, run_id: str | None = None) -> dict[str, str]:
    """The JSON before and behind the numbers of a point."""
    suffix = "}" if run_id is None else f',"run_id":{msgspec.json.encode(run_id).decode()}}}'
    return {"prefix": f'{{"key":{msgspec.json.encode(key).decode()},"value":', "suffix": suffix}


def _answer(items: bytes, token: str | None) -> Encoded[messages.GetMetricHistoryResponse]:
    points = b'"metrics":[' + items + b"]" if items else b""
    next_page = f',"next_page_token":"{token}"'.encode() if token else b""
    return Encoded(b"{" + points + next_page + b"}", messages.GetMetricHistoryResponse)


def history_bulk(
    connection: Connection, message: unlisted.GetMetricHistoryBulk, *, most: int
) -> Encoded[unlisted.GetMetricHistoryBulkResponse]:
    """The points of one metric in several runs, ordered by run id, ``most`` of them in all."""
    found: list[bytes] = []
    left = most
    for run_id in sorted(set(message.run_id)):
        row = connection.row(RUN, run_id=run_id)
        if row is None or left == 0:
            continue
        of = {"run": row[0], "name": message.metric_key, **_around(message.metric_key, run_id)}
        items, count = _items(connection, of, left)
        if count:
            found.append(items)
            left -= count
    return Encoded(b'{"metrics":[' + b",".join(found) + b"]}", unlisted.GetMetricHistoryBulkResponse)


def history_bulk_interval(
    connection: Connection, message: messages.GetMetricHistoryBulkInterval, *, most: int
) -> messages.GetMetricHistoryBulkIntervalResponse:
    """The thinned curve of one metric in several runs."""
    start, end = ALL_STEPS if message.start_step is None else (message.start_step, message.end_step)
    found: list[MetricWithRunId] = []
    for run_id in message.run_ids:
        row = connection.row(RUN, run_id=run_id)
        if row is None:
            continue
        rows = connection.rows(POINTS, run=row[0], name=message.metric_key, start=start, end=end)
        points = [Point(step, timestamp, float(text.strip('"'))) for step, timestamp, text in rows]
        found += [
            MetricWithRunId(key=message.metric_key, run_id=run_id, **point._asdict()) for point in thinned(points, most)
        ]
    return messages.GetMetricHistoryBulkIntervalResponse(metrics=tuple(found))

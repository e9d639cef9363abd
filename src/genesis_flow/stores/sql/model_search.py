"""The search for logged models.

A metric of a model has many values: a leaf of a filter holds if some recorded point satisfies it, an ordering
goes by the newest point. Both look only at points on the datasets that the request names, if it names any.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from genesis_flow.search.ast import Kind, Order
from genesis_flow.stores import asking
from genesis_flow.stores.sql import logged_models, schema
from genesis_flow.stores.sql.connection import Connection
from genesis_flow.stores.sql.paging import Query, page, position_of
from genesis_flow.stores.sql.search import Source, Values
from genesis_flow.values.logged_models import SearchLoggedModelsDataset, SearchLoggedModelsOrderBy
from genesis_flow.wire.messages import logged_models as messages

T = schema.logged_models
POINTS = schema.logged_model_metrics

ATTRIBUTES = {
    "model_id": T.c.model_id,
    "name": T.c.name,
    "model_type": T.c.model_type,
    "status": T.c.status,
    "status_message": T.c.status_message,
    "lifecycle_stage": T.c.lifecycle_stage,
    "source_run_id": T.c.source_run_id,
    "artifact_location": T.c.artifact_uri,
    "experiment_id": T.c.experiment_id,
    "creation_timestamp": T.c.created_ms,
    "last_updated_timestamp": T.c.updated_ms,
}


def search(
    connection: Connection, message: messages.SearchLoggedModels, *, secret: bytes
) -> messages.SearchLoggedModelsResponse:
    """A page of models that are not deleted."""
    asked = asking.of_models(message, secret)
    if not asked.experiments:
        return messages.SearchLoggedModelsResponse()
    scope: list[sa.ColumnElement[bool]] = [T.c.lifecycle_stage == "active"]
    points = sa.select(POINTS).where(on_datasets(message.datasets)).subquery() if message.datasets else POINTS
    if message.datasets:
        scope.append(sa.exists().where(points.c.model == T.c.id))
    where = source(points, _newest(asked.order, message.order_by))
    query = Query(where, T, sa.and_(*scope), T.c.experiment_id, asked)
    found = page(connection, query, message.max_results + 1)
    shown, token = asked.cut(found, message.max_results, position_of)
    models = logged_models.load(connection, [model for model, _ in shown])
    return messages.SearchLoggedModelsResponse(models=tuple(models), next_page_token=token)


def source(points: sa.FromClause, newest: sa.FromClause | None) -> Source:
    """Where models are searched, with these points as their metrics."""
    return Source(
        key=T.c.id,
        attributes=ATTRIBUTES,
        nullable=frozenset({"status_message"}),
        values={
            Kind.METRIC: Values(points, "model", ordered=newest),
            Kind.PARAM: Values(schema.logged_model_params, "model"),
            Kind.TAG: Values(schema.logged_model_tags, "model"),
        },
    )


def on_datasets(datasets: Sequence[SearchLoggedModelsDataset]) -> sa.ColumnElement[bool]:
    """The points on one of these datasets; a dataset without a digest is that name with any."""
    return sa.or_(
        *(
            sa.and_(
                POINTS.c.dataset_name == dataset.dataset_name,
                *([POINTS.c.dataset_digest == dataset.dataset_digest] if dataset.dataset_digest else []),
            )
            for dataset in datasets
        )
    )


def _newest(order: Sequence[Order], asked: Sequence[SearchLoggedModelsOrderBy]) -> sa.FromClause | None:
    """The newest point of each model and metric that the order names, on the dataset that its term names."""
    wanted: dict[str, sa.ColumnElement[bool]] = {}
    for term in asked:
        key = term.field_name.partition(".")[2]
        condition: sa.ColumnElement[bool] = POINTS.c.key == key
        if term.dataset_name:
            dataset = SearchLoggedModelsDataset(dataset_name=term.dataset_name, dataset_digest=term.dataset_digest)
            condition = sa.and_(condition, on_datasets([dataset]))
        wanted.setdefault(key, condition)
    conditions = [wanted[term.field.key] for term in order if term.field.kind is Kind.METRIC]
    if not conditions:
        return None
    place = sa.func.row_number().over(
        partition_by=(POINTS.c.model, POINTS.c.key),
        order_by=[
            POINTS.c[name].desc() for name in ("timestamp", "step", "dataset_name", "dataset_digest", "run_id", "text")
        ],
    )
    ranked = (
        sa.select(POINTS.c.model, POINTS.c.key, POINTS.c.value, place.label("place"))
        .where(sa.or_(*conditions))
        .subquery()
    )
    return sa.select(ranked.c.model, ranked.c.key, ranked.c.value).where(ranked.c.place == 1).subquery()

"""The search for experiments."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa

from genesis_flow.rules.limits import SEARCH_EXPERIMENTS_DEFAULT
from genesis_flow.rules.stages import STAGES
from genesis_flow.search.ast import Kind
from genesis_flow.stores import asking
from genesis_flow.stores.sql import experiments, schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement, among
from genesis_flow.stores.sql.paging import Query, keys_of, page, position_of
from genesis_flow.stores.sql.search import Source, Values
from genesis_flow.wire.messages import experiments as messages

T = schema.experiments
TAGS = schema.experiment_tags

SOURCE = Source(
    key=T.c.id,
    attributes={
        "experiment_id": T.c.id,
        "name": T.c.name,
        "creation_time": T.c.created_ms,
        "last_update_time": T.c.updated_ms,
    },
    values={Kind.TAG: Values(TAGS, "experiment_id")},
)
BY_IDS = Statement(lambda dialect: sa.select(*experiments.COLUMNS).where(among(dialect, T.c.id, "ids")))
TAGS_BY_IDS = Statement(
    lambda dialect: sa.select(TAGS.c.experiment_id, TAGS.c.key, TAGS.c.value).where(
        among(dialect, TAGS.c.experiment_id, "ids")
    )
)


def search(
    connection: Connection, message: messages.SearchExperiments, *, secret: bytes
) -> messages.SearchExperimentsResponse:
    """A page of experiments."""
    view = message.view_type or "ACTIVE_ONLY"
    most = message.max_results or SEARCH_EXPERIMENTS_DEFAULT
    asked = asking.of_experiments(message, view, secret)
    query = Query(SOURCE, T, T.c.lifecycle_stage.in_(STAGES[view]), None, asked)
    shown, token = asked.cut(page(connection, query, most + 1), most, position_of)
    found = keys_of(shown)
    keys = connection.array(found)
    rows = {row[0]: row for row in connection.rows(BY_IDS, ids=keys)}
    tags: dict[int, list[Row]] = defaultdict(list)
    for key, name, text in connection.rows(TAGS_BY_IDS, ids=keys):
        tags[key].append((name, text))
    return messages.SearchExperimentsResponse(
        experiments=tuple(experiments.entity(rows[key], tags[key]) for key in found),
        next_page_token=token,
    )

"""The datasets of experiments in SQL."""

from __future__ import annotations

import sqlalchemy as sa

from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.limits import SEARCH_DATASETS_MOST
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Connection, Statement, among
from genesis_flow.values.datasets import DatasetSummary
from genesis_flow.wire.messages import datasets as messages

_DATA, _LINKS = schema.datasets, schema.run_datasets
SUMMARIES = Statement(
    lambda dialect: (
        sa.select(_DATA.c.experiment_id, _DATA.c.name, _DATA.c.digest, _LINKS.c.context)
        .join(_LINKS, _LINKS.c.dataset == _DATA.c.id)
        .where(among(dialect, _DATA.c.experiment_id, "experiments"))
        .distinct()
        .order_by(_DATA.c.experiment_id, _DATA.c.name, _DATA.c.digest, _LINKS.c.context.nulls_first())
        .limit(SEARCH_DATASETS_MOST)
    )
)


def search(connection: Connection, message: messages.SearchDatasets) -> messages.SearchDatasetsResponse:
    """The datasets that runs of the experiments read, deleted runs too, each with each of its contexts."""
    keys = connection.array({experiment_key(experiment_id) for experiment_id in message.experiment_ids})
    return messages.SearchDatasetsResponse(
        dataset_summaries=tuple(
            DatasetSummary(experiment_id=str(experiment), name=name, digest=digest, context=context)
            for experiment, name, digest, context in connection.rows(SUMMARIES, experiments=keys)
        )
    )

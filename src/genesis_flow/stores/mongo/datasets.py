"""The datasets of experiments in MongoDB."""

from __future__ import annotations

from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.limits import SEARCH_DATASETS_MOST
from genesis_flow.stores.mongo.database import Database
from genesis_flow.values.datasets import DatasetSummary
from genesis_flow.wire.messages import datasets as messages


async def search(database: Database, message: messages.SearchDatasets) -> messages.SearchDatasetsResponse:
    """The datasets that runs of the experiments read, deleted runs too, each with each of its contexts."""
    keys = sorted({experiment_key(experiment_id) for experiment_id in message.experiment_ids})
    found = await database.find(
        "datasets",
        {"experiment": {"$in": keys}, "contexts": {"$exists": True}},
        {"experiment": True, "name": True, "digest": True, "contexts": True},
        sort=[("experiment", 1), ("name", 1), ("digest", 1)],
        limit=SEARCH_DATASETS_MOST,
    )
    summaries = [
        DatasetSummary(
            experiment_id=str(int(one["experiment"])), name=one["name"], digest=one["digest"], context=context
        )
        for one in found
        for context in sorted(one["contexts"], key=lambda text: (text is not None, text or ""))
    ]
    return messages.SearchDatasetsResponse(dataset_summaries=tuple(summaries[:SEARCH_DATASETS_MOST]))

"""The search for experiments."""

from __future__ import annotations

from genesis_flow.rules.limits import SEARCH_EXPERIMENTS_DEFAULT
from genesis_flow.rules.stages import STAGES
from genesis_flow.search.ast import Kind
from genesis_flow.stores import asking
from genesis_flow.stores.mongo import experiments, paging
from genesis_flow.stores.mongo.database import Database
from genesis_flow.stores.mongo.search import Condition, Source, condition
from genesis_flow.wire.messages import experiments as messages

SOURCE = Source(
    attributes={"experiment_id": "_id", "name": "name", "creation_time": "created", "last_update_time": "updated"},
    arrays={Kind.TAG: "tags"},
)
FIELDS = {"location": True, "stage": True, "tags": True, "name": True, "created": True, "updated": True}


async def search(
    database: Database, message: messages.SearchExperiments, *, secret: bytes
) -> messages.SearchExperimentsResponse:
    """A page of experiments."""
    view = message.view_type or "ACTIVE_ONLY"
    most = message.max_results or SEARCH_EXPERIMENTS_DEFAULT
    asked = asking.of_experiments(message, view, secret)
    stages = STAGES[view]
    stage: Condition = {"stage": stages[0] if len(stages) == 1 else {"$in": list(stages)}}
    paths = paging.plain_paths(asked.order, SOURCE)
    assert paths is not None  # experiments are ordered by attributes that each of them has
    matching = stage if asked.expression is None else {"$and": [stage, condition(asked.expression, SOURCE)]}
    found = await paging.by_attributes(database, "experiments", matching, paths, asked.position, most + 1, FIELDS)
    shown, token = asked.cut(found, most, lambda one: list(one[1]))
    return messages.SearchExperimentsResponse(
        experiments=tuple(experiments.entity(one) for one, _ in shown), next_page_token=token
    )

"""The state of a MongoDB: versions, indexes, and the plans of the commonest queries as the store really sends them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from genesis_flow.entities.logged_models import SearchLoggedModelsOrderBy
from genesis_flow.stores.inspection import IndexState, Inspection, Plan
from genesis_flow.stores.mongo import (
    datasets,
    experiment_search,
    experiments,
    metrics,
    migrations,
    model_search,
    run_search,
    runs,
)
from genesis_flow.stores.mongo.database import Database, Document, Filter, Sort
from genesis_flow.stores.mongo.indexes import INDEXES
from genesis_flow.wire.messages import datasets as dataset_messages
from genesis_flow.wire.messages import experiments as experiment_messages
from genesis_flow.wire.messages import logged_models as model_messages
from genesis_flow.wire.messages import metrics as metric_messages
from genesis_flow.wire.messages import runs as run_messages

SECRET = b"inspection"


class Explaining(Database):
    """A database that notes the plan of every query before it answers it."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.seen: list[Document] = []

    async def find(
        self,
        collection: str,
        filter: Filter,
        fields: Mapping[str, Any] | None = None,
        *,
        sort: Sort | None = None,
        limit: int = 0,
    ) -> list[Document]:
        query: Document = {"find": collection, "filter": filter}
        if fields:
            query["projection"] = fields
        if sort:
            query["sort"] = dict(sort)
        if limit:
            query["limit"] = limit
        await self._explain(query)
        return await super().find(collection, filter, fields, sort=sort, limit=limit)

    async def find_one(
        self, collection: str, filter: Filter, fields: Mapping[str, Any] | None = None
    ) -> Document | None:
        await self._explain({"find": collection, "filter": filter, "limit": 1})
        return await super().find_one(collection, filter, fields)

    async def aggregate(self, collection: str, pipeline: Sequence[Mapping[str, Any]]) -> list[Document]:
        await self._explain({"aggregate": collection, "pipeline": list(pipeline), "cursor": {}})
        return await super().aggregate(collection, pipeline)

    async def _explain(self, query: Document) -> None:
        self.seen.append(await self.command("explain", query, verbosity="queryPlanner"))


async def inspect(uri: str) -> Inspection:
    """Looks at the database of a URI without changing it.

    Raises:
        ForeignDatabase: it belongs to another program.
        Unavailable: it does not answer.
    """
    database = Explaining(uri)
    try:
        version, _ = await migrations.version_of(database)
        pending = [step.purpose for step in migrations.STEPS if step.version > version]
        missing = set(await migrations.missing_indexes(database)) if version else set(INDEXES)
        indexes = [IndexState(f"{one.collection}.{one.name}", one.purpose, one not in missing) for one in INDEXES]
        plans = await _plans(database) if version else []
        return Inspection(version, pending, indexes, plans)
    finally:
        await database.close()


async def _plans(database: Explaining) -> list[Plan]:
    found: list[Plan] = []
    for query, ask in await _queries(database):
        database.seen.clear()
        await ask()
        stages = [_steps(_winner(explained)) for explained in database.seen]
        steps = "; ".join(dict.fromkeys(stages))
        found.append(Plan(query, steps, "COLLSCAN" in steps))
    return found


async def _queries(database: Explaining) -> list[tuple[str, Callable[[], Awaitable[Any]]]]:
    """The commonest queries, asked of a run that exists; none without one."""
    run = await Database.find_one(database, "runs", {"metrics.0": {"$exists": True}}, {"lookup": False, "json": False})
    if run is None:
        return []
    run_id, experiment = run["_id"], str(int(run["experiment"]))
    metric = run["metrics"][0]["k"]
    param = run["params"][0] if run["params"] else {"k": "param", "v": "value"}
    of_param = f"params.`{param['k']}` = '{param['v']}'" if "'" not in param["v"] else f"params.`{param['k']}` != ''"

    def search(filter: str = "", *order: str) -> Callable[[], Awaitable[Any]]:
        message = run_messages.SearchRuns(
            experiment_ids=(experiment,), filter=filter, order_by=order, max_results=100, run_view_type="ACTIVE_ONLY"
        )
        return lambda: run_search.search(database, message, secret=SECRET)

    models = model_messages.SearchLoggedModels(
        experiment_ids=(experiment,),
        filter=f"metrics.`{metric}` > 0",
        order_by=(SearchLoggedModelsOrderBy(field_name="creation_timestamp"),),
        max_results=100,
    )
    interval = metric_messages.GetMetricHistoryBulkInterval(run_ids=(run_id,), metric_key=metric, max_results=320)
    named = experiment_messages.GetExperimentByName(experiment_name="Default")
    return [
        ("an experiment by its name", lambda: experiments.get_by_name(database, named)),
        (
            "the list of experiments",
            lambda: experiment_search.search(database, experiment_messages.SearchExperiments(), secret=SECRET),
        ),
        ("a run", lambda: runs.get(database, run_messages.GetRun(run_id=run_id))),
        ("the latest runs", search()),
        ("runs by a param", search(of_param)),
        ("runs by a metric", search(f"metrics.`{metric}` > 0")),
        ("runs in the order of a metric", search("", f"metrics.`{metric}` DESC")),
        ("runs by a param in the order of a metric", search(of_param, f"metrics.`{metric}` ASC")),
        (
            "the history of a metric",
            lambda: metrics.history(
                database, metric_messages.GetMetricHistory(run_id=run_id, metric_key=metric), secret=SECRET
            ),
        ),
        ("the curve of a metric", lambda: metrics.history_bulk_interval(database, interval, most=320)),
        (
            "the datasets of an experiment",
            lambda: datasets.search(database, dataset_messages.SearchDatasets(experiment_ids=(experiment,))),
        ),
        ("logged models by a metric", lambda: model_search.search(database, models, secret=SECRET)),
    ]


def _winner(explained: Document) -> Document:
    """The plan that was chosen, wherever this kind of query keeps it."""
    if "stages" in explained:
        explained = explained["stages"][0]["$cursor"]
    planner = explained.get("queryPlanner") or next(iter(explained["shards"].values()))["queryPlanner"]
    plan: Document = planner["winningPlan"]
    chosen: Document = plan.get("queryPlan", plan)
    return chosen


def _steps(plan: Document) -> str:
    name: str = plan.get("stage", "")
    if index := plan.get("indexName"):
        name += f" {index}"
    inputs: list[Document] = [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages") or []
    inputs += plan.get("shards") or []
    below = " + ".join(dict.fromkeys(_steps(one.get("winningPlan", one)) for one in inputs))
    return f"{name} ← {below}" if below else name

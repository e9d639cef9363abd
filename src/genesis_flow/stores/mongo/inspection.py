"""The state of a MongoDB: versions, indexes, and the plans of the commonest queries as the store really sends them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from genesis_flow.errors import AliasNotFound
from genesis_flow.stores.inspection import (
    NO_ALIAS,
    IndexState,
    Inspection,
    Plan,
    Question,
    commonest,
    commonest_of_registry,
)
from genesis_flow.stores.mongo import (
    datasets,
    experiment_search,
    experiments,
    metrics,
    migrations,
    model_history,
    model_search,
    model_versions,
    registered,
    registered_models,
    registry_search,
    run_search,
    run_tables,
    runs,
)
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.indexes import INDEXES

SECRET = b"inspection"
ASK: Mapping[str, Any] = {
    "get_experiment_by_name": experiments.get_by_name,
    "search_experiments": partial(experiment_search.search, secret=SECRET),
    "get_run": runs.get,
    "search_runs": partial(run_search.search, secret=SECRET),
    "get_runs_table": run_tables.get,
    "get_metric_history": partial(metrics.history, secret=SECRET),
    "get_metric_history_bulk_interval": partial(metrics.history_bulk_interval, most=320),
    "search_datasets": datasets.search,
    "search_logged_models": partial(model_search.search, secret=SECRET),
    "get_registered_model": registered_models.get,
    "search_registered_models": partial(registry_search.models, secret=SECRET),
    "get_model_version_by_alias": model_versions.get_by_alias,
    "resolve_model_alias": model_history.resolve,
    "search_model_versions": partial(registry_search.versions, secret=SECRET),
    "get_model_timeline": partial(model_history.timeline, secret=SECRET),
}
EXPLAINED = ("find", "aggregate", "filter", "projection", "sort", "limit", "pipeline")
"""The parts of a command that its plan depends on."""


class _Sent(CommandListener):
    """Keeps the queries that go to the database."""

    def __init__(self) -> None:
        self.queries: list[Document] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate"):
            query = {name: event.command[name] for name in EXPLAINED if name in event.command}
            self.queries.append(query | ({"cursor": {}} if "aggregate" in query else {}))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing is kept of an answer."""

    def failed(self, event: CommandFailedEvent) -> None:
        """An error is raised where the command was called."""


async def inspect(uri: str) -> Inspection:
    """Looks at the database of a URI without changing it.

    Raises:
        ForeignDatabase: it belongs to another program.
        NewerDatabase: it does not let a version as old as this one work on it.
        Unavailable: it does not answer.
    """
    sent = _Sent()
    database = Database(uri, event_listeners=[sent], only_reads=True)
    try:
        version, _ = await migrations.version_of(database)
        pending = [step.purpose for step in await migrations.plan(database)]
        missing = set(await migrations.missing_indexes(database)) if version else set(INDEXES)
        indexes = [IndexState(f"{one.collection}.{one.name}", one.purpose, one not in missing) for one in INDEXES]
        plans = [await _plan(database, sent, question) for question in await _questions(database)] if version else []
        return Inspection(version, pending, indexes, plans)
    finally:
        await database.close()


async def _plan(database: Database, sent: _Sent, question: Question) -> Plan:
    sent.queries.clear()
    with suppress(AliasNotFound):  # the plan of looking for it is known then
        await ASK[question.verb](database, question.message)
    explained = [await database.command("explain", query, verbosity="queryPlanner") for query in list(sent.queries)]
    steps = "; ".join(dict.fromkeys(_steps(_winner(one)) for one in explained))
    return Plan(question.words, steps, "COLLSCAN" in steps)


async def _questions(database: Database) -> list[Question]:
    """The commonest queries, asked of a run and of a registered model that exist; none without them."""
    return [*await _questions_of_runs(database), *await _questions_of_registry(database)]


async def _questions_of_registry(database: Database) -> list[Question]:
    model = await database.find_one(registered.MODELS, {"gone": False, "aliases.0": {"$exists": True}})
    model = model or await database.find_one(registered.MODELS, {"gone": False})
    if model is None:
        return []
    return commonest_of_registry(model["name"], next(iter(registered.aliases_of(model)), NO_ALIAS))


async def _questions_of_runs(database: Database) -> list[Question]:
    run = await database.find_one("runs", {"metrics.0": {"$exists": True}}, {"lookup": False, "json": False})
    if run is None:
        return []
    param = run["params"][0] if run["params"] else {"k": "param", "v": "value"}
    of_param = f"params.`{param['k']}` = '{param['v']}'" if "'" not in param["v"] else f"params.`{param['k']}` != ''"
    return commonest(run["_id"], str(int(run["experiment"])), run["metrics"][0]["k"], of_param)


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

"""What an operator wants to know of a database: its version, its indexes, and how it finds what is asked most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from genesis_flow.values.logged_models import SearchLoggedModelsOrderBy
from genesis_flow.wire.messages import (
    datasets,
    experiments,
    logged_models,
    metrics,
    model_history,
    registry,
    run_tables,
    runs,
)

NO_ALIAS = "none"
"""What is asked for of a model without aliases."""
LATE_MS = "9000000000000"
"""A time after every change."""


@dataclass(frozen=True)
class IndexState:
    """An index, and whether the database has it."""

    name: str
    purpose: str
    exists: bool


@dataclass(frozen=True)
class Plan:
    """How the database answers a query.

    Attributes:
        query: what is asked, in a few words.
        steps: what it does, the last step first.
        scans: whether it looks at everything there is.
    """

    query: str
    steps: str
    scans: bool


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        version: of the schema; 0 if the database is empty.
        pending: the steps that would bring it to the version of this program, each in a few words.
        indexes: all that there should be.
        plans: of the commonest queries; none, if nothing is stored yet.
    """

    version: int
    pending: Sequence[str]
    indexes: Sequence[IndexState] = field(default=())
    plans: Sequence[Plan] = field(default=())

    @property
    def is_well(self) -> bool:
        """Whether nothing is missing and nothing is scanned."""
        return not self.pending and all(one.exists for one in self.indexes) and not any(p.scans for p in self.plans)


class Question(NamedTuple):
    """A query as it is asked: in words, the verb of the store, and its message."""

    words: str
    verb: str
    message: Any


def commonest(run_id: str, experiment: str, metric: str, of_param: str) -> list[Question]:
    """What is asked most, of a run that exists.

    Args:
        run_id: the run.
        experiment: its experiment.
        metric: the key of a metric that it has.
        of_param: a filter by a param.
    """
    of_metric, by_metric = f"metrics.`{metric}` > 0", f"metrics.`{metric}`"

    def search(words: str, filter: str = "", *order: str) -> Question:
        message = runs.SearchRuns(experiment_ids=(experiment,), filter=filter, order_by=order, max_results=100)
        return Question(words, "search_runs", message)

    columns = ("attributes.run_name", by_metric, f"{by_metric}.min", "tags.none")
    block = run_tables.GetRunsTable(experiment_ids=(experiment,), columns=columns, offset=100)
    by_its_metric = run_tables.GetRunsTable(experiment_ids=(experiment,), columns=columns, order_by=(by_metric,))
    newest = (SearchLoggedModelsOrderBy(field_name="creation_timestamp"),)
    models = logged_models.SearchLoggedModels(experiment_ids=(experiment,), filter=of_metric, order_by=newest)
    interval = metrics.GetMetricHistoryBulkInterval(run_ids=(run_id,), metric_key=metric, max_results=320)
    history = metrics.GetMetricHistory(run_id=run_id, metric_key=metric)
    named = experiments.GetExperimentByName(experiment_name="Default")
    read = datasets.SearchDatasets(experiment_ids=(experiment,))
    return [
        Question("an experiment by its name", "get_experiment_by_name", named),
        Question("the list of experiments", "search_experiments", experiments.SearchExperiments()),
        Question("a run", "get_run", runs.GetRun(run_id=run_id)),
        search("the latest runs"),
        search("runs by a param", of_param),
        search("runs by a metric", of_metric),
        search("runs in the order of a metric", "", f"{by_metric} DESC"),
        search("runs by a param in the order of a metric", of_param, f"{by_metric} ASC"),
        Question("a block of the table of runs", "get_runs_table", block),
        Question("the table of runs in the order of a metric", "get_runs_table", by_its_metric),
        Question("the history of a metric", "get_metric_history", history),
        Question("the curve of a metric", "get_metric_history_bulk_interval", interval),
        Question("the datasets of an experiment", "search_datasets", read),
        Question("logged models by a metric", "search_logged_models", models),
    ]


def commonest_of_registry(name: str, alias: str) -> list[Question]:
    """What is asked most of the registry.

    Args:
        name: of a registered model that exists.
        alias: of that; of one that it does not have, less is seen.
    """
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    of_name = registry.SearchModelVersions(filter=f"name = '{quoted}'", max_results=100)
    latest = registry.SearchModelVersions(max_results=100)
    by_alias = registry.GetModelVersionByAlias(name=name, alias=alias)
    as_of = model_history.ResolveModelAlias(name=name, alias=alias, as_of=LATE_MS)
    timeline = model_history.GetModelTimeline(name=name, max_results=100)
    return [
        Question("a registered model", "get_registered_model", registry.GetRegisteredModel(name=name)),
        Question("the list of registered models", "search_registered_models", registry.SearchRegisteredModels()),
        Question("a version by its alias", "get_model_version_by_alias", by_alias),
        Question("the version that had an alias at a time", "resolve_model_alias", as_of),
        Question("the versions of a registered model", "search_model_versions", of_name),
        Question("the last updated versions", "search_model_versions", latest),
        Question("the history of a registered model", "get_model_timeline", timeline),
    ]

"""What an operator wants to know of a database: its version, its indexes, and how it finds what is asked most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from genesis_flow.values.logged_models import SearchLoggedModelsOrderBy
from genesis_flow.wire.messages import datasets, experiments, logged_models, metrics, runs


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
        Question("the history of a metric", "get_metric_history", history),
        Question("the curve of a metric", "get_metric_history_bulk_interval", interval),
        Question("the datasets of an experiment", "search_datasets", read),
        Question("logged models by a metric", "search_logged_models", models),
    ]

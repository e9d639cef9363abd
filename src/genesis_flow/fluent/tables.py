"""Runs as a table.

The table is made from the JSON of the answers, column by column, without an object for each value in between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.connection import Calls
from genesis_flow.client.tables import pandas
from genesis_flow.client.words import view_type_of
from genesis_flow.entities import Run, ViewType
from genesis_flow.entities.paged_list import PagedList, every_page
from genesis_flow.errors import InvalidParameter
from genesis_flow.fluent.experiments import active_experiment_id
from genesis_flow.wire.decoders import decoder
from genesis_flow.wire.messages.runs import SearchRuns

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_RUNS = 100_000
RUNS_OF_A_PAGE = 1_000
RUNS_OF_A_PAGE_OF_A_TABLE = 5_000

_NAMED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def search_runs(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = MOST_RUNS,
    order_by: Sequence[str] | None = None,
    output_format: Literal["pandas", "list"] = "pandas",
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> list[Run] | DataFrame:
    """The runs that a filter finds.

    Args:
        experiment_ids: where to look; the active experiment by default.
        filter_string: in the search language; empty finds all.
        run_view_type: whether to look at deleted ones.
        max_results: the first so many.
        order_by: ``metrics.loss``, ``start_time DESC`` and their like; the newest come first by default.
        output_format: ``pandas`` for a table with a column for each metric, param and tag, or ``list``.
        search_all_experiments: look everywhere.
        experiment_names: or where to look, by name.

    Raises:
        MlflowException: the filter or the order cannot be read; ids and names are given; pandas is not there.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidParameter("output_format", output_format, "'pandas' or 'list'")
    client = MlflowClient()
    where = _where(client, experiment_ids, experiment_names, search_all_experiments)
    orders = [order_by] if isinstance(order_by, str) else list(order_by or ())
    if output_format == "list":
        return every_page(
            lambda most, token: client.search_runs(where, filter_string, run_view_type, most, orders, token),
            RUNS_OF_A_PAGE,
            max_results,
        )
    question = SearchRuns(
        experiment_ids=tuple(where),
        filter=filter_string,
        run_view_type=view_type_of(run_view_type),
        order_by=tuple(orders),
    )
    return table(_columns(_pages(client._tracking, question, max_results)))


def _where(client: MlflowClient, ids: Sequence[str] | None, names: Sequence[str] | None, everywhere: bool) -> list[str]:
    if ids and names:
        raise InvalidParameter("experiment_names", names, "absent where experiment_ids are given")
    if names:
        found = (client.get_experiment_by_name(name) for name in ([names] if isinstance(names, str) else names))
        return [experiment.experiment_id for experiment in found if experiment is not None]
    if ids:
        return [str(one) for one in ([ids] if isinstance(ids, (str, int)) else ids)]
    if everywhere:
        return [
            one.experiment_id
            for one in every_page(
                lambda most, token: client.search_experiments(ViewType.ACTIVE_ONLY, most, page_token=token),
                RUNS_OF_A_PAGE,
            )
        ]
    return [active_experiment_id()]


class _Pair(msgspec.Struct, gc=False):
    key: str = ""
    value: str = ""


class _Point(msgspec.Struct, gc=False):
    key: str = ""
    value: float | str = 0.0


class _Data(msgspec.Struct):
    metrics: list[_Point] = []
    params: list[_Pair] = []
    tags: list[_Pair] = []


class _Info(msgspec.Struct):
    run_id: str = ""
    experiment_id: str = ""
    status: str = "RUNNING"
    artifact_uri: str | None = None
    start_time: int | str | None = None
    end_time: int | str | None = None


class _Run(msgspec.Struct):
    info: _Info
    data: _Data = msgspec.field(default_factory=_Data)


class _Page(msgspec.Struct):
    runs: list[_Run] = []
    next_page_token: str = ""


def _pages(tracking: Calls, question: SearchRuns, most: int) -> list[_Run]:
    """The runs of all pages, or the first so many."""
    decode = decoder(_Page).decode

    def page(size: int, token: str | None) -> PagedList[_Run]:
        found = decode(tracking.body(msgspec.structs.replace(question, max_results=size, page_token=token)))
        return PagedList(found.runs, found.next_page_token)

    return every_page(page, RUNS_OF_A_PAGE_OF_A_TABLE, most)


def _columns(runs: Sequence[_Run]) -> dict[str, Any]:
    """The columns of the table: what each run is, then metrics, params and tags in the order in which they turn up."""
    infos = [run.info for run in runs]
    columns: dict[str, Any] = {
        "run_id": [info.run_id for info in infos],
        "experiment_id": [info.experiment_id for info in infos],
        "status": [info.status for info in infos],
        "artifact_uri": [info.artifact_uri for info in infos],
        "start_time": _times([info.start_time for info in infos]),
        "end_time": _times([info.end_time for info in infos]),
    }
    metrics, params, tags = {}, {}, {}  # type: dict[str, list[Any]], dict[str, list[Any]], dict[str, list[Any]]
    count = len(runs)
    for row, run in enumerate(runs):
        data = run.data
        for point in data.metrics:
            column = metrics.get(point.key)
            if column is None:
                column = metrics[point.key] = [math.nan] * count
            value = point.value
            column[row] = value if type(value) is not str else _NAMED.get(value, math.nan)
        for kept, pairs in ((params, data.params), (tags, data.tags)):
            for pair in pairs:
                column = kept.get(pair.key)
                if column is None:
                    column = kept[pair.key] = [None] * count
                column[row] = pair.value
    for prefix, kept in (("metrics", metrics), ("params", params), ("tags", tags)):
        columns.update((f"{prefix}.{key}", column) for key, column in kept.items())
    return columns


def _times(times_ms: Sequence[int | str | None]) -> Any:
    """A column of times, from milliseconds since 1970; NaT where there is none."""
    return _pandas().to_datetime([None if ms is None else int(ms) for ms in times_ms], unit="ms", utc=True)


def table(columns: Mapping[str, Any]) -> DataFrame:
    """A table of pandas.

    Raises:
        MissingPackage: pandas is not installed.
    """
    frame: DataFrame = _pandas().DataFrame(dict(columns))
    return frame


def _pandas() -> Any:
    return pandas("A table of runs", "output_format='list' answers a list without it")

"""The JSON of a run, kept beside its rows so that a page of runs is answered without building their values.

Every write to a run empties its document in the same transaction. A reader that meets an empty one builds it
from the rows; the writer fills it in once the run has been quiet for a moment. The rows are the truth, the
document only spares work.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.stores.sql import keys, schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement, among, grouped
from genesis_flow.values.datasets import Dataset, DatasetInput, InputTag
from genesis_flow.values.logged_models import ModelInput, ModelOutput
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunData, RunInfo, RunInputs, RunOutputs, RunTag
from genesis_flow.wire import codec

RUNS = schema.runs
SETTLED_AT_ONCE = 200

INFO_COLUMNS = (
    RUNS.c.id,
    RUNS.c.run_id,
    RUNS.c.experiment_id,
    RUNS.c.name,
    RUNS.c.user_id,
    RUNS.c.status,
    RUNS.c.started_ms,
    RUNS.c.ended_ms,
    RUNS.c.artifact_uri,
    RUNS.c.lifecycle_stage,
)

DOCUMENTS = Statement(lambda dialect: sa.select(RUNS.c.id, RUNS.c.document).where(among(dialect, RUNS.c.id, "runs")))
INFOS = Statement(lambda dialect: sa.select(*INFO_COLUMNS).where(among(dialect, RUNS.c.id, "runs")))
EMPTY = Statement(
    sa.update(RUNS).where(RUNS.c.id == value("run"), RUNS.c.document.is_not(None)).values(document=sa.null())
)
FILL = Statement(sa.update(RUNS).where(RUNS.c.id == value("run")).values(document=value("text")))
FILL_FIRST = Statement(
    sa.update(RUNS).where(RUNS.c.id == value("run")).values(document=value("text"), block=value("joined"))
)
# Locked, where rows can be: what another server writes meanwhile is not overwritten with what was read before.
UNSETTLED = Statement(
    sa.select(RUNS.c.id, RUNS.c.experiment_id, RUNS.c.block)
    .where(RUNS.c.document.is_(None))
    .limit(SETTLED_AT_ONCE)
    .with_for_update(skip_locked=True, key_share=True)
)


def empty(connection: Connection, run: int) -> None:
    """Empties the document of a run that is written to, once in a transaction."""
    if run not in connection.emptied:
        connection.run(EMPTY, run=run)
        connection.emptied.add(run)


def settle(connection: Connection) -> bool:
    """Fills in some empty documents, or counts a block of runs; whether there may be more to do."""
    empty = connection.rows(UNSETTLED)
    built = load(connection, [run for run, _, _ in empty])
    joined = keys.join_blocks(connection, [(*row, _size(built[row[0]])) for row in empty])
    for run, run_value in built.items():
        text = codec.encode(run_value)
        if run in joined:
            connection.run(FILL_FIRST, run=run, text=text, joined=joined[run])
        else:
            connection.run(FILL, run=run, text=text)
    connection.emptied.difference_update(built)
    # Counting is for when nothing else is left, so not under a load that does not pause.
    return bool(empty) or keys.count_some(connection)


def _size(run: Run) -> int:
    """How many values a run has, at least one."""
    assert run.data is not None
    return max(1, len(run.data.metrics) + len(run.data.params) + len(run.data.tags))


def documents(connection: Connection, runs: Sequence[int]) -> list[bytes]:
    """The JSON of the runs with these keys, in this order; a run that is gone meanwhile is left out."""
    found: dict[int, bytes | None] = dict(connection.rows(DOCUMENTS, runs=connection.array(runs)))
    built = load(connection, [run for run, document in found.items() if document is None])
    return [found[run] or codec.encode(built[run]) for run in runs if run in found]


def load(connection: Connection, runs: Collection[int]) -> dict[int, Run]:
    """The runs with these keys, built from their rows."""
    if not runs:
        return {}
    of = connection.array(runs)
    metrics = grouped(connection.rows(METRICS, runs=of))
    params = grouped(connection.rows(PARAMS, runs=of))
    tags = grouped(connection.rows(TAGS, runs=of))
    inputs = grouped(connection.rows(INPUTS, runs=of))
    models = grouped(connection.rows(MODELS, runs=of))
    return {
        row[0]: Run(
            info=info(row),
            data=RunData(
                metrics=tuple(_metric(*m) for m in metrics[row[0]]),
                params=tuple(Param(key=k, value=v) for k, v in params[row[0]]),
                tags=tuple(RunTag(key=k, value=v) for k, v in tags[row[0]]),
            ),
            inputs=RunInputs(
                dataset_inputs=tuple(_dataset_input(*columns) for columns in inputs[row[0]]),
                model_inputs=tuple(ModelInput(model_id=m) for way, m, _ in models[row[0]] if way == "input"),
            ),
            outputs=RunOutputs(
                model_outputs=tuple(
                    ModelOutput(model_id=m, step=step) for way, m, step in models[row[0]] if way == "output"
                )
            ),
        )
        for row in connection.rows(INFOS, runs=of)
    }


def info(row: Row) -> RunInfo:
    """The description of a run from a row of ``INFO_COLUMNS``."""
    _, run_id, experiment, name, user_id, status, started_ms, ended_ms, artifact_uri, stage = row
    return RunInfo(
        run_id=run_id,
        run_uuid=run_id,
        run_name=name,
        experiment_id=str(experiment),
        user_id=user_id,
        status=status,
        start_time=started_ms,
        end_time=ended_ms or None,  # COMPAT: mlflow 3.17 leaves an end at 0 out, like no end
        artifact_uri=artifact_uri,
        lifecycle_stage=stage,
    )


def _metric(key: str, number: float | None, timestamp: int, step: int) -> Metric:
    return Metric(key=key, value=float("nan") if number is None else number, timestamp=timestamp, step=step)


def _dataset_input(
    tags: str, name: str, digest: str, source_type: str, source: str, schema_: str | None, profile: str | None
) -> DatasetInput:
    dataset = Dataset(name=name, digest=digest, source_type=source_type, source=source, schema=schema_, profile=profile)
    pairs: list[Any] = msgspec.json.decode(tags)
    return DatasetInput(tags=tuple(InputTag(key=k, value=v) for k, v in pairs), dataset=dataset)


def _of_runs(table: sa.Table, *columns: str) -> Statement:
    """The rows of a table that belong to runs, in the order of their keys, the run first."""
    selected = sa.select(table.c.run, *(table.c[c] for c in columns)).order_by(*table.primary_key.columns)
    return Statement(lambda dialect: selected.where(among(dialect, table.c.run, "runs")))


METRICS = _of_runs(schema.run_metrics, "key", "value", "timestamp", "step")
PARAMS = _of_runs(schema.run_params, "key", "value")
TAGS = _of_runs(schema.run_tags, "key", "value")
MODELS = _of_runs(schema.run_models, "direction", "model_id", "step")

_DATA, _LINKS = schema.datasets, schema.run_datasets
INPUTS = Statement(
    lambda dialect: (
        sa.select(
            _LINKS.c.run,
            _LINKS.c.tags,
            *(_DATA.c[c] for c in ("name", "digest", "source_type", "source", "schema", "profile")),
        )
        .join(_DATA, _DATA.c.id == _LINKS.c.dataset)
        .where(among(dialect, _LINKS.c.run, "runs"))
        .order_by(_LINKS.c.run, _LINKS.c.dataset)
    )
)

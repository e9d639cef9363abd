"""The keys of experiments in SQL: what they come to is kept for blocks of runs.

A run joins a block of its experiment when it is settled for the first time, the newest that has room, and stays there.
What the active runs of a block have (``run_blocks.counted``) is worked out by the writer when nothing waits. It counts
only while no run of the block has been written to since: a write empties the run's document, as it always did, and
nothing else; who settles the run empties ``counted``. So a reader takes the blocks that are in order as they are, and
looks at the values of the others, which are mostly the newest. No write to a run costs more, and no two of them meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam as value
from sqlalchemy.engine.interfaces import Dialect

from genesis_flow.rules.stages import ACTIVE
from genesis_flow.stores import keys
from genesis_flow.stores.sql import experiments, schema
from genesis_flow.stores.sql.connection import Connection, Statement, among
from genesis_flow.stores.sql.upsert import merge
from genesis_flow.wire.messages import experiments as experiment_messages
from genesis_flow.wire.messages import keys as messages
from genesis_flow.wire.messages.keys import KeyKind

RUNS, BLOCKS = schema.runs, schema.run_blocks
NEWEST = Statement(
    sa.select(BLOCKS.c.block, BLOCKS.c.size)
    .where(BLOCKS.c.experiment_id == value("experiment"))
    .order_by(BLOCKS.c.block.desc())
    .limit(1)
)


def _joined(old: Any, new: Any, dialect: Dialect) -> Mapping[str, sa.ColumnElement[Any]]:
    return {"size": old.size + new.size, "version": old.version + new.version, "counted": sa.null()}


JOIN = Statement(
    merge(BLOCKS, "experiment_id", "block", columns=("experiment_id", "block", "size", "version"), into=_joined)
)
OF_EXPERIMENT = Statement(
    sa.select(BLOCKS.c.block, BLOCKS.c.counted).where(BLOCKS.c.experiment_id == value("experiment"))
)
# In order, but not counted.
UNCOUNTED = Statement(
    sa.select(BLOCKS.c.experiment_id, BLOCKS.c.block, BLOCKS.c.version)
    .where(
        BLOCKS.c.counted.is_(None),
        ~sa.exists().where(
            RUNS.c.experiment_id == BLOCKS.c.experiment_id, RUNS.c.block == BLOCKS.c.block, RUNS.c.document.is_(None)
        ),
    )
    .limit(1)
)
COUNT = Statement(
    sa.update(BLOCKS)
    .where(
        BLOCKS.c.experiment_id == value("of_experiment"),
        BLOCKS.c.block == value("of_block"),
        BLOCKS.c.version == value("seen"),
    )
    .values(counted=value("text"))
)
BLOCK_OF = Statement(sa.select(RUNS.c.experiment_id, RUNS.c.block).where(RUNS.c.run_id == value("run_id")))
RECOUNT = Statement(
    sa.update(BLOCKS)
    .where(BLOCKS.c.experiment_id == value("of_experiment"), BLOCKS.c.block == value("of_block"))
    .values(version=BLOCKS.c.version + 1, counted=sa.null())
)
# Written to since they were settled, or never settled.
OPEN = Statement(
    sa.select(RUNS.c.id, RUNS.c.block, RUNS.c.lifecycle_stage).where(
        RUNS.c.experiment_id == value("experiment"), RUNS.c.document.is_(None)
    )
)
IN_BLOCKS = Statement(
    lambda dialect: sa.select(RUNS.c.id).where(
        RUNS.c.experiment_id == value("experiment"),
        among(dialect, RUNS.c.block, "blocks"),
        RUNS.c.lifecycle_stage == ACTIVE,
    )
)


def _of_runs(table: sa.Table) -> Statement:
    return Statement(lambda dialect: sa.select(table.c.key, table.c.value).where(among(dialect, table.c.run, "runs")))


VALUES: Mapping[KeyKind, Statement] = {
    "metric": _of_runs(schema.run_metrics),
    "param": _of_runs(schema.run_params),
    "tag": _of_runs(schema.run_tags),
}


def list_keys(
    connection: Connection, message: messages.ListExperimentKeys, *, secret: bytes
) -> messages.ListExperimentKeysResponse:
    """A page of keys; ``ExperimentNotFound``."""
    found = experiments.get(connection, experiment_messages.GetExperiment(experiment_id=message.experiment_id))
    assert found.experiment is not None
    experiment = int(found.experiment.experiment_id or "")
    blocks: dict[int, bytes | None] = dict(connection.rows(OF_EXPERIMENT, experiment=experiment))
    opened = connection.rows(OPEN, experiment=experiment)
    blocks |= {block: None for _, block, _ in opened if block is not None}
    counted = [keys.Counted.of(text) for text in blocks.values() if text is not None]
    loose = [run for run, block, stage in opened if block is None and stage == ACTIVE]
    loose += _runs_in(connection, experiment, [block for block, text in blocks.items() if text is None])
    counted.append(_count(connection, loose, keys.asked_kinds(message)))
    return keys.page(message, counted, secret)


def _runs_in(connection: Connection, experiment: int, blocks: Sequence[int]) -> list[int]:
    if not blocks:
        return []
    return [run for (run,) in connection.rows(IN_BLOCKS, experiment=experiment, blocks=connection.array(blocks))]


def _count(connection: Connection, runs: Sequence[int], kinds: Iterable[KeyKind]) -> keys.Counted:
    if not runs:
        return keys.Counted(0, {})
    array = connection.array(runs)
    return keys.Counted(
        len(runs), {kind: keys.of_values(kind, connection.rows(VALUES[kind], runs=array)) for kind in kinds}
    )


# --- the work of quiet moments --------------------------------------------------------------------------------------


def join_blocks(connection: Connection, settled: Iterable[tuple[int, int, int | None, int]]) -> dict[int, int]:
    """Tells the blocks of runs that are settled to be counted anew; the blocks of those that had none.

    Args:
        settled: of each run its key, its experiment, its block, if it has one, and how many values it has.
    """
    joined: dict[int, int] = {}
    sizes: Counter[tuple[int, int]] = Counter()
    newest: dict[int, tuple[int, int]] = {}
    for run, experiment, block, size in settled:
        if block is None:
            last, full = newest.get(experiment) or connection.row(NEWEST, experiment=experiment) or (0, 0)
            newest[experiment] = keys.joined(last, full, size)
            joined[run] = block = newest[experiment][0]
            sizes[experiment, block] += size
        else:
            sizes[experiment, block] += 0
    # In one order, as two servers may do this at once.
    rows = [{"experiment_id": e, "block": b, "size": size, "version": 1} for (e, b), size in sorted(sizes.items())]
    connection.many(JOIN, rows)
    return joined


def recount(connection: Connection, run_id: str) -> None:
    """Has the block of a run that is removed for good counted anew: before it was deleted it may have been counted."""
    if (row := connection.row(BLOCK_OF, run_id=run_id)) is not None:
        connection.run(RECOUNT, of_experiment=row[0], of_block=row[1])


def count_some(connection: Connection) -> bool:
    """Counts a block that is in order; whether there was one, so that there may be more."""
    if (row := connection.row(UNCOUNTED)) is None:
        return False
    experiment, block, version = row
    counted = _count(connection, _runs_in(connection, experiment, [block]), keys.KINDS)
    # Another server may have settled a run of it meanwhile.
    connection.run(COUNT, of_experiment=experiment, of_block=block, seen=version, text=counted.packed())
    return True

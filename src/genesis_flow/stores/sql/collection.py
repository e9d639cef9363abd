"""Removing the deleted from a relational database.

Rows go a few thousand in a transaction, those that belong to something before its own, so that the writer is soon free
for others and whoever is cut off finds the rest again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam as value
from sqlalchemy.engine.interfaces import Dialect

from genesis_flow.rules.stages import ACTIVE, REMOVED
from genesis_flow.stores.collecting import Deleted, Kind
from genesis_flow.stores.sql import keys, schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement, among, first
from genesis_flow.stores.sql.migrations import PROPERTY
from genesis_flow.stores.sql.upsert import upsert

RUNS, MODELS, EXPERIMENTS = schema.runs, schema.logged_models, schema.experiments
LINKS, DATA, VERSIONS, PROPERTIES = schema.run_datasets, schema.datasets, schema.model_versions, schema.properties

MOST_ROWS = 2_000
"""Rows that one transaction removes, more or less."""
VERSIONS_AT_ONCE = 1_000
LONGEST_NUMBER = 18


def _some_of(table: sa.Table, owner: str) -> Statement:
    """What removes some of the rows that belong to these owners."""
    keys = list(table.primary_key.columns)

    def written_for(dialect: Dialect) -> sa.Delete:
        some = sa.select(*keys).where(among(dialect, table.c[owner], "owners")).limit(value("most"))
        return sa.delete(table).where(sa.tuple_(*keys).in_(some))

    return Statement(written_for)


class Noun:
    """Where things of a kind stand, and the statements about them.

    Args:
        kind: which.
        columns: their id, their experiment, where their files are, and when they were deleted.
        parts: what removes some of the rows that belong to them.
        changes: the columns that change, besides the stage, when one is taken.
        unless: keeps their own rows.
    """

    def __init__(
        self,
        kind: Kind,
        columns: tuple[sa.Column[Any], sa.Column[Any], sa.Column[Any], sa.Column[Any]],
        parts: Sequence[Statement],
        changes: Mapping[str, Any],
        unless: sa.ColumnElement[bool] | None = None,
    ) -> None:
        id_, experiment, location, at = columns
        table, stage = id_.table, id_.table.c.lifecycle_stage
        assert isinstance(table, sa.Table)
        found = sa.select(id_, experiment, location, stage, sa.func.coalesce(at, 0))
        # Said with the constant, by which a database knows that its index has them all.
        gone = stage != sa.literal_column("'active'")
        later = sa.tuple_(at, id_) > sa.tuple_(value("last_at"), value("last_id"))
        shown = [stage != ACTIVE] if kind == "run" else []
        self.kind = kind
        self.parts = parts
        self.deleted = Statement(found.where(gone, at < value("before"), later).order_by(at, id_).limit(value("most")))
        self.within = Statement(
            found.where(experiment == value("experiment"), id_ > value("last_id"), *shown)
            .order_by(id_)
            .limit(value("most"))
        )
        self.by_id = Statement(found.where(id_ == value("of_id")))
        self.take = Statement(
            sa.update(table)
            .where(id_ == value("of_id"), stage == value("seen"), at == value("seen_at"))
            .values({"lifecycle_stage": value("stage"), at.name: value("at"), **changes})
        )
        self.key = Statement(sa.select(table.c.id).where(id_ == value("of_id"), stage == REMOVED))
        free = [] if unless is None else [sa.not_(unless)]
        self.remove = Statement(lambda dialect: sa.delete(table).where(among(dialect, table.c.id, "owners"), *free))
        self.retain = Statement(
            lambda dialect: sa.update(table).where(among(dialect, table.c.id, "owners")).values({at.name: value("now")})
        )

    def id_of(self, text: str) -> Any:
        """An id as its column has it."""
        if self.kind != "experiment":
            return text
        return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else -1

    def found(self, rows: Sequence[Row]) -> list[Deleted]:
        """What rows say."""
        return [
            Deleted(self.kind, str(id_), str(experiment), location, stage, at_ms)
            for id_, experiment, location, stage, at_ms in rows
        ]


def _parts(owner: str, *tables: sa.Table) -> list[Statement]:
    return [_some_of(table, owner) for table in tables]


_OF_EXPERIMENT = (
    sa.exists().where(RUNS.c.experiment_id == EXPERIMENTS.c.id),
    sa.exists().where(MODELS.c.experiment_id == EXPERIMENTS.c.id),
)
NOUNS: Mapping[Kind, Noun] = {
    "run": Noun(
        "run",
        (RUNS.c.run_id, RUNS.c.experiment_id, RUNS.c.artifact_uri, RUNS.c.deleted_ms),
        _parts("run", schema.metric_points, schema.run_metrics, schema.run_params, schema.run_tags, schema.run_models),
        {"document": value("document")},
    ),
    "model": Noun(
        "model",
        (MODELS.c.model_id, MODELS.c.experiment_id, MODELS.c.artifact_uri, MODELS.c.updated_ms),
        _parts("model", schema.logged_model_metrics, schema.logged_model_params, schema.logged_model_tags),
        {},
    ),
    "experiment": Noun(
        "experiment",
        (EXPERIMENTS.c.id, EXPERIMENTS.c.id, EXPERIMENTS.c.artifact_location, EXPERIMENTS.c.updated_ms),
        _parts("experiment_id", schema.experiment_tags, schema.run_blocks),
        {"name": value("name")},
        unless=sa.or_(*_OF_EXPERIMENT),
    ),
}
DATASETS_OF = Statement(lambda dialect: sa.select(LINKS.c.dataset).where(among(dialect, LINKS.c.run, "owners")))
UNLINK = Statement(lambda dialect: sa.delete(LINKS).where(among(dialect, LINKS.c.run, "owners")))
# Two statements, so that the second sees the links that others made while the first waited for them.
LOCK_DATASETS = Statement(
    lambda dialect: (
        sa.select(DATA.c.id).where(among(dialect, DATA.c.id, "datasets")).order_by(DATA.c.id).with_for_update()
    )
)
REMOVE_UNUSED = Statement(
    lambda dialect: sa.delete(DATA).where(
        among(dialect, DATA.c.id, "datasets"), ~sa.exists().where(LINKS.c.dataset == DATA.c.id)
    )
)
LOCATIONS = Statement(
    sa.select(VERSIONS.c.id, VERSIONS.c.location)
    .where(VERSIONS.c.id > value("last"))
    .order_by(VERSIONS.c.id)
    .limit(VERSIONS_AT_ONCE)
)
PUT_LEASE = Statement(upsert(PROPERTIES, "name"))
MOVE_LEASE = Statement(
    sa.update(PROPERTIES)
    .where(PROPERTIES.c.name == value("of_name"), PROPERTIES.c.value == value("seen"))
    .values(value=value("text"))
)


def list_deleted(
    connection: Connection, kind: Kind, before_ms: int, limit: int, after: Deleted | None
) -> list[Deleted]:
    """A page of what was deleted before a time."""
    noun = NOUNS[kind]
    last = (after.at_ms, noun.id_of(after.id)) if after else (-1, noun.id_of(""))
    return noun.found(connection.rows(noun.deleted, before=before_ms, most=limit, last_at=last[0], last_id=last[1]))


def list_within(
    connection: Connection, kind: Kind, experiment_id: str, limit: int, after: Deleted | None
) -> list[Deleted]:
    """A page of what goes with an experiment."""
    noun = NOUNS[kind]
    last = after.id if after else ""
    return noun.found(connection.rows(noun.within, experiment=int(experiment_id), most=limit, last_id=noun.id_of(last)))


def find(connection: Connection, kind: Kind, ids: Sequence[str]) -> list[Deleted]:
    """Those that there are."""
    noun = NOUNS[kind]
    return [one for id_ in ids for one in noun.found(connection.rows(noun.by_id, of_id=noun.id_of(id_)))]


def take(connection: Connection, wanted: Sequence[Deleted]) -> list[Deleted]:
    """Makes those removed that are as they were found; in the order of their ids, as all lock runs."""
    return [one for one in sorted(wanted, key=lambda one: one.id) if _take(connection, one)]


def _take(connection: Connection, one: Deleted) -> bool:
    noun = NOUNS[one.kind]
    values: dict[str, Any] = {"of_id": noun.id_of(one.id), "seen": one.stage, "seen_at": one.at_ms}
    match one.kind:
        case "run":
            values["document"] = b""  # NULL would have it built
            keys.recount(connection, one.id)
        case "experiment":
            values["name"] = f"\n{one.id}"  # which none can have, so that its own is free
    connection.states.clear()
    return bool(connection.run(noun.take, stage=REMOVED, at=0, **values))


def keys_of(connection: Connection, kind: Kind, taken: Sequence[Deleted]) -> list[int]:
    """The keys of those that are taken."""
    noun = NOUNS[kind]
    rows = [connection.row(noun.key, of_id=noun.id_of(one.id)) for one in taken if one.kind == kind]
    return [row[0] for row in rows if row is not None]


def remove_some(connection: Connection, kind: Kind, keys: Sequence[int], retain_ms: int | None) -> bool:
    """Removes some of what belongs to these, and at last their own rows; whether there may be more.

    Args:
        retain_ms: when those are to count as deleted whose own rows stay; None has them go.
    """
    noun, owners, left = NOUNS[kind], connection.array(keys), MOST_ROWS
    for part in noun.parts:
        left -= connection.run(part, owners=owners, most=left)
        if left <= 0:
            return True
    if kind == "run":
        _unlink_datasets(connection, owners)
    if retain_ms is None:
        connection.run(noun.remove, owners=owners)
    else:
        connection.run(noun.retain, owners=owners, now=retain_ms)
    return False


def _unlink_datasets(connection: Connection, owners: Any) -> None:
    datasets = connection.array(sorted({row[0] for row in connection.rows(DATASETS_OF, owners=owners)}))
    connection.run(UNLINK, owners=owners)
    connection.rows(LOCK_DATASETS, datasets=datasets)
    connection.run(REMOVE_UNUSED, datasets=datasets)


def locations(connection: Connection, last: int) -> list[Row]:
    """Keys of versions behind ``last``, and where their artifacts are."""
    return connection.rows(LOCATIONS, last=last)


def lease(connection: Connection, name: str, holder: str, until_ms: int, now_ms: int) -> bool:
    """Takes or renews a lease, if it is free."""
    key, wanted = f"lease:{name}", f"{until_ms} {holder}"
    connection.many(PUT_LEASE, [{"name": key, "value": f"0 {holder}"}])
    seen = str(first(connection.row(PROPERTY, name=key)))
    until, _, held_by = seen.partition(" ")
    if held_by != holder and int(until) > now_ms:
        return False
    # Another server may have changed it since it was read.
    return bool(connection.run(MOVE_LEASE, of_name=key, seen=seen, text=wanted))

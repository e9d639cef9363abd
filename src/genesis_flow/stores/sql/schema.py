"""The tables and their indexes.

A run is kept twice: as rows, which searches use and which are the truth, and as ``runs.document``, its JSON as
it is sent. Every write to a run empties the document in the same transaction; readers build a missing one from
the rows, and the writer fills it in when the run has gone quiet. So a page of runs costs one column, and a
wrong document cannot be.

``experiment_id`` stands in the rows of params, tags and metrics too, because a run never moves and an index
that starts with it answers a search of one experiment without looking at any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from genesis_flow.errors import ForeignDatabase

SCHEMA_VERSION = 6
OWNER = "genesis-flow"
HEAD_LENGTH = 64
"""Characters of a param's or tag's value that its index holds; a longer value is compared in its row."""

metadata = sa.MetaData()

# SQLite numbers rows only if the type is INTEGER, which has 64 bits there.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def key() -> sa.Column[str]:
    """The column for the name of a param, tag or metric, part of its table's primary key."""
    return sa.Column("key", sa.Text, primary_key=True)


def partial_index(name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool]) -> None:
    """An index of the rows for which something holds."""
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


# Who made the database, its schema version, and the secret that signs page tokens.
properties = sa.Table(
    "genesis_properties",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("artifact_location", sa.Text, nullable=False),
    sa.Column("lifecycle_stage", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# What is or was deleted, the longest ago first; ``updated_ms`` is when, for nothing changes afterwards.
partial_index(
    "experiments_by_deletion",
    experiments.c.updated_ms,
    experiments.c.id,
    where=experiments.c.lifecycle_stage != sa.literal_column("'active'"),
)

# The default order of the list: the newest first.
sa.Index("experiments_by_creation", experiments.c.created_ms.desc(), experiments.c.id)

experiment_tags = sa.Table(
    "experiment_tags",
    metadata,
    sa.Column("experiment_id", KEY, sa.ForeignKey("experiments.id"), primary_key=True),
    key(),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False, unique=True),
    sa.Column("experiment_id", KEY, sa.ForeignKey("experiments.id"), nullable=False),
    sa.Column("lifecycle_stage", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("started_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("deleted_ms", sa.BigInteger),
    sa.Column("artifact_uri", sa.Text, nullable=False),
    sa.Column("document", sa.LargeBinary),
    # With which others it is counted, once it was settled.
    sa.Column("block", sa.BigInteger),
)
# The default order of a search: the latest started first, equal ones by id. It holds the stage, so that runs are
# counted and passed over without a look at their rows, which are long with their documents.
# PERF: 10,000 runs are counted in 0.8 ms, and not in 25 (SQLite).
sa.Index("runs_by_start", runs.c.experiment_id, runs.c.started_ms.desc(), runs.c.run_id, runs.c.lifecycle_stage)
# What was deleted, the longest ago first.
partial_index("runs_by_deletion", runs.c.deleted_ms, runs.c.run_id, where=runs.c.deleted_ms.is_not(None))
partial_index(
    "runs_to_settle",
    runs.c.experiment_id,
    runs.c.block,
    runs.c.lifecycle_stage,
    runs.c.id,
    where=runs.c.document.is_(None),
)
partial_index(
    "runs_by_block",
    runs.c.experiment_id,
    runs.c.block,
    runs.c.lifecycle_stage,
    runs.c.id,
    where=runs.c.block.is_not(None),
)

# Runs of an experiment that are counted together (``keys.py``). ``size`` is how many values they had when they joined;
# ``version`` grows when one of them is settled; ``counted`` is what the active ones have, NULL if nobody has counted.
run_blocks = sa.Table(
    "run_blocks",
    metadata,
    sa.Column("experiment_id", KEY, sa.ForeignKey("experiments.id"), primary_key=True),
    sa.Column("block", sa.BigInteger, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("counted", sa.LargeBinary),
)
partial_index(
    "run_blocks_to_count", run_blocks.c.experiment_id, run_blocks.c.block, where=run_blocks.c.counted.is_(None)
)


def _entries(name: str) -> sa.Table:
    """A table of texts by key that belong to runs: params and tags."""
    return sa.Table(
        name,
        metadata,
        sa.Column("run", KEY, sa.ForeignKey("runs.id"), primary_key=True),
        key(),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("experiment_id", KEY, nullable=False),
        # The first HEAD_LENGTH characters of the value. A column of its own, because SQLite answers from an index alone
        # only if that holds plain columns.
        sa.Column("head", sa.Text, nullable=False),
        sa.Index(f"{name}_by_value", "experiment_id", "key", "head", "run"),
        sqlite_with_rowid=False,
    )


run_params = _entries("run_params")
run_tags = _entries("run_tags")


def aggregate_columns() -> tuple[sa.Column[int] | sa.Column[float], ...]:
    """What all points of a metric come to; the names are those of ``rules.aggregates.Aggregate``."""
    return (
        sa.Column("count", sa.BigInteger),
        sa.Column("numbers", sa.BigInteger),
        *(sa.Column(name, sa.Double) for name in ("total", "mean", "first", "min", "max")),
        *(sa.Column(f"{name}_{part}", sa.BigInteger) for name in ("first", "min", "max") for part in ("step", "time")),
    )


# The latest point of each metric of a run: by step, then time, then value. NULL stands for NaN. What all points come to
# is NULL for a metric with one point, which most have; that is found in the others.
run_metrics = sa.Table(
    "run_metrics",
    metadata,
    sa.Column("run", KEY, sa.ForeignKey("runs.id"), primary_key=True),
    key(),
    sa.Column("value", sa.Double),
    sa.Column("timestamp", sa.BigInteger, nullable=False),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("experiment_id", KEY, nullable=False),
    *aggregate_columns(),
    sa.Index("run_metrics_by_value", "experiment_id", "key", "value", "run"),
    sqlite_with_rowid=False,
)

# Every point, in the order of a history. The value is the JSON number as it is sent, because SQLite prints a double
# with 15 digits only; the number is what it is ordered by.
metric_points = sa.Table(
    "metric_points",
    metadata,
    sa.Column("run", KEY, sa.ForeignKey("runs.id"), primary_key=True),
    key(),
    sa.Column("timestamp", sa.BigInteger, primary_key=True),
    sa.Column("step", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.Double, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("experiment_id", KEY, sa.ForeignKey("experiments.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("source_type", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("schema", sa.Text),
    sa.Column("profile", sa.Text),
    sa.UniqueConstraint("experiment_id", "name", "digest"),
)

run_datasets = sa.Table(
    "run_datasets",
    metadata,
    sa.Column("run", KEY, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("dataset", KEY, sa.ForeignKey("datasets.id"), primary_key=True),
    # What the dataset was used for, a copy of its tag mlflow.data.context.
    sa.Column("context", sa.Text),
    sa.Column("tags", sa.Text, nullable=False),  # JSON: [[key, value], …]
    sa.Index("run_datasets_by_dataset", "dataset", "run"),
    sqlite_with_rowid=False,
)

run_models = sa.Table(
    "run_models",
    metadata,
    sa.Column("run", KEY, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("direction", sa.Text, primary_key=True),  # input, output
    sa.Column("model_id", sa.Text, primary_key=True),
    sa.Column("step", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

logged_models = sa.Table(
    "logged_models",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("model_id", sa.Text, nullable=False, unique=True),
    sa.Column("experiment_id", KEY, sa.ForeignKey("experiments.id"), nullable=False),
    sa.Column("lifecycle_stage", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("model_type", sa.Text, nullable=False),
    sa.Column("source_run_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("status_message", sa.Text),
    sa.Column("artifact_uri", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Index("logged_models_by_creation", "experiment_id", "created_ms", "model_id"),
)

partial_index(
    "logged_models_by_deletion",
    logged_models.c.updated_ms,
    logged_models.c.model_id,
    where=logged_models.c.lifecycle_stage != sa.literal_column("'active'"),
)


def _texts_of(name: str, owner: str, owners: str) -> sa.Table:
    """A table of texts by key that belong to something."""
    return sa.Table(
        name,
        metadata,
        sa.Column(owner, KEY, sa.ForeignKey(f"{owners}.id"), primary_key=True),
        key(),
        sa.Column("value", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )


logged_model_params = _texts_of("logged_model_params", "model", "logged_models")
logged_model_tags = _texts_of("logged_model_tags", "model", "logged_models")

# Every point that was logged with a model. NULL stands for NaN; the text tells equal points from new ones.
logged_model_metrics = sa.Table(
    "logged_model_metrics",
    metadata,
    sa.Column("model", KEY, sa.ForeignKey("logged_models.id"), primary_key=True),
    key(),
    sa.Column("dataset_name", sa.Text, primary_key=True),
    sa.Column("dataset_digest", sa.Text, primary_key=True),
    sa.Column("timestamp", sa.BigInteger, primary_key=True),
    sa.Column("step", sa.BigInteger, primary_key=True),
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, primary_key=True),
    sa.Column("value", sa.Double),
    sqlite_with_rowid=False,
)

# Ids are never given twice, because the history of a deleted model stays.
registered_models = sa.Table(
    "registered_models",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("description", sa.Text),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    # The highest number that a version had: that of a deleted one is not given again.
    sa.Column("last_version", sa.BigInteger, nullable=False),
    sa.Index("registered_models_by_update", "updated_ms", "name"),
    sqlite_autoincrement=True,
)

registered_model_tags = _texts_of("registered_model_tags", "model", "registered_models")

registered_model_aliases = sa.Table(
    "registered_model_aliases",
    metadata,
    sa.Column("model", KEY, sa.ForeignKey("registered_models.id"), primary_key=True),
    sa.Column("alias", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# The name of the model stands here too, so that a version is one look, and a search by name one range of an index; a
# rename writes all versions anyway, because their time changes.
model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("model", KEY, sa.ForeignKey("registered_models.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("location", sa.Text, nullable=False),  # where its artifacts are
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("run_link", sa.Text, nullable=False),
    sa.Column("model_id", sa.Text),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Index("model_versions_by_name", "name", "version", unique=True),
    sa.Index("model_versions_by_stage", "model", "stage", "version"),
    sa.Index("model_versions_by_run", "run_id"),
)
_V = model_versions.c
# The default order of a search, in all and in one model.
sa.Index("model_versions_by_update", _V.updated_ms.desc(), _V.name, _V.version.desc())
sa.Index("model_versions_by_update_of_name", _V.name, _V.updated_ms.desc(), _V.version.desc())

model_version_tags = _texts_of("model_version_tags", "version", "model_versions")

# Each change of registered models, only ever added to. It names its model without a foreign key, because it stays when
# the model is gone.
model_history = sa.Table(
    "model_history",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("model", KEY, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),  # the model's, after the change
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Index("model_history_by_time", "model", "at_ms", "id"),
    sa.Index("model_history_by_key", "model", "kind", "key", "at_ms", "id"),
    sa.Index("model_history_by_name", "name", "kind", "version", "id"),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("webhook_id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),  # sealed, if the operator gave a key
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Index("webhooks_by_creation", "created_ms", "webhook_id"),
    sqlite_autoincrement=True,
)

# Who listens to what: asked by every change that something can be told of, so it is one look at an index.
webhook_events = sa.Table(
    "webhook_events",
    metadata,
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("action", sa.Text, primary_key=True),
    sa.Column("webhook", KEY, sa.ForeignKey("webhooks.id"), primary_key=True),
    sa.Index("webhook_events_by_webhook", "webhook"),
    sqlite_with_rowid=False,
)

# The outbox and the log of it. What is due at some time is on its way; the others are at their end. A server that sends
# something sets that time behind its lease first. No foreign key: a change of a model must not fail, or wait, because a
# webhook is deleted.
webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("id", KEY, primary_key=True),
    sa.Column("delivery_id", sa.Text, nullable=False, unique=True),
    sa.Column("webhook", KEY, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("due_ms", sa.BigInteger),
    sa.Column("last_ms", sa.BigInteger),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("response_status", sa.BigInteger),
    sa.Column("error", sa.Text),
    sa.Index("webhook_deliveries_by_due", "webhook", "due_ms"),
    sa.Index("webhook_deliveries_by_webhook", "webhook", "id"),
)


class Made(NamedTuple):
    """The names of what is in a database.

    Attributes:
        tables: of the program it belongs to, ours or another.
        indexes: those that have a name of their own, and the database's.
    """

    tables: frozenset[str]
    indexes: frozenset[str]

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, ...]]) -> Made:
        """From the kind, ``table`` or ``index``, and the name of each."""
        entries = list(rows)
        tables, indexes = (frozenset(name for kind, name in entries if kind == one) for one in ("table", "index"))
        return cls(tables, indexes)

    @property
    def is_ours(self) -> bool:
        """Whether this program made the tables."""
        return properties.name in self.tables

    def refuse_foreign(self) -> None:
        """Raises ``ForeignDatabase`` if the tables are another program's."""
        if self.tables and not self.is_ours:
            raise ForeignDatabase("MLflow" if {"alembic_version", "experiments"} <= self.tables else "another program")

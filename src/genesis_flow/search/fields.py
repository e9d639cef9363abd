"""The catalogue: what can be searched, by which names, and in which order it comes.

One :class:`Grammar` for each thing that can be searched. A new one is a new constant here, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genesis_flow.search.ast import AGGREGATES, Aggregation, Field, Kind, Order, Type

Names = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Grammar:
    """The fields of one kind of thing.

    Attributes:
        noun: what is searched, in the plural, as messages say it.
        prefixes: what may stand before the first dot.
        names: the fields of the kinds whose keys are fixed, by each name they may be called; other kinds
            take any key.
        orderable: the kinds that an ordering may name.
        default_order: the order when none was asked for.
        ties: what decides among equals; with it every order is total.
        aggregates: whether a metric's key may be followed by the name of an aggregate.
        loose: whether strings need no quotes (``params.lr = 0.01``), and keys with ``-``, ``/``,
            ``:`` or ``@`` no backquotes.
        quoted_numbers: whether a number may stand between quotes (``version_number = '1'``).
    """

    noun: str
    prefixes: Mapping[str, Kind]
    names: Mapping[Kind, Names]
    orderable: frozenset[Kind]
    ties: tuple[Order, ...]
    default_order: tuple[Order, ...] = field(default=())
    aggregates: bool = False
    loose: bool = False
    quoted_numbers: bool = False

    def field(self, kind: Kind, key: str) -> Field | None:
        """The field of that kind with that name, or ``None`` if there is none."""
        if kind in self.names:
            return self.names[kind].get(key)
        return Field(kind, key, Type.NUMBER if kind is Kind.METRIC else Type.STRING)

    def aggregate(self, kind: Kind, key: str, name: str) -> Field | None:
        """The field that is an aggregate of a metric, or ``None`` if there is none of that name."""
        if not (self.aggregates and kind is Kind.METRIC and name in AGGREGATES and key):
            return None
        return Field(kind, f"{key}.{name}", Type.NUMBER, Aggregation(key, name))


def _names(kind: Kind, type: Type, *fields: str) -> dict[str, Field]:
    """Each of ``fields`` is a key, perhaps followed by its other names: ``start_time|created``."""
    names = {}
    for line in fields:
        key, *aliases = line.split("|")
        names.update(dict.fromkeys((key, *aliases), Field(kind, key, type)))
    return names


def _attributes(type: Type, *fields: str) -> dict[str, Field]:
    return _names(Kind.ATTRIBUTE, type, *fields)


_RUN = {
    **_attributes(Type.STRING, "run_id", "run_name|run name|Run name|Run Name", "user_id", "status", "artifact_uri"),
    **_attributes(Type.NUMBER, "start_time|created|Created", "end_time"),
}

RUNS = Grammar(
    noun="runs",
    prefixes={
        **dict.fromkeys(("attribute", "attributes", "attr", "run"), Kind.ATTRIBUTE),
        **dict.fromkeys(("metric", "metrics"), Kind.METRIC),
        **dict.fromkeys(("param", "params", "parameter", "parameters"), Kind.PARAM),
        **dict.fromkeys(("tag", "tags"), Kind.TAG),
        **dict.fromkeys(("dataset", "datasets"), Kind.DATASET),
    },
    names={
        Kind.ATTRIBUTE: _RUN,
        Kind.DATASET: _names(Kind.DATASET, Type.STRING, "name", "digest", "context"),
    },
    orderable=frozenset({Kind.ATTRIBUTE, Kind.METRIC, Kind.PARAM, Kind.TAG}),
    ties=(Order(_RUN["start_time"], ascending=False), Order(_RUN["run_id"])),
    aggregates=True,
)

_EXPERIMENT = {
    **_attributes(Type.STRING, "name"),
    **_attributes(Type.ID, "experiment_id"),
    **_attributes(Type.NUMBER, "creation_time", "last_update_time"),
}

EXPERIMENTS = Grammar(
    noun="experiments",
    prefixes={"attribute": Kind.ATTRIBUTE, "tag": Kind.TAG, "tags": Kind.TAG},
    names={Kind.ATTRIBUTE: _EXPERIMENT},
    orderable=frozenset({Kind.ATTRIBUTE}),
    # COMPAT: mlflow 3.17 lets the lower id win only when no order is asked for, and the higher one otherwise.
    default_order=(Order(_EXPERIMENT["creation_time"], ascending=False), Order(_EXPERIMENT["experiment_id"])),
    ties=(Order(_EXPERIMENT["experiment_id"], ascending=False),),
)

_LOGGED_MODEL = {
    **_attributes(Type.STRING, "model_id", "name", "model_type", "status", "status_message", "lifecycle_stage"),
    **_attributes(Type.STRING, "source_run_id", "artifact_location"),
    **_attributes(Type.ID, "experiment_id"),
    **_attributes(Type.NUMBER, "creation_timestamp|creation_timestamp_ms|creation_time"),
    **_attributes(Type.NUMBER, "last_updated_timestamp|last_updated_timestamp_ms"),
}

LOGGED_MODELS = Grammar(
    noun="logged models",
    prefixes={kind.value: kind for kind in (Kind.ATTRIBUTE, Kind.METRIC, Kind.PARAM, Kind.TAG)},
    names={Kind.ATTRIBUTE: _LOGGED_MODEL},
    orderable=frozenset({Kind.ATTRIBUTE, Kind.METRIC}),
    ties=(Order(_LOGGED_MODEL["creation_timestamp"], ascending=False), Order(_LOGGED_MODEL["model_id"])),
    loose=True,
)

_REGISTERED_MODEL = {
    **_attributes(Type.STRING, "name", "description"),
    **_attributes(Type.NUMBER, "creation_timestamp", "last_updated_timestamp|timestamp"),
}

REGISTERED_MODELS = Grammar(
    noun="registered models",
    prefixes={"attribute": Kind.ATTRIBUTE, "tag": Kind.TAG, "tags": Kind.TAG},
    names={Kind.ATTRIBUTE: _REGISTERED_MODEL},
    orderable=frozenset({Kind.ATTRIBUTE}),
    ties=(Order(_REGISTERED_MODEL["name"]),),
)

_MODEL_VERSION = {
    **_attributes(Type.STRING, "name", "run_id", "source_path|source", "current_stage|stage", "model_id"),
    **_attributes(Type.STRING, "description"),
    **_attributes(Type.NUMBER, "version_number|version", "creation_timestamp", "last_updated_timestamp"),
}

MODEL_VERSIONS = Grammar(
    noun="model versions",
    prefixes={"attribute": Kind.ATTRIBUTE, "tag": Kind.TAG, "tags": Kind.TAG},
    names={Kind.ATTRIBUTE: _MODEL_VERSION},
    orderable=frozenset({Kind.ATTRIBUTE}),
    default_order=(
        Order(_MODEL_VERSION["last_updated_timestamp"], ascending=False),
        Order(_MODEL_VERSION["name"]),
        Order(_MODEL_VERSION["version_number"], ascending=False),
    ),
    ties=(
        Order(_MODEL_VERSION["name"]),
        Order(_MODEL_VERSION["version_number"], ascending=False),
    ),
    quoted_numbers=True,
)

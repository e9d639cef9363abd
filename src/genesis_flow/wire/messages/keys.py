"""Requests and responses of our own: which keys the runs of an experiment have. Written by hand."""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message

KeyKind = Literal["metric", "param", "tag"]


class ExperimentKey(Message, frozen=True, kw_only=True):
    """What the active runs of an experiment have of one metric, param or tag.

    Attributes:
        runs: how many of them have it.
        distinct: how many different values it has among them, of a metric the latest of each run; 101 stands for more
            than 100. NaN is one value.
        numeric: whether all values are numbers: of a metric always, of a param if each reads as one, of a tag never.
        min: the least of them, if they are numbers; NaN is none.
        max: the greatest.
    """

    kind: KeyKind
    key: str
    runs: Int64
    distinct: Int64
    numeric: bool
    min: float | None = None
    max: float | None = None


class ListExperimentKeys(Message, frozen=True, kw_only=True):
    """``GET /api/genesis/v1/experiments/{experiment_id}/keys``.

    Attributes:
        kind: which keys; without it, all.
        q: a part of the key, in upper or lower case; it has no wild cards.
    """

    experiment_id: str
    kind: KeyKind | None = None
    q: str | None = None
    max_results: Int64 = 1_000
    page_token: str | None = None


class ListExperimentKeysResponse(Message, frozen=True, kw_only=True):
    """A page of keys: metrics, then params, then tags, each by key. Nothing in it is an estimate.

    Attributes:
        total: how many keys all pages have together.
        runs: how many active runs the experiment has.
    """

    keys: tuple[ExperimentKey, ...]
    total: Int64
    runs: Int64
    next_page_token: str | None = None

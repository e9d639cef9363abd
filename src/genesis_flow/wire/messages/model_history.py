"""Requests and responses of our own: a registered model's history, an alias at a time, promotions. Written by hand."""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message
from genesis_flow.values.registry import ModelVersion, RegisteredModelAlias

ChangeKind = Literal["created", "deleted", "renamed", "stage", "alias", "tag"]


class ModelChange(Message, frozen=True, kw_only=True):
    """A change of a registered model or of one of its versions.

    ``name`` is the model's name after the change, ``version`` the version if not the model itself was changed, ``key``
    the alias or the tag. What was not there before, or is not there after it, is absent.
    """

    timestamp: Int64 | None = None
    user_id: str | None = None
    kind: ChangeKind | None = None
    name: str | None = None
    version: str | None = None
    key: str | None = None
    before: str | None = None
    after: str | None = None


class GetModelTimeline(Message, frozen=True, kw_only=True):
    """``GET /api/genesis/v1/models/{name}/timeline``: the changes from ``since`` on and before ``until``."""

    name: str
    since: str | None = None
    until: str | None = None
    kind: ChangeKind | None = None
    max_results: Int64 = 100
    page_token: str | None = None


class GetModelTimelineResponse(Message, frozen=True, kw_only=True):
    """The newest change first."""

    changes: tuple[ModelChange, ...] = ()
    next_page_token: str | None = None


class ResolveModelAlias(Message, frozen=True, kw_only=True):
    """``GET /api/genesis/v1/models/{name}/resolve``: which version an alias stood for, now without ``as_of``."""

    name: str
    alias: str
    as_of: str | None = None


class ResolveModelAliasResponse(Message, frozen=True, kw_only=True):
    """The version, and since when it had the alias; the version itself only if it still exists."""

    version: str | None = None
    since: Int64 | None = None
    model_version: ModelVersion | None = None


class AliasToSet(Message, frozen=True, kw_only=True):
    """An alias and its new version. ``expected_version`` is where it must be; empty: it must not be there."""

    alias: str
    version: str
    expected_version: str | None = None


class AliasToUnset(Message, frozen=True, kw_only=True):
    """An alias to remove, and the version where it must be."""

    alias: str
    expected_version: str | None = None


class PromoteModelVersions(Message, frozen=True, kw_only=True):
    """``POST /api/genesis/v1/models/{name}/aliases``: all of it or nothing."""

    name: str
    set: tuple[AliasToSet, ...] = ()
    unset: tuple[AliasToUnset, ...] = ()


class PromoteModelVersionsResponse(Message, frozen=True, kw_only=True):
    """The aliases of the model afterwards."""

    aliases: tuple[RegisteredModelAlias, ...] = ()

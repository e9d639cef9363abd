"""What is read from the history of registered models in MongoDB."""

from __future__ import annotations

from typing import Any

from genesis_flow.errors import AliasNotFound
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.indexes import sort_of
from genesis_flow.stores.mongo.registered import HISTORY

NEWEST = [("at", -1), ("number", -1)]


async def alias_at(database: Database, model: Any, name: str, alias: str, as_of_ms: int | None) -> tuple[int, int]:
    """The version that had an alias at a time, and since when; ``AliasNotFound``."""
    of_alias: Document = {"model": model, "kind": "alias", "key": {"$eq": alias}}
    if as_of_ms is not None:
        of_alias["at"] = {"$lte": as_of_ms}
    sort = sort_of(HISTORY, NEWEST, {"model", "kind", "key"})
    found = await database.find(HISTORY, of_alias, sort=sort, limit=1)
    if not found or found[0]["after"] is None:
        raise AliasNotFound(name, alias)
    return int(found[0]["after"]), int(found[0]["at"])

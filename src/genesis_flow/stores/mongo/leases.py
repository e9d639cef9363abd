"""What one server does at a time: leases, which end by themselves when their holder does."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from genesis_flow.stores.mongo.database import Database
from genesis_flow.stores.mongo.indexes import PROPERTIES


async def take_lease(database: Database, key: str, holder: str, until_ms: int, now_ms: int) -> bool:
    """Takes or renews a lease until a time; whether it was free, or the holder's already."""
    free = {"_id": key, "$or": [{"holder": holder}, {"until": {"$lte": now_ms}}]}
    try:
        await database.update(PROPERTIES, free, {"$set": {"holder": holder, "until": until_ms}}, upsert=True)
    except DuplicateKeyError:
        return False  # it is held
    return True

"""The store in memory: the model that the other stores are compared with, and the quickest one for tests."""

from __future__ import annotations

from genesis_flow.stores.memory.store import MemoryStore, finished

__all__ = ["MemoryStore", "finished"]

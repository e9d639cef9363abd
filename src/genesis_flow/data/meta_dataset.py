"""A dataset of which only the source is known: files that are too large or too odd to read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from genesis_flow.data.dataset import Dataset, Described
from genesis_flow.data.dataset_source import DatasetSource


class MetaDataset(Dataset):
    """A dataset by its source alone; nothing is read.

    Args:
        source: where it is.
        name: what it is called.
        digest: what tells its contents from others; by default it follows from name, source and schema.
        schema: its form, if that is known.
    """

    def __init__(
        self,
        source: DatasetSource,
        name: str | None = None,
        digest: str | None = None,
        schema: Described | None = None,
    ) -> None:
        super().__init__(source, name, digest)
        self._schema = schema

    def _compute_digest(self) -> str:
        facts = {
            "name": self.name,
            "source": self.source.to_json(),
            "source_type": self._get_source_type(),
            "schema": self._schema.to_dict() if self._schema else "",
        }
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:8]

    @property
    def schema(self) -> Any | None:
        """Its form, if it was given."""
        return self._schema

    def to_dict(self) -> dict[str, Any]:
        """The dataset as it is logged; source and schema are JSON."""
        facts = super().to_dict()
        return {**facts, "schema": json.dumps({"mlflow_colspec": self._schema.to_dict()})} if self._schema else facts

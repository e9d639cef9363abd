"""A program as the source of a dataset: what is meant if nobody names another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from genesis_flow.data.dataset_source import DatasetSource
from genesis_flow.errors import Unsupported

if TYPE_CHECKING:
    from typing_extensions import Self


class CodeDatasetSource(DatasetSource):
    """Data that a program made.

    Args:
        tags: where the program comes from, as the tags of its runs tell.
    """

    def __init__(self, tags: dict[Any, Any]) -> None:
        self._tags = tags

    @classmethod
    def _get_source_type(cls) -> str:
        return "code"

    def load(self, **kwargs: Any) -> Any:
        """Refuses: only the program can make its data again."""
        raise Unsupported("CodeDatasetSource.load")

    @classmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> Self:
        raise Unsupported("CodeDatasetSource._resolve")

    def to_dict(self) -> dict[str, Any]:
        """The tags."""
        return {"tags": self._tags}

    @classmethod
    def from_dict(cls, source_dict: Mapping[Any, Any]) -> Self:
        """The source with these ``tags``."""
        return cls(source_dict.get("tags") or {})

"""Files of runs and models."""

from __future__ import annotations

from genesis_flow.entities.entity import Record
from genesis_flow.values import artifacts as values


class FileInfo(Record, frozen=True):
    """A file or a folder below a run's artifacts; a folder has no size, which is in bytes."""

    path: str
    is_dir: bool
    file_size: int | None

    @classmethod
    def of(cls, value: values.FileInfo) -> FileInfo:
        """The file of an answer."""
        return cls(value.path or "", bool(value.is_dir), None if value.is_dir else value.file_size)

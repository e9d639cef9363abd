"""Files as the source of a dataset: in a folder of this machine, in a bucket, on a server of files."""

from __future__ import annotations

from abc import abstractmethod

from genesis_flow.data.dataset_source import DatasetSource


class FileSystemDatasetSource(DatasetSource):
    """A file or a folder, by its path or URI."""

    @property
    @abstractmethod
    def uri(self) -> str:
        """The path or URI."""

    @abstractmethod
    def load(self, dst_path: str | None = None) -> str:
        """Fetches the file or folder.

        Args:
            dst_path: a folder to put it into; by default one that is made for it.

        Returns:
            The path of the copy; of the thing itself if it is on this machine and no folder was named.
        """

"""Files as sources of datasets, one class for each kind of place that MLflow 3.17 knows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from genesis_flow.data.filesystem_dataset_source import FileSystemDatasetSource
from genesis_flow.data.secrets import without_secrets
from genesis_flow.errors import InvalidParameter

if TYPE_CHECKING:
    from typing_extensions import Self


class ArtifactDatasetSource(FileSystemDatasetSource):
    """Files at a URI.

    Args:
        uri: the URI, or a path of this machine.
    """

    scheme: ClassVar[str]

    def __init__(self, uri: str) -> None:
        self._uri = uri

    @property
    def uri(self) -> str:
        """The path or URI."""
        return self._uri

    def load(self, dst_path: str | None = None) -> str:
        """Fetches the file or folder, and answers where it is then. Links in a folder are not followed.

        Args:
            dst_path: the folder that gets it; by default a new one, or none for what is on this machine.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``.
        """
        from genesis_flow.client.repositories.open import Stores, open_at

        repository, path = open_at(self._uri, Stores.of())
        return repository.download_artifacts(path, dst_path)

    @classmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        return isinstance(raw_source, str) and _scheme_of(raw_source) == cls.scheme

    @classmethod
    def _resolve(cls, raw_source: Any) -> Self:
        return cls(os.fspath(raw_source))

    @classmethod
    def _get_source_type(cls) -> str:
        return cls.scheme

    def to_dict(self) -> dict[str, Any]:
        """The URI, without secrets."""
        return {"uri": without_secrets(self._uri)}

    @classmethod
    def from_dict(cls, source_dict: Mapping[Any, Any]) -> Self:
        """The source at ``uri``.

        Raises:
            InvalidParameter: it has none.
        """
        uri = source_dict.get("uri")
        if not isinstance(uri, str):
            raise InvalidParameter("source", source_dict, "an object with a 'uri'")
        return cls(uri)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({without_secrets(self._uri)!r})"


def _scheme_of(uri: str) -> str:
    try:
        return urlsplit(uri).scheme
    except ValueError:  # a bracket that is not closed
        return ""


class LocalArtifactDatasetSource(ArtifactDatasetSource):
    """A file or a folder of this machine: a path, or a ``file:`` URI without a host."""

    scheme = "local"

    @classmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        if isinstance(raw_source, PurePath):
            return True
        if not isinstance(raw_source, str):
            return False
        # COMPAT: mlflow 3.17 takes every text without a scheme for a path, whether there is such a file or not.
        scheme = _scheme_of(raw_source)
        return not scheme or (scheme == "file" and not urlsplit(raw_source).netloc)


class S3ArtifactDatasetSource(ArtifactDatasetSource):
    """Amazon S3 and what speaks like it."""

    scheme = "s3"


class R2ArtifactDatasetSource(ArtifactDatasetSource):
    """Cloudflare R2."""

    scheme = "r2"


class B2ArtifactDatasetSource(ArtifactDatasetSource):
    """Backblaze B2."""

    scheme = "b2"


class GCSArtifactDatasetSource(ArtifactDatasetSource):
    """Google Cloud Storage."""

    scheme = "gs"


class AzureBlobArtifactDatasetSource(ArtifactDatasetSource):
    """Azure Blob Storage."""

    scheme = "wasbs"


class AzureDataLakeArtifactDatasetSource(ArtifactDatasetSource):
    """Azure Data Lake Storage."""

    scheme = "abfss"


class FTPArtifactDatasetSource(ArtifactDatasetSource):
    """A server of FTP."""

    scheme = "ftp"


class SFTPArtifactDatasetSource(ArtifactDatasetSource):
    """A server of SFTP."""

    scheme = "sftp"


class HdfsArtifactDatasetSource(ArtifactDatasetSource):
    """Hadoop's file system."""

    scheme = "hdfs"


class ViewfsArtifactDatasetSource(HdfsArtifactDatasetSource):
    """Hadoop's file systems under one roof."""

    scheme = "viewfs"


SOURCES: tuple[type[ArtifactDatasetSource], ...] = (
    LocalArtifactDatasetSource,
    S3ArtifactDatasetSource,
    R2ArtifactDatasetSource,
    B2ArtifactDatasetSource,
    GCSArtifactDatasetSource,
    AzureBlobArtifactDatasetSource,
    FTPArtifactDatasetSource,
    SFTPArtifactDatasetSource,
    HdfsArtifactDatasetSource,
    ViewfsArtifactDatasetSource,
    AzureDataLakeArtifactDatasetSource,
)

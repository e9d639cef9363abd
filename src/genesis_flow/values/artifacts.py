"""Values of the noun ``artifacts``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

import msgspec

from genesis_flow.values.message import Int64, Message


class FileInfo(Message, frozen=True, kw_only=True):
    """``mlflow.FileInfo``."""

    path: str | None = None
    is_dir: bool | None = None
    file_size: Int64 | None = None


class ArtifactsFileInfo(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.FileInfo``."""

    path: str | None = None
    is_dir: bool | None = None
    file_size: Int64 | None = None


class MultipartUploadCredential(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.MultipartUploadCredential``."""

    url: str | None = None
    part_number: Int64 | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class MultipartUploadPart(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.MultipartUploadPart``."""

    part_number: Int64 | None = None
    etag: str | None = None
    url: str | None = None

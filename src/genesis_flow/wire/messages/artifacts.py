"""Requests and responses of the noun ``artifacts``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

import msgspec

from genesis_flow.values.artifacts import ArtifactsFileInfo, FileInfo, MultipartUploadCredential, MultipartUploadPart
from genesis_flow.values.message import Int64, Message


class ListArtifacts(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/artifacts/list``."""

    run_id: str | None = None
    run_uuid: str | None = None
    path: str | None = None
    page_token: str | None = None


class ListArtifactsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListArtifacts.Response``."""

    root_uri: str | None = None
    files: tuple[FileInfo, ...] = ()
    next_page_token: str | None = None


class CreatePresignedUploadUrl(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/artifacts/presigned-upload-url``."""

    run_id: str | None = None
    path: str | None = None
    expiration: Int64 | None = None
    model_id: str | None = None


class CreatePresignedUploadUrlResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreatePresignedUploadUrl.Response``."""

    presigned_url: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class CreatePresignedDownloadUrl(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/artifacts/presigned-download-url``."""

    run_id: str | None = None
    path: str | None = None
    expiration: Int64 | None = None


class CreatePresignedDownloadUrlResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreatePresignedDownloadUrl.Response``."""

    presigned_url: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    file_size: Int64 | None = None


class DownloadArtifact(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow-artifacts/artifacts/<path:artifact_path>``."""


class DownloadArtifactResponse(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.DownloadArtifact.Response``."""


class UploadArtifact(Message, frozen=True, kw_only=True):
    """``PUT /api/2.0/mlflow-artifacts/artifacts/<path:artifact_path>``."""


class UploadArtifactResponse(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.UploadArtifact.Response``."""


class ArtifactsListArtifacts(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow-artifacts/artifacts``."""

    path: str | None = None


class ArtifactsListArtifactsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.ListArtifacts.Response``."""

    files: tuple[ArtifactsFileInfo, ...] = ()


class DeleteArtifact(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow-artifacts/artifacts/<path:artifact_path>``."""


class DeleteArtifactResponse(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.DeleteArtifact.Response``."""


class CreateMultipartUpload(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow-artifacts/mpu/create/<path:artifact_path>``."""

    path: str | None = None
    num_parts: Int64 | None = None


class CreateMultipartUploadResponse(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.CreateMultipartUpload.Response``."""

    upload_id: str | None = None
    credentials: tuple[MultipartUploadCredential, ...] = ()


class CompleteMultipartUpload(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow-artifacts/mpu/complete/<path:artifact_path>``."""

    path: str | None = None
    upload_id: str | None = None
    parts: tuple[MultipartUploadPart, ...] = ()


class CompleteMultipartUploadResponse(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.CompleteMultipartUpload.Response``."""


class AbortMultipartUpload(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow-artifacts/mpu/abort/<path:artifact_path>``."""

    path: str | None = None
    upload_id: str | None = None


class AbortMultipartUploadResponse(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.AbortMultipartUpload.Response``."""


class GetPresignedDownloadUrl(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow-artifacts/presigned/<path:artifact_path>``."""


class GetPresignedDownloadUrlResponse(Message, frozen=True, kw_only=True):
    """``mlflow.artifacts.GetPresignedDownloadUrl.Response``."""

    url: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    file_size: Int64 | None = None

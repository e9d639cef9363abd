"""MLflow's functions of artifacts: ``download_artifacts``, ``list_artifacts``, ``load_text`` and their like."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_flow.client.repositories.open import Stores, open_at, open_repository
from genesis_flow.client.repositories.repository import ArtifactRepository
from genesis_flow.entities import FileInfo
from genesis_flow.errors import InvalidParameter, MissingPackage
from genesis_flow.exceptions import BAD_REQUEST, INVALID_PARAMETER_VALUE, MlflowException
from genesis_flow.rules.paths import SafeRelPath

if TYPE_CHECKING:
    import PIL.Image

__all__ = [
    "BAD_REQUEST",
    "INVALID_PARAMETER_VALUE",
    "FileInfo",
    "MlflowException",
    "download_artifacts",
    "get_artifact_repository",
    "list_artifacts",
    "load_dict",
    "load_image",
    "load_text",
]


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> str:
    """Fetches a file, or a folder with all that is in it; where it is then.

    What is on this machine already is not copied unless ``dst_path`` is given.

    Args:
        artifact_uri: what: ``runs:/id/path``, ``models:/name/3``, ``models:/name@alias``, ``mlflow-artifacts:/…``, a
            bucket, a folder, an address of the web.
        run_id: instead of it a run.
        artifact_path: which of the run's files; all of them by default.
        dst_path: the folder that gets it, made if it is not there; a new one by default.
        tracking_uri: where runs are kept; as set, by default.
        registry_uri: where models are registered; as set, by default.

    Raises:
        MlflowException: ``RESOURCE_DOES_NOT_EXIST``; or the download failed, and no file is there in part.
    """
    repository, path = _meant(artifact_uri, run_id, artifact_path, Stores.of(tracking_uri, registry_uri))
    return repository.download_artifacts(path, dst_path)


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """What is in a folder, by name; nothing for a file, and for what is not there.

    Args:
        artifact_uri: which: as for ``download_artifacts``.
        run_id: instead of it a run.
        artifact_path: which folder of the run's files; the outermost by default.
        tracking_uri: where runs are kept; as set, by default.
    """
    if run_id is not None and artifact_uri is None:
        return open_repository(f"runs:/{run_id}", Stores.of(tracking_uri)).list_artifacts(artifact_path)
    repository, path = _meant(artifact_uri, run_id, artifact_path, Stores.of(tracking_uri))
    return repository.list_artifacts(path)


def load_text(artifact_uri: str) -> str:
    """The text in a file, which must be UTF-8."""
    content = _content(artifact_uri)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise MlflowException(f"The artifact {artifact_uri!r} is no text in UTF-8.", BAD_REQUEST) from None


def load_dict(artifact_uri: str) -> Any:
    """What the JSON in a file says."""
    try:
        return json.loads(_content(artifact_uri))
    except ValueError:
        raise MlflowException(f"The artifact {artifact_uri!r} is no JSON.", BAD_REQUEST) from None


def load_image(artifact_uri: str) -> PIL.Image.Image:
    """The image in a file, as one of Pillow."""
    try:
        import PIL.Image
    except ImportError:
        raise MissingPackage("load_image", "Pillow") from None
    with tempfile.TemporaryDirectory() as folder:
        try:
            image = PIL.Image.open(download_artifacts(artifact_uri, dst_path=folder))
            image.load()
        except PIL.UnidentifiedImageError:
            raise MlflowException(f"The artifact {artifact_uri!r} is no image.", BAD_REQUEST) from None
        return image


def get_artifact_repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> ArtifactRepository:
    """What reads and writes at a location.

    Args:
        artifact_uri: as for ``download_artifacts``.
        tracking_uri: where runs are kept; as set, by default.
        registry_uri: where models are registered; as set, by default.
    """
    return open_repository(artifact_uri, Stores.of(tracking_uri, registry_uri))


def _meant(
    artifact_uri: str | None, run_id: str | None, artifact_path: str | None, stores: Stores
) -> tuple[ArtifactRepository, str]:
    if (artifact_uri is None) == (run_id is None):
        raise InvalidParameter("artifact_uri", artifact_uri, "given, unless run_id is given instead")
    if artifact_uri is None:
        return open_at(f"runs:/{run_id}/{SafeRelPath.normalize(str(artifact_path or ''))}", stores)
    if artifact_path is not None:
        raise InvalidParameter(
            "artifact_path", artifact_path, "left out unless run_id is given: artifact_uri says it all"
        )
    return open_at(artifact_uri, stores)


def _content(artifact_uri: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return Path(download_artifacts(artifact_uri, dst_path=folder)).read_bytes()

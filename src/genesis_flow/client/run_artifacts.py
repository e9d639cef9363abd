"""Files of runs and of logged models, as the client stores and fetches them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from genesis_flow.client.figures import save_figure
from genesis_flow.client.images import pil_of, small_copy
from genesis_flow.client.runs import Runs, waits
from genesis_flow.entities import FileInfo
from genesis_flow.errors import InvalidImage, InvalidParameter, MissingPackage, MissingParameter
from genesis_flow.rules.clock import now_ms
from genesis_flow.rules.paths import SafeRelPath

# PERF: what moves files is imported by the first verb that does. `MlflowClient` is there 60 ms earlier (15 instead
# of 75 ms on top of the other nouns, best of 3 on two busy cores, 2026-11-24).
if TYPE_CHECKING:
    from genesis_flow.client.repositories.open import Stores
    from genesis_flow.client.repositories.repository import ArtifactRepository, LocalPath

HAS_IMAGES = "mlflow.loggedImages"
IMAGES = "images"
_KEY = re.compile(r"[\w. /-]+", re.ASCII)
_BLOCK_BYTES = 1024 * 1024


class RunArtifacts(Runs):
    """The verbs of files."""

    def log_artifact(self, run_id: str, local_path: LocalPath, artifact_path: str | None = None) -> None:
        """Stores a local file, or a folder under its name.

        Args:
            run_id: to which run.
            local_path: the file or folder.
            artifact_path: the folder of the run that gets it; the outermost by default.

        Raises:
            MlflowException: there is no such file, or it cannot be stored; ``FileNotFoundError`` too for the former.
        """
        self._files_of_run(run_id).log_artifact(local_path, artifact_path)

    def log_artifacts(self, run_id: str, local_dir: LocalPath, artifact_path: str | None = None) -> None:
        """Stores all that is in a local folder, several files at a time."""
        self._files_of_run(run_id).log_artifacts(local_dir, artifact_path)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Stores a text as a file, in UTF-8."""
        if not isinstance(text, str):
            raise InvalidParameter("text", type(text).__name__, "a text")
        with self._staged(run_id, artifact_file) as local:
            local.write_text(text, encoding="utf-8")

    def log_dict(self, run_id: str, dictionary: Mapping[str, Any] | list[Any], artifact_file: str) -> None:
        """Stores a dictionary or a list as a file: YAML if its name ends with ``.yml`` or ``.yaml``, otherwise JSON.

        What JSON does not have is written as its text.
        """
        is_yaml = str(artifact_file).endswith((".yml", ".yaml"))
        content = _yaml(dictionary) if is_yaml else json.dumps(dictionary, indent=2, default=str)
        with self._staged(run_id, artifact_file) as local:
            local.write_text(content, encoding="utf-8")

    def log_stream(self, run_id: str, stream: IO[bytes], artifact_file: str) -> None:
        """Stores what a binary stream gives as a file; it is kept on the disk here until all of it came."""
        from shutil import copyfileobj

        with self._staged(run_id, artifact_file) as local, local.open("wb") as file:
            try:
                copyfileobj(stream, file, _BLOCK_BYTES)
            except (TypeError, AttributeError):
                raise InvalidParameter("stream", type(stream).__name__, "a binary stream") from None

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
    ) -> None:
        """Stores a figure of Matplotlib or Plotly in the format that the file's name says."""
        with self._staged(run_id, artifact_file) as local:
            save_figure(figure, local, save_kwargs)

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,
    ) -> None:
        """Stores an image as a file, or as the next one of a series that is shown by its steps.

        Args:
            run_id: to which run.
            image: an array of NumPy, an image of Pillow or an ``Image``.
            artifact_file: the file; without the arguments that follow.
            key: of which series it is: letters, digits, and ``_-. /``.
            step: at which step; 0 by default.
            timestamp: when, in milliseconds since 1970; now by default.
            synchronous: whether to wait until an image of a series is stored; by default what
                ``MLFLOW_ENABLE_ASYNC_LOGGING`` says.

        Raises:
            InvalidImage: it is none; a ``TypeError`` and a ``ValueError``.
        """
        if (artifact_file is None) == (key is None) or (artifact_file and (step, timestamp) != (None, None)):
            raise InvalidImage("give either artifact_file alone, or key with perhaps step and timestamp")
        pixels = pil_of(image)
        if artifact_file is not None:
            with self._staged(run_id, artifact_file) as local:
                pixels.save(local)
            return
        if key is None or not _KEY.fullmatch(key):
            raise InvalidImage("key must consist of letters, digits, and _-. /")
        self._log_to_series(run_id, pixels, key, step or 0, timestamp, synchronous)

    def _log_to_series(
        self, run_id: str, pixels: Any, key: str, step: int, timestamp: int | None, synchronous: bool | None
    ) -> None:
        from tempfile import TemporaryDirectory
        from uuid import uuid4

        from genesis_flow.client.files_later import LATER, told

        # COMPAT: mlflow 3.17's page finds the series, the step and the time of an image in its name.
        when = now_ms() if timestamp is None else timestamp
        name = f"{key.replace('/', '~')}+step+{step}+timestamp+{when}+{uuid4()}"
        at_once = waits(synchronous)
        kept = pixels if at_once else pixels.copy()

        def store() -> None:
            with TemporaryDirectory() as folder:
                full, small = Path(folder, f"{name}.png"), Path(folder, f"{name}+compressed.webp")
                kept.save(full)
                small_copy(kept).save(small)
                for local in (full, small):  # one by one: an interpreter that ends starts no threads
                    self.log_artifact(run_id, local, IMAGES)
            self.set_tag(run_id, HAS_IMAGES, True, synchronous=True)

        if at_once:
            store()
        elif self._tracking.uri.startswith(("http:", "https:")):
            LATER.submit(store)
        else:  # a store in this process ends before what waits when the interpreter ends
            told(store)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """What is in a folder of a run's files, by name; nothing for a file, and for what is not there.

        Args:
            run_id: of which run.
            path: which folder; the outermost by default.
        """
        return self._files_of_run(run_id).list_artifacts(path)

    def download_artifacts(self, run_id: str, path: str, dst_path: LocalPath | None = None) -> str:
        """Fetches a file, or a folder with all that is in it; where it is then.

        A file is checked against its digest if the server tells it, and is there whole or not at all.

        Args:
            run_id: of which run.
            path: what; empty for everything.
            dst_path: the folder in which it gets its own name, made if it is not there; a new one by default.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``; or the download failed.
        """
        from genesis_flow.client.repositories.open import open_at

        wanted = SafeRelPath.normalize(str(path or ""))
        repository, name = open_at(f"runs:/{run_id}/{wanted}", self._stores)
        return repository.download_artifacts(name, dst_path)

    def log_model_artifact(self, model_id: str, local_path: LocalPath, artifact_path: str | None = None) -> None:
        """Stores a local file, or a folder under its name, with a logged model."""
        self._files_of_model(model_id).log_artifact(local_path, artifact_path)

    def log_model_artifacts(self, model_id: str, local_dir: LocalPath, artifact_path: str | None = None) -> None:
        """Stores all that is in a local folder with a logged model."""
        self._files_of_model(model_id).log_artifacts(local_dir, artifact_path)

    def list_logged_model_artifacts(self, model_id: str, path: str | None = None) -> list[FileInfo]:
        """What is in a folder of a logged model's files, by name."""
        return self._files_of_model(model_id).list_artifacts(path)

    @property
    def _stores(self) -> Stores:
        from genesis_flow.client.repositories.open import Stores

        return Stores(self._tracking.uri, self._registry.uri)

    def _files_of_run(self, run_id: str) -> ArtifactRepository:
        from genesis_flow.client.repositories import locations
        from genesis_flow.client.repositories.open import open_repository

        return open_repository(locations.of_run(self._tracking.uri, run_id), self._stores)

    def _files_of_model(self, model_id: str) -> ArtifactRepository:
        from genesis_flow.client.repositories import locations
        from genesis_flow.client.repositories.open import open_repository

        return open_repository(locations.of_model(self._tracking.uri, model_id), self._stores)

    @contextmanager
    def _staged(self, run_id: str, artifact_file: str) -> Iterator[Path]:
        """A local file to write; stored under the path that was asked for when the block ends well."""
        from tempfile import TemporaryDirectory

        path = SafeRelPath.normalize(str(artifact_file))
        if path == SafeRelPath.ROOT:
            raise MissingParameter("artifact_file")
        with TemporaryDirectory() as folder:
            local = Path(folder, path.name)
            yield local
            self._files_of_run(run_id).log_artifact(local, str(path.parent))


def _yaml(value: Any) -> str:
    try:
        import yaml
    except ImportError:
        raise MissingPackage("A dictionary as YAML", "PyYAML") from None
    return str(yaml.dump(value, default_flow_style=False))

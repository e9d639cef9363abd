"""Tables among the files of runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_flow.client.images import Image, small_copy
from genesis_flow.client.run_artifacts import RunArtifacts
from genesis_flow.client.tables import ENDINGS, Table, pandas
from genesis_flow.entities import Run
from genesis_flow.entities.paged_list import every_page
from genesis_flow.errors import ArtifactNotFound, InvalidParameter
from genesis_flow.rules.paths import SafeRelPath

if TYPE_CHECKING:
    from pandas import DataFrame

LOGGED = "mlflow.loggedArtifacts"
IMAGES = "table_images"
_RUNS_OF_A_PAGE = 1000
_PLAIN = re.compile(r"[\w./ -]+", re.ASCII)


class RunTables(RunArtifacts):
    """The verbs of tables."""

    def log_table(self, run_id: str, data: Mapping[str, Any] | DataFrame, artifact_file: str) -> None:
        """Stores a table as a file, or adds its rows to the table that is there.

        Two that add to one table at the same time may lose the rows of one of them.

        Args:
            run_id: to which run.
            data: columns by their names, or a ``pandas.DataFrame``; an ``Image`` in it is stored as a file beside it.
            artifact_file: ends with ``.json``, or ``.parquet`` (which needs pandas with pyarrow).
        """
        path = SafeRelPath.normalize(str(artifact_file))
        if not path.name.endswith(ENDINGS):
            raise InvalidParameter("artifact_file", artifact_file, f"a name that ends with {' or '.join(ENDINGS)}")
        table = Table.of(data, lambda image: self._place(run_id, path, image))
        if any(file.path == str(path) for file in self.list_artifacts(run_id, str(path.parent))):
            table = self._read(run_id, path) + table
        with self._staged(run_id, str(path)) as local:
            _write(table, local)
        logged = _logged(self.get_run(run_id))
        entry = {"path": str(path), "type": "table"}
        if entry not in logged:
            self.set_tag(run_id, LOGGED, json.dumps([*logged, entry]), synchronous=True)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: Sequence[str] | None = None,
        extra_columns: Sequence[str] | None = None,
    ) -> DataFrame:
        """The rows of a table of this name from all runs that have it, those of the latest run first.

        Args:
            experiment_id: where to look.
            artifact_file: the name of the table.
            run_ids: only from these.
            extra_columns: what to tell of each row's run beside: ``run_id``, ``status``, ``start_time``,
                ``params.…``, ``metrics.…``, ``tags.…`` and so on.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if no run has it.
        """
        frames = pandas("load_table")
        path = SafeRelPath.normalize(str(artifact_file))
        found = []
        for run in self._runs_with(experiment_id, path, run_ids):
            frame = self._read(run.info.run_id, path).frame()
            for name in extra_columns or ():
                frame[name] = _told_of(run, name)
            found.append(frame)
        if not found:
            raise ArtifactNotFound(str(path))
        table: DataFrame = frames.concat(found, ignore_index=True)
        return table

    def _runs_with(self, experiment_id: str, path: SafeRelPath, run_ids: Sequence[str] | None) -> Iterator[Run]:
        if run_ids is not None:
            runs = sorted(map(self.get_run, run_ids), key=_latest_first)
        else:
            runs = self._runs_of(experiment_id, str(path))
        return (run for run in runs if {"path": str(path), "type": "table"} in _logged(run))

    def _runs_of(self, experiment_id: str, name: str) -> list[Run]:
        """The runs whose tag may name this file; which of them do is for the caller to see."""
        pattern = name if _PLAIN.fullmatch(name) else ""
        told = f"tags.`{LOGGED}` LIKE '%{pattern}%'"
        return every_page(
            lambda most, token: self.search_runs([experiment_id], told, max_results=most, page_token=token),
            _RUNS_OF_A_PAGE,
        )

    def _read(self, run_id: str, path: SafeRelPath) -> Table:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            local = Path(self.download_artifacts(run_id, str(path), folder))
            if local.suffix == ".json":
                return Table.parse(local.read_bytes())
            frame = pandas("A table in Parquet").read_parquet(local)
            return Table.of(frame, lambda image: {})

    def _place(self, run_id: str, table: SafeRelPath, image: Image) -> dict[str, str]:
        """Stores an image of a table, and its small copy; what stands for them in the row."""
        from tempfile import TemporaryDirectory
        from uuid import uuid4

        folder = SafeRelPath((IMAGES, *table.parent, table.name.rpartition(".")[0]))
        name = str(uuid4())
        with TemporaryDirectory() as local:
            image.save(Path(local, f"{name}.png"))
            small_copy(image.to_pil()).save(Path(local, f"{name}.webp"))
            self.log_artifacts(run_id, local, str(folder))
        return {"type": "image", "filepath": f"{folder}/{name}.png", "compressed_filepath": f"{folder}/{name}.webp"}


def _write(table: Table, local: Path) -> None:
    if local.suffix == ".json":
        local.write_bytes(table.content())
        return
    try:
        table.frame().to_parquet(local)
    except ImportError:  # pandas is there and cannot do it alone
        raise InvalidParameter(
            "artifact_file", local.name, "a name that ends with .json, or pyarrow installed"
        ) from None


def _logged(run: Run) -> list[Any]:
    """The files that a run's tag tells of."""
    try:
        logged = json.loads(run.data.tags.get(LOGGED, "[]"))
    except ValueError:
        return []
    return logged if isinstance(logged, list) else []


def _latest_first(run: Run) -> int:
    return -(run.info.start_time or 0)


def _told_of(run: Run, name: str) -> Any:
    """What a column of ``search_runs`` says of a run."""
    kind, dot, key = name.partition(".")
    of_kind: dict[str, Mapping[str, Any]] = {
        "params": run.data.params,
        "metrics": run.data.metrics,
        "tags": run.data.tags,
    }
    if dot and kind in of_kind:
        return of_kind[kind].get(key)
    if name in ("start_time", "end_time"):
        return pandas("load_table").to_datetime(getattr(run.info, name), unit="ms", utc=True)
    if name in ("run_id", "experiment_id", "status", "artifact_uri"):
        return getattr(run.info, name)
    raise InvalidParameter("extra_columns", name, "the name of a column of search_runs")

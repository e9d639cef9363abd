"""Files of the run that is going on; one is started if none is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.files_later import flush
from genesis_flow.fluent.active import active_or_new_run_id
from genesis_flow.fluent.experiments import active_experiment_id

if TYPE_CHECKING:
    from pandas import DataFrame


def log_artifact(local_path: str, artifact_path: str | None = None, run_id: str | None = None) -> None:
    """Uploads a file.

    Args:
        local_path: which.
        artifact_path: the folder where it goes, below the run's artifacts.
        run_id: of which run; the active one by default.
    """
    MlflowClient().log_artifact(run_id or active_or_new_run_id(), local_path, artifact_path)


def log_artifacts(local_dir: str, artifact_path: str | None = None, run_id: str | None = None) -> None:
    """Uploads a folder with all that is in it; the arguments are those of :func:`log_artifact`."""
    MlflowClient().log_artifacts(run_id or active_or_new_run_id(), local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Writes a text to a file of the run."""
    MlflowClient().log_text(run_id or active_or_new_run_id(), text, artifact_file)


def log_dict(dictionary: Mapping[str, Any], artifact_file: str, run_id: str | None = None) -> None:
    """Writes a dictionary to a file of the run: YAML if its name ends so, JSON otherwise."""
    MlflowClient().log_dict(run_id or active_or_new_run_id(), dictionary, artifact_file)


def log_stream(stream: BinaryIO, artifact_file: str, run_id: str | None = None) -> None:
    """Writes what can be read from a stream to a file of the run."""
    MlflowClient().log_stream(run_id or active_or_new_run_id(), stream, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
    """Writes a figure of Matplotlib or Plotly to a file of the run.

    Args:
        figure: which.
        artifact_file: its ending says the format.
        save_kwargs: for the method that saves it.
    """
    MlflowClient().log_figure(active_or_new_run_id(), figure, artifact_file, save_kwargs=save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Writes an image of PIL or an array to a file of the run, or to the series of images of a key.

    Args:
        image: which.
        artifact_file: its file; or
        key: the series, and in it
        step: its step, and
        timestamp: when it was made, in milliseconds since 1970.
        synchronous: whether to wait until it is kept.
    """
    MlflowClient().log_image(active_or_new_run_id(), image, artifact_file, key, step, timestamp, synchronous)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Adds rows to a table of the run: a dictionary of columns, or a table of pandas."""
    MlflowClient().log_table(run_id or active_or_new_run_id(), data, artifact_file)


def load_table(
    artifact_file: str, run_ids: list[str] | None = None, extra_columns: list[str] | None = None
) -> DataFrame:
    """The tables of one name that runs of the active experiment logged, as one.

    Args:
        artifact_file: their name.
        run_ids: of these runs; of all by default.
        extra_columns: what to add of the runs: ``run_id``, ``start_time``.
    """
    return MlflowClient().load_table(active_experiment_id(), artifact_file, run_ids, extra_columns)


def flush_artifact_async_logging() -> None:
    """Waits until every image that was logged in the background is kept."""
    flush()

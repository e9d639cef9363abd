"""Images, figures and tables."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from PIL import Image

from tests.blackbox.script import check, check_if, finish, fresh_name

client = MlflowClient()
experiment_id = mlflow.set_experiment(fresh_name("media")).experiment_id
PNG = b"\x89PNG\r\n\x1a\n"


def read(run_id: str, path: str) -> bytes:
    return Path(client.download_artifacts(run_id, path)).read_bytes()


@check
def an_image_is_logged_as_a_file() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    with mlflow.start_run() as run:
        mlflow.log_image(pixels, "images/array.png")
        mlflow.log_image(Image.fromarray(pixels), "images/pillow.png")
        mlflow.log_image(np.zeros((3, 3), dtype=np.uint8), "gray.png")
    for name in ("images/array.png", "images/pillow.png"):
        image = Image.open(io.BytesIO(read(run.info.run_id, name)))
        assert np.array_equal(np.asarray(image), pixels)
        loaded = mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/{name}")
        assert np.array_equal(np.asarray(loaded), pixels)
    assert read(run.info.run_id, "gray.png").startswith(PNG)


@check
def images_of_a_series_are_kept_by_step() -> None:
    with mlflow.start_run() as run:
        for step in range(3):
            pixels = np.full((2, 2, 3), step, dtype=np.uint8)
            mlflow.log_image(pixels, key="dogs and cats", step=step, timestamp=1_000 + step)
        if hasattr(mlflow, "flush_artifact_async_logging"):
            mlflow.flush_artifact_async_logging()
    names = [file.path for file in client.list_artifacts(run.info.run_id, "images")]
    full = [name for name in names if name.endswith(".png")]
    small = [name for name in names if name.endswith(".webp")]
    assert (len(full), len(small)) == (3, 3), names
    values = {int(np.asarray(Image.open(io.BytesIO(read(run.info.run_id, name))))[0, 0, 0]) for name in full}
    assert values == {0, 1, 2}
    assert mlflow.get_run(run.info.run_id).data.tags["mlflow.loggedImages"].lower() == "true"


@check
def a_figure_is_logged() -> None:
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [1, 4, 9])
    with mlflow.start_run() as run:
        mlflow.log_figure(figure, "figures/curve.png")
        mlflow.log_figure(figure, "curve.svg")
    plt.close(figure)
    assert read(run.info.run_id, "figures/curve.png").startswith(PNG)
    assert b"<svg" in read(run.info.run_id, "curve.svg")


@check
def a_table_is_logged_extended_and_loaded() -> None:
    with mlflow.start_run() as run:
        mlflow.log_table({"question": ["a", "b"], "score": [0.5, 1.0]}, "table.json")
        mlflow.log_table(pd.DataFrame({"question": ["c"], "score": [0.25]}), "table.json")
    table = mlflow.load_table("table.json", run_ids=[run.info.run_id], extra_columns=["run_id"])
    assert list(table["question"]) == ["a", "b", "c"]
    assert list(table["score"]) == [0.5, 1.0, 0.25]
    assert set(table["run_id"]) == {run.info.run_id}
    assert "table.json" in mlflow.get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"]


@check
def a_table_is_loaded_from_all_runs_that_have_it() -> None:
    for number in range(2):
        with mlflow.start_run():
            mlflow.log_table({"number": [number]}, "shared.json")
    table = mlflow.load_table("shared.json")
    assert sorted(table["number"]) == [0, 1]


@check_if(hasattr(mlflow, "Image"))
def an_image_in_a_table_comes_back() -> None:
    with mlflow.start_run() as run:
        picture = mlflow.Image(np.full((2, 2, 3), 7, dtype=np.uint8))
        mlflow.log_table({"id": [1], "image": [picture]}, "pictures.json")
    table = mlflow.load_table("pictures.json", run_ids=[run.info.run_id])
    assert len(table["image"]) == 1
    assert any(file.path.startswith("table_images/") for file in client.list_artifacts(run.info.run_id, "table_images"))


finish()

"""Artifacts of runs: files, folders, texts, dictionaries, pictures, tables."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

NAME = sys.argv[1]


def main() -> None:
    mlflow.set_experiment(NAME)
    with mlflow.start_run(run_name="files"), tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "deep" / "deeper").mkdir(parents=True)
        (path / "one.txt").write_text("one")
        (path / "deep" / "deeper" / "two.bin").write_bytes(bytes(range(256)) * 64)
        (path / "deep" / "empty").touch()
        mlflow.log_artifact(str(path / "one.txt"))
        mlflow.log_artifact(str(path / "one.txt"), "copies")
        mlflow.log_artifacts(folder, "all of it")
        mlflow.log_text("ä text", "texts/note.txt")
        mlflow.log_dict({"b": [1, None], "a": "ü"}, "dicts/one.json")
        mlflow.log_dict({"b": [1, None], "a": "ü"}, "dicts/two.yaml")
        mlflow.log_image(np.full((4, 4, 3), 127, dtype=np.uint8), "grey.png")
        mlflow.log_table({"prompt": ["a", "b"], "score": [1, 2]}, "table.json")
        mlflow.log_table(pd.DataFrame({"prompt": ["c"], "score": [3]}), "table.json")


if __name__ == "__main__":
    main()

"""A script about files that runs with MLflow's client and with ours: ``write`` makes a run, ``read`` fetches all of it.

python -m tests.client.files_script mlflow write LOCAL_FOLDER
python -m tests.client.files_script genesis_flow read RUN_ID TARGET_FOLDER
"""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


def client_of(package: str) -> tuple[Any, Any]:
    """A client, and the class of images that goes with it."""
    if package == "mlflow":
        import mlflow

        return mlflow.MlflowClient(), mlflow.Image
    from genesis_flow.client import images
    from genesis_flow.client.client import MlflowClient

    return MlflowClient(), images.Image


def write(client: Any, image_of: Any, local: Path) -> str:
    """Logs one of everything; the run's id."""
    run_id = str(client.create_run("0").info.run_id)
    client.log_artifacts(run_id, str(local))
    client.log_artifacts(run_id, str(local), "some/where")
    client.log_artifact(run_id, str(local), "named")
    client.log_text(run_id, "hé\n", "text/./a.txt")
    client.log_dict(run_id, {"b": [1, None, 2.5], "a": {"é": "ü"}, "when": datetime(2026, 1, 2)}, "d.json")
    client.log_dict(run_id, {"b": [1, None, 2.5], "a": {"é": "ü"}}, "d.yaml")
    client.log_stream(run_id, io.BytesIO(b"x" * 1000), "stream")
    for name, image in {
        "bytes": PIXELS,
        "gray": PIXELS[:, :, :1],
        "floats": PIXELS / 50.0,
        "shares": PIXELS / 255.0,
        "flags": PIXELS[:, :, 0] > 20,
        "pillow": Image.fromarray(PIXELS),
        "own": image_of(PIXELS),
    }.items():
        client.log_image(run_id, image, f"images/{name}.png")
    client.log_image(run_id, Image.new("RGB", (600, 300)), key="a/b c", step=3, timestamp=12, synchronous=True)
    figure = Figure()
    figure.subplots().plot([1, 2])
    client.log_figure(run_id, figure, "figure.png")
    client.log_table(run_id, {"q": ["a", "b"], "s": [0.5, 1]}, "t.json")
    client.log_table(run_id, pd.DataFrame({"q": ["c"], "z": [3]}, index=[7]), "t.json")
    client.log_table(run_id, {"q": ["a"], "uneven": [1, 2]}, "sub/u.json")
    client.log_table(run_id, {"one": 1, "t": [datetime(2026, 1, 2), None], "n": [np.nan, np.float32(1)]}, "v.json")
    client.log_table(run_id, {"id": [1], "image": [image_of(PIXELS)]}, "sub/i.json")
    return run_id


def main(package: str, verb: str, *arguments: str) -> None:
    """Does what the command says, and prints the run's id or the folder."""
    client, image_of = client_of(package)
    if verb == "write":
        print(write(client, image_of, Path(arguments[0])))
    else:
        print(client.download_artifacts(arguments[0], "", arguments[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A program that logs offline, and says after each call what it was told is kept: the ledger of a test that kills it."""

from __future__ import annotations

import json
import sys
from itertools import count
from pathlib import Path

import genesis_flow as mlflow


def log(folder: str, experiment: str, limit: int) -> None:
    """Logs runs of 10 points, one after the other, until it is killed or has logged so many calls."""
    mlflow.set_tracking_uri(f"offline:{folder}")
    mlflow.set_experiment(experiment)
    done = 0

    def told(run_id: str, kind: str, key: str, value: object) -> None:
        nonlocal done
        print(json.dumps([run_id, kind, key, value]), flush=True)
        done += 1
        if done >= limit:
            sys.exit()

    for number in count():
        with mlflow.start_run(run_name=f"run {number}") as run:
            run_id = run.info.run_id
            told(run_id, "run", "name", f"run {number}")
            mlflow.log_param("number", number)
            told(run_id, "param", "number", str(number))
            for step in range(10):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
                told(run_id, "point", "loss", [step, 1 / (step + 1)])
            mlflow.log_metrics({"a": 1.0, "b": 2.0}, step=number)
            told(run_id, "point", "a", [number, 1.0])
            mlflow.set_tag("state", "trained")
            told(run_id, "tag", "state", "trained")
            mlflow.log_text(f"of {run_id}" * 100, "notes/note.txt")
            told(run_id, "file", "notes/note.txt", f"of {run_id}" * 100)


if __name__ == "__main__":
    log(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    assert Path(sys.argv[1]).is_dir()

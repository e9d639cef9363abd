"""Large files in parts, past the server: an unmodified client sends and fetches them, and falls back where it must.

Runs like the scripts, for servers whose artifacts are in a bucket; see ``test_buckets.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

import mlflow
from mlflow import MlflowClient

from tests.blackbox.script import check, finish, fresh_name

client = MlflowClient()
experiment_id = mlflow.set_experiment(fresh_name("direct")).experiment_id
CONTENT = os.urandom(2**20) * 12 + b"the end"


@check
def a_large_file_goes_up_in_parts_and_comes_back() -> None:
    run_id = str(client.create_run(experiment_id).info.run_id)
    local = Path("a large file é.bin")
    local.write_bytes(CONTENT)
    client.log_artifact(run_id, str(local), "some where/deep")
    (found,) = client.list_artifacts(run_id, "some where/deep")
    assert (found.path, found.file_size) == (f"some where/deep/{local.name}", len(CONTENT))
    assert Path(client.download_artifacts(run_id, found.path)).read_bytes() == CONTENT


@check
def a_folder_of_large_and_small_files_goes_up() -> None:
    run_id = str(client.create_run(experiment_id).info.run_id)
    folder = Path("folder")
    (folder / "sub").mkdir(parents=True)
    for name, size in {"large.bin": 8 * 2**20, "sub/large.bin": 7 * 2**20, "small.txt": 3, "sub/empty": 0}.items():
        (folder / name).write_bytes(CONTENT[:size])
    client.log_artifacts(run_id, str(folder))
    back = Path(client.download_artifacts(run_id, ""))
    for path in folder.rglob("*"):
        if path.is_file():
            assert (back / path.relative_to(folder)).read_bytes() == path.read_bytes(), path


finish()

"""Artifacts: files, folders and texts go up, are listed, and come back byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import mlflow
import yaml
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from tests.blackbox.script import check, check_if, failing, finish, fresh_name

client = MlflowClient()
experiment_id = mlflow.set_experiment(fresh_name("artifacts")).experiment_id


def new_run() -> str:
    return str(client.create_run(experiment_id).info.run_id)


def listing(run_id: str, path: str | None = None) -> list[tuple[str, bool, int]]:
    # MLflow leaves the size out for folders, and for empty files too.
    return [(file.path, file.is_dir, file.file_size or 0) for file in client.list_artifacts(run_id, path)]


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@check
def a_new_run_has_no_artifacts() -> None:
    assert listing(new_run()) == []


@check
def a_file_goes_up_and_comes_back() -> None:
    run_id = new_run()
    local = write(Path("up/data.bin"), bytes(range(256)))
    client.log_artifact(run_id, str(local))
    client.log_artifact(run_id, str(local), "deep/er")
    assert listing(run_id) == [("data.bin", False, 256), ("deep", True, 0)]
    assert listing(run_id, "deep") == [("deep/er", True, 0)]
    assert listing(run_id, "deep/er") == [("deep/er/data.bin", False, 256)]
    assert Path(client.download_artifacts(run_id, "deep/er/data.bin")).read_bytes() == bytes(range(256))


@check
def a_file_logged_again_is_replaced() -> None:
    run_id = new_run()
    client.log_text(run_id, "a longer first text", "note.txt")
    client.log_text(run_id, "second", "note.txt")
    assert listing(run_id) == [("note.txt", False, 6)]
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/note.txt") == "second"


@check
def names_are_kept_whatever_letters_they_have() -> None:
    run_id = new_run()
    names = ["with space.txt", "ü-日本.txt", "a+b&c=d.txt", "100%.txt", "quote'.txt", ".hidden"]
    for name in names:
        client.log_artifact(run_id, str(write(Path("odd") / name, name.encode())), "odd names")
    listed = [path.removeprefix("odd names/") for path, _, _ in listing(run_id, "odd names")]
    assert sorted(listed) == sorted(names)
    os.mkdir("odd-down")
    here = Path(client.download_artifacts(run_id, "odd names", dst_path="odd-down"))
    assert {path.name: path.read_text() for path in here.iterdir()} == {name: name for name in names}


@check
def a_folder_goes_up_and_comes_back() -> None:
    run_id = new_run()
    contents = {"a.txt": b"a", "sub/b.json": b"{}", "sub/deeper/c.bin": b"\x00\xff" * 500, "empty.txt": b""}
    for path, content in contents.items():
        write(Path("folder") / path, content)
    client.log_artifacts(run_id, "folder")
    client.log_artifacts(run_id, "folder", artifact_path="copy")
    assert listing(run_id) == [
        ("a.txt", False, 1),
        ("copy", True, 0),
        ("empty.txt", False, 0),
        ("sub", True, 0),
    ]
    assert listing(run_id, "copy/sub") == [("copy/sub/b.json", False, 2), ("copy/sub/deeper", True, 0)]
    os.mkdir("all")
    everything = Path(client.download_artifacts(run_id, "", dst_path="all"))
    for prefix in ("", "copy/"):
        for path, content in contents.items():
            assert (everything / prefix / path).read_bytes() == content


@check
def texts_and_dictionaries_are_logged() -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("héllo ✓\nline two", "texts/hello.txt")
        mlflow.log_text("<b>page</b>", "page.html")
        mlflow.log_dict({"a": [1, 2, {"b": None}]}, "data.json")
        mlflow.log_dict({"a": 1.5}, "data.yaml")
        mlflow.log_dict({"plain": True}, "no-extension")
    root = f"runs:/{run.info.run_id}"
    assert mlflow.artifacts.load_text(f"{root}/texts/hello.txt") == "héllo ✓\nline two"
    assert mlflow.artifacts.load_text(f"{root}/page.html") == "<b>page</b>"
    assert mlflow.artifacts.load_dict(f"{root}/data.json") == {"a": [1, 2, {"b": None}]}
    assert yaml.safe_load(mlflow.artifacts.load_text(f"{root}/data.yaml")) == {"a": 1.5}
    assert json.loads(mlflow.artifacts.load_text(f"{root}/no-extension")) == {"plain": True}


@check
def the_fluent_calls_do_the_same() -> None:
    write(Path("fluent/one.txt"), b"one")
    write(Path("fluent/sub/two.txt"), b"two")
    with mlflow.start_run() as run:
        mlflow.log_artifact("fluent/one.txt", "here")
        mlflow.log_artifacts("fluent", "there")
        artifact_uri = mlflow.get_artifact_uri("there")
    by_run = mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="there")
    assert [file.path for file in by_run] == ["there/one.txt", "there/sub"]
    by_uri = mlflow.artifacts.list_artifacts(artifact_uri=artifact_uri)
    assert [Path(file.path).name for file in by_uri] == ["one.txt", "sub"]
    local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="there/sub/two.txt")
    assert Path(local).read_bytes() == b"two"
    local = mlflow.artifacts.download_artifacts(artifact_uri=f"{artifact_uri}/one.txt")
    assert Path(local).read_bytes() == b"one"


@check
def artifacts_are_loaded_by_any_uri_that_leads_to_them() -> None:
    run_id, name = new_run(), fresh_name("files")
    client.log_dict(run_id, {"a": [1]}, "a model/deep/data.json")
    client.create_registered_model(name)
    source = f"{client.get_run(run_id).info.artifact_uri}/a model"
    client.create_model_version(name, source, run_id)
    client.set_registered_model_alias(name, "champion", "1")
    for uri in (f"runs:/{run_id}/a model", source, f"models:/{name}/1", f"models:/{name}@champion"):
        assert mlflow.artifacts.load_dict(f"{uri}/deep/data.json") == {"a": [1]}, uri
        assert json.loads(mlflow.artifacts.load_text(f"{uri}/deep/data.json")) == {"a": [1]}, uri
        (folder,) = mlflow.artifacts.list_artifacts(artifact_uri=uri)
        assert (Path(folder.path).name, folder.is_dir) == ("deep", True), uri
    with failing():
        mlflow.artifacts.load_dict(f"models:/{name}/1/missing.json")


@check
def thirty_megabytes_pass_both_ways() -> None:
    run_id = new_run()
    block = hashlib.sha256(b"seed").digest() * 32_768
    local = write(Path("large.bin"), b"".join(bytes([number]) + block for number in range(30)))
    client.log_artifact(run_id, str(local))
    assert listing(run_id) == [("large.bin", False, local.stat().st_size)]
    os.mkdir("down")
    back = Path(client.download_artifacts(run_id, "large.bin", dst_path="down"))
    assert hashlib.sha256(back.read_bytes()).digest() == hashlib.sha256(local.read_bytes()).digest()


@check
def a_missing_artifact_is_an_error_and_a_missing_folder_is_empty() -> None:
    run_id = new_run()
    client.log_text(run_id, "there", "there.txt")
    assert listing(run_id, "missing") == []
    assert listing(run_id, "there.txt") == []
    with failing("missing.txt"):
        client.download_artifacts(run_id, "missing.txt")


@check
def a_path_that_leaves_the_run_is_refused() -> None:
    run_id = new_run()
    client.log_text(run_id, "there", "there.txt")
    with failing("INVALID_PARAMETER_VALUE"):
        client.list_artifacts(run_id, "../..")
    for path in ("../up.txt", "/absolute.txt", "a/../../up.txt"):
        with failing():
            client.log_text(run_id, "outside", path)
    assert listing(run_id) == [("there.txt", False, 5)]


@check_if(hasattr(client, "log_stream"))
def a_stream_is_logged() -> None:
    run_id = new_run()
    with write(Path("stream.bin"), b"streamed" * 1_000).open("rb") as stream:
        client.log_stream(run_id, stream, "streams/stream.bin")
    assert listing(run_id, "streams") == [("streams/stream.bin", False, 8_000)]


@check
def artifacts_are_deleted_through_the_repository_of_the_run() -> None:
    run_id = new_run()
    for name in ("gone/one.txt", "gone/two.txt", "kept.txt"):
        client.log_text(run_id, "text", name)
    get_artifact_repository(client.get_run(run_id).info.artifact_uri).delete_artifacts("gone")
    assert [path for path, _, _ in listing(run_id)] == ["kept.txt"]


finish()

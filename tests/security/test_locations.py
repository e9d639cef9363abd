"""Locations that a client wrote into a field: kept as its own affair, never opened by the server."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.security.conftest import SECRET
from tests.serving import API, Server

LOCATIONS = [
    "{outside}",
    "file://{outside}",
    "file://localhost{outside}",
    "FILE:{outside}",
    "file:{outside}",
    "file://{outside}/../outside",
    "file:///%2e%2e{outside}",
    "{artifacts}/../outside",
    "file://{artifacts}/../outside",
    "file://{artifacts}/%2e%2e/outside",
    "{artifacts}/link",
    "/",
    "/etc",
    "file:///etc",
    "etc",
    ".",
    "..",
    "../outside",
    "artifacts/../outside",
    "~",
    "C:\\Windows",
    "\\\\server\\share",
    "file://server/share",
    "mlflow-artifacts:/../outside",
    "mlflow-artifacts:/../../etc",
    "mlflow-artifacts:../outside",
    "mlflow-artifacts:/0/../../outside",
    "mlflow-artifacts:/%2e%2e/outside",
    "mlflow-artifacts:/%252e%252e/outside",
    "mlflow-artifacts:/..%5coutside",
    "mlflow-artifacts://evil.example/../outside",
    "mlflow-artifacts:/0?x=/../../outside",
    "http://127.0.0.1:{listener}/",
    "https://127.0.0.1:{listener}/",
    "ftp://127.0.0.1:{listener}/",
    "sftp://127.0.0.1:{listener}/",
    "hdfs://127.0.0.1:{listener}/",
    "http://169.254.169.254/latest/meta-data/",
    "s3://bucket/path",
    "gs://bucket/path",
    "wasbs://container@account.blob.core.windows.net/",
    "dbfs:/path",
    "runs:/0/path",
    "models:/m/1",
    "data:text/plain,x",
    "gopher://127.0.0.1:{listener}/",
    " ",
]


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """Somebody whom the server must not call."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.mark.usefixtures("links", "model_id")
@pytest.mark.parametrize("template", LOCATIONS)
def test_a_location_outside_the_roots_is_never_touched(server: Server, listener: socket.socket, template: str) -> None:
    location = template.format(
        outside=server.folder / "outside", artifacts=server.artifacts, listener=listener.getsockname()[1]
    )
    created = server.post("experiments/create", {"name": f"at {template}", "artifact_location": location})
    assert created.status == 200
    run = server.ask("runs/create", {"experiment_id": created.json["experiment_id"]})["run"]["info"]
    model = server.ask("logged-models", {"experiment_id": created.json["experiment_id"]})["model"]["info"]
    files = server.everything()

    run_id, model_id = run["run_id"], model["model_id"]
    for path in ("canary.txt", "passwd", "", f"{run_id}/artifacts", "new.txt"):
        for method, target in (
            ("GET", f"{API}artifacts/list?run_id={run_id}&path={path}"),
            ("GET", f"/get-artifact?run_id={run_id}&path={path}"),
            ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={path}"),
            ("GET", f"{API}logged-models/{model_id}/artifacts/directories?artifact_directory_path={path}"),
            ("GET", f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files?artifact_file_path={path}"),
        ):
            answer = server.send(method, target, b"overwritten" if method == "POST" else None)
            # A path that is missing may be complained about first.
            assert answer.status == 403 or (path == "" and answer.status == 400), target
            assert SECRET.encode() not in answer.body
            if answer.status == 403:
                assert answer.error_code == "PERMISSION_DENIED"
                assert "outside the locations" in answer.message
                assert "\n" not in answer.message

    assert server.everything() == files
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.usefixtures("model_id")
def test_the_staging_folder_is_no_location(server: Server) -> None:
    reserved = {"name": "staging", "artifact_location": "mlflow-artifacts:/.genesis-flow-staging"}
    experiment_id = server.ask("experiments/create", reserved)["experiment_id"]
    inside = server.create_run(experiment_id)
    for method, target in (
        ("GET", f"{API}artifacts/list?run_id={inside}"),
        ("GET", f"/get-artifact?run_id={inside}&path=a"),
        ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={inside}&path=a"),
    ):
        assert server.send(method, target, b"x" if method == "POST" else None).status == 400


@pytest.mark.usefixtures("model_id")
def test_the_client_s_own_location_is_kept_as_it_was_given(server: Server) -> None:
    location = "s3://bucket/a path/%2e?versionId=1"
    experiment_id = server.ask("experiments/create", {"name": "own", "artifact_location": location})["experiment_id"]
    experiment = server.send("GET", f"{API}experiments/get?experiment_id={experiment_id}").json["experiment"]
    assert experiment["artifact_location"] == location


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", ["../../outside", "/etc", "..", "%2e%2e%2f"])
def test_the_name_of_a_thing_is_no_part_of_its_location(server: Server, name: str) -> None:
    # Ids are the server's, so nothing that a client names decides where files go.
    for verb, message in {
        "runs/create": {"experiment_id": name},
        "logged-models": {"experiment_id": name, "name": "m"},
        "runs/log-metric": {"run_id": name, "key": "k", "value": 1, "timestamp": 1},
    }.items():
        assert server.post(verb, message).status in (400, 404)


@pytest.mark.usefixtures("model_id")
@pytest.mark.parametrize(
    "location", ["s3://key:SECRET@bucket/x", "wasbs://c@account.blob.core.windows.net/x?sv=1&sig=SECRET"]
)
def test_a_location_with_a_secret_is_neither_kept_nor_told(server: Server, location: str) -> None:
    answer = server.post("experiments/create", {"name": "with a secret", "artifact_location": location})

    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert "SECRET" not in answer.message
    assert "SECRET" not in server.log
    assert b"SECRET" not in (server.folder / "store.db").read_bytes()

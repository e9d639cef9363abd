"""A server whose artifacts are in a bucket: flat memory, nothing half is seen, and a bucket that goes away comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import buckets
from tests.buckets import Cloud
from tests.faults.large import MIB, growth_of_both_ways
from tests.serving import API, FILES, Server, free_port, request_head, serving

LARGE = 150
GROWTH_BYTES = 64 * MIB


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with buckets.s3(tmp_path_factory.mktemp("s3")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def name(s3: Cloud) -> str:
    """The bucket."""
    return s3.new_bucket()


@pytest.fixture(scope="module")
def server(s3: Cloud, name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bucket")
    with serving(
        folder, "--artifacts-destination", f"s3://{name}/files", environment=s3.environment, wait=True
    ) as running:
        assert running.send("PUT", f"{FILES}/first.bin", b"x" * 16 * MIB).status == 200
        assert len(running.send("GET", f"{FILES}/first.bin").body) == 16 * MIB
        yield running
        assert "Traceback" not in running.log, running.log
        for secret in (s3.environment["AWS_SECRET_ACCESS_KEY"], s3.environment["AWS_ACCESS_KEY_ID"], "Signature"):
            assert secret not in running.log


def test_a_large_file_passes_both_ways_with_flat_memory(server: Server) -> None:
    assert growth_of_both_ways(server, LARGE) < GROWTH_BYTES


def test_the_routes_of_runs_lead_into_the_bucket(server: Server) -> None:
    run_id = server.create_run()
    upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=dir/f.txt"
    assert server.send("POST", upload, b"content").status == 200

    listed = server.send("GET", f"{API}artifacts/list?run_id={run_id}&path=dir").json
    assert listed["files"] == [{"path": "dir/f.txt", "is_dir": False, "file_size": 7}]
    answer = server.send("GET", f"/get-artifact?run_id={run_id}&path=dir/f.txt", headers={"Range": "bytes=1-3"})
    assert (answer.status, answer.body) == (206, b"ont")
    assert server.send("DELETE", f"{FILES}/0/{run_id}").status == 200
    assert server.send("GET", f"{API}artifacts/list?run_id={run_id}").json.get("files", []) == []


def test_a_client_that_vanishes_in_the_middle_of_an_upload_leaves_nothing(server: Server, s3: Cloud, name: str) -> None:
    assert server.send("PUT", f"{FILES}/kept.bin", b"the old content").status == 200
    for path in ("kept.bin", "vanished.bin"):
        for sent in (0, 1, 5 * MIB, 20 * MIB):
            with server.connect() as connection:
                connection.sendall(request_head("PUT", f"{FILES}/{path}", Content_Length=str(30 * MIB)) + b"x" * sent)
    assert server.send("GET", f"{FILES}/kept.bin").body == b"the old content"
    assert server.send("GET", f"{FILES}/vanished.bin").status == 404
    for _ in range(10_000):  # it may hear of the last one after it has answered us
        if b"<Upload>" not in s3.send("GET", f"/{name}?uploads")[1]:
            break
        assert server.send("GET", "/version").status == 200
    assert b"<Upload>" not in s3.send("GET", f"/{name}?uploads")[1]


def test_a_bucket_that_is_away_is_503_and_comes_back(tmp_path_factory: pytest.TempPathFactory, s3: Cloud) -> None:
    bucket, folder = s3.new_bucket(), tmp_path_factory.mktemp("away")
    nowhere = {"MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    where = ("--artifacts-destination", f"s3://{bucket}")
    with serving(folder, *where, environment={**s3.environment, **nowhere}) as cut_off:
        for method, target in (("GET", f"{FILES}/f"), ("PUT", f"{FILES}/f"), ("DELETE", f"{FILES}/f"), ("GET", FILES)):
            answer = cut_off.send(method, target, b"x" if method == "PUT" else None)
            assert (answer.status, answer.error_code) == (503, "TEMPORARILY_UNAVAILABLE")
            assert answer.headers["retry-after"] == "1"
            assert "127.0.0.1" not in answer.message
        assert cut_off.send("GET", f"{API}experiments/get?experiment_id=0").status == 200
        assert "Traceback" not in cut_off.log
    with serving(folder, *where, environment=s3.environment) as back:
        assert back.send("PUT", f"{FILES}/f", b"x").status == 200


def test_a_bucket_that_does_not_exist_is_an_error_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, s3: Cloud
) -> None:
    folder = tmp_path_factory.mktemp("missing")
    with serving(folder, "--artifacts-destination", "s3://nobody-made-this", environment=s3.environment) as server:
        answer = server.send("PUT", f"{FILES}/f", b"x")
        assert (answer.status, answer.error_code) == (500, "INTERNAL_ERROR")
        assert "does not exist" in answer.message
        assert "nobody-made-this" not in answer.message


def test_a_root_in_a_bucket_is_served_and_kept_in_the_locations(
    tmp_path_factory: pytest.TempPathFactory, s3: Cloud
) -> None:
    root = f"s3://{s3.new_bucket()}/mlruns"
    folder = tmp_path_factory.mktemp("root")
    with serving(folder, "--default-artifact-root", root, "--no-serve-artifacts", environment=s3.environment) as server:
        run = server.ask("runs/create", {"experiment_id": "0"})["run"]["info"]
        assert run["artifact_uri"] == f"{root}/0/{run['run_id']}/artifacts"
        upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run['run_id']}&path=f.txt"
        assert server.send("POST", upload, b"content").status == 200
        assert server.send("GET", f"/get-artifact?run_id={run['run_id']}&path=f.txt").body == b"content"


def test_a_server_is_not_started_with_a_secret_in_a_location(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("secret")
    with serving(folder, "--artifacts-destination", "s3://key:SECRET@bucket/x", wait=False) as server:
        assert server.process.wait(60) == 1
    assert "must not hold a password" in server.log
    assert "SECRET" not in server.log

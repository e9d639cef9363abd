"""Large files straight to and from a bucket: a real one behind a real server, and servers that lie about theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_flow import artifacts
from genesis_flow.client.client import MlflowClient
from genesis_flow.errors import UnsafeLink
from genesis_flow.exceptions import MlflowException
from tests import buckets
from tests.client.liar import FILES, Answer, Answering, Asked, Liar, lying
from tests.serving import Server, serving

PARTS = {
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
    "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(6 * 2**20),
    "MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE": str(6 * 2**20),
    "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
}
CONTENT = os.urandom(2**20) * 12 + b"the end"


@pytest.fixture(autouse=True)
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of MLflow that send large files past the server, and a token that no bucket may see."""
    for name, text in PARTS.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.fixture(scope="module", params=["s3", "azure", "folder"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, bool]]:
    """A server, and whether it has a way past it."""
    folder = tmp_path_factory.mktemp("server")
    if request.param == "folder":
        with serving(folder) as running:
            yield running, False
        return
    start = {"s3": buckets.s3, "azure": buckets.azure}[request.param]
    with start(tmp_path_factory.mktemp(request.param)) as cloud:
        where = f"{'az' if request.param == 'azure' else 's3'}://{cloud.new_bucket()}/files"
        with serving(folder, "--artifacts-destination", where, environment=cloud.environment) as running:
            yield running, True


def counted(server: Server, route: str) -> int:
    """How many requests to a route were answered with success."""
    lines = server.send("GET", "/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith("genesis_flow_requests_total{") and route in line]
    return sum(int(float(line.rpartition(" ")[2])) for line in found if 'status="200"' in line)


def test_large_files_go_past_the_server_where_there_is_a_way(server: tuple[Server, bool], tmp_path: Path) -> None:
    running, has_way = server
    local = tmp_path / "folder"
    (local / "sub").mkdir(parents=True)
    sizes = {"large é.bin": len(CONTENT), "sub/exactly two": 10 * 2**20, "sub/small": 3, "empty": 0}
    for name, size in sizes.items():
        (local / name).write_bytes(CONTENT[:size])
    client = MlflowClient(running.uri)
    run_id = client.create_run("0").info.run_id

    client.log_artifacts(run_id, local, "some where")
    back = Path(client.download_artifacts(run_id, "some where", tmp_path / "back"))
    alone = Path(client.download_artifacts(run_id, "some where/large é.bin"))

    assert {name: (back / name).read_bytes() for name in sizes} == {
        name: CONTENT[:size] for name, size in sizes.items()
    }
    assert alone.read_bytes() == CONTENT
    routes = ("mpu/create/", "mpu/complete/", "mpu/abort/", "mlflow-artifacts/presigned/")
    assert [counted(running, route) for route in routes] == ([2, 2, 0, 3] if has_way else [0, 0, 0, 0])


def linking(bucket: Liar, parts: int | None = None, scheme: str = "http") -> Answer:
    """A server that gives links to a bucket: as many as it was asked for, or another number."""

    def say(asked: Asked, server: Answering) -> None:
        if "/mpu/create/" in asked.path:
            wanted = parts or json.loads(asked.body)["num_parts"]
            links = [
                {"url": f"{scheme}{bucket.uri[4:]}/{i}?sig=s", "part_number": i, "headers": {"x-a": "b"}}
                for i in range(1, wanted + 1)
            ]
            server.say(json.dumps({"upload_id": "u", "credentials": links}).encode())
        elif "/presigned/" in asked.path:
            url = f"{scheme}{bucket.uri[4:]}/file?sig=s"
            server.say(json.dumps({"url": url, "headers": {"x-a": "b"}, "file_size": len(CONTENT)}).encode())
        else:
            server.say(b"{}")

    return say


def upload(server: Liar, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(CONTENT)
    artifacts.get_artifact_repository("mlflow-artifacts:/a", server.uri).log_artifact(tmp_path / "large")


def verbs(server: Liar) -> list[str]:
    return [asked.path.split("/")[5] for asked in server.asked if "/mpu/" in asked.path]


def test_the_bucket_is_not_told_who_asks(tmp_path: Path) -> None:
    with lying(lambda asked, server: server.say(CONTENT, ETag=asked.path)) as bucket, lying(linking(bucket)) as server:
        upload(server, tmp_path)
        found = artifacts.download_artifacts("mlflow-artifacts:/a/large", tracking_uri=server.uri)
        assert Path(found).read_bytes() == CONTENT
        assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer secret"}
        assert not [asked for asked in bucket.asked if "authorization" in asked.headers]
        assert {asked.headers["x-a"] for asked in bucket.asked} == {"b"}
        sent = sorted((asked.path, asked.body) for asked in bucket.asked if asked.method == "PUT")
        assert [path for path, _ in sent] == ["/1?sig=s", "/2?sig=s", "/3?sig=s"]
        assert b"".join(body for _, body in sent) == CONTENT
        assert verbs(server) == ["create", "complete"]
        (complete,) = [asked for asked in server.asked if "/mpu/complete/" in asked.path]
        parts = json.loads(complete.body)["parts"]
        assert [(part["part_number"], part["etag"]) for part in parts] == [(i, f"/{i}?sig=s") for i in (1, 2, 3)]


def test_an_upload_that_the_bucket_refuses_is_given_up_without_telling_the_link(tmp_path: Path) -> None:
    with lying(lambda _, server: server.say(b"", 403)) as bucket, lying(linking(bucket)) as server:
        with pytest.raises(MlflowException, match="403") as caught:
            upload(server, tmp_path)
        assert verbs(server) == ["create", "abort"]
        assert "sig" not in str(caught.value)
        assert bucket.uri not in str(caught.value)


def test_a_bucket_that_is_away_is_an_error_without_the_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_flow.client.repositories.direct.TRIES", 0)
    with lying(linking(Liar(lambda *_: None, "http://127.0.0.1:1"))) as server:
        for call in (lambda: upload(server, tmp_path), lambda: artifacts.download_artifacts("mlflow-artifacts:/a/f", tracking_uri=server.uri)):  # fmt: skip
            with pytest.raises(MlflowException, match="did not answer") as caught:
                call()
            assert "sig" not in "".join(map(str, [caught.value, caught.value.__cause__]))


@pytest.mark.parametrize(("parts", "scheme"), [(2, "http"), (4, "http"), (None, "file"), (None, "ftp")])
def test_what_is_no_link_for_each_part_is_refused(tmp_path: Path, parts: int | None, scheme: str) -> None:
    with lying(lambda _, server: server.say(b"")) as bucket, lying(linking(bucket, parts, scheme)) as server:
        with pytest.raises(UnsafeLink):
            upload(server, tmp_path)
        assert bucket.asked == []


def test_a_redirect_of_a_bucket_is_not_followed(tmp_path: Path) -> None:
    with lying(lambda _, server: server.say(b"x")) as elsewhere:
        target = f"{elsewhere.uri}/x"
        with lying(lambda _, server: server.say(b"", 307, Location=target)) as bucket, lying(linking(bucket)) as server:
            for call in (lambda: upload(server, tmp_path), lambda: artifacts.download_artifacts("mlflow-artifacts:/a/f", tracking_uri=server.uri)):  # fmt: skip
                with pytest.raises(MlflowException, match="307"):
                    call()
        assert elsewhere.asked == []


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_the_way_gets_the_file_itself(tmp_path: Path, status: int) -> None:
    def say(asked: Asked, server: Answering) -> None:
        server.say(b"{}", 200 if asked.path.startswith(FILES) else status)

    with lying(say) as server:
        upload(server, tmp_path)
        (sent,) = [asked for asked in server.asked if asked.method == "PUT"]
    assert (sent.file, sent.body) == ("a/large", CONTENT)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own_to_the_bucket() -> None:
    def fetch(uri: str) -> bytes:
        return Path(artifacts.download_artifacts("mlflow-artifacts:/a/large", tracking_uri=uri)).read_bytes()

    with lying(lambda _, server: server.say(CONTENT)) as bucket, lying(linking(bucket)) as server:
        assert fetch(server.uri) == CONTENT
        assert bucket.connections == 1
        if (child := os.fork()) == 0:
            code = 1
            try:
                code = int(fetch(server.uri) != CONTENT)
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert bucket.connections == 2  # the child did not ask over its parent's
        assert fetch(server.uri) == CONTENT
        assert bucket.connections == 2  # which is still there

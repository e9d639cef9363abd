"""The same attacks on a server whose artifacts are in a bucket: nothing outside its prefix is read, written or signed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests import buckets
from tests.buckets import Cloud
from tests.security.conftest import SECRET
from tests.security.test_paths import CLIMBING, attempts
from tests.serving import API, FILES, Answer, Server, serving

MPU = FILES.replace("/artifacts", "/mpu")
LINKS = FILES.replace("/artifacts", "/presigned")


@dataclass
class Attacked:
    """A server on a bucket that holds more than is the server's."""

    server: Server
    cloud: Cloud
    bucket: str
    run_id: str
    model_id: str

    def keys(self) -> list[str]:
        """What is in the bucket, and what is on its way into it."""
        _, listed = self.cloud.send("GET", f"/{self.bucket}?list-type=2")
        _, uploads = self.cloud.send("GET", f"/{self.bucket}?uploads")
        return re.findall("<Key>(.*?)</Key>", listed.decode()) + re.findall("<Key>(.*?)</Key>", uploads.decode())


@pytest.fixture(scope="module", params=["through the proxy", "by its own location"])
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    folder = tmp_path_factory.mktemp("bucket")
    with buckets.s3(folder) as cloud:
        bucket = cloud.new_bucket()
        cloud.send("PUT", f"/{bucket}/secret.txt", body=SECRET.encode())
        cloud.send("PUT", f"/{bucket}/files2/secret.txt", body=SECRET.encode())
        flags = ["--artifacts-destination", f"s3://{bucket}/files"]
        if request.param == "by its own location":
            flags += ["--default-artifact-root", f"s3://{bucket}/files"]
        environment = {**cloud.environment, "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS": "60"}
        with serving(folder, *flags, environment=environment) as server:
            run_id = server.create_run()
            model = server.ask("logged-models", {"experiment_id": "0", "name": "m", "source_run_id": run_id})
            yield Attacked(server, cloud, bucket, run_id, model["model"]["info"]["model_id"])
            assert "Traceback" not in server.log, server.log
            for told in (*cloud.environment.values(), "X-Amz-Signature"):
                assert told == "us-east-1" or told not in server.log


@pytest.mark.parametrize("path", CLIMBING)
def test_a_path_that_leaves_the_prefix_is_refused_by_every_route(attacked: Attacked, path: str) -> None:
    before = attacked.keys()
    of_a_folder = "genesis-flow" in path.lower()  # these are names like any other in a bucket

    for route, answer in attempts(attacked.server, attacked.run_id, attacked.model_id, path).items():
        assert of_a_folder or answer.status in (400, 404), route
        assert SECRET.encode() not in answer.body
        assert of_a_folder or b"X-Amz-Signature" not in answer.body

    assert of_a_folder or attacked.keys() == before


@pytest.mark.parametrize(
    "path", ["../secret.txt", "../../x", "/etc/passwd", "C:\\Windows\\x", "a/../..", "..", "a\0b", "a\nb", "a#b", ""]
)
def test_the_name_that_a_client_s_file_has_leads_nowhere_else(attacked: Attacked, path: str) -> None:
    message = {"path": path, "num_parts": 1}

    answer = _post(attacked.server, f"{MPU}/create/0/run", message)

    assert answer.status in (200, 400)
    if answer.status == 200:
        (credential,) = answer.json["credentials"]
        name = re.split(r"[/\\]", path)[-1]
        assert credential["url"].partition("?")[0].endswith(f"/{attacked.bucket}/files/0/run/{name}")
        end = _post(attacked.server, f"{MPU}/abort/0/run", {"path": path, "upload_id": answer.json["upload_id"]})
        assert end.status == 200


@pytest.mark.parametrize("expiration", [0, -1, 604_801, 2**63 - 1, "x"])
def test_a_link_does_not_live_longer_than_a_week(attacked: Attacked, expiration: object) -> None:
    for verb in ("presigned-upload-url", "presigned-download-url"):
        message = {"run_id": attacked.run_id, "path": "f", "expiration": expiration}
        assert attacked.server.post(f"artifacts/{verb}", message).status == 400


def test_a_link_lives_as_long_as_the_operator_says(attacked: Attacked) -> None:
    assert attacked.server.send("PUT", f"{FILES}/f.txt", b"x").status == 200
    url = attacked.server.send("GET", f"{LINKS}/f.txt").json["url"]
    assert "&X-Amz-Expires=60&" in url


@pytest.mark.parametrize("parts", [0, -1, 10_001, 2**63 - 1])
def test_an_upload_has_a_bounded_number_of_parts(attacked: Attacked, parts: int) -> None:
    answer = _post(attacked.server, f"{MPU}/create/0/run", {"path": "f", "num_parts": parts})
    assert answer.status == 400


def test_links_are_made_for_nobody_else_s_location(attacked: Attacked) -> None:
    server = attacked.server
    for number, location in enumerate(
        [
            f"s3://{attacked.bucket}",
            f"s3://{attacked.bucket}/files2",
            f"s3://{attacked.bucket}/files/..",
            "s3://other/files",
        ]
    ):
        created = server.ask("experiments/create", {"name": f"elsewhere {number}", "artifact_location": location})
        run_id = server.create_run(created["experiment_id"])
        for verb in ("presigned-upload-url", "presigned-download-url"):
            answer = server.post(f"artifacts/{verb}", {"run_id": run_id, "path": "secret.txt"})
            assert (answer.status, answer.error_code) == (403, "PERMISSION_DENIED")
        listed = server.send("GET", f"{API}artifacts/list?run_id={run_id}")
        assert listed.status == 403


def test_an_answer_with_a_link_is_kept_by_nobody(attacked: Attacked) -> None:
    server = attacked.server
    assert server.send("PUT", f"{FILES}/f.txt", b"x").status == 200
    for answer in (
        server.send("GET", f"{LINKS}/f.txt"),
        _post(server, f"{MPU}/create/0", {"path": "g", "num_parts": 1}),
    ):
        assert answer.status == 200
        assert b"X-Amz-Signature" in answer.body
        assert answer.headers["cache-control"] == "no-store"


def _post(server: Server, target: str, message: object) -> Answer:
    return server.send("POST", target, json.dumps(message).encode(), {"Content-Type": "application/json"})

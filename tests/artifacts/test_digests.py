"""Digests over HTTP: told with what goes up and comes down, and checked where the sender announces one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import pytest

from tests.serving import API, FILES, Server, serving

CONTENT = b"some content"
HEX = hashlib.sha256(CONTENT).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


def field(sha256: str) -> str:
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("digests")) as running:
        yield running


def test_an_upload_and_a_download_tell_the_digest(server: Server) -> None:
    up = server.send("PUT", f"{FILES}/f", CONTENT)
    assert up.headers["repr-digest"] == field(HEX)

    for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=0-2"})):
        assert server.send(method, f"{FILES}/f", headers=headers).headers["repr-digest"] == field(HEX)


def test_the_routes_of_runs_tell_it_too_and_a_list_does_when_it_is_asked(server: Server) -> None:
    run_id = server.create_run()
    upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=f.txt"
    assert server.send("POST", upload, CONTENT).headers["repr-digest"] == field(HEX)
    assert server.send("GET", f"/get-artifact?run_id={run_id}&path=f.txt").headers["repr-digest"] == field(HEX)

    listed = f"{API}artifacts/list?run_id={run_id}"
    assert server.send("GET", listed).json["files"] == [{"path": "f.txt", "is_dir": False, "file_size": len(CONTENT)}]
    (told,) = server.send("GET", f"{listed}&digests=true").json["files"]
    assert told["sha256"] == HEX
    refused = server.send("POST", upload, CONTENT, {"X-Genesis-SHA256": OTHER})
    assert (refused.status, refused.error_code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Genesis-SHA256": HEX},
        {"X-Genesis-SHA256": HEX.upper()},
        {"Content-Digest": field(HEX)},
        {"Repr-Digest": field(HEX)},
        {"Content-Digest": f"sha-512=:AAAA:, {field(HEX)}"},
        {"Content-Digest": f"{field(HEX)}, md5=:AAAA:"},
        {"Content-Digest": field(HEX), "Repr-Digest": field(HEX), "X-Genesis-SHA256": HEX},
        {"Content-Digest": "sha-512=:AAAA:"},
    ],
)
def test_bytes_that_are_what_was_announced_are_stored(server: Server, headers: dict[str, str]) -> None:
    assert server.send("PUT", f"{FILES}/good", CONTENT, headers).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Genesis-SHA256": OTHER},
        {"Content-Digest": field(OTHER)},
        {"Repr-Digest": field(OTHER)},
        {"Content-Digest": field(HEX), "X-Genesis-SHA256": OTHER},
        {"X-Genesis-SHA256": ""},
        {"X-Genesis-SHA256": HEX[:-1]},
        {"X-Genesis-SHA256": HEX + "\u00e9"},
        {"Content-Digest": "sha-256=:AAAA:"},
        {"Content-Digest": f"sha-256={HEX}"},
        {"Content-Digest": "sha-256="},
    ],
)
def test_other_bytes_are_refused_and_nothing_is_stored(server: Server, headers: dict[str, str]) -> None:
    answer = server.send("PUT", f"{FILES}/bad", CONTENT, headers)

    assert answer.status == 400
    assert server.send("GET", f"{FILES}/bad").status == 404
    assert not server.has_uploads_on_their_way()

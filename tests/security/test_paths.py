"""Paths that try to leave the artifact folder: nothing outside is read, listed, written or deleted."""

from __future__ import annotations

import json
from urllib.parse import quote, unquote

import pytest

from tests.security.conftest import SECRET
from tests.serving import API, FILES, Answer, Server

MODELS = "/ajax-api/2.0/mlflow/logged-models"

# As they stand in a request, before anything decodes them.
CLIMBING = [
    # plain
    "..",
    "../",
    "../secret.txt",
    "../../secret.txt",
    "../outside/canary.txt",
    "0/../../secret.txt",
    "0/..",
    "0/../0",
    "0/./../../secret.txt",
    "./../secret.txt",
    "a//../../secret.txt",
    "../" * 40 + "etc/passwd",
    # encoded once
    "%2e%2e",
    "%2e%2e/secret.txt",
    "%2E%2E/secret.txt",
    ".%2e/secret.txt",
    "%2e./secret.txt",
    "..%2fsecret.txt",
    "%2e%2e%2fsecret.txt",
    "%2e%2e%2f%2e%2e%2fsecret.txt",
    "0%2f..%2f..%2fsecret.txt",
    # encoded again and again
    "%252e%252e/secret.txt",
    "%252e%252e%252fsecret.txt",
    "..%252fsecret.txt",
    "%25252e%25252e%25252fsecret.txt",
    "%2525252e%2525252e%2525252fsecret.txt",
    "%" + "25" * 12 + "2e",
    # backslashes
    "..\\secret.txt",
    "..%5csecret.txt",
    "..%5Csecret.txt",
    "%2e%2e%5csecret.txt",
    "..%255csecret.txt",
    "0%5c..%5c..%5csecret.txt",
    "%5c..%5csecret.txt",
    # absolute
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "%2f%2fetc%2fpasswd",
    "%252fetc%252fpasswd",
    "%5cetc%5cpasswd",
    "%5c%5cserver%5cshare",
    "C:%5cWindows%5cwin.ini",
    "C:/Windows/win.ini",
    "c:",
    "file:///etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
    # NUL and other controls
    "%00",
    "secret.txt%00",
    "a%00/../../secret.txt",
    "..%00/secret.txt",
    "a%0ab",
    "a%0d%0aSet-Cookie:%20a=b",
    "%1b%5b31m",
    "%7f",
    "%c2%85",
    "%e2%80%a8",
    "%2500",
    # overlong UTF-8, which careless decoders take for '.' and '/'
    "%c0%ae%c0%ae/secret.txt",
    "%c0%ae%c0%ae%c0%afsecret.txt",
    "%25c0%25ae%25c0%25ae%25c0%25afsecret.txt",
    "%e0%80%ae%e0%80%ae/secret.txt",
    # names that deceive whoever reads them
    "%e2%80%aetxt.exe",
    "a%23b",
    # too long
    "a" * 256,
    "/".join(["a" * 200] * 30),
    "a/" * 3_000 + "a",
    # the server's own
    ".genesis-flow-staging",
    ".genesis-flow-staging/x",
    ".GENESIS-FLOW-STAGING/x",
    ".genesis-flow-digests/x",
    "0/.Genesis-Flow-Digests",
]


def attempts(server: Server, run_id: str, model_id: str, path: str) -> dict[str, Answer]:
    """The answers of every route that takes a path."""
    mirror = FILES.replace("/api/", "/ajax-api/")
    parts, links = FILES.replace("/artifacts", "/mpu"), FILES.replace("/artifacts", "/presigned")
    inside = {"path": "f.bin", "upload_id": "0" * 32, "parts": [{"part_number": 1, "etag": "x"}]}
    return {
        "begin of an upload": _post(server, f"{parts}/create/{path}", {"path": "f.bin", "num_parts": 1}),
        "completion of an upload": _post(server, f"{parts}/complete/{path}", inside),
        "end of an upload": _post(server, f"{parts}/abort/{path}", inside),
        "link": server.send("GET", f"{links}/{path}"),
        "link, mirrored": server.send("GET", f"{links.replace('/api/', '/ajax-api/')}/{path}"),
        "link to read of a run": server.post(
            "artifacts/presigned-download-url", {"run_id": run_id, "path": _decoded(path)}
        ),
        "link to write of a run": server.post(
            "artifacts/presigned-upload-url", {"run_id": run_id, "path": _decoded(path)}
        ),
        "link to write of a model": server.post(
            "artifacts/presigned-upload-url", {"model_id": model_id, "path": _decoded(path)}
        ),
        "download": server.send("GET", f"{FILES}/{path}"),
        "download, mirrored": server.send("GET", f"{mirror}/{path}"),
        "head": server.send("HEAD", f"{FILES}/{path}"),
        "upload": server.send("PUT", f"{FILES}/{path}", b"overwritten"),
        "upload, mirrored": server.send("PUT", f"{mirror}/{path}", b"overwritten"),
        "delete": server.send("DELETE", f"{FILES}/{path}"),
        "list": server.send("GET", f"{FILES}?path={path}"),
        "list of a run": server.send("GET", f"{API}artifacts/list?run_id={run_id}&path={path}"),
        "download of a run": server.send("GET", f"/get-artifact?run_id={run_id}&path={path}"),
        "upload of a run": server.send(
            "POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={path}", b"overwritten"
        ),
        "list of a model": server.send(
            "GET", f"{API}logged-models/{model_id}/artifacts/directories?artifact_directory_path={path}"
        ),
        "download of a model": server.send("GET", f"{MODELS}/{model_id}/artifacts/files?artifact_file_path={path}"),
    }


def _post(server: Server, target: str, message: object) -> Answer:
    return server.send("POST", target, json.dumps(message).encode(), {"Content-Type": "application/json"})


def _decoded(path: str) -> str:
    """As it stands in a message, which nothing decodes."""
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError:
        return path


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", CLIMBING)
def test_a_path_that_leaves_the_root_is_refused_by_every_route(
    server: Server, run_id: str, model_id: str, path: str
) -> None:
    for route, answer in attempts(server, run_id, model_id, path).items():
        # A folder has no way past the server, whatever the path.
        assert answer.status in (400, 404) or (answer.status == 501 and "genesis-flow" in path.lower()), route
        assert SECRET.encode() not in answer.body
        assert str(server.folder).encode() not in answer.body, "a path of the server"


@pytest.mark.usefixtures("unchanged")
def test_the_path_of_a_secret_does_not_lead_to_it(server: Server, run_id: str, model_id: str) -> None:
    secret = str(server.folder / "secret.txt")
    for path in (secret, quote(secret, safe=""), f"file://{secret}", quote(quote(secret, safe=""))):
        for route, answer in attempts(server, run_id, model_id, path).items():
            assert answer.status in (400, 404), route
            assert SECRET.encode() not in answer.body


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "path", ["..;/secret.txt", "..../secret.txt", ".. /secret.txt", "%EF%BC%8E%EF%BC%8E/secret.txt", "~/x"]
)
def test_a_name_that_only_looks_like_climbing_is_an_ordinary_name(server: Server, path: str) -> None:
    answer = server.send("GET", f"{FILES}/{path.replace(' ', '%20')}")
    assert answer.status == 404


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_itself_can_be_neither_written_nor_deleted(server: Server, path: str) -> None:
    assert server.send("DELETE", f"{FILES}/{path}").status in (400, 404)
    assert server.send("DELETE", f"{FILES}{path}").status in (400, 404, 405)
    assert server.send("PUT", f"{FILES}/{path}", b"x").status in (400, 404)


@pytest.mark.parametrize("field", ["run_id", "run_uuid"])
@pytest.mark.parametrize("value", ["../0", "0", "%2e%2e", "..%2f..", "0/../.."])
@pytest.mark.usefixtures("unchanged")
def test_the_id_of_a_run_is_no_part_of_a_path(server: Server, field: str, value: str) -> None:
    for method, target in {
        "GET": f"/get-artifact?{field}={value}&path=secret.txt",
        "POST": f"/ajax-api/2.0/mlflow/upload-artifact?{field}={value}&path=secret.txt",
    }.items():
        assert server.send(method, target, b"overwritten" if method == "POST" else None).status == 404


# --- links and other things that are not files ---------------------------------------------------------------------


@pytest.mark.usefixtures("links", "unchanged")
@pytest.mark.parametrize(
    "path", ["link.txt", "link", "link/canary.txt", "link/", "dangling", "pipe", "link/../link.txt"]
)
def test_a_link_out_of_the_root_is_neither_read_nor_followed(server: Server, run_id: str, path: str) -> None:
    for target in (
        f"{FILES}/{path}",
        f"{FILES}/0/{run_id}/artifacts/{path}",
        f"/get-artifact?run_id={run_id}&path={path}",
        f"{FILES}?path={path}",
        f"{API}artifacts/list?run_id={run_id}&path={path}",
    ):
        answer = server.send("GET", target)
        assert answer.status in (200, 400, 404)
        assert b"canary" not in answer.body.replace(path.encode(), b"")
        assert answer.status != 200 or answer.json.get("files", []) == []


@pytest.mark.usefixtures("links", "unchanged")
@pytest.mark.parametrize(
    "path", ["link.txt", "link", "link/new.txt", "link/canary.txt", "dangling", "dangling/x", "pipe"]
)
def test_nothing_is_written_through_a_link(server: Server, run_id: str, path: str) -> None:
    for method, target in (
        ("PUT", f"{FILES}/{path}"),
        ("PUT", f"{FILES}/0/{run_id}/artifacts/{path}"),
        ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={path}"),
    ):
        assert server.send(method, target, b"overwritten").status == 400


@pytest.mark.usefixtures("links", "unchanged")
def test_links_are_not_listed(server: Server, run_id: str) -> None:
    of_run = server.send("GET", f"{API}artifacts/list?run_id={run_id}").json["files"]
    of_root = server.send("GET", FILES).json["files"]
    assert [file["path"] for file in of_run] == ["file.txt"]
    assert not {file["path"] for file in of_root} & {"link", "link.txt", "dangling", "pipe"}


@pytest.mark.usefixtures("links", "unchanged")
@pytest.mark.parametrize("path", ["link/canary.txt", "link/", "link/../../secret.txt"])
def test_nothing_is_deleted_through_a_link(server: Server, run_id: str, path: str) -> None:
    for target in (f"{FILES}/{path}", f"{FILES}/0/{run_id}/artifacts/{path}"):
        assert server.send("DELETE", target).status in (200, 400, 404)


@pytest.mark.usefixtures("unchanged")
def test_deleting_a_directory_with_links_deletes_the_links_and_not_what_they_show(server: Server) -> None:
    assert server.send("PUT", f"{FILES}/doomed/deep/file.txt", b"x").status == 200
    doomed = server.artifacts / "doomed"
    (doomed / "link").symlink_to(server.folder / "outside")
    (doomed / "deep" / "link.txt").symlink_to(server.folder / "secret.txt")
    (doomed / "deep" / "root").symlink_to("/")
    assert server.send("DELETE", f"{FILES}/doomed").status == 200
    assert not doomed.exists()

"""How the files of the page are served: what is answered, with which headers, and that nothing else is."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.server import page
from genesis_flow.server.app import Application
from genesis_flow.server.monitor import Monitor
from genesis_flow.server.settings import Settings
from genesis_flow.stores.memory import MemoryStore

HTML = b'<html data-root=""><script src="./assets/main-1a2b3c4d.js"></script><link href="./assets/x-1.css"></html>'
SCRIPT = b"console.log('page')" * 50
PLACES = ("/", "/experiments", "/experiments/12", "/runs/0a1b", "/runs/%3Cimg%3E", "/compare")


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a built page, which new applications serve, and a secret beside it."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(HTML)
    (folder / "assets" / "main-1a2b3c4d.js").write_bytes(SCRIPT)
    (folder / "assets" / "main-1a2b3c4d.js.gz").write_bytes(gzip.compress(SCRIPT, mtime=0))
    (folder / "assets" / "main-1a2b3c4d.js.br").write_bytes(b"as if by brotli")
    (folder / "assets" / "x-1.css").write_bytes(b"a{}")
    (folder / "assets" / "notes.txt").write_bytes(b"of no type that is served")
    (tmp_path / "secret.js").write_bytes(b"hidden")
    monkeypatch.setattr(page, "FOLDER", folder)
    return folder


class Answer:
    """What came back from an application."""

    def __init__(self, sent: list[Any]) -> None:
        self.status: int = sent[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in sent[1:])


async def get(path: str, headers: Mapping[str, str] | None = None, method: str = "GET", **settings: Any) -> Answer:
    """The answer of a new application with these settings."""
    application = Application(
        MemoryStore(artifact_root="mlflow-artifacts:/"), Roots(), Settings(**settings), Monitor(lambda: 0)
    )
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"host": "localhost:5000", **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    await application(scope, receive, send)
    return Answer(sent)


@pytest.mark.parametrize("path", PLACES)
async def test_every_place_answers_the_html(built: Path, path: str) -> None:
    answer = await get(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b'src="/assets/main-1a2b3c4d.js"' in answer.body
    assert answer.headers["cache-control"] == "no-cache"


async def test_the_prefix_stands_in_the_html_and_in_front_of_every_file(built: Path) -> None:
    for path in ("/ml/flow", "/ml/flow/", "/ml/flow/runs/1", "/runs/1"):
        answer = await get(path, static_prefix="/ml/flow")
        assert b'data-root="/ml/flow"' in answer.body
        assert b'src="/ml/flow/assets/main-1a2b3c4d.js"' in answer.body
    script = await get("/ml/flow/assets/main-1a2b3c4d.js", static_prefix="/ml/flow")
    assert script.body == SCRIPT


async def test_a_prefix_cannot_break_out_of_its_attribute(built: Path) -> None:
    answer = await get("/", static_prefix='/"><script>')
    assert b"<script>" not in answer.body
    assert b'data-root="/%22%3E%3Cscript%3E"' in answer.body


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", None),
        ("br; q=0.0", None),
        ("", None),
    ],
)
async def test_the_encoding_is_one_that_is_accepted(built: Path, accepted: str, encoding: str | None) -> None:
    answer = await get("/assets/main-1a2b3c4d.js", {"accept-encoding": accepted})
    assert (answer.status, answer.headers.get("content-encoding")) == (200, encoding)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    expected = {"br": b"as if by brotli", "gzip": gzip.compress(SCRIPT, mtime=0)}.get(encoding or "", SCRIPT)
    assert answer.body == expected


async def test_a_file_that_has_no_encoded_form_goes_as_it_is(built: Path) -> None:
    answer = await get("/assets/x-1.css", {"accept-encoding": "br"})
    assert (answer.body, answer.headers.get("content-encoding")) == (b"a{}", None)


async def test_a_browser_that_has_the_html_is_told_so(built: Path) -> None:
    tag = (await get("/")).headers["etag"]
    for given in (tag, f'"other", W/{tag}'):
        answer = await get("/runs/1", {"if-none-match": given})
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
        assert "content-length" not in answer.headers
    assert (await get("/", {"if-none-match": '"other"'})).status == 200
    assert (await get("/", static_prefix="/p")).headers["etag"] != tag


async def test_head_answers_without_a_body(built: Path) -> None:
    answer = await get("/", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 50


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.js",
        "/assets/../../secret.js",
        "/assets/%2e%2e/%2e%2e/secret.js",
        "/assets//main-1a2b3c4d.js",
        "/assets",
        "/assets/",
        "/assets/notes.txt",
        "/assets/main-1a2b3c4d.js.gz",
        "/index.html",
        "/experiments/1/2",
        "/favicon.ico",
    ],
)
async def test_nothing_but_the_table_of_files_is_served(built: Path, path: str) -> None:
    answer = await get(path)
    assert answer.status == 404
    assert b"hidden" not in answer.body


@pytest.mark.parametrize(
    ("option", "rule"), [("SAMEORIGIN", "frame-ancestors 'self'"), ("deny", "frame-ancestors 'none'"), ("NONE", None)]
)
async def test_the_policy_lets_the_page_do_no_more_than_it_needs(built: Path, option: str, rule: str | None) -> None:
    answer = await get("/", x_frame_options=option)
    rules = answer.headers["content-security-policy"].split("; ")
    assert rules[0] == "default-src 'none'"
    assert {"script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'"} <= set(rules)
    assert [each for each in rules if each.startswith("frame-ancestors")] == ([rule] if rule else [])
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_unknown_host_gets_no_page(built: Path) -> None:
    assert (await get("/", {"host": "evil.example"})).status == 403


async def test_a_server_without_a_page_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "FOLDER", tmp_path / "none")
    answer = await get("/")
    assert (answer.status, answer.body.count(b"\n")) == (200, 1)
    assert b"make page" in answer.body
    assert (await get("/runs/1")).status == 404


async def test_a_server_of_artifacts_alone_has_no_page(built: Path) -> None:
    assert (await get("/", artifacts_only=True)).status == 404

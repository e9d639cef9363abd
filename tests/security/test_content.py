"""What somebody uploaded runs in nobody's browser."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.serving import API, FILES, Answer, Server

SCRIPT = b"<html><script>alert(document.domain)</script></html>"
ACTIVE = [
    "page.html",
    "page.htm",
    "page.HTML",
    "page.xhtml",
    "image.svg",
    "image.svgz",
    "feed.xml",
    "style.xsl",
    "program.js",
    "program.mjs",
    "program.js.gz",
    "style.css",
    "program.wasm",
    "page.mhtml",
    "applet.swf",
    "paper.pdf",
    "no extension",
    "image.png",
    'quote".html',
    "semicolon;x=y.html",
    "comma, and.html",
    "back\\slash.html",
    "é.html",
    "🙈.html",
    "percent%41.html",
    "a'b.html",
    "*.html",
]


@pytest.fixture(scope="module", params=ACTIVE)
def downloads(
    request: pytest.FixtureRequest, server: Server, run_id: str, model_id: str
) -> Iterator[dict[str, Answer]]:
    """A file with a program in it, as every route gives it out."""
    name = request.param
    path = quote(name, safe="")
    of_run, of_model = f"0/{run_id}/artifacts/{path}", f"0/models/{model_id}/artifacts/{path}"
    for folder in (of_run, of_model):
        assert server.send("PUT", f"{FILES}/{folder}", SCRIPT, {"Content-Type": "text/html"}).status == 200
    whole = {
        "proxy": f"{FILES}/{of_run}",
        "run": f"/get-artifact?run_id={run_id}&path={path}",
        "model": f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files?artifact_file_path={path}",
    }
    answers = {route: server.send("GET", target, headers={"Accept": "text/html"}) for route, target in whole.items()}
    yield {
        **answers,
        "head": server.send("HEAD", whole["proxy"]),
        "range": server.send("GET", whole["run"], headers={"Range": "bytes=0-9"}),
    }
    for folder in (of_run, of_model):
        server.send("DELETE", f"{FILES}/{folder}")


def test_a_file_goes_out_as_an_attachment_in_a_sandbox(downloads: dict[str, Answer]) -> None:
    for route, answer in downloads.items():
        assert answer.status == (206 if route == "range" else 200)
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert "sandbox" in policy
        assert "allow-scripts" not in policy
        assert "allow-same-origin" not in policy
        assert "default-src 'none'" in policy


def test_no_page_of_ours_can_load_a_file_as_its_program_or_its_style(downloads: dict[str, Answer]) -> None:
    for answer in downloads.values():
        assert "script" not in answer.headers["content-type"]
        assert "css" not in answer.headers["content-type"]


def test_the_content_is_the_one_that_was_sent(downloads: dict[str, Answer]) -> None:
    assert {downloads[route].body for route in ("proxy", "run", "model")} == {SCRIPT}
    assert downloads["range"].body == SCRIPT[:10]
    assert downloads["head"].body == b""


def test_the_name_of_a_file_forges_no_header(downloads: dict[str, Answer]) -> None:
    for answer in downloads.values():
        disposition = answer.headers["content-disposition"]
        assert disposition.isascii()
        kind, _, name = disposition.partition(";")
        assert (kind, name.strip()[:17]) == ("attachment", "filename*=UTF-8''")
        assert not set(name.strip()[17:]) & set(' ";,\\\r\n')


RANGES = {
    "bytes=²-": 200,
    "bytes=1-²": 200,
    "bytes=": 200,
    "bytes=-": 200,
    "bytes=a-b": 200,
    "bytes=--1": 200,
    "bytes=5-1": 200,
    "bytes=+1-2": 200,
    "bytes=0x0-1": 200,
    "bytes=0-0,2-3": 200,
    "items=0-1": 200,
    "bytes=0-" + ",0-" * 1_000: 200,
    "bytes=" + "9" * 5_000 + "-": (200, 416),
    "bytes=-" + "9" * 5_000: (200, 206),
    "bytes=100000000000000000-": 416,
    "bytes=100-": 416,
    "bytes=0-100000000000000000": 206,
    "bytes=-0": 416,
    "bytes=-100000000000000000": 206,
    "bytes=0-0": 206,
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("range_", RANGES)
def test_no_range_reads_anything_but_the_file(server: Server, run_id: str, range_: str) -> None:
    answer = server.send("GET", f"/get-artifact?run_id={run_id}&path=file.txt", headers={"Range": range_})
    expected = RANGES[range_]
    assert answer.status in (expected if isinstance(expected, tuple) else (expected,))
    if answer.status != 416:
        assert answer.body in b"content"
        assert answer.headers["content-length"] == str(len(answer.body))


def test_errors_and_messages_are_no_pages_either(server: Server) -> None:
    tag = "<script>alert(1)</script>"
    for target in (f"/{quote(tag)}", f"{API}runs/get?run_id={quote(tag)}", f"/get-artifact?run_id={quote(tag)}&path=a"):
        answer = server.send("GET", target, headers={"Accept": "text/html"})
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_server_does_not_say_what_it_is_made_of(server: Server) -> None:
    for answer in (server.send("GET", "/version"), server.send("GET", "/nowhere"), server.post("runs/search", b"{")):
        assert "server" not in answer.headers
        assert "x-powered-by" not in answer.headers

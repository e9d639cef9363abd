"""The web page: files that were built beforehand (``ui/``), read once at start and served from memory.

What is answered is a fixed table made at start, so no path of a request ever reaches the file system. Every place in
the page has an address of its own; all of them answer the same HTML, and the page looks at the address.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from genesis_flow.server.http import TEXT, Request, Response, nothing
from genesis_flow.server.router import Router

FOLDER = Path(__file__).parent / "static"
"""Where ``make page`` puts the built page; the wheel has it."""
PLACES = (
    "/",
    "/experiments",
    "/experiments/{experiment_id}",
    "/runs/{run_id}",
    "/runs/{run_id}/artifacts",
    "/compare",
)
"""The addresses of the page."""
MISSING = b"The web page is not built: run 'make page' (Node 20.19 or newer), then start the server again.\n"
TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".svg": b"image/svg+xml",
}
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The best first."""
_ROOT = re.compile(rb'data-root=""')
_ASSET = re.compile(rb'(["\'])\./(assets/)')


@dataclass(frozen=True)
class File:
    """A file of the page.

    Attributes:
        content_type: its type.
        plain: its bytes.
        encoded: the same by content encoding, made when the page was built.
    """

    content_type: bytes
    plain: bytes
    encoded: Mapping[str, bytes] = field(default_factory=dict)

    def choose(self, accepted: bytes) -> tuple[bytes, str]:
        """The bytes to send to who accepts these encodings, and their encoding, which may be empty."""
        known = _accepted(accepted)
        for encoding in ENCODINGS:
            if encoding in known and encoding in self.encoded:
                return self.encoded[encoding], encoding
        return self.plain, ""


def add_routes(router: Router, prefix: str, x_frame_options: str) -> None:
    """Adds the routes of the page; without a built one every place says how to get it.

    Args:
        router: gets the routes.
        prefix: what stands in front of every path outside, without a slash at its end.
        x_frame_options: which sites may show the page in a frame, in the words of this header.
    """
    files = read(FOLDER)
    page = files.pop("index.html", None)
    answer = _missing if page is None else _Html(page.plain, prefix, x_frame_options).answer
    for place in PLACES:
        router.add("GET", place, answer)
    for name, file in files.items():
        router.add("GET", f"/{name}", _Asset(file).answer)


def read(folder: Path) -> dict[str, File]:
    """The files of a built page by their path in it; none if there is no such folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in TYPES and path.is_file():
            encoded = {
                encoding: compressed.read_bytes()
                for encoding, ending in ENCODINGS.items()
                if (compressed := path.with_name(path.name + ending)).is_file()
            }
            found[path.relative_to(folder).as_posix()] = File(TYPES[path.suffix], path.read_bytes(), encoded)
    return found


class _Html:
    """Answers with the HTML, into which the prefix is written: deep addresses need absolute paths."""

    def __init__(self, source: bytes, prefix: str, x_frame_options: str) -> None:
        root = html.escape(quote(prefix, safe="/%~!$&'()*+,;=:@")).encode()
        text = _ROOT.sub(lambda _: b'data-root="%s"' % root, source)
        self._text = _ASSET.sub(lambda m: m[1] + root + b"/" + m[2], text)
        self._tag = b'"%s"' % hashlib.sha256(self._text).hexdigest()[:32].encode()
        self._headers = [
            (b"etag", self._tag),
            (b"cache-control", b"no-cache"),
            (b"content-security-policy", policy(x_frame_options)),
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]

    async def answer(self, request: Request) -> Response:
        """``GET`` of a place in the page."""
        tags = (request.header(b"if-none-match") or b"").replace(b"W/", b"").split(b",")
        if self._tag in (tag.strip() for tag in tags):
            return Response(nothing(), TYPES[".html"], 304, self._headers)
        return Response(self._text, TYPES[".html"], 200, self._headers)


class _Asset:
    """Answers with a file whose name has the hash of its content, so that it never changes."""

    def __init__(self, file: File) -> None:
        self._file = file

    async def answer(self, request: Request) -> Response:
        """``GET`` of a file of the page."""
        body, encoding = self._file.choose(request.header(b"accept-encoding") or b"")
        headers = [(b"cache-control", b"public, max-age=31536000, immutable"), (b"vary", b"Accept-Encoding")]
        if encoding:
            headers.append((b"content-encoding", encoding.encode()))
        return Response(body, self._file.content_type, 200, headers)


async def _missing(request: Request) -> Response:
    return Response(MISSING, TEXT, 404 if request.path != "/" else 200)


def policy(x_frame_options: str) -> bytes:
    """What a browser lets the page do: load its own files, and ask its own server.

    Args:
        x_frame_options: which sites may show it in a frame; other words than ``DENY`` and ``SAMEORIGIN`` set no limit.
    """
    rules = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    ]
    frames = {"DENY": "'none'", "SAMEORIGIN": "'self'"}.get(x_frame_options.upper())
    if frames:
        rules.append(f"frame-ancestors {frames}")
    return "; ".join(rules).encode()


def _accepted(header: bytes) -> set[str]:
    """The encodings that an ``Accept-Encoding`` lets us use."""
    accepted = set()
    for part in header.decode("latin-1").lower().split(","):
        name, _, parameter = part.partition(";")
        if not re.fullmatch(r"\s*q=0(\.0*)?\s*", parameter):
            accepted.add(name.strip())
    return accepted

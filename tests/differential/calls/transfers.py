"""Uploads in parts and links, which take a bucket: what is answered without one, and with one."""

from __future__ import annotations

from hashlib import md5
from typing import Any

from tests.differential.call import GET, POST, PUT, Call, Sections

FILES = "/api/2.0/mlflow-artifacts/"
PARTS = FILES + "mpu/"
BYTES = {"Content-Type": "application/octet-stream"}
FIRST, SECOND = b"0" * 5 * 2**20, b"the end"
UNKNOWN = "f" * 32


def _begin(path: Any, parts: Any = 2, where: str = "$e/$r/artifacts", **save: str) -> Call:
    return POST(f"{PARTS}create/{where}", {"path": path, "num_parts": parts}, save=save)


def _etag(content: bytes) -> str:
    return f'"{md5(content, usedforsecurity=False).hexdigest()}"'


def _part(number: Any, content: bytes) -> dict[str, Any]:
    return {"part_number": number, "etag": _etag(content), "url": "x"}


def _complete(path: Any, upload: Any, *parts: Any, where: str = "$e/$r/artifacts") -> Call:
    return POST(f"{PARTS}complete/{where}", {"path": path, "upload_id": upload, "parts": list(parts)})


def _abort(path: Any, upload: Any, where: str = "$e/$r/artifacts") -> Call:
    return POST(f"{PARTS}abort/{where}", {"path": path, "upload_id": upload})


def _link(path: str, **save: str) -> Call:
    return GET(f"{FILES}presigned/{path}", save=save)


def _file(path: str) -> Call:
    return GET(f"{FILES}artifacts/{path}")


def _to_read(save: Any = None, **message: Any) -> Call:
    return POST("artifacts/presigned-download-url", message, save=save or {})


def _to_write(save: Any = None, **message: Any) -> Call:
    return POST("artifacts/presigned-upload-url", message, save=save or {})


BEGINNING: Sections = {
    "a run with a file": [
        POST("experiments/create", {"name": "transfers"}, save={"e": "experiment_id"}),
        POST("runs/create", {"experiment_id": "$e", "start_time": 1, "run_name": "a"}, save={"r": "run.info.run_id"}),
        POST("logged-models", {"experiment_id": "$e", "name": "m"}, save={"m": "model.info.model_id"}),
        PUT(f"{FILES}artifacts/$e/$r/artifacts/there.txt", b"there", headers=BYTES),
    ],
}
REFUSALS: Sections = {
    "no upload is begun": [
        *(_begin(path) for path in ("", None, "../up.bin", "a/../../up.bin", "/etc/up.bin", "%2e%2e/up", 7)),
        *(_begin("big.bin", count) for count in (0, -1, "x", 1.5, 2**63)),
        *(_begin("big.bin", where=where) for where in ("../x", "%2e%2e/x", "..%2fx", "%2fetc", "a/%252e%252e/b")),
        POST(f"{PARTS}create/$e/$r/artifacts"),
        POST(f"{PARTS}create/$e/$r/artifacts", body=b"no JSON", headers={"Content-Type": "application/json"}),
    ],
    "no upload is completed or given up": [
        *(_complete("big.bin", upload, _part(1, FIRST)) for upload in ("", None, 7)),
        _complete("big.bin", "x", _part(1, FIRST), where="../x"),
        _complete("big.bin", "x", "part"),
        *(_abort("big.bin", upload) for upload in ("", None)),
        _abort("../up.bin", "x"),
        _abort("big.bin", "x", where="%2e%2e/x"),
    ],
    "no link is made": [
        *(_link(path) for path in ("..", "../x", "%2e%2e/store.db", "..%2fstore.db", "%2fetc/passwd", "")),
        *(_link(f"$e/$r/artifacts/{path}") for path in ("../artifacts/there.txt", "%252e%252e/x", "a\\..\\b")),
        *(_to_read(run_id="$r", path=path) for path in ("", "..", "../artifacts/there.txt", "/etc/passwd", "%2e%2e/x")),
        *(
            _to_write(run_id="$r", path=path)
            for path in ("", "..", "../artifacts/there.txt", "/etc/passwd", "%2e%2e/x")
        ),
        _to_read(path="there.txt"),
        _to_read(run_id=UNKNOWN, path="there.txt"),
        _to_read(run_id="$r"),
        _to_read(run_id="$r", path="there.txt", expiration="x"),
        _to_write(path="there.txt"),
        _to_write(run_id=UNKNOWN, path="there.txt"),
        _to_write(run_id="$r"),
        _to_write(model_id="m-" + UNKNOWN, path="there.txt"),
        _to_write(model_id="$m"),
        _to_write(run_id="$r", path="there.txt", expiration="x"),
    ],
}

CALLS: Sections = {
    **BEGINNING,
    "there is no way past the server": [
        _begin("big.bin"),
        _complete("big.bin", "x", _part(1, FIRST)),
        _abort("big.bin", "x"),
        _link("$e/$r/artifacts/there.txt"),
        _link("$e/$r/artifacts/missing.txt"),
        _to_read(run_id="$r", path="there.txt"),
        _to_write(run_id="$r", path="new.txt"),
        _to_write(model_id="$m", path="new.txt"),
    ],
    **REFUSALS,
}

IN_A_BUCKET: Sections = {
    **BEGINNING,
    "a file goes up in parts": [
        _begin("big.bin", upload="upload_id", one="credentials.0.url", two="credentials.1.url"),
        PUT("$one", FIRST, headers=BYTES),
        _file("$e/$r/artifacts/big.bin"),
        PUT("$two", SECOND, headers=BYTES),
        _complete("big.bin", "$upload", _part(1, FIRST), _part(2, SECOND)),
        GET(f"{FILES}artifacts", {"path": "$e/$r/artifacts"}),
        GET(f"{FILES}artifacts/$e/$r/artifacts/big.bin", headers={"Range": "bytes=5242875-"}),
        _complete("big.bin", "$upload", _part(1, FIRST), _part(2, SECOND)),
    ],
    "a file goes up in one part": [
        _begin("deep/er/small.bin", 1, upload="upload_id", one="credentials.0.url"),
        PUT("$one", SECOND, headers=BYTES),
        _complete("deep/er/small.bin", "$upload", _part(1, SECOND)),
        _file("$e/$r/artifacts/small.bin"),
    ],
    "an upload is given up": [
        _begin("gone.bin", 1, upload="upload_id", one="credentials.0.url"),
        PUT("$one", SECOND, headers=BYTES),
        _abort("gone.bin", "$upload"),
        _file("$e/$r/artifacts/gone.bin"),
    ],
    "an upload is not what was sent": [
        _begin("odd.bin", 2, upload="upload_id", one="credentials.0.url"),
        PUT("$one", SECOND, headers=BYTES),
        _complete("odd.bin", "$upload", _part(1, FIRST)),
        _complete("odd.bin", "$upload", _part(1, SECOND), _part(2, SECOND)),
        _file("$e/$r/artifacts/odd.bin"),
    ],
    "a file comes down by a link": [
        _link("$e/$r/artifacts/there.txt", url="url"),
        GET("$url"),
        _link("$e/$r/artifacts/missing.txt"),
        _link("$e/$r/artifacts"),
    ],
    "files of a run and a model by links": [
        *(_to_read(run_id="$r", path=path) for path in ("there.txt", "missing.txt")),
        _to_write(run_id="$r", path="new.txt"),
        _to_write(model_id="$m", path="new.txt"),
    ],
    **REFUSALS,
}

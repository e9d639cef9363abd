"""A run with files of every kind that the page shows, and with those of an enemy."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path

from genesis_flow.tracking import MlflowClient

PLANTED = "globalThis.planted=1"
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40" onload="{PLANTED}">
<script>{PLANTED}</script><rect width="60" height="40" fill="teal"/></svg>
"""
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==")
WEBP = base64.b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
MANY = 230
"""More than the page asks for at first."""


def log_files(client: MlflowClient, folder: Path) -> str:
    """Logs the files, which are made in ``folder``, and returns the run's id."""
    files: dict[str, bytes | str] = {
        "images/chart.png": png(320, 200),
        "images/dot.gif": GIF,
        "images/dot.webp": WEBP,
        "images/dot.bmp": bmp(),
        "images/drawing.svg": SVG,
        "images/none.png": "no image at all",
        "images/large.png": b"\0" * 10_000_001,
        "model/MLmodel": "flavors:\n  python_function:\n    env: conda.yaml\n",
        "model/model.pkl": b"\x80\x04N.",
        "config.json": '{"rate":1.0,"seed":12345678901234567890,"layers":[1,2]}',
        "invalid.json": '{"loss": NaN}',
        "train.log": "".join(f"epoch {i} loss {1 / (i + 1):.4f}\n" for i in range(1_200)),
        "large.txt": "one line of many\n" * 90_000,
        "binary.txt": b"text\0and more",
        "empty.txt": "",
        "numbers.csv": 'x,y,"a, b"\n1,-2.5,"said ""yes"""\n' + "3,4,5\n" * 1_100,
        "numbers.tsv": "x\ty\n1\t2\n",
        "page.html": f"<script>{PLANTED}</script><img src=x onerror={PLANTED}>",
        "formulas.csv": f"""a,b\n=HYPERLINK("http://evil.example"),<img src=x onerror={PLANTED}>\n""",
        f"<img src=x onerror={PLANTED}>.txt": "in a file named like markup\n",
        'it\'s "quoted" & so?a=b+c.txt': "in a file named like a query\n",
        "100%25.txt": "in a file with percents\n",
        "long" * 60 + ".txt": "in a file with a long name\n",
        **{f"many/{i:04d}.txt": str(i) for i in range(MANY)},
    }
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    run_id: str = client.create_run("0", run_name="with files").info.run_id
    client.log_artifacts(run_id, str(folder))
    table = {"columns": ["prompt", "score"], "data": [[f"<img src=x onerror={PLANTED}>", 0.5], ["=1+1", None]]}
    client.log_text(run_id, json.dumps(table), "eval.json")
    return run_id


def png(width: int, height: int) -> bytes:
    """An image with a slope of colours."""
    rows = b"".join(
        b"\0" + b"".join(bytes((x * 255 // width, y * 255 // height, 128)) for x in range(width)) for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bmp() -> bytes:
    """An image of one point."""
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 58, 0, 0, 54, 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + b"\x40\x80\xc0\0"

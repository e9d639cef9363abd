"""What tests of the page need beside Python: the built page, Node, and a browser.

All come from outside, so where one is missing the tests are skipped and say which. Continuous integration insists on
the page, which npm can always bring; a browser is a program of the machine, and insisted on where
``GENESIS_TEST_BROWSER`` names one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from genesis_flow.server.page import FOLDER

UI = Path(__file__).resolve().parents[2] / "ui"
BROWSER = "GENESIS_TEST_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def node(*arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> tuple[int, str]:
    """Runs Node in the folder of the page's sources: its exit code, and all that it wrote."""
    program = shutil.which("node")
    if program is None:
        missing("the page is built and tested with Node, which is not installed", insist=bool(os.environ.get("CI")))
    done = subprocess.run(
        [program, *arguments],
        cwd=UI,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        timeout=300,
    )
    return done.returncode, done.stdout.decode(errors="replace")


def require_page() -> None:
    """Skips the test where the page is not built."""
    if not (FOLDER / "index.html").exists() or not (UI / "node_modules").exists():
        missing("the page is not built: run 'make page'", insist=bool(os.environ.get("CI")))


def chromium() -> str:
    """The program of a Chromium; without one the test is skipped."""
    named = os.environ.get(BROWSER)
    if named:
        return shutil.which(named) or missing(f"{BROWSER} names '{named}', which is no program", insist=True)
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or missing(f"no Chromium is installed; {BROWSER} may name one", insist=False)


def missing(reason: str, *, insist: bool) -> NoReturn:
    """Skips the test, or fails it."""
    if insist:
        pytest.fail(reason)
    pytest.skip(reason)

"""The page in a real browser: the scripts of ``ui/browser`` on a real server (``conftest.py`` fills it)."""

from __future__ import annotations

import pytest

from tests.page.browser import UI, node

SCRIPTS = sorted(path.name for path in (UI / "browser").glob("*.test.mjs"))


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) >= 4


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_the_script_says_is_so_in_a_browser(script: str, filled_server: str) -> None:
    code, output = node("--test", f"browser/{script}", environment={"GENESIS_PAGE_TESTS": filled_server})
    assert code == 0, output[-12_000:]

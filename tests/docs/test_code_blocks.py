"""Every code block of the pages works: Python runs against a real server, filters parse, links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from genesis_flow.search.fields import RUNS
from genesis_flow.search.parse import parse_filter
from tests.blackbox.clients import CLIENTS, NEWEST, ClientNotInstalled
from tests.serving import serving

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    str(page.relative_to(ROOT)): page for folder in ("", "docs", "design") for page in (ROOT / folder).glob("*.md")
}
ADDRESS_IN_PAGES = "http://127.0.0.1:5000"
TIMEOUT_S = 120

FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)")
# Languages whose blocks are checked, and those that are for reading only.
CHECKED = {"python", "sql", "json"}
FOR_READING = {"text", "sh", "yaml", "nginx"}


class Block(NamedTuple):
    """A fenced code block."""

    page: str
    language: str
    text: str


BLOCKS = [Block(name, *match) for name, page in PAGES.items() for match in FENCE.findall(page.read_text("utf-8"))]


def in_language(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


def python_for(code: str) -> str:
    """The interpreter that has what the code imports."""
    if not re.search(r"^import mlflow$", code, re.MULTILINE):
        return sys.executable
    client = CLIENTS[NEWEST]
    try:
        client.install()
    except ClientNotInstalled as error:
        if os.environ.get("CI"):
            pytest.fail(f"mlflow-skinny {NEWEST} could not be installed: {error}")
        pytest.skip(f"mlflow-skinny {NEWEST} could not be installed: {error}")
    return str(client.python)


@pytest.mark.parametrize("page", sorted({block.page for block in in_language("python")}))
def test_the_python_of_a_page_runs_from_top_to_bottom(page: str, tmp_path: Path) -> None:
    code = "\n".join(block.text for block in in_language("python") if block.page == page)
    python = python_for(code)
    script = tmp_path / "page.py"
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON"))}
    environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    with serving(tmp_path) as server:
        script.write_text(code.replace(ADDRESS_IN_PAGES, server.uri), encoding="utf-8")
        done = subprocess.run(
            [python, script.name],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    assert done.returncode == 0, done.stderr[-10_000:]


def test_the_example_of_the_readme_has_ten_lines() -> None:
    example = next(block for block in in_language("python") if block.page == "README.md")
    lines = [line for line in example.text.splitlines() if line and not line.startswith("import")]
    assert len(lines) <= 10


@pytest.mark.parametrize("block", in_language("sql"), ids=lambda block: block.text.partition("\n")[0])
def test_every_filter_of_a_page_is_in_the_language(block: Block) -> None:
    for line in block.text.splitlines():
        assert parse_filter(line, RUNS) is not None


@pytest.mark.parametrize("block", in_language("json"), ids=lambda block: block.page)
def test_every_json_of_a_page_is_json(block: Block) -> None:
    json.loads(block.text)


def test_every_block_names_a_language_that_is_checked_or_for_reading_only() -> None:
    assert {block.language for block in BLOCKS} - CHECKED - FOR_READING == set()
    assert {block.language for block in BLOCKS} >= CHECKED


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_repository_leads_somewhere(page: str) -> None:
    links = [link for link in LINK.findall(PAGES[page].read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (PAGES[page].parent / link).exists()] == []

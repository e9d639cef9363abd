"""Writes down what MLflow answers to every call, its sentences included, for whoever builds the other side.

    GENESIS_MLFLOW_PYTHON=…/bin/python python -m tests.differential.observe FOLDER [noun …]

The notes quote MLflow: they are for reading, never for the repository.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.differential.calls import NOUNS
from tests.differential.play import Played, play, steps_of
from tests.differential.server import mlflow

LONGEST_BODY = 600


def found(body: bytes) -> str:
    """The names in a page of a search, since the page itself is cut short."""
    try:
        answer: dict[str, Any] = json.loads(body)
        noun, items = next((n, answer[n]) for n in ("runs", "models", "experiments") if n in answer)
    except (ValueError, StopIteration, TypeError):
        return ""
    names = [item["name"] if noun == "experiments" else _name(item["info"]) for item in items]
    return f"    {noun}: {names}{' and another page' if 'next_page_token' in answer else ''}\n"


def _name(info: dict[str, Any]) -> Any:
    return info.get("run_name", info.get("name"))


def note(played: Played) -> str:
    """One step as a paragraph of Markdown."""
    request, answer = played.request, played.answer
    sent = (request.body or b"").decode(errors="replace")
    body = answer.body.decode("ascii", errors="backslashreplace").replace("\0", "\\0")
    return (
        f"#### {played.step.id}\n"
        f"{request.method} {request.target[:400]}\n"
        f"    {sent[:300]}{f' … {len(sent)} characters' if len(sent) > 300 else ''}\n"
        f"→ {answer.status} {answer.media_type}\n"
        f"{found(answer.body)}"
        f"    {' '.join(body.split())[:LONGEST_BODY]}\n"
    )


def main(folder: Path, nouns: list[str]) -> None:
    """Plays the nouns (all when none is named) on a fresh MLflow server."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        mlflow(os.environ["GENESIS_MLFLOW_PYTHON"], Path(scratch, "mlflow")) as server,
    ):
        for noun in nouns or list(NOUNS):
            notes = [note(played) for played in play(steps_of(noun, NOUNS[noun]), server)]
            (folder / f"{noun}.md").write_text("\n".join(notes))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

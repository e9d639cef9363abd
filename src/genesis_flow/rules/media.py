"""What type a file is sent as, by its name."""

from __future__ import annotations

import mimetypes

PLAIN_TEXT = frozenset(
    "txt log err cfg conf cpp c h hpp java py js yml yaml json csv tsv md sh sql toml ini rst "
    "mlmodel mlproject r scala ipynb".split()
)
PROGRAMS = frozenset({"text/javascript", "application/javascript", "application/x-javascript", "text/css"})
"""Types that a page of ours would run or be styled by, if something in it named the file."""


def content_type(name: str) -> str:
    """The type to send a file as: what MLflow's page can show as text is text, also where it would be a program."""
    extension = name.rsplit(".", 1)[-1].lower()
    if extension in PLAIN_TEXT:
        return "text/plain"
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return "text/plain" if guessed in PROGRAMS else guessed

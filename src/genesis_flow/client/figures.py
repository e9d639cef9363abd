"""Figures of Matplotlib and Plotly, told apart by what they can do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genesis_flow.errors import InvalidParameter

FIGURES = "a figure of Matplotlib or Plotly"


def save_figure(figure: Any, local: Path, save_kwargs: Mapping[str, Any] | None) -> None:
    """Writes a figure to a file, in the format that its name says.

    Args:
        figure: of Matplotlib, or of Plotly: that one also as a page (``.html``).
        local: the file.
        save_kwargs: handed on to what writes it.
    """
    given = dict(save_kwargs or {})
    if hasattr(figure, "savefig"):
        figure.savefig(local, **given)
    elif hasattr(figure, "write_html") and local.suffix == ".html":
        # COMPAT: mlflow 3.17 leaves Plotly's 3 MB of script out of each page, too.
        figure.write_html(local, **{"include_plotlyjs": "cdn", "auto_open": False, **given})
    elif hasattr(figure, "write_image"):
        figure.write_image(local, **given)
    else:
        raise InvalidParameter("figure", type(figure).__name__, FIGURES)

"""How the commands of the client answer: a table for people, JSON for programs."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, ParamSpec, TypeVar

import click

P = ParamSpec("P")
T = TypeVar("T")

WIDEST = 60
"""Columns are cut here, but the last one."""


def answers(command: Callable[P, T]) -> Callable[P, T]:
    """A command that says what went wrong in a sentence, and ends with 1 then."""

    @functools.wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        from genesis_flow.exceptions import MlflowException

        try:
            return command(*args, **kwargs)
        except MlflowException as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(1)

    return told


def rows(found: Iterable[Mapping[str, Any]], columns: Sequence[str], output: str) -> None:
    """Prints things of one kind.

    Args:
        found: their fields.
        columns: which of them a table shows, and in which order; JSON has all.
        output: ``table`` or ``json``.
    """
    if output == "json":
        click.echo(json.dumps([dict(one) for one in found], indent=2, default=str))
        return
    lines = [[_cell(name, one.get(name)) for name in columns] for one in found]
    heads = [name.replace("_", " ").capitalize() for name in columns]
    widths = [min(WIDEST, max(map(len, column))) for column in zip(heads, *lines, strict=True)]
    for line in (heads, ["-" * width for width in widths], *lines):
        cut = map(_cut, line[:-1], widths)
        click.echo("  ".join([*(cell.ljust(width) for cell, width in zip(cut, widths, strict=False)), line[-1]]))


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else f"{cell[: width - 1]}…"


def fields(one: Mapping[str, Any], output: str) -> None:
    """Prints the fields of one thing."""
    if output == "json":
        click.echo(json.dumps(dict(one), indent=2, default=str))
        return
    width = max(map(len, one))
    for name, value in one.items():
        click.echo(f"{name.replace('_', ' ').capitalize().ljust(width)}  {_cell(name, value)}")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name.endswith(("_time", "_timestamp", "_ms")) and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    pairs = (f"{key}={one}" for key, one in value.items()) if isinstance(value, Mapping) else ()
    return plain(", ".join(pairs) if isinstance(value, Mapping) else str(value))


def plain(text: str) -> str:
    """A text for a terminal: names come from anybody, and nothing in them may move the cursor or colour it."""
    return "".join(c if c.isprintable() else " " for c in text)

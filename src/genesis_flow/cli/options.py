"""Options that several commands of the client have."""

from __future__ import annotations

import click

with_output = click.option(
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table for people, or JSON for programs.",
)
with_view = click.option(
    "--view", "-v", default="active_only", type=click.Choice(["active_only", "deleted_only", "all"])
)
with_max_results = click.option("--max-results", type=click.IntRange(1), help="The first so many.")


def require_one(**given: object) -> None:
    """Refuses a command that was given none or more than one of these options."""
    if sum(value is not None for value in given.values()) != 1:
        names = " or ".join(f"--{name.replace('_', '-')}" for name in given)
        raise click.UsageError(f"give {names}, and not both")

"""``genesis-flow push``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from genesis_flow.cli.options import with_output
from genesis_flow.cli.output import answers, plain, rows
from genesis_flow.client.push.push import Push
from genesis_flow.client.push.works import Pushed, fields_of
from genesis_flow.client.uris import get_tracking_uri

COLUMNS = ("kind", "name", "outcome", "points", "params", "tags", "files", "size_bytes", "id", "target_id")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--tracking-uri", help="Where to. [default: MLFLOW_TRACKING_URI]")
@click.option("--dry-run", is_flag=True, help="Tell what would be sent. Nothing is asked of the server or written.")
@with_output
@answers
def push(folder: str, tracking_uri: str | None, dry_run: bool, output: str) -> None:
    """Send what was logged offline to a server, this one's or MLflow's.

    FOLDER is where programs logged with MLFLOW_TRACKING_URI=offline:FOLDER. Each run is made once, and what was logged
    to it arrives once, however often this is done, from whatever machine, and whenever it was stopped. Programs may
    still log to the folder; the next push sends what they add. User, password and token come from the environment.

    It ends with 1 if something could not be sent; the rest is.
    """
    work = Push(Path(folder).resolve(), tracking_uri or get_tracking_uri(), dry_run=dry_run)
    done: list[Pushed] = []
    try:
        done.extend(work.run())
    except OSError as error:
        raise click.ClickException(f"the folder cannot be written to, or not be read: {error.strerror}") from None
    if output == "json":
        problems = [{"file": one.file, "reason": one.reason} for one in work.problems]
        told = {"dry_run": dry_run, "pushed": list(map(fields_of, done)), "problems": problems}
        click.echo(json.dumps(told, indent=2))
    else:
        _tell(done, dry_run=dry_run)
        for problem in work.problems:
            click.echo(f"{plain(problem.file)}: {plain(problem.reason)}", err=True)
    sys.exit(1 if work.problems or any(one.outcome == "failed" or one.refused for one in done) else 0)


def _tell(done: Sequence[Pushed], *, dry_run: bool) -> None:
    shown = [one for one in done if one.outcome != "unchanged"]
    if shown:
        rows(map(fields_of, shown), COLUMNS, "table")
    for one in shown:
        if one.reason:
            click.echo(f"{one.kind} {one.id}: {plain(one.reason)}", err=True)
    points, files = sum(one.points for one in shown), sum(one.files for one in shown)
    size_bytes = sum(one.size_bytes for one in shown if one.outcome != "failed")
    if not shown:
        click.echo("There is nothing to send.")
    else:
        were = "would be sent" if dry_run else "were sent"
        click.echo(f"{points:,} points and {files:,} files, {size_bytes:,} bytes, {were}.")

"""``genesis-flow sync``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from genesis_flow.cli.output import answers
from genesis_flow.client.background import connected, default_folder
from genesis_flow.client.sync import Synced
from genesis_flow.client.sync import sync as sync_spools


@click.command()
@click.option(
    "--folder",
    envvar="GENESIS_FLOW_SPOOL_DIR",
    type=click.Path(file_okay=False),
    help="Where the spools are. [default: the user's folder for the state of programs]",
)
@click.option("--patience", type=click.FloatRange(0), default=10.0, show_default=True, help="Seconds, for each server.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each spool, as it goes.")
@answers
def sync(folder: str | None, patience: float, as_json: bool) -> None:
    """Send what programs logged in the background and could not send before they ended.

    Spools of programs that still run are left alone. It may be stopped and started again at any time. It ends with 1 if
    something is left. User, password and token come from the environment, as for the program that logged.
    """
    left = False
    found = 0
    try:
        for spool in sync_spools(Path(folder) if folder else default_folder(), connected, patience_s=patience):
            found += 1
            left = left or spool.waiting > 0
            click.echo(json.dumps(_fields(spool)) if as_json else _sentence(spool))
    except OSError as error:
        raise click.ClickException(f"a spool cannot be read: {error}") from None
    if not found and not as_json:
        click.echo("There is nothing to send.")
    sys.exit(1 if left else 0)


def _fields(spool: Synced) -> dict[str, object]:
    counts = spool.counts
    return {
        "folder": str(spool.folder),
        "tracking_uri": spool.tracking_uri,
        "points": counts.points,
        "params": counts.params,
        "tags": counts.tags,
        "refused": counts.refused,
        "waiting": spool.waiting,
        "damaged": [str(path) for path in spool.damaged],
    }


def _sentence(spool: Synced) -> str:
    counts = spool.counts
    parts = [f"{spool.tracking_uri}: {counts.points:,} points, {counts.params:,} params, {counts.tags:,} tags sent"]
    if counts.refused:
        parts.append(f"{counts.refused:,} refused, which are set aside in {spool.folder}")
    if spool.waiting:
        parts.append(f"{spool.waiting:,} still wait")
    if spool.damaged:
        parts.append(f"what cannot be read is in {', '.join(map(str, spool.damaged))}")
    return "; ".join(parts) + "."

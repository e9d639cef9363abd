"""The command that says what is installed and what is reached, for a look and for reports of bugs."""

from __future__ import annotations

import json
import sys

import click

from genesis_flow.cli.options import with_output
from genesis_flow.diagnosis import examine, show


@click.command()
@click.option("--mask-envs", is_flag=True, help="Hide the values of all environment variables, not only of secrets.")
@with_output
def doctor(mask_envs: bool, output: str) -> None:
    """Say what is installed, where runs are kept, whether somebody answers there, and what to do.

    Nothing is changed. No password and no token is printed. The command ends with 1 if there is something to do.
    """
    found = examine(mask_envs=mask_envs)
    click.echo(json.dumps(found, indent=2) if output == "json" else show(found))
    sys.exit(1 if found["advice"] else 0)

"""The commands about a store's database."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import click

from genesis_flow.errors import GenesisFlowError
from genesis_flow.stores.inspection import Inspection
from genesis_flow.stores.open import inspect_store, open_store

T = TypeVar("T")
ARTIFACT_ROOT = "mlflow-artifacts:/"
"""Of the default experiment, if an upgrade makes it; the same as a server's without options."""


def check(uri: str) -> int:
    """Prints the state of a database; the exit code."""
    found = _answer(inspect_store(uri))
    if found is None:
        return 1
    _show(found)
    return 0 if found.is_well else 1


def upgrade(uri: str, *, only_check: bool) -> int:
    """Makes or prints the steps that a database lacks; the exit code."""
    found = _answer(inspect_store(uri))
    if found is None or not (only_check or _answer(_open(uri))):
        return 1
    for step in found.pending:
        click.echo(f"{'would' if only_check else 'did'}: {step}")
    if not found.pending:
        click.echo("The database has the version of this program; there is nothing to do.")
    return 0


async def _open(uri: str) -> bool:
    """Opens the store, which makes the steps."""
    store = open_store(uri, artifact_root=ARTIFACT_ROOT)
    try:
        await store.check()
    finally:
        await store.close()
    return True


def _answer(question: Coroutine[None, None, T]) -> T | None:
    """The answer, or None after an error was printed."""
    try:
        return asyncio.run(question)
    except GenesisFlowError as error:
        click.echo(f"Error: {error}", err=True)
        return None


def _show(found: Inspection) -> None:
    click.echo(f"Schema version {found.version}")
    for step in found.pending:
        click.echo(f"  missing step: {step}")
    if found.indexes:
        click.echo("\nIndexes")
    width = max((len(one.name) for one in found.indexes), default=0)
    for one in found.indexes:
        click.echo(f"  {'ok     ' if one.exists else 'MISSING'} {one.name:{width}}  {one.purpose}")
    if found.plans:
        click.echo("\nCommonest queries")
    for plan in found.plans:
        click.echo(f"  {'SCANS  ' if plan.scans else 'ok     '} {plan.query}: {plan.steps}")

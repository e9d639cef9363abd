"""``genesis-flow models``."""

from __future__ import annotations

import click

from genesis_flow.cli.options import with_max_results, with_output
from genesis_flow.cli.output import answers, fields, rows
from genesis_flow.client.client import MlflowClient
from genesis_flow.entities.paged_list import every_page

MODELS = ("name", "aliases", "last_updated_timestamp", "description")
VERSIONS = ("name", "version", "aliases", "status", "creation_timestamp", "source")


@click.group()
def models() -> None:
    """Look at registered models and move their aliases, at the registry URI (MLFLOW_REGISTRY_URI)."""


@models.command()
@click.option("--filter", "filter_string", help="In the search language: name LIKE 'fraud%'.")
@with_max_results
@with_output
@answers
def search(filter_string: str | None, max_results: int | None, output: str) -> None:
    """List registered models."""
    client = MlflowClient()
    found = every_page(
        lambda most, token: client.search_registered_models(filter_string, most, None, token), 100, max_results
    )
    rows(({**dict(model), "latest_versions": len(model.latest_versions)} for model in found), MODELS, output)


@models.command()
@click.option("--filter", "filter_string", help="In the search language: name = 'fraud'.")
@with_max_results
@with_output
@answers
def versions(filter_string: str | None, max_results: int | None, output: str) -> None:
    """List versions of registered models."""
    client = MlflowClient()
    found = every_page(
        lambda most, token: client.search_model_versions(filter_string, most, None, token), 1000, max_results
    )
    rows(({**dict(one), "aliases": ", ".join(one.aliases)} for one in found), VERSIONS, output)


@models.command()
@click.argument("uri")
@with_output
@answers
def resolve(uri: str, output: str) -> None:
    """Say which version a URI stands for: models:/fraud@champion, perhaps with ?as_of=2026-03-03T14:00:00Z."""
    found = dict(MlflowClient().version_of_uri(uri))
    fields(found if output == "json" else {name: found[name] for name in VERSIONS}, output)


@models.command("set-alias")
@click.argument("name")
@click.argument("alias")
@click.argument("version")
@answers
def set_alias(name: str, alias: str, version: str) -> None:
    """Let ALIAS of the model NAME stand for VERSION."""
    MlflowClient().set_registered_model_alias(name, alias, version)
    click.echo(f"models:/{name}@{alias} is version {version}.")


@models.command("delete-alias")
@click.argument("name")
@click.argument("alias")
@answers
def delete_alias(name: str, alias: str) -> None:
    """Remove ALIAS of the model NAME."""
    MlflowClient().delete_registered_model_alias(name, alias)
    click.echo(f"models:/{name}@{alias} is gone.")

"""``genesis-flow experiments``."""

from __future__ import annotations

import click

from genesis_flow.cli.options import require_one, with_max_results, with_output, with_view
from genesis_flow.cli.output import answers, fields, rows
from genesis_flow.client.client import MlflowClient
from genesis_flow.entities import ViewType
from genesis_flow.entities.paged_list import every_page

COLUMNS = ("experiment_id", "name", "lifecycle_stage", "artifact_location")
with_id = click.option("--experiment-id", "-x", required=True, help="The id of the experiment.")


@click.group()
def experiments() -> None:
    """Make, find and delete experiments, at the tracking URI (MLFLOW_TRACKING_URI)."""


@experiments.command()
@click.option("--experiment-name", "-n", required=True, help="What it is called; no other may have the name.")
@click.option("--artifact-location", "-l", help="Where its files go; the server knows a place by default.")
@answers
def create(experiment_name: str, artifact_location: str | None) -> None:
    """Make an experiment."""
    made = MlflowClient().create_experiment(experiment_name, artifact_location)
    click.echo(f"The experiment {experiment_name!r} has the id {made}.")


@experiments.command()
@with_view
@with_max_results
@click.option("--filter", "filter_string", help="In the search language: name LIKE 'fraud%'.")
@with_output
@answers
def search(view: str, max_results: int | None, filter_string: str | None, output: str) -> None:
    """List experiments."""
    client, kind = MlflowClient(), ViewType.from_string(view)
    found = every_page(
        lambda most, token: client.search_experiments(kind, most, filter_string, page_token=token), 1000, max_results
    )
    rows(map(dict, found), COLUMNS, output)


@experiments.command()
@click.option("--experiment-id", "-x", help="The id of the experiment.")
@click.option("--experiment-name", "-n", help="Or its name.")
@with_output
@answers
def get(experiment_id: str | None, experiment_name: str | None, output: str) -> None:
    """Show an experiment."""
    require_one(experiment_id=experiment_id, experiment_name=experiment_name)
    client = MlflowClient()
    found = (
        client.get_experiment(experiment_id) if experiment_id else client.get_experiment_by_name(experiment_name or "")
    )
    if found is None:
        raise click.ClickException(f"no experiment is called {experiment_name!r}")
    shown = dict(found)
    names = (*COLUMNS, "creation_time", "last_update_time", "tags")
    fields(shown if output == "json" else {name: shown[name] for name in names}, output)


@experiments.command()
@with_id
@answers
def delete(experiment_id: str) -> None:
    """Delete an experiment with its runs; it can be restored until it is collected."""
    MlflowClient().delete_experiment(experiment_id)
    click.echo(f"The experiment {experiment_id} is deleted. 'genesis-flow experiments restore' brings it back.")


@experiments.command()
@with_id
@answers
def restore(experiment_id: str) -> None:
    """Bring a deleted experiment back."""
    MlflowClient().restore_experiment(experiment_id)
    click.echo(f"The experiment {experiment_id} is back.")


@experiments.command()
@with_id
@click.option("--new-name", required=True, help="What it is called from now on.")
@answers
def rename(experiment_id: str, new_name: str) -> None:
    """Give an experiment another name."""
    MlflowClient().rename_experiment(experiment_id, new_name)
    click.echo(f"The experiment {experiment_id} is called {new_name!r}.")


@experiments.command()
@with_id
@click.option("--filename", "-o", type=click.Path(dir_okay=False, writable=True), help="A file instead of the screen.")
@answers
def csv(experiment_id: str, filename: str | None) -> None:
    """Write the runs of an experiment as CSV: a column for each metric, param and tag."""
    from genesis_flow.cli.csv_file import write_runs

    write_runs(experiment_id, filename)

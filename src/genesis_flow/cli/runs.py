"""``genesis-flow runs``."""

from __future__ import annotations

import json

import click

from genesis_flow.cli.options import require_one, with_max_results, with_output, with_view
from genesis_flow.cli.output import answers, rows
from genesis_flow.client.client import MlflowClient
from genesis_flow.client.runs import PARENT
from genesis_flow.entities import ViewType
from genesis_flow.entities.paged_list import every_page

COLUMNS = ("start_time", "status", "run_name", "run_id")
with_id = click.option("--run-id", required=True, help="The id of the run.")


@click.group()
def runs() -> None:
    """Make, find and delete runs, at the tracking URI (MLFLOW_TRACKING_URI)."""


@runs.command("list")
@click.option("--experiment-id", envvar="MLFLOW_EXPERIMENT_ID", required=True, help="Of which experiment.")
@with_view
@click.option("--filter", "filter_string", default="", help="In the search language: metrics.loss < 0.1.")
@click.option("--order-by", multiple=True, help="metrics.loss, start_time DESC and their like.")
@with_max_results
@with_output
@answers
def list_(
    experiment_id: str,
    view: str,
    filter_string: str,
    order_by: tuple[str, ...],
    max_results: int | None,
    output: str,
) -> None:
    """List the runs of an experiment."""
    client, kind = MlflowClient(), ViewType.from_string(view)
    found = every_page(
        lambda most, token: client.search_runs([experiment_id], filter_string, kind, most, order_by, token),
        1000,
        max_results,
    )
    rows((run.to_dictionary() if output == "json" else dict(run.info) for run in found), COLUMNS, output)


@runs.command()
@with_id
@answers
def describe(run_id: str) -> None:
    """Show everything about a run, as JSON."""
    click.echo(json.dumps(MlflowClient().get_run(run_id).to_dictionary(), indent=4))


@runs.command()
@click.option("--experiment-id", envvar="MLFLOW_EXPERIMENT_ID", help="Where it belongs.")
@click.option("--experiment-name", envvar="MLFLOW_EXPERIMENT_NAME", help="Or the name of where it belongs.")
@click.option("--run-name", help="What it is called; the server finds a name by default.")
@click.option("--description", help="For people.")
@click.option("--tags", "-t", multiple=True, metavar="KEY=VALUE", help="A tag; may be given several times.")
@click.option(
    "--status",
    type=click.Choice(["FINISHED", "FAILED", "KILLED"], case_sensitive=False),
    default="FINISHED",
    show_default=True,
    help="How it ended.",
)
@click.option("--parent-run-id", help="The run in which it is nested.")
@answers
def create(
    experiment_id: str | None,
    experiment_name: str | None,
    run_name: str | None,
    description: str | None,
    tags: tuple[str, ...],
    status: str,
    parent_run_id: str | None,
) -> None:
    """Make a run that is over: for what happened elsewhere."""
    client = MlflowClient()
    require_one(experiment_id=experiment_id, experiment_name=experiment_name)
    kept = dict(_pair(tag) for tag in tags)
    if description:
        kept["mlflow.note.content"] = description
    if parent_run_id:
        kept[PARENT] = client.get_run(parent_run_id).info.run_id
    if experiment_id is None:
        named = client.get_experiment_by_name(str(experiment_name))
        experiment_id = named.experiment_id if named else client.create_experiment(str(experiment_name))
    run = client.create_run(experiment_id, tags=kept, run_name=run_name)
    client.set_terminated(run.info.run_id, status.upper())
    told = {"run_id": run.info.run_id, "experiment_id": experiment_id, "status": status.upper()}
    click.echo(json.dumps({**told, "run_name": run.info.run_name}, indent=2))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise click.BadParameter(f"{text!r} is no tag: it must be KEY=VALUE", param_hint="--tags")
    return key.strip(), value.strip()


@runs.command()
@with_id
@answers
def delete(run_id: str) -> None:
    """Delete a run; it can be restored until it is collected."""
    MlflowClient().delete_run(run_id)
    click.echo(f"The run {run_id} is deleted. 'genesis-flow runs restore' brings it back.")


@runs.command()
@with_id
@answers
def restore(run_id: str) -> None:
    """Bring a deleted run back."""
    MlflowClient().restore_run(run_id)
    click.echo(f"The run {run_id} is back.")

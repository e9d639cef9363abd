"""``genesis-flow artifacts``."""

from __future__ import annotations

import click

from genesis_flow.cli.options import require_one, with_output
from genesis_flow.cli.output import answers, rows
from genesis_flow.client.client import MlflowClient

with_run = click.option("--run-id", "-r", required=True, help="Of which run.")
with_path = click.option("--artifact-path", "-a", help="Where, below the run's artifacts.")


@click.group()
def artifacts() -> None:
    """List, upload and download files of runs, at the tracking URI (MLFLOW_TRACKING_URI)."""


@artifacts.command("list")
@with_run
@with_path
@with_output
@answers
def list_(run_id: str, artifact_path: str | None, output: str) -> None:
    """List files."""
    found = MlflowClient().list_artifacts(run_id, artifact_path)
    rows(map(dict, found), ("file_size", "is_dir", "path"), output)


@artifacts.command("log-artifact")
@click.option("--local-file", "-l", required=True, type=click.Path(exists=True, dir_okay=False), help="What to send.")
@with_run
@with_path
@answers
def log_artifact(local_file: str, run_id: str, artifact_path: str | None) -> None:
    """Upload a file."""
    MlflowClient().log_artifact(run_id, local_file, artifact_path)
    click.echo(f"{local_file} is uploaded.")


@artifacts.command("log-artifacts")
@click.option("--local-dir", "-l", required=True, type=click.Path(exists=True, file_okay=False), help="What to send.")
@with_run
@with_path
@answers
def log_artifacts(local_dir: str, run_id: str, artifact_path: str | None) -> None:
    """Upload a folder with all that is in it."""
    MlflowClient().log_artifacts(run_id, local_dir, artifact_path)
    click.echo(f"{local_dir} is uploaded.")


@artifacts.command()
@click.option("--run-id", "-r", help="Of which run.")
@with_path
@click.option("--artifact-uri", "-u", help="Or where it is: runs:/…, models:/…, s3://… and their like.")
@click.option("--dst-path", "-d", type=click.Path(file_okay=False), help="Where to; a new folder by default.")
@answers
def download(run_id: str | None, artifact_path: str | None, artifact_uri: str | None, dst_path: str | None) -> None:
    """Download a file or a folder, and print where it is now."""
    from genesis_flow.artifacts import download_artifacts

    require_one(run_id=run_id, artifact_uri=artifact_uri)
    click.echo(download_artifacts(artifact_uri, run_id, artifact_path, dst_path))

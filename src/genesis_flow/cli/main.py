"""The command ``genesis-flow``; each command's own imports wait until it runs."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import click

from genesis_flow import __version__

STORE_HELP = (
    "Where experiments and runs are kept: sqlite:///file.db (relative), sqlite:////absolute/file.db, or a folder "
    "such as file:///path/to/mlruns."
)


class _Commands(click.Group):
    """Commands, of which those of the client are loaded when they are named."""

    ELSEWHERE = ("artifacts", "doctor", "experiments", "models", "push", "runs", "sync")

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted([*super().list_commands(context), *self.ELSEWHERE])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in self.ELSEWHERE:
            command = getattr(importlib.import_module(f"genesis_flow.cli.{name}"), name)
            assert isinstance(command, click.Command)
            return command
        return super().get_command(context, name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "-V", "--version", prog_name="genesis-flow")
def main() -> None:
    """Genesis-Flow: an ML operations platform that speaks MLflow's interface."""


def _words(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _prefix(context: click.Context, parameter: click.Parameter, text: str | None) -> str:
    if text and (not text.startswith("/") or text.endswith("/")):
        raise click.BadParameter("it must start with '/' and must not end with '/'")
    return text or ""


@main.command(context_settings={"help_option_names": ["--help"], "show_default": True})
@click.option(
    "--backend-store-uri",
    envvar="MLFLOW_BACKEND_STORE_URI",
    default="sqlite:///genesis-flow.db",
    help=STORE_HELP,
)
@click.option(
    "--default-artifact-root",
    envvar="MLFLOW_DEFAULT_ARTIFACT_ROOT",
    help="Below which new experiments get their artifact locations: a folder or a bucket. "
    "[default: mlflow-artifacts:/ with --serve-artifacts, else ./artifacts]",
)
@click.option(
    "--artifacts-destination",
    envvar="MLFLOW_ARTIFACTS_DESTINATION",
    default="./artifacts",
    help="Where the server keeps the files that clients send it: a folder, s3://bucket/path, gs://bucket/path, "
    "az://container/path, abfss://… or wasbs://… of Azure.",
)
@click.option(
    "--serve-artifacts/--no-serve-artifacts",
    envvar="MLFLOW_SERVE_ARTIFACTS",
    default=True,
    help="Take and give files for clients, so that they need no access of their own.",
)
@click.option("--artifacts-only", envvar="MLFLOW_ARTIFACTS_ONLY", is_flag=True, help="Serve files and nothing else.")
@click.option("--host", "-h", envvar="MLFLOW_HOST", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", "-p", envvar="MLFLOW_PORT", default=5000, type=click.IntRange(0, 65535), help="The port.")
@click.option(
    "--workers",
    "-w",
    envvar="MLFLOW_WORKERS",
    default=1,
    type=click.IntRange(1, 64),
    help="The number of processes. One is fastest on SQLite, whose commits one process can share.",
)
@click.option(
    "--static-prefix",
    envvar="MLFLOW_STATIC_PREFIX",
    callback=_prefix,
    help="A prefix of all paths, such as /mlflow, for a server behind a proxy.",
)
@click.option(
    "--allowed-hosts",
    envvar="MLFLOW_SERVER_ALLOWED_HOSTS",
    callback=_words,
    help="Names that the server answers for besides localhost and private addresses, with commas; * is a wild card.",
)
@click.option(
    "--cors-allowed-origins",
    envvar="MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
    callback=_words,
    help="Other sites whose pages may use this server, such as https://lab.example.com, with commas.",
)
@click.option(
    "--x-frame-options",
    envvar="MLFLOW_SERVER_X_FRAME_OPTIONS",
    default="SAMEORIGIN",
    type=click.Choice(["SAMEORIGIN", "DENY", "NONE"], case_sensitive=False),
    help="Who may show the server in a frame.",
)
@click.option(
    "--disable-security-middleware",
    envvar="MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
    is_flag=True,
    help="Check neither hosts nor origins. Only behind a proxy that does.",
)
@click.option(
    "--retention",
    envvar="GENESIS_FLOW_RETENTION",
    default="30d",
    metavar="TIME",
    help="How long deleted experiments, runs and logged models can be restored: 30d, 1d12h, 1.5h, 0.",
)
@click.option(
    "--collect/--no-collect",
    envvar="GENESIS_FLOW_COLLECT",
    default=True,
    help="Remove them for good afterwards, in the background, with their files.",
)
@click.option(
    "--collect-every",
    envvar="GENESIS_FLOW_COLLECT_EVERY",
    default="1h",
    metavar="TIME",
    help="The time from one such removal to the next. Of several servers on one store one does it at a time.",
)
@click.option(
    "--webhook-delivery/--no-webhook-delivery",
    envvar="GENESIS_FLOW_WEBHOOK_DELIVERY",
    default=True,
    help="Call webhooks from this server. One of several on one database is enough.",
)
@click.option(
    "--webhook-allowed-schemes",
    "webhook_schemes",
    envvar="MLFLOW_WEBHOOK_ALLOWED_SCHEMES",
    default="https",
    callback=_words,
    help="Schemes of webhooks' URLs, with commas: https, http.",
)
@click.option(
    "--webhook-allow-private",
    envvar="MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
    is_flag=True,
    help="Let webhooks lead to this machine and to private networks. Whoever may make one can then reach those.",
)
@click.option(
    "--webhook-allowed-networks",
    "webhook_networks",
    envvar="GENESIS_FLOW_WEBHOOK_ALLOWED_NETWORKS",
    callback=_words,
    help="Networks that webhooks may lead to besides the public Internet, such as 10.1.2.0/24, with commas.",
)
@click.option(
    "--webhook-timeout",
    "webhook_timeout_s",
    envvar="MLFLOW_WEBHOOK_REQUEST_TIMEOUT",
    default=20.0,
    type=click.FloatRange(1, 50),
    metavar="SECONDS",
    help="How long a call of a webhook may take.",
)
@click.option(
    "--webhook-retries",
    envvar="MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES",
    default=7,
    type=click.IntRange(0, 50),
    help="How often a delivery is sent again that fails, with growing pauses; 7 take about an hour.",
)
@click.option(
    "--download-link-ttl",
    "download_link_s",
    envvar="MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS",
    default=300,
    type=click.IntRange(1, 604800),
    metavar="SECONDS",
    help="How long a signed link to a file in a bucket lasts.",
)
def server(**options: Any) -> None:
    """Start the server.

    Without options it keeps everything in the current folder and listens on http://127.0.0.1:5000. Every option can be
    given as the environment variable that MLflow's server reads for it, MLFLOW_PORT for --port and so on; what that
    server does not have as GENESIS_FLOW_RETENTION and so on.
    """
    _require_extra("server", "uvicorn", "sqlalchemy", "prometheus_client", "httptools")
    from genesis_flow.errors import GenesisFlowError
    from genesis_flow.server.run import serve
    from genesis_flow.server.settings import Settings

    unchecked = options.pop("disable_security_middleware")
    settings = Settings(check_requests=not unchecked, **options)
    click.echo(
        f"Genesis-Flow {__version__} on http://{settings.host}:{settings.port}{settings.static_prefix}",
        err=True,
    )
    try:
        serve(settings)
    except GenesisFlowError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


main.add_command(server, "ui")  # MLflow's other name for it


def _without_effect(command: Callable[..., Any]) -> Callable[..., Any]:
    """COMPAT: what mlflow 3.17's gc takes besides, about things that there are none of, or only one."""
    for name in ("--tracking-uri", "--job-ids"):
        command = click.option(name, hidden=True, expose_value=False)(command)
    for name in ("--jobs", "--all-workspaces"):
        command = click.option(name, is_flag=True, hidden=True, expose_value=False)(command)
    only = click.Choice(["default"])
    return click.option("--workspace", type=only, envvar="MLFLOW_WORKSPACE", hidden=True, expose_value=False)(command)


@main.command(context_settings={"show_default": True})
@click.option(
    "--backend-store-uri", envvar="MLFLOW_BACKEND_STORE_URI", default="sqlite:///genesis-flow.db", help=STORE_HELP
)
@click.option(
    "--artifacts-destination",
    envvar="MLFLOW_ARTIFACTS_DESTINATION",
    default="./artifacts",
    help="Where the server keeps files: the same as its own option of this name.",
)
@click.option(
    "--default-artifact-root",
    envvar="MLFLOW_DEFAULT_ARTIFACT_ROOT",
    default="mlflow-artifacts:/",
    help="The server's own option of this name, if it has one: files there are removed, too.",
)
@click.option(
    "--older-than",
    metavar="TIME",
    help="Only what was deleted so long ago: 30d, 1d12h, 1.5h, 0. [default: --retention; 0 for what is named]",
)
@click.option(
    "--retention",
    metavar="TIME",
    envvar="GENESIS_FLOW_RETENTION",
    default="30d",
    help="How long the deleted can be restored.",
)
@click.option("--run-ids", callback=_words, metavar="IDS", help="Only these runs, with commas.")
@click.option(
    "--experiment-ids", callback=_words, metavar="IDS", help="Only these experiments, with all that is in them."
)
@click.option("--logged-model-ids", callback=_words, metavar="IDS", help="Only these logged models.")
@click.option("--dry-run", is_flag=True, help="Tell what would be removed, and remove nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask. Nobody is asked either where there is no terminal.")
@click.option("--json", "json", is_flag=True, help="One line of JSON for each thing, as it goes.")
@_without_effect
def gc(
    run_ids: tuple[str, ...], experiment_ids: tuple[str, ...], logged_model_ids: tuple[str, ...], **options: Any
) -> None:
    """Remove what was deleted long enough ago, for good, with its files.

    Deleted experiments, runs and logged models can be restored for 30 days. This removes those that are older, their
    metrics, params and tags, and their files. What a version of a registered model needs is kept. It may run beside
    servers, and be stopped and started again at any time.

    \b
      genesis-flow gc --dry-run                           what would go, and how much
      genesis-flow gc --older-than 7d --yes               for a cron job
      genesis-flow gc --run-ids 0f3a…,77b1…               these, at once

    It ends with 1 if something could not be removed, which the next one tries again.
    """
    _require_extra("server", "sqlalchemy", "rich")
    from genesis_flow.cli import gc as commands

    named = {"run": run_ids, "experiment": experiment_ids, "model": logged_model_ids}
    ids: Any = {kind: asked for kind, asked in named.items() if asked}
    sys.exit(commands.collect(commands.Options(ids=ids, **options)))


@main.group()
def store() -> None:
    """Look after the database of a server."""


@store.command()
@click.argument("uri", envvar="MLFLOW_BACKEND_STORE_URI")
def check(uri: str) -> None:
    """Say what state the database of URI is in: its version, its indexes, and the plans of the commonest queries.

    Nothing is changed. The command ends with 1 if something is missing or if a query looks at a whole collection.
    """
    from genesis_flow.cli import store as commands

    sys.exit(commands.check(uri))


@store.command()
@click.argument("uri", envvar="MLFLOW_BACKEND_STORE_URI")
@click.option("--check", "only_check", is_flag=True, help="Print the steps that are missing, and make none of them.")
def upgrade(uri: str, only_check: bool) -> None:
    """Bring the database of URI to the version of this program.

    A server does the same when it starts, so the command is for those who want to do it first, or see what would be
    done. Servers of the version before may run meanwhile, unless a step says otherwise.
    """
    from genesis_flow.cli import store as commands

    sys.exit(commands.upgrade(uri, only_check=only_check))


def _require_extra(extra: str, *packages: str) -> None:
    """Ends the command if a package is missing that an extra installs."""
    if any(importlib.util.find_spec(package) is None for package in packages):
        from genesis_flow.errors import MissingExtra

        raise click.ClickException(str(MissingExtra("This command", extra)))

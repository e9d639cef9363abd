"""Hosts that are not the tracking server: they are told nothing of who we are."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from genesis_flow import __version__
from genesis_flow import environment_variables as variables
from genesis_flow.client.http import AGAIN
from genesis_flow.wire.transport import HttpTransport, Retrying


@lru_cache(maxsize=8)
def connect_anonymously(uri: str) -> HttpTransport:
    """The connection to a host, without user, token, certificate or headers of plugins."""
    parts = urlsplit(uri)
    return HttpTransport(
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
        headers={"User-Agent": f"genesis-flow/{__version__}"},
        timeout_s=float(variables.MLFLOW_HTTP_REQUEST_TIMEOUT.get()),
        retrying=Retrying(
            variables.MLFLOW_HTTP_REQUEST_MAX_RETRIES.get(),
            backoff_s=float(variables.MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR.get()),
            jitter_s=variables.MLFLOW_HTTP_REQUEST_BACKOFF_JITTER.get(),
            statuses=AGAIN,
        ),
    )

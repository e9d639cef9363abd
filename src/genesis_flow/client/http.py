"""The connection to a server, as the environment says: who asks, what is trusted, and how patient to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from genesis_flow import __version__
from genesis_flow import environment_variables as variables
from genesis_flow.client.auth import basic, signed
from genesis_flow.client.plugins import request_headers
from genesis_flow.errors import InvalidSetting
from genesis_flow.wire.transport import HttpTransport, Outgoing, Retrying, Tls

AGAIN = frozenset({408, 429, 500, 502, 503, 504})
"""After these a message that may be repeated is sent again."""
LARGEST_ANSWER_BYTES = 2**30
"""More than any answer of the interface; a server that never stops is not listened to for ever."""
CREDENTIALS_FILE = Path("~/.mlflow/credentials")


def connect_http(uri: str, *, again: bool = True) -> HttpTransport:
    """The connection to a server.

    Args:
        uri: the server's.
        again: whether a message is sent again as the environment says, or its sender does that itself.

    Raises:
        InvalidSetting: a variable of the environment contradicts another one.
    """
    base, authorization = _without_user(uri)
    return _transport(base, lambda: {**_agent(), **_authorization(authorization), **_further()}, _tls(), again, signed)


@lru_cache(maxsize=8)
def connect_anonymously(uri: str) -> HttpTransport:
    """The connection to a host that is not the tracking server: it is told nothing of who we are."""
    return _transport(_without_user(uri)[0], _agent, Tls())


def _agent() -> Mapping[str, str]:
    return {"User-Agent": f"genesis-flow/{__version__}"}


def _transport(
    base: str,
    headers: Callable[[], Mapping[str, str]],
    tls: Tls,
    again: bool = True,
    sign: Callable[[Outgoing], Mapping[str, str]] | None = None,
) -> HttpTransport:
    return HttpTransport(
        base,
        headers=headers,
        sign=sign,
        timeout_s=float(variables.MLFLOW_HTTP_REQUEST_TIMEOUT.get()),
        retrying=Retrying(
            variables.MLFLOW_HTTP_REQUEST_MAX_RETRIES.get() if again else 0,
            backoff_s=float(variables.MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR.get()),
            jitter_s=variables.MLFLOW_HTTP_REQUEST_BACKOFF_JITTER.get(),
            statuses=AGAIN,
            respect_retry_after=variables.MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER.get(),
        ),
        tls=tls,
        connections=variables.MLFLOW_HTTP_POOL_MAXSIZE.get(),
        most_reply_bytes=LARGEST_ANSWER_BYTES,
    )


def _tls() -> Tls:
    insecure, trusted = (
        variables.MLFLOW_TRACKING_INSECURE_TLS.get(),
        variables.MLFLOW_TRACKING_SERVER_CERT_PATH.get(),
    )
    if insecure and trusted:
        raise InvalidSetting("MLFLOW_TRACKING_INSECURE_TLS", "unset while MLFLOW_TRACKING_SERVER_CERT_PATH is set")
    return Tls(not insecure, trusted, variables.MLFLOW_TRACKING_CLIENT_CERT_PATH.get())


def _without_user(uri: str) -> tuple[str, str | None]:
    """The URI as it may be sent and shown, and the authorization that stood in it."""
    parts = urlsplit(uri)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return uri, None
    name, _, password = user.partition(":")
    return parts._replace(netloc=host).geturl(), basic(unquote(name), unquote(password))


def _authorization(of_uri: str | None) -> Mapping[str, str]:
    """COMPAT: mlflow 3.17 prefers a user with a password to a token, and both to the file of credentials."""
    name, password = variables.MLFLOW_TRACKING_USERNAME.get(), variables.MLFLOW_TRACKING_PASSWORD.get()
    token = variables.MLFLOW_TRACKING_TOKEN.get()
    if name is None and password is None and not token:
        name, password = _kept_credentials()
    if name is not None and password is not None:
        return {"Authorization": basic(name, password)}
    if token:
        return {"Authorization": f"Bearer {token}"}
    return {"Authorization": of_uri} if of_uri else {}


def _kept_credentials() -> tuple[str | None, str | None]:
    """User and password of the file, if there is one, as it is now."""
    path = CREDENTIALS_FILE.expanduser()
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError:
        return None, None
    return _credentials_in(path, changed_ns)


@lru_cache(maxsize=1)
def _credentials_in(path: Path, changed_ns: int) -> tuple[str | None, str | None]:
    """PERF: read once for each change of the file, not for each request."""
    from configparser import ConfigParser

    file = ConfigParser(interpolation=None)  # a password may have a % in it
    file.read(path)
    section = "mlflow"
    return (
        file.get(section, "mlflow_tracking_username", fallback=None),
        file.get(section, "mlflow_tracking_password", fallback=None),
    )


def _further() -> Mapping[str, str]:
    workspace = variables.MLFLOW_WORKSPACE.get()
    return {**request_headers(), **({"X-MLFLOW-WORKSPACE": workspace} if workspace else {})}

"""Webhooks: their names and URLs, the events there are, signatures and retries, as a running MLflow 3.17 has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from genesis_flow.errors import InvalidParameter
from genesis_flow.rules.texts import require

NAME_LENGTH = 63
URL_LENGTH = 2_000
SECRET_LENGTH = 1_000
WEBHOOK_DESCRIPTION_LENGTH = 10_000
LIST_MOST = 1_000
LIST_DEFAULT = 100
DELIVERIES_KEPT = 100
"""Deliveries of a webhook that are kept when they have come to their end."""

EVENTS: dict[str, frozenset[str]] = {
    "REGISTERED_MODEL": frozenset({"CREATED"}),
    "MODEL_VERSION": frozenset({"CREATED"}),
    "MODEL_VERSION_TAG": frozenset({"SET", "DELETED"}),
    "MODEL_VERSION_ALIAS": frozenset({"CREATED", "DELETED"}),
    "PROMPT": frozenset({"CREATED"}),
    "PROMPT_VERSION": frozenset({"CREATED"}),
    "PROMPT_TAG": frozenset({"SET", "DELETED"}),
    "PROMPT_VERSION_TAG": frozenset({"SET", "DELETED"}),
    "PROMPT_ALIAS": frozenset({"CREATED", "DELETED"}),
    "BUDGET_POLICY": frozenset({"EXCEEDED"}),
}
"""The actions that each of MLflow's entities has."""
RUN = "RUN"
"""The entity of our own events; its actions are the statuses with which a run ends."""

DELIVERY_HEADER = "X-MLflow-Delivery-Id"
TIMESTAMP_HEADER = "X-MLflow-Timestamp"
SIGNATURE_HEADER = "X-MLflow-Signature"

TIMEOUT_S = 20.0
RETRIES = 7
FIRST_PAUSE_S = 5.0
PAUSE_FACTOR = 3.0
PAUSE_S_MOST = 3_600.0
_AGAIN = frozenset({408, 425, 429})

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PLAIN = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+")
DEFAULT_PORTS = {"https": 443, "http": 80}


class Kind(NamedTuple):
    """What kind of event: what happened to what, in the spelling of the interface."""

    entity: str
    action: str


class Url(NamedTuple):
    """Where a webhook is delivered.

    Attributes:
        target: path and query, as they go out.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The value of the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def check_webhook_name(name: str | None) -> str:
    """The name of a webhook; several may have one.

    Raises:
        MissingParameter, InvalidParameter
    """
    text = require("name", name)
    if _NAME.fullmatch(text) is None or len(text) > NAME_LENGTH:
        allowed = f"at most {NAME_LENGTH} letters, digits, '.', '_' and '-', with a letter or digit at both ends"
        raise InvalidParameter("name", text, allowed)
    return text


def check_url(text: str | None, schemes: Collection[str]) -> Url:
    """A URL that may be called, as far as it shows itself.

    Raises:
        MissingParameter, InvalidParameter: the latter without repeating what may be a password.
    """
    url = require("url", text)
    if not _PLAIN.fullmatch(url) or "\\" in url or len(url) > URL_LENGTH:
        raise InvalidParameter(
            "url", "…", f"at most {URL_LENGTH} ASCII characters without blanks and '\\'; encode others with '%'"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidParameter("url", "…", "a URL with a host, and a port up to 65535 if any") from None
    if parts.scheme not in schemes:
        raise InvalidParameter("url", parts.scheme, f"of the scheme {' or '.join(sorted(schemes))}")
    if "@" in parts.netloc:
        raise InvalidParameter("url", "…", "free of user and password; sign with a secret instead")
    return Url(parts.scheme, _host(parts), _port(parts, port), _target(parts))


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    allowed = _IPV6 if parts.netloc.startswith("[") else _HOST
    if allowed.fullmatch(host) is None or len(host) > 253:
        raise InvalidParameter("url", host, "with a host: a name, an IPv4 address, or an IPv6 address in brackets")
    return host


def _port(parts: SplitResult, port: int | None) -> int:
    if port == 0:
        raise InvalidParameter("url", port, "with a port from 1 to 65535, or without one")
    return DEFAULT_PORTS[parts.scheme] if port is None else port


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def check_events(pairs: Iterable[tuple[str, str]]) -> list[Kind]:
    """MLflow's events, each once and in their order.

    Raises:
        InvalidParameter: there is no such event.
    """
    kinds = sorted({Kind(entity, action) for entity, action in pairs})
    for kind in kinds:
        actions = EVENTS.get(kind.entity, frozenset())
        if kind.action not in actions:
            allowed = f"an entity with one of its actions; of {kind.entity} these are: {', '.join(sorted(actions))}"
            raise InvalidParameter("events", f"{kind.entity} {kind.action}", allowed if actions else "an entity's")
    return kinds


def signature(secret: str, delivery_id: str, timestamp_s: str, body: bytes) -> str:
    """What proves to a receiver that the body comes from who knows the secret, and when.

    COMPAT: mlflow 3.17 signs so, and its documentation shows receivers how to check it.
    """
    signed = f"{delivery_id}.{timestamp_s}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")


def may_succeed_later(status: int | None) -> bool:
    """Whether an attempt that was answered with this status, or not at all (None), is worth another one."""
    return status is None or status >= 500 or status in _AGAIN


def pause_s(attempts: int, chance: float, retries: int = RETRIES) -> float | None:
    """How long to wait after so many attempts that failed; None: no longer.

    Args:
        attempts: at least 1.
        chance: from 0 to 1; it spreads what failed at once over half to one and a half of the pause.
        retries: how many attempts there are after the first.
    """
    if attempts > retries:
        return None
    return min(PAUSE_S_MOST, FIRST_PAUSE_S * PAUSE_FACTOR ** (attempts - 1)) * (0.5 + chance)

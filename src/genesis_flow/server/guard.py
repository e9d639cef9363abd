"""Which requests are let in: those for a host that is ours, from pages that may.

A page of another site that somebody has open can send requests to a server on their machine or network, also
under a name that it made point there. So the Host must be one that the operator knows, and a browser's request
that changes something must come from a page of this server or of a site that the operator allowed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from fnmatch import fnmatchcase

from genesis_flow.errors import CrossSiteRequest, UnknownHost
from genesis_flow.server.http import Request, Response
from genesis_flow.server.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/health", "/version", "/livez", "/readyz"})
"""Asked by machines that know the server by whatever address it has at the moment; they tell nothing."""


class Guard:
    """Checks Host and Origin.

    Args:
        settings: what the operator allowed.
    """

    def __init__(self, settings: Settings) -> None:
        self._checks = settings.check_requests
        self._hosts = [settings.host.lower(), *(host.lower() for host in settings.allowed_hosts)]
        self._origins = [origin.lower().rstrip("/") for origin in settings.cors_allowed_origins]
        self._known: set[bytes] = set()

    def check(self, request: Request) -> None:
        """Answers if the request may come in.

        Raises:
            UnknownHost, CrossSiteRequest
        """
        if not self._checks or request.path in OPEN_PATHS:
            return
        host = request.header(b"host") or b""
        if host not in self._known:
            if not self._is_ours(host.decode("latin-1").lower()):
                raise UnknownHost(host.decode("latin-1"))
            if len(self._known) < 1_000:
                self._known.add(host)
        if request.method not in SAFE_METHODS:
            origin = request.header(b"origin")
            if origin is not None and not self._may_change(origin.decode("latin-1").lower(), host):
                raise CrossSiteRequest(origin.decode("latin-1"))
            if origin is None and request.header(b"sec-fetch-site") not in (None, b"same-origin", b"none"):
                raise CrossSiteRequest("another site")

    def cors(self, request: Request) -> list[tuple[bytes, bytes]]:
        """The headers that let a page of an allowed other site read the answer."""
        if not self._origins:
            return []
        origins = request.headers(b"origin")
        if len(origins) != 1 or not self._is_allowed(origins[0].decode("latin-1").lower()):
            return [(b"vary", b"Origin")]
        return [(b"access-control-allow-origin", origins[0]), (b"vary", b"Origin")]

    def preflight(self, request: Request) -> Response:
        """The answer to a browser that asks before it sends."""
        headers = self.cors(request)
        if len(headers) > 1:
            headers += [
                (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
                (b"access-control-allow-headers", b"content-type, authorization"),
                (b"access-control-max-age", b"600"),
            ]
        return Response(b"", status=204, headers=headers)

    def _is_ours(self, host: str) -> bool:
        name = _host_name(host)
        return name is not None and (_is_near(name) or _matches(name, self._hosts) or _matches(host, self._hosts))

    def _may_change(self, origin: str, host: bytes) -> bool:
        same = origin.partition("://")[2].encode("latin-1") == host.lower()
        return same or self._is_allowed(origin)

    def _is_allowed(self, origin: str) -> bool:
        return _matches(origin.rstrip("/"), self._origins)


def _host_name(host: str) -> str | None:
    """The name in a Host header, or None if it is no such header."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        port = port.removeprefix(":")
        return name if bracket and (not port or port.isdigit()) else None
    name, _, port = host.partition(":")
    return name if name and (not port or port.isdigit()) else None


def _is_near(name: str) -> bool:
    """Whether the name is this machine's own, or an address of this machine or its private network."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or (address.is_private and not address.is_unspecified)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)

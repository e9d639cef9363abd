"""Who asks the server, if a plugin says it: ``MLFLOW_TRACKING_AUTH`` names one of ``mlflow.request_auth_provider``."""

from __future__ import annotations

import functools
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NoReturn

from genesis_flow.client.plugins import instances
from genesis_flow.environment_variables import MLFLOW_TRACKING_AUTH
from genesis_flow.errors import AuthPluginFailed, InvalidSetting
from genesis_flow.wire.transport import Outgoing

GROUP = "mlflow.request_auth_provider"


class PreparedRequest:
    """A request as a plugin sees it, by the names of ``requests``; its headers may be set, and nothing else.

    Attributes:
        method: GET or its like.
        url: the whole address.
        headers: upper and lower case are the same in their names.
        body: what is sent; None for nothing, an open file for an artifact.
    """

    def __init__(self, request: Outgoing) -> None:
        from urllib3 import HTTPHeaderDict

        self.method, self.url, self.body = request.method, request.url, request.body
        self.headers = HTTPHeaderDict(request.headers)

    def register_hook(self, event: str, hook: Any) -> NoReturn:
        """Refuses: the answer is not shown to plugins, so that none can ask again on its own."""
        raise NotImplementedError("it wants to see the server's answers, as handshakes like Digest or Kerberos do")


def signed(request: Outgoing) -> Mapping[str, str]:
    """The headers of a request, with what the plugin that is chosen sets; the plugin is asked for each request.

    Raises:
        InvalidSetting: no plugin has the name that was chosen.
        AuthPluginFailed: it raised an error, or wants something else than to set headers.
    """
    name = MLFLOW_TRACKING_AUTH.get()
    if not name:
        return request.headers
    provider = _provider(name)
    try:
        return _signed(request, provider.get_auth())
    except Exception as error:  # a plugin may fail in any way
        raise AuthPluginFailed(name, str(error) or type(error).__name__) from error


def _signed(request: Outgoing, auth: Any) -> Mapping[str, str]:
    match auth:
        case None:
            return request.headers
        case (str(user), str(password)):
            return {**request.headers, "Authorization": basic(user, password)}
        case _ if not callable(auth):
            raise TypeError("it answers neither a user with a password nor what can be called with a request")
    seen = PreparedRequest(request)
    after = auth(seen) or seen
    if (after.method, after.url, after.body) != (request.method, request.url, request.body):
        raise ValueError("it changed more of the request than its headers")
    return dict(after.headers.items())


@functools.cache
def _provider(name: str) -> Any:
    """The plugin that calls itself so; it need not be the name of its entry point."""
    providers = {provider.get_name(): provider for provider in instances(GROUP)}
    if name not in providers:
        there = ", ".join(sorted(providers)) or "none"
        raise InvalidSetting("MLFLOW_TRACKING_AUTH", f"the name of a plugin that is installed ({GROUP}: {there})")
    return providers[name]


def basic(user: str, password: str) -> str:
    """A user with a password, as a header says it."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")

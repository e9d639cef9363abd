"""What an operator can say about a server."""

from __future__ import annotations

import msgspec

from genesis_flow.errors import InvalidSetting
from genesis_flow.outbound.client import Allowed
from genesis_flow.rules import limits
from genesis_flow.rules.addresses import parse_networks
from genesis_flow.rules.retention import RETENTION, parse_duration_ms
from genesis_flow.rules.webhooks import DEFAULT_PORTS, RETRIES, TIMEOUT_S

DEFAULT_STORE = "sqlite:///genesis-flow.db"
DEFAULT_DESTINATION = "./artifacts"
PROXY_ROOT = "mlflow-artifacts:/"
LOCAL_ROOT = "./artifacts"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a server.

    Attributes:
        backend_store_uri: where experiments and runs are kept.
        default_artifact_root: below which new experiments get their locations; None: the proxy if it
        is on, else a local folder.
        artifacts_destination: where the proxy keeps files.
        serve_artifacts: whether the proxy is on.
        artifacts_only: answer for artifacts and nothing else.
        host: the address to listen on.
        port: the port to listen on; 0 picks a free one.
        workers: the number of processes.
        static_prefix: what stands in front of every path, starting with ``/`` and not ending with it.
        allowed_hosts: names of hosts to answer for besides this machine and private addresses; ``*`` is a wild card.
        cors_allowed_origins: other sites whose pages may change things here; ``*`` allows all.
        x_frame_options: the header of this name, or ``NONE`` to leave it out.
        check_requests: whether hosts and origins are checked at all.
        retention: how long the deleted can be restored: ``30d``, ``12h``.
        collect: whether the server removes what is older, in the background.
        collect_every: the time from one collection to the next.
        webhook_delivery: whether this server calls webhooks; another one on the same store may.
        webhook_schemes: of the URLs of webhooks.
        webhook_allow_private: whether webhooks may lead to this machine and to private networks.
        webhook_networks: networks that webhooks may lead to besides.
        webhook_timeout_s: how long a call of a webhook may take.
        webhook_retries: how often a delivery is sent again that fails.
        download_link_s: how long a signed link to read a file lasts.
    """

    backend_store_uri: str = DEFAULT_STORE
    default_artifact_root: str | None = None
    artifacts_destination: str = DEFAULT_DESTINATION
    serve_artifacts: bool = True
    artifacts_only: bool = False
    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    static_prefix: str = ""
    allowed_hosts: tuple[str, ...] = ()
    cors_allowed_origins: tuple[str, ...] = ()
    x_frame_options: str = "SAMEORIGIN"
    check_requests: bool = True
    retention: str = RETENTION
    collect: bool = True
    collect_every: str = "1h"
    webhook_delivery: bool = True
    webhook_schemes: tuple[str, ...] = ("https",)
    webhook_allow_private: bool = False
    webhook_networks: tuple[str, ...] = ()
    webhook_timeout_s: float = TIMEOUT_S
    webhook_retries: int = RETRIES
    download_link_s: int = limits.DOWNLOAD_LINK_S

    def durations_ms(self) -> tuple[int, int]:
        """How long the deleted can be restored, and how often they are collected.

        Raises:
            InvalidParameter
        """
        every_ms = parse_duration_ms("collect-every", self.collect_every)
        return parse_duration_ms("retention", self.retention), every_ms

    @property
    def artifact_root(self) -> str:
        """Below which new experiments get their artifact locations."""
        return self.default_artifact_root or (PROXY_ROOT if self.serve_artifacts else LOCAL_ROOT)

    @property
    def outbound(self) -> Allowed:
        """What webhooks may call.

        Raises:
            InvalidSetting: a scheme or a network is none.
        """
        schemes = frozenset(scheme.lower() for scheme in self.webhook_schemes)
        if not schemes or not schemes <= DEFAULT_PORTS.keys():
            raise InvalidSetting("--webhook-allowed-schemes", " and ".join(sorted(DEFAULT_PORTS)))
        try:
            networks = parse_networks(self.webhook_networks)
        except ValueError:
            raise InvalidSetting("--webhook-allowed-networks", "networks such as 10.1.0.0/16, with commas") from None
        return Allowed(schemes, self.webhook_allow_private, networks)

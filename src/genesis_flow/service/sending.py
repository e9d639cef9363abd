"""One attempt to deliver something to a webhook: signed, and told by its status and an error's class."""

from __future__ import annotations

import time

from genesis_flow.errors import InvalidRequest
from genesis_flow.outbound.client import CallFailed, Client
from genesis_flow.rules import webhooks as rules
from genesis_flow.service.secrets import Sealer, Unreadable
from genesis_flow.stores.protocol import Target


class Sender:
    """Sends to webhooks.

    Args:
        client: what calls them.
        sealer: what opens their secrets.
    """

    def __init__(self, client: Client, sealer: Sealer) -> None:
        self._client = client
        self._sealer = sealer

    async def send(self, target: Target, delivery_id: str, body: bytes) -> tuple[int | None, str | None]:
        """The status that was answered, if anything was, and why it failed, if it did; never raises for either."""
        try:
            url = rules.check_url(target.url, self._client.allowed.schemes)
            headers = self._headers(target, delivery_id, body)
            status = await self._client.post(url, headers, body)
        except InvalidRequest:
            return None, "UrlNotAllowed"  # the operator allows less than when it was created
        except Unreadable:
            return None, "SecretUnreadable"
        except CallFailed as failed:
            return None, failed.reason
        return status, None if 200 <= status < 300 else f"Status{status}"

    def _headers(self, target: Target, delivery_id: str, body: bytes) -> dict[str, str]:
        timestamp_s = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            rules.DELIVERY_HEADER: delivery_id,
            rules.TIMESTAMP_HEADER: timestamp_s,
        }
        if secret := self._sealer.open(target.secret):
            headers[rules.SIGNATURE_HEADER] = rules.signature(secret, delivery_id, timestamp_s, body)
        return headers

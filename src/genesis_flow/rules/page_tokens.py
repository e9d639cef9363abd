"""Page tokens: where the next page starts, signed and bound to the query that they continue.

A token is opaque to clients. It holds the sort values of the last row of a page, so a page deep in the list
costs what the first one costs and rows that come in between are neither skipped nor repeated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec

from genesis_flow.errors import InvalidPageToken

_SIGNATURE_BYTES = 12


def _signature(secret: bytes, query: Any, position: bytes) -> bytes:
    bound = msgspec.json.encode(query) + b"\0" + position
    return hmac.new(secret, bound, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def make_token(secret: bytes, query: Any, position: Any) -> str:
    """The token that continues ``query`` behind ``position``.

    Args:
        secret: the store's own key; servers that share a store share it.
        query: what must stay the same from page to page, as anything JSON can hold.
        position: where the page ended, as anything MessagePack can hold.
    """
    packed = msgspec.msgpack.encode(position)  # JSON has no infinity, which a metric may have
    return base64.urlsafe_b64encode(_signature(secret, query, packed) + packed).decode("ascii")


def read_token(secret: bytes, query: Any, token: str) -> Any:
    """The position in a token made for this query.

    Raises:
        InvalidPageToken: the token is none of ours, or belongs to another query.
    """
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise InvalidPageToken from None
    signature, packed = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(secret, query, packed)):
        raise InvalidPageToken
    return msgspec.msgpack.decode(packed)

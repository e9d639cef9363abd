"""Signature Version 4, with which S3 knows who asks: in the headers of a request, or in a link that anyone may use.

Source: "Authenticating Requests (AWS Signature Version 4)" of Amazon's S3 API reference; its examples are our tests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
LONGEST_LINK_S = 7 * 24 * 60 * 60


@dataclass(frozen=True)
class Keys:
    """Who asks.

    Attributes:
        access_key_id: the name of the key, which stands in every link.
        secret: the key itself, which stands nowhere.
        token: of keys that are lent for a while.
        region: where the bucket is.
    """

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    region: str = "us-east-1"


def address(endpoint: str, path: str) -> str:
    """The address of something below an endpoint, whose path is encoded as it is signed."""
    return f"{endpoint.rstrip('/')}/{quote(path, safe='/-_.~')}"


def link(
    keys: Keys,
    method: str,
    url: str,
    *,
    at: datetime,
    expires_s: int,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> str:
    """A link with which anyone may do this one thing for a while.

    Args:
        keys: who allows it.
        method: what may be done.
        url: with what, as ``address`` gives it.
        at: the time, in UTC.
        expires_s: for how long, at most ``LONGEST_LINK_S``.
        query: what else stands in the link, not encoded.
        headers: what the request must say, by names in lower case, besides its host.
    """
    signed = {"host": urlsplit(url).netloc, **(headers or {})}
    fields = {
        **(query or {}),
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{keys.access_key_id}/{_scope(keys, at)}",
        "X-Amz-Date": _stamp(at),
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": ";".join(sorted(signed)),
        **({"X-Amz-Security-Token": keys.token} if keys.token else {}),
    }
    signature = _signature(keys, at, method, url, fields, signed, UNSIGNED)
    return f"{url}?{_encoded(fields)}&X-Amz-Signature={signature}"


def signed_headers(
    keys: Keys,
    method: str,
    url: str,
    *,
    at: datetime,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> dict[str, str]:
    """The headers of a request of our own, whose address then tells nothing."""
    digest = hashlib.sha256(body).hexdigest()
    signed = {
        "host": urlsplit(url).netloc,
        "x-amz-content-sha256": digest,
        "x-amz-date": _stamp(at),
        **({"x-amz-security-token": keys.token} if keys.token else {}),
        **(headers or {}),
    }
    signature = _signature(keys, at, method, url, query or {}, signed, digest)
    credential = f"Credential={keys.access_key_id}/{_scope(keys, at)}"
    told = f"{ALGORITHM} {credential},SignedHeaders={';'.join(sorted(signed))},Signature={signature}"
    return {**signed, "authorization": told}


def encoded_query(query: Mapping[str, str]) -> str:
    """A query as it was signed."""
    return _encoded(query)


def _signature(
    keys: Keys,
    at: datetime,
    method: str,
    url: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    digest: str,
) -> str:
    names = sorted(headers)
    request = "\n".join(
        [
            method,
            urlsplit(url).path or "/",
            _encoded(query),
            *(f"{name}:{headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            digest,
        ]
    )
    text = "\n".join([ALGORITHM, _stamp(at), _scope(keys, at), hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{keys.secret}".encode()
    for part in _scope(keys, at).split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _scope(keys: Keys, at: datetime) -> str:
    return f"{at:%Y%m%d}/{keys.region}/s3/aws4_request"


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _encoded(query: Mapping[str, str]) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)

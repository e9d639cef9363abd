"""Shared access signatures of Azure: a link with which anyone may read or write one blob for a while.

Source: "Create a service SAS" of Azure's documentation, for the version below.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote, urlencode

Permission = Literal["r", "w"]
VERSION = "2022-11-02"
CLOCKS_DIFFER_S = 300
"""A link is good from this much before it was made: the clocks of two clouds are not one."""


@dataclass(frozen=True)
class SharedKey:
    """An account and its key.

    Attributes:
        account: its name.
        key: in base64, as Azure gives it.
    """

    account: str
    key: str = field(repr=False)


def link(
    shared: SharedKey,
    container_url: str,
    blob: str,
    *,
    permission: Permission,
    at: datetime,
    expires_s: int,
    disposition: str = "",
) -> str:
    """A link to a blob.

    Args:
        shared: who allows it.
        container_url: the address of the container; its last segment is the name.
        blob: the name of the blob, not encoded.
        permission: to read, or to write it anew.
        at: the time, in UTC.
        expires_s: for how long.
        disposition: what an answer is to say about how it is shown.
    """
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (at - _EARLY, at + timedelta(seconds=expires_s)))
    container = container_url.rpartition("/")[2]
    # What is left empty: policy, addresses, protocol; snapshot, encryption scope; what else an answer could say.
    told = [permission, start, end, f"/blob/{shared.account}/{container}/{blob}", "", "", "", VERSION, "b", "", ""]
    text = "\n".join([*told, "", disposition, "", "", ""])
    signature = b64encode(hmac.digest(b64decode(shared.key), text.encode(), "sha256")).decode()
    fields = {"sv": VERSION, "sr": "b", "sp": permission, "st": start, "se": end, "rscd": disposition, "sig": signature}
    query = urlencode({name: value for name, value in fields.items() if value}, quote_via=quote)
    return f"{container_url}/{quote(blob, safe='/-_.~')}?{query}"


def block_id(upload_id: str, number: int) -> str:
    """The name of a block. All of one blob have names of one length, in base64."""
    return b64encode(f"{upload_id}-{number:05}".encode()).decode()


def block_list(ids: list[str]) -> bytes:
    """What a blob is put together from, in this order."""
    names = "".join(f"<Uncommitted>{name}</Uncommitted>" for name in ids)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{names}</BlockList>'.encode()


_EARLY = timedelta(seconds=CLOCKS_DIFFER_S)

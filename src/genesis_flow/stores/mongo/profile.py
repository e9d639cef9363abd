"""What differs between MongoDB and the services that speak its protocol.

Azure Cosmos DB for MongoDB knows fewer commands, operators and kinds of index, limits the work of a second and says
when to come back. What this store sends keeps to what both of Cosmos' offers (request units, vCore) document, so a
profile has little to say; a test listens to the wire and holds it to the list.

Source: Microsoft's pages "Azure Cosmos DB for MongoDB: supported features and syntax" (server versions 4.2 to 7.0).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from genesis_flow.errors import UnsupportedLocation

COSMOS_HOSTS = (".mongo.cosmos.azure.com", ".mongocluster.cosmos.azure.com")
_RETRY_AFTER = re.compile(r"RetryAfterMs=(\d+)")
_TOO_MANY_REQUESTS = frozenset({16500, 429})


@dataclass(frozen=True)
class Profile:
    """What the store may rely on.

    Attributes:
        name: as ``?profile=`` spells it.
        sorts_on_disk: whether a query may ask for room on disk when its sort does not fit into memory.
        sorts_any: whether it sorts by several fields that no index has in this order.
        most_index_fields: more of them an index does not take; those that come last are there to save a look at the
            documents, and left out.
        options: for the driver, where the URI says nothing else.
    """

    name: str
    sorts_on_disk: bool
    sorts_any: bool
    most_index_fields: int
    options: dict[str, Any]


# PERF: retries are the store's own, since each of its writes may be sent again. For those of the driver the database
# notes every single write in one more document: 16 updates in 6.3 ms instead of 4.8.
OPTIONS = {"retryWrites": False}
MONGODB = Profile("mongodb", sorts_on_disk=True, sorts_any=True, most_index_fields=32, options=OPTIONS)
COSMOS = Profile("cosmos", sorts_on_disk=False, sorts_any=False, most_index_fields=8, options=OPTIONS)
PROFILES = {profile.name: profile for profile in (MONGODB, COSMOS)}


def profile_of(uri: str) -> tuple[Profile, str]:
    """The profile that a URI asks for or that its host has, and the URI as the driver takes it.

    Raises:
        UnsupportedLocation: there is no such profile.
    """
    parts = urlsplit(uri)
    options = parse_qsl(parts.query, keep_blank_values=True)
    asked = [value for name, value in options if name == "profile"]
    kept = urlencode([(name, value) for name, value in options if name != "profile"])
    bare = urlunsplit(parts._replace(query=kept)) if asked else uri
    if not asked:
        hosts = parts.netloc.rpartition("@")[2].lower().split(",")
        is_cosmos = any(host.partition(":")[0].endswith(COSMOS_HOSTS) for host in hosts)
        return COSMOS if is_cosmos else MONGODB, bare
    if asked[-1] not in PROFILES:
        raise UnsupportedLocation(parts.scheme, f"A profile is one of {', '.join(PROFILES)}.")
    return PROFILES[asked[-1]], bare


def retry_after_s(code: int | None, sentence: str) -> float | None:
    """How long to wait before the same command may be sent again; None, if the server did not ask for that."""
    if code not in _TOO_MANY_REQUESTS:
        return None
    found = _RETRY_AFTER.search(sentence)
    return max(0.001, int(found[1]) / 1000) if found else 0.1

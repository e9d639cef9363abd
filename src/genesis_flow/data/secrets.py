"""Locations as they may be logged, where everybody reads them who reads the run."""

from __future__ import annotations

from urllib.parse import urlsplit

from genesis_flow.errors import LocationWithCredentials
from genesis_flow.rules.locations import require_no_credentials


def without_secrets(location: str) -> str:
    """A location without the password, key or signature in it; one without a secret stays as it is."""
    try:
        require_no_credentials(location)
    except LocationWithCredentials:
        try:
            parts = urlsplit(location)
        except ValueError:  # nobody can say where the secret in it ends
            return ""
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    return location

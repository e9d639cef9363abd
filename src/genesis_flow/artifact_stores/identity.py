"""Who this server is to a bucket, where it has to sign something itself.

The client of the bucket finds identities on its own; what it does not do is to sign the parts of an upload.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from functools import cache
from typing import Any

from genesis_flow.rules.azure_links import SharedKey
from genesis_flow.rules.sigv4 import Keys


def s3_region() -> str:
    """Where buckets are, unless an endpoint says otherwise."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def s3_keys() -> Keys | None:
    """The keys of the environment, or those that botocore finds if it is installed: of a profile, a role, an instance.

    May ask another machine.
    """
    environment = os.environ
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return Keys(key, secret, environment.get("AWS_SESSION_TOKEN", ""), s3_region())
    found = _botocore_credentials()
    if found is None:
        return None
    frozen = found.get_frozen_credentials()
    return Keys(frozen.access_key, frozen.secret_key, frozen.token or "", s3_region())


@cache
def _botocore_credentials() -> Any:
    """Credentials that renew themselves, or None."""
    if importlib.util.find_spec("botocore") is None:
        return None
    return importlib.import_module("botocore.session").get_session().get_credentials()


def azure_key(account: str) -> SharedKey | None:
    """The key of a storage account, if the environment has one."""
    names = ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY")
    key = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return SharedKey(account, key) if account and key else None

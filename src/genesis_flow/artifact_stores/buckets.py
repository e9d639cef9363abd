"""From the URI of a bucket to the client of it.

What a bucket is called stands in the URI; who may use it never does: keys and tokens come from the variables and
identities that each cloud's own tools read, and stay in the client.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from genesis_flow.artifact_stores.identity import azure_key, s3_region
from genesis_flow.errors import InvalidPath, UnsupportedLocation
from genesis_flow.rules.azure_links import SharedKey
from genesis_flow.rules.locations import require_no_credentials, split_bucket_uri
from genesis_flow.rules.paths import SafeRelPath

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

Cloud = Literal["s3", "gs", "azure", "memory"]
Client = S3Store | GCSStore | AzureStore | MemoryStore

_CLOUDS: dict[str, Cloud] = {"s3": "s3", "gs": "gs", "az": "azure", "abfss": "azure", "wasbs": "azure"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")
_AZURE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])|\$root|\$web")
_AZURE_HOST = re.compile(
    r"(?P<account>[a-z0-9]{3,24})\.(?P<kind>blob|dfs)\.(?P<cloud>core\.windows\.net|core\.usgovcloudapi\.net|"
    r"core\.chinacloudapi\.cn)"
)
_KINDS = {"abfss": "dfs", "wasbs": "blob"}

# A request that hangs must not hold a client for minutes: it tries again itself, with what is left of its patience.
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
CONNECT_S = 5
SILENCE_S = 60
"""How long a bucket may say nothing in the middle of an answer."""
WHOLE_ANSWER_S = 24 * 60 * 60
"""A large file for a slow reader takes its time."""


@dataclass(frozen=True)
class Bucket:
    """A bucket or container, and the part of it that holds artifacts.

    Attributes:
        client: what talks to it.
        cloud: whose interface it has.
        scheme: of the URI that named it, in lower case.
        authority: what names the bucket in that URI.
        prefix: the folder in it.
        address: where it is, for requests that its client does not make.
        shared_key: of Azure, where the server has one and no identity.
    """

    client: Client
    cloud: Cloud
    scheme: str
    authority: str
    prefix: SafeRelPath
    address: str = ""
    shared_key: SharedKey | None = None

    def key(self, path: SafeRelPath) -> str:
        """The name of an object.

        Raises:
            InvalidPath: this cloud cannot have such a name.
        """
        if self.cloud == "azure" and "\\" in str(path):
            raise InvalidPath("Azure takes a backslash for a slash")
        return str(self.prefix / path)


def open_bucket(uri: str) -> Bucket:
    """The bucket at a location of the operator's. Nothing is asked of it yet.

    Raises:
        LocationWithCredentials: there is a password, a key or a signature in the URI.
        InvalidPath: the URI names no bucket.
        UnsupportedLocation: another scheme.
    """
    require_no_credentials(uri)
    scheme, authority, prefix = split_bucket_uri(uri)
    if scheme == "memory":
        return Bucket(MemoryStore(), "memory", scheme, authority, prefix)
    cloud = _CLOUDS.get(scheme)
    match cloud:
        case "s3":
            endpoint = s3_endpoint() or f"https://s3.{s3_region()}.amazonaws.com"
            address = f"{endpoint}/{authority}"
            return Bucket(_s3(_named(authority, _NAME)), cloud, scheme, authority, prefix, address)
        case "gs":
            client = GCSStore(_named(authority, _NAME), client_options=_options(""), retry_config=_RETRIES)
            return Bucket(client, cloud, scheme, authority, prefix)
        case "azure":
            container, account = _azure(scheme, authority)
            address = f"{account.endpoint or f'https://{account.name}.blob.core.windows.net'}/{container}"
            shared = SharedKey(account.name, account.key) if account.key else azure_key(account.name)
            return Bucket(_azure_client(container, account), cloud, scheme, authority, prefix, address, shared)
        case _:
            raise UnsupportedLocation(scheme)


def _named(name: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(name):
        raise InvalidPath("the location does not name a bucket or container")
    return name


def _s3(bucket: str) -> S3Store:
    endpoint = s3_endpoint()
    if not endpoint:
        return S3Store(bucket, client_options=_options(""), retry_config=_RETRIES)
    return S3Store(bucket, endpoint=endpoint, client_options=_options(endpoint), retry_config=_RETRIES)


def s3_endpoint() -> str:
    """Where S3 is, if it is not Amazon's."""
    # COMPAT: mlflow 3.17 reads the first of these; the others are those of Amazon's own tools.
    names = ("MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    return next((os.environ[name] for name in names if os.environ.get(name)), "").rstrip("/")


def _azure(scheme: str, authority: str) -> tuple[str, AzureAccount]:
    """A container and its account, which stands in the URI or, for ``az:``, in the environment."""
    container, at, host = authority.partition("@")
    found = _AZURE_HOST.fullmatch(host)
    if at and (found is None or found["kind"] != _KINDS.get(scheme)):
        raise InvalidPath("the location does not name the host of a storage account")
    if not at and scheme != "az":
        raise InvalidPath("the location must name a container and an account: container@account")
    account = connection_string()
    known = AzureAccount.parse(account) if account else AzureAccount()
    if found and known.name not in ("", found["account"]):
        raise InvalidPath("the location names another storage account than AZURE_STORAGE_CONNECTION_STRING")
    endpoint = known.endpoint
    if found and not endpoint and found["cloud"] != "core.windows.net":
        endpoint = f"https://{found['account']}.blob.{found['cloud']}"
    name = found["account"] if found else known.name or os.environ.get("AZURE_STORAGE_ACCOUNT_NAME", "")
    if not name:
        raise InvalidPath("az: needs the name of the account, in AZURE_STORAGE_ACCOUNT_NAME")
    return _named(container, _AZURE_NAME), AzureAccount(name, known.key, known.token, endpoint)


def _azure_client(container: str, account: AzureAccount) -> AzureStore:
    given = {
        "account_name": account.name,
        "account_key": account.key,
        "sas_key": account.token,
        "endpoint": account.endpoint,
    }
    return AzureStore(
        container,
        config={name: value for name, value in given.items() if value},  # type: ignore[arg-type]  # a TypedDict of these names
        client_options=_options(account.endpoint),
        retry_config=_RETRIES,
    )


def connection_string() -> str:
    """The one variable in which Azure's portal gives everything about an account."""
    return os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")


@dataclass(frozen=True)
class AzureAccount:
    """A storage account, as far as a connection string tells of it.

    Attributes:
        name: of the account.
        key: its shared key.
        token: a shared access signature instead of a key.
        endpoint: where its blobs are, if not where they are by default.
    """

    name: str = ""
    key: str = ""
    token: str = ""
    endpoint: str = ""

    def __repr__(self) -> str:
        return f"AzureAccount({self.name!r})"

    @classmethod
    def parse(cls, text: str) -> AzureAccount:
        """Reads a connection string."""
        pairs = (part.partition("=") for part in text.split(";") if "=" in part)
        fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
        name, suffix = fields.get("accountname", ""), fields.get("endpointsuffix", "core.windows.net")
        endpoint = fields.get("blobendpoint", "").rstrip("/")
        if not endpoint and suffix != "core.windows.net":
            endpoint = f"https://{name}.blob.{suffix}"
        return cls(name, fields.get("accountkey", ""), fields.get("sharedaccesssignature", "").lstrip("?"), endpoint)


def _options(endpoint: str) -> ClientConfig:
    return {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=CONNECT_S),
        "read_timeout": timedelta(seconds=SILENCE_S),
        "timeout": timedelta(seconds=WHOLE_ANSWER_S),
    }

"""Direct transfers on real object stores: links and parts, and what they are not good for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
import urllib3
from obstore import sign
from obstore.store import AzureStore

from genesis_flow.artifact_stores.buckets import AzureAccount
from genesis_flow.artifact_stores.objects import ObjectArtifactStore
from genesis_flow.artifact_stores.open import open_artifacts
from genesis_flow.artifact_stores.protocol import Direct, Part
from genesis_flow.errors import (
    ArtifactsRefused,
    ArtifactsUnreachable,
    NoDirectTransfer,
    UploadIncomplete,
    UploadNotFound,
)
from genesis_flow.rules.azure_links import SharedKey, block_id, link
from genesis_flow.testing.artifacts import at, bytes_in, names, read
from tests import buckets
from tests.buckets import Cloud
from tests.serving import free_port

MIB = 2**20


@pytest.fixture(scope="module", params=["s3", "azure"])
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    start = {"s3": buckets.s3, "azure": buckets.azure}[request.param]
    with start(tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
async def store(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectArtifactStore]:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    scheme = "az" if isinstance(cloud, buckets.Azure) else "s3"
    store = open_artifacts(f"{scheme}://{cloud.new_bucket()}/some/where")
    assert isinstance(store, ObjectArtifactStore)
    yield store
    await store.close()


@pytest.fixture
def direct(store: ObjectArtifactStore) -> Direct:
    assert store.direct is not None
    return store.direct


def use(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> urllib3.BaseHTTPResponse:
    """What anybody does with a link."""
    return urllib3.request(method, url, body=body, headers=dict(headers or {}), retries=False)


@pytest.mark.parametrize("name", ["f.bin", "dir/a b/100%.txt", "日本/é+&=.txt"])
async def test_an_upload_in_parts_is_a_file_when_it_is_complete(
    store: ObjectArtifactStore, direct: Direct, name: str
) -> None:
    content = [b"a" * 5 * MIB, b"b" * 5 * MIB, b"the end"]
    assert direct.takes_parts

    upload_id, links = await direct.begin(at(name), len(content))
    etags = []
    for link_, part in zip(links, content, strict=True):
        answer = use("PUT", link_.url, part, link_.headers)
        assert answer.status in (200, 201), answer.data
        etags.append(answer.headers.get("ETag", ""))
    assert not await store.exists(at(name))
    await direct.complete(at(name), upload_id, [Part(number, etag) for number, etag in enumerate(etags, 1)])

    assert await read(store, name) == b"".join(content)


async def test_an_upload_that_is_given_up_leaves_nothing(store: ObjectArtifactStore, direct: Direct) -> None:
    upload_id, links = await direct.begin(at("f"), 2)
    assert use("PUT", links[0].url, b"x", links[0].headers).status in (200, 201)

    await direct.abort(at("f"), upload_id)

    assert await names(store) == []


async def test_parts_that_were_never_sent_make_no_file(store: ObjectArtifactStore, direct: Direct) -> None:
    upload_id, _ = await direct.begin(at("f"), 2)

    with pytest.raises(UploadIncomplete):
        await direct.complete(at("f"), upload_id, [Part(1, '"00000000000000000000000000000000"')])
    assert not await store.exists(at("f"))


@pytest.mark.parametrize("upload_id", ["nonsense", "0" * 32, "</UploadId><x>", "a" * 2000, "?x=y&z"])
async def test_an_upload_that_nobody_began_is_not_found(cloud: Cloud, direct: Direct, upload_id: str) -> None:
    # Azure knows no uploads; moto fails at the completion of one that it does not know, which S3 does not.
    in_parts = isinstance(cloud, buckets.Azure)
    with pytest.raises((UploadNotFound, UploadIncomplete, ArtifactsRefused)):
        await (direct.complete(at("f"), upload_id, [Part(1, "x")]) if in_parts else direct.abort(at("f"), upload_id))


async def test_two_uploads_of_one_path_do_not_mix(store: ObjectArtifactStore, direct: Direct) -> None:
    first, of_first = await direct.begin(at("f"), 1)
    second, of_second = await direct.begin(at("f"), 1)
    assert first != second
    one = use("PUT", of_first[0].url, b"first", of_first[0].headers).headers.get("ETag", "")
    two = use("PUT", of_second[0].url, b"second", of_second[0].headers).headers.get("ETag", "")

    await direct.complete(at("f"), second, [Part(1, two)])
    assert await read(store, "f") == b"second"
    try:
        await direct.complete(at("f"), first, [Part(1, one)])
    except UploadIncomplete:  # what Azure says once the other was complete
        assert await read(store, "f") == b"second"
    else:
        assert await read(store, "f") == b"first"


@pytest.mark.parametrize("name", ["f.html", "a b/100%.txt", "日本.txt"])
async def test_a_link_to_read_gives_the_file_and_ranges_of_it_as_an_attachment(
    store: ObjectArtifactStore, direct: Direct, name: str
) -> None:
    await store.write(at(name), bytes_in(b"0123456789"))

    link_ = await direct.link_to_read(at(name), 60)

    whole = use("GET", link_.url, headers=link_.headers)
    assert (whole.status, whole.data) == (200, b"0123456789")
    assert whole.headers["content-disposition"].startswith("attachment")
    assert use("GET", link_.url, headers={**link_.headers, "Range": "bytes=2-4"}).data == b"234"


async def test_a_link_to_write_stores_a_file(store: ObjectArtifactStore, direct: Direct) -> None:
    link_ = await direct.link_to_write(at("dir/f.txt"), 60, "text/plain")

    assert use("PUT", link_.url, b"content", link_.headers).status in (200, 201)

    assert await read(store, "dir/f.txt") == b"content"


async def test_a_link_is_good_for_one_file_and_one_thing(
    cloud: Cloud, store: ObjectArtifactStore, direct: Direct
) -> None:
    if not isinstance(cloud, buckets.Azure):
        pytest.skip("moto does not look at signatures; those of S3 are in tests/rules/test_sigv4.py")
    await store.write(at("f"), bytes_in(b"x"))
    await store.write(at("g"), bytes_in(b"x"))
    to_read = (await direct.link_to_read(at("f"), 60)).url
    to_write = (await direct.link_to_write(at("f"), 60, "text/plain")).url

    for method, url in (
        ("PUT", to_read),
        ("DELETE", to_read),
        ("GET", to_write),
        ("DELETE", to_write),
        ("GET", to_read.replace("/f?", "/g?")),
        ("GET", to_read.replace("/some/where/f?", "?comp=list&restype=container&")),
        ("GET", re.sub(r"se=\d{4}", "se=2999", to_read)),
    ):
        assert use(method, url, b"y", {"x-ms-blob-type": "BlockBlob"}).status == 403, url
    assert await read(store, "f") == b"x"


def test_a_link_of_azure_is_that_of_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime.now(timezone.utc).replace(microsecond=0)
    theirs = sign(
        AzureStore("c", account_name="account", account_key=buckets.KEY), "GET", "a/b.txt", timedelta(seconds=60)
    )
    fields = dict(pair.split("=", 1) for pair in urlsplit(theirs).query.split("&"))
    monkeypatch.setattr("genesis_flow.rules.azure_links.VERSION", fields["sv"])
    monkeypatch.setattr("genesis_flow.rules.azure_links._EARLY", timedelta(0))

    def ours(start: datetime) -> dict[str, str]:
        shared = SharedKey("account", buckets.KEY)
        url = link(shared, "https://account.blob.core.windows.net/c", "a/b.txt", permission="r", at=start, expires_s=60)
        return dict(pair.split("=", 1) for pair in urlsplit(url).query.split("&"))

    assert fields in [ours(moment + timedelta(seconds=late)) for late in range(3)]


def test_the_blocks_of_an_upload_have_names_of_one_length() -> None:
    assert len({len(block_id("a" * 32, number)) for number in (1, 9, 10, 9_999, 10_000)}) == 1


async def test_what_cannot_be_signed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    local = open_artifacts("memory://")
    assert local.direct is None
    # An identity instead of a key.
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    azure = open_artifacts("az://container")
    assert azure.direct is not None
    with pytest.raises(NoDirectTransfer):
        await azure.direct.link_to_read(at("a b"), 60)
    google = open_artifacts("gs://bucket")
    assert google.direct is not None
    assert not google.direct.takes_parts
    for call in (
        google.direct.begin(at("f"), 1),
        google.direct.complete(at("f"), "x", []),
        google.direct.abort(at("f"), "x"),
    ):
        with pytest.raises(NoDirectTransfer):
            await call


async def test_a_bucket_that_is_away_is_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "MLFLOW_S3_ENDPOINT_URL": nowhere,
        "AZURE_STORAGE_CONNECTION_STRING": f"AccountName=account;AccountKey={buckets.KEY};BlobEndpoint={nowhere}/account",
    }.items():
        monkeypatch.setenv(name, value)
    for uri in ("s3://somewhere", "az://somewhere"):
        direct = open_artifacts(uri).direct
        assert direct is not None
        with pytest.raises(ArtifactsUnreachable) as error:
            await direct.complete(at("f"), "0" * 32, [Part(1, "x")])
        assert "127.0.0.1" not in error.value.message
        assert error.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("AccountName=a;AccountKey=k==;EndpointSuffix=core.windows.net", AzureAccount("a", "k==")),
        (
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k;EndpointSuffix=core.chinacloudapi.cn",
            AzureAccount("a", "k", "", "https://a.blob.core.chinacloudapi.cn"),
        ),
        (
            "BlobEndpoint=https://a.blob.core.windows.net/;SharedAccessSignature=?sv=1&sig=s%3D",
            AzureAccount("", "", "sv=1&sig=s%3D", "https://a.blob.core.windows.net"),
        ),
        ("", AzureAccount()),
        ("nonsense", AzureAccount()),
    ],
)
def test_a_connection_string_is_read(text: str, account: AzureAccount) -> None:
    assert AzureAccount.parse(text) == account
    assert "k" not in repr(AzureAccount("a", "k", "k", "k")).replace("KeyAccount", "")

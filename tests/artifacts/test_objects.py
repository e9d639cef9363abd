"""Artifacts in buckets: the shared suite, and what only a bucket can do wrong."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterator

import pytest

from genesis_flow.artifact_stores import objects
from genesis_flow.artifact_stores.objects import PART_BYTES, ObjectArtifactStore
from genesis_flow.artifact_stores.open import open_artifacts
from genesis_flow.artifact_stores.protocol import ArtifactStore
from genesis_flow.errors import ArtifactsRefused, ArtifactsUnreachable, InvalidPath, Unavailable
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.testing.artifacts import MUCH, ArtifactSuite, at, bytes_in, cut_after, names, read
from tests import buckets
from tests.buckets import Cloud
from tests.serving import free_port


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with buckets.s3(tmp_path_factory.mktemp("s3")) as cloud:
        yield cloud


@pytest.fixture
def s3_environment(s3: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with buckets.azure(tmp_path_factory.mktemp("azure")) as cloud:
        yield cloud


@pytest.fixture
def azure_environment(azure: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in azure.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def bucket(s3: Cloud, s3_environment: None) -> AsyncIterator[ObjectArtifactStore]:
    """A store in a fresh bucket of S3, below a prefix."""
    store = open_artifacts(f"s3://{s3.new_bucket()}/some/where")
    assert isinstance(store, ObjectArtifactStore)
    yield store
    await store.close()


class TestMemory(ArtifactSuite):
    @pytest.fixture
    async def store(self) -> AsyncIterator[ArtifactStore]:
        store = open_artifacts("memory://")
        yield store
        await store.close()


class TestS3(ArtifactSuite):
    @pytest.fixture
    async def store(self, bucket: ObjectArtifactStore) -> ArtifactStore:
        return bucket


class TestS3WithoutAPrefix(ArtifactSuite):
    @pytest.fixture
    async def store(self, s3: Cloud, s3_environment: None) -> AsyncIterator[ArtifactStore]:
        store = open_artifacts(f"s3://{s3.new_bucket()}")
        yield store
        await store.close()


class TestAzure(ArtifactSuite):
    @pytest.fixture
    async def store(self, azure: Cloud, azure_environment: None) -> AsyncIterator[ArtifactStore]:
        store = open_artifacts(f"az://{azure.new_bucket()}/some/where")
        yield store
        await store.close()


async def test_a_backslash_is_no_name_on_azure(azure: Cloud, azure_environment: None) -> None:
    store = open_artifacts(f"az://{azure.new_bucket()}")

    with pytest.raises(InvalidPath):
        await store.write(at("a\\b"), bytes_in(b"x"))


async def test_a_container_that_does_not_exist_is_a_clear_error(
    azure_environment: None, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_artifacts("az://nobody-made-this")

    async for error in every_call(store):
        assert isinstance(error, ArtifactsRefused)
        assert "bucket or container does not exist" in error.message
    assert_nothing_is_told(caplog.text, buckets.KEY)


async def test_a_key_that_is_not_the_account_s_is_a_clear_error(
    azure: Cloud, azure_environment: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given = azure.environment["AZURE_STORAGE_CONNECTION_STRING"]
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", given.replace("Eby8", "EbyX"))
    store = open_artifacts(f"az://{azure.new_bucket()}")

    async for error in every_call(store):
        assert isinstance(error, ArtifactsRefused)
        assert "credentials" in error.message
    assert_nothing_is_told(caplog.text, buckets.KEY)


async def test_objects_have_the_names_that_other_tools_would_give_them(bucket: ObjectArtifactStore, s3: Cloud) -> None:
    for name in ("a b/100%.txt", "50%20off", "日本/é", "a+b&c=d"):
        await bucket.write(at(name), bytes_in(b"x"))
        _, body = s3.send("GET", f"/{bucket.bucket.authority}?list-type=2")
        assert f"<Key>some/where/{name.replace('&', '&amp;')}</Key>" in body.decode()


@pytest.mark.parametrize("size", [PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 2 * PART_BYTES + 5])
async def test_a_file_of_about_a_part_arrives_whole(bucket: ObjectArtifactStore, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)

    assert (await bucket.write(at("f"), bytes_in(content[:1000], content[1000:size]))).size_bytes == size

    assert await read(bucket, "f") == content[:size]


async def test_an_upload_that_fails_leaves_no_parts_behind(bucket: ObjectArtifactStore, s3: Cloud) -> None:
    with pytest.raises(ConnectionResetError):
        await bucket.write(at("f"), cut_after(*MUCH))

    status, body = s3.send("GET", f"/{bucket.bucket.authority}?uploads")
    assert status == 200
    assert b"<Upload>" not in body


async def test_a_directory_is_deleted_past_the_size_of_a_request(bucket: ObjectArtifactStore) -> None:
    for number in range(30):
        await bucket.write(at(f"dir/{number}/f"), bytes_in(b"x"))

    await bucket.delete(at("dir"))

    assert await names(bucket) == []


async def test_an_object_that_marks_a_folder_is_not_listed_as_a_file(bucket: ObjectArtifactStore, s3: Cloud) -> None:
    s3.send("PUT", f"/{bucket.bucket.authority}/some/where/dir/")
    await bucket.write(at("dir/f"), bytes_in(b"x"))

    assert await names(bucket, "dir") == ["dir/f"]
    assert await names(bucket) == ["dir"]


async def test_names_that_no_request_could_ask_for_are_left_out(bucket: ObjectArtifactStore, s3: Cloud) -> None:
    for name in ("fine", "a%23b", "%252e%252e", "a%0Ab"):
        s3.send("PUT", f"/{bucket.bucket.authority}/some/where/{name}")

    assert await names(bucket) == ["fine"]


async def test_a_large_directory_is_jumped_over_by_those_who_list_its_parent(
    bucket: ObjectArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_KEYS_AT_ONCE", 3)
    for name in [*(f"large/{number}" for number in range(20)), "large-", "small/x", "z"]:
        await bucket.write(at(name), bytes_in(b"x"))

    page = await bucket.list_page(SafeRelPath.ROOT, 10)

    assert [str(info.path) for info in page.files] == ["large-", "large", "small", "z"]


async def every_call(store: ArtifactStore) -> AsyncIterator[BaseException | None]:
    """What each method raises."""
    for call in (
        store.list(SafeRelPath.ROOT),
        store.open(at("f")),
        store.write(at("f"), bytes_in(b"x")),
        store.write(at("f"), bytes_in(*MUCH)),
        store.delete(at("f")),
        store.exists(at("f")),
    ):
        try:
            await call
        except Exception as error:
            yield error
        else:
            yield None


def assert_nothing_is_told(text: str, *secrets: str) -> None:
    for secret in ("127.0.0.1", "http", "Signature", "RetryError", *secrets):
        assert secret not in text


async def test_a_bucket_that_does_not_exist_is_a_clear_error(
    s3_environment: None, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_artifacts("s3://nobody-made-this")

    async for error in every_call(store):
        assert isinstance(error, ArtifactsRefused)
        assert "bucket or container does not exist" in error.message
        assert_nothing_is_told(error.message, "nobody-made-this")
    assert_nothing_is_told(caplog.text, "a-very-secret-key", "an-id")
    assert "404 NoSuchBucket" in caplog.text


async def test_a_bucket_that_is_down_is_worth_another_try(
    s3_environment: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    store = open_artifacts("s3://somewhere")

    async for error in every_call(store):
        assert isinstance(error, ArtifactsUnreachable)
        assert isinstance(error, Unavailable)
        assert_nothing_is_told(error.message)
    assert_nothing_is_told(caplog.text, "a-very-secret-key", "an-id")


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        ("403 Forbidden", "AccessDenied", "credentials"),
        ("400 Bad Request", "AuthorizationHeaderMalformed", "400 AuthorizationHeaderMalformed"),
        ("507 Insufficient Storage", "XMinioStorageFull", "full"),
        ("503 Slow Down", "SlowDown", "Try again"),
    ],
)
def test_what_a_bucket_answers_becomes_one_sentence(
    status: str, code: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    from obstore.exceptions import GenericError

    from genesis_flow.artifact_stores.object_errors import translated

    text = f"Error performing GET https://host/b/k?sig=SECRET in 3ms - Server returned non-2xx status code: {status}: <Error><Code>{code}</Code></Error>"
    with caplog.at_level(logging.WARNING), pytest.raises(Exception, match=re.escape(said)) as found, translated():
        raise GenericError(text)

    assert "SECRET" not in str(found.value) + caplog.text
    assert found.value.__suppress_context__

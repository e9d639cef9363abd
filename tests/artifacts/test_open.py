"""From locations to stores: the operator's are opened, a client's are looked up among them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from genesis_flow.artifact_stores.buckets import Bucket
from genesis_flow.artifact_stores.local import STAGING_NAME, STALE_S, LocalArtifactStore
from genesis_flow.artifact_stores.objects import ObjectArtifactStore
from genesis_flow.artifact_stores.open import Roots, locate, open_artifacts
from genesis_flow.errors import (
    ArtifactsOutsideRoots,
    GenesisFlowError,
    InvalidPath,
    LocationWithCredentials,
    MissingExtra,
    UnsupportedLocation,
)
from genesis_flow.rules.locations import require_no_credentials, split_bucket_uri

pytestmark = pytest.mark.skipif(os.name == "nt", reason="locations of POSIX")

DESTINATION = LocalArtifactStore("/srv/artifacts")
MLRUNS = LocalArtifactStore("/data/mlruns")
TEAM = LocalArtifactStore("/data/mlruns/team a")
ROOTS = Roots(destination=DESTINATION, local=(MLRUNS, TEAM))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        ("{folder}/x", "x"),
        ("{folder}/x/", "x"),
        ("x", "x"),
        ("./x", "x"),
        ("x y%20z", "x y%20z"),
        ("file://{folder}/x", "x"),
        ("file://localhost{folder}/x", "x"),
        ("file:{folder}/x", "x"),
        ("FILE://{folder}/a%20b", "a b"),
    ],
)
async def test_an_operator_gives_a_path_or_a_file_uri(folder: Path, uri: str, root: str) -> None:
    store = open_artifacts(uri.format(folder=folder))

    assert isinstance(store, LocalArtifactStore)
    assert store.root == str(folder / root)
    await store.close()
    assert os.listdir(folder) == []


async def test_opening_clears_away_what_died_long_ago(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staging = folder / "x" / STAGING_NAME
    staging.mkdir(parents=True)
    (staging / "upload").touch()
    later_s = time.time() + STALE_S + 60
    monkeypatch.setattr(time, "time", lambda: later_s)

    await open_artifacts("x").close()

    assert os.listdir(staging) == []


@pytest.mark.parametrize(
    ("uri", "scheme"),
    [
        ("hdfs://secret/x", "hdfs"),
        ("WASB://secret@a", "wasb"),
        ("mlflow-artifacts:/x", "mlflow-artifacts"),
        ("https://secret/x", "https"),
    ],
)
def test_another_scheme_is_refused_by_its_name_alone(uri: str, scheme: str) -> None:
    with pytest.raises(UnsupportedLocation) as refusal:
        open_artifacts(uri)

    assert f"'{scheme}:'" in refusal.value.message
    assert "secret" not in refusal.value.message


@pytest.mark.parametrize(
    ("uri", "cloud", "authority", "prefix"),
    [
        ("s3://bucket", "s3", "bucket", ""),
        ("s3://bucket/", "s3", "bucket", ""),
        ("S3://my.bucket-1/a b/100%25/", "s3", "my.bucket-1", "a b/100%25"),
        ("gs://bucket/x", "gs", "bucket", "x"),
        ("az://container/x", "azure", "container", "x"),
        (
            "abfss://container@account.dfs.core.windows.net/x/y",
            "azure",
            "container@account.dfs.core.windows.net",
            "x/y",
        ),
        ("wasbs://$root@account.blob.core.windows.net", "azure", "$root@account.blob.core.windows.net", ""),
        ("abfss://c-1@account.dfs.core.usgovcloudapi.net/x", "azure", "c-1@account.dfs.core.usgovcloudapi.net", "x"),
    ],
)
async def test_an_operator_gives_a_bucket(
    monkeypatch: pytest.MonkeyPatch, uri: str, cloud: str, authority: str, prefix: str
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")

    store = open_artifacts(uri)

    assert isinstance(store, ObjectArtifactStore)
    assert (store.bucket.cloud, store.bucket.authority, str(store.bucket.prefix)) == (cloud, authority, prefix)


@pytest.mark.parametrize(
    "uri",
    [
        "s3:bucket",
        "s3:/bucket",
        "s3://",
        "s3:///path",
        "s3://x",
        "s3://bucket/../x",
        "s3://bucket//x",
        "s3://bucket/x?versionId=1",
        "s3://bucket/x#y",
        "s3://buck et/x",
        "gs://-/x",
        "az://container@account.blob.core.windows.net/x",
        "az://UPPER/x",
        "abfss://container/x",
        "abfss://container@account.blob.core.windows.net/x",
        "wasbs://container@account.dfs.core.windows.net/x",
        "abfss://container@account.dfs.core.windows.net.evil.example/x",
        "abfss://container@127.0.0.1/x",
        "abfss://@account.dfs.core.windows.net/x",
    ],
)
def test_a_location_that_names_no_bucket_is_refused(uri: str) -> None:
    with pytest.raises(InvalidPath):
        open_artifacts(uri)


WITH_SECRETS = [
    "s3://AKIA123:SECRET@bucket/x",
    "s3://bucket/x?X-Amz-Signature=SECRET",
    "s3://bucket/x?AWSAccessKeyId=AKIA&Signature=SECRET",
    "gs://bucket/x?X-Goog-Signature=SECRET",
    "wasbs://c@account.blob.core.windows.net/x?sv=2021&sig=SECRET",
    "abfss://c@account.dfs.core.windows.net/?SIG=SECRET",
    "https://account.blob.core.windows.net/c?sp=r&sig=SECRET",
    "az://c/x?account_key=SECRET",
    "ftp://user:SECRET@host/x",
    "hdfs://host/x?password=SECRET",
]


@pytest.mark.parametrize("uri", WITH_SECRETS)
def test_a_location_with_a_secret_is_refused_without_telling_it(uri: str) -> None:
    with pytest.raises(LocationWithCredentials) as refusal:
        require_no_credentials(uri)
    assert "SECRET" not in refusal.value.message

    with pytest.raises(GenesisFlowError) as opening:
        open_artifacts(uri)
    assert "SECRET" not in str(opening.value)


@pytest.mark.parametrize(
    "location",
    [
        "wasbs://container@account.blob.core.windows.net/x",
        "s3://bucket/a path/%2e?versionId=1",
        "s3://bucket/user:name@home",
        "file://user@localhost/x",
        "/data/signature=1",
        "C:\\data@home",
        "mlflow-artifacts://host:5000/x",
        "dbfs:/path",
    ],
)
def test_a_location_without_a_secret_is_none_of_our_business(location: str) -> None:
    require_no_credentials(location)


def test_a_bucket_without_its_extra_says_which_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(MissingExtra, match=r"genesis-flow\[objects\]"):
        open_artifacts("s3://bucket/x")


def test_a_server_without_a_bucket_does_not_load_the_client_of_buckets() -> None:
    code = "import sys, genesis_flow.server.run; sys.exit('obstore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def bucket(uri: str) -> ObjectArtifactStore:
    scheme, authority, prefix = split_bucket_uri(uri)
    return ObjectArtifactStore(Bucket(MemoryStore(), "memory", scheme, authority, prefix))


S3 = bucket("s3://bucket/mlruns")
AZURE = bucket("wasbs://c@account.blob.core.windows.net")
IN_BUCKETS = Roots(buckets=(S3, AZURE))


@pytest.mark.parametrize(
    ("uri", "store", "path"),
    [
        ("s3://bucket/mlruns", S3, ""),
        ("s3://bucket/mlruns/", S3, ""),
        ("S3://bucket/mlruns/0/run/artifacts", S3, "0/run/artifacts"),
        ("s3://bucket/mlruns/a%20b", S3, "a%20b"),
        ("wasbs://c@account.blob.core.windows.net/0/run", AZURE, "0/run"),
    ],
)
def test_a_location_inside_a_bucket_is_found(uri: str, store: ObjectArtifactStore, path: str) -> None:
    found, below = locate(uri, roots=IN_BUCKETS)

    assert (found, str(below)) == (store, path)


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket",
        "s3://bucket/mlruns2/x",
        "s3://bucket/mlruns/../x",
        "s3://bucket/mlruns/%2e%2e/x",
        "s3://bucket/mlruns//x",
        "s3://bucket/mlruns/x?y",
        "s3://Bucket/mlruns/x",
        "s3://bucket@evil/mlruns/x",
        "s3://other/mlruns/x",
        "s3:/bucket/mlruns/x",
        "gs://bucket/mlruns/x",
        "wasbs://c@other.blob.core.windows.net/0",
        "wasbs://d@account.blob.core.windows.net/0",
        "abfss://c@account.dfs.core.windows.net/0",
        "mlflow-artifacts:/0",
        "memory://bucket/mlruns",
    ],
)
def test_a_location_outside_the_buckets_is_none_of_this_servers(uri: str) -> None:
    with pytest.raises(ArtifactsOutsideRoots):
        locate(uri, roots=IN_BUCKETS)


@pytest.mark.parametrize(
    "uri",
    ["", "file:", "file://host/x", "file://host", "file:///x?y", "file:///x#y", "a\0b", "file:///a%00b"],
)
def test_a_location_that_is_no_directory_is_refused(uri: str) -> None:
    with pytest.raises(InvalidPath):
        open_artifacts(uri)


@pytest.mark.parametrize(
    ("uri", "store", "path"),
    [
        ("mlflow-artifacts:/0/run/artifacts", DESTINATION, "0/run/artifacts"),
        ("mlflow-artifacts:///0/run", DESTINATION, "0/run"),
        ("mlflow-artifacts://host:5000/0/run", DESTINATION, "0/run"),
        ("mlflow-artifacts://host:5000", DESTINATION, ""),
        ("mlflow-artifacts://host/0/run/", DESTINATION, "0/run"),
        ("mlflow-artifacts:0/run", DESTINATION, "0/run"),
        ("mlflow-artifacts:/", DESTINATION, ""),
        ("MLFLOW-artifacts:/a%20b//c/./d", DESTINATION, "a b/c/d"),
        ("/data/mlruns", MLRUNS, ""),
        ("/data/mlruns/0/run/artifacts", MLRUNS, "0/run/artifacts"),
        ("/data//mlruns/./0//run/", MLRUNS, "0/run"),
        ("/data/mlruns/a%20b", MLRUNS, "a%20b"),
        ("file:///data/mlruns/0/run", MLRUNS, "0/run"),
        ("file:/data/mlruns/0/run", MLRUNS, "0/run"),
        ("file://localhost/data/mlruns/a%20b", MLRUNS, "a b"),
        ("/data/mlruns/team a/run", TEAM, "run"),
        ("file:///data/mlruns/team%20a/run", TEAM, "run"),
        ("/data/mlruns/team/run", MLRUNS, "team/run"),
    ],
)
def test_a_location_inside_a_root_is_found(uri: str, store: LocalArtifactStore, path: str) -> None:
    found, below = locate(uri, roots=ROOTS)

    assert (found, str(below)) == (store, path)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/",
        ".",
        "mlruns/0",
        "./data/mlruns/0",
        "data/mlruns/0",
        "~/mlruns",
        "/etc/passwd",
        "/data",
        "/data/mlruns2/0",
        "/data/mlrun",
        "/data/MLRUNS/0",
        "/data/mlruns/..",
        "/data/mlruns/../etc",
        "/data/mlruns/0/../1",
        "/data/x/../mlruns/0",
        "/data/mlruns/..\\etc",
        "/data/mlruns/%2e%2e/etc",
        "/data/mlruns/%252e%252e/etc",
        "/data/mlruns/..%2fetc",
        "/data/mlruns/a\0b",
        "/data/mlruns/a\nb",
        "/data/mlruns/a#b",
        "/srv/artifacts/0",
        "//data/mlruns/0",
        " /data/mlruns/0",
        "\\data\\mlruns",
        "C:\\data\\mlruns",
        "C:/data/mlruns",
        "file:",
        "file:///",
        "file:///etc/passwd",
        "file:data/mlruns/0",
        "file://data/mlruns/0",
        "file://host/data/mlruns/0",
        "file://user@localhost/data/mlruns/0",
        "file:////data/mlruns/0",
        "file:///data/mlruns/../etc",
        "file:///data/mlruns/%2e%2e/etc",
        "file:///data/mlruns/%252e%252e/etc",
        "file:///data/mlruns/..%2fetc",
        "file:///data/mlruns/%00",
        "file:///data/mlruns/%FF",
        "file:///data/mlruns/0?x",
        "file:///data/mlruns/0#x",
        "file:///data/m\tlruns/0",
        "file:\\\\data\\mlruns",
        "s3://data/mlruns/0",
        "http://localhost/data/mlruns",
        "runs:/abc/model",
        "dbfs:/data/mlruns",
        "mlflow-artifacts:/..",
        "mlflow-artifacts:/a/../../b",
        "mlflow-artifacts:/a/../b",
        "mlflow-artifacts:/%2e%2e/b",
        "mlflow-artifacts:/%252e%252e/b",
        "mlflow-artifacts:/..%2fb",
        "mlflow-artifacts:/..\\b",
        "mlflow-artifacts:/%5c..%5cb",
        "mlflow-artifacts:////etc",
        "mlflow-artifacts://host//etc",
        "mlflow-artifacts://host/../etc",
        "mlflow-artifacts:/%2fetc",
        "mlflow-artifacts:/a?b",
        "mlflow-artifacts:/a#b",
        "mlflow-artifacts:/a%00b",
        "mlflow-artifacts:/a\nb",
        "mlflow-artifacts:/%ff",
        "mlflow-artifacts:/file:///etc",
        "mlflow-artifacts+x:/a",
        "xmlflow-artifacts:/a",
    ],
)
def test_a_location_outside_the_roots_is_none_of_this_servers(uri: str) -> None:
    with pytest.raises(ArtifactsOutsideRoots) as refusal:
        locate(uri, roots=ROOTS)

    assert "/data" not in refusal.value.message


def test_a_server_without_a_destination_has_no_proxied_artifacts() -> None:
    with pytest.raises(ArtifactsOutsideRoots):
        locate("mlflow-artifacts:/0/run", roots=Roots(local=(MLRUNS,)))
    with pytest.raises(ArtifactsOutsideRoots):
        locate("/data/mlruns/0", roots=Roots(destination=DESTINATION))


pieces = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "//",
        "\\",
        "%2e",
        "%2f",
        "%5c",
        "%252e",
        "a",
        "data",
        "mlruns",
        "etc",
        "@",
        "host",
        ":5000",
        "?",
        "#",
        "\x00",
        "\t",
    ]
)
prefixes = st.sampled_from(
    [
        "",
        "/",
        "/data/mlruns",
        "/data/mlruns/",
        "file:",
        "file://",
        "file:///data/mlruns",
        "mlflow-artifacts:",
        "mlflow-artifacts://",
    ]
)
uris = st.tuples(prefixes, st.one_of(st.text(max_size=30), st.lists(pieces, max_size=10).map("".join))).map("".join)


@given(uris)
def test_what_is_found_lies_inside_the_root_it_was_found_in(uri: str) -> None:
    try:
        store, path = locate(uri, roots=ROOTS)
    except ArtifactsOutsideRoots:
        return
    assert isinstance(store, LocalArtifactStore)
    landed = os.path.normpath(os.path.join(store.root, str(path)))
    assert landed == store.root or landed.startswith(store.root + "/")

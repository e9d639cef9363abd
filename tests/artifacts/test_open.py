"""From locations to stores: the operator's are opened, a client's are looked up among them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_flow.artifacts.local import STAGING_NAME, STALE_S, LocalArtifactStore
from genesis_flow.artifacts.open import Roots, locate, open_artifacts
from genesis_flow.errors import ArtifactsOutsideRoots, InvalidPath, UnsupportedLocation

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
        ("s3://bucket/x", "s3"),
        ("GS://bucket", "gs"),
        ("mlflow-artifacts:/x", "mlflow-artifacts"),
        ("https://h/x", "https"),
    ],
)
def test_another_scheme_is_refused_by_its_name_alone(uri: str, scheme: str) -> None:
    with pytest.raises(UnsupportedLocation) as refusal:
        open_artifacts(uri)

    assert f"'{scheme}:'" in refusal.value.message
    assert "bucket" not in refusal.value.message


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

"""What a server cannot do to a client that fetches files from it: write elsewhere, fill memory or disk, or keep it."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_flow.artifacts import download_artifacts, list_artifacts
from genesis_flow.client.client import MlflowClient
from genesis_flow.client.repositories import arriving, proxied, transfers
from genesis_flow.errors import (
    AnswerTooLong,
    CorruptDownload,
    InvalidPath,
    LocalDiskFull,
    MalformedRequest,
    TooManyArtifacts,
    TransferCut,
    TransferTooSlow,
    UnsafeListing,
)
from genesis_flow.exceptions import MlflowException
from tests.client.liar import Answer, Answering, Asked, lying

ELSEWHERE = [
    "../outside",
    "..",
    ".",
    "",
    "/etc/outside",
    "a/../../outside",
    "..\\outside",
    "C:\\outside",
    "C:/outside",
    "%2e%2e/outside",
    "%252e%252e%252foutside",
    "a/b",
    "a\0b",
    "line\nbreak",
    "\u202egnp.exe",
    "x" * 300,
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the downloads go; nothing but it may change."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(transfers, "BACKOFF_S", 0.0)
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def fetch(answer: Answer, folder: Path, path: str = "f") -> Path:
    """Downloads something from a server that answers so."""
    with lying(answer) as liar:
        return Path(download_artifacts(f"mlflow-artifacts:/{path}", dst_path=str(folder), tracking_uri=liar.uri))


def one_file(answer: Answer, listed: int | None = None) -> Answer:
    """A server that has one file: listed if a size is given, and otherwise only there."""

    def say(asked: Asked, server: Answering) -> None:
        if asked.listed is None:
            answer(asked, server)
        elif asked.listed == "f" and listed is not None:
            server.list_files("file", size=listed)
        else:
            server.list_files()

    return say


def is_empty(folder: Path) -> bool:
    """Whether nothing was written: no file in part, and nothing beside the folder."""
    return not [path for path in folder.parent.rglob("*") if not path.is_dir()]


@pytest.mark.parametrize("path", ELSEWHERE)
@pytest.mark.parametrize("is_folder", [False, True])
def test_a_listing_that_names_what_lies_elsewhere_is_refused_before_anything_is_fetched(
    folder: Path, path: str, is_folder: bool
) -> None:
    def say(asked: Asked, server: Answering) -> None:
        if asked.listed is None:
            server.say(b"x")
        elif is_folder:
            server.list_files("first", folders=[path])
        else:
            server.list_files("first", path)

    with pytest.raises((UnsafeListing, InvalidPath)):
        fetch(say, folder)
    assert is_empty(folder)
    with lying(say) as liar, pytest.raises((UnsafeListing, InvalidPath)):
        list_artifacts("mlflow-artifacts:/f", tracking_uri=liar.uri)


def test_a_listing_that_names_a_file_twice_is_refused(folder: Path) -> None:
    with pytest.raises(UnsafeListing):
        fetch(lambda _, server: server.list_files("a", folders=["a"]), folder)
    assert is_empty(folder)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"files": {"path": "a"}}', b'{"files": [{"path": 5}]}', b"<html>", b"\xff"]
)
def test_what_is_no_listing_is_refused(folder: Path, body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        fetch(lambda _, server: server.say(body), folder)
    assert is_empty(folder)


def test_a_listing_without_end_is_not_read_to_the_end_of_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxied, "MOST_LISTING_BYTES", 2**20)
    with pytest.raises(AnswerTooLong):
        fetch(lambda _, server: server.pour(itertools.repeat(b" " * 10_000)), folder)


def test_more_entries_than_anybody_has_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "MOST_ENTRIES", 10_000)
    with pytest.raises(TooManyArtifacts, match="more than 10,000"):
        fetch(lambda _, server: server.list_files(*(f"{i}" for i in range(10_001))), folder)
    assert is_empty(folder)


def test_folders_in_folders_without_end_are_refused(folder: Path) -> None:
    with pytest.raises(TooManyArtifacts, match="nested"):
        fetch(lambda _, server: server.list_files(folders=["a"]), folder)
    assert is_empty(folder)


def test_a_tree_that_branches_without_end_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "MOST_ENTRIES", 2_000)
    with pytest.raises(TooManyArtifacts, match="more than 2,000"):
        fetch(lambda _, server: server.list_files(folders=[f"{i}" for i in range(50)]), folder)


@pytest.mark.parametrize("listed", [None, 0, 10, 2**20])
def test_a_file_that_does_not_end_is_given_up(folder: Path, listed: int | None) -> None:
    endless = one_file(lambda _, server: server.pour(itertools.repeat(b"x" * 65_536)), listed)
    with pytest.raises(AnswerTooLong):
        fetch(endless, folder)
    assert is_empty(folder)


def test_a_file_without_a_length_is_as_long_as_its_listing_says(folder: Path) -> None:
    def say(asked: Asked, server: Answering) -> None:
        if asked.listed is None:
            server.pour(iter([b"12", b"345"]))
        else:
            server.list_files(*(["f"] if asked.listed == "" else []), size=5)

    assert fetch(say, folder).read_bytes() == b"12345"


def test_a_file_that_is_larger_than_the_disk_is_not_begun(folder: Path) -> None:
    with pytest.raises(LocalDiskFull):
        fetch(one_file(lambda _, server: server.say(b"x", length=10**17)), folder)
    assert is_empty(folder)


def drip() -> Iterator[bytes]:
    """A blank now and then."""
    while True:
        time.sleep(0.02)
        yield b" "


def test_a_file_that_drips_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "PATIENCE_S", 0.1)
    with pytest.raises(TransferTooSlow):
        fetch(one_file(lambda _, server: server.pour(drip()), listed=1_000_000), folder)
    assert is_empty(folder)


def test_a_listing_that_drips_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "PATIENCE_S", 0.1)
    with pytest.raises(TransferTooSlow):
        fetch(lambda _, server: server.pour(drip()), folder)


def test_a_download_that_is_cut_is_asked_for_again(folder: Path) -> None:
    tries = itertools.count()

    def say(asked: Asked, server: Answering) -> None:
        server.say(b"x" * 1000 if next(tries) < 2 else b"x" * 2000, length=2000)

    assert fetch(one_file(say), folder).read_bytes() == b"x" * 2000
    assert next(tries) == 3


def test_a_download_that_is_always_cut_fails_and_leaves_what_was_there(folder: Path) -> None:
    (folder / "f").write_bytes(b"before")
    with pytest.raises(MlflowException) as caught:
        fetch(one_file(lambda _, server: server.say(b"x" * 1000, length=2000)), folder)
    assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"
    assert [path.name for path in folder.iterdir()] == ["f"]
    assert (folder / "f").read_bytes() == b"before"


def test_a_file_that_ends_before_the_size_of_its_listing_is_cut(folder: Path) -> None:
    with pytest.raises(TransferCut, match="after 3 of 10 bytes"):
        fetch(one_file(lambda _, server: server.pour(iter([b"abc"])), listed=10), folder)
    assert is_empty(folder)


def digest_of(content: bytes) -> str:
    return f"md5=:1B2M2Y8AsgTpgAmY7PhCfg==:, sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


def test_bytes_with_another_digest_are_an_error_and_leave_nothing(folder: Path) -> None:
    asked_for: list[str] = []

    def say(asked: Asked, server: Answering) -> None:
        asked_for.append(asked.path)
        server.say(b"evil", Repr_Digest=digest_of(b"good"))

    with pytest.raises(CorruptDownload) as caught:
        fetch(one_file(say), folder)
    assert caught.value.error_code == "DATA_LOSS"
    assert is_empty(folder)
    assert len(asked_for) == 1


def test_bytes_with_their_digest_are_taken(folder: Path) -> None:
    good = one_file(lambda _, server: server.say(b"good", Repr_Digest=digest_of(b"good")))
    assert fetch(good, folder).read_bytes() == b"good"


def test_a_link_in_the_target_does_not_lead_out_of_it(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"before")
    (folder / "f").symlink_to(outside, target_is_directory=True)
    with pytest.raises(InvalidPath, match="link"):
        fetch(one_file(lambda _, server: server.say(b"x"), listed=1), folder)
    assert (outside / "file").read_bytes() == b"before"

    (folder / "f").unlink()
    (folder / "f").symlink_to(outside / "file")
    assert fetch(one_file(lambda _, server: server.say(b"x")), folder).read_bytes() == b"x"
    assert (outside / "file").read_bytes() == b"before"


def test_a_redirect_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    with lying(lambda _, server: server.say(b"x")) as other:
        target = f"{other.uri}/x"
        with pytest.raises(MlflowException, match="302"):
            fetch(one_file(lambda _, server: server.say(b"", 302, Location=target)), folder)
        with pytest.raises(MlflowException, match="302"):
            fetch(lambda _, server: server.say(b"", 302, Location=target), folder)
        assert other.asked == []


def run_at(location: str) -> Answer:
    """A tracking server whose only run has its files there."""
    run = json.dumps({"run": {"info": {"run_id": "r", "artifact_uri": location}}}).encode()
    return lambda _, server: server.say(run)


def test_another_host_is_not_told_who_asks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    with lying(one_file(lambda _, server: server.say(b"x"))) as other:
        with lying(run_at(other.uri.replace("http:", "mlflow-artifacts:") + "/root")) as tracking:
            client = MlflowClient(tracking.uri)
            client.log_text("r", "text", "f")
            client.download_artifacts("r", "f", str(folder))
        download_artifacts(f"{other.uri}/some/where", dst_path=str(folder), tracking_uri="http://127.0.0.1:9")
        assert [asked.headers["authorization"] for asked in tracking.asked] == ["Bearer secret"]
        assert [asked.method for asked in other.asked] == ["PUT", "GET", "GET", "GET"]
        assert not [asked for asked in other.asked if "authorization" in asked.headers]


def test_the_tracking_server_is_told_who_asks_also_by_its_full_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    with lying(one_file(lambda _, server: server.say(b"x"))) as tracking:
        host = tracking.uri.removeprefix("http:")
        for uri in (f"mlflow-artifacts:{host}/f", f"{tracking.uri}/api/2.0/mlflow-artifacts/artifacts/f"):
            download_artifacts(uri, dst_path=str(folder), tracking_uri=tracking.uri)
        assert len(tracking.asked) == 4
        assert {asked.headers.get("authorization") for asked in tracking.asked} == {"Bearer secret"}


def test_a_location_that_leads_on_and_on_is_refused(folder: Path) -> None:
    def say(asked: Asked, server: Answering) -> None:
        server.say(b'{"run": {"info": {"artifact_uri": "runs:/r/a"}}}')

    with lying(say) as liar, pytest.raises(MlflowException, match="on and on"):
        download_artifacts("runs:/r/f", dst_path=str(folder), tracking_uri=liar.uri)


@pytest.mark.parametrize("name", ["a b", "50%20off", "100%", "ü?&=", "a+b", "a;b", "~"])
def test_names_arrive_at_the_server_as_they_are(folder: Path, name: str) -> None:
    def say(asked: Asked, server: Answering) -> None:
        if asked.listed is None:
            server.say(asked.file.encode())
        else:
            server.list_files(*([name] if asked.listed == "d" else []), size=2 + len(name.encode()))

    assert fetch(say, folder, "d").joinpath(name).read_text() == f"d/{name}"

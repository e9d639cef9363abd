"""Where files can be: folders, buckets with access of one's own, addresses of the web, and what plugins know."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_flow import artifacts
from genesis_flow.client import plugins
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.repository import ArtifactRepository
from genesis_flow.client.repositories.transfers import in_parallel
from genesis_flow.entities import FileInfo
from genesis_flow.errors import (
    ArtifactNotFound,
    BucketRefused,
    DownloadOnly,
    FileChanged,
    InvalidParameter,
    InvalidPath,
    LocationWithCredentials,
    MissingExtra,
    UnsupportedLocation,
)
from genesis_flow.exceptions import MlflowException
from tests import buckets
from tests.client.liar import lying
from tests.serving import serving


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A local folder, with a file that a bucket takes in parts."""
    folder = tmp_path / "local"
    (folder / "sub é" / "deep").mkdir(parents=True)
    (folder / "one.txt").write_bytes(b"one")
    (folder / "sub é" / "100%.txt").write_bytes(b"")
    (folder / "sub é" / "deep" / "large").write_bytes(b"0123456789abcdef" * 2**19)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_of_this_machine_takes_and_gives_files(local: Path, tmp_path: Path) -> None:
    root = tmp_path / "not yet" / "50%20off"
    for uri in (str(root), root.as_uri()):
        repository = artifacts.get_artifact_repository(uri)
        repository.log_artifacts(local, "a")
        assert contents(root / "a") == contents(local)
        assert [file.path for file in repository.list_artifacts("a")] == ["a/one.txt", "a/sub é"]
        assert repository.download_artifacts("a/one.txt") == str(root / "a" / "one.txt")
        assert contents(Path(repository.download_artifacts("a", tmp_path / "copy"))) == contents(local)
        assert artifacts.load_text(f"{uri}/a/one.txt") == "one"
    with pytest.raises(ArtifactNotFound):
        artifacts.download_artifacts(f"{root}/nothing")
    with pytest.raises(ArtifactNotFound):
        artifacts.download_artifacts(f"{root}/nothing", dst_path=str(tmp_path / "copy"))


def deleted(uri: str, local: Path, tracking_uri: str | None = None) -> list[list[str]]:
    """What is left at a location of all that is local after a file, a folder, nothing at all, and everything is deleted."""
    repository = artifacts.get_artifact_repository(uri, tracking_uri)
    repository.log_artifacts(local)
    repository.log_artifact(local / "one.txt", "one.txt-like")
    left = []
    for path in ("sub é/deep", "one.txt", "nothing/at all", None):
        repository.delete_artifacts(path)
        left.append([file.path for folder in ("", "sub é") for file in repository.list_artifacts(folder)])
    with pytest.raises(InvalidPath):
        repository.delete_artifacts("../elsewhere")
    return left


LEFT = [
    ["one.txt", "one.txt-like", "sub é", "sub é/100%.txt"],
    ["one.txt-like", "sub é", "sub é/100%.txt"],
    ["one.txt-like", "sub é", "sub é/100%.txt"],
    [],
]


def test_files_of_a_folder_are_deleted_and_nothing_beside_it(local: Path, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(local, target_is_directory=True)
    before = contents(local)
    artifacts.get_artifact_repository(str(tmp_path / "root")).delete_artifacts("link/sub é")
    assert deleted(str(tmp_path / "root"), local) == LEFT
    assert contents(local) == before
    assert list((tmp_path / "root").iterdir()) == []


def test_files_of_a_server_are_deleted(local: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        assert deleted("mlflow-artifacts:/some/where", local, server.uri) == LEFT
        assert server.files() == {}


def test_a_relative_folder_is_where_the_program_is(
    local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(local)
    assert [file.path for file in artifacts.list_artifacts(".")] == ["local/one.txt", "local/sub é"]
    assert artifacts.load_text("one.txt") == "one"
    assert artifacts.load_text("sub é/../one.txt") == "one"


def test_links_in_a_folder_lead_nowhere(local: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "top"
    root.mkdir()
    (root / "file").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path, target_is_directory=True)
    repository = artifacts.get_artifact_repository(str(root))
    assert repository.list_artifacts() == repository.list_artifacts("folder") == []
    for path in ("file", "folder/secret"):
        with pytest.raises(ArtifactNotFound):
            repository.download_artifacts(path, tmp_path / "copy")
    with pytest.raises(InvalidPath, match="link"):
        repository.log_artifact(local / "one.txt", "folder")
    assert not (tmp_path / "one.txt").exists()


def test_a_file_is_whole_or_not_there(local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "top"
    (root / "one.txt").mkdir(parents=True)
    with pytest.raises(InvalidPath, match="folder has the name"):
        artifacts.get_artifact_repository(str(root)).log_artifact(local / "one.txt")
    assert [path.name for path in root.iterdir()] == ["one.txt"]


@pytest.mark.parametrize("uri", ["file://elsewhere/a", "file:///a?b", "file:///a#b"])
def test_a_file_uri_names_a_folder_of_this_machine(uri: str) -> None:
    with pytest.raises(InvalidPath):
        artifacts.get_artifact_repository(uri)


@pytest.mark.parametrize(
    "uri", ["foo://x/y", "dbfs:/x", "runs:/", "runs:x", "models:/", "models:/a", "mlflow-artifacts:/a"]
)
def test_what_nobody_knows_is_refused(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")
    with pytest.raises((UnsupportedLocation, InvalidParameter)):
        artifacts.get_artifact_repository(uri)


# --- buckets ---


@pytest.fixture(scope="module", params=["s3", "azure"])
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[buckets.Cloud]:
    start = {"s3": buckets.s3, "azure": buckets.azure}[request.param]
    with start(tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def bucket(cloud: buckets.Cloud, monkeypatch: pytest.MonkeyPatch) -> str:
    """The location of a new bucket that the environment leads to."""
    for name, text in cloud.environment.items():
        monkeypatch.setenv(name, text)
    return f"{'az' if isinstance(cloud, buckets.Azure) else 's3'}://{cloud.new_bucket()}"


def test_a_bucket_takes_and_gives_files(bucket: str, local: Path, tmp_path: Path) -> None:
    repository = artifacts.get_artifact_repository(f"{bucket}/top")
    repository.log_artifacts(local, "a")
    repository.log_artifact(local / "one.txt")
    assert contents(Path(repository.download_artifacts("a", tmp_path / "copy"))) == contents(local)
    listed = [(file.path, file.is_dir, file.file_size) for file in repository.list_artifacts("a")]
    assert listed == [("a/one.txt", False, 3), ("a/sub é", True, None)]
    assert artifacts.load_text(f"{bucket}/top/one.txt") == "one"
    assert artifacts.list_artifacts(bucket)[0].path == "top"
    with pytest.raises(ArtifactNotFound):
        repository.download_artifacts("nothing")


def test_files_of_a_bucket_are_deleted_and_nothing_beside_them(bucket: str, local: Path) -> None:
    artifacts.get_artifact_repository(f"{bucket}/root-like").log_artifact(local / "one.txt")
    assert deleted(f"{bucket}/root", local) == LEFT
    assert [file.path for file in artifacts.list_artifacts(bucket)] == ["root-like"]


def test_a_bucket_keeps_the_digest_of_each_file(bucket: str, local: Path, tmp_path: Path) -> None:
    from genesis_flow.artifact_stores.buckets import open_bucket

    artifacts.get_artifact_repository(bucket).log_artifacts(local, "a")
    client = open_bucket(bucket).client
    for name in contents(local):
        digest = client.get(f"a/{name}").attributes["sha256"]
        client.put(f"a/{name}", b"other bytes", attributes={"sha256": digest})
        with pytest.raises(MlflowException) as caught:
            artifacts.download_artifacts(f"{bucket}/a/{name}", dst_path=str(tmp_path / "copy"))
        assert caught.value.error_code == "DATA_LOSS"
    assert contents(tmp_path / "copy") == {}


def test_a_bucket_that_does_not_let_us_in_says_so(bucket: str, local: Path) -> None:
    repository = artifacts.get_artifact_repository(f"{bucket}-nowhere/a")
    for call in (lambda: repository.log_artifact(local / "one.txt"), lambda: repository.download_artifacts("a")):
        with pytest.raises(BucketRefused, match="does not exist"):
            call()


def test_a_location_with_a_secret_is_refused() -> None:
    with pytest.raises(LocationWithCredentials):
        artifacts.get_artifact_repository("s3://id:secret@bucket/path")


def test_a_bucket_without_its_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(MissingExtra, match=r"pip install 'genesis-flow\[objects\]'"):
        artifacts.get_artifact_repository("s3://bucket/path")


# --- the web ---


def test_a_file_of_the_web_is_fetched_and_never_stored(local: Path, tmp_path: Path) -> None:
    with lying(lambda asked, server: server.say(asked.path.encode(), 404 if "nothing" in asked.path else 200)) as web:
        found = artifacts.download_artifacts(f"{web.uri}/a%20b/c%25.txt?key=1&b=2", dst_path=str(tmp_path / "copy"))
        assert found == str(tmp_path / "copy" / "c%.txt")
        assert Path(found).read_text() == "/a%20b/c%25.txt?key=1&b=2"
        with pytest.raises(ArtifactNotFound):
            artifacts.download_artifacts(f"{web.uri}/nothing")
        with pytest.raises(DownloadOnly):
            artifacts.get_artifact_repository(f"{web.uri}/a").log_artifact(local / "one.txt")
        assert {asked.method for asked in web.asked} == {"GET"}


# --- plugins ---


class Shelf(ArtifactRepository):
    """A plugin as people write them for MLflow: the abstract methods and one that fetches a file."""

    @property
    def root(self) -> Path:
        return Path(self.artifact_uri.removeprefix("shelf:"))

    def log_artifact(self, local_file: object, artifact_path: str | None = None) -> None:
        folder = self.root / (artifact_path or "")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / Path(str(local_file)).name).write_bytes(Path(str(local_file)).read_bytes())

    def log_artifacts(self, local_dir: object, artifact_path: str | None = None) -> None:
        for path in Path(str(local_dir)).iterdir():
            self.log_artifact(path, artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        folder = self.root / (path or "")
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        names = [f"{path}/{file.name}" if path else file.name for file in found]
        return [FileInfo(name, file.is_dir(), None) for name, file in zip(names, found, strict=True)]

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        Path(local_path).write_bytes((self.root / remote_file_path).read_bytes())


class Hostile(Shelf):
    """One that lists what is elsewhere."""

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        return [FileInfo("../outside", False, 1)]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugins as an installed distribution has them."""
    package = tmp_path / "site" / "shelf-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        f"[mlflow.artifact_repository]\nshelf = {__name__}:Shelf\nhostile = {__name__}:Hostile\nbroken = no.such:Thing\n"
    )
    monkeypatch.syspath_prepend(package.parent)
    importlib.invalidate_caches()
    plugins.named.cache_clear()
    yield
    plugins.named.cache_clear()


@pytest.mark.usefixtures("installed")
def test_a_plugin_opens_the_locations_of_its_scheme(local: Path, tmp_path: Path) -> None:
    uri = f"shelf:{tmp_path}/shelf"
    repository = artifacts.get_artifact_repository(uri)
    assert type(repository).__name__ == "Shelf"
    repository.log_artifact(str(local / "one.txt"), "a/b")
    assert artifacts.load_text(f"{uri}/a/b/one.txt") == "one"
    assert contents(Path(artifacts.download_artifacts(f"{uri}/a", dst_path=str(tmp_path)))) == {"b/one.txt": b"one"}


@pytest.mark.usefixtures("installed")
def test_a_plugin_is_trusted_as_little_as_a_server(tmp_path: Path) -> None:
    with pytest.raises(MlflowException, match="outside"):
        artifacts.download_artifacts(f"hostile:{tmp_path}/shelf/a", dst_path=str(tmp_path / "copy"))
    with pytest.raises(MlflowException, match="cannot be loaded"):
        artifacts.get_artifact_repository("broken:/a")


# --- transfers ---


def test_the_first_failure_ends_the_rest_and_is_raised() -> None:
    done = []

    def work(item: int) -> None:
        if item == 20:
            raise ValueError(item)
        done.append(item)

    with pytest.raises(ValueError, match="20"):
        in_parallel(work, range(100_000))
    assert len(done) < 100_000
    in_parallel(done.append, range(100_000, 100_100))
    assert sorted(done[-100:]) == list(range(100_000, 100_100))


def test_a_file_that_shrinks_while_it_is_sent_is_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from genesis_flow.client.repositories.sending import Sending

    (tmp_path / "file").write_bytes(b"x" * 1000)
    with Progress("Uploading", 1, 1000) as progress, Sending(tmp_path / "file", progress) as sending:
        (tmp_path / "file").write_bytes(b"x" * 10)
        assert sending.read() == b"x" * 10
        with pytest.raises(FileChanged):
            sending.read()


def test_an_upload_is_sent_again_from_its_start(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    answers = iter([503, 200])

    with lying(lambda _, server: server.say(b"{}", next(answers))) as server:
        artifacts.get_artifact_repository("mlflow-artifacts:/a", server.uri).log_artifact(local / "sub é/deep/large")
        first, second = server.asked
    assert first.body == second.body == (local / "sub é/deep/large").read_bytes()
    assert first.file == "a/large"


def test_only_a_small_file_announces_its_digest(local: Path, tmp_path: Path) -> None:
    (tmp_path / "larger").write_bytes(bytes(8 * 2**20 + 1))
    with lying(lambda _, server: server.say(b"{}")) as server:
        for path in (local / "one.txt", tmp_path / "larger"):
            artifacts.get_artifact_repository("mlflow-artifacts:/a", server.uri).log_artifact(path)
        headers = [asked.headers.get("x-genesis-sha256") for asked in server.asked]
    assert headers == ["7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed", None]


def test_files_follow_each_other_over_one_connection(local: Path, tmp_path: Path) -> None:
    with lying(lambda asked, server: server.say(b'{"files": []}' if asked.listed else b"")) as server:
        repository = artifacts.get_artifact_repository("mlflow-artifacts:/a", server.uri)
        for _ in range(5):
            repository.log_artifact(local / "one.txt")
            repository.download_artifacts("one.txt", tmp_path)
        assert (len(server.asked), server.connections) == (15, 1)


class Terminal:
    """What stands in for a terminal: it says that it is one, and keeps what is written."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


@pytest.mark.parametrize("shown", [True, False])
def test_a_long_transfer_is_told_of_on_a_terminal(monkeypatch: pytest.MonkeyPatch, shown: bool) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", str(shown))
    monkeypatch.setattr("genesis_flow.client.repositories.progress.PATIENCE_S", 0.0)
    with Progress("Downloading", 2, 2**21) as progress:
        progress.add(2**20)
    assert ("Downloading 0 of 2 files, 1.0 of 2.0 MiB" in terminal.text) == shown
    assert terminal.text.endswith("\r\033[K") == shown

"""Files of runs and models, through a server and in process."""

from __future__ import annotations

import io
import json
import logging
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import yaml
from matplotlib.figure import Figure

import genesis_flow
from genesis_flow import artifacts
from genesis_flow.client.client import MlflowClient
from genesis_flow.client.connection import close_connections
from genesis_flow.client.files_later import flush
from genesis_flow.client.images import Image
from genesis_flow.client.repositories import locations
from genesis_flow.errors import InvalidImage, InvalidParameter, InvalidPath, LocalFileMissing, MissingParameter
from genesis_flow.exceptions import MlflowException
from genesis_flow.rules.locations import scheme_of
from tests.serving import serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server.uri


@pytest.fixture(params=["server", "in process"])
def client(
    request: pytest.FixtureRequest, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MlflowClient]:
    """A client in a folder of its own; what functions without a client mean is the same server or store."""
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    uri = served if request.param == "server" else f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    yield MlflowClient()
    if request.param != "server":
        close_connections()


@pytest.fixture
def run_id(client: MlflowClient) -> str:
    return client.create_run("0").info.run_id


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A local folder."""
    folder = tmp_path / "local"
    (folder / "sub" / "deep").mkdir(parents=True)
    for name in ("one.txt", ".hidden", "sub/two é.txt", "sub/deep/100%.txt"):
        (folder / name).write_text(f"content of {name}")
    (folder / "sub" / "empty file").touch()
    return folder


def read(client: MlflowClient, run_id: str, path: str) -> bytes:
    return Path(client.download_artifacts(run_id, path)).read_bytes()


def names(client: MlflowClient, run_id: str, path: str | None = None) -> list[str]:
    """All files below a folder."""
    found = []
    for file in client.list_artifacts(run_id, path):
        found += names(client, run_id, file.path) if file.is_dir else [file.path]
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_comes_back_as_it_was(client: MlflowClient, run_id: str, local: Path, tmp_path: Path) -> None:
    client.log_artifacts(run_id, local)
    client.log_artifacts(run_id, str(local), "some/where")
    client.log_artifact(run_id, local / "sub", "named")
    assert contents(Path(client.download_artifacts(run_id, "some/where", tmp_path / "a"))) == contents(local)
    assert contents(tmp_path / "a" / "where") == contents(local)
    assert contents(Path(client.download_artifacts(run_id, "named/sub"))) == contents(local / "sub")
    everything = contents(Path(client.download_artifacts(run_id, "", tmp_path / "b")))
    assert len(everything) == 2 * len(contents(local)) + len(contents(local / "sub"))


def test_a_file_is_listed_with_its_size_and_fetched_under_its_name(
    client: MlflowClient, run_id: str, local: Path, tmp_path: Path
) -> None:
    client.log_artifact(run_id, local / "one.txt", "a/b")
    (file,) = client.list_artifacts(run_id, "a/b")
    assert (file.path, file.is_dir, file.file_size) == ("a/b/one.txt", False, len("content of one.txt"))
    (folder,) = client.list_artifacts(run_id, "a/")
    assert (folder.path, folder.is_dir, folder.file_size) == ("a/b", True, None)
    assert client.list_artifacts(run_id, "a/b/one.txt") == client.list_artifacts(run_id, "nothing") == []
    assert client.download_artifacts(run_id, "a/b/one.txt", tmp_path / "x" / "y") == str(
        tmp_path / "x" / "y" / "one.txt"
    )


def test_a_file_is_replaced(client: MlflowClient, run_id: str) -> None:
    for text in ("first, and longer", "second"):
        client.log_text(run_id, text, "a.txt")
    assert read(client, run_id, "a.txt") == b"second"


@pytest.mark.parametrize("path", ["../a.txt", "/a.txt", "a/../../b.txt", "C:/a.txt", "a\0b"])
def test_paths_that_lead_elsewhere_are_refused(client: MlflowClient, run_id: str, local: Path, path: str) -> None:
    for call in (
        lambda: client.log_text(run_id, "x", path),
        lambda: client.log_artifact(run_id, local / "one.txt", path),
        lambda: client.log_artifacts(run_id, local, path),
        lambda: client.list_artifacts(run_id, path),
        lambda: client.download_artifacts(run_id, path),
    ):
        with pytest.raises(InvalidPath):
            call()
    assert names(client, run_id) == []


def test_a_folder_with_a_name_that_nobody_can_keep_is_refused_before_any_of_it_is_stored(
    client: MlflowClient, run_id: str, local: Path
) -> None:
    (local / "zz\n.txt").touch()
    with pytest.raises(InvalidPath, match="control"):
        client.log_artifacts(run_id, local)
    assert names(client, run_id) == []


def test_links_to_files_are_followed_and_links_to_folders_are_not(
    client: MlflowClient, run_id: str, local: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "file").touch()
    (local / "folder link").symlink_to(tmp_path / "more")
    (local / "file link").symlink_to(local / "one.txt")
    os.mkfifo(local / "pipe")
    client.log_artifacts(run_id, local)
    assert "file link" in names(client, run_id)
    assert not [name for name in names(client, run_id) if name.startswith(("folder link", "pipe"))]


def test_what_is_not_there_is_not_found(client: MlflowClient, run_id: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        client.log_artifact(run_id, tmp_path / "nothing")
    assert isinstance(missing.value, LocalFileMissing)
    with pytest.raises(LocalFileMissing):
        client.log_artifacts(run_id, tmp_path / "nothing")
    for call in (lambda: client.download_artifacts(run_id, "nothing"), lambda: client.list_artifacts("0" * 32)):
        with pytest.raises(MlflowException) as caught:
            call()
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_texts_and_streams_are_stored(client: MlflowClient, run_id: str) -> None:
    client.log_text(run_id, "hé\n", "a/./text.txt")
    client.log_stream(run_id, io.BytesIO(b"x" * 3_000_000), "stream.bin")
    assert read(client, run_id, "a/text.txt") == "hé\n".encode()
    assert read(client, run_id, "stream.bin") == b"x" * 3_000_000
    with pytest.raises(InvalidParameter, match="binary stream"):
        client.log_stream(run_id, io.StringIO("x"), "b")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match="text"):
        client.log_text(run_id, 5, "b")  # type: ignore[arg-type]
    with pytest.raises(MissingParameter, match="artifact_file"):
        client.log_text(run_id, "x", "")
    assert names(client, run_id) == ["a/text.txt", "stream.bin"]


def test_dictionaries_are_json_or_yaml_by_their_name(client: MlflowClient, run_id: str) -> None:
    value = {"b": [1, None, 2.5], "a": {"é": "ü"}}
    for name in ("d.json", "d.yml", "d.yaml", "d.txt", "d"):
        client.log_dict(run_id, value, name)
        text = read(client, run_id, name).decode()
        assert (yaml.safe_load(text) if ".y" in name else json.loads(text)) == value
    client.log_dict(run_id, {"when": datetime(2026, 1, 2)}, "when.json")
    assert json.loads(read(client, run_id, "when.json")) == {"when": "2026-01-02 00:00:00"}


def test_a_missing_package_is_named(client: MlflowClient, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("yaml", "PIL", "pandas"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MlflowException, match="pip install PyYAML"):
        client.log_dict(run_id, {}, "a.yaml")
    with pytest.raises(MlflowException, match="pip install Pillow"):
        client.log_image(run_id, np.zeros((2, 2)), "a.png")
    client.log_table(run_id, {"a": [1]}, "t.json")
    with pytest.raises(MlflowException, match="pip install pandas"):
        client.load_table("0", "t.json")
    assert names(client, run_id) == ["t.json"]


def test_figures_are_stored_in_the_format_of_their_name(client: MlflowClient, run_id: str) -> None:
    figure = Figure()
    figure.subplots().plot([1, 2])
    client.log_figure(run_id, figure, "f/curve.png", save_kwargs={"dpi": 20})
    client.log_figure(run_id, figure, "curve.svg")
    with PIL.Image.open(io.BytesIO(read(client, run_id, "f/curve.png"))) as image:
        assert image.width == 128
    assert b"<svg" in read(client, run_id, "curve.svg")
    with pytest.raises(InvalidParameter, match="Matplotlib or Plotly"):
        client.log_figure(run_id, "a figure", "f.png")


PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (PIXELS, PIXELS),
        (PIL.Image.fromarray(PIXELS), PIXELS),
        (Image(PIXELS), PIXELS),
        (PIXELS[:, :, :1], PIXELS[:, :, 0]),
        (PIXELS.astype(np.int64), PIXELS),
        (np.array([[True, False]]), [[255, 0]]),
        (np.array([[0.0, 0.5, 1.0, np.nan]]), [[0, 127, 255, 0]]),
        (np.array([[-1.0, 0, 3, 1, 0.5]]), [[0, 63, 255, 127, 95]]),
        (np.array([[300.0, 300.0]]), [[0, 0]]),
    ],
)
def test_images_are_stored_as_they_look(client: MlflowClient, run_id: str, image: Any, expected: Any) -> None:
    client.log_image(run_id, image, "images/a.png")
    with PIL.Image.open(io.BytesIO(read(client, run_id, "images/a.png"))) as back:
        assert np.array_equal(np.asarray(back), np.asarray(expected))


@pytest.mark.parametrize(
    "image",
    ["a.png", [[1, 2]], np.zeros(3), np.zeros((2, 2, 5)), np.full((2, 2), 256), np.full((2, 2), -1), np.zeros((0, 2)),
     np.zeros((2, 2), complex)],
)  # fmt: skip
def test_what_is_no_image_is_refused(client: MlflowClient, run_id: str, image: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        client.log_image(run_id, image, "a.png")
    assert isinstance(caught.value, InvalidImage)
    assert names(client, run_id) == []


def test_images_of_a_series_tell_key_step_and_time_in_their_names(client: MlflowClient, run_id: str) -> None:
    tall = PIL.Image.new("RGB", (300, 600), "red")
    client.log_image(run_id, tall, key="dogs/and cats-1_x.y", step=3, timestamp=12)
    client.log_image(run_id, tall, key="later", synchronous=False)
    flush()
    found = names(client, run_id, "images")
    begins = [name.rpartition("+timestamp+")[0] for name in found]
    assert begins == ["images/dogs~and cats-1_x.y+step+3"] * 2 + ["images/later+step+0"] * 2
    small, full = found[:2]
    assert small == full.replace(".png", "+compressed.webp")
    for name, size in ((full, (300, 600)), (small, (128, 256))):
        with PIL.Image.open(io.BytesIO(read(client, run_id, name))) as image:
            assert image.size == size
    assert client.get_run(run_id).data.tags["mlflow.loggedImages"] == "True"
    for wrong in ({}, {"key": "a", "artifact_file": "a.png"}, {"artifact_file": "a.png", "step": 1}, {"key": "a*b"}, {"key": ""}):  # fmt: skip
        with pytest.raises(InvalidImage):
            client.log_image(run_id, tall, **wrong)
    assert names(client, run_id, "images") == found


def test_an_image_that_fails_in_the_background_is_told_of_and_not_raised(
    client: MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "genesis_flow"):
        client.log_image("0" * 32, PIXELS, key="a", synchronous=False)
        flush()
    assert "was not stored" in caplog.text


def test_a_program_that_ends_waits_for_its_images(client: MlflowClient, run_id: str) -> None:
    code = (
        "import sys, numpy; from genesis_flow.client.client import MlflowClient\n"
        "for i in range(5): MlflowClient(sys.argv[1]).log_image(sys.argv[2], numpy.zeros((9, 9)), key='k', step=i, synchronous=False)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(genesis_flow.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code, client.tracking_uri, run_id], check=True, env=environment)
    assert len(names(client, run_id, "images")) == 10


def test_an_image_has_the_methods_of_mlflows(tmp_path: Path) -> None:
    image = Image([[[1, 2, 3], [4, 5, 6]]])
    assert (image.size, image.to_list()) == ((2, 1), [(1, 2, 3), (4, 5, 6)])
    assert image.to_array().tolist() == [[[1, 2, 3], [4, 5, 6]]]
    assert image.resize((5, 6)).to_pil().size == (5, 6)
    image.save(tmp_path / "a.png")
    assert Image(tmp_path / "a.png").to_array().tolist() == image.to_array().tolist()
    with pytest.raises(InvalidImage):
        Image(image)  # type: ignore[arg-type]


def table(client: MlflowClient, run_id: str, name: str) -> Any:
    return json.loads(read(client, run_id, name))


def test_tables_are_stored_and_added_to(client: MlflowClient, run_id: str) -> None:
    client.log_table(run_id, {"q": ["a", "b"], "s": [0.5, 1]}, "t/a.json")
    client.log_table(run_id, pd.DataFrame({"q": ["c"], "z": [3]}, index=[7]), "t/a.json")
    assert table(client, run_id, "t/a.json") == {
        "columns": ["q", "s", "z"],
        "data": [["a", 0.5, None], ["b", 1, None], ["c", None, 3]],
    }
    client.log_table(run_id, {"q": "a", "s": 2}, "one.json")
    assert table(client, run_id, "one.json") == {"columns": ["q", "s"], "data": [["a", 2]]}
    client.log_table(run_id, {"q": ["a"], "b": [1, 2]}, "uneven.json")
    assert table(client, run_id, "uneven.json") == {"columns": ["q", "b"], "data": [[["a"], [1, 2]]]}
    tag = json.loads(client.get_run(run_id).data.tags["mlflow.loggedArtifacts"])
    assert tag == [{"path": name, "type": "table"} for name in ("t/a.json", "one.json", "uneven.json")]


def test_values_of_tables_are_written_as_mlflow_writes_them(client: MlflowClient, run_id: str) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_901)
    values = [moment, moment.replace(tzinfo=timezone.utc), math.nan, math.inf, None, np.float32(0.5), np.arange(2), {"a": {1}}, True]  # fmt: skip
    expected = ["2026-01-02T03:04:05.678", "2026-01-02T03:04:05.678Z", None, None, None, 0.5, [0, 1], {"a": [1]}, True]
    client.log_table(run_id, {"v": values}, "v.json")
    assert [row[0] for row in table(client, run_id, "v.json")["data"]] == expected
    frame = pd.DataFrame({"t": pd.to_datetime(["2026-01-02", None]), "i": pd.array([1, None], dtype="Int64")})
    client.log_table(run_id, frame, "f.json")
    assert table(client, run_id, "f.json")["data"] == [["2026-01-02T00:00:00.000", 1], [None, None]]


@pytest.mark.parametrize("data", [[1], "a", {"a": [object()]}, pd.DataFrame([[1, 2]], columns=["a", "a"])])
def test_what_is_no_table_is_refused(client: MlflowClient, run_id: str, data: Any) -> None:
    with pytest.raises(InvalidParameter):
        client.log_table(run_id, data, "t.json")
    with pytest.raises(InvalidParameter, match=r"\.json or \.parquet"):
        client.log_table(run_id, {"a": [1]}, "t.txt")
    assert names(client, run_id) == []


def test_images_in_tables_are_files_beside_them(client: MlflowClient, run_id: str) -> None:
    client.log_table(run_id, pd.DataFrame({"id": [1], "image": [Image(PIXELS)]}), "sub/t.json")
    ((_, placed),) = table(client, run_id, "sub/t.json")["data"]
    assert placed["type"] == "image"
    assert placed["filepath"].startswith("table_images/sub/t/")
    with PIL.Image.open(io.BytesIO(read(client, run_id, placed["filepath"]))) as image:
        assert np.array_equal(np.asarray(image), PIXELS)
    with PIL.Image.open(io.BytesIO(read(client, run_id, placed["compressed_filepath"]))) as image:
        assert image.format == "WEBP"


def test_tables_of_several_runs_are_loaded_together(client: MlflowClient) -> None:
    experiment = client.create_experiment(f"tables of {os.urandom(4).hex()}")
    runs = [client.create_run(experiment, start_time=1000 + i).info.run_id for i in range(3)]
    for i, run_id in enumerate(runs):
        client.log_param(run_id, "p", f"v{i}")
        client.log_table(run_id, {"n": [i, i + 10]}, "it's 100%.json" if i < 2 else "another.json")
    client.set_tag(client.create_run(experiment).info.run_id, "mlflow.loggedArtifacts", "no JSON, it's 100%.json")
    loaded = client.load_table(experiment, "it's 100%.json", extra_columns=["run_id", "params.p", "start_time"])
    assert list(loaded["n"]) == [1, 11, 0, 10]
    assert list(loaded["run_id"]) == [runs[1]] * 2 + [runs[0]] * 2
    assert list(loaded["params.p"]) == ["v1", "v1", "v0", "v0"]
    assert loaded["start_time"][0] == pd.Timestamp(1001, unit="ms", tz="UTC")
    assert list(client.load_table(experiment, "it's 100%.json", run_ids=runs[:1])["n"]) == [0, 10]
    with pytest.raises(MlflowException) as caught:
        client.load_table(experiment, "none.json")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(InvalidParameter, match="extra_columns"):
        client.load_table(experiment, "another.json", extra_columns=["nothing"])


def test_files_of_models_are_stored_and_fetched_by_every_name(
    client: MlflowClient, local: Path, tmp_path: Path
) -> None:
    model_id = client.create_logged_model("0", "m").model_id
    client.log_model_artifacts(model_id, local)
    client.log_model_artifact(model_id, local / "one.txt", "more")
    assert [file.path for file in client.list_logged_model_artifacts(model_id, "more")] == ["more/one.txt"]
    assert {file.path for file in client.list_logged_model_artifacts(model_id)} >= {"one.txt", "sub", "more"}
    name = f"model-{os.urandom(4).hex()}"
    client.create_registered_model(name)
    client.create_model_version(name, f"models:/{model_id}", model_id=model_id)
    client.set_registered_model_alias(name, "champion", "1")
    for i, uri in enumerate(
        (f"models:/{model_id}", f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/latest")
    ):
        assert contents(Path(artifacts.download_artifacts(f"{uri}/sub", dst_path=str(tmp_path / str(i))))) == contents(
            local / "sub"
        )
        assert artifacts.load_text(f"{uri}/one.txt") == "content of one.txt"
        assert [file.path for file in artifacts.list_artifacts(f"{uri}/more")] == ["more/one.txt"]
    moment = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    assert artifacts.load_text(f"models:/{name}@champion/one.txt?as_of={moment}") == "content of one.txt"


def test_the_functions_of_artifacts_take_runs_and_locations(
    client: MlflowClient, run_id: str, local: Path, tmp_path: Path
) -> None:
    client.log_artifacts(run_id, local, "a/b")
    location = str(client.get_run(run_id).info.artifact_uri)
    target = str(tmp_path / "target")
    for given in ({"run_id": run_id, "artifact_path": "a/b"}, {"artifact_uri": f"runs:/{run_id}/a/b"}, {"artifact_uri": f"{location}/a/b"}):  # fmt: skip
        assert artifacts.download_artifacts(**given, dst_path=target) == f"{target}/b"
        assert contents(tmp_path / "target" / "b") == contents(local)
    assert [file.path for file in artifacts.list_artifacts(run_id=run_id, artifact_path="a")] == ["a/b"]
    assert [file.path for file in artifacts.list_artifacts(f"runs:/{run_id}")] == ["a"]
    assert "b/one.txt" in [file.path for file in artifacts.list_artifacts(f"{location}/a/b")]
    repository = artifacts.get_artifact_repository(f"{location}/a")
    repository.log_artifact(str(local / "one.txt"), "c")
    assert [file.path for file in repository.list_artifacts("c")] == ["c/one.txt"]
    assert Path(repository.download_artifacts("c/one.txt", target)) == tmp_path / "target" / "c" / "one.txt"
    for wrong in ({}, {"artifact_uri": "a", "run_id": "b"}, {"artifact_uri": "a", "artifact_path": "b"}):
        with pytest.raises(InvalidParameter):
            artifacts.download_artifacts(**wrong)


def test_what_a_file_holds_is_loaded(client: MlflowClient, run_id: str) -> None:
    client.log_dict(run_id, {"a": 1}, "a.json")
    client.log_stream(run_id, io.BytesIO(b"\xff"), "bytes")
    client.log_image(run_id, PIXELS, "a.png")
    assert artifacts.load_dict(f"runs:/{run_id}/a.json") == {"a": 1}
    assert np.array_equal(np.asarray(artifacts.load_image(f"runs:/{run_id}/a.png")), PIXELS)
    for load, name in (
        (artifacts.load_text, "bytes"),
        (artifacts.load_dict, "bytes"),
        (artifacts.load_image, "a.json"),
    ):
        with pytest.raises(MlflowException) as caught:
            load(f"runs:/{run_id}/{name}")
        assert caught.value.error_code == "BAD_REQUEST"


def test_the_location_of_a_run_is_asked_once(client: MlflowClient, run_id: str) -> None:
    client.log_text(run_id, "x", "a")
    before = locations.of_run.cache_info()
    for i in range(5):
        client.log_text(run_id, "x", f"b{i}")
    after = locations.of_run.cache_info()
    assert (after.hits - before.hits, after.misses) == (5, before.misses)


@pytest.mark.parametrize(
    ("uri", "scheme"), [("C:\\a", ""), ("/a:b", ""), ("S3://b", "s3"), ("a/b", ""), ("file:a", "file")]
)
def test_drives_are_no_schemes(uri: str, scheme: str) -> None:
    assert scheme_of(uri) == scheme

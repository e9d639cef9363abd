"""Datasets: what is logged of them, where they come from, and what they never tell."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy
import pandas
import pytest

import genesis_flow as mlflow
from genesis_flow import data
from genesis_flow.data import dataset_source_registry
from genesis_flow.data.artifact_dataset_sources import LocalArtifactDatasetSource, S3ArtifactDatasetSource
from genesis_flow.data.code_dataset_source import CodeDatasetSource
from genesis_flow.data.dataset_source import DatasetSource
from genesis_flow.data.dataset_source_registry import register_dataset_source, resolve_dataset_source
from genesis_flow.data.http_dataset_source import HTTPDatasetSource
from genesis_flow.data.meta_dataset import MetaDataset
from genesis_flow.errors import (
    ArtifactNotFound,
    InvalidParameter,
    InvalidPath,
    NotYet,
    Unavailable,
    UnknownDatasetSource,
)

FRAME = pandas.DataFrame({"x": [1.5, 2.5], "label": ["a", None]})


def test_a_data_frame_is_logged_with_digest_schema_and_profile() -> None:
    dataset = data.from_pandas(FRAME, source="train.csv", name="train", targets="label")
    assert dataset.to_dict() == {
        "name": "train",
        "digest": dataset.digest,
        "source": '{"uri": "train.csv"}',
        "source_type": "local",
        "schema": json.dumps(
            {
                "mlflow_colspec": [
                    {"type": "double", "name": "x", "required": True},
                    {"type": "string", "name": "label", "required": False},
                ]
            }
        ),
        "profile": '{"num_rows": 2, "num_elements": 4}',
    }
    assert json.loads(dataset.to_json()) == dataset.to_dict()
    assert (dataset.df is FRAME, dataset.targets, dataset.predictions) == (True, "label", None)


def test_the_digest_follows_from_the_contents() -> None:
    same = [data.from_pandas(FRAME.copy(), name=name).digest for name in ("a", "b")]
    others = [FRAME.assign(x=[1.5, 2.6]), FRAME.rename(columns={"x": "y"}), FRAME.iloc[:1]]
    digests = {data.from_pandas(frame).digest for frame in others}
    assert same[0] == same[1]
    assert len({same[0], *digests}) == 4
    assert all(len(digest) == 8 and int(digest, 16) >= 0 for digest in digests)
    assert data.from_pandas(FRAME, digest="mine").digest == "mine"


def test_arrays_are_logged_with_their_shapes() -> None:
    dataset = data.from_numpy({"x": numpy.zeros((3, 2), "f4")}, targets=numpy.arange(3))
    assert dataset.profile == {
        "features_shape": {"x": [3, 2]},
        "features_size": {"x": 6},
        "features_nbytes": {"x": 24},
        "targets_shape": [3],
        "targets_size": 3,
        "targets_nbytes": 24,
    }
    logged = json.loads(dataset.to_dict()["schema"])["mlflow_tensorspec"]
    assert json.loads(logged["features"]) == [
        {"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}
    ]
    assert json.loads(logged["targets"]) == [{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="DataFrame"):
        data.from_pandas([1, 2])
    with pytest.raises(InvalidParameter, match="column of the data frame"):
        data.from_pandas(FRAME, targets="nothing")
    with pytest.raises(InvalidParameter, match="array"):
        data.from_numpy({"x": 3})  # type: ignore[dict-item]
    with pytest.raises(InvalidParameter, match="array"):
        data.from_numpy(numpy.arange(2), targets=[1])  # type: ignore[arg-type]


def test_what_comes_later_says_so() -> None:
    dataset = data.from_pandas(FRAME)
    for name in ("from_spark", "from_tensorflow", "from_huggingface", "load_delta"):
        assert not hasattr(data, name)
        with pytest.raises(NotYet, match=rf"{name} .* docs/compatibility\.md"):
            getattr(data, name)
    with pytest.raises(AttributeError, match="from_nothing"):
        data.from_nothing  # noqa: B018
    with pytest.raises(NotYet, match="to_evaluation_dataset"):
        dataset.to_evaluation_dataset()
    with pytest.raises(NotYet, match="to_pyfunc"):
        dataset.to_pyfunc()


def test_the_package_loads_neither_pandas_nor_numpy_nor_an_http_library() -> None:
    script = "import genesis_flow.data, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"pandas", "numpy", "urllib3", "psutil"} & set(done.stdout.split()) == set()


# --- sources ----------------------------------------------------------------------------------------------------


def test_a_dataset_without_a_source_comes_from_this_program() -> None:
    source = data.from_pandas(FRAME).source
    assert isinstance(source, CodeDatasetSource)
    assert source.to_dict()["tags"]["mlflow.source.name"] == sys.argv[0]


@pytest.mark.parametrize(
    ("uri", "logged"),
    [
        ("https://ada:secret@example.org/x.csv", "https://example.org/x.csv"),
        ("https://example.org/x.csv?X-Amz-Signature=secret&v=1", "https://example.org/x.csv"),
        ("https://a.blob.core.windows.net/c/x?sv=1&sig=secret", "https://a.blob.core.windows.net/c/x"),
        ("ftp://ada:secret@example.org/x", "ftp://example.org/x"),
        ("https://ada:secret@[broken/x", ""),
        ("https://example.org/x.csv?version=2#part", "https://example.org/x.csv?version=2#part"),
        ("wasbs://container@account.blob.core.windows.net/x", "wasbs://container@account.blob.core.windows.net/x"),
    ],
)
def test_a_source_never_tells_a_secret(uri: str, logged: str) -> None:
    source = resolve_dataset_source(uri)
    assert list(source.to_dict().values()) == [logged]
    assert "secret" not in repr(source) + source.to_json()


@pytest.mark.parametrize("raw", ["az://secret/x", "foo:secret", 123, ["a"], b"x", None])
def test_a_source_that_is_not_understood_is_told_without_its_contents(raw: Any) -> None:
    with pytest.raises(UnknownDatasetSource) as refused:
        resolve_dataset_source(raw)
    assert refused.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert "secret" not in str(refused.value)


def test_a_source_is_found_again_from_what_was_logged() -> None:
    for dataset in (
        data.from_pandas(FRAME, source="s3://bucket/train"),
        MetaDataset(HTTPDatasetSource("http://h/x"), name="n"),
        data.from_pandas(FRAME),
    ):
        logged = dataset._to_mlflow_entity()
        for one in (dataset, logged, mlflow.entities.DatasetInput(logged, [])):
            source = data.get_source(one)
            assert (type(source), source.to_dict()) == (type(dataset.source), dataset.source.to_dict())
    with pytest.raises(InvalidParameter, match="dataset"):
        data.get_source("train")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["{}", "[1]", "no json", '{"uri": 3}', "null"])
def test_a_source_that_was_logged_wrongly_is_refused(text: str) -> None:
    for kind in ("local", "s3", "http"):
        with pytest.raises(InvalidParameter):
            data.get_dataset_source_from_json(text, kind)
    with pytest.raises(UnknownDatasetSource):
        data.get_dataset_source_from_json(text, "nothing")


def test_a_program_adds_a_kind_of_source(monkeypatch: pytest.MonkeyPatch) -> None:
    class TableSource(LocalArtifactDatasetSource):
        """Tables by name."""

        scheme = "table"

        @classmethod
        def _can_resolve(cls, raw_source: Any) -> bool:
            return isinstance(raw_source, str) and raw_source.startswith("table:")

    monkeypatch.setattr(dataset_source_registry, "_added", [])
    register_dataset_source(TableSource)
    dataset = data.from_pandas(FRAME, source="table:orders")
    assert isinstance(dataset.source, TableSource)
    assert isinstance(data.get_source(dataset._to_mlflow_entity()), TableSource)
    with pytest.raises(UnknownDatasetSource):
        resolve_dataset_source("table:orders", candidate_sources=[S3ArtifactDatasetSource])


def test_a_source_of_this_machine_is_a_path_or_a_copy(tmp_path: Path) -> None:
    folder = tmp_path / "da ta"
    folder.mkdir()
    (folder / "x.csv").write_text("a\n1\n")
    for uri in (str(folder / "x.csv"), (folder / "x.csv").as_uri()):
        source = LocalArtifactDatasetSource(uri)
        assert source.load() == str(folder / "x.csv")
        assert Path(source.load(str(tmp_path / "copy"))).read_text() == "a\n1\n"
    copy = LocalArtifactDatasetSource(str(folder)).load(str(tmp_path / "copies"))
    assert (Path(copy) / "x.csv").read_text() == "a\n1\n"


def test_a_source_of_this_machine_is_read_as_artifacts_are(tmp_path: Path) -> None:
    folder, secret = tmp_path / "data", tmp_path / "secret"
    folder.mkdir()
    secret.write_text("secret")
    (folder / "x.csv").write_text("a\n1\n")
    (folder / "link").symlink_to(secret)
    copy = Path(LocalArtifactDatasetSource(str(folder)).load(str(tmp_path / "copies")))
    assert [path.name for path in copy.iterdir()] == ["x.csv"]
    with pytest.raises(ArtifactNotFound):
        LocalArtifactDatasetSource(str(folder / "gone.csv")).load()
    uri = folder.as_uri().replace("file://", "file://elsewhere.example")
    with pytest.raises(InvalidPath, match="without a host"):
        LocalArtifactDatasetSource(uri).load(str(tmp_path / "of nobody"))
    assert not (tmp_path / "of nobody").exists()


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
    """A server that answers everything alike, at the address that is yielded."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("path", "disposition", "name"),
    [
        ("/folder/train.csv?x=/y", "", "train.csv"),
        ("/", "", "dataset"),
        ("/%2e%2e%2fup.csv", "", "up.csv"),
        ("/a/..%2f..", "", "dataset"),
        ("/x", 'attachment; filename="told.csv"', "told.csv"),
        ("/x", 'attachment; filename="../../up.csv"', ".._.._up.csv"),
        ("/x", "attachment; filename=/etc/passwd", "_etc_passwd"),
        ("/x", 'attachment; filename=".."', "dataset"),
    ],
)
def test_a_file_of_the_web_stays_in_its_folder(path: str, disposition: str, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "in" / "side"
    with answering(200, {"Content-Length": "4", "Content-Disposition": disposition}, b"a\n1\n") as address:
        found = HTTPDatasetSource(address + path).load(str(folder))
    assert (found, Path(found).read_bytes()) == (str(folder / name), b"a\n1\n")
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [folder / name]


def test_a_file_of_the_web_is_complete_or_not_there(tmp_path: Path) -> None:
    with answering(200, {"Content-Length": "400"}, b"half") as address, pytest.raises(Unavailable):
        HTTPDatasetSource(f"{address}/x").load(str(tmp_path))
    with answering(403, {"Content-Length": "0"}, b"") as address, pytest.raises(Unavailable, match="403"):
        HTTPDatasetSource(f"{address}/x").load(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


# --- in a run ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tracking_uri")
def test_a_run_is_given_datasets() -> None:
    mlflow.set_experiment(f"of {uuid4().hex}")
    datasets = [
        data.from_pandas(FRAME, source="train.csv", name="train"),
        data.from_numpy(numpy.arange(3), name="array"),
        MetaDataset(HTTPDatasetSource("https://ada:secret@example.org/x"), name="files"),
    ]
    with mlflow.start_run() as run:
        for dataset in datasets:
            mlflow.log_input(dataset, context="training", tags={"part": "1"})
    inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    found = {one.dataset.name: one for one in inputs}
    for dataset in datasets:
        assert found[dataset.name].dataset == dataset._to_mlflow_entity()
        assert {tag.key: tag.value for tag in found[dataset.name].tags} == {
            "mlflow.data.context": "training",
            "part": "1",
        }
    source: DatasetSource = data.get_source(found["files"])
    assert source.to_dict() == {"url": "https://example.org/x"}

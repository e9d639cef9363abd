"""Artifacts: the proxy's upload, download, list and delete; `artifacts/list`; `get-artifact`."""

from __future__ import annotations

from typing import Any

from tests.differential.call import DELETE, GET, POST, PUT, Call, Sections

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


def _put(path: str, body: bytes) -> Call:
    return PUT(f"{PROXY}/{path}", body, headers={"Content-Type": "application/octet-stream"})


def _get(path: str) -> Call:
    return GET(f"{PROXY}/{path}")


def _list(**query: str) -> Call:
    return GET(PROXY, query)


def _of_run(**query: str) -> Call:
    return GET("artifacts/list", {"run_id": "$r", **query})


def _file(**query: Any) -> Call:
    return GET("/get-artifact", query)


CALLS: Sections = {
    "files go up and come down": [
        POST("experiments/create", {"name": "artifacts"}, save={"e": "experiment_id"}),
        POST(
            "runs/create",
            {"experiment_id": "$e", "start_time": 1, "run_name": "a"},
            save={"r": "run.info.run_id"},
        ),
        _put("$e/$r/artifacts/hello.txt", b"hello\n"),
        _put("$e/$r/artifacts/dir/data.json", b'{"a": 1}'),
        _put("$e/$r/artifacts/dir/deep/page.html", b"<script>alert(1)</script>"),
        _put("$e/$r/artifacts/empty.bin", b""),
        _put("$e/$r/artifacts/with%20space.csv", b"a,b\n1,2\n"),
        _put("$e/$r/artifacts/%C3%BCn%C3%AF%20%F0%9F%A7%AA.txt", b"unicode"),
        _put("$e/$r/artifacts/100%25.txt", b"percent"),
        _put("$e/$r/artifacts/plus+plus.txt", b"plus"),
        _put("$e/$r/artifacts/noext", b"\x00\x01\xff"),
        _put("$e/$r/artifacts/table.parquet", b"PAR1"),
        _get("$e/$r/artifacts/hello.txt"),
        _get("$e/$r/artifacts/dir/data.json"),
        _get("$e/$r/artifacts/dir/deep/page.html"),
        _get("$e/$r/artifacts/empty.bin"),
        _get("$e/$r/artifacts/with%20space.csv"),
        _get("$e/$r/artifacts/%C3%BCn%C3%AF%20%F0%9F%A7%AA.txt"),
        _get("$e/$r/artifacts/100%25.txt"),
        _get("$e/$r/artifacts/plus+plus.txt"),
        _get("$e/$r/artifacts/noext"),
        _put("$e/$r/artifacts/hello.txt", b"replaced\n"),
        _get("$e/$r/artifacts/hello.txt"),
        GET("/ajax-api/2.0/mlflow-artifacts/artifacts/$e/$r/artifacts/hello.txt"),
        GET(f"{PROXY}/$e/$r/artifacts/hello.txt", headers={"Range": "bytes=0-2"}),
        GET(f"{PROXY}/$e/$r/artifacts/hello.txt", headers={"Range": "bytes=99-"}),
    ],
    "the proxy refuses": [
        _get("$e/$r/artifacts/none.txt"),
        _get("$e/$r/artifacts/dir"),
        _get("$e/$r/artifacts/"),
        _get("nowhere/at/all"),
        _get("$e/$r/artifacts/../artifacts/hello.txt"),
        _get("../store.db"),
        _get("%2e%2e/store.db"),
        _get("..%2fstore.db"),
        _get("%252e%252e/store.db"),
        _get("..%5cstore.db"),
        _get("/etc/passwd"),
        _get("%2fetc/passwd"),
        _get("file:///etc/passwd"),
        _put("../escaped.txt", b"x"),
        _put("%2e%2e/escaped.txt", b"x"),
        _put("..%2fescaped.txt", b"x"),
        _put("a/../../escaped.txt", b"x"),
        _put("%2ftmp/escaped.txt", b"x"),
        _put("$e/$r/artifacts/hello.txt/below.txt", b"x"),
        _put("$e/$r/artifacts/dir", b"x"),
        PUT(PROXY, b"x"),
        PUT(f"{PROXY}/", b"x"),
        POST(f"{PROXY}/$e/x.txt", {}),
    ],
    "folders are listed": [
        _list(path="$e/$r/artifacts"),
        _list(path="$e/$r/artifacts/"),
        _list(path="$e/$r/artifacts/dir"),
        _list(path="$e/$r/artifacts/dir/deep"),
        _list(path="$e/$r/artifacts/hello.txt"),
        _list(path="$e/$r/artifacts/none"),
        _list(path="none"),
        _list(path="../"),
        _list(path="%2e%2e"),
        _list(path="/etc"),
        _list(path="a/../../b"),
        _list(path="a\\..\\b"),
        GET("/ajax-api/2.0/mlflow-artifacts/artifacts", {"path": "$e/$r/artifacts/dir"}),
    ],
    "a run's folders are listed": [
        _of_run(),
        _of_run(path="dir"),
        _of_run(path="dir/"),
        _of_run(path="dir/deep"),
        _of_run(path="hello.txt"),
        _of_run(path="none"),
        _of_run(path=""),
        _of_run(path=".."),
        _of_run(path="../.."),
        _of_run(path="dir/../.."),
        _of_run(path="dir/.."),
        _of_run(path="%2e%2e"),
        _of_run(path="/etc"),
        _of_run(path="."),
        _of_run(path="./dir"),
        _of_run(path="with space.csv"),
        _of_run(page_token="x"),
        GET("artifacts/list", {"run_uuid": "$r"}),
        GET("artifacts/list"),
        GET("artifacts/list", {"run_id": "f" * 32}),
        GET("/ajax-api/2.0/mlflow/artifacts/list", {"run_id": "$r", "path": "dir"}),
        POST("artifacts/list", {"run_id": "$r"}),
        POST(
            "runs/create",
            {"experiment_id": "$e", "start_time": 1, "run_name": "b"},
            save={"r2": "run.info.run_id"},
        ),
        GET("artifacts/list", {"run_id": "$r2"}),
    ],
    "a run's file for the page": [
        _file(run_id="$r", path="hello.txt"),
        _file(run_uuid="$r", path="hello.txt"),
        _file(run_id="$r", path="dir/data.json"),
        _file(run_id="$r", path="dir/deep/page.html"),
        _file(run_id="$r", path="with space.csv"),
        _file(run_id="$r", path="ünï 🧪.txt"),
        _file(run_id="$r", path="100%.txt"),
        _file(run_id="$r", path="empty.bin"),
        _file(run_id="$r", path="noext"),
        _file(run_id="$r", path="none.txt"),
        _file(run_id="$r", path="dir"),
        _file(run_id="$r", path=""),
        _file(run_id="$r", path="../artifacts/hello.txt"),
        _file(run_id="$r", path="../../../../store.db"),
        _file(run_id="$r", path="%2e%2e/x"),
        _file(run_id="$r", path="/etc/passwd"),
        _file(run_id="$r", path="file:///etc/passwd"),
        _file(run_id="$r"),
        _file(path="hello.txt"),
        _file(run_id="f" * 32, path="hello.txt"),
        POST("/get-artifact", {"run_id": "$r", "path": "hello.txt"}),
        GET("/ajax-api/2.0/mlflow/get-artifact", {"run_id": "$r", "path": "hello.txt"}),
        POST("/ajax-api/2.0/mlflow/upload-artifact", query={"run_id": "$r", "path": "up.txt"}, body=b"up"),
        POST("/ajax-api/2.0/mlflow/upload-artifact", query={"run_uuid": "$r", "path": "up.txt"}, body=b"up"),
        POST("/ajax-api/2.0/mlflow/upload-artifact", query={"run_uuid": "$r", "path": "../up.txt"}, body=b"up"),
        POST("/ajax-api/2.0/mlflow/upload-artifact", query={"run_uuid": "$r"}, body=b"up"),
        POST("/ajax-api/2.0/mlflow/upload-artifact", query={"path": "up.txt"}, body=b"up"),
        POST("/ajax-api/2.0/mlflow/upload-artifact", query={"run_uuid": "$r", "path": "none.txt"}),
        _file(run_id="$r", path="up.txt"),
    ],
    "a model's files": [
        POST("logged-models", {"experiment_id": "$e", "name": "m"}, save={"m": "model.info.model_id"}),
        GET("logged-models/$m/artifacts/directories"),
        _put("$e/models/$m/artifacts/MLmodel", b"flavors: {}\n"),
        _put("$e/models/$m/artifacts/data/weights.bin", b"\x00\x01"),
        GET("logged-models/$m/artifacts/directories"),
        GET("logged-models/$m/artifacts/directories", {"artifact_directory_path": "data"}),
        GET("logged-models/$m/artifacts/directories", {"artifact_directory_path": "none"}),
        GET("logged-models/$m/artifacts/directories", {"artifact_directory_path": ".."}),
        GET("/ajax-api/2.0/mlflow/logged-models/$m/artifacts/files", {"artifact_file_path": "MLmodel"}),
        GET(
            "/ajax-api/2.0/mlflow/logged-models/$m/artifacts/files",
            {"artifact_file_path": "data/weights.bin"},
        ),
        GET("/ajax-api/2.0/mlflow/logged-models/$m/artifacts/files", {"artifact_file_path": "none"}),
        GET("/ajax-api/2.0/mlflow/logged-models/$m/artifacts/files", {"artifact_file_path": "../MLmodel"}),
        GET("/ajax-api/2.0/mlflow/logged-models/$m/artifacts/files"),
        GET("logged-models/$m/artifacts/files", {"artifact_file_path": "MLmodel"}),
    ],
    "files are deleted": [
        DELETE(f"{PROXY}/$e/$r/artifacts/hello.txt"),
        _get("$e/$r/artifacts/hello.txt"),
        DELETE(f"{PROXY}/$e/$r/artifacts/hello.txt"),
        DELETE(f"{PROXY}/$e/$r/artifacts/dir"),
        _list(path="$e/$r/artifacts"),
        DELETE(f"{PROXY}/$e/$r/artifacts/none"),
        DELETE(f"{PROXY}/../store.db"),
        DELETE(f"{PROXY}/%2e%2e/store.db"),
        DELETE(f"{PROXY}/%2fetc/passwd"),
        DELETE(f"{PROXY}/"),
        DELETE(PROXY),
        _of_run(),
    ],
    "a location with a secret": [
        POST("experiments/create", {"name": "with a key", "artifact_location": "s3://key:hidden@bucket/x"}),
        POST("experiments/create", {"name": "with a link", "artifact_location": "wasbs://c@a.example/x?sig=hidden"}),
    ],
    "a run whose artifacts are elsewhere": [
        POST(
            "experiments/create",
            {"name": "artifacts elsewhere", "artifact_location": "file:///nonexistent/place"},
            save={"f": "experiment_id"},
        ),
        POST(
            "runs/create",
            {"experiment_id": "$f", "start_time": 1, "run_name": "c"},
            save={"r3": "run.info.run_id"},
        ),
        GET("artifacts/list", {"run_id": "$r3"}),
        _file(run_id="$r3", path="hello.txt"),
    ],
}

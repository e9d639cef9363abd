"""What can be seen from outside: the table of operations, its answers, and what an import costs."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import genesis_flow
from genesis_flow.artifact_stores.local import LocalArtifactStore
from genesis_flow.artifact_stores.open import Roots
from genesis_flow.cli.main import server
from genesis_flow.server.app import Application
from genesis_flow.server.monitor import Monitor
from genesis_flow.server.settings import Settings
from genesis_flow.service.service import Service
from genesis_flow.stores.memory import MemoryStore
from genesis_flow.values.message import Message
from genesis_flow.wire.operations import MLFLOW, OPERATIONS, Operation

Row = Operation[Any, Any]

ROOT = Path(__file__).resolve().parents[1]
GENERATOR = runpy.run_path(str(ROOT / "contract" / "generate.py"))
CONTRACT, NAMES = GENERATOR["CONTRACT"], GENERATOR["NAMES"]
OF_FILES = {
    *("download_artifact", "upload_artifact", "delete_artifact", "get_presigned_download_url"),
    *("create_multipart_upload", "complete_multipart_upload", "abort_multipart_upload"),
}
IMPLEMENTED = Service(MemoryStore(artifact_root=""), Roots()).implemented | OF_FILES


# --- the contract -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("generator", ["contract/generate.py", "docs/generate.py"])
def test_generated_files_are_as_their_generator_writes_them(generator: str) -> None:
    done = subprocess.run([sys.executable, generator, "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_table_is_that_of_the_contract_row_by_row() -> None:
    ours = [(row.method, row.path, row.request.__name__, row.response.__name__) for row in MLFLOW]
    theirs = [
        (
            e["method"],
            e["path"].replace("<path:artifact_path>", "{artifact_path}"),
            NAMES[e["request"]],
            NAMES[e["response"]],
        )
        for e in CONTRACT["endpoints"]
    ]
    assert len(ours) == 187
    assert ours == theirs


def test_the_messages_of_a_row_have_the_fields_of_the_contract() -> None:
    for row, endpoint in zip(MLFLOW, CONTRACT["endpoints"], strict=True):
        for type_, name in ((row.request, endpoint["request"]), (row.response, endpoint["response"])):
            theirs = {field["name"] for field in CONTRACT["messages"][name]}
            assert {field.rstrip("_") for field in type_.__struct_fields__} == theirs, name


def test_every_row_says_which_permission_it_needs() -> None:
    assert [row.name for row in OPERATIONS if not re.fullmatch("[a-z_]+:(read|write|delete)", row.permission)] == []


def test_a_row_without_a_permission_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="permission"):
        Operation("steal", "GET", "/api/2.0/mlflow/steal", Message, Message, "")


def test_reading_needs_no_permission_to_write() -> None:
    assert [row.name for row in OPERATIONS if row.method == "GET" and not row.permission.endswith(":read")] == []


# --- what is answered -------------------------------------------------------------------------------------------


@pytest.fixture
def application(tmp_path: Path) -> Application:
    roots = Roots(destination=LocalArtifactStore(str(tmp_path)))
    return Application(MemoryStore(artifact_root="mlflow-artifacts:/"), roots, Settings(), Monitor(lambda: 0))


async def ask(application: Application, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    """Status and decoded JSON of the answer to a request that goes straight into the application."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost:5000"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    await application(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], json.loads(text) if text else None


def filled(path: str) -> str:
    """A path with something in the place of each field."""
    return re.sub(r"\{.*?\}", "x", path)


def request_id(row: Row) -> str:
    return f"{row.method} {row.path}"


@pytest.mark.parametrize("row", [row for row in MLFLOW if row.name not in IMPLEMENTED], ids=request_id)
async def test_what_is_not_implemented_answers_501_in_the_shape_of_mlflow(application: Application, row: Row) -> None:
    for path in (filled(row.path), filled(row.mirror)):
        status, answer = await ask(application, row.method, path, b"{}")
        assert (status, answer["error_code"], set(answer)) == (501, "NOT_IMPLEMENTED", {"error_code", "message"})
        assert f"'{row.name}'" in answer["message"]


@pytest.mark.parametrize("row", [row for row in OPERATIONS if row.name in IMPLEMENTED], ids=request_id)
async def test_what_is_implemented_never_answers_501(application: Application, row: Row) -> None:
    for path in (filled(row.path), filled(row.mirror)):
        status, answer = await ask(application, row.method, path, b"" if row.method == "GET" else b"{}")
        # A folder has no links; that it has none is an answer of the operation, not the lack of one.
        assert status in (200, 400, 404) or (row.name, status) == ("get_presigned_download_url", 501), answer
        assert "not of this version" not in str(answer)


async def test_the_openapi_document_describes_what_is_implemented_and_nothing_else(application: Application) -> None:
    status, document = await ask(application, "GET", "/openapi.json")
    assert status == 200
    assert document["openapi"].startswith("3.1.")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    rows = {(row.method, row.path) for row in OPERATIONS if row.name in IMPLEMENTED - OF_FILES}
    assert described == rows


async def test_every_reference_in_the_openapi_document_is_defined_there(application: Application) -> None:
    _, document = await ask(application, "GET", "/openapi.json")
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references
    assert references <= set(document["components"]["schemas"])


# --- what an import costs ---------------------------------------------------------------------------------------


def loaded_by(statement: str) -> set[str]:
    """The packages that are there after a statement in a fresh Python."""
    code = f"{statement}; import sys; print(*sys.modules)"
    path = str(Path(genesis_flow.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_no_library() -> None:
    heavy = {"msgspec", "urllib3", "sqlalchemy", "uvicorn", "uvloop", "click", "prometheus_client", "asyncio", "http"}
    assert loaded_by("import genesis_flow") & heavy == set()


def test_the_command_line_loads_the_server_only_when_it_starts_one() -> None:
    loaded = loaded_by("import genesis_flow.cli.main")
    assert "click" in loaded
    assert loaded & {"msgspec", "urllib3", "sqlalchemy", "uvicorn", "prometheus_client"} == set()


def test_the_table_of_operations_loads_no_http_library_and_no_database() -> None:
    loaded = loaded_by("import genesis_flow.wire.operations, genesis_flow.stores.open")
    assert "msgspec" in loaded
    assert loaded & {"urllib3", "sqlalchemy", "uvicorn", "prometheus_client"} == set()


# --- the repository ---------------------------------------------------------------------------------------------


def documented(option: click.Option) -> Iterator[str]:
    """The spellings of an option that its page must have."""
    yield from (spelling for spelling in (*option.opts, *option.secondary_opts) if spelling.startswith("--"))
    if option.envvar:
        assert isinstance(option.envvar, str)
        yield option.envvar


def test_the_operating_manual_names_every_option_and_variable() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    spellings = [word for option in server.params if isinstance(option, click.Option) for word in documented(option)]
    assert "MLFLOW_BACKEND_STORE_URI" in spellings
    assert [spelling for spelling in spellings if f"`{spelling}`" not in page] == []


def test_the_operating_manual_names_every_metric_that_the_server_counts() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    monitor = Monitor(lambda: 0)
    monitor.answered("GET", "/health", 200, 0.001)
    families = re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram)$", monitor.text().decode(), re.MULTILINE)
    ours = [family for family in families if not family.endswith("_created")]
    assert "genesis_flow_requests_total" in ours
    assert [family for family in ours if f"`{family}`" not in page] == []


def texts() -> Iterator[tuple[str, str]]:
    """Path and text of every file of the repository that people write or read."""
    folders = ("src", "tests", "docs", "design", "contract", "bench", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")] + list(ROOT.glob("*"))
    for path in files:
        within = path.relative_to(ROOT)
        if path.is_file() and not {"__pycache__", "results"} & set(within.parts) and ".db" not in path.name:
            yield str(within), path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_a_folder_of_its_authors_machine() -> None:
    # Also this checkout and the home of whoever runs the test, wherever they are.
    here = "|".join(re.escape(str(path)) for path in (ROOT, Path.home()) if len(path.parts) > 1)
    homes = re.compile(rf"(?<!\w)(?:{here or '/home/user'}|/home/\w+|/Users/\w+|[A-Z]:\\Users\\\w+)[/\\]")
    found = {path: homes.findall(text) for path, text in texts() if path != "tests/test_surface.py"}
    assert len(found) > 100
    assert {path: hits for path, hits in found.items() if hits} == {}

"""A real server for tests: a process of its own on a free port, and a client that sends whatever bytes it is told to."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

import genesis_flow

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 40
ANSWER_TIMEOUT_S = 60
OWN_PORTS = range(20_000, 32_000)

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
TABLE = "/api/genesis/v1/runs/table"
STAGING = ".genesis-flow-staging"
DIGESTS = ".genesis-flow-digests"

# RLIMIT_FSIZE is the one limit that makes a disk "full" for one process, whoever runs it.
LIMITED = (
    "import resource, runpy, sys; size = int(sys.argv.pop(1)); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)); "
    "runpy.run_module('genesis_flow', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)

    @property
    def error_code(self) -> str:
        """The code of an error in MLflow's shape."""
        code = self.json["error_code"]
        assert isinstance(code, str)
        return code

    @property
    def message(self) -> str:
        """The sentence of an error in MLflow's shape."""
        message = self.json["message"]
        assert isinstance(message, str)
        return message


@dataclass
class Server:
    """A running server.

    Attributes:
        folder: where it keeps everything, and where its log is.
        port: where it listens.
        process: the one that was started; its children are the workers, if there are several.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    killed: bool = field(default=False)

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def artifacts(self) -> Path:
        """The folder of files, which the operator gave."""
        return self.folder / "artifacts"

    @property
    def log(self) -> str:
        """What it wrote to its log."""
        return (self.folder / "server.log").read_text(errors="replace")

    def connect(self) -> socket.socket:
        """A connection of its own."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_TIMEOUT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def raw(self, *parts: bytes, method: str = "GET") -> Answer:
        """Sends these bytes as they are and reads one answer; status 0 if the connection was closed without any."""
        with self.connect() as connection:
            try:
                for part in parts:
                    connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it had heard enough; what it said may still be there to read
            return read_answer(connection, method)

    def send(
        self,
        method: str,
        target: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends a well-formed request; an iterable body goes out in chunks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request(method, target, body, dict(headers or {}), encode_chunked=not isinstance(body, bytes))
            response = connection.getresponse()
            return Answer(response.status, _lower(response), response.read())
        finally:
            connection.close()

    def post(self, verb: str, message: object = None, **headers: str) -> Answer:
        """Posts a message to ``/api/2.0/mlflow/{verb}``, or to a whole path; bytes go as they are."""
        body = message if isinstance(message, bytes) else json.dumps(message or {}).encode()
        given = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.send("POST", verb if verb.startswith("/") else API + verb, body, given)

    def ask(self, verb: str, message: object = None) -> Any:
        """Like ``post``, for what must succeed: the message that came back."""
        answer = self.post(verb, message)
        assert answer.status == 200, (verb, answer)
        return answer.json

    def create_run(self, experiment_id: str = "0") -> str:
        """A new run; its id."""
        run_id = self.ask("runs/create", {"experiment_id": experiment_id, "start_time": 1})["run"]["info"]["run_id"]
        assert isinstance(run_id, str)
        return run_id

    def history(self, run_id: str, key: str) -> list[dict[str, Any]]:
        """All points of a metric."""
        target = f"{API}metrics/get-history?run_id={run_id}&metric_key={key}"
        answer = self.send("GET", target)
        assert answer.status == 200, answer
        points = answer.json.get("metrics", [])
        assert isinstance(points, list)
        return points

    def files(self) -> dict[str, int]:
        """The files of the artifact folder and their sizes."""
        return {
            name.removeprefix("artifacts/"): size
            for name, (size, _) in self.everything().items()
            if name.startswith("artifacts/")
        }

    def everything(self) -> dict[str, tuple[int, bytes]]:
        """Every file below its folder but the database, the log and what is on its way: size, and content if small."""
        found = {}
        for path in self.folder.rglob("*"):
            name = str(path.relative_to(self.folder))
            if name.startswith(("store.db", "server.log", f"artifacts/{STAGING}", f"artifacts/{DIGESTS}")):
                continue
            if stat.S_ISREG(path.lstat().st_mode):
                size = path.stat().st_size
                found[name] = size, path.read_bytes() if size < 10_000 else b""
        return found

    def has_uploads_on_their_way(self) -> bool:
        """Whether something lies where uploads wait for their end."""
        return any((self.artifacts / STAGING).iterdir())

    def contents(self) -> object:
        """Everything it keeps, as it tells it."""
        experiments = self.ask("experiments/search", {"max_results": 10_000, "view_type": "ALL"}).get("experiments", [])
        ids = [experiment["experiment_id"] for experiment in experiments]
        runs = self.ask("runs/search", {"experiment_ids": ids, "max_results": 10_000, "run_view_type": "ALL"})
        models = self.ask("logged-models/search", {"experiment_ids": ids})
        return experiments, runs, models, self.everything()

    def memory_bytes(self) -> int:
        """The resident memory of its processes."""
        process = psutil.Process(self.process.pid)
        return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])

    def kill(self) -> None:
        """Ends it, with its workers, as a power failure would."""
        self.killed = True
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> None:
        """Asks it to stop, and does not wait."""
        self.process.terminate()

    def stop(self) -> None:
        """Asks it to stop and waits until it has."""
        self.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """One answer from a connection; status 0 if it ended without any."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return Answer(response.status, _lower(response), response.read())
    except (http.client.BadStatusLine, ConnectionResetError):
        return Answer(0, {}, b"")
    finally:
        response.close()


def request_head(method: str, target: str, **headers: str) -> bytes:
    """The head of a request with a correct Host, for ``Server.raw``."""
    lines = {"Host": "127.0.0.1", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return f"{method} {target} HTTP/1.1\r\n".encode() + _lines(lines.items())


def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {text}\r\n" for name, text in headers).encode("latin-1") + b"\r\n"


def _lower(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): text for name, text in response.getheaders()}


@contextmanager
def serving(
    folder: Path,
    *flags: str,
    store: str | None = None,
    file_size_limit: int | None = None,
    port: int | None = None,
    wait: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A server that keeps everything in ``folder``, but for a store that is a database elsewhere.

    Args:
        folder: its folder; one that a server has used before is used on.
        flags: further flags for the command.
        store: the URI of its store; without one it is the file ``store.db`` in the folder.
        file_size_limit: no file may grow beyond this many bytes: a disk that gets full.
        port: where to listen; a free one if none is given.
        wait: wait until it answers.
        environment: further variables for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    program = ["-m", "genesis_flow"] if file_size_limit is None else ["-c", LIMITED, str(file_size_limit)]
    command = [
        *(sys.executable, *program, "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", store or f"sqlite:///{folder / 'store.db'}"),
        *("--artifacts-destination", str(folder / "artifacts"), *flags),
    ]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=_environment(environment or {}), start_new_session=True
        )
        server = Server(folder, port, process)
        try:
            if wait:
                wait_until_healthy(server)
            yield server
        finally:
            if process.poll() is None:
                server.stop()


def wait_until_healthy(server: Server) -> None:
    """Waits until a server that was just started answers."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if server.send("GET", "/health").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {server.log[-4000:]}")


def free_port() -> int:
    """A port of the loopback address that nothing listens on.

    Not one of those that systems give to whoever connects: that of another test could have it before the server does.
    """
    while True:
        port = secrets.choice(OWN_PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The tests' own, without what would steer the server, on the package that the tests import."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTHON"))}
    return kept | {"PYTHONPATH": str(Path(genesis_flow.__file__).parents[1]), **given}

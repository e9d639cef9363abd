"""What was answered is delivered, whatever happens to the server meanwhile."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.backends import BACKENDS, new_store
from tests.serving import API, Server, serving

FLAGS = ("--webhook-allow-private", "--webhook-allowed-schemes", "http")
LATE_S = 2.0
SILENT = "--no-webhook-delivery"
EVENT = {"entity": "REGISTERED_MODEL", "action": "CREATED"}
WAIT_S = 60


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """What a server keeps things in; its database is started before anything is watched."""
    if request.param != "sqlite":
        request.getfixturevalue(f"{request.param}_server")
    return str(request.param)


class Receiver:
    """Listens in threads of its own.

    Args:
        late_s: how long it takes to answer.

    Attributes:
        port: where.
        got: the delivery's id and the model's name of each request.
    """

    def __init__(self, late_s: float = 0) -> None:
        self.got: queue.Queue[tuple[str, str]] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(late_s)
                self.send_response(204)
                self.end_headers()
                receiver.got.put((self.headers["X-MLflow-Delivery-Id"], body["data"]["name"]))

            def log_message(self, *args: Any) -> None:
                """The tests say what matters."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def next(self, number: int) -> list[tuple[str, str]]:
        """The next requests."""
        return [self.got.get(timeout=WAIT_S) for _ in range(number)]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@contextmanager
def receiving(late_s: float = 0) -> Iterator[Receiver]:
    receiver = Receiver(late_s)
    try:
        yield receiver
    finally:
        receiver.close()


def hook(server: Server, receiver: Receiver) -> str:
    message = {"name": "n", "url": f"http://127.0.0.1:{receiver.port}/in", "events": [EVENT], "secret": "s"}
    webhook_id = server.ask("webhooks", message)["webhook"]["webhook_id"]
    assert isinstance(webhook_id, str)
    return webhook_id


def deliveries(server: Server, webhook_id: str) -> list[dict[str, Any]]:
    answer = server.send("GET", f"/api/genesis/v1/webhooks/{webhook_id}/deliveries?max_results=1000")
    assert answer.status == 200, answer
    found = answer.json.get("deliveries", [])
    assert isinstance(found, list)
    return found


def wait_until_delivered(server: Server, webhook_id: str) -> None:
    while any(one["status"] == "PENDING" for one in deliveries(server, webhook_id)):
        pass


def test_what_was_noted_when_the_server_was_killed_is_delivered_by_the_next(
    tmp_path: Path, backend: str, request: pytest.FixtureRequest
) -> None:
    with receiving() as receiver, new_store(backend, request) as store:
        with serving(tmp_path, SILENT, *FLAGS, store=store) as server:
            webhook_id = hook(server, receiver)
            for name in "abc":
                server.ask("registered-models/create", {"name": name})
            noted = {one["delivery_id"] for one in deliveries(server, webhook_id)}
            assert receiver.got.empty()
            server.kill()
        with serving(tmp_path, *FLAGS, store=store) as server:
            got = receiver.next(3)
            assert {id_ for id_, _ in got} == noted
            assert {name for _, name in got} == set("abc")
            wait_until_delivered(server, webhook_id)
            assert [one["attempts"] for one in deliveries(server, webhook_id)] == [1, 1, 1]
        assert receiver.got.empty()


def test_a_change_and_its_delivery_are_there_together_or_not_at_all(
    tmp_path: Path, backend: str, request: pytest.FixtureRequest
) -> None:
    with receiving() as receiver, new_store(backend, request) as store:
        with serving(tmp_path, SILENT, *FLAGS, store=store) as server:
            webhook_id = hook(server, receiver)
            acknowledged: list[str] = []

            def write(writer: int) -> None:
                for number in range(1_000):
                    try:
                        server.ask("registered-models/create", {"name": f"{writer}-{number}"})
                    except (OSError, http.client.HTTPException):
                        return  # it was killed
                    acknowledged.append(f"{writer}-{number}")

            threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
            for thread in threads:
                thread.start()
            while len(acknowledged) < 40:
                pass
            server.kill()
            for thread in threads:
                thread.join()
        with serving(tmp_path, *FLAGS, store=store) as server:
            found = server.send("GET", f"{API}registered-models/search?max_results=1000").json["registered_models"]
            names = {model["name"] for model in found}
            assert set(acknowledged) <= names
            assert {name for _, name in receiver.next(len(names))} == names
            wait_until_delivered(server, webhook_id)
        assert receiver.got.empty()


def test_two_servers_on_one_store_deliver_everything_once(
    tmp_path: Path, backend: str, request: pytest.FixtureRequest
) -> None:
    with receiving() as receiver, new_store(backend, request) as store:
        uri = store or f"sqlite:///{tmp_path / 'shared.db'}"
        with (
            serving(tmp_path / "one", *FLAGS, store=uri) as one,
            serving(tmp_path / "two", *FLAGS, store=uri) as two,
        ):
            webhook_id = hook(one, receiver)
            for number in range(30):
                (one, two)[number % 2].ask("registered-models/create", {"name": str(number)})
            got = receiver.next(30)
            assert {name for _, name in got} == {str(number) for number in range(30)}
            wait_until_delivered(two, webhook_id)
            assert {one["attempts"] for one in deliveries(one, webhook_id)} == {1}
        assert receiver.got.empty()


def test_a_call_gets_the_time_and_the_repeats_that_the_variables_of_mlflow_say(tmp_path: Path) -> None:
    said = {"MLFLOW_WEBHOOK_REQUEST_TIMEOUT": "1", "MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES": "0"}
    with receiving(LATE_S) as receiver, serving(tmp_path, *FLAGS, environment=said) as server:
        webhook_id = hook(server, receiver)
        server.ask("registered-models/create", {"name": "a"})
        while not (one := deliveries(server, webhook_id)[0]).get("error") and one["status"] == "PENDING":
            pass
        assert (one["status"], one["attempts"], one["error"]) == ("FAILED", 1, "Timeout")


def test_a_receiver_that_hangs_does_not_slow_the_end_of_a_server(tmp_path: Path) -> None:
    with silence() as port, serving(tmp_path, *FLAGS) as server:
        message = {"name": "n", "url": f"http://127.0.0.1:{port}/in", "events": [EVENT]}
        webhook_id = server.ask("webhooks", message)["webhook"]["webhook_id"]
        server.ask("registered-models/create", {"name": "a"})
        while not deliveries(server, webhook_id)[0].get("attempts"):
            pass
        server.stop()
        assert server.process.returncode in (0, -15)


@contextmanager
def silence() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port: int = listening.getsockname()[1]
        yield port

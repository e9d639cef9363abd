"""Plugins for MLflow's client work with ours: a real distribution on the path, whose classes inherit from ``mlflow``'s."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from genesis_flow.client import auth, context, plugins
from genesis_flow.client.client import MlflowClient
from genesis_flow.client.connection import close_connections
from genesis_flow.errors import AuthPluginFailed, InvalidSetting
from genesis_flow.exceptions import MlflowException
from tests.peer import Peer, listening

RUN = b'{"run":{"info":{"run_id":"r","artifact_uri":"mlflow-artifacts:/0/r/artifacts"}}}'
MODULE = """
from mlflow.tracking.context.abstract_context import RunContextProvider
from mlflow.tracking.request_auth.abstract_request_auth_provider import RequestAuthProvider
from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider

seen = []


class Auth(RequestAuthProvider):
    def get_name(self):
        return "corporate"

    def get_auth(self):
        return {auth}


class Broken(RequestAuthProvider):
    def __init__(self):
        raise RuntimeError("It never works.")

    get_name = get_auth = None


class Headers(RequestHeaderProvider):
    def in_context(self):
        return True

    def request_headers(self):
        return {{"X-Team": "vision"}}


class Silent(Headers):
    def in_context(self):
        return False

    def request_headers(self):
        raise AssertionError


class Context(RunContextProvider):
    def in_context(self):
        return True

    def tags(self):
        return {{"cluster": "a7"}}


def key(request):
    seen.append((request.method, request.url, request.body, request.headers.get("content-type")))
    request.headers["authorization"] = "Key 42"
    return request


def silently(request):
    request.headers["Authorization"] = "Key 43"


def failing(request):
    raise RuntimeError("The vault is closed.")


def elsewhere(request):
    request.url = "http://elsewhere.example.com/"
    return request


def handshake(request):
    request.register_hook("response", print)
"""
ENTRY_POINTS = """
[mlflow.request_auth_provider]
broken = a_plugin:Broken
any-name = a_plugin:Auth

[mlflow.request_header_provider]
headers = a_plugin:Headers
silent = a_plugin:Silent

[mlflow.run_context_provider]
context = a_plugin:Context
"""

Install = Callable[[str], None]


def forget() -> None:
    for found in (auth._provider, plugins._header_providers, context._providers):
        found.cache_clear()
    close_connections()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts the distribution on the path; its auth plugin answers this expression."""
    forget()
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    def written(auth_is: str) -> None:
        about = tmp_path / "a_plugin-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plugin\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(ENTRY_POINTS)
        (tmp_path / "a_plugin.py").write_text(MODULE.format(auth=auth_is))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(__import__("sys").modules, "a_plugin", raising=False)

    yield written
    forget()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening() as peer:
        peer.answers = [(200, RUN)]
        yield peer


def told(headers: Mapping[str, str]) -> list[str]:
    """Who asks, as the headers of one request say it."""
    return [value for name, value in headers.items() if name.lower() == "authorization"]


def authorization(peer: Peer, monkeypatch: pytest.MonkeyPatch, name: str = "corporate") -> list[str]:
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", name)
    MlflowClient(peer.uri).get_run("r")
    return told(peer.headers[-1])


def test_a_plugin_sets_headers_of_the_request_that_it_sees(
    install: Install, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("key")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "comes-second")
    assert authorization(peer, monkeypatch) == ["Key 42"]
    MlflowClient(peer.uri).set_tag("r", "k", "v")
    assert told(peer.headers[-1]) == ["Key 42"]
    read, written = __import__("a_plugin").seen
    assert read == ("GET", f"{peer.uri}/api/2.0/mlflow/runs/get?run_id=r", None, None)
    assert (written[0], written[1], written[3]) == (
        "POST",
        f"{peer.uri}/api/2.0/mlflow/runs/set-tag",
        "application/json",
    )
    assert b'"k"' in written[2]


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        ('("ada", "s3cret")', ["Basic " + b64encode(b"ada:s3cret").decode()]),
        ("silently", ["Key 43"]),
        ("None", []),
    ],
)
def test_a_plugin_answers_a_user_with_a_password_or_what_changes_the_request_or_nothing(
    answer: str, sent: list[str], install: Install, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(answer)
    assert authorization(peer, monkeypatch) == sent


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("failing", "The vault is closed"),
        ("1 / 0", "division by zero"),
        ("elsewhere", "more of the request than its headers"),
        ("handshake", "Kerberos"),
        ("42", "neither a user with a password"),
    ],
)
def test_nothing_is_asked_if_a_plugin_cannot_say_who_asks(
    answer: str, reason: str, install: Install, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(answer)
    with pytest.raises(AuthPluginFailed, match=reason) as caught:
        authorization(peer, monkeypatch)
    assert isinstance(caught.value, MlflowException)
    assert caught.value.error_code == "UNAUTHENTICATED"
    assert peer.asked == []


def test_a_plugin_that_is_not_installed_is_an_error(
    install: Install, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("key")
    with pytest.raises(InvalidSetting, match="corporate"):
        authorization(peer, monkeypatch, "corporat")
    assert peer.asked == []


def test_files_are_sent_by_whom_the_plugin_says(
    install: Install, peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install("key")
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", "corporate")
    (tmp_path / "note.txt").write_text("noted")
    MlflowClient(peer.uri).log_artifact("r", str(tmp_path / "note.txt"))
    assert [method for method, _, _ in peer.asked] == ["GET", "PUT"]
    assert [told(headers) for headers in peer.headers] == [["Key 42"], ["Key 42"]]
    assert peer.asked[-1][2] == b"noted"


def test_another_host_is_not_told_who_asks(
    install: Install, peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install("key")
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", "corporate")
    (tmp_path / "note.txt").write_text("noted")
    with listening() as other:
        peer.answers = [(200, RUN.replace(b"mlflow-artifacts:/", f"mlflow-artifacts://{other.uri[7:]}/".encode()))]
        MlflowClient(peer.uri).log_artifact("r", str(tmp_path / "note.txt"))
        assert [method for method, _, _ in other.asked] == ["PUT"]
        assert told(other.headers[0]) == []
        assert "X-Team" not in other.headers[0]


def test_headers_of_plugins_are_sent_and_a_plugin_out_of_its_context_is_not_asked(install: Install, peer: Peer) -> None:
    install("key")
    MlflowClient(peer.uri).get_run("r")
    assert peer.headers[-1]["X-Team"] == "vision"


def test_plugins_say_where_a_run_comes_from(install: Install) -> None:
    install("key")
    assert context.run_tags()["cluster"] == "a7"

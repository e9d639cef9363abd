"""Who the client is, whom it trusts, and how patient it is: against small real servers."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.connection import close_connections
from genesis_flow.exceptions import MlflowException, RestException
from tests.certificates import certificate_file
from tests.peer import Peer, listening

RUN = b'{"run":{"info":{"run_id":"r"}}}'


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A user without credentials, who does not wait."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    yield
    close_connections()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening() as peer:
        peer.answers = [(200, RUN)]
        yield peer


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def authorization(peer: Peer, uri: str | None = None) -> str | None:
    MlflowClient(uri or peer.uri).get_run("r")
    return peer.headers[-1].get("Authorization")


def test_nobody_says_nothing_of_himself(peer: Peer) -> None:
    assert authorization(peer) is None


def test_a_user_has_a_password(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "é:s3cret")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "unused")
    assert authorization(peer) == basic("ada:é:s3cret")


def test_a_token_may_change_while_the_program_runs(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    for token in ("first", "second"):
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
        assert authorization(peer) == f"Bearer {token}"


def test_credentials_may_stand_in_a_file(peer: Peer, tmp_path: Path) -> None:
    (tmp_path / ".mlflow").mkdir()
    text = "[mlflow]\nmlflow_tracking_username = bob\nmlflow_tracking_password = 100%pass\n"
    (tmp_path / ".mlflow" / "credentials").write_text(text)
    assert authorization(peer) == basic("bob:100%pass")


def test_credentials_in_the_uri_are_sent_and_never_shown(peer: Peer) -> None:
    uri = peer.uri.replace("//", "//eve:p%40ss@")
    assert authorization(peer, uri) == basic("eve:p@ss")
    peer.answers = [(404, b'{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}'), None]
    for _ in range(2):
        with pytest.raises(MlflowException) as caught:
            MlflowClient(uri).create_experiment("x")
        assert "p%40ss" not in str(caught.value)
        assert "p@ss" not in str(caught.value)


def test_a_token_does_not_follow_a_redirect(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    with listening() as elsewhere:
        for status in (301, 302, 307, 308):
            peer.answers = [(status, b"", {"Location": f"{elsewhere.uri}/api"})]
            with pytest.raises(RestException, match=str(status)):
                MlflowClient(peer.uri).get_run("r")
        assert elsewhere.asked == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_arrive_twice_is_sent_again(peer: Peer, status: int) -> None:
    peer.answers = [(status, b"busy"), (status, b"<html>busy</html>", {"Retry-After": "0"}), (200, b"{}")]
    MlflowClient(peer.uri).log_metric("r", "m", 1)
    assert len(peer.asked) == 3
    assert len(set(peer.asked)) == 1


def test_a_creation_is_not_sent_again(peer: Peer) -> None:
    peer.answers = [(503, b'{"error_code":"TEMPORARILY_UNAVAILABLE","message":"soon"}')]
    with pytest.raises(RestException) as caught:
        MlflowClient(peer.uri).create_experiment("x")
    assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"
    assert len(peer.asked) == 1


def test_patience_ends(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    peer.answers = [(503, b'{"error_code":"TEMPORARILY_UNAVAILABLE","message":"soon"}')]
    with pytest.raises(RestException, match="soon"):
        MlflowClient(peer.uri).get_run("r")
    assert len(peer.asked) == 3


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"[]", b'{"run":5}', b"\xff", b'{"run":{"info":{"start_time":"x"}}}']
)
def test_an_answer_that_is_none_is_an_error_and_not_a_run(peer: Peer, answer: bytes) -> None:
    peer.answers = [(200, answer)]
    with pytest.raises(MlflowException):
        MlflowClient(peer.uri).get_run("r")


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b'{"error_code":"RESOURCE_ALREADY_EXISTS","message":"taken"}', "RESOURCE_ALREADY_EXISTS", 400),
        (b'{"error_code":"PERMISSION_DENIED","message":"no"}', "PERMISSION_DENIED", 403),
        (b'{"error_code":"SOMETHING_NEW","message":"?"}', "INTERNAL_ERROR", 500),
        (b"<html>proxy</html>", "INTERNAL_ERROR", 500),
    ],
)
def test_a_refusal_has_the_code_that_scripts_match_on(peer: Peer, body: bytes, code: str, status: int) -> None:
    peer.answers = [(400, body)]
    with pytest.raises(RestException) as caught:
        MlflowClient(peer.uri).create_experiment("x")
    assert (caught.value.error_code, caught.value.get_http_status_code()) == (code, status)


# --- TLS ---


@pytest.fixture(scope="module")
def server_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_file("server", tmp_path_factory.mktemp("certificates"), address="127.0.0.1")


def secured(server: Path, client: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server)
    if client is not None:
        context.load_verify_locations(client)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_a_server_that_nobody_vouches_for_is_told_nothing(
    server_certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    with listening(tls=secured(server_certificate)) as peer:
        with pytest.raises(MlflowException, match="did not answer"):
            MlflowClient(peer.uri).get_run("r")
        assert peer.asked == []


def test_the_environment_says_whom_to_trust(server_certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(server_certificate))
    with listening(tls=secured(server_certificate)) as peer:
        peer.answers = [(200, RUN)]
        assert MlflowClient(peer.uri).get_run("r").info.run_id == "r"


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_the_environment_may_say_to_trust_anybody(server_certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    with listening(tls=secured(server_certificate)) as peer:
        peer.answers = [(200, RUN)]
        assert MlflowClient(peer.uri).get_run("r").info.run_id == "r"
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(server_certificate))
        close_connections()
        with pytest.raises(MlflowException, match="MLFLOW_TRACKING_INSECURE_TLS"):
            MlflowClient(peer.uri).get_run("r")


def test_a_client_may_have_a_certificate(
    server_certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = certificate_file("client", tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(server_certificate))
    monkeypatch.setenv("MLFLOW_TRACKING_CLIENT_CERT_PATH", str(mine))
    with listening(tls=secured(server_certificate, mine)) as peer:
        peer.answers = [(200, RUN)]
        assert MlflowClient(peer.uri).get_run("r").info.run_id == "r"

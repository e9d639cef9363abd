"""Options and fixtures: which clients, which server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.backends import BACKENDS, new_store
from tests.blackbox.clients import NEWEST, OURS, WAITING, Client, ClientNotInstalled, select_clients
from tests.serving import serving

DEFAULT = f"{NEWEST},{OURS}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--client",
        help="Clients to test with: 'all', or versions of MLflow's and the name of ours separated by commas "
        f"(default: GENESIS_TEST_CLIENTS, else {DEFAULT})",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "client" not in metafunc.fixturenames:
        return
    # The option is unknown when only a parent folder was named on the command line.
    selection = metafunc.config.getoption("--client", default=None)
    selection = selection or os.environ.get("GENESIS_TEST_CLIENTS") or DEFAULT
    try:
        clients = select_clients(selection)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    parameters = [
        pytest.param(client, id=client.version, marks=() if client.version in (NEWEST, OURS) else pytest.mark.compat)
        for client in clients
    ]
    metafunc.parametrize("client", parameters, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            asked = item.callspec.params
            reason = WAITING.get(getattr(asked.get("script"), "stem", ""))
            if reason is not None and getattr(asked.get("client"), "version", None) == OURS:
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="session")
def client(request: pytest.FixtureRequest) -> Client:
    """A client, installed."""
    wanted: Client = request.param
    try:
        wanted.install()
    except ClientNotInstalled as error:
        reason = f"the client {wanted.version} could not be installed: {error}"
        # Continuous integration must not turn green because nothing was tested.
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return wanted


ELSEWHERE = os.environ.get("GENESIS_TEST_SERVER_URI", "").rstrip("/")


@pytest.fixture(scope="session", params=["elsewhere"] if ELSEWHERE else BACKENDS)
def server_uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server: ours on every backend, or the one named by GENESIS_TEST_SERVER_URI."""
    if ELSEWHERE:
        yield ELSEWHERE
        return
    with new_store(request.param, request) as store, serving(tmp_path_factory.mktemp("server"), store=store) as server:
        yield server.uri

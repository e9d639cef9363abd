"""What the tests of commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import mongod, postgres
from tests.backends import BACKENDS


@pytest.fixture(params=BACKENDS)
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of an empty database."""
    return new_uri(request, tmp_path)


@pytest.fixture(params=[*BACKENDS, "folder"])
def any_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of an empty database or folder."""
    return new_uri(request, tmp_path)


def new_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of an empty store on the backend of a test."""
    match request.param:
        case "mongodb":
            return mongod.database(request.getfixturevalue("mongodb_server"))
        case "postgresql":
            return postgres.database(request.getfixturevalue("postgresql_server"))
        case "folder":
            return (tmp_path / "mlruns").as_uri()
        case _:
            return f"sqlite:///{tmp_path / 'store.db'}"

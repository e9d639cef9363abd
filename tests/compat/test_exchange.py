"""The client exchanged: one program, through MLflow's client and through ours, leaves the same on one server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blackbox.clients import CLIENTS, NEWEST, OURS
from tests.compat.held import differences, held
from tests.compat.programs import fresh_name, run
from tests.differential.server import Server
from tests.serving import serving

PROGRAMS = sorted(path.stem for path in (Path(__file__).parent / "scripts").glob("*.py") if path.stem != "__init__")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("exchange")) as running:
        yield Server(running.port)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_leaves_the_same_through_both_clients(program: str, server: Server, tmp_path: Path) -> None:
    left = {}
    for version in (NEWEST, OURS):
        name = fresh_name(program)
        run(CLIENTS[version], f"scripts.{program}", f"http://127.0.0.1:{server.port}", name, tmp_path)
        left[version] = held(server, name)
    assert len(left[NEWEST]) > 5, "the program has left nothing"
    found = differences(left[NEWEST], left[OURS])
    assert not found, "\n".join(found)

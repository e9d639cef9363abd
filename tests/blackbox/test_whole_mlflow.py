"""The scripts once more with the whole of MLflow, as most users install it: it does more by itself than the light one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blackbox.test_clients import SCRIPTS, ByScript, require_ok, started
from tests.serving import serving

pytestmark = pytest.mark.compat


@pytest.fixture(scope="module")
def finished(
    mlflow_python: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ByScript]:
    with (
        serving(tmp_path_factory.mktemp("server")) as server,
        started(Path(mlflow_python), server.uri, request, tmp_path_factory) as scripts,
    ):
        yield scripts


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_whole_of_mlflow_finishes_the_script(script: Path, finished: ByScript) -> None:
    require_ok(finished[script].result())

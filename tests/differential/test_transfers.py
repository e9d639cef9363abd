"""Uploads in parts and links are answered as MLflow answers them, where the files of both servers are in one S3."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from tests import buckets
from tests.differential.conftest import AGAINST_ITSELF, Pair, paired, played
from tests.differential.server import mlflow, ours
from tests.differential.test_differential import IN_A_BUCKET, check

pytestmark = pytest.mark.compat


@pytest.fixture(scope="module")
def pairs(mlflow_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Pair]]:
    folder = tmp_path_factory.mktemp("transfers")
    other = partial(mlflow, mlflow_python) if AGAINST_ITSELF else ours
    with buckets.s3(folder) as cloud:
        flags = [
            (
                *("--artifacts-destination", f"s3://{bucket}/files"),
                *("--default-artifact-root", f"s3://{bucket}/files"),
            )
            for bucket in (cloud.new_bucket(), cloud.new_bucket())
        ]
        with (
            mlflow(mlflow_python, folder / "theirs", *flags[0], environment=cloud.environment) as theirs,
            other(folder / "ours", *flags[1], environment=cloud.environment) as own,
        ):
            yield paired("transfers_in_a_bucket", lambda noun: played(noun, theirs), lambda noun: played(noun, own))


@pytest.mark.parametrize("step_id", IN_A_BUCKET)
def test_the_answer_is_the_one_that_mlflow_gives(step_id: str, pairs: dict[str, Pair]) -> None:
    check(step_id, pairs[step_id])

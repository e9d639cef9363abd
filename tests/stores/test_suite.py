from __future__ import annotations

import pytest

from genesis_flow.testing.store import StoreSuite
from genesis_flow.testing.suite import Suite


class One(Suite):
    def test_something(self) -> None:
        raise NotImplementedError


class Other(Suite):
    def test_something(self) -> None:
        raise NotImplementedError


def test_a_suite_refuses_a_test_that_is_defined_again() -> None:
    name = "test_the_default_experiment_is_there_from_the_start"
    with pytest.raises(TypeError, match=name):
        type("Lenient", (StoreSuite,), {name: lambda self: None})


def test_a_suite_refuses_two_tests_of_one_name() -> None:
    with pytest.raises(TypeError, match="test_something"):
        type("Both", (One, Other), {})


def test_a_suite_takes_fixtures_and_further_tests() -> None:
    type("Fine", (One,), {"store": None, "test_something_else": lambda self: None})

"""``autolog`` on the first line of a program."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from genesis_flow.fluent import autologging
from genesis_flow.fluent.autologging import autolog, settings
from tests.client.surface import CONTRACT


@pytest.fixture(autouse=True)
def _unused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autologging, "_told", False)
    monkeypatch.setattr(autologging, "_settings", settings())


def test_it_is_off_before_it_is_called() -> None:
    assert settings().disable


def test_it_keeps_what_a_program_says_and_tells_once_that_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "genesis_flow"):
        autolog(log_models=False, extra_tags={"team": "a"}, exclude_flavors=["keras"])
        autolog()
        autolog(log_models=False, exclude_flavors=["keras"])
    assert [record.message.partition("(")[0] for record in caplog.records] == ["autolog"]
    assert (settings().disable, settings().log_models, settings().exclude_flavors) == (False, False, ["keras"])


def test_a_program_that_turns_it_off_or_wants_silence_is_told_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "genesis_flow"):
        autolog(disable=True)
        autolog(silent=True)
    assert caplog.records == []


def test_its_settings_are_the_arguments_of_the_contract() -> None:
    contract = json.loads(Path(CONTRACT).read_text())["modules"]["mlflow"]["autolog"]["signature"]
    defaults = {one["name"]: one["default"] for one in contract}
    assert vars(autologging.Autologging()) == defaults

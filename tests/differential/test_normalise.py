"""What the normaliser forgives, and what it must not."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.differential.normalise import Comparable, Normaliser
from tests.differential.server import Answer

ONE, TWO = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def _comparable(*bodies: Any, status: int = 200) -> list[Comparable]:
    normaliser = Normaliser()
    answers = (Answer(status, "application/json", False, json.dumps(body).encode()) for body in bodies)
    return [normaliser.comparable(answer) for answer in answers]


def test_drawn_ids_are_forgiven_but_not_a_mix_up_of_two() -> None:
    assert _comparable({"run_id": ONE}, {"run_id": TWO}) == _comparable({"run_id": TWO}, {"run_id": ONE})
    assert _comparable({"run_id": ONE}, {"run_id": TWO}) != _comparable({"run_id": ONE}, {"run_id": ONE})


def test_an_id_is_known_again_inside_a_uri() -> None:
    uri = "mlflow-artifacts:/{}/{}/artifacts"
    mine = _comparable({"experiment_id": "4"}, {"artifact_uri": uri.format(4, ONE)})
    assert mine == _comparable({"experiment_id": "9"}, {"artifact_uri": uri.format(9, TWO)})
    assert mine != _comparable({"experiment_id": "9"}, {"artifact_uri": uri.format(8, TWO)})


def test_the_signature_of_a_link_is_forgiven_but_not_where_it_leads() -> None:
    link = "http://host/tests-{}/files/{}?X-Amz-Signature={}&partNumber=1"
    mine = _comparable({"url": link.format("0" * 12, "a", "s")})
    assert mine == _comparable({"url": link.format("1" * 12, "a", "t")})
    assert mine != _comparable({"url": link.format("1" * 12, "b", "t")})


def test_the_servers_clock_is_forgiven_but_not_another_time() -> None:
    now_ms = int(time.time() * 1000)
    assert _comparable({"creation_time": now_ms}) == _comparable({"creation_time": now_ms + 5})
    assert _comparable({"start_time": 5}) != _comparable({"start_time": 6})


def test_the_params_of_a_run_have_no_order_but_runs_and_history_do() -> None:
    a, b = {"key": "a", "step": 0}, {"key": "a", "step": 1}
    assert _comparable({"data": {"params": [a, b]}}) == _comparable({"data": {"params": [b, a]}})
    assert _comparable({"runs": [a, b]}) != _comparable({"runs": [b, a]})
    assert _comparable({"metrics": [a, b]}) != _comparable({"metrics": [b, a]})


def test_of_an_error_the_code_counts_and_the_sentence_does_not() -> None:
    error = {"error_code": "NOT_FOUND", "message": "a"}
    assert _comparable(error, status=404) == _comparable({**error, "message": "b"}, status=404)
    assert _comparable(error, status=404) != _comparable({**error, "error_code": "X"}, status=404)
    assert _comparable(error, status=404) != _comparable(error, status=400)


def test_a_missing_field_is_not_an_empty_one() -> None:
    assert _comparable({"data": {}}) != _comparable({"data": {"params": []}})
    assert _comparable({"end_time": 0}) != _comparable({})

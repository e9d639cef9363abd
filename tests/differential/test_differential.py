"""Every call gets the answer that MLflow gives, but for the differences that are listed.

`pytest -k search_runs/pages` compares one section; its noun is played from the start all the same.
"""

from __future__ import annotations

import difflib
import json

import pytest

from tests.differential.calls import NOUNS, NOUNS_IN_A_BUCKET
from tests.differential.conftest import AGAINST_ITSELF, Outcomes, Pair, Side
from tests.differential.differences import DIFFERENCES, Difference, difference_at
from tests.differential.play import steps_of

pytestmark = pytest.mark.compat

STEP_IDS, IN_A_BUCKET = (
    [step.id for noun, sections in nouns.items() for step in steps_of(noun, sections)]
    for nouns in (NOUNS, NOUNS_IN_A_BUCKET)
)
LONGEST_LINE = 300


@pytest.mark.parametrize("step_id", STEP_IDS)
def test_the_answer_is_the_one_that_mlflow_gives(step_id: str, outcomes: Outcomes) -> None:
    check(step_id, outcomes(step_id.partition("/")[0])[step_id])


def check(step_id: str, pair: Pair) -> None:
    """Fails where the two differ though nothing is listed, and where they do not though something is."""
    difference = None if AGAINST_ITSELF else difference_at(step_id)
    same = _alike(pair)
    if difference is None and not same:
        pytest.fail(f"{step_id}\n{_report(pair)}", pytrace=False)
    if difference is not None:
        _check_listed(difference, pair, same=same)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.why)
def test_a_listed_difference_names_only_steps_that_are(difference: Difference) -> None:
    found = [step_id for step_id in STEP_IDS + IN_A_BUCKET if difference.covers(step_id)]
    assert len(found) == sum(len(numbers) for numbers in difference.steps.values())


def test_every_step_has_a_name_of_its_own() -> None:
    assert len({*STEP_IDS, *IN_A_BUCKET}) == len(STEP_IDS) + len(IN_A_BUCKET)


def test_an_infinite_metric_is_answered_as_infinite_where_mlflow_answers_the_largest_double(outcomes: Outcomes) -> None:
    (pair,) = (
        pair
        for step_id, pair in outcomes("metrics").items()
        if step_id.startswith("metrics/odd values/") and pair.ours.played.request.target.endswith("metric_key=inf")
    )
    assert b"1.7976931348623157e+308" in pair.mlflow.played.answer.body
    assert AGAINST_ITSELF or b'"Infinity"' in pair.ours.played.answer.body


def _alike(pair: Pair) -> bool:
    """Whether both answer the same; where MLflow refuses with a page instead of its error's JSON, the status counts."""
    theirs, own = pair.mlflow.comparable, pair.ours.comparable
    if "error_code" in theirs and theirs["error_code"] is None:
        return bool(theirs["status"] == own["status"])
    return bool(theirs == own)


def _check_listed(difference: Difference, pair: Pair, *, same: bool) -> None:
    if same:
        pytest.fail(f"listed as a difference, but both answer alike now: {difference.why}", pytrace=False)
    if difference.status is not None and pair.ours.played.answer.status != difference.status:
        pytest.fail(f"listed to answer {difference.status}\n{_report(pair)}", pytrace=False)


def _report(pair: Pair) -> str:
    request = pair.ours.played.request
    return "\n".join(
        line[:LONGEST_LINE]
        for line in (
            f"request: {request.method} {request.target}",
            f"body:    {(request.body or b'').decode(errors='backslashreplace')}",
            f"MLflow:  {_spoken(pair.mlflow)}",
            f"ours:    {_spoken(pair.ours)}",
            *difflib.unified_diff(_lines(pair.mlflow), _lines(pair.ours), "MLflow", "ours", lineterm="", n=4),
        )
    )


def _spoken(side: Side) -> str:
    body = side.played.answer.body.decode(errors="backslashreplace")
    return f"{side.played.answer.status} {' '.join(body.split())}"


def _lines(side: Side) -> list[str]:
    return json.dumps(side.comparable, indent=2, ensure_ascii=False, sort_keys=True).splitlines()

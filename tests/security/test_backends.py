"""What is written to hurt one database gets the same answer on every one: it is data, or it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest

from tests.backends import BACKENDS, new_store
from tests.differential.call import POST
from tests.differential.normalise import Normaliser
from tests.differential.play import Played, Step, play
from tests.differential.server import Server as Port
from tests.security import hostile
from tests.serving import Server, serving

MODEL = BACKENDS[0]
OTHERS = BACKENDS[1:]
Answers = list[tuple[Played, dict[str, Any]]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Answers]]:
    """The answers of the server on SQLite, with which the others are compared."""
    with serving(tmp_path_factory.mktemp("model")) as server:
        yield cache(lambda subject: _answers(server, subject))


@pytest.fixture(scope="module", params=OTHERS)
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on another backend."""
    with (
        new_store(request.param, request) as store,
        serving(tmp_path_factory.mktemp(request.param), store=store) as server,
    ):
        yield server
        assert "Traceback" not in server.log, server.log


OBJECTS = "objects where texts belong"


def _steps(subject: str) -> list[Step]:
    if subject == OBJECTS:
        calls = [
            POST("experiments/create", {"name": subject}, save={"e": "experiment_id"}),
            POST("runs/create", {"experiment_id": "$e"}, save={"r": "run.info.run_id"}),
            POST("logged-models", {"experiment_id": "$e", "name": "m"}, save={"m": "model.info.model_id"}),
            *hostile.objects(),
        ]
    else:
        calls = hostile.requests(subject, f"of text {hostile.TEXTS.index(subject)}")
    return [Step(str(call), call) for call in calls]


def _answers(server: Server, subject: str) -> Answers:
    normaliser = Normaliser()
    answers = []
    for played in play(_steps(subject), Port(server.port)):
        comparable = normaliser.comparable(played.answer)
        if played.answer.status >= 400:
            comparable["message"] = normaliser.sentence(played.answer)
        answers.append((played, comparable))
    return answers


@pytest.mark.parametrize("subject", [*hostile.TEXTS, OBJECTS], ids=lambda text: ascii(text[:30]))
def test_every_backend_gives_the_same_answers(model: Callable[[str], Answers], other: Server, subject: str) -> None:
    with ThreadPoolExecutor(2) as threads:
        expected, found = threads.submit(model, subject), threads.submit(_answers, other, subject)
    different = []
    for (theirs, wanted), (own, got) in zip(expected.result(), found.result(), strict=True):
        assert own.answer.status in (200, 400, 404), (own.request, own.answer)
        if wanted != got and not ("\0" in subject and _cannot_keep(own)):
            different.append(f"{own.request}\n  {MODEL}: {theirs.answer}\n  other:  {own.answer}")
    assert not different, f"{len(different)} answers differ\n" + "\n".join(different[:5])


def _cannot_keep(own: Played) -> bool:
    """PostgreSQL has no NUL in its texts: it refuses what others look for and do not find."""
    return own.answer.status == 400 and b"NUL" in own.answer.body


def test_no_object_passes_for_a_text(other: Server) -> None:
    answers = _answers(other, OBJECTS)[3:]
    assert len(answers) == len(hostile.objects()) > 70
    assert {(comparable["status"], comparable["error_code"]) for _, comparable in answers} == {
        (400, "INVALID_PARAMETER_VALUE")
    }

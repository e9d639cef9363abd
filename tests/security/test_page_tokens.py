"""Page tokens are signed, and bound to their query and to their store."""

from __future__ import annotations

import base64
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.backends import BACKENDS, new_store
from tests.serving import API, Answer, Server, serving

pytestmark = pytest.mark.parametrize("backend", BACKENDS, indirect=True, scope="package")

NOUNS = ["experiments", "runs", "logged-models", "metrics"]
SIZE = 5
# Each is another query than the one that the token was made for.
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("experiments", {"filter": "name LIKE 'paged%' AND name != 'x'"}),
    ("experiments", {"order_by": ["name DESC"]}),
    ("experiments", {"view_type": "ALL"}),
    ("runs", {"filter": "attributes.run_name != 'x'"}),
    ("runs", {"filter": "params.number != '3'"}),
    ("runs", {"order_by": ["params.number DESC"]}),
    ("runs", {"order_by": ["metrics.m"]}),
    ("runs", {"run_view_type": "ALL"}),
    ("runs", {"experiment_ids": ["0"]}),
    ("runs", {"experiment_ids": ["$experiment", "0"]}),
    ("logged-models", {"filter": "name != 'x'"}),
    ("logged-models", {"order_by": [{"field_name": "name", "ascending": False}]}),
    ("logged-models", {"experiment_ids": ["$experiment", "0"]}),
    ("metrics", {"metric_key": "other"}),
    ("metrics", {"run_id": "$other_run"}),
]


class Paged:
    """A server with five of each noun.

    Attributes:
        queries: for each noun one that has several pages.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        made = [server.ask("experiments/create", {"name": f"paged {n}"})["experiment_id"] for n in range(SIZE)]
        self.experiment_id = made[0]
        runs = [server.create_run(self.experiment_id) for _ in range(SIZE)]
        for number, run_id in enumerate(runs):
            server.ask("runs/log-parameter", {"run_id": run_id, "key": "number", "value": str(number)})
            server.ask("logged-models", {"experiment_id": self.experiment_id, "name": f"m{number}"})
        for key in ("m", "other"):
            points = [{"key": key, "value": n, "timestamp": n, "step": n} for n in range(SIZE)]
            server.ask("runs/log-batch", {"run_id": runs[0], "metrics": points})
            server.ask("runs/log-batch", {"run_id": runs[1], "metrics": points})
        self.other_run_id = runs[1]
        self.queries: dict[str, dict[str, Any]] = {
            "experiments": {"filter": "name LIKE 'paged%'", "order_by": ["name"]},
            "runs": {"experiment_ids": [self.experiment_id], "order_by": ["params.number"]},
            "logged-models": {"experiment_ids": [self.experiment_id], "order_by": [{"field_name": "name"}]},
            "metrics": {"run_id": runs[0], "metric_key": "m"},
        }

    def page(self, noun: str, token: str | None = None, **changes: Any) -> Answer:
        """A page of the noun's query, or of a changed one."""
        given = {"$experiment": self.experiment_id, "$other_run": self.other_run_id}
        for name, value in changes.items():
            changes[name] = [_given(each, given) for each in value] if isinstance(value, list) else _given(value, given)
        message = {**self.queries[noun], "max_results": 2, **changes, **({"page_token": token} if token else {})}
        if noun == "metrics":
            return self.server.send("GET", f"{API}metrics/get-history?{urlencode(message)}")
        return self.server.post(f"{noun}/search", message)

    def token(self, noun: str) -> str:
        """The token of the second page."""
        token = self.page(noun).json["next_page_token"]
        assert isinstance(token, str)
        return token


def _given(value: Any, given: dict[str, str]) -> Any:
    return given.get(value, value) if isinstance(value, str) else value


@pytest.fixture(scope="package")
def paged(server: Server) -> Paged:
    return Paged(server)


@pytest.fixture(scope="package")
def elsewhere(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Paged]:
    """Another server, which has the same on another store of the same kind."""
    with new_store(backend, request) as store, serving(tmp_path_factory.mktemp("elsewhere"), store=store) as other:
        yield Paged(other)


def _assert_refused(answer: Answer) -> None:
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE"), answer
    assert "page token" in answer.message


@pytest.mark.parametrize("noun", NOUNS)
def test_a_token_leads_through_all_pages(paged: Paged, noun: str) -> None:
    found: list[Any] = []
    token = None
    for _ in range(SIZE):
        reply = paged.page(noun, token).json
        found += reply.pop({"logged-models": "models"}.get(noun, noun))
        token = reply.get("next_page_token")
        if token is None:
            break
    assert len(found) == SIZE
    assert len({repr(each) for each in found}) == SIZE


@pytest.mark.parametrize("noun", NOUNS)
def test_a_token_that_was_changed_anywhere_is_refused(paged: Paged, noun: str) -> None:
    token = paged.token(noun)
    letters = string.ascii_letters + string.digits + "-_"
    changed = [
        token[:place] + letters[(letters.find(letter) + shift) % len(letters)] + token[place + 1 :]
        for place, letter in enumerate(token)
        for shift in (1, 32)
    ]
    changed += [token[:length] for length in range(1, len(token))] + [
        token + "A",
        token + "AAAA",
        token * 2,
        "=" + token,
    ]
    for each in changed:
        if _bytes(each) != _bytes(token):  # the last letter may have bits that mean nothing
            _assert_refused(paged.page(noun, each))
    assert paged.page(noun, token).status == 200


def _bytes(token: str) -> bytes | None:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        return None


@pytest.mark.parametrize(("noun", "changes"), CHANGES)
def test_a_token_of_another_query_is_refused(paged: Paged, noun: str, changes: dict[str, Any]) -> None:
    token = paged.token(noun)
    assert paged.page(noun, **changes).status == 200
    _assert_refused(paged.page(noun, token, **changes))


@pytest.mark.parametrize("noun", NOUNS)
def test_a_token_of_another_noun_is_refused(paged: Paged, noun: str) -> None:
    for other in NOUNS:
        if other != noun:
            _assert_refused(paged.page(noun, paged.token(other)))


@pytest.mark.parametrize("noun", NOUNS)
def test_a_token_of_another_store_is_refused(paged: Paged, elsewhere: Paged, noun: str) -> None:
    token = elsewhere.token(noun)
    assert elsewhere.page(noun, token).status == 200
    _assert_refused(paged.page(noun, token))

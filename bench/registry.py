"""The rows of the model registry: versions that are made, found by an alias, searched for, and found at a past time."""

from __future__ import annotations

import itertools
import json
import time

from bench.load import BadAnswer, Connection, Script, drive, post
from bench.rows import Asked, Row, Subject, calls

MODELS, VERSIONS = 16, 10_000
"""Each model is filled by a connection of its own: some systems refuse two versions of one model made at once."""
PAGE = 1_000
CHANGES = 10_000
ALIAS = "champion"
AS_OF_MS = 50.0


def create_version(subject: Subject) -> list[float]:
    """One version after another of one model."""
    with subject.connect() as connection:
        name = _new_model(connection, f"made-{next(_NUMBERS)}")

    def once(connection: Connection, turn: int) -> float:
        answer = connection.post("model-versions/create", {"name": name, "source": _source(turn)})
        if answer.json()["model_version"]["version"] != str(turn + 1):
            raise BadAnswer(f"another version than {turn + 1}: {answer.body[:200]!r}")
        return answer.seconds

    return calls(subject, once, 5 * subject.scale.calls)


def by_alias(subject: Subject) -> list[float]:
    """The version that an alias stands for, of 16 models in turn."""
    _fill(subject)

    def once(connection: Connection, turn: int) -> float:
        answer = connection.get("registered-models/alias", {"name": _filled(turn), "alias": ALIAS})
        if answer.json()["model_version"]["version"] != str(_aliased(turn)):
            raise BadAnswer(f"another version than {_aliased(turn)}: {answer.body[:200]!r}")
        return answer.seconds

    return calls(subject, once, 5 * subject.scale.calls)


def search_versions(subject: Subject) -> list[float]:
    """1,000 of 10,000 versions, the last updated first."""
    _fill(subject)

    def once(connection: Connection, _: int) -> float:
        query = {"filter": "name LIKE 'filled-%'", "max_results": str(PAGE)}
        answer = connection.get("model-versions/search", query)
        page = answer.json()
        found = {(one["name"], one["version"]) for one in page["model_versions"]}
        if len(found) != PAGE or not page.get("next_page_token"):
            raise BadAnswer(f"{len(found)} versions on a page of {PAGE}, or the last page")
        return answer.seconds

    return calls(subject, once, subject.scale.calls)


def as_of(subject: Subject) -> list[float]:
    """Where an alias was at some time, in a history of 10,000 changes of it."""
    moments = subject.prepared("history", lambda: _history(subject))

    def once(connection: Connection, turn: int) -> float:
        at, version = moments[turn * 7919 % len(moments)]
        query = {"alias": ALIAS, "as_of": str(at)}
        answer = connection.get("/api/genesis/v1/models/moved/resolve", query)
        if answer.json()["version"] != version:
            raise BadAnswer(f"another version than {version} at {at}: {answer.body[:200]!r}")
        return answer.seconds

    return calls(subject, once, 5 * subject.scale.calls)


_NUMBERS = itertools.count()


def _new_model(connection: Connection, name: str) -> str:
    connection.post("registered-models/create", {"name": name})
    return name


def _source(turn: int) -> str:
    return f"s3://bucket/models/{turn}"


def _filled(turn: int) -> str:
    return f"filled-{turn % MODELS}"


def _aliased(turn: int) -> int:
    return 1 + turn % MODELS * 31


def _fill(subject: Subject) -> None:
    subject.prepared("versions", lambda: _write_versions(subject))


def _write_versions(subject: Subject) -> None:
    with subject.connect() as connection:
        for turn in range(MODELS):
            _new_model(connection, _filled(turn))
    drive(subject.server.port, [_versions(_filled(turn)) for turn in range(MODELS)])
    with subject.connect() as connection:  # another one: servers close those that idled
        for turn in range(MODELS):
            message = {"name": _filled(turn), "alias": ALIAS, "version": str(_aliased(turn))}
            connection.post("registered-models/alias", message)


def _versions(name: str) -> Script:
    for turn in range(VERSIONS // MODELS):
        yield post("model-versions/create", json.dumps({"name": name, "source": _source(turn)}).encode())


def _history(subject: Subject) -> list[tuple[int, str]]:
    """Moves an alias 10,000 times; some moments between, and the version that had it then."""
    moments: list[tuple[int, str]] = []
    with subject.connect() as connection:
        name = _new_model(connection, "moved")
        for turn in range(2):
            connection.post("model-versions/create", {"name": name, "source": _source(turn)})
        drive(subject.server.port, [_moves(name, moments)])
    return moments


def _moves(name: str, moments: list[tuple[int, str]]) -> Script:
    for change in range(CHANGES):
        version = str(1 + change % 2)
        yield post("registered-models/alias", json.dumps({"name": name, "alias": ALIAS, "version": version}).encode())
        if change % 100 == 0:
            # A pause, so that nothing else happens in the millisecond that is asked for.
            time.sleep(0.003)
            moments.append((time.time_ns() // 1_000_000 - 1, version))
            time.sleep(0.003)


ROWS: tuple[Row, ...] = (
    Row("version-create", "create a version", "ms", create_version, Asked("≤", 1 / 5)),
    Row("version-alias", "a version by its alias", "ms", by_alias, Asked("≤", 1 / 10)),
    Row("version-search", "search 1,000 of 10,000 versions", "ms", search_versions, Asked("≤", 1 / 10)),
    Row("version-as-of", "an alias at a time, of 10,000 changes", "ms", as_of, Asked("≤", AS_OF_MS, of_peer=False)),
)

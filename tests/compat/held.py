"""Everything that a server holds of one program, read back over its own interface and made comparable."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from difflib import unified_diff
from typing import Any
from urllib.parse import quote, urlencode

from tests.differential.call import Request
from tests.differential.normalise import Comparable, Normaliser
from tests.differential.server import Answer, Server

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts/"
Asking = Generator[Answer, None, Any]
"""Gives out each answer, and is what the last one says."""
JSON = {"Content-Type": "application/json"}


def held(server: Server, name: str) -> list[Comparable]:
    """What is there of the experiment with this name, and of the registered models whose names begin with it.

    Args:
        server: where.
        name: it becomes ``<name>``, so that two programs with two names are comparable.
    """
    reader, normaliser = _Reader(server), Normaliser()
    return [_named(normaliser.comparable(answer), name) for answer in reader.everything(name)]


def differences(left: list[Comparable], right: list[Comparable]) -> list[str]:
    """The lines in which two servers, or two programs, differ; those of the first begin with a minus."""
    first, second = (json.dumps(side, indent=1, sort_keys=True).splitlines() for side in (left, right))
    return list(unified_diff(first, second, n=4, lineterm=""))[:200]


def _named(comparable: Comparable, name: str) -> Comparable:
    renamed: Comparable = json.loads(json.dumps(comparable).replace(name, "<name>"))
    return renamed


class _Reader:
    def __init__(self, server: Server) -> None:
        self._server = server

    def everything(self, name: str) -> Iterator[Answer]:
        found = yield from self._get("experiments/get-by-name", experiment_name=name)
        yield from self._of_experiment(found["experiment"]["experiment_id"])
        for registered in (name, f"{name}-copy", f"{name}-new", f"{name}-old", f"{name}-gone"):
            yield from self._get("registered-models/get", name=registered)
            yield from self._get("model-versions/search", filter=f"name = '{registered}'")

    def _of_experiment(self, experiment_id: str) -> Iterator[Answer]:
        asked: dict[str, Any] = {
            "experiment_ids": [experiment_id],
            "run_view_type": "ALL",
            "order_by": ["attributes.start_time ASC"],
        }
        for run in (yield from self._post("runs/search", asked)).get("runs", []):
            yield from self._of_run(run)
        asked = {
            "experiment_ids": [experiment_id],
            "order_by": [{"field_name": "creation_timestamp", "ascending": True}],
        }
        yield from self._post("logged-models/search", asked)

    def _of_run(self, run: dict[str, Any]) -> Iterator[Answer]:
        run_id = run["info"]["run_id"]
        for key in _keys(run["data"].get("metrics", [])):
            yield from self._get("metrics/get-history", run_id=run_id, metric_key=key)
        yield from self._below(run_id, run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/"), "")

    def _below(self, run_id: str, root: str, path: str) -> Iterator[Answer]:
        listed = yield from self._get("artifacts/list", run_id=run_id, **({"path": path} if path else {}))
        for file in listed.get("files", []):
            if file["is_dir"]:
                yield from self._below(run_id, root, file["path"])
            else:
                yield self._send("GET", FILES + quote(f"{root}/{file['path']}"))

    def _get(self, verb: str, **query: str) -> Asking:
        return (yield from self._answer(self._send("GET", f"{API}{verb}?{urlencode(query)}")))

    def _post(self, verb: str, message: object) -> Asking:
        return (yield from self._answer(self._send("POST", API + verb, json.dumps(message).encode())))

    def _answer(self, answer: Answer) -> Asking:
        yield answer
        return json.loads(answer.body)

    def _send(self, method: str, target: str, body: bytes | None = None) -> Answer:
        return self._server.send(Request(method, target, body, JSON))


def _keys(metrics: Iterable[dict[str, Any]]) -> list[str]:
    return sorted({metric["key"] for metric in metrics})

"""Makes two servers' answers comparable: what may differ becomes a placeholder, and nothing else does.

- Ids that a server drew and run names it invented become `<run 4.1>`, `<model 7.2>`, `<webhook 1.1>`: the
  first new one in the fourth answer, the second in the seventh. What only one of two servers makes (it takes
  what the other refuses) shifts no other id. Page tokens are `<page>`, and are proved by the page they lead to.
- An infinite metric, which MLflow on SQL keeps as the largest double, is `<infinite>`: a test of its own says
  who answers what.
- JSON inside a string (`log-model` keeps the description of models in a tag) is compared as JSON.
- Signatures of links are `<signed>`, and are proved by following them; buckets are `<bucket>`, one a server.
- Times that the server took from its own clock become `<now>`; times that the client sent stay.
- Lists that have no order (the params, tags, metrics, inputs of a run) are sorted. The histories of several
  runs come in the order of the drawn ids: they are put in the order in which the runs appeared.
- Of an error only the status and the code count: the sentences are each server's own.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import defaultdict
from http import HTTPStatus
from typing import Any

from tests.differential.server import Answer

Comparable = dict[str, Any]

# Wherever it stands: alone, in a URI, in the text of a tag. One letter 32 times is an id the client made up.
_DRAWN_ID = re.compile(r"\b(m-)?(?!(.)\2{31})[0-9a-f]{32}\b")
_WEBHOOK_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INVENTED_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,4}")
_EXPERIMENT_IN_URI = re.compile(r"(?<=^mlflow-artifacts:/)[1-9]\d*(?=/|$)")
_EXPERIMENT_IN_SENTENCE = re.compile(r"(?<=experiment ')[1-9]\d*(?=')")
_BUCKET = re.compile(r"\btests-[0-9a-f]{12}\b")
_SIGNATURE = re.compile(r"\?(?=.*X-Amz-Signature=).*")

_UNORDERED = {"params", "tags", "metrics", "dataset_inputs", "model_inputs", "model_outputs"}
_UNORDERED_PAGES = {"dataset_summaries"}

_HOUR_MS = 3_600_000


class Normaliser:
    """Remembers one server's ids over the answers of one noun, so that the same id gets the same placeholder."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, str]] = defaultdict(dict)
        self._answer = 0
        self._new = 0
        self._now_ms = time.time() * 1000

    def comparable(self, answer: Answer) -> Comparable:
        """The part of an answer in which two servers must agree."""
        self._answer, self._new = self._answer + 1, 0
        parsed = _parsed(answer)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            code = parsed.get("error_code") if isinstance(parsed, dict) else None
            return {"status": answer.status, "error_code": code}
        if parsed is None:
            return {"status": answer.status, "text": answer.body.decode(errors="backslashreplace")}
        return {"status": answer.status, "json": self._value(parsed, "", depth=0)}

    def sentence(self, answer: Answer) -> str:
        """What an error says, for servers that must say the same."""
        said = str(json.loads(answer.body)["message"])
        said = _EXPERIMENT_IN_SENTENCE.sub(lambda found: self._placeholder("experiment", found[0]), said)
        return _DRAWN_ID.sub(self._id, said)

    def _value(self, value: Any, key: str, depth: int) -> Any:
        match value:
            case dict():
                return {name: self._value(item, name, depth + 1) for name, item in value.items()}
            case list():
                return self._list([self._value(item, key, depth) for item in value], key, depth)
            case str():
                return self._text(value, key)
            case float() if abs(value) == sys.float_info.max:
                return f"<infinite {'-' if value < 0 else '+'}>"
            case int() if key != "step" and abs(value - self._now_ms) < _HOUR_MS:
                return "<now>"
            case _:
                return value

    def _list(self, items: list[Any], key: str, depth: int) -> list[Any]:
        if depth > 1:
            return sorted(items, key=_canonical) if key in _UNORDERED else items
        if key == "metrics":
            return sorted(items, key=_run_of)  # stable: each run keeps its order
        return sorted(items, key=_canonical) if key in _UNORDERED_PAGES else items

    def _text(self, value: str, key: str) -> str:
        if key == "experiment_id" and value != "0":
            return self._placeholder("experiment", value)
        if key == "upload_id":
            return self._placeholder("upload", value)
        value = _SIGNATURE.sub("?<signed>", _BUCKET.sub("<bucket>", value))
        if _WEBHOOK_ID.fullmatch(value):
            return self._placeholder("webhook", value)
        if key == "next_page_token":
            return "<page>"
        if key == "value" and value in ("Infinity", "-Infinity"):
            return f"<infinite {'-' if value.startswith('-') else '+'}>"
        if value.startswith("[{"):
            return self._json_text(value)
        if _INVENTED_NAME.fullmatch(value):
            return self._placeholder("name", value)
        value = _EXPERIMENT_IN_URI.sub(lambda found: self._placeholder("experiment", found[0]), value)
        return _DRAWN_ID.sub(self._id, value)

    def _json_text(self, value: str) -> str:
        try:
            return json.dumps(self._value(json.loads(value), "", depth=0), sort_keys=True)
        except ValueError:
            return value

    def _id(self, found: re.Match[str]) -> str:
        return self._placeholder("model" if found[1] else "run", found[0])

    def _placeholder(self, kind: str, value: str) -> str:
        known = self._seen[kind]
        if value not in known:
            self._new += 1
            known[value] = f"<{kind} {self._answer}.{self._new}>"
        return known[value]


def _parsed(answer: Answer) -> Any:
    """The JSON that an answer of the API holds; None for files, pages and what only claims to be JSON."""
    if answer.media_type != "application/json" or answer.is_file:
        return None
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _run_of(point: dict[str, Any]) -> str:
    return str(point.get("run_id", ""))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)

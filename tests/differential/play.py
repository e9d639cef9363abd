"""Plays the calls of a noun on a server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.differential.call import Call, Request, Saved, Sections, filled
from tests.differential.server import Answer, Server

# Servers keep times in milliseconds and order by them: two calls must not fall into the same one.
PAUSE_S = 0.002


@dataclass(frozen=True)
class Step:
    """A call with the name that reports and `differences.py` know it by."""

    id: str
    call: Call


@dataclass(frozen=True)
class Played:
    """A step as one server saw and answered it."""

    step: Step
    request: Request
    answer: Answer


def steps_of(noun: str, sections: Sections) -> list[Step]:
    """The steps in order, named `noun/section/number METHOD path`, the number counting within the section."""
    return [
        Step(f"{noun}/{section}/{number} {call}", call)
        for section, calls in sections.items()
        for number, call in enumerate(calls, 1)
    ]


def play(steps: list[Step], server: Server) -> Iterator[Played]:
    """Sends the steps one after the other, carrying saved values forward.

    A value that the answer lacks is replaced by `no-NAME`, so that one failure does not hide the rest.
    """
    saved: Saved = {}
    for step in steps:
        request = filled(step.call, saved)
        answer = server.send(request)
        for name, place in step.call.save.items():
            saved[name] = _pick(answer, place) or f"no-{name}"
        yield Played(step, request, answer)
        time.sleep(PAUSE_S)


def _pick(answer: Answer, place: str) -> str | None:
    try:
        value: Any = json.loads(answer.body)
        for key in place.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return str(value)

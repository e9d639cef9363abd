"""What a push has to do, and what has become of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from genesis_flow.client.push.contents import LocalFile, Subject
from genesis_flow.client.push.notes import Note
from genesis_flow.client.push.told import Told
from genesis_flow.client.runs import PARENT
from genesis_flow.values.logged_models import LoggedModel
from genesis_flow.values.runs import Run

Kind = Literal["experiment", "run", "model"]
Outcome = Literal["made", "added to", "unchanged", "left out", "failed"]


@dataclass
class Pushed:
    """What has become of an experiment, a run or a logged model.

    Attributes:
        kind: which of them it is.
        id: its id in the folder.
        name: what it is called.
        outcome: ``made`` on the server, ``added to``, ``unchanged``; ``left out``, because it is deleted in the folder;
            ``failed``. In a dry run, what would be.
        target_id: its id on the server.
        points: how many points of metrics were sent.
        params: likewise params.
        tags: likewise tags, set or deleted.
        files: likewise files.
        size_bytes: how large points and files are.
        refused: how many things the server refused.
        reason: why it failed, or is left out.
    """

    kind: Kind
    id: str
    name: str = ""
    outcome: Outcome = "unchanged"
    target_id: str = ""
    points: int = 0
    params: int = 0
    tags: int = 0
    files: int = 0
    size_bytes: int = 0
    refused: int = 0
    reason: str = ""


@dataclass
class Made:
    """A run or a model on the server.

    Attributes:
        id: its id there.
        location: where its files go.
        is_new: whether this push made it.
        before: what it was when it was found.
    """

    id: str
    location: str
    is_new: bool
    before: Run | LoggedModel


@dataclass
class Work:
    """A run or a model, and what is to be sent of it."""

    subject: Subject
    note: Note
    told: Told
    files: list[LocalFile]
    result: Pushed
    made: Made | None = None
    is_being_made: bool = False

    @property
    def has_new_points(self) -> bool:
        """Whether a file of points has some that are not confirmed."""
        settled = self.note.settled
        return any(numbers[-1] >= settled.get(name, 0) for name, (numbers, _) in self.subject.points.items())

    @property
    def is_new(self) -> bool:
        """Whether there is anything to send."""
        return self.told.is_new or self.has_new_points or bool(self.files)


def fields_of(pushed: Pushed) -> dict[str, object]:
    """What has become of one, for programs."""
    return asdict(pushed)


def parents_first(subjects: Iterable[str], works: dict[str, Work]) -> list[str]:
    """Ids in an order in which a run comes behind the one it is nested in; in a circle, somewhere."""
    done: dict[str, None] = {}
    asked = set(subjects)
    for id_ in subjects:
        chain: dict[str, None] = {}
        at: str | None = id_
        while at is not None and at in works and at not in done and at not in chain:
            chain[at] = None
            at = works[at].told.tags.get(PARENT)
        for one in reversed(chain):
            done[one] = None
    return [id_ for id_ in done if id_ in asked]

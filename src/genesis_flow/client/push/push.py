"""Offline runs to a server: each is made once, and what was logged to it arrives once, however often it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from genesis_flow.client.push.contents import Contents, LocalFile, Problem, Subject
from genesis_flow.client.push.files import new_files
from genesis_flow.client.push.making import Making
from genesis_flow.client.push.notes import Note, Notes
from genesis_flow.client.push.sending import Sending, batch_of
from genesis_flow.client.push.target import Target
from genesis_flow.client.push.told import Told
from genesis_flow.client.push.works import Kind, Pushed, Work, parents_first
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.sender import is_refusal
from genesis_flow.errors import GenesisFlowError, PushToFolder, PushUntold
from genesis_flow.journals.layout import artifacts_of, is_offline
from genesis_flow.journals.lines import DamagedJournal


class Push:
    """One folder on its way to one server.

    Args:
        root: the folder of offline runs.
        tracking_uri: where it goes.
        dry_run: whether to tell what would be sent, and to send and write nothing.

    Raises:
        NoOfflineRuns: it is no such folder.
        PushToFolder: the server is such a folder.
        UnsupportedLocation: nothing can be kept there.
    """

    def __init__(self, root: Path, tracking_uri: str, *, dry_run: bool = False) -> None:
        if is_offline(tracking_uri):
            raise PushToFolder
        self._contents = Contents(root)
        self._notes = Notes(root, tracking_uri)
        self._target = Target(tracking_uri)
        self._dry_run = dry_run
        self._works: dict[str, Work] = {}
        self._making = Making(self._contents, self._notes, self._target, self._works)

    @property
    def problems(self) -> Sequence[Problem]:
        """What in the folder cannot be sent, as far as it is known."""
        return self._contents.problems

    def run(self) -> Iterator[Pushed]:
        """Sends everything that is new; each experiment, run and model when it is done with.

        Raises:
            PushGoesOn: another push is at it.
            GenesisFlowError: the server does not answer, or takes nothing from us now. What it confirmed is noted.
            OSError: the folder cannot be written to.
        """
        if not self._dry_run:
            self._notes.open()
        try:
            works = [*self._prepared("run", self._contents.runs), *self._prepared("model", self._contents.models)]
            size_bytes = sum(file.size_bytes for work in works for file in work.files)
            with Progress("Sending", len(works), size_bytes, "runs") as progress:
                sending = Sending(self._contents, self._notes, self._target, self._making, progress)
                yield from self._send_experiments()
                for work in works:
                    yield self._guarded(work, sending)
                    progress.add_file()
        finally:
            self._notes.close()

    def _prepared(self, kind: Kind, subjects: dict[str, Subject]) -> list[Work]:
        for subject in subjects.values():
            note = self._notes.read(subject.id)
            result = Pushed(kind, subject.id, target_id=note.target_id)
            try:
                told = Told.of(subject, note)
            except (msgspec.MsgspecError, RecursionError, DamagedJournal) as error:
                told, result.outcome, result.reason = Told(), "failed", f"One of its records cannot be read: {error}."
                self._contents.problem((subject.lines[0].file if subject.lines else subject.id,), str(error))
            result.name = (told.run.run_name if told.run else told.model.name if told.model else "") or ""
            files = self._contents.files(told.experiment_id, subject.id)
            self._works[subject.id] = Work(subject, note, told, new_files(files, note), result)
            self._check_files(subject.id, files, note, told)
        return [self._works[id_] for id_ in parents_first(subjects, self._works)]

    def _check_files(self, id_: str, files: Sequence[LocalFile], note: Note, told: Told) -> None:
        found = {str(file.path) for file in files}
        for path in sorted(told.digests.keys() - found - note.files.keys()):
            self._contents.problem(
                (*artifacts_of(told.experiment_id, id_), path), "was stored, and is not there any more"
            )

    def _guarded(self, work: Work, sending: Sending) -> Pushed:
        """Sends one; what is refused for good is its failure, and the others go on."""
        result = work.result
        if result.outcome == "failed":
            return result
        try:
            self._send(work, sending)
        except DamagedJournal as error:
            result.outcome, result.reason = "failed", f"One of its journals changed meanwhile: {error}."
        except GenesisFlowError as error:
            if not is_refusal(error):
                raise
            result.outcome, result.reason = "failed", error.message
        return result

    def _send(self, work: Work, sending: Sending) -> None:
        told, result = work.told, work.result
        if told.run is None and told.model is None:
            raise PushUntold("run" if result.kind == "run" else "logged model", work.subject.id)
        if self._making.is_left_out(work):
            result.outcome, result.reason = "left out", "It is deleted in the folder."
        elif work.is_new:
            self._count(work)
            result.outcome = "added to" if work.note.target_id else "made"
            if not self._dry_run:
                made = self._making.made(work)
                result.outcome, result.target_id = "made" if made.is_new else "added to", made.id
                (sending.run if told.run else sending.model)(work, made)

    def _count(self, work: Work) -> None:
        told, result = work.told, work.result
        result.params, result.tags, result.files = len(told.new_params), len(told.new_tags), len(work.files)
        result.size_bytes = sum(file.size_bytes for file in work.files)
        if self._dry_run:
            result.points = len(told.metrics)
            for name in work.subject.points:
                for _, line in self._contents.points(work.subject, name, work.note.settled.get(name, 0)):
                    result.points += len(batch_of(line).metrics)
                    result.size_bytes += len(bytes(line.message))

    def _send_experiments(self) -> Iterator[Pushed]:
        """Those that were made or changed; the others are looked for when a run of theirs is sent."""
        for id_ in self._contents.experiments:
            told = self._making.told_experiment(id_)
            note = self._notes.read(f"e-{id_}")
            if told is None or not told.name or told.settled == note.settled:
                continue
            result = Pushed("experiment", id_, told.name, "added to" if note.target_id else "made", note.target_id)
            if told.is_deleted and not note.target_id:
                result.outcome, result.reason = "left out", "It is deleted in the folder."
            elif not self._dry_run:
                try:
                    result.target_id = self._making.experiment(id_, result)
                except GenesisFlowError as error:
                    if not is_refusal(error):
                        raise
                    result.outcome, result.reason = "failed", error.message
            yield result

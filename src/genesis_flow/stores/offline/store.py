"""The store of a program without a server: it answers from a folder, and appends to it what it answered."""

from __future__ import annotations

import logging
import secrets
import stat
from pathlib import Path
from typing import Any

import msgspec

from genesis_flow.errors import NeedsServer, NotFound, ShuttingDown
from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder
from genesis_flow.journals.journal import Journal
from genesis_flow.journals.layout import ARTIFACTS, FILE_NAME, JOURNAL, JOURNALS, POINTS
from genesis_flow.journals.lines import WRITES, DamagedJournal, Line, Mark, open_journal, read_lines
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.stores.folder_errors import translated
from genesis_flow.stores.forwarding import ForwardingStore, Request, Response
from genesis_flow.stores.memory import finished
from genesis_flow.stores.offline.view import NeedsPoints, View
from genesis_flow.stores.protocol import Capability
from genesis_flow.values.message import Message
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages.runs import LogBatch
from genesis_flow.wire.operations import Operation

_LOG = logging.getLogger("genesis_flow")

OF_EXPERIMENTS = frozenset({"get_experiment", "get_experiment_by_name", "search_experiments"})
OF_POINTS = frozenset(
    {
        *("get_run", "search_runs", "search_datasets", "get_logged_model", "search_logged_models"),
        *("get_metric_history", "get_metric_history_bulk", "get_metric_history_bulk_interval"),
    }
)
_SUBJECTS = {"create_experiment": "experiment_id", "create_run": "run_id", "create_logged_model": "model_id"}


class OfflineStore(ForwardingStore):
    """Experiments, runs and logged models in a folder that ``genesis-flow push`` sends on; of one process.

    What a verb means is said by the store in memory. A write is at the end of this process's journal when it is
    answered; what other processes wrote to the folder is read when it is asked for. Nobody waits for anybody: two
    processes that set a param of one run to two values are both told that it is kept, and ``push`` keeps the first.

    Args:
        folder: made with the first write.
        clock: the time.
    """

    supports: frozenset[Capability] = frozenset({"persistent", "concurrent-processes"})

    def __init__(self, folder: Path, *, clock: Clock = now_ms) -> None:
        self._folder, self._clock = folder, clock
        self._secret = secrets.token_bytes(32)
        self._journal = Journal(folder, clock)
        self._closed = False
        self._forget()

    def _forget(self) -> None:
        """Begins anew from the files, because memory may hold what they do not."""
        self._view = self._new_view(has_points=False)
        self._marks: dict[str, Mark] = {}
        self._waiting: list[Line] = []
        self._read_own = True

    def _new_view(self, *, has_points: bool) -> View:
        root = (self._folder / ARTIFACTS).as_uri()
        return View(root, self._clock, self._secret, has_points=has_points)

    async def call(self, operation: Operation[Request, Response], message: Request) -> Reply[Response]:
        """Answers a verb at once."""
        if self._closed:
            raise ShuttingDown
        with translated():
            if operation.name in WRITES:
                answer: Reply[Response] = self._write(operation.name, message)
                return answer
            if operation.name in OF_EXPERIMENTS or operation.name in OF_POINTS:
                answer = self._read(operation.name, message)
                return answer
        raise NeedsServer(operation.name, str(self._folder))

    # --- writing --------------------------------------------------------------------------------------------------

    def _write(self, name: str, message: Any) -> Any:
        if self._read_own or name == "create_experiment":
            self._refresh(with_points=False)
        try:
            reply = finished(getattr(self._view, name)(message))
        except NotFound:
            if not self._refresh(with_points=False):
                raise
            reply = finished(getattr(self._view, name)(message))
        subject, kept = _made(name, message, reply)
        only_points = isinstance(kept, LogBatch) and kept.metrics and not (kept.params or kept.tags)
        try:
            self._journal.append(name, subject, kept, suffix=POINTS if only_points else JOURNAL)
            if name in ("create_run", "update_run"):
                self._journal.fsync()
        except OSError:
            self._forget()
            raise
        return reply

    # --- reading --------------------------------------------------------------------------------------------------

    def _read(self, name: str, message: Any) -> Any:
        self._refresh(with_points=name in OF_POINTS)
        try:
            return finished(getattr(self._view, name)(message))
        except NeedsPoints:
            whole = self._new_view(has_points=True)
            _take_all(whole, self._lines({}, with_points=True))
            return finished(getattr(whole, name)(message))

    def _refresh(self, *, with_points: bool) -> bool:
        """Reads what is new in the folder; whether there was anything."""
        again = self._read_own and bool(self._journal.names)  # memory was given up: all of our own comes back
        found = self._lines(self._marks, with_points=with_points or again)
        self._read_own = False
        if not found:
            return False
        self._waiting = _take_all(self._view, [*self._waiting, *found])
        return True

    def _lines(self, marks: dict[str, Mark], *, with_points: bool) -> list[Line]:
        """The lines behind the marks, in the order in which they were written; the marks are moved."""
        found: list[Line] = []
        skipped = self._journal.names if marks is self._marks and not self._read_own else ()
        try:
            folder = Folder.at(str(self._folder), by_handle=HAS_FOLDER_HANDLES).walk((JOURNALS,))
        except FileNotFoundError:
            return found
        with folder:
            for name, status in sorted(folder.scan()):
                is_wanted = FILE_NAME.fullmatch(name) and (with_points or name.endswith(JOURNAL))
                mark = marks.get(name, Mark())
                if not is_wanted or name in skipped or not stat.S_ISREG(status.st_mode) or status.st_size <= mark.at:
                    continue
                try:
                    with open_journal(folder, name) as file:
                        for _, line, end in read_lines(file, mark):
                            found.append(line)
                            mark = end
                except DamagedJournal as error:
                    _LOG.warning("The journal %s cannot be read to its end: %s.", self._folder / JOURNALS / name, error)
                    mark = Mark(2**62, mark.number)
                marks[name] = mark
        found.sort(key=lambda line: line.at_ms)
        return found

    # --- the rest of a store --------------------------------------------------------------------------------------

    async def token_secret(self) -> bytes:
        """The key that signs page tokens."""
        return self._secret

    async def check(self) -> None:
        """There is nothing that could fail before something is written."""

    async def close(self) -> None:
        """Flushes what was written."""
        self._closed = True
        self._journal.close()


def _take_all(view: View, lines: list[Line]) -> list[Line]:
    """Does what lines say; those that speak of what is not there.

    What makes something comes first: clocks of two machines differ.
    """
    for name in _SUBJECTS:
        for line in lines:
            if line.operation == name:
                view.replay(line)
    return [line for line in lines if line.operation not in _SUBJECTS and not view.replay(line)]


def _made(name: str, message: Message, reply: Any) -> tuple[str, Message]:
    """What a message is about, and the message as it is done again: with the names that were found for it."""
    match name:
        case "create_experiment":
            return reply.experiment_id, message
        case "create_run":
            info = reply.run.info
            return info.run_id, msgspec.structs.replace(message, run_name=info.run_name)
        case "create_logged_model":
            info = reply.model.info
            return info.model_id, msgspec.structs.replace(message, name=info.name)
        case _:
            fields = ("run_id", "run_uuid", "experiment_id", "model_id")
            return next(one for one in (getattr(message, field, None) for field in fields) if one), message

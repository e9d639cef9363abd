"""What one record says: a message of the table of operations that was answered, and about what."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import msgspec

from genesis_flow.folders import Folder
from genesis_flow.journals.framing import OVERHEAD_BYTES, Record, framed, is_torn, read_record
from genesis_flow.journals.layout import MODEL_ID, RUN_ID
from genesis_flow.rules.ids import EXPERIMENT_ID
from genesis_flow.values.message import Message
from genesis_flow.wire import codec
from genesis_flow.wire.decoders import decoder
from genesis_flow.wire.operations import operation

MOST_BYTES = 64 * 2**20
"""More than any message has."""
BUFFER_BYTES = 2**18

ABOUT, FILE = "about", "file"
"""Besides operations: which process writes this journal; and a file that was stored, or deleted."""

OF_EXPERIMENTS = frozenset(
    {
        *("create_experiment", "update_experiment", "delete_experiment", "restore_experiment"),
        *("set_experiment_tag", "delete_experiment_tag"),
    }
)
OF_RUNS = frozenset(
    {
        *("create_run", "update_run", "delete_run", "restore_run", "log_batch", "delete_tag"),
        *("log_inputs", "log_outputs", "log_model"),
    }
)
OF_MODELS = frozenset(
    {
        *("create_logged_model", "finalize_logged_model", "delete_logged_model", "set_logged_model_tags"),
        *("delete_logged_model_tag", "log_logged_model_params"),
    }
)
WRITES = OF_EXPERIMENTS | OF_RUNS | OF_MODELS


class StoredFile(Message, frozen=True):
    """A file of a run or a model.

    Attributes:
        path: from the artifacts of the run or model.
        size_bytes: how large it is.
        sha256: its digest, in hexadecimal; None if it, or the folder of this name, was deleted.
    """

    path: str
    size_bytes: int = 0
    sha256: str | None = None


class About(Message, frozen=True):
    """Which process writes a journal.

    Attributes:
        version: of the form of journals.
        machine: its name.
        pid: the process.
        created_ms: since when.
    """

    version: int = 0
    machine: str = ""
    pid: int = 0
    created_ms: int = 0


class Line(msgspec.Struct, array_like=True):
    """What one record says.

    Attributes:
        at_ms: when it was answered.
        operation: the name of an operation, ``about`` or ``file``.
        subject: the experiment, run or model.
        message: the message as JSON, as it went into the store.
    """

    at_ms: int
    operation: str
    subject: str
    message: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def said(self) -> Any:
        """The message.

        Raises:
            msgspec.MsgspecError, RecursionError: it is none of this operation's.
        """
        if self.operation == FILE:
            return decoder(StoredFile).decode(self.message)
        return decoder(operation(self.operation).request).decode(self.message)


class DamagedJournal(Exception):
    """A journal cannot be read any further.

    Args:
        at: from which byte on.
        reason: what is wrong there.
    """

    def __init__(self, at: int, reason: str) -> None:
        self.at, self.reason = at, reason
        super().__init__(f"{reason}, at byte {at:,}")


@dataclass(frozen=True)
class Mark:
    """A place in a journal: the byte, and the number of the record that begins there."""

    at: int = 0
    number: int = 0


def packed(line: Line, number: int) -> bytes:
    """A line as it stands in a journal."""
    return framed(Record(number, 1, msgspec.json.encode(line)))


def open_journal(folder: Folder, name: str) -> io.BufferedReader:
    """A journal, to be read; raises as ``Folder.open_file``."""
    return io.BufferedReader(folder.open_file(name), BUFFER_BYTES)


def line_of(at_ms: int, name: str, subject: str, message: Message) -> Line:
    """A line about a message."""
    return Line(at_ms, name, subject, msgspec.Raw(codec.encode(message)))


def read_line(file: IO[bytes], size_bytes: int, mark: Mark) -> tuple[Line, Mark] | None:
    """The line at a place, and where it ends; None if its end is missing.

    Raises:
        DamagedJournal: something else than a line stands there.
    """
    record = read_record(file, size_bytes, MOST_BYTES)
    if record is None:
        if is_torn(file, mark.at, size_bytes, MOST_BYTES):
            return None
        raise DamagedJournal(mark.at, "no whole record is there")
    if record.first != mark.number or record.items != 1:
        raise DamagedJournal(mark.at, f"the record {mark.number:,} is missing")
    end = Mark(mark.at + len(record.payload) + OVERHEAD_BYTES, mark.number + 1)
    return _checked(record.payload, mark.at), end


def read_lines(file: io.BufferedReader, mark: Mark = Mark()) -> Iterator[tuple[Mark, Line, Mark]]:
    """The lines of a journal from a place on, each with where it begins and ends; one whose end is missing is left out.

    Raises:
        DamagedJournal: something else than a line stands there.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(mark.at)
    while mark.at < size and (found := read_line(file, size, mark)) is not None:
        line, end = found
        yield mark, line, end
        mark = end


def _checked(payload: bytes, at: int) -> Line:
    try:
        line = decoder(Line).decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise DamagedJournal(at, f"a record says nothing that could be read ({error})") from None
    if line.operation == ABOUT:
        try:
            about = decoder(About).decode(line.message)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise DamagedJournal(at, f"its first record is not readable ({error})") from None
        if about.version != 1:
            raise DamagedJournal(at, f"it has version {about.version} of this form; this program reads version 1")
        return line
    if line.operation == FILE:
        is_known = RUN_ID.fullmatch(line.subject) or MODEL_ID.fullmatch(line.subject)
    elif line.operation in OF_RUNS:
        is_known = RUN_ID.fullmatch(line.subject)
    elif line.operation in OF_EXPERIMENTS:
        is_known = EXPERIMENT_ID.fullmatch(line.subject)
    elif line.operation in OF_MODELS:
        is_known = MODEL_ID.fullmatch(line.subject)
    else:
        raise DamagedJournal(at, f"the operation {line.operation[:50]!r} is not logged offline")
    if not is_known:
        raise DamagedJournal(at, f"{line.subject[:50]!r} is no id")
    return line

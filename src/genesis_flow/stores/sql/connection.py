"""What the SQL of this store runs on: statements written once, a connection with three calls, a database.

SQLAlchemy writes the SQL; the driver runs it without SQLAlchemy's execution layer in between, which costs more
than most of these statements do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement

T = TypeVar("T")
Row = tuple[Any, ...]


class Statement:
    """A statement whose text is made once for each kind of database and then reused.

    Args:
        clause: the statement, or what writes it for a kind of database; its values are named ``bindparam``s.
    """

    __slots__ = ("_clause", "_compiled")

    def __init__(self, clause: ClauseElement | Callable[[Dialect], ClauseElement]) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def clause(self, dialect: Dialect) -> ClauseElement:
        """The statement for this kind of database."""
        return self._clause if isinstance(self._clause, ClauseElement) else self._clause(dialect)

    def text(self, dialect: Dialect) -> str:
        """The SQL for this kind of database."""
        return self.compiled(dialect)[0]

    def compiled(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """The SQL for this kind of database, and the values that the statement carries in itself."""
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = self.clause(dialect).compile(dialect=dialect)
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            found = self._compiled[dialect.name] = str(compiled), constants
        return found


class Connection(Protocol):
    """A connection inside a transaction.

    Attributes:
        states: of the runs that this transaction has locked their key, experiment and stage, unless it changed that.
        emptied: the keys of runs whose documents this transaction has emptied, or found empty.
        joins_writes: whether one statement can write to two tables, which saves the way to a server and back.
    """

    states: dict[str, tuple[int, int, str]]
    emptied: set[int]
    joins_writes: bool

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        """All rows of a query."""

    def row(self, statement: Statement, **values: Any) -> Row | None:
        """The first row of a query, if there is one."""

    def run(self, statement: Statement, **values: Any) -> int:
        """Runs a statement; the number of rows that it changed."""

    def many(self, statement: Statement, values: Iterable[Mapping[str, Any]]) -> int:
        """Runs an upsert once for each set of values; the number of rows that it changed."""

    def array(self, values: Iterable[int] | Iterable[str]) -> Any:
        """Integers or texts as one value, for :func:`among`."""

    def query(self, clause: ClauseElement) -> list[Row]:
        """All rows of a statement that is made for this one call and carries its values in itself."""

    def insert(self, statement: Statement, **values: Any) -> int:
        """Inserts one row; its generated integer key."""


def among(dialect: Dialect, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Whether the column is one of the integers, or of the texts, in the array that is bound to ``name``."""
    if dialect.name == "postgresql":
        type_ = sa.Text() if isinstance(column.type, sa.Text) else sa.BigInteger()
        return column == sa.any_(sa.cast(sa.bindparam(name), sa.ARRAY(type_)))
    each = sa.func.json_each(sa.bindparam(name)).table_valued("value")
    return column.in_(sa.select(each.c.value))


def first(row: Row | None) -> Any:
    """The first column of a row, None if there is no row."""
    return None if row is None else row[0]


def grouped(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Rows by their first column, without it."""
    groups: dict[int, list[Row]] = defaultdict(list)
    for first, *rest in rows:
        groups[first].append(tuple(rest))
    return groups


Work = Callable[[Connection], T]


class Database(Protocol):
    """How a kind of database runs work without blocking the event loop."""

    @property
    def waiting(self) -> int:
        """How many writes wait for a commit."""

    def watch(self, on_commit: Callable[[int], None]) -> None:
        """Has ``on_commit`` told the number of writes in each commit."""

    async def read(self, work: Work[T]) -> T:
        """Runs short reads: a few rows by key."""

    async def scan(self, work: Work[T]) -> T:
        """Runs reads that may take long."""

    async def write(self, work: Work[T], *, run_id: str | None = None) -> T:
        """Runs work in a transaction and answers when it is durable.

        The work may share its transaction with other work. It must raise its own errors before it
        changes anything, and may be run again if its transaction fails.

        Args:
            work: what to do.
            run_id: the run that it writes to, if any, which nobody else writes to meanwhile.
        """

    async def close(self) -> None:
        """Finishes what was asked and closes the connections."""

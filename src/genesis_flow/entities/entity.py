"""What every object that the client hands out has in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from typing_extensions import Self


class Entity:
    """A value that is read by attribute, or as a whole with ``dict(entity)``."""

    __slots__ = ()

    def _names(self) -> list[str]:
        """The public attributes, in alphabetical order."""
        kept = getattr(self, "__struct_fields__", None) or vars(self)
        properties = {n for c in type(self).__mro__ for n, v in vars(c).items() if isinstance(v, property)}
        return sorted(n for n in {*kept, *properties} if not n.startswith("_"))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for name in self._names():
            yield name, getattr(self, name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(f'{name}={value!r}' for name, value in self)}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entity):
            return NotImplemented
        return type(self) is type(other) and dict(self) == dict(other)

    __hash__ = object.__hash__

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> Self:
        """An object of this class whose arguments are the fields of a dictionary."""
        return cls(**the_dict)


class Record(msgspec.Struct, Entity, frozen=True):
    """An entity that is nothing but its fields: small, fast, compared and hashed by value."""

    # Equality and hash are those of the fields, and msgspec's; an ``Entity`` of mutable things keeps its own identity.
    __repr__ = Entity.__repr__

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> Self:
        """A record from the fields in a dictionary; what else is in it is passed over."""
        return cls(**{name: the_dict[name] for name in cls.__struct_fields__ if name in the_dict})

    def to_dictionary(self) -> dict[str, Any]:
        """The fields by name."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Tag(Record, frozen=True):
    """A key with a value."""

    key: str
    value: str


class _Pair(Protocol):
    @property
    def key(self) -> str | None: ...

    @property
    def value(self) -> str | None: ...


def as_dict(pairs: Iterable[_Pair]) -> dict[str, str]:
    """The values of tags or params by their keys."""
    return {pair.key or "": pair.value or "" for pair in pairs}

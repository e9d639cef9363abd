"""The keys of an experiment: a page of them, made in one way by every store from what it knows of the runs.

What is known of some runs can be kept as bytes, of which only those parts are read again that a page shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from genesis_flow.rules.keys import MOST_VALUES, Part, of_numbers, of_texts, together
from genesis_flow.stores import asking
from genesis_flow.wire.messages import keys as messages
from genesis_flow.wire.messages.keys import KeyKind

KINDS: tuple[KeyKind, ...] = ("metric", "param", "tag")
"""In the order of a list."""

BLOCK_VALUES = 8_192
"""A block of runs with so many values takes no more. PERF: they are read in 8 ms if one of its runs was written to."""
RUNS_IN_A_BLOCK = 128
"""How many of the runs of an older database are put into a block, however many values they have."""

Parts = Mapping[str, Part]
"""The parts of the keys of one kind, by key."""


class Counted:
    """What some active runs have.

    Args:
        runs: how many they are.
        of_kind: the parts of each kind that was counted.
    """

    def __init__(self, runs: int, of_kind: Mapping[KeyKind, Parts]) -> None:
        self.runs = runs
        self.of_kind = of_kind

    def packed(self) -> bytes:
        """It as bytes."""
        of_kind = {kind: (tuple(parts), tuple(parts.values())) for kind, parts in self.of_kind.items()}
        return _encode((self.runs, of_kind))

    @classmethod
    def of(cls, packed: bytes) -> Counted:
        """It from its bytes."""
        runs, of_kind = _decode(packed)
        return cls(runs, {kind: _PackedParts(*columns) for kind, columns in of_kind.items()})


class _PackedParts(Mapping[str, Part]):
    """Parts, each of which is read when it is asked for.

    PERF: a page of 1,000 keys from 8 blocks with 9,000 keys each in 40 ms; in 80 ms with every part read.
    """

    def __init__(self, keys: tuple[str, ...], parts: tuple[msgspec.Raw, ...]) -> None:
        self._keys = keys
        self._parts = parts

    @cached_property
    def _by_key(self) -> Mapping[str, msgspec.Raw]:
        return dict(zip(self._keys, self._parts, strict=True))

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> Part:
        return _decode_part(self._by_key[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


_Columns = tuple[tuple[str, ...], tuple[msgspec.Raw, ...]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, dict[KeyKind, _Columns]]).decode
_decode_part = msgspec.msgpack.Decoder(Part).decode


def joined(block: int, full: int, size: int) -> tuple[int, int]:
    """The block that a run joins, and how many values that has then.

    Args:
        block: the newest of the experiment.
        full: how many values it has.
        size: how many values the run has.
    """
    return (block, full + size) if full < BLOCK_VALUES else (block + 1, size)


def asked_kinds(message: messages.ListExperimentKeys) -> Sequence[KeyKind]:
    """The kinds of keys that are asked for, in order."""
    return KINDS if message.kind is None else (message.kind,)


def of_values(kind: KeyKind, pairs: Iterable[tuple[str, Any]]) -> dict[str, Part]:
    """The parts of one kind, from the key and the value of each entry of some runs."""
    by_key: defaultdict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        by_key[key].append(value)
    if kind == "metric":
        return {key: of_numbers(values) for key, values in by_key.items()}
    is_param = kind == "param"
    return {key: of_texts(values, may_be_numbers=is_param) for key, values in by_key.items()}


def page(
    message: messages.ListExperimentKeys, found: Sequence[Counted], secret: bytes
) -> messages.ListExperimentKeysResponse:
    """The page that is asked for.

    Args:
        message: what is asked.
        found: what the active runs have, each run in one of these; kinds that are not asked for may be missing.
        secret: the key that signs page tokens.

    Raises:
        InvalidPageToken: the token is none.
    """
    asked = asking.of_keys(message, secret)
    of_kind = {kind: [one.of_kind[kind] for one in found if kind in one.of_kind] for kind in asked_kinds(message)}
    names = [
        (KINDS.index(kind), key)
        for kind, parts in of_kind.items()
        for key in sorted(_like(message.q, set().union(*parts)))
    ]
    behind = names if asked.position is None else [name for name in names if name > tuple(asked.position)]
    shown, token = asked.cut(behind, message.max_results, list)
    return messages.ListExperimentKeysResponse(
        keys=tuple(_key(KINDS[number], key, of_kind[KINDS[number]]) for number, key in shown),
        total=len(names),
        runs=sum(one.runs for one in found),
        next_page_token=token,
    )


def _like(part: str | None, keys: Iterable[str]) -> Iterable[str]:
    if not part:
        return keys
    wanted = part.casefold()
    return [key for key in keys if wanted in key.casefold()]


def _key(kind: KeyKind, key: str, parts: Sequence[Parts]) -> messages.ExperimentKey:
    whole = together([one[key] for one in parts if key in one])
    return messages.ExperimentKey(
        kind=kind,
        key=key,
        runs=whole.runs,
        distinct=MOST_VALUES + 1 if whole.values is None else len(whole.values),
        numeric=whole.numeric,
        min=whole.min,
        max=whole.max,
    )

"""The keys of an experiment: a page of them, made in one way by every store from parts that it has or makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from genesis_flow.rules.keys import MOST_VALUES, Part, Parts, of_numbers, of_texts, together
from genesis_flow.stores import asking
from genesis_flow.wire.messages import keys as messages
from genesis_flow.wire.messages.keys import KeyKind

KINDS: tuple[KeyKind, ...] = ("metric", "param", "tag")
"""In the order of a list."""
OfRuns = Mapping[KeyKind, Parts]
"""What some runs have of each kind."""


def asked_kinds(message: messages.ListExperimentKeys) -> Sequence[KeyKind]:
    """The kinds of keys that are asked for, in order."""
    return KINDS if message.kind is None else (message.kind,)


def of_values(kind: KeyKind, pairs: Iterable[tuple[str, float | str | None]]) -> dict[str, Part]:
    """The parts of one kind, from the key and the value of each entry of some runs."""
    by_key: defaultdict[str, list[float | str | None]] = defaultdict(list)
    for key, value in pairs:
        by_key[key].append(value)
    if kind == "metric":
        return {key: of_numbers(values) for key, values in by_key.items()}  # type: ignore[arg-type]
    is_param = kind == "param"
    return {key: of_texts(values, may_be_numbers=is_param) for key, values in by_key.items()}  # type: ignore[arg-type]


def page(
    message: messages.ListExperimentKeys, found: Sequence[OfRuns], runs: int, secret: bytes
) -> messages.ListExperimentKeysResponse:
    """The page that is asked for.

    Args:
        message: what is asked.
        found: what the active runs have, in any parts; kinds that are not asked for may be missing.
        runs: how many active runs there are.
        secret: the key that signs page tokens.

    Raises:
        InvalidPageToken: the token is none.
    """
    asked = asking.of_keys(message, secret)
    of_kind = {kind: [one[kind] for one in found if one.get(kind)] for kind in asked_kinds(message)}
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
        runs=runs,
        next_page_token=token,
    )


def _like(part: str | None, keys: Iterable[str]) -> Iterable[str]:
    if not part:
        return keys
    wanted = part.casefold()
    return [key for key in keys if wanted in key.casefold()]


def _key(kind: KeyKind, key: str, parts: Sequence[Parts]) -> messages.ExperimentKey:
    whole = together([part for one in parts if (part := one.get(key)) is not None])
    return messages.ExperimentKey(
        kind=kind,
        key=key,
        runs=whole.runs,
        distinct=MOST_VALUES + 1 if whole.values is None else len(whole.values),
        numeric=whole.numeric,
        min=whole.min,
        max=whole.max,
    )

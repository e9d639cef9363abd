"""How long the deleted can be restored, and what registered models still need of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote

from genesis_flow.errors import InvalidParameter, InvalidPath
from genesis_flow.rules.paths import SafeRelPath

RETENTION = "30d"
"""How long the deleted can be restored unless the operator says otherwise."""

_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000}
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,9}}(?:\.[0-9]{{1,9}})?){unit})?" for unit in _UNITS_MS))
_MOST_DECODINGS = 8
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def parse_duration_ms(field: str, text: str) -> int:
    """The milliseconds of ``30d``, ``1d12h`` or ``1.5h``; 0 needs no unit.

    Raises:
        InvalidParameter
    """
    found = _DURATION.fullmatch(text.strip())
    if text.strip() == "0":
        return 0
    if found is None or not any(found.groups()):
        raise InvalidParameter(field, text, "a time such as 30d, 1d12h or 1.5h, in d, h, m and s, or 0")
    parts = zip(found.groups(), _UNITS_MS.values(), strict=True)
    return round(sum(float(number) * unit for number, unit in parts if number))


def needed_parts(location: str, ids: Collection[str]) -> Iterator[tuple[str, SafeRelPath | None]]:
    """What the artifacts of a model's version need of the files of runs and logged models.

    A location within the files of one of these has its id as a segment of the path, whatever its scheme and host are
    and however it is encoded. That is all that is looked at, so that what is in doubt is kept.

    Args:
        location: that of the version.
        ids: those of the runs and models that may be removed.

    Yields:
        The id, and the path within the folder of that name; None for all of it, and what belongs to it in the store.
    """
    for text in _decodings(_SCHEME.sub("", location, count=1)):
        segments = [segment for segment in text.split("/") if segment not in ("", ".")]
        for place, segment in enumerate(segments):
            if segment in ids:
                # A URI that names a run instead of its files is looked up in the store.
                is_by_run = re.match(r"(?i:runs|models):", location) is not None
                yield segment, None if is_by_run else _path(segments[place + 1 :])


def _decodings(text: str) -> Iterator[str]:
    """A text as it stands, and percent-decoded as often as that makes a difference."""
    for _ in range(_MOST_DECODINGS):
        yield text
        decoded = unquote(text)
        if decoded == text:
            return
        text = decoded


def _path(segments: list[str]) -> SafeRelPath | None:
    if any(mark in segment for segment in segments for mark in "?#"):
        return None  # a query, or a part of a name
    try:
        return SafeRelPath(tuple(segments))
    except InvalidPath:
        return None

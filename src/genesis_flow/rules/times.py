"""Points in time as people write them."""

from __future__ import annotations

import datetime
import re

from genesis_flow.errors import InvalidParameter

_MILLISECONDS = re.compile(r"[0-9]{1,15}")
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_RULE = "a time with its zone such as 2026-03-03T14:00:00Z, or milliseconds since 1970"


def parse_time_ms(field: str, text: str) -> int:
    """The milliseconds since 1970 of ``2026-03-03T14:00:00Z``, or of themselves.

    A time without a zone is none: it would be another one on every machine.

    Raises:
        InvalidParameter
    """
    if _MILLISECONDS.fullmatch(text):
        return int(text)
    # A '+' in a query string is a blank, and nobody means one before a zone.
    written = re.sub(r" (?=\d\d:?\d\d$)", "+", text)
    if _ZONED.fullmatch(written) is None:
        raise InvalidParameter(field, text, _RULE)
    try:
        moment = datetime.datetime.fromisoformat(_padded(written.replace("Z", "+00:00")))
    except ValueError:
        raise InvalidParameter(field, text, _RULE) from None
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(milliseconds=1)


def _padded(text: str) -> str:
    """Fractions of a second with three or six digits and zones with a colon, which older Pythons need."""
    text = re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text)
    return re.sub(r"\.(\d+)", lambda found: "." + found[1].ljust(6, "0"), text)

"""What stands in a ``meta.yaml``, by type; who made the file decides how much of it is there."""

from __future__ import annotations

from genesis_flow.errors import MalformedFile
from genesis_flow.stores.file.meta import INT64, Meta


class Fields:
    """The values of a file.

    Args:
        values: what was read.
        name: what the file is called in an error.
    """

    def __init__(self, values: Meta, name: str) -> None:
        self._values, self._name = values, name

    def text(self, key: str, default: str = "") -> str:
        """A text; a number stands for its digits, as the first versions of MLflow wrote ids."""
        value = self._values.get(key)
        if isinstance(value, dict):
            raise self._error(key, "a text")
        return default if value is None else str(value)

    def text_or_none(self, key: str) -> str | None:
        """A text, if there is one."""
        return None if self._values.get(key) is None else self.text(key)

    def number(self, key: str, default: int = 0) -> int:
        """A whole number of 64 bits."""
        found = self.number_or_none(key)
        return default if found is None else found

    def number_or_none(self, key: str) -> int | None:
        """A whole number of 64 bits, if there is one."""
        value = self._values.get(key)
        if value is None or (isinstance(value, int) and value in INT64):
            return value
        raise self._error(key, "a whole number of 64 bits")

    def name_of(self, key: str, names: dict[int, str]) -> str:
        """What a number stands for."""
        found = names.get(self.number(key, -1))
        if found is None:
            raise self._error(key, f"one of {', '.join(map(str, names))}")
        return found

    def texts(self, key: str) -> dict[str, str]:
        """Texts by key."""
        value = self._values.get(key) or {}
        if not isinstance(value, dict):
            raise self._error(key, "a map of texts")
        return {inner: "" if text is None else str(text) for inner, text in value.items()}

    def _error(self, key: str, allowed: str) -> MalformedFile:
        return MalformedFile(self._name, f"its '{key}' is not {allowed}")

"""The secrets of webhooks: how they are kept in a store."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from genesis_flow.errors import InvalidSetting, MissingExtra

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_VARIABLE = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"
_SEALED = "fernet:"
_PLAIN = "plain:"


class Unreadable(Exception):
    """A secret was sealed with another key than the one that is given, or one is given no longer."""


class Sealer:
    """Seals texts with a key, if there is one.

    Args:
        key: 32 bytes in URL-safe base64, as Fernet has them; empty: texts are kept as they are.

    Raises:
        InvalidSetting: the key is none.
        MissingExtra: the package that seals is not installed.
    """

    def __init__(self, key: str = "") -> None:
        self._fernet = _fernet(key) if key else None

    def seal(self, text: str) -> str:
        """A text as it is kept; an empty one stays empty."""
        if not text:
            return ""
        if self._fernet is None:
            return _PLAIN + text
        return _SEALED + self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, kept: str) -> str:
        """The text of what is kept.

        Raises:
            Unreadable
        """
        if not kept or kept.startswith(_PLAIN):
            return kept.removeprefix(_PLAIN)
        if self._fernet is None:
            raise Unreadable
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(kept.removeprefix(_SEALED)).decode()
        except InvalidToken:
            raise Unreadable from None


def _fernet(key: str) -> Fernet:
    if importlib.util.find_spec("cryptography") is None:
        raise MissingExtra("Sealing the secrets of webhooks", "webhooks")
    from cryptography.fernet import Fernet

    try:
        return Fernet(key)
    except ValueError:
        raise InvalidSetting(KEY_VARIABLE, "32 bytes in URL-safe base64") from None

"""Where the data of a dataset comes from."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from genesis_flow.errors import InvalidParameter

if TYPE_CHECKING:
    from typing_extensions import Self


class DatasetSource(ABC):
    """Where data comes from: a file, an address, a program. Subclass it for another kind."""

    @classmethod
    @abstractmethod
    def _get_source_type(cls) -> str:
        """What kind of source this is, as it is logged."""

    @abstractmethod
    def load(self) -> Any:
        """Fetches the data."""

    @classmethod
    @abstractmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        """Whether a source of this kind can be made of what a program calls one."""

    @classmethod
    @abstractmethod
    def _resolve(cls, raw_source: Any) -> Self:
        """The source that is meant by what a program calls one."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """What has to be known to find the data again, without secrets."""

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    @abstractmethod
    def from_dict(cls, source_dict: Mapping[Any, Any]) -> Self:
        """The source of which ``to_dict`` was this."""

    @classmethod
    def from_json(cls, source_json: str) -> Self:
        """The source of which ``to_json`` was this.

        Raises:
            InvalidParameter: it is no JSON, or not of a source of this kind.
        """
        try:
            source_dict = json.loads(source_json)
        except ValueError:
            source_dict = None
        if not isinstance(source_dict, dict):
            raise InvalidParameter("source_json", source_json, "a JSON object")
        return cls.from_dict(source_dict)

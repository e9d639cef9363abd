"""The numbers of the codes of errors, without Protocol Buffers."""

from genesis_flow.exceptions import *
from genesis_flow.exceptions import CODE_NUMBERS, CODES


class ErrorCode:
    """From a number to the name of a code, and back."""

    @staticmethod
    def Name(number: int) -> str:
        """The name; raises ``ValueError`` if there is none."""
        if number not in CODES:
            raise ValueError(f"{number!r} is the number of no code.")
        return CODES[number]

    @staticmethod
    def Value(name: str) -> int:
        """The number; raises ``ValueError`` if there is none."""
        if name not in CODE_NUMBERS:
            raise ValueError(f"{name!r} is the name of no code.")
        return CODE_NUMBERS[name]

"""The functions of the package itself: the active run, and what is logged to it."""

import genesis_flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from genesis_flow import *


def __getattr__(name: str) -> object:
    return getattr(genesis_flow, name)


def __dir__() -> list[str]:
    return dir(genesis_flow)

"""What every frozen type of the interface is made of."""

from __future__ import annotations

from typing import Annotated

import msgspec

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of MLflow's interface: frozen, compared by its fields, absent fields left out on the wire."""

"""The stages of a life: of experiments, runs and logged models."""

from __future__ import annotations

from collections.abc import Mapping

ACTIVE, DELETED = "active", "deleted"

STAGES: Mapping[str, tuple[str, ...]] = {
    "ACTIVE_ONLY": (ACTIVE,),
    "DELETED_ONLY": (DELETED,),
    "ALL": (ACTIVE, DELETED),
}
"""The stages of what is in a view, by the name of the view."""

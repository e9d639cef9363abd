"""The stages of a life: of experiments, runs and logged models."""

from __future__ import annotations

from collections.abc import Mapping

ACTIVE, DELETED = "active", "deleted"

REMOVED = "removed"
"""Of what goes for good: no verb finds it any more; it stays until its files are gone (``stores/collecting.py``)."""

STAGES: Mapping[str, tuple[str, ...]] = {
    "ACTIVE_ONLY": (ACTIVE,),
    "DELETED_ONLY": (DELETED,),
    "ALL": (ACTIVE, DELETED),
}
"""The stages of what is in a view, by the name of the view."""

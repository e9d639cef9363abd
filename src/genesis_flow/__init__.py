"""Genesis-Flow: a secure, light and fast ML operations platform that speaks MLflow's interface."""

from __future__ import annotations

__version__ = "0.1.0.dev0"

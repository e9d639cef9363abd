"""The version of MLflow whose interface this is; libraries compare it."""

from __future__ import annotations

VERSION = "3.17.2"

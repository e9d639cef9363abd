"""Where a run comes from, as its tags tell."""

from __future__ import annotations

import getpass
import sys


def run_tags() -> dict[str, str]:
    """The tags that a run gets at its start."""
    return {
        "mlflow.user": getpass.getuser(),
        "mlflow.source.name": sys.argv[0] or "<console>",
        "mlflow.source.type": "LOCAL",
    }

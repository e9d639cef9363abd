"""What every store must do, as pytest classes that ship with the package.

See :mod:`genesis_flow.testing.store` and, for the files, :mod:`genesis_flow.testing.artifacts`.
"""

from __future__ import annotations

import pytest

NOUNS = (
    *(
        "artifacts",
        "experiments",
        "runs",
        "metrics",
        "datasets",
        "logged_models",
        "registry",
        "registry_search",
        "registry_calls",
    ),
    *("model_history", "search", "sharing", "collection", "suite", "calls"),
    *("webhooks", "deliveries", "webhook_calls", "run_tables"),
)

pytest.register_assert_rewrite(*(f"{__name__}.{noun}" for noun in NOUNS))

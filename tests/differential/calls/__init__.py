"""The calls, a module a noun. A noun uses nothing that another one made, so each can be played alone."""

from __future__ import annotations

from tests.differential.call import Sections
from tests.differential.calls import (
    artifacts,
    bad_input,
    datasets,
    experiments,
    logged_models,
    long_texts,
    metrics,
    registry,
    runs,
    search_experiments,
    search_registry,
    search_runs,
    transfers,
    webhooks,
)

NOUNS: dict[str, Sections] = {
    "experiments": experiments.CALLS,
    "search_experiments": search_experiments.CALLS,
    "runs": runs.CALLS,
    "metrics": metrics.CALLS,
    "search_runs": search_runs.CALLS,
    "datasets": datasets.CALLS,
    "logged_models": logged_models.CALLS,
    "registry": registry.CALLS,
    "search_registry": search_registry.CALLS,
    "webhooks": webhooks.CALLS,
    "artifacts": artifacts.CALLS,
    "transfers": transfers.CALLS,
    "bad_input": bad_input.CALLS,
    "long_texts": long_texts.CALLS,
}
NOUNS_IN_A_BUCKET: dict[str, Sections] = {"transfers_in_a_bucket": transfers.IN_A_BUCKET}
"""Played on servers whose files are in a bucket."""

"""Datasets: what a request must look like."""

from __future__ import annotations

from genesis_flow.errors import InvalidParameter, MissingParameter
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import DatasetStore
from genesis_flow.wire.messages import datasets as messages

EXPERIMENTS_MOST = 20


def verbs(store: DatasetStore) -> Verbs:
    """The verbs of the noun."""
    return {"search_datasets": Verb(store.search_datasets, check_search)}


def check_search(message: messages.SearchDatasets) -> messages.SearchDatasets:
    """The number of experiments."""
    given = len(message.experiment_ids)
    if not given:
        raise MissingParameter("experiment_ids")
    if given > EXPERIMENTS_MOST:
        raise InvalidParameter("experiment_ids", f"{given} experiments", f"at most {EXPERIMENTS_MOST} experiments")
    return message

"""The keys of experiments: what a request must look like."""

from __future__ import annotations

from genesis_flow.rules import limits
from genesis_flow.rules.texts import check_line, check_range, require
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import KeyStore
from genesis_flow.wire.messages import keys as messages


def verbs(store: KeyStore) -> Verbs:
    """The verbs of the noun."""
    return {"list_experiment_keys": Verb(store.list_experiment_keys, check_list)}


def check_list(message: messages.ListExperimentKeys) -> messages.ListExperimentKeys:
    """Experiment, part of a key, size of a page."""
    require("experiment_id", message.experiment_id)
    check_line("q", message.q or "", limits.KEY_LENGTH)
    check_range("max_results", message.max_results, 1, limits.LIST_KEYS_MOST)
    return message

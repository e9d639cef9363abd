"""Experiments: what a request must look like."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from genesis_flow.errors import InvalidParameter
from genesis_flow.rules import limits
from genesis_flow.rules.locations import require_no_credentials
from genesis_flow.rules.texts import check_key, check_line, check_long_text, check_range, require
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import ExperimentStore
from genesis_flow.values.experiments import ExperimentTag
from genesis_flow.wire.messages import experiments as messages


def verbs(store: ExperimentStore) -> Verbs:
    """The verbs of the noun."""
    return {
        "create_experiment": Verb(store.create_experiment, check_create),
        "get_experiment": Verb(store.get_experiment, check_get),
        "get_experiment_by_name": Verb(store.get_experiment_by_name, check_get_by_name),
        "search_experiments": Verb(store.search_experiments, check_search),
        "update_experiment": Verb(store.update_experiment, check_update),
        "delete_experiment": Verb(store.delete_experiment, check_delete),
        "restore_experiment": Verb(store.restore_experiment, check_restore),
        "set_experiment_tag": Verb(store.set_experiment_tag, check_set_tag),
        "delete_experiment_tag": Verb(store.delete_experiment_tag, check_delete_tag),
    }


def check_create(message: messages.CreateExperiment) -> messages.CreateExperiment:
    """Name, location and tags."""
    _check_name("name", message.name)
    if message.artifact_location:
        check_location("artifact_location", message.artifact_location)
    tags = [_check_tag(f"tags[{i}]", tag) for i, tag in enumerate(message.tags)]
    if len({tag.key for tag in tags}) != len(tags):
        raise InvalidParameter("tags", [tag.key for tag in tags], "a list in which every key stands once")
    return msgspec.structs.replace(message, tags=tuple(tags))


def check_location(field: str, location: str) -> str:
    """The location of artifacts: a path or a URI without a fragment, and without a secret."""
    check_line(field, location, limits.LOCATION_LENGTH)
    require_no_credentials(location)
    try:
        fragment = urlsplit(location).fragment
    except ValueError:
        raise InvalidParameter(field, location, "a path or a URI") from None
    if fragment:
        raise InvalidParameter(field, location, "a location without a fragment ('#…')")
    return location


def _check_name(field: str, name: str | None) -> str:
    return check_line(field, require(field, name), limits.EXPERIMENT_NAME_LENGTH)


def _check_tag(field: str, tag: ExperimentTag) -> ExperimentTag:
    key = check_key(f"{field}.key", tag.key)
    return ExperimentTag(key=key, value=_tag_text(f"{field}.value", tag.value))


def _tag_text(field: str, text: str | None) -> str:
    # COMPAT: mlflow 3.17 cuts a long value of a run's tag, and refuses one of an experiment's.
    return check_long_text(field, text or "", limits.EXPERIMENT_TAG_LENGTH)


def check_get(message: messages.GetExperiment) -> messages.GetExperiment:
    """The id is there."""
    require("experiment_id", message.experiment_id)
    return message


def check_get_by_name(message: messages.GetExperimentByName) -> messages.GetExperimentByName:
    """The name is there."""
    require("experiment_name", message.experiment_name)
    return message


def check_search(message: messages.SearchExperiments) -> messages.SearchExperiments:
    """The size of a page."""
    if message.max_results is not None:
        check_range("max_results", message.max_results, 1, limits.SEARCH_EXPERIMENTS_MOST)
    return message


def check_update(message: messages.UpdateExperiment) -> messages.UpdateExperiment:
    """Id and new name."""
    require("experiment_id", message.experiment_id)
    _check_name("new_name", message.new_name)
    return message


def check_delete(message: messages.DeleteExperiment) -> messages.DeleteExperiment:
    """The id is there."""
    require("experiment_id", message.experiment_id)
    return message


def check_restore(message: messages.RestoreExperiment) -> messages.RestoreExperiment:
    """The id is there."""
    require("experiment_id", message.experiment_id)
    return message


def check_set_tag(message: messages.SetExperimentTag) -> messages.SetExperimentTag:
    """Id, key and value."""
    require("experiment_id", message.experiment_id)
    check_key("key", message.key)
    return msgspec.structs.replace(message, value=_tag_text("value", message.value))


def check_delete_tag(message: messages.DeleteExperimentTag) -> messages.DeleteExperimentTag:
    """Id and key are there."""
    require("experiment_id", message.experiment_id)
    require("key", message.key)
    return message

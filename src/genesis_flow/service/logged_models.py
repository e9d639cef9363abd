"""Logged models: what a request must look like."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from genesis_flow.errors import InvalidParameter, MissingParameter
from genesis_flow.rules import limits
from genesis_flow.rules.texts import check_line, check_model_name, check_range, check_text, require
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import LoggedModelStore
from genesis_flow.values.logged_models import LoggedModelParameter, LoggedModelTag
from genesis_flow.wire.messages import logged_models as messages

Entry = TypeVar("Entry", LoggedModelParameter, LoggedModelTag)


def verbs(store: LoggedModelStore) -> Verbs:
    """The verbs of the noun."""
    return {
        "create_logged_model": Verb(store.create_logged_model, check_create),
        "get_logged_model": Verb(store.get_logged_model),
        "finalize_logged_model": Verb(store.finalize_logged_model, check_finalize),
        "delete_logged_model": Verb(store.delete_logged_model),
        "search_logged_models": Verb(store.search_logged_models, check_search),
        "set_logged_model_tags": Verb(store.set_logged_model_tags, check_set_tags),
        "delete_logged_model_tag": Verb(store.delete_logged_model_tag),
        "log_logged_model_params": Verb(store.log_logged_model_params, check_log_params),
    }


def check_create(message: messages.CreateLoggedModel) -> messages.CreateLoggedModel:
    """Experiment, name, params and tags."""
    require("experiment_id", message.experiment_id)
    if message.name:
        check_model_name("name", message.name, limits.MODEL_NAME_LENGTH)
    check_line("model_type", message.model_type or "", limits.MODEL_NAME_LENGTH)
    check_line("source_run_id", message.source_run_id or "", limits.KEY_LENGTH)
    return msgspec.structs.replace(
        message, params=_checked("params", message.params), tags=_checked("tags", message.tags)
    )


def check_finalize(message: messages.FinalizeLoggedModel) -> messages.FinalizeLoggedModel:
    """A model ends ready or failed."""
    if message.status not in ("LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"):
        raise InvalidParameter("status", message.status, "LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED")
    return message


def check_search(message: messages.SearchLoggedModels) -> messages.SearchLoggedModels:
    """The size of a page, and datasets by name."""
    check_range("max_results", message.max_results, 1, limits.SEARCH_MODELS_MOST)
    check_range("experiment_ids", len(message.experiment_ids), 0, limits.SEARCH_EXPERIMENT_IDS_MOST)
    for i, dataset in enumerate(message.datasets):
        require(f"datasets[{i}].dataset_name", dataset.dataset_name)
    for i, term in enumerate(message.order_by):
        require(f"order_by[{i}].field_name", term.field_name)
        if term.dataset_digest and not term.dataset_name:
            raise MissingParameter(f"order_by[{i}].dataset_name")
    return message


def check_set_tags(message: messages.SetLoggedModelTags) -> messages.SetLoggedModelTags:
    """The tags."""
    return msgspec.structs.replace(message, tags=_checked("tags", message.tags))


def check_log_params(message: messages.LogLoggedModelParamsRequest) -> messages.LogLoggedModelParamsRequest:
    """The params."""
    return msgspec.structs.replace(message, params=_checked("params", message.params))


def _checked(field: str, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Params or tags with keys that are lines and stand once, and values that are there, if only empty."""
    found = tuple(
        msgspec.structs.replace(
            entry,
            key=check_line(f"{field}[{i}].key", entry.key or "", limits.KEY_LENGTH),
            value=check_text(f"{field}[{i}].value", entry.value or ""),
        )
        for i, entry in enumerate(entries)
    )
    keys = [entry.key for entry in found]
    if len(set(keys)) != len(keys):
        raise InvalidParameter(field, keys, "a list in which every key stands once")
    return found

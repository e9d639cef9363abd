"""Registered models and their versions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.registry import AWAIT_S
from genesis_flow.entities.model_registry import ModelVersion, RegisteredModel
from genesis_flow.entities.paged_list import every_page
from genesis_flow.errors import InvalidParameter, NotYet
from genesis_flow.exceptions import MlflowException
from genesis_flow.rules.model_uris import SCHEME, parse_model_uri

log = logging.getLogger("genesis_flow")

MODELS_OF_A_PAGE = 100
VERSIONS_OF_A_PAGE = 10_000
RUNS = "runs:/"


def register_model(
    model_uri: str,
    name: str,
    await_registration_for: int | None = AWAIT_S,
    *,
    tags: Mapping[str, Any] | None = None,
    env_pack: Any = None,
) -> ModelVersion:
    """Makes the next version of a registered model, new or not.

    Args:
        model_uri: ``runs:/<run id>/path``, ``models:/<model id>``, or where the files are.
        name: of the registered model.
        await_registration_for: how many seconds to wait until it is ready; 0 or None does not wait.
        tags: of the version.
        env_pack: not there yet.
    """
    if env_pack is not None:
        raise NotYet("register_model(env_pack=…)", "models")
    client = MlflowClient()
    source, run_id, model_id = _source(client, model_uri)
    try:
        client.create_registered_model(name)
        log.info("The registered model %r was created.", name)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"):
            raise
    version = client.create_model_version(
        name, source, run_id, tags, await_creation_for=await_registration_for, model_id=model_id
    )
    log.info("Version %s of the model %r was created.", version.version, name)
    return version


def _source(client: MlflowClient, uri: str) -> tuple[str, str | None, str | None]:
    """Where the files of a version are to be found, and the run and the logged model that they are of."""
    if uri.startswith(RUNS):
        run_id, _, path = uri.removeprefix(RUNS).partition("/")
        if not (run_id and path):
            raise InvalidParameter("model_uri", uri, "runs:/RUN_ID/PATH")
        root = client.get_run(run_id).info.artifact_uri or ""
        return f"{root.rstrip('/')}/{path}", run_id, None
    if uri.startswith(SCHEME) and (model_id := parse_model_uri("model_uri", uri).model_id):
        return uri, client.get_logged_model(model_id).source_run_id or None, model_id
    return uri, None, None


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> list[RegisteredModel]:
    """All registered models that a filter finds, or the first so many."""
    client = MlflowClient()
    return every_page(
        lambda most, token: client.search_registered_models(filter_string, most, order_by, token),
        MODELS_OF_A_PAGE,
        max_results,
    )


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> list[ModelVersion]:
    """All versions that a filter finds, or the first so many."""
    client = MlflowClient()
    return every_page(
        lambda most, token: client.search_model_versions(filter_string, most, order_by, token),
        VERSIONS_OF_A_PAGE,
        max_results,
    )


def set_model_version_tag(name: str, version: str | None = None, key: str | None = None, value: Any = None) -> None:
    """Sets a tag of a version."""
    MlflowClient().set_model_version_tag(name, version, key, value)

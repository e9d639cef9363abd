"""Where the files of runs and models are, which never changes and is asked once."""

from __future__ import annotations

from functools import lru_cache

from genesis_flow.client.connection import Calls
from genesis_flow.client.registry import ModelVersions
from genesis_flow.errors import InvalidParameter
from genesis_flow.rules.model_uris import LOGGED_MODEL_ID, parse_model_uri
from genesis_flow.wire.messages import logged_models as model_messages
from genesis_flow.wire.messages import runs as run_messages

KEPT = 4096


@lru_cache(maxsize=KEPT)
def of_run(tracking_uri: str, run_id: str) -> str:
    """The location of a run's files.

    Raises:
        MlflowException: ``RESOURCE_DOES_NOT_EXIST``.
    """
    run = Calls(tracking_uri)(run_messages.GetRun(run_id=run_id), run_messages.GetRunResponse).run
    return _told(run.info.artifact_uri if run and run.info else None, run_id)


@lru_cache(maxsize=KEPT)
def of_model(tracking_uri: str, model_id: str) -> str:
    """The location of a logged model's files.

    Raises:
        MlflowException: ``RESOURCE_DOES_NOT_EXIST``.
    """
    message = model_messages.GetLoggedModel(model_id=model_id)
    model = Calls(tracking_uri)(message, model_messages.GetLoggedModelResponse).model
    return _told(model.info.artifact_uri if model and model.info else None, model_id)


def of_model_uri(uri: str, tracking_uri: str, registry_uri: str) -> str:
    """The location that ``models:/…`` means now, without a path behind it.

    Raises:
        MlflowException: it names nothing.
    """
    named = parse_model_uri("artifact_uri", uri)
    if named.model_id:
        return of_model(tracking_uri, named.model_id)
    registry = _Registry(registry_uri)
    version = registry.version_of_uri(uri)
    return registry.get_model_version_download_uri(version.name, version.version)


def split_model_uri(uri: str) -> tuple[str, str]:
    """The URI of a model, and the path behind it.

    Both are in ``models:/m-…/path``, ``models:/name/3/path`` and ``models:/name@alias/path``. A time (``?as_of=``)
    stands behind the path, as in any URI.
    """
    rest, query, as_of = uri.partition("?")
    scheme, slash, names = rest.partition(":/")
    parts = names.rstrip("/").split("/")
    length = 1 if "@" in parts[0] or LOGGED_MODEL_ID.fullmatch(parts[0]) else 2
    return f"{scheme}{slash}{'/'.join(parts[:length])}{query}{as_of}", "/".join(parts[length:])


class _Registry(ModelVersions):
    """The verbs of model versions alone."""

    def __init__(self, uri: str) -> None:
        self._registry = Calls(uri)


def _told(uri: str | None, id_: str) -> str:
    if not uri:
        raise InvalidParameter("id", id_, "that of something whose files are somewhere")
    return uri

"""Logged models in memory (MLflow 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from genesis_flow.errors import InvalidParameter, TagNotFound
from genesis_flow.rules.ids import experiment_key, new_model_id
from genesis_flow.rules.locations import model_artifacts
from genesis_flow.rules.run_names import random_run_name
from genesis_flow.rules.stages import ACTIVE, DELETED
from genesis_flow.search.ast import Field, Kind, Value
from genesis_flow.search.fields import LOGGED_MODELS
from genesis_flow.search.parse import parse_order_fields
from genesis_flow.stores import asking
from genesis_flow.stores.memory.search import Query, page
from genesis_flow.stores.memory.state import PointKey, State, StoredModel
from genesis_flow.values.logged_models import (
    LoggedModel,
    LoggedModelData,
    LoggedModelInfo,
    LoggedModelParameter,
    LoggedModelTag,
    SearchLoggedModelsDataset,
)
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import logged_models as messages

Datasets = Sequence[SearchLoggedModelsDataset]

_ATTRIBUTES = {
    "artifact_location": "artifact_uri",
    "creation_timestamp": "creation_timestamp_ms",
    "last_updated_timestamp": "last_updated_timestamp_ms",
}


class LoggedModels:
    """The verbs of the noun."""

    _state: State

    async def create_logged_model(self, message: messages.CreateLoggedModel) -> messages.CreateLoggedModelResponse:
        experiment = self._state.active_experiment(message.experiment_id).value
        model_id, now = new_model_id(), self._state.clock()
        info = LoggedModelInfo(
            model_id=model_id,
            experiment_id=experiment.experiment_id,
            name=message.name or random_run_name(),
            creation_timestamp_ms=now,
            last_updated_timestamp_ms=now,
            artifact_uri=model_artifacts(experiment.artifact_location or "", model_id),
            status="LOGGED_MODEL_PENDING",
            model_type=message.model_type or "",
            source_run_id=message.source_run_id or "",
        )
        stored = StoredModel(experiment_key(message.experiment_id), info)
        _add_params(stored, message.params)
        _put_tags(stored, message.tags)
        self._state.models[model_id] = stored
        return messages.CreateLoggedModelResponse(model=_entity(stored))

    async def get_logged_model(self, message: messages.GetLoggedModel) -> messages.GetLoggedModelResponse:
        return messages.GetLoggedModelResponse(model=_entity(self._state.model(message.model_id)))

    async def finalize_logged_model(
        self, message: messages.FinalizeLoggedModel
    ) -> messages.FinalizeLoggedModelResponse:
        stored = self._state.model(message.model_id)
        stored.info = msgspec.structs.replace(
            stored.info, status=message.status, last_updated_timestamp_ms=self._state.clock()
        )
        return messages.FinalizeLoggedModelResponse(model=_entity(stored))

    async def delete_logged_model(self, message: messages.DeleteLoggedModel) -> messages.DeleteLoggedModelResponse:
        stored = self._state.model(message.model_id)
        stored.stage, stored.deleted = DELETED, self._state.clock()
        return messages.DeleteLoggedModelResponse()

    async def set_logged_model_tags(self, message: messages.SetLoggedModelTags) -> messages.SetLoggedModelTagsResponse:
        _put_tags(self._state.model(message.model_id), message.tags)
        return messages.SetLoggedModelTagsResponse()

    async def delete_logged_model_tag(
        self, message: messages.DeleteLoggedModelTag
    ) -> messages.DeleteLoggedModelTagResponse:
        if self._state.model(message.model_id).tags.pop(message.tag_key, None) is None:
            raise TagNotFound(message.tag_key, f"The logged model '{message.model_id}'")
        return messages.DeleteLoggedModelTagResponse()

    async def log_logged_model_params(
        self, message: messages.LogLoggedModelParamsRequest
    ) -> messages.LogLoggedModelParamsRequestResponse:
        stored = self._state.model(message.model_id)
        for param in message.params:
            if stored.params.get(param.key or "", param.value) != param.value:
                raise InvalidParameter("params", param.key, "a param that the model does not have with another value")
        _add_params(stored, message.params)
        return messages.LogLoggedModelParamsRequestResponse()

    async def search_logged_models(self, message: messages.SearchLoggedModels) -> messages.SearchLoggedModelsResponse:
        asked = asking.of_models(message, self._state.secret)
        # The dataset that orders by a metric may name; of two terms for one field the first counts.
        measured: dict[Field, Datasets] = {}
        for term in message.order_by:
            (first, *_) = parse_order_fields([(term.field_name, term.ascending)], LOGGED_MODELS)
            on = SearchLoggedModelsDataset(dataset_name=term.dataset_name or "", dataset_digest=term.dataset_digest)
            measured.setdefault(first.field, [on] if term.dataset_name else [])
        query = Query[StoredModel](
            asked,
            values_of=lambda stored, field: _values(stored, field, message.datasets),
            value_of=lambda stored, field: _newest_value(stored, field, measured.get(field, ())),
        )
        models = [
            model
            for model in self._state.models_in(asked.experiments)
            if model.stage == ACTIVE
            and (not message.datasets or any(_is_on(message.datasets, key) for key in model.points))
        ]
        shown, token = page(models, query, message.max_results)
        return messages.SearchLoggedModelsResponse(models=tuple(map(_entity, shown)), next_page_token=token)


def _add_params(stored: StoredModel, params: Iterable[LoggedModelParameter]) -> None:
    for param in params:
        stored.params.setdefault(param.key or "", param.value or "")


def _put_tags(stored: StoredModel, tags: Iterable[LoggedModelTag]) -> None:
    stored.tags.update({tag.key or "": tag.value or "" for tag in tags})


def _entity(stored: StoredModel) -> LoggedModel:
    tags = tuple(LoggedModelTag(key=k, value=v) for k, v in sorted(stored.tags.items()))
    params = tuple(LoggedModelParameter(key=k, value=v) for k, v in sorted(stored.params.items()))
    return LoggedModel(
        info=msgspec.structs.replace(stored.info, tags=tags),
        data=LoggedModelData(params=params, metrics=tuple(_metrics(stored))),
    )


def _metrics(stored: StoredModel) -> Iterable[Metric]:
    """Every point of a model, by metric, dataset, time and step."""
    for (_, dataset_name, digest, _, _, run_id, _), metric in sorted(stored.points.items(), key=lambda item: item[0]):
        yield msgspec.structs.replace(
            metric,
            dataset_name=dataset_name or None,
            dataset_digest=digest or None,
            model_id=stored.info.model_id,
            run_id=run_id,
        )


def _is_on(datasets: Datasets, key: PointKey) -> bool:
    """Whether the point is on one of the datasets; one without a digest is that name with any."""
    return any(
        key[1] == one.dataset_name and (not one.dataset_digest or key[2] == one.dataset_digest) for one in datasets
    )


def _values(stored: StoredModel, field: Field, datasets: Datasets) -> list[Value]:
    """The values of a field, a metric's only on these datasets if there are any."""
    found: list[Value | None]
    match field.kind:
        case Kind.METRIC:
            found = [metric.value for _, metric in _points(stored, field.key, datasets)]
        case Kind.PARAM:
            found = [stored.params.get(field.key)]
        case Kind.TAG:
            found = [stored.tags.get(field.key)]
        case _ if field.key == "lifecycle_stage":
            found = [stored.stage]
        case _:
            found = [getattr(stored.info, _ATTRIBUTES.get(field.key, field.key))]
    return [value for value in found if value is not None]


def _newest_value(stored: StoredModel, field: Field, datasets: Datasets) -> Value | None:
    if field.kind is not Kind.METRIC:
        return next(iter(_values(stored, field, ())), None)
    points = _points(stored, field.key, datasets)
    # By time and step; the rest only decides among equals.
    return max(points, key=lambda point: (point[0][3:5], point[0]))[1].value if points else None


def _points(stored: StoredModel, name: str, datasets: Datasets) -> list[tuple[PointKey, Metric]]:
    return [
        (key, metric)
        for key, metric in stored.points.items()
        if key[0] == name and (not datasets or _is_on(datasets, key))
    ]

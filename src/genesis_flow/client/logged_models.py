"""Logged models, as the client asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genesis_flow.client.noun import Noun
from genesis_flow.client.words import text_of, there
from genesis_flow.entities import LoggedModel, LoggedModelStatus
from genesis_flow.entities.logged_models import STATUS_ON_THE_WIRE
from genesis_flow.entities.paged_list import PagedList
from genesis_flow.errors import InvalidParameter
from genesis_flow.rules.limits import PARAMS_A_BATCH
from genesis_flow.values import logged_models as values
from genesis_flow.wire.messages import logged_models as messages

MODELS_OF_A_PAGE = 50


class LoggedModels(Noun):
    """The verbs of logged models."""

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Makes a model whose files are awaited; more params than a server takes at once follow in further messages."""
        pairs = [values.LoggedModelParameter(key=key, value=text_of(one)) for key, one in (params or {}).items()]
        message = messages.CreateLoggedModel(
            experiment_id=str(experiment_id),
            name=name,
            model_type=model_type,
            source_run_id=source_run_id,
            params=tuple(pairs[:PARAMS_A_BATCH]),
            tags=_tags(tags or {}),
        )
        made = _model(self._tracking(message, messages.CreateLoggedModelResponse).model)
        if len(pairs) <= PARAMS_A_BATCH:
            return made
        self._log_params(made.model_id, pairs[PARAMS_A_BATCH:])
        return self.get_logged_model(made.model_id)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """A logged model.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``.
        """
        message = messages.GetLoggedModel(model_id=model_id)
        return _model(self._tracking(message, messages.GetLoggedModelResponse).model)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus | str) -> LoggedModel:
        """Says that a model's files are complete (``READY``), or will never be (``FAILED``)."""
        if status not in (LoggedModelStatus.READY, LoggedModelStatus.FAILED):
            raise InvalidParameter("status", status, "READY or FAILED")
        message = messages.FinalizeLoggedModel(model_id=model_id, status=STATUS_ON_THE_WIRE[LoggedModelStatus(status)])
        return _model(self._tracking(message, messages.FinalizeLoggedModelResponse).model)

    def delete_logged_model(self, model_id: str) -> None:
        """Deletes a model; its files stay until it is collected."""
        message = messages.DeleteLoggedModel(model_id=model_id)
        self._tracking(message, messages.DeleteLoggedModelResponse)

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, Any]) -> None:
        """Sets tags of a model."""
        message = messages.SetLoggedModelTags(model_id=model_id, tags=_tags(tags))
        self._tracking(message, messages.SetLoggedModelTagsResponse)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Deletes a tag of a model."""
        message = messages.DeleteLoggedModelTag(model_id=model_id, tag_key=key)
        self._tracking(message, messages.DeleteLoggedModelTagResponse)

    def log_model_params(self, model_id: str, params: Mapping[str, Any]) -> None:
        """Logs params of a model, whose values never change after."""
        pairs = [values.LoggedModelParameter(key=key, value=text_of(one)) for key, one in params.items()]
        self._log_params(model_id, pairs)

    def _log_params(self, model_id: str, pairs: Sequence[values.LoggedModelParameter]) -> None:
        for start in range(0, len(pairs), PARAMS_A_BATCH):
            message = messages.LogLoggedModelParamsRequest(
                model_id=model_id, params=tuple(pairs[start : start + PARAMS_A_BATCH])
            )
            self._tracking(message, messages.LogLoggedModelParamsRequestResponse)

    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, str]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """A page of the models that a filter finds.

        Args:
            experiment_ids: where to look.
            filter_string: in the search language; None finds all.
            datasets: on which the metrics of the filter were measured: ``{"dataset_name": …, "dataset_digest": …}``.
            max_results: the most on a page; 50 by default.
            order_by: ``{"field_name": "metrics.loss", "ascending": False}``, perhaps with a dataset.
            page_token: the ``token`` of the page before.
        """
        try:
            measured = tuple(values.SearchLoggedModelsDataset(**one) for one in datasets or ())
            orders = tuple(values.SearchLoggedModelsOrderBy(**one) for one in order_by or ())
        except TypeError as error:
            raise InvalidParameter("datasets or order_by", str(error), "a list of dictionaries as documented") from None
        message = messages.SearchLoggedModels(
            experiment_ids=tuple(str(one) for one in experiment_ids),
            filter=filter_string,
            datasets=measured,
            max_results=max_results or MODELS_OF_A_PAGE,
            order_by=orders,
            page_token=page_token,
        )
        answer = self._tracking(message, messages.SearchLoggedModelsResponse)
        return PagedList(map(LoggedModel.of, answer.models), answer.next_page_token)


def _model(value: values.LoggedModel | None) -> LoggedModel:
    return LoggedModel.of(there(value))


def _tags(tags: Mapping[str, Any]) -> tuple[values.LoggedModelTag, ...]:
    return tuple(values.LoggedModelTag(key=key, value=text_of(value)) for key, value in tags.items())

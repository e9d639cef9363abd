"""Runs, and what is logged to them, as the client asks for them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genesis_flow.client.noun import Noun
from genesis_flow.client.uris import absolute
from genesis_flow.client.words import metric_value_of, status_of, text_of, there, view_type_of
from genesis_flow.entities import (
    DatasetInput,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunTag,
    ViewType,
)
from genesis_flow.entities.metrics import metric_of
from genesis_flow.entities.paged_list import PagedList, every_page
from genesis_flow.environment_variables import MLFLOW_ENABLE_ASYNC_LOGGING, MLFLOW_TRUNCATE_LONG_VALUES
from genesis_flow.rules.clock import now_ms
from genesis_flow.rules.limits import (
    ITEMS_A_BATCH,
    METRICS_A_BATCH,
    PARAM_LENGTH,
    PARAMS_A_BATCH,
    TAG_LENGTH,
    TAGS_A_BATCH,
)
from genesis_flow.values import logged_models as model_values
from genesis_flow.values import metrics as metric_values
from genesis_flow.values import runs as values
from genesis_flow.wire.messages import metrics as metric_messages
from genesis_flow.wire.messages import runs as messages

if TYPE_CHECKING:
    from genesis_flow.client.background import Background, Pending

PARENT = "mlflow.parentRunId"
USER = "mlflow.user"
POINTS_OF_A_PAGE = 25_000


class Runs(Noun):
    """The verbs of runs."""

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Makes a run that is going on.

        Args:
            experiment_id: where it belongs.
            start_time: in milliseconds since 1970; now by default.
            tags: set from the beginning.
            run_name: what it is called; the server finds a name by default.
        """
        kept = {key: text_of(value) for key, value in (tags or {}).items()}
        message = messages.CreateRun(
            experiment_id=str(experiment_id),
            user_id=kept.get(USER, "unknown"),
            start_time=now_ms() if start_time is None else int(start_time),
            tags=tuple(values.RunTag(key=key, value=value) for key, value in kept.items()),
            run_name=run_name,
        )
        return Run.of(there(self._tracking(message, messages.CreateRunResponse).run))

    def get_run(self, run_id: str) -> Run:
        """A run with the latest value of each metric.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``.
        """
        return Run.of(there(self._tracking(messages.GetRun(run_id=run_id), messages.GetRunResponse).run))

    def get_parent_run(self, run_id: str) -> Run | None:
        """The run in which another one is nested; None if it is in none."""
        parent = self.get_run(run_id).data.tags.get(PARENT)
        return None if parent is None else self.get_run(parent)

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """A page of the runs that a filter finds.

        Args:
            experiment_ids: where to look.
            filter_string: in the search language; empty finds all.
            run_view_type: whether to look at deleted ones.
            max_results: the most on a page.
            order_by: ``metrics.loss``, ``start_time DESC`` and their like.
            page_token: the ``token`` of the page before.
        """
        ids = [experiment_ids] if isinstance(experiment_ids, (str, int)) else experiment_ids
        message = messages.SearchRuns(
            experiment_ids=tuple(str(one) for one in ids),
            filter=filter_string,
            run_view_type=view_type_of(run_view_type),
            max_results=max_results,
            order_by=tuple([order_by] if isinstance(order_by, str) else order_by or ()),
            page_token=page_token,
        )
        answer = self._tracking(message, messages.SearchRunsResponse)
        return PagedList(map(Run.of, answer.runs), answer.next_page_token)

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Gives a run another status or name."""
        message = messages.UpdateRun(run_id=run_id, status=None if status is None else status_of(status), run_name=name)
        self._tracking(message, messages.UpdateRunResponse)

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """Ends a run, behind everything that was logged to it in the background.

        Args:
            run_id: which.
            status: ``FINISHED`` by default.
            end_time: in milliseconds since 1970; now by default.
        """
        status, end_ms = status_of(status or "FINISHED"), now_ms() if end_time is None else int(end_time)
        if (background := self._waiting_background()) is not None:
            background.end_run(run_id, status, end_ms)
            return
        message = messages.UpdateRun(run_id=run_id, status=status, end_time=end_ms)
        self._tracking(message, messages.UpdateRunResponse)

    def delete_run(self, run_id: str) -> None:
        """Deletes a run; it can be restored until it is collected."""
        self._tracking(messages.DeleteRun(run_id=run_id), messages.DeleteRunResponse)

    def restore_run(self, run_id: str) -> None:
        """Brings a deleted run back."""
        self._tracking(messages.RestoreRun(run_id=run_id), messages.RestoreRunResponse)

    # --- what is logged ---

    def log_metric(
        self,
        run_id: str,
        key: str,
        value: Any,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> Pending | None:
        """Logs a value of a metric.

        Args:
            run_id: to which run.
            key: of which metric.
            value: a number, or what holds one.
            timestamp: when it was measured, in milliseconds since 1970; now by default.
            step: at which step; 0 by default.
            synchronous: whether to wait until it is kept; False answers at once, with what can be waited for. By
                default what ``MLFLOW_ENABLE_ASYNC_LOGGING`` says.
            dataset_name: on which dataset it was measured.
            dataset_digest: the digest of that dataset.
            model_id: of which logged model it is.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a value that is no number, before anything is sent.
        """
        number = metric_value_of(key, value)
        time_ms, at = now_ms() if timestamp is None else int(timestamp), int(step or 0)
        if not waits(synchronous):
            if model_id is None and dataset_name is None:
                return self._background().log_metric(run_id, key, number, time_ms, at)
            point = Metric(key, number, time_ms, at, model_id, dataset_name, dataset_digest, run_id)
            return self._background().log(run_id, metrics=[point])
        message = metric_messages.LogMetric(
            run_id=run_id,
            key=key,
            value=number,
            timestamp=time_ms,
            step=at,
            model_id=model_id,
            dataset_name=dataset_name,
            dataset_digest=dataset_digest,
        )
        self._tracking(message, metric_messages.LogMetricResponse)
        return None

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Logs a param, whose value never changes after; answers the value that was handed in.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if it has another value already.
        """
        text = _fitting(text_of(value), PARAM_LENGTH)
        if not waits(synchronous):
            return self._background().log(run_id, params=[Param(key, text)])
        self._tracking(messages.LogParam(run_id=run_id, key=key, value=text), messages.LogParamResponse)
        return value

    def set_tag(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Pending | None:
        """Sets a tag of a run."""
        text = _fitting(text_of(value), TAG_LENGTH)
        if not waits(synchronous):
            return self._background().log(run_id, tags=[RunTag(key, text)])
        self._tracking(messages.SetTag(run_id=run_id, key=key, value=text), messages.SetTagResponse)
        return None

    def delete_tag(self, run_id: str, key: str) -> None:
        """Deletes a tag of a run."""
        self._tracking(messages.DeleteTag(run_id=run_id, key=key), messages.DeleteTagResponse)

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> Pending | None:
        """Logs metrics, params and tags together: all of them or none.

        More than a server takes at once go in several batches, each of which is kept or not.
        """
        checked = [_checked(metric) for metric in metrics]
        if not (checked or params or tags):
            return None
        if not waits(synchronous):
            return self._background().log(run_id, checked, params, tags)
        for batch in batches(checked, params, tags):
            self._tracking(log_batch_message(run_id, *batch), messages.LogBatchResponse)
        return None

    def _background(self) -> Background:
        """What logs without letting anybody wait."""
        from genesis_flow.client.background import background_of

        return background_of(absolute(self._tracking.uri))

    def _waiting_background(self) -> Background | None:
        """What logs in the background, if it has something on its way. It is not loaded by those who never use it."""
        loaded: Any = sys.modules.get("genesis_flow.client.background")
        found: Background | None = None if loaded is None else loaded.waiting_for(absolute(self._tracking.uri))
        return found

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[DatasetInput] | None = None,
        models: Sequence[LoggedModelInput] | None = None,
    ) -> None:
        """Says what a run was given."""
        message = messages.LogInputs(
            run_id=run_id,
            datasets=tuple(dataset.value() for dataset in datasets or ()),
            models=tuple(model_values.ModelInput(model_id=model.model_id) for model in models or ()),
        )
        self._tracking(message, messages.LogInputsResponse)

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Says which models a run made."""
        outputs = tuple(model_values.ModelOutput(model_id=model.model_id, step=model.step) for model in models)
        self._tracking(messages.LogOutputs(run_id=run_id, models=outputs), messages.LogOutputsResponse)

    def get_metric_history(self, run_id: str, key: str) -> PagedList[Metric]:
        """All values that were logged of a metric."""

        def page(most: int, token: str | None) -> PagedList[Metric]:
            message = metric_messages.GetMetricHistory(
                run_id=run_id, metric_key=key, max_results=most, page_token=token
            )
            answer = self._tracking(message, metric_messages.GetMetricHistoryResponse)
            return PagedList(map(metric_of, answer.metrics), answer.next_page_token)

        return PagedList(every_page(page, POINTS_OF_A_PAGE))


def waits(synchronous: bool | None) -> bool:
    """Whether a call is to return only when what it logs is kept."""
    return not MLFLOW_ENABLE_ASYNC_LOGGING.get() if synchronous is None else synchronous


def _fitting(text: str, length: int) -> str:
    """COMPAT: mlflow 3.17 cuts long values instead of refusing them, unless it is told not to."""
    return text[:length] if len(text) > length and MLFLOW_TRUNCATE_LONG_VALUES.get() else text


def _checked(metric: Metric) -> Metric:
    """The metric with a float for its value, whatever it was made of."""
    value = metric.value
    if type(value) is float and type(metric.timestamp) is int and type(metric.step) is int:
        return metric
    return Metric(
        metric.key,
        metric_value_of(metric.key, value),
        int(metric.timestamp),
        int(metric.step or 0),
        metric.model_id,
        metric.dataset_name,
        metric.dataset_digest,
        metric.run_id,
    )


Batch = tuple[Sequence[Metric], Sequence[Param], Sequence[RunTag]]


def batches(metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]) -> Iterable[Batch]:
    """What is to be logged, cut into what a server takes at once."""
    few = len(metrics) <= METRICS_A_BATCH and len(params) <= PARAMS_A_BATCH and len(tags) <= TAGS_A_BATCH
    if few and len(metrics) + len(params) + len(tags) <= ITEMS_A_BATCH:
        yield metrics, params, tags
        return
    for start in range(0, max(len(params), len(tags)), PARAMS_A_BATCH):
        yield (), params[start : start + PARAMS_A_BATCH], tags[start : start + TAGS_A_BATCH]
    for start in range(0, len(metrics), METRICS_A_BATCH):
        yield metrics[start : start + METRICS_A_BATCH], (), ()


def log_batch_message(
    run_id: str, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]
) -> messages.LogBatch:
    """A batch as it goes out."""
    return messages.LogBatch(
        run_id=run_id,
        metrics=tuple(
            metric_values.Metric(
                key=metric.key,
                value=metric.value,
                timestamp=metric.timestamp,
                step=metric.step,
                model_id=metric.model_id,
                dataset_name=metric.dataset_name,
                dataset_digest=metric.dataset_digest,
            )
            for metric in metrics
        ),
        params=tuple(
            values.Param(key=param.key, value=_fitting(text_of(param.value), PARAM_LENGTH)) for param in params
        ),
        tags=tuple(values.RunTag(key=tag.key, value=_fitting(text_of(tag.value), TAG_LENGTH)) for tag in tags),
    )

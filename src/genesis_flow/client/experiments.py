"""Experiments, as the client asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genesis_flow.client.noun import Noun
from genesis_flow.client.words import text_of, there, view_type_of
from genesis_flow.entities import Experiment, ViewType
from genesis_flow.entities.paged_list import PagedList
from genesis_flow.exceptions import MlflowException
from genesis_flow.values import experiments as values
from genesis_flow.wire.messages import experiments as messages

MOST_EXPERIMENTS = 1_000


class Experiments(Noun):
    """The verbs of experiments."""

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None
    ) -> str:
        """Makes an experiment and answers its id.

        Raises:
            MlflowException: ``RESOURCE_ALREADY_EXISTS`` if the name is taken, also by a deleted one.
        """
        message = messages.CreateExperiment(
            name=name,
            artifact_location=artifact_location,
            tags=tuple(values.ExperimentTag(key=key, value=text_of(value)) for key, value in (tags or {}).items()),
        )
        return there(self._tracking(message, messages.CreateExperimentResponse).experiment_id)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """The experiment of an id, deleted or not.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``.
        """
        message = messages.GetExperiment(experiment_id=str(experiment_id))
        return Experiment.of(there(self._tracking(message, messages.GetExperimentResponse).experiment))

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """The experiment of a name, deleted or not; None if there is none."""
        message = messages.GetExperimentByName(experiment_name=name)
        try:
            found = self._tracking(message, messages.GetExperimentByNameResponse).experiment
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        return None if found is None else Experiment.of(found)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = MOST_EXPERIMENTS,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """A page of the experiments that a filter finds.

        Args:
            view_type: whether to look at deleted ones.
            max_results: the most on a page.
            filter_string: in the search language; None finds all.
            order_by: ``name``, ``last_update_time DESC`` and their like.
            page_token: the ``token`` of the page before.
        """
        message = messages.SearchExperiments(
            view_type=view_type_of(view_type),
            max_results=max_results,
            filter=filter_string,
            order_by=tuple(order_by or ()),
            page_token=page_token,
        )
        answer = self._tracking(message, messages.SearchExperimentsResponse)
        return PagedList(map(Experiment.of, answer.experiments), answer.next_page_token)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Gives an experiment another name."""
        message = messages.UpdateExperiment(experiment_id=str(experiment_id), new_name=new_name)
        self._tracking(message, messages.UpdateExperimentResponse)

    def delete_experiment(self, experiment_id: str) -> None:
        """Deletes an experiment and its runs; they can be restored until they are collected."""
        message = messages.DeleteExperiment(experiment_id=str(experiment_id))
        self._tracking(message, messages.DeleteExperimentResponse)

    def restore_experiment(self, experiment_id: str) -> None:
        """Brings a deleted experiment back."""
        message = messages.RestoreExperiment(experiment_id=str(experiment_id))
        self._tracking(message, messages.RestoreExperimentResponse)

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Sets a tag of an experiment."""
        message = messages.SetExperimentTag(experiment_id=str(experiment_id), key=key, value=text_of(value))
        self._tracking(message, messages.SetExperimentTagResponse)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Deletes a tag of an experiment."""
        message = messages.DeleteExperimentTag(experiment_id=str(experiment_id), key=key)
        self._tracking(message, messages.DeleteExperimentTagResponse)

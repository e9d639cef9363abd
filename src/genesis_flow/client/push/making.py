"""Experiments, runs and logged models on the server: found, or made once."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from genesis_flow.client.push.contents import Contents
from genesis_flow.client.push.notes import Note, Notes
from genesis_flow.client.push.target import Target
from genesis_flow.client.push.told import OFFLINE_MODEL, OFFLINE_RUN, ToldExperiment
from genesis_flow.client.push.works import Made, Pushed, Work
from genesis_flow.client.runs import PARENT
from genesis_flow.client.sender import is_refusal
from genesis_flow.client.words import there
from genesis_flow.errors import GenesisFlowError, PushTargetDeleted, PushTargetGone, PushUntold
from genesis_flow.rules.ids import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME
from genesis_flow.rules.tags import RUN_NAME
from genesis_flow.values.logged_models import LoggedModelTag
from genesis_flow.values.runs import RunTag
from genesis_flow.wire.messages import experiments, logged_models, runs


class Making:
    """What of a folder is on the server, and under which ids.

    Args:
        contents: the folder.
        notes: what the server has confirmed.
        target: the server.
        works: the runs and models of the folder, by their ids there.
    """

    def __init__(self, contents: Contents, notes: Notes, target: Target, works: Mapping[str, Work]) -> None:
        self._contents, self._notes, self._target, self._works = contents, notes, target, works
        self._told_experiments: dict[str, ToldExperiment | None] = {}
        self._experiments: dict[str, str | GenesisFlowError] = {}

    def is_left_out(self, work: Work) -> bool:
        """Whether it was deleted before anybody else heard of it."""
        experiment = self.told_experiment(work.told.experiment_id)
        return not work.note.target_id and (work.told.is_deleted or bool(experiment and experiment.is_deleted))

    def told_experiment(self, id_: str) -> ToldExperiment | None:
        """What the folder says of an experiment; None if nothing that can be read."""
        if id_ not in self._told_experiments:
            self._told_experiments[id_] = self._read_experiment(id_)
        return self._told_experiments[id_]

    def _read_experiment(self, id_: str) -> ToldExperiment | None:
        subject = self._contents.experiments.get(id_)
        if subject is None:
            return None
        name = DEFAULT_EXPERIMENT_NAME if id_ == DEFAULT_EXPERIMENT_ID else ""
        try:
            return ToldExperiment.of(subject, self._notes.read(f"e-{id_}"), name)
        except (msgspec.MsgspecError, RecursionError) as error:
            self._contents.problem((subject.lines[0].file,), str(error))
            return None

    def experiment(self, id_: str, result: Pushed | None = None) -> str:
        """The id of an experiment on the server."""
        if id_ not in self._experiments:
            try:
                self._experiments[id_] = self._find_experiment(id_, result or Pushed("experiment", id_))
            except GenesisFlowError as error:
                if not is_refusal(error):
                    raise
                self._experiments[id_] = error
        found = self._experiments[id_]
        if isinstance(found, GenesisFlowError):
            raise found
        return found

    def _find_experiment(self, id_: str, result: Pushed) -> str:
        told = self.told_experiment(id_)
        if told is None or not told.name:
            raise PushUntold("experiment", id_)
        tags = {key: value for key, value in told.tags.items() if value is not None}
        target_id, is_new = self._target.experiment(told.name, told.location, tags)
        result.outcome = "made" if is_new else "added to"
        if not is_new:
            for key in sorted(told.new_tags):
                self._set_experiment_tag(target_id, key, told.tags[key])
        result.tags = len(told.new_tags)
        self._notes.write(f"e-{id_}", Note(target_id=target_id, settled=dict(told.settled)))
        return target_id

    def _set_experiment_tag(self, target_id: str, key: str, value: str | None) -> None:
        if value is None:
            delete = experiments.DeleteExperimentTag(experiment_id=target_id, key=key)
            self._target.refusal(delete, experiments.DeleteExperimentTagResponse)  # it may not be there
        else:
            message = experiments.SetExperimentTag(experiment_id=target_id, key=key, value=value)
            self._target.ask(message, experiments.SetExperimentTagResponse)

    def made(self, work: Work) -> Made:
        """The run or the model on the server, which is made if there is none."""
        if work.made is None:
            work.is_being_made = True
            try:
                work.made = self._made_run(work) if work.told.run else self._made_model(work)
            finally:
                work.is_being_made = False
            work.note.target_id = work.made.id
            self._notes.write(work.subject.id, work.note)
        return work.made

    def mapped(self, id_: str) -> str:
        """The id on the server of a run or a model of this folder; of others, the same id."""
        work = self._works.get(id_)
        if work is None or work.is_being_made or not (work.told.run or work.told.model) or self.is_left_out(work):
            return id_
        return self.made(work).id

    def _made_run(self, work: Work) -> Made:
        told, noted = work.told, work.note.target_id
        assert told.run is not None
        if noted:
            run, is_new = self._target.get_run(noted), False
            run_tags = {tag.key: tag.value for tag in there(run.data).tags} if run else {}
            if run is None or run_tags.get(OFFLINE_RUN) != work.subject.id:
                raise PushTargetGone("run", noted, self._notes.path)
        else:
            # Only those that it began with: one that is refused must not keep the run from being made.
            begun = {tag.key or "": tag.value or "" for tag in told.run.tags}
            tags = {key: value for key, value in begun.items() if told.tags.get(key) is not None and key != RUN_NAME}
            create = runs.CreateRun(
                experiment_id=self.experiment(told.experiment_id),
                user_id=told.run.user_id,
                run_name=told.run_name or told.run.run_name,
                start_time=told.run.start_time,
                tags=self.run_tags({**tags, OFFLINE_RUN: work.subject.id}),
            )
            run, is_new = self._target.run(create, work.subject.id)
        info = there(run.info)
        restores = told.stage_is_new and not told.is_deleted
        if info.lifecycle_stage == "deleted" and not restores:
            raise PushTargetDeleted("run", info.run_id or "")
        if info.lifecycle_stage == "deleted":
            self._target.ask(runs.RestoreRun(run_id=info.run_id or ""), runs.RestoreRunResponse)
        return Made(info.run_id or "", info.artifact_uri or "", is_new, run)

    def run_tags(self, tags: dict[str, str]) -> tuple[RunTag, ...]:
        """Tags as they are set on the server."""
        return tuple(
            RunTag(key=key, value=self.mapped(value) if key == PARENT else value) for key, value in tags.items()
        )

    def _made_model(self, work: Work) -> Made:
        told, noted = work.told, work.note.target_id
        assert told.model is not None
        if noted:
            model, is_new = self._target.get_model(noted), False
            model_tags = {tag.key: tag.value for tag in there(model.info).tags} if model else {}
            if model is None or model_tags.get(OFFLINE_MODEL) != work.subject.id:
                raise PushTargetGone("logged model", noted, self._notes.path)
        else:
            source = told.model.source_run_id
            kept = {key: value for key, value in told.tags.items() if value is not None}
            create = logged_models.CreateLoggedModel(
                experiment_id=self.experiment(told.experiment_id),
                name=told.model.name,
                model_type=told.model.model_type,
                source_run_id=self.mapped(source) if source else None,
                tags=tuple(LoggedModelTag(key=k, value=v) for k, v in {**kept, OFFLINE_MODEL: work.subject.id}.items()),
            )
            model, is_new = self._target.model(create, work.subject.id)
        info = there(model.info)
        return Made(info.model_id or "", info.artifact_uri or "", is_new, model)

"""What stands in a folder of offline runs, in memory: the verbs of the store in memory, and lines instead of calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import msgspec

from genesis_flow.errors import GenesisFlowError, NotFound
from genesis_flow.journals.layout import experiment_id_of
from genesis_flow.journals.lines import Line
from genesis_flow.rules.clock import Clock
from genesis_flow.rules.locations import model_artifacts, run_artifacts
from genesis_flow.rules.points import Triple, rank
from genesis_flow.stores.memory import MemoryStore, finished
from genesis_flow.stores.memory.state import State, StoredRun
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import experiments, logged_models, runs

PointKey = tuple[str, int, int, str]


class NeedsPoints(Exception):
    """All points of a metric are asked for; only the last one of each is here."""


class _Latest(dict[PointKey, Metric]):
    """Points of a run, of which only the last one of each metric is kept."""

    def __init__(self, points: Iterable[tuple[PointKey, Metric]] = ()) -> None:
        super().__init__()
        self._keys: dict[str, PointKey] = {}
        for key, metric in points:
            self.setdefault(key, metric)

    def setdefault(self, key: PointKey, default: Metric | None = None, /) -> Metric:
        """Keeps a point if it is the last one of its metric."""
        assert default is not None
        known = self._keys.get(key[0])
        if known is not None:
            if rank(_triple(default)) <= rank(_triple(self[known])):
                return self[known]
            del self[known]
        self._keys[key[0]] = key
        self[key] = default
        return default


class _LightRun(StoredRun):
    """A run that remembers few points, however many are logged to it."""

    def points_of(self, key: str) -> list[Metric]:
        raise NeedsPoints


class _State(State):
    def __init__(self, artifact_root: str, clock: Clock) -> None:
        super().__init__(artifact_root, clock)
        self.next_key = 0

    def new_experiment_key(self) -> int:
        return self.next_key


class View(MemoryStore):
    """The verbs on what was read of a folder.

    Args:
        artifact_root: where its files are.
        clock: the time.
        secret: the key of page tokens.
        has_points: whether all points are kept, or the last one of each metric.
    """

    def __init__(self, artifact_root: str, clock: Clock, secret: bytes, *, has_points: bool) -> None:
        self._clock = clock
        self._has_points = has_points
        self._at_ms: int | None = None
        self._state: _State = _State(artifact_root, self._now_ms)
        self._state.secret = secret
        self._add_default_experiment()

    def _now_ms(self) -> int:
        return self._clock() if self._at_ms is None else self._at_ms

    async def create_experiment(self, message: experiments.CreateExperiment) -> experiments.CreateExperimentResponse:
        if self._named(message.name) is None:
            key, again = 0, 0
            while not key or key in self._state.experiments:
                key, again = int(experiment_id_of(message.name, again)), again + 1
            self._state.next_key = key
        # Files of offline runs are in the folder, wherever those of the experiment will be.
        return await super().create_experiment(msgspec.structs.replace(message, artifact_location=None))

    async def create_run(self, message: runs.CreateRun) -> runs.CreateRunResponse:
        reply = await super().create_run(message)
        assert reply.run is not None
        assert reply.run.info is not None
        self._keep(self._state.runs[reply.run.info.run_id or ""])
        return reply

    def _keep(self, run: StoredRun) -> None:
        if not self._has_points:
            kept: dict[str, Any] = {one.name: getattr(run, one.name) for one in fields(StoredRun)}
            run = _LightRun(**{**kept, "points": _Latest(run.points.items())})
        self._state.runs[run.info.run_id or ""] = run

    # --- lines ----------------------------------------------------------------------------------------------------

    def replay(self, line: Line) -> bool:
        """Does what a line says; False if it speaks of something that is not known yet.

        What is there already is left as it is, and what contradicts what came before is left out.
        """
        self._at_ms = line.at_ms
        try:
            match line.operation:
                case "about" | "file":
                    pass
                case "create_experiment":
                    self._take_experiment(line.subject, line.said)
                case "create_run":
                    self._take_run(line.subject, line.said)
                case "create_logged_model":
                    self._take_model(line.subject, line.said)
                case name:
                    finished(getattr(self, name)(line.said))
        except NotFound:
            return False
        except (GenesisFlowError, msgspec.MsgspecError, RecursionError):
            pass
        finally:
            self._at_ms = None
        return True

    def _take_experiment(self, experiment_id: str, message: experiments.CreateExperiment) -> None:
        if (key := int(experiment_id)) not in self._state.experiments:
            stored = self._add_experiment(key, message.name, "")
            stored.tags.update({tag.key or "": tag.value or "" for tag in message.tags})

    def _take_run(self, run_id: str, message: runs.CreateRun) -> None:
        if run_id in self._state.runs:
            return
        made = finished(super().create_run(message)).run
        assert made is not None
        assert made.info is not None
        run = self._state.runs.pop(made.info.run_id or "")
        location = self._state.experiment(made.info.experiment_id or "").value.artifact_location or ""
        run.info = msgspec.structs.replace(
            run.info, run_id=run_id, run_uuid=run_id, artifact_uri=run_artifacts(location, run_id)
        )
        self._keep(run)

    def _take_model(self, model_id: str, message: logged_models.CreateLoggedModel) -> None:
        if model_id in self._state.models:
            return
        made = finished(self.create_logged_model(message)).model
        assert made is not None
        assert made.info is not None
        model = self._state.models.pop(made.info.model_id or "")
        location = self._state.experiment(made.info.experiment_id or "").value.artifact_location or ""
        model.info = msgspec.structs.replace(
            model.info, model_id=model_id, artifact_uri=model_artifacts(location, model_id)
        )
        self._state.models[model_id] = model


def _triple(metric: Metric) -> Triple:
    return metric.timestamp or 0, metric.step or 0, metric.value or 0.0

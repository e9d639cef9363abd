"""The history of registered models in memory, and what is read from it and decided by it."""

from __future__ import annotations

from collections.abc import Iterable

from genesis_flow.errors import AliasNotFound, ModelVersionNotFound, RegisteredModelNotFound
from genesis_flow.rules.acting import ACTING
from genesis_flow.rules.history import Change, aliases_moved
from genesis_flow.rules.times import parse_time_ms
from genesis_flow.stores import asking, registered
from genesis_flow.stores.memory.outbox import Outbox, telling
from genesis_flow.stores.memory.state import StoredChange, StoredRegistered
from genesis_flow.wire.messages import model_history as messages


class ModelHistory(Outbox):
    """The verbs that MLflow does not have."""

    def _registered(self, name: str) -> StoredRegistered:
        found = self._state.registered.get(name)
        if found is None:
            raise RegisteredModelNotFound(name)
        return found

    def _note(self, model: StoredRegistered, changes: Iterable[Change]) -> None:
        last = max((one.at_ms for one in self._state.changes if one.model == model.key), default=0)
        at_ms, user = max(self._state.clock(), last), ACTING.get()
        for change in changes:
            number = len(self._state.changes)
            self._state.changes.append(StoredChange(number, model.key, model.name, at_ms, user, change))

    def _set_aliases(self, model: StoredRegistered, after: dict[str, int]) -> None:
        self._note(model, aliases_moved(model.aliases, after))
        model.aliases = after

    @telling
    async def promote_model_versions(
        self, message: messages.PromoteModelVersions
    ) -> messages.PromoteModelVersionsResponse:
        model = self._registered(message.name)
        after = registered.promoted(message, model.aliases)
        for one in message.set:
            if after[one.alias] not in model.versions:
                raise ModelVersionNotFound(message.name, one.version)
        self._set_aliases(model, after)
        return messages.PromoteModelVersionsResponse(aliases=registered.alias_entities(after))

    def _key(self, name: str) -> int:
        """The model of that name, or the one that was deleted last under it; ``RegisteredModelNotFound``."""
        found = self._state.registered.get(name)
        if found is not None:
            return found.key
        for one in reversed(self._state.changes):
            if one.name == name and one.change.kind == "deleted" and one.change.version is None:
                return one.model
        raise RegisteredModelNotFound(name)

    def _alias_at(self, key: int, name: str, alias: str, as_of_ms: int | None) -> tuple[int, int]:
        """The version that had an alias at a time, and since when; ``AliasNotFound``."""
        found = [
            one
            for one in self._state.changes
            if (one.model, one.change.kind, one.change.key) == (key, "alias", alias)
            and (as_of_ms is None or one.at_ms <= as_of_ms)
        ]
        last = max(found, key=_place, default=None)
        if last is None or last.change.after is None:
            raise AliasNotFound(name, alias)
        return int(last.change.after), last.at_ms

    async def get_model_timeline(self, message: messages.GetModelTimeline) -> messages.GetModelTimelineResponse:
        key, asked = self._key(message.name), asking.of_timeline(message, self._state.secret)
        since = parse_time_ms("since", message.since) if message.since else 0
        until = parse_time_ms("until", message.until) if message.until else None
        position = None if asked.position is None else tuple(asked.position)
        found = [
            one
            for one in sorted(self._state.changes, key=_place, reverse=True)
            if one.model == key
            and one.at_ms >= since
            and (until is None or one.at_ms < until)
            and message.kind in (None, one.change.kind)
            and (position is None or _place(one) < position)
        ]
        shown, token = asked.cut(found, message.max_results, _place)
        changes = tuple(registered.change_entity(one.change, one.name, one.at_ms, one.user_id) for one in shown)
        return messages.GetModelTimelineResponse(changes=changes, next_page_token=token)


def _place(one: StoredChange) -> tuple[int, int]:
    return one.at_ms, one.number

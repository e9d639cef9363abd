"""What every store does with logged models."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    HOSTILE,
    INVALID,
    NOT_FOUND,
    UNKNOWN_MODEL,
    answer,
    batch,
    history,
    model_of,
    new_experiment,
    new_model,
    new_run,
    point,
    refused,
    same,
    there,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.values.logged_models import (
    LoggedModel,
    LoggedModelInfo,
    LoggedModelParameter,
    LoggedModelTag,
    SearchLoggedModelsDataset,
    SearchLoggedModelsOrderBy,
)
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import logged_models as messages

Call = Callable[[Store, str], Awaitable[object]]

CALLS: dict[str, Call] = {
    "get": lambda store, id_: store.get_logged_model(messages.GetLoggedModel(model_id=id_)),
    "finalize": lambda store, id_: store.finalize_logged_model(
        messages.FinalizeLoggedModel(model_id=id_, status="LOGGED_MODEL_READY")
    ),
    "set tags": lambda store, id_: store.set_logged_model_tags(
        messages.SetLoggedModelTags(model_id=id_, tags=(LoggedModelTag(key="t", value="1"),))
    ),
    "delete tag": lambda store, id_: store.delete_logged_model_tag(
        messages.DeleteLoggedModelTag(model_id=id_, tag_key="t")
    ),
    "log params": lambda store, id_: store.log_logged_model_params(
        messages.LogLoggedModelParamsRequest(model_id=id_, params=(LoggedModelParameter(key="p", value="1"),))
    ),
    "delete": lambda store, id_: store.delete_logged_model(messages.DeleteLoggedModel(model_id=id_)),
}


def info(model: LoggedModel) -> LoggedModelInfo:
    return there(model.info)


def tags(model: LoggedModel) -> dict[str | None, str | None]:
    return {tag.key: tag.value for tag in info(model).tags}


def params(model: LoggedModel) -> dict[str | None, str | None]:
    return {param.key: param.value for param in there(model.data).params}


def measured(
    model_id: str, key: str, value: float, on: tuple[str, str] | None = None, step: int = 0, timestamp: int = 1
) -> Metric:
    """A point of a model, perhaps measured on a dataset."""
    name, digest = on or (None, None)
    return msgspec.structs.replace(
        point(key, value, step, timestamp), model_id=model_id, dataset_name=name, dataset_digest=digest
    )


async def found(store: Store, message: messages.SearchLoggedModels) -> list[str | None]:
    """The names of the models that a search finds, page by page, in order."""
    names: list[str | None] = []
    while True:
        reply = await answer(store.search_logged_models(message))
        names += [info(model).name for model in reply.models]
        if not reply.next_page_token:
            return names
        message = msgspec.structs.replace(message, page_token=reply.next_page_token)


class LoggedModelSuite(Suite):
    """Logged models, and the search for them."""

    async def test_a_new_model_says_what_it_was_told(self, store: Store) -> None:
        experiment, run = await new_experiment(store), await new_run(store)
        message = messages.CreateLoggedModel(
            experiment_id=experiment,
            name="a\\b 😀",
            model_type="classifier",
            source_run_id=run,
            params=(LoggedModelParameter(key="lr", value="0.1"),),
            tags=(LoggedModelTag(key="team", value="blue"),),
        )
        model = there((await answer(store.create_logged_model(message))).model)
        told = info(model)
        assert (told.experiment_id, told.name, told.model_type) == (experiment, "a\\b 😀", "classifier")
        assert (told.source_run_id, told.status) == (run, "LOGGED_MODEL_PENDING")
        assert (told.artifact_uri or "").endswith(f"/models/{told.model_id}/artifacts")
        assert told.creation_timestamp_ms == told.last_updated_timestamp_ms
        assert (params(model), tags(model)) == ({"lr": "0.1"}, {"team": "blue"})
        assert await model_of(store, told.model_id or "") == model

    async def test_a_model_without_a_name_gets_one(self, store: Store) -> None:
        message = messages.CreateLoggedModel(experiment_id=await new_experiment(store))
        assert info(there((await answer(store.create_logged_model(message))).model)).name

    async def test_a_point_of_a_deleted_model_is_kept_by_its_run(self, store: Store) -> None:
        experiment = await new_experiment(store)
        model_id, run_id = await new_model(store, experiment), await new_run(store, experiment)
        await store.delete_logged_model(messages.DeleteLoggedModel(model_id=model_id))
        await store.log_batch(batch(run_id, Metric(key="late", value=1.0, timestamp=1, step=0, model_id=model_id)))
        assert len(await history(store, run_id, "late")) == 1

    @pytest.mark.parametrize("call", CALLS)
    async def test_an_unknown_or_deleted_model_is_not_found(self, store: Store, call: str) -> None:
        deleted = await new_model(store, await new_experiment(store))
        await store.delete_logged_model(messages.DeleteLoggedModel(model_id=deleted))
        for id_ in (deleted, UNKNOWN_MODEL, "'", "%", "..", "é?"):
            with refused(NOT_FOUND):
                await CALLS[call](store, id_)

    async def test_a_model_ends_as_it_is_told(self, store: Store) -> None:
        id_ = await new_model(store, await new_experiment(store))
        for status in ("LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_READY"):
            message = msgspec.convert({"model_id": id_, "status": status}, messages.FinalizeLoggedModel)
            model = there((await answer(store.finalize_logged_model(message))).model)
            assert info(model).status == status
            assert await model_of(store, id_) == model

    async def test_tags_are_written_replaced_and_removed(self, store: Store) -> None:
        id_ = await new_model(store, await new_experiment(store), tags={"other": "stays"})
        for text in ("1", "2", "2"):
            changed = messages.SetLoggedModelTags(model_id=id_, tags=(LoggedModelTag(key="a b?é", value=text),))
            await store.set_logged_model_tags(changed)
            assert tags(await model_of(store, id_)) == {"a b?é": text, "other": "stays"}
        await store.delete_logged_model_tag(messages.DeleteLoggedModelTag(model_id=id_, tag_key="a b?é"))
        assert tags(await model_of(store, id_)) == {"other": "stays"}
        with refused(NOT_FOUND):
            await store.delete_logged_model_tag(messages.DeleteLoggedModelTag(model_id=id_, tag_key="a b?é"))

    async def test_params_and_tags_of_a_model_keep_any_text(self, store: Store) -> None:
        texts = {f"k{number}": text for number, text in enumerate(HOSTILE)}
        model = await model_of(store, await new_model(store, await new_experiment(store), params=texts, tags=texts))
        assert params(model) == tags(model) == texts

    async def test_params_are_added_and_never_changed(self, store: Store) -> None:
        id_ = await new_model(store, await new_experiment(store), params={"a": "1"})

        def adding(**given: str) -> messages.LogLoggedModelParamsRequest:
            added = tuple(LoggedModelParameter(key=k, value=v) for k, v in given.items())
            return messages.LogLoggedModelParamsRequest(model_id=id_, params=added)

        for _ in range(2):
            await store.log_logged_model_params(adding(a="1", b="2"))
        with refused(INVALID):
            await store.log_logged_model_params(adding(c="3", a="other"))
        assert params(await model_of(store, id_)) == {"a": "1", "b": "2"}

    async def test_a_model_shows_the_metrics_that_runs_logged_with_it(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_, run = await new_model(store, experiment), await new_run(store, experiment)
        points = [
            measured(id_, "m", 1.0),
            measured(id_, "m", 2.0, ("iris", "d1")),
            measured(id_, "n", math.nan),
            measured(id_, "n", math.inf, step=1, timestamp=2),
        ]
        for _ in range(2):
            await store.log_batch(batch(run, *points, point("unlinked", 1.0)))
        shown = there((await model_of(store, id_)).data).metrics
        assert same(list(shown), [msgspec.structs.replace(one, run_id=run) for one in points])

    # --- search -----------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("filter_", "expected"),
        [
            ("name = 'a'", "a"),
            ("name LIKE '_'", "abc"),
            ("params.p = '1'", "a"),
            ("params.p != '1'", "b"),
            ("params.p IS NULL", "c"),
            ("tags.`t t` IN ('x', 'y')", "ab"),
            ("metrics.m > 5", "ab"),
            ("metrics.m = 1 AND metrics.m = 9", "a"),
            ("metrics.m = 7", "b"),
            ("metrics.n > 0", ""),
            ("metrics.n != 0", "c"),
            ("metrics.m IS NULL", "c"),
            ("metrics.m IS NOT NULL OR name = 'c'", "abc"),
            ("NOT metrics.m > 8", "bc"),
            ("status = 'LOGGED_MODEL_READY'", "b"),
            ("model_type = ''", "abc"),
            ("creation_timestamp > 0", "abc"),
            ("status_message IS NULL", "abc"),
        ],
    )
    async def test_a_filter_finds_models(self, store: Store, filter_: str, expected: str) -> None:
        experiment = await self._models(store)
        message = messages.SearchLoggedModels(experiment_ids=(experiment,), filter=filter_)
        assert sorted(name or "" for name in await found(store, message)) == list(expected)

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ([("name", True, None)], "abc"),
            ([("name", False, None)], "cba"),
            ([("metrics.m", True, None)], "abc"),
            ([("metrics.m", False, None)], "bac"),
            ([("metrics.none", True, None), ("name", False, None)], "cba"),
            ([("metrics.d", True, "x")], "bac"),
            ([("metrics.d", True, "y")], "abc"),
            ([("metrics.d", False, "x"), ("metrics.m", True, None)], "abc"),
            ([("metrics.e", True, "x"), ("metrics.d", True, "y")], "abc"),
            ([("metrics.e", False, "y"), ("metrics.d", True, "x")], "bac"),
        ],
    )
    async def test_models_come_in_the_order_asked_for(
        self, store: Store, order: list[tuple[str, bool, str | None]], expected: str
    ) -> None:
        experiment = await self._models(store)
        terms = tuple(
            SearchLoggedModelsOrderBy(field_name=name, ascending=up, dataset_name=on) for name, up, on in order
        )
        for size in (1, 2, 50):
            message = messages.SearchLoggedModels(experiment_ids=(experiment,), order_by=terms, max_results=size)
            assert "".join(name or "" for name in await found(store, message)) == expected

    async def test_datasets_restrict_models_and_their_metrics(self, store: Store) -> None:
        experiment = await self._models(store)
        for name, digest, filter_, expected in (
            ("x", "1", None, "ab"),
            ("x", None, None, "ab"),
            ("x", "2", None, ""),
            ("x", "1", "metrics.d > 1", "a"),
            ("y", "1", "metrics.d > 1", "b"),
            ("x", "1", "metrics.m > 0", ""),
            ("it's", "1", None, ""),
        ):
            on = SearchLoggedModelsDataset(dataset_name=name, dataset_digest=digest)
            message = messages.SearchLoggedModels(experiment_ids=(experiment,), datasets=(on,), filter=filter_)
            assert sorted(one or "" for one in await found(store, message)) == list(expected)

    async def test_deleted_models_and_other_experiments_are_not_searched(self, store: Store) -> None:
        one, two = await new_experiment(store), await new_experiment(store)
        gone = await new_model(store, one, "gone")
        await new_model(store, one, "one")
        await new_model(store, two, "two")
        await store.delete_logged_model(messages.DeleteLoggedModel(model_id=gone))
        assert await found(store, messages.SearchLoggedModels(experiment_ids=(one,))) == ["one"]
        both = messages.SearchLoggedModels(
            experiment_ids=(one, two), order_by=(SearchLoggedModelsOrderBy(field_name="name"),)
        )
        assert await found(store, both) == ["one", "two"]

    async def test_a_page_token_belongs_to_its_search_for_models(self, store: Store) -> None:
        experiment = await self._models(store)
        message = messages.SearchLoggedModels(experiment_ids=(experiment,), max_results=1)
        token = (await answer(store.search_logged_models(message))).next_page_token
        for changed in (
            msgspec.structs.replace(message, page_token=token, filter="name = 'a'"),
            msgspec.structs.replace(
                message, page_token=token, order_by=(SearchLoggedModelsOrderBy(field_name="name"),)
            ),
            msgspec.structs.replace(message, page_token=token, experiment_ids=("0",)),
            msgspec.structs.replace(message, page_token="forged"),  # noqa: S106
        ):
            with refused(INVALID):
                await store.search_logged_models(changed)

    async def _models(self, store: Store) -> str:
        """Three models in an experiment: a and b with metrics on the datasets x and y, c with a NaN."""
        experiment = await new_experiment(store)
        run = await new_run(store, experiment)
        a = await new_model(store, experiment, "a", {"p": "1"}, {"t t": "x"})
        b = await new_model(store, experiment, "b", {"p": "it's"}, {"t t": "y"})
        c = await new_model(store, experiment, "c")
        await store.finalize_logged_model(messages.FinalizeLoggedModel(model_id=b, status="LOGGED_MODEL_READY"))
        x, y = ("x", "1"), ("y", "1")
        points = [
            *(measured(a, "m", 9.0, step=1), measured(a, "m", 1.0, step=2), measured(b, "m", 7.0)),
            *(
                measured(a, "d", 2.0, x),
                measured(b, "d", 1.0, x),
                measured(a, "d", 1.0, y, 1, 2),
                measured(b, "d", 2.0, y, 1, 2),
            ),
            *(measured(a, "e", 1.0, x), measured(b, "e", 2.0, x), measured(a, "e", 1.0, y), measured(b, "e", 2.0, y)),
            measured(c, "n", math.nan),
        ]
        await store.log_batch(batch(run, *points))
        return experiment

"""What every store does with runs: their life, and everything that is written to them."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    HOSTILE,
    INT64,
    INVALID,
    NOT_FOUND,
    NUMBERS,
    UNKNOWN_MODEL,
    UNKNOWN_RUN,
    answer,
    batch,
    dataset,
    history,
    id_of,
    info_of,
    metrics_of,
    new_experiment,
    new_run,
    params_of,
    point,
    refused,
    run_of,
    same,
    tags_of,
    there,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.values.logged_models import ModelInput, ModelOutput
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import RunTag
from genesis_flow.wire.messages import runs as messages

Call = Callable[[Store, str], Awaitable[object]]
MODEL = {"artifact_path": "model", "run_id": "r", "utc_time_created": "now", "flavors": {}}

WRITES: dict[str, Call] = {
    "update": lambda store, id_: store.update_run(messages.UpdateRun(run_id=id_, status="FINISHED")),
    "log metric": lambda store, id_: store.log_batch(batch(id_, point("m", 1.0))),
    "log param": lambda store, id_: store.log_batch(batch(id_, params={"p": "1"})),
    "set tag": lambda store, id_: store.log_batch(batch(id_, tags={"t": "1"})),
    "log nothing": lambda store, id_: store.log_batch(batch(id_)),
    "log inputs": lambda store, id_: store.log_inputs(messages.LogInputs(run_id=id_, datasets=(dataset(),))),
    "log outputs": lambda store, id_: store.log_outputs(
        messages.LogOutputs(run_id=id_, models=(ModelOutput(model_id="m", step=0),))
    ),
    "log model": lambda store, id_: store.log_model(messages.LogModel(run_id=id_, model_json=json.dumps(MODEL))),
}
OTHERS: dict[str, Call] = {
    "get": lambda store, id_: store.get_run(messages.GetRun(run_id=id_)),
    "delete": lambda store, id_: store.delete_run(messages.DeleteRun(run_id=id_)),
    "restore": lambda store, id_: store.restore_run(messages.RestoreRun(run_id=id_)),
    "delete tag": lambda store, id_: store.delete_tag(messages.DeleteTag(run_id=id_, key="mlflow.runName")),
}

# Points as (value, step, time), and the value that a run then shows: of the highest step, then time, then value.
LATEST = [
    ([(1.0, 0, 1), (2.0, 5, 2), (3.0, 3, 3)], 2.0),
    ([(1.0, 1, 5), (2.0, 1, 4)], 1.0),
    ([(1.0, 1, 1), (2.0, 1, 1), (1.5, 1, 1)], 2.0),
    ([(7.0, -(2**63), 1), (8.0, -1, 1)], 8.0),
    ([(7.0, 2**63 - 1, 1), (8.0, 2**63 - 2, 9)], 7.0),
    ([(-1.0, 0, 1), (math.nan, 0, 1)], math.nan),
    ([(math.nan, 0, 1), (-1.0, 0, 1)], math.nan),
    ([(math.nan, 0, 1), (1.0, 0, 1)], 1.0),
    ([(math.inf, 0, 1), (1.0, 0, 1)], math.inf),
    ([(-math.inf, 0, 1), (-1e308, 0, 1)], -1e308),
]


class RunSuite(Suite):
    """Runs, and everything written to them."""

    async def test_a_new_run_says_what_it_was_told(self, store: Store) -> None:
        experiment_id = await new_experiment(store)
        message = messages.CreateRun(
            experiment_id=experiment_id,
            user_id="ann",
            run_name="it's 😀",
            start_time=2**53 + 1,
            tags=(RunTag(key="b", value="2"), RunTag(key="a", value="")),
        )
        run = there((await answer(store.create_run(message))).run)
        info = info_of(run)
        assert (info.experiment_id, info.user_id, info.run_name) == (experiment_id, "ann", "it's 😀")
        assert (info.status, info.start_time, info.end_time) == ("RUNNING", 2**53 + 1, None)
        assert (info.lifecycle_stage, info.run_uuid) == ("active", info.run_id)
        assert (info.artifact_uri or "").endswith(f"/{info.run_id}/artifacts")
        assert tags_of(run) == {"a": "", "b": "2"}
        read = await run_of(store, id_of(run))
        assert (read.info, read.data) == (run.info, run.data)

    async def test_the_name_of_a_run_and_its_tag_are_one(self, store: Store) -> None:
        experiment_id = await new_experiment(store)
        tag = RunTag(key="mlflow.runName", value="by tag")
        named = there(
            (await answer(store.create_run(messages.CreateRun(experiment_id=experiment_id, tags=(tag,))))).run
        )
        assert info_of(named).run_name == "by tag"
        unnamed = there((await answer(store.create_run(messages.CreateRun(experiment_id=experiment_id)))).run)
        assert info_of(unnamed).run_name
        id_ = id_of(unnamed)
        for change, name in (
            (store.update_run(messages.UpdateRun(run_id=id_, run_name="updated")), "updated"),
            (store.log_batch(batch(id_, tags={"mlflow.runName": "tagged"})), "tagged"),
        ):
            await change
            run = await run_of(store, id_)
            assert info_of(run).run_name == name
            assert [tag.value for tag in there(run.data).tags if tag.key == "mlflow.runName"] == [name]

    async def test_a_run_is_found_by_the_older_name_of_its_id(self, store: Store) -> None:
        id_ = await new_run(store)
        assert (await answer(store.get_run(messages.GetRun(run_uuid=id_)))).run == await run_of(store, id_)

    async def test_a_run_needs_an_experiment(self, store: Store) -> None:
        with refused(INVALID):
            await store.create_run(messages.CreateRun(run_name="nowhere"))

    @pytest.mark.parametrize("call", [*WRITES, *OTHERS])
    async def test_an_unknown_run_is_not_found(self, store: Store, call: str) -> None:
        for id_ in (UNKNOWN_RUN, "'", "%", UNKNOWN_RUN[1:]):
            with refused(NOT_FOUND):
                await {**WRITES, **OTHERS}[call](store, id_)

    @pytest.mark.parametrize("call", WRITES)
    async def test_nothing_is_written_to_a_deleted_run(self, store: Store, call: str) -> None:
        id_ = await new_run(store)
        await store.delete_run(messages.DeleteRun(run_id=id_))
        before = await run_of(store, id_)
        with refused(INVALID):
            await WRITES[call](store, id_)
        assert await run_of(store, id_) == before
        await store.restore_run(messages.RestoreRun(run_id=id_))
        await WRITES[call](store, id_)

    async def test_a_run_is_deleted_and_restored_as_often_as_one_likes(self, store: Store) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, point("m", 1.0), params={"p": "1"}, tags={"t": "1"}))
        before = await run_of(store, id_)
        for _ in range(2):
            await store.delete_run(messages.DeleteRun(run_id=id_))
            assert info_of(await run_of(store, id_)).lifecycle_stage == "deleted"
        for _ in range(2):
            await store.restore_run(messages.RestoreRun(run_id=id_))
            assert await run_of(store, id_) == before

    async def test_an_update_changes_what_it_gives_and_leaves_the_rest(self, store: Store) -> None:
        id_ = await new_run(store, name="before", start_time=5)
        expected = info_of(await run_of(store, id_))
        for message, changed in (
            (messages.UpdateRun(run_id=id_, status="FINISHED", end_time=7), {"status": "FINISHED", "end_time": 7}),
            (messages.UpdateRun(run_id=id_, run_name="after"), {"run_name": "after"}),
            (messages.UpdateRun(run_id=id_, status="RUNNING"), {"status": "RUNNING"}),
            (messages.UpdateRun(run_uuid=id_, end_time=2**63 - 1), {"end_time": 2**63 - 1}),
            (messages.UpdateRun(run_id=id_, end_time=0), {"end_time": None}),  # COMPAT: mlflow 3.17 answers none for 0
            (messages.UpdateRun(run_id=id_), {}),
        ):
            expected = msgspec.structs.replace(expected, **changed)
            assert (await answer(store.update_run(message))).run_info == expected
            assert info_of(await run_of(store, id_)) == expected

    # --- batches ----------------------------------------------------------------------------------------------

    async def test_params_and_tags_keep_any_text(self, store: Store) -> None:
        texts = {f"k{number}": text for number, text in enumerate(HOSTILE)}
        id_ = await new_run(store)
        await store.log_batch(batch(id_, params=texts, tags=texts))
        run = await run_of(store, id_)
        assert params_of(run) == texts
        assert tags_of(run) == texts

    async def test_keys_keep_their_characters_and_their_case(self, store: Store) -> None:
        keys = {"a b": "1", "a.b": "2", "a/b": "3", "a:b": "4", "é": "5", "K": "6", "k": "7", "-": "8", "x" * 250: "9"}
        id_ = await new_run(store)
        await store.log_batch(
            batch(id_, *(point(key, float(text)) for key, text in keys.items()), params=keys, tags=keys)
        )
        run = await run_of(store, id_)
        assert params_of(run) == tags_of(run) == keys
        assert metrics_of(run) == {key: float(text) for key, text in keys.items()}

    async def test_metrics_keep_any_number(self, store: Store) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, *(point(f"m{i}", number) for i, number in enumerate(NUMBERS))))
        assert same(metrics_of(await run_of(store, id_)), {f"m{i}": number for i, number in enumerate(NUMBERS)})
        for i, number in enumerate(NUMBERS):
            assert same(await history(store, id_, f"m{i}"), [(0, 1, number)])

    async def test_steps_are_whole_numbers_of_64_bits(self, store: Store) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, *(point("m", 1.0, step=step, timestamp=7) for step in INT64)))
        assert await history(store, id_, "m") == [(step, 7, 1.0) for step in INT64]
        assert there((await run_of(store, id_)).data).metrics[0].step == max(INT64)

    @pytest.mark.parametrize(("points", "latest"), LATEST)
    async def test_a_run_shows_the_latest_value(
        self, store: Store, points: list[tuple[float, int, int]], latest: float
    ) -> None:
        together, apart = await new_run(store), await new_run(store)
        made = [point("m", *one) for one in points]
        await store.log_batch(batch(together, *made))
        for one in made:
            await store.log_batch(batch(apart, one))
        for id_ in (together, apart):
            assert same(metrics_of(await run_of(store, id_)), {"m": latest})

    async def test_a_param_may_be_written_again_with_its_value_only(self, store: Store) -> None:
        id_ = await new_run(store)
        many = {f"p{i}": "v" for i in range(20)}
        for params in ({"p0": "v"}, many, many):
            await store.log_batch(batch(id_, params=params))
        for changed in ({"p3": "other"}, {**many, "p3": "V"}, {**many, "p3": ""}):
            with refused(INVALID):
                await store.log_batch(batch(id_, params=changed))
        assert params_of(await run_of(store, id_)) == many

    async def test_a_refused_batch_leaves_nothing_behind(self, store: Store) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, point("m", 1.0), params={"p": "1"}, tags={"t": "1"}))
        before = await run_of(store, id_)
        bad_param = batch(id_, point("m", 2.0, step=2), point("n", 1.0), params={"q": "1", "p": "2"}, tags={"t": "2"})
        strange = Metric(key="m", value=3.0, timestamp=1, step=3, model_id=UNKNOWN_MODEL)
        bad_model = batch(id_, strange, params={"q": "1"}, tags={"mlflow.runName": "new", "t": "2"})
        refusals = [(bad_param, INVALID)]
        if "unknown-models" not in store.supports:
            refusals.append((bad_model, NOT_FOUND))
        for message, outcome in refusals:
            with refused(outcome):
                await store.log_batch(message)
            assert await run_of(store, id_) == before
            assert await history(store, id_, "m") == [(0, 1, 1.0)]
            assert await history(store, id_, "n") == []

    async def test_batches_at_the_same_time_all_arrive_and_a_refused_one_stands_alone(self, store: Store) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, params={"p": "1"}))
        good = [
            store.log_batch(batch(id_, point("m", float(i), step=i), params={f"p{i}": "v"}, tags={f"t{i}": "v"}))
            for i in range(40)
        ]
        bad = [store.log_batch(batch(id_, point("bad", 1.0), params={"p": "2"})) for _ in range(5)]
        outcomes = await asyncio.gather(
            *(call for pair in zip(good[:5], bad, strict=True) for call in pair), *good[5:], return_exceptions=True
        )
        assert sum(isinstance(outcome, Exception) for outcome in outcomes) == len(bad)
        run = await run_of(store, id_)
        assert params_of(run) == {"p": "1", **{f"p{i}": "v" for i in range(40)}}
        assert tags_of(run) == {f"t{i}": "v" for i in range(40)}
        assert metrics_of(run) == {"m": 39.0}
        assert await history(store, id_, "m") == [(i, 1, float(i)) for i in range(40)]

    async def test_of_two_values_for_one_param_at_the_same_time_one_wins(self, store: Store) -> None:
        id_ = await new_run(store)
        calls = [store.log_batch(batch(id_, params={"p": str(i)}, tags={f"t{i}": ""})) for i in range(8)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        winners = [i for i, outcome in enumerate(outcomes) if not isinstance(outcome, Exception)]
        run = await run_of(store, id_)
        assert params_of(run) == {"p": str(winners[0])}
        assert tags_of(run) == {f"t{winners[0]}": ""}
        assert len(winners) == 1

    async def test_a_tag_is_replaced_and_removed(self, store: Store) -> None:
        id_ = await new_run(store)
        for text in ("1", "2", "2", ""):
            await store.log_batch(batch(id_, tags={"t": text, "other": "stays"}))
            assert tags_of(await run_of(store, id_)) == {"t": text, "other": "stays"}
        await store.delete_tag(messages.DeleteTag(run_id=id_, key="t"))
        assert tags_of(await run_of(store, id_)) == {"other": "stays"}
        with refused(NOT_FOUND):
            await store.delete_tag(messages.DeleteTag(run_id=id_, key="t"))

    async def test_a_tag_of_a_deleted_run_stays(self, store: Store) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, tags={"t": "1"}))
        await store.delete_run(messages.DeleteRun(run_id=id_))
        with refused(INVALID):
            await store.delete_tag(messages.DeleteTag(run_id=id_, key="t"))
        assert tags_of(await run_of(store, id_)) == {"t": "1"}

    async def test_models_of_a_run_are_listed_in_its_tag(self, store: Store) -> None:
        id_ = await new_run(store)
        for path in ("one", "it's 😀"):
            message = messages.LogModel(run_id=id_, model_json=json.dumps({**MODEL, "artifact_path": path}))
            await store.log_model(message)
        listed = json.loads(tags_of(await run_of(store, id_))["mlflow.log-model.history"] or "")
        assert [model["artifact_path"] for model in listed] == ["one", "it's 😀"]

    @pytest.mark.parametrize("text", ["x", "5", "", "null"])
    async def test_a_list_of_models_that_somebody_broke_is_refused(self, store: Store, text: str) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, tags={"mlflow.log-model.history": text}))
        with refused(INVALID):
            await store.log_model(messages.LogModel(run_id=id_, model_json=json.dumps(MODEL)))
        assert tags_of(await run_of(store, id_)) == {"mlflow.log-model.history": text}

    # --- inputs and outputs -----------------------------------------------------------------------------------

    async def test_inputs_and_outputs_are_noted_once(self, store: Store) -> None:
        id_ = await new_run(store)
        inputs = messages.LogInputs(run_id=id_, models=(ModelInput(model_id="m-b"), ModelInput(model_id="m-a")))
        outputs = messages.LogOutputs(run_id=id_, models=(ModelOutput(model_id="m-a", step=2**63 - 1),))
        for _ in range(2):
            await store.log_inputs(inputs)
            await store.log_outputs(outputs)
        run = await run_of(store, id_)
        assert sorted(model.model_id for model in there(run.inputs).model_inputs) == ["m-a", "m-b"]
        assert there(run.outputs).model_outputs == outputs.models
        assert there(run.inputs).dataset_inputs == ()

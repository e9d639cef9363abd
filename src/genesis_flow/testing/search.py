"""What every store finds: filters, orderings and pages over runs and experiments."""

from __future__ import annotations

import asyncio
import math

import msgspec
import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    HOSTILE,
    INVALID,
    answer,
    batch,
    dataset,
    info_of,
    new_experiment,
    new_run,
    point,
    refused,
    unique,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.wire.messages import experiments as experiment_messages
from genesis_flow.wire.messages import runs as messages

LONG = "x" * 5_000


async def pages(store: Store, message: messages.SearchRuns) -> list[list[str]]:
    """The names of the runs that a search finds, page by page."""
    found: list[list[str]] = []
    while True:
        reply = await answer(store.search_runs(message))
        found.append([info_of(run).run_name or "" for run in reply.runs])
        if not reply.next_page_token:
            return found
        message = msgspec.structs.replace(message, page_token=reply.next_page_token)


async def found(store: Store, experiment: str, filter_: str | None = None, *order: str) -> list[str]:
    """The names of all runs of an experiment that a search finds, in order."""
    message = messages.SearchRuns(experiment_ids=(experiment,), filter=filter_, order_by=order)
    return [name for page in await pages(store, message) for name in page]


async def population(store: Store) -> str:
    """An experiment of five runs, a to e, of which each lacks something that another has."""
    experiment = await new_experiment(store)
    a, b, c, d, e = [
        await new_run(store, experiment, name, start) for name, start in zip("abcde", range(1, 6), strict=True)
    ]
    await asyncio.gather(
        store.log_batch(
            batch(a, point("m", 1.0), point("n", math.inf), params={"p": "1", "q": "it's"}, tags={"t": "x"})
        ),
        store.log_batch(batch(b, point("m", 2.5), point("n", -math.inf), params={"p": "10", "q": ""}, tags={"t": "X"})),
        store.log_batch(
            batch(c, point("m", math.nan), point("n", 0.0), params={"p": "9", "q": "100%"}, tags={"a.b": "x"})
        ),
        store.log_batch(batch(d, point("m", -1.0), params={"q": LONG + "1"}, tags={"t": "É"})),
        store.log_batch(batch(e, params={"q": LONG + "2"}, tags={"t": "a_b"})),
        store.log_inputs(
            messages.LogInputs(run_id=a, datasets=(dataset("iris", "1", "train"), dataset("wine", "2", "eval")))
        ),
        store.log_inputs(messages.LogInputs(run_id=b, datasets=(dataset("iris", "1", "eval"),))),
        store.log_inputs(messages.LogInputs(run_id=c, datasets=(dataset("wine", "2"),))),
        store.update_run(messages.UpdateRun(run_id=b, status="FINISHED", end_time=2**63 - 1)),
        store.update_run(messages.UpdateRun(run_id=c, status="FAILED", end_time=0)),
    )
    return experiment


FILTERS = {
    # attributes
    "run_name = 'a'": "a",
    "attributes.run_name != 'a'": "bcde",
    "status = 'FINISHED'": "b",
    "status IN ('FINISHED', 'FAILED')": "bc",
    "start_time > 2 AND start_time <= 4": "cd",
    "start_time BETWEEN 2 AND 3": "bc",
    "end_time = 9223372036854775807": "b",
    "end_time >= 0": "bc",
    "end_time != 0": "b",
    "end_time IS NULL": "ade",
    "NOT end_time > 0": "acde",
    "start_time < 99999999999999999999": "abcde",
    "user_id = ''": "abcde",
    # metrics
    "metrics.m = 1": "a",
    "metrics.m > 0": "ab",
    "metrics.m != 1": "bcd",
    "metrics.m < 1e308": "abd",
    "metrics.m IS NULL": "e",
    "metrics.m IS NOT NULL": "abcd",
    "NOT metrics.m > 0": "cde",
    "metrics.m BETWEEN -1 AND 1": "ad",
    "metrics.m NOT BETWEEN -1 AND 1": "bc",
    "metrics.m IN (1, 2.5)": "ab",
    "metrics.m NOT IN (1, 2.5)": "cd",
    "metrics.n > 1e308": "a",
    "metrics.n >= 0": "ac",
    "metrics.n < -1e308": "b",
    "metrics.M = 1": "",
    # params and tags
    "params.p = '1'": "a",
    "params.p != '1'": "bc",
    "params.p IN ('1', '9')": "ac",
    "params.p NOT IN ('1', '9')": "b",
    "params.p LIKE '1%'": "ab",
    "params.p NOT LIKE '1%'": "c",
    "params.p IS NULL": "de",
    "NOT params.p = '1'": "bcde",
    'params.q = "it\'s"': "a",
    "params.q = ''": "b",
    "params.q LIKE ''": "b",
    "params.q LIKE '%'": "abcde",
    "params.q LIKE '100%'": "c",
    "params.q LIKE '____'": "ac",
    f"params.q = '{LONG}1'": "d",
    f"params.q LIKE '{LONG}_'": "de",
    f"params.q != '{LONG}1'": "abce",
    "tags.t = 'x'": "a",
    "tags.t LIKE 'x'": "a",
    "tags.t ILIKE 'x'": "ab",
    "tags.t ILIKE 'é'": "",
    "tags.t LIKE '_'": "abd",
    "tags.t LIKE 'a_b'": "e",
    "tags.`a.b` = 'x'": "c",
    "tags.mlflow.runName = 'd'": "d",
    # datasets
    "dataset.name = 'iris'": "ab",
    "dataset.name = 'iris' AND dataset.context = 'eval'": "ab",
    "dataset.name != 'iris'": "ac",
    "dataset.digest LIKE '_'": "abc",
    "dataset.context IS NULL": "cde",
    "dataset.name IS NULL": "de",
    "NOT dataset.name = 'wine'": "bde",
    # structure
    "params.p = '1' AND tags.t = 'x' AND metrics.m = 1": "a",
    "params.p = '1' AND tags.t = 'X'": "",
    "params.p = '1' OR tags.t = 'X'": "ab",
    "params.p = '1' AND params.p = '10'": "",
    "(params.p = '1' OR metrics.m < 0) AND NOT status = 'FINISHED'": "ad",
    "NOT (params.p = '1' OR metrics.m < 0)": "bce",
}

ORDERS = {
    (): "edcba",
    ("start_time",): "abcde",
    ("start_time ASC", "run_name DESC"): "abcde",
    ("run_name DESC",): "edcba",
    ("metrics.m",): "dabce",
    ("metrics.m DESC",): "badce",
    ("metrics.n",): "bcaed",
    ("metrics.n DESC",): "acbed",
    ("metrics.none", "run_name"): "abcde",
    ("params.p",): "abced",
    ("params.p DESC",): "cbaed",
    ("params.q",): "bcade",
    ("tags.t DESC",): "daebc",
    ("end_time",): "cbeda",
    ("end_time DESC", "start_time"): "bcade",
    ("status", "start_time DESC"): "cbeda",
    ("metrics.none DESC", "tags.none", "params.p DESC", "metrics.m"): "cbade",
}


class SearchSuite(Suite):
    """The search for runs and for experiments."""

    @pytest.mark.parametrize("filter_", FILTERS, ids=lambda text: text[:60])
    async def test_a_filter_finds_the_runs_that_it_describes(self, store: Store, filter_: str) -> None:
        assert sorted(await found(store, await population(store), filter_)) == list(FILTERS[filter_])

    @pytest.mark.parametrize("order", ORDERS, ids=lambda order: ",".join(order) or "default")
    async def test_runs_come_in_the_order_asked_for_on_pages_of_any_size(
        self, store: Store, order: tuple[str, ...]
    ) -> None:
        experiment = await population(store)
        for size in (1, 2, 3, 5, 50_000):
            message = messages.SearchRuns(experiment_ids=(experiment,), order_by=order, max_results=size)
            got = await pages(store, message)
            assert "".join(name for page in got for name in page) == ORDERS[order]
            assert [len(page) for page in got[:-1]] == [size] * (len(got) - 1)

    @pytest.mark.parametrize("kind", ["params", "tags"])
    async def test_any_text_is_found_and_nothing_else(self, store: Store, kind: str) -> None:
        experiment = await new_experiment(store)
        for number, text in enumerate(HOSTILE):
            id_ = await new_run(store, experiment, str(number))
            await store.log_batch(batch(id_, **{kind: {"k": text}}))
        for number, text in enumerate(HOSTILE):
            escaped = text.replace("\\", "\\\\").replace("'", "\\'")
            assert await found(store, experiment, f"{kind}.k = ('{escaped}')") == [str(number)], text
            assert await found(store, experiment, f"{kind}.k IN ('{escaped}')") == [str(number)], text
            assert len(await found(store, experiment, f"{kind}.k != ('{escaped}')")) == len(HOSTILE) - 1, text
            assert str(number) in await found(store, experiment, f"{kind}.k LIKE ('{escaped}')"), text

    async def test_texts_are_ordered_by_code_points(self, store: Store) -> None:
        experiment = await new_experiment(store)
        names = {text: str(number) for number, text in enumerate(HOSTILE)}
        for text, name in names.items():
            await store.log_batch(batch(await new_run(store, experiment, name), params={"k": text}))
        assert await found(store, experiment, None, "params.k") == [names[text] for text in sorted(HOSTILE)]
        assert await found(store, experiment, None, "params.k DESC") == [
            names[text] for text in sorted(HOSTILE, reverse=True)
        ]

    async def test_times_are_whole_numbers_of_64_bits(self, store: Store) -> None:
        experiment = await new_experiment(store)
        times = (-(2**63), -1, 2**53, 2**53 + 1, 2**63 - 1)
        for time in times:
            await new_run(store, experiment, str(time), time)
        for time in times:
            assert await found(store, experiment, f"start_time = {time}") == [str(time)]
        message = messages.SearchRuns(experiment_ids=(experiment,), order_by=("start_time",), max_results=1)
        assert [page for page in await pages(store, message) if page] == [[str(time)] for time in times]

    async def test_a_large_filter_and_a_long_order_are_answered(self, store: Store) -> None:
        experiment = await population(store)
        assert await found(store, experiment, " AND ".join(["params.p = '1'"] * 200)) == ["a"]
        assert await found(store, experiment, " AND ".join(f"params.p{i} = '1'" for i in range(200))) == []
        assert await found(
            store, experiment, " OR ".join(f"tags.t = 'x{i}'" for i in range(499)) + " OR tags.t = 'x'"
        ) == ["a"]
        assert await found(store, experiment, "(" * 45 + "params.p = '1'" + ")" * 45) == ["a"]
        assert await found(store, experiment, "NOT " * 44 + "params.p = '1'") == ["a"]
        nested = "params.p = '1'"
        for level in range(22):
            nested = f"NOT ({'metrics.none > 1 OR' if level % 2 else 'metrics.none IS NULL AND'} {nested})"
        assert await found(store, experiment, nested) == ["a"]
        listed = ", ".join(f"'{i}'" for i in range(9_000))
        assert await found(store, experiment, f"params.p IN ({listed})", "start_time") == ["a", "b", "c"]
        order = tuple(f"metrics.m{i}" for i in range(48))
        equalities = " AND ".join(["params.p = '1'"] * 40)
        assert await found(store, experiment, equalities, *order) == ["a"]
        message = messages.SearchRuns(experiment_ids=(experiment,), order_by=order, max_results=2)
        assert await pages(store, message) == [["e", "d"], ["c", "b"], ["a"]]

    async def test_views_show_active_deleted_or_all_runs(self, store: Store) -> None:
        experiment = await new_experiment(store)
        gone, _ = await new_run(store, experiment, "gone"), await new_run(store, experiment, "here", 2)
        await store.delete_run(messages.DeleteRun(run_id=gone))
        for view, expected in {"ACTIVE_ONLY": ["here"], "DELETED_ONLY": ["gone"], "ALL": ["here", "gone"]}.items():
            message = msgspec.convert({"experiment_ids": [experiment], "run_view_type": view}, messages.SearchRuns)
            assert await pages(store, message) == [expected]

    async def test_a_search_stays_within_its_experiments(self, store: Store) -> None:
        one, two = await population(store), await population(store)
        both = messages.SearchRuns(
            experiment_ids=(two, one, two),
            filter="params.p = '1' AND metrics.m >= 0",
            order_by=("metrics.m",),
            max_results=1,
        )
        assert await pages(store, both) == [["a"], ["a"]]
        assert len(await found(store, one)) == 5
        for order in (("params.p", "metrics.m DESC"), ("tags.t DESC",), ("metrics.m DESC", "params.p")):
            all_of_both = msgspec.structs.replace(both, filter=None, order_by=order, max_results=100)
            (whole,) = await pages(store, all_of_both)
            (of_one,) = await pages(store, msgspec.structs.replace(all_of_both, experiment_ids=(one,)))
            assert whole == [name for name in of_one for _ in range(2)]
            small = await pages(store, msgspec.structs.replace(all_of_both, max_results=3))
            assert [name for page in small for name in page] == whole
        assert await pages(store, messages.SearchRuns()) == [[]]
        assert await found(store, "987654321") == []

    async def test_runs_that_come_and_go_between_two_pages_move_nothing(self, store: Store) -> None:
        experiment = await new_experiment(store)
        ids = {name: await new_run(store, experiment, name, start) for start, name in enumerate("abcdef")}
        message = messages.SearchRuns(experiment_ids=(experiment,), order_by=("start_time",), max_results=2)
        first = await answer(store.search_runs(message))
        await store.delete_run(messages.DeleteRun(run_id=ids["b"]))
        await store.delete_run(messages.DeleteRun(run_id=ids["d"]))
        await new_run(store, experiment, "early", 0)
        rest = await pages(store, msgspec.structs.replace(message, page_token=first.next_page_token))
        assert [info_of(run).run_name for run in first.runs] == ["a", "b"]
        assert [name for page in rest for name in page if name != "early"] == ["c", "e", "f"]

    async def test_a_page_token_belongs_to_its_search(self, store: Store) -> None:
        experiment = await population(store)
        message = messages.SearchRuns(experiment_ids=(experiment,), max_results=1, order_by=("metrics.m",))
        token = (await answer(store.search_runs(message))).next_page_token or ""
        assert token
        for changes in (
            {"filter": "params.p = '1'"},
            {"order_by": ("metrics.m DESC",)},
            {"experiment_ids": ("0",)},
            {"run_view_type": "ALL"},
            {"page_token": "forged"},
            {"page_token": token[:-4] + "AAAA"},
            {"page_token": "é"},
            {"page_token": "AAAA" * 10},
        ):
            with refused(INVALID):
                await store.search_runs(msgspec.structs.replace(message, **{"page_token": token, **changes}))

    @pytest.mark.parametrize(
        "text", ["params.p", "p = ", "metrics.m = 'x'", "'", "start_time LIKE '1'", "x.y = '1'", " ", ")"]
    )
    async def test_a_filter_that_says_nothing_is_refused(self, store: Store, text: str) -> None:
        experiment = await new_experiment(store)
        with refused(INVALID):
            await found(store, experiment, text)

    @pytest.mark.parametrize("text", ["nothing", "metrics.m UP", "dataset.name", "", "params.p DESC ASC"])
    async def test_an_order_that_says_nothing_is_refused(self, store: Store, text: str) -> None:
        experiment = await new_experiment(store)
        with refused(INVALID):
            await found(store, experiment, None, text)

    # --- experiments ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("filter_", "expected"),
        [
            ("name LIKE '%-a-%'", "a"),
            ("name ILIKE '%-A-%'", "a"),
            ("tags.k = 'it''s'", ""),
            ('tags.k = ("it\'s")', "b"),
            ("tags.k != '100%'", "b"),
            ("tags.k LIKE '100\\%'", ""),
            ("tags.k IS NULL", "c"),
            ("tags.k IS NOT NULL AND NOT name LIKE '%-b-%'", "a"),
            ("creation_time > 0 AND last_update_time > 0", "abc"),
            ("experiment_id != '0'", "abc"),
            ("experiment_id IN ('0', '00')", ""),
        ],
    )
    async def test_a_filter_finds_experiments(self, store: Store, filter_: str, expected: str) -> None:
        mark = unique()
        await new_experiment(store, f"1-a-{mark}", k="100%", mark=mark)
        await new_experiment(store, f"2-b-{mark}", k="it's", mark=mark)
        await new_experiment(store, f"3-c-{mark}", mark=mark)
        message = experiment_messages.SearchExperiments(filter=f"tags.mark = '{mark}' AND {filter_}")
        reply = await answer(store.search_experiments(message))
        assert sorted((one.name or "").split("-")[1] for one in reply.experiments) == list(expected)

    async def test_experiments_come_in_the_order_asked_for_on_pages_of_any_size(self, store: Store) -> None:
        mark = unique()
        ids = {name: await new_experiment(store, name + mark, mark=mark) for name in ("a", "B", "é", "😀")}
        for order, expected in ((("name",), "Baé😀"), (("name DESC",), "😀éaB"), (("experiment_id DESC",), "😀éBa")):
            for size in (1, 3, 4, 100):
                names, token = "", None
                while token or not names:
                    message = experiment_messages.SearchExperiments(
                        filter=f"tags.mark = '{mark}'", order_by=order, max_results=size, page_token=token
                    )
                    reply = await answer(store.search_experiments(message))
                    assert len(reply.experiments) <= size
                    names += "".join((one.name or "").removesuffix(mark) for one in reply.experiments)
                    token = reply.next_page_token
                assert names == expected
        assert len(ids) == 4

    async def test_views_show_active_deleted_or_all_experiments(self, store: Store) -> None:
        mark = unique()
        gone, here = [await new_experiment(store, mark=mark) for _ in range(2)]
        await store.delete_experiment(experiment_messages.DeleteExperiment(experiment_id=gone))
        for view, expected in {
            None: {here},
            "ACTIVE_ONLY": {here},
            "DELETED_ONLY": {gone},
            "ALL": {here, gone},
        }.items():
            message = msgspec.convert(
                {"filter": f"tags.mark = '{mark}'", "view_type": view}, experiment_messages.SearchExperiments
            )
            reply = await answer(store.search_experiments(message))
            assert {one.experiment_id for one in reply.experiments} == expected

    async def test_a_page_token_of_another_search_for_experiments_is_refused(self, store: Store) -> None:
        await new_experiment(store)
        first = await answer(store.search_experiments(experiment_messages.SearchExperiments(max_results=1)))
        assert first.next_page_token
        for message in (
            experiment_messages.SearchExperiments(page_token=first.next_page_token, filter="name = 'x'"),
            experiment_messages.SearchExperiments(page_token=first.next_page_token, view_type="ALL"),
            experiment_messages.SearchExperiments(page_token="x"),  # noqa: S106
        ):
            with refused(INVALID):
                await store.search_experiments(message)

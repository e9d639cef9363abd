"""What a store does that several processes have open."""

from __future__ import annotations

import asyncio

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    EXISTS,
    answer,
    batch,
    history,
    new_experiment,
    new_run,
    point,
    refused,
    run_of,
    tags_of,
    unique,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.wire.messages import runs as messages


class SharingSuite(Suite):
    """One store, opened twice."""

    async def test_what_one_has_answered_the_other_knows(self, store: Store, second: Store) -> None:
        name = unique()
        experiment = await new_experiment(store, name)
        with refused(EXISTS):
            await new_experiment(second, name)
        id_ = await new_run(second, experiment)
        for number in range(10):
            writer, reader = (store, second) if number % 2 else (second, store)
            await writer.log_batch(batch(id_, point("m", float(number), number), tags={"t": str(number)}))
            assert tags_of(await run_of(reader, id_)) == {"t": str(number)}
            assert len(await history(reader, id_, "m")) == number + 1

    async def test_both_may_write_at_the_same_time(self, store: Store, second: Store) -> None:
        id_ = await new_run(store)
        await asyncio.gather(
            *(one.log_batch(batch(id_, point("m", 0.0, i))) for i in range(0, 100, 2) for one in (store, second)),
            *(one.log_batch(batch(id_, point("m", 0.0, i))) for i in range(1, 100, 2) for one in (second, store)),
        )
        assert [step for step, _, _ in await history(store, id_, "m")] == list(range(100))

    async def test_a_page_token_of_one_is_good_for_the_other(self, store: Store, second: Store) -> None:
        experiment = await new_experiment(store)
        made = [await new_run(store, experiment, start_time=start) for start in range(2)]
        message = messages.SearchRuns(experiment_ids=(experiment,), max_results=1)
        first = await answer(store.search_runs(message))
        rest = await answer(
            second.search_runs(
                messages.SearchRuns(experiment_ids=(experiment,), max_results=1, page_token=first.next_page_token)
            )
        )
        assert {run.info.run_id for run in first.runs + rest.runs if run.info} == set(made)

"""Runs beside each other: what a request must look like, and the runs from which it is answered."""

from __future__ import annotations

import asyncio

from genesis_flow.errors import InvalidParameter, MissingParameter
from genesis_flow.rules import limits
from genesis_flow.rules.run_comparisons import compared
from genesis_flow.rules.texts import check_range, require
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import RunStore
from genesis_flow.values.runs import Run, RunInfo
from genesis_flow.wire.codec import value
from genesis_flow.wire.messages import run_comparisons as messages
from genesis_flow.wire.messages.runs import GetRun


def verbs(store: RunStore) -> Verbs:
    """The verbs of the noun."""

    async def read(run_id: str) -> Run:
        return value(await store.get_run(GetRun(run_id=run_id))).run or Run()

    async def compare(message: messages.CompareRuns) -> messages.CompareRunsResponse:
        # All are waited for, so that of several that are missing it is always the first that is named.
        found = await asyncio.gather(*(read(run_id) for run_id in message.run_ids), return_exceptions=True)
        runs = []
        for each in found:
            if isinstance(each, BaseException):
                raise each
            runs.append(each)
        return messages.CompareRunsResponse(
            runs=tuple(_head(run_id, run.info or RunInfo()) for run_id, run in zip(message.run_ids, runs, strict=True)),
            groups=tuple(
                messages.ComparedGroup(
                    name=name,
                    rows=tuple(messages.ComparedKey(key=row.key, values=row.values, same=row.same) for row in rows),
                )
                for name, rows in compared(runs).items()
            ),
        )

    return {"compare_runs": Verb(compare, check_compare)}


def check_compare(message: messages.CompareRuns) -> messages.CompareRuns:
    """The number of runs, and that each stands once."""
    if not message.run_ids:
        raise MissingParameter("run_ids")
    check_range("run_ids", len(message.run_ids), 2, limits.COMPARE_RUNS_MOST)
    for i, run_id in enumerate(message.run_ids):
        require(f"run_ids[{i}]", run_id)
    if len(set(message.run_ids)) != len(message.run_ids):
        raise InvalidParameter("run_ids", list(message.run_ids), "a list in which every run stands once")
    return message


def _head(run_id: str, info: RunInfo) -> messages.ComparedRun:
    return messages.ComparedRun(
        run_id=run_id,
        run_name=info.run_name,
        experiment_id=info.experiment_id,
        status=info.status,
        start_time=info.start_time,
        end_time=info.end_time,
        lifecycle_stage=info.lifecycle_stage,
    )

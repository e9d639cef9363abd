"""A program that writes to a store and says what was acknowledged: ``writer.py URI RUN FIRST COUNT``.

Sixteen writers log the points with the steps FIRST, FIRST + 1, …, each with a param and a tag of its own. Each
acknowledged step is printed at once.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from genesis_flow.stores.open import open_store
from genesis_flow.testing.calls import batch, point

WRITER = Path(__file__)
WRITERS = 16


def acknowledged_before_kill(uri: str, run_id: str, count: int) -> set[int]:
    """The steps that were acknowledged to a writer that is killed as soon as there are so many."""
    acknowledged: set[int] = set()
    command = [sys.executable, str(WRITER), uri, run_id, "0", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if line.endswith("\n"):  # the last line may be torn
                acknowledged.add(int(line))
            if len(acknowledged) == count:
                writer.kill()
    return acknowledged


async def main(uri: str, run_id: str, steps: Iterator[int]) -> None:
    store = open_store(uri, artifact_root="artifacts")

    async def write() -> None:
        for step in steps:
            text = str(step)
            await store.log_batch(
                batch(run_id, point("m", 0.5, step), params={f"p{text}": text}, tags={f"t{text}": text})
            )
            print(step, flush=True)

    await asyncio.gather(*(write() for _ in range(WRITERS)))
    await store.close()


if __name__ == "__main__":
    first, number = int(sys.argv[3]), int(sys.argv[4])
    asyncio.run(main(sys.argv[1], sys.argv[2], iter(range(first, first + number))))

"""Users that do all kinds of things while something fails, and remember what they were told."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.load import wait_until
from tests.serving import API, Answer, Server

PAUSE_S = 0.1


class Users:
    """One who makes things and one who looks for them.

    Args:
        server: the server.
        run_id: a run that is there all the time.

    Attributes:
        refusals: every answer that was not 200, with what was asked.
        runs: the runs whose creation was acknowledged.
        experiments: names and ids of the experiments whose creation was acknowledged.
        tags: the tags of the run that were acknowledged.
    """

    def __init__(self, server: Server, run_id: str) -> None:
        self.refusals: list[tuple[str, Answer]] = []
        self.runs: list[str] = []
        self.experiments: dict[str, str] = {}
        self.models: list[str] = []
        self.tags: list[str] = []
        self._server = server
        self._run_id = run_id
        self._ended = threading.Event()

    def end(self) -> None:
        """Has them finish what they are at."""
        self._ended.set()

    def make(self) -> None:
        """Makes one thing after the other."""
        for number in itertools.count():
            if self._ended.wait(PAUSE_S):
                return
            if made := self._asked("runs/create", {"experiment_id": "0", "start_time": number}):
                self.runs.append(made["run"]["info"]["run_id"])
            name = f"experiment {number}"
            if made := self._asked("experiments/create", {"name": name}):
                self.experiments[name] = made["experiment_id"]
            if made := self._asked("logged-models", {"experiment_id": "0", "name": f"m{number}"}):
                self.models.append(made["model"]["info"]["model_id"])
            if self._asked("runs/set-tag", {"run_id": self._run_id, "key": f"t{number}", "value": "v"}) is not None:
                self.tags.append(f"t{number}")

    def look(self) -> None:
        """Looks for what was made."""
        while not self._ended.wait(PAUSE_S):
            known = set(self.runs)
            found = self._asked("runs/search", {"experiment_ids": ["0"], "max_results": 10_000})
            if found is not None:
                assert known <= {run["info"]["run_id"] for run in found["runs"]}
            self._asked("experiments/search", {"max_results": 10_000, "filter": "name LIKE 'experiment%'"})
            answer = self._server.send("GET", f"{API}runs/get?run_id={self._run_id}")
            if answer.status != 200:
                self.refusals.append(("runs/get", answer))

    def _asked(self, verb: str, message: object) -> Any:
        """The answer of 200; None for another, which is remembered."""
        answer = self._server.post(verb, message)
        if answer.status == 200:
            return answer.json
        self.refusals.append((verb, answer))
        return None

    def assert_right(self) -> None:
        """Nothing was answered but that it is done, which it is, or that it has to wait."""
        wrong = [(verb, answer) for verb, answer in self.refusals if answer.status != 503]
        assert not wrong, wrong[:3]
        assert all(int(answer.headers.get("retry-after", 0)) > 0 for _, answer in self.refusals)
        search = {"experiment_ids": ["0"], "max_results": 50_000}
        runs = [run["info"]["run_id"] for run in self._server.ask("runs/search", search)["runs"]]
        assert set(self.runs) <= set(runs)
        assert len(set(runs)) == len(runs)
        found = self._server.ask("experiments/search", {"max_results": 10_000})["experiments"]
        experiments = {each["name"]: each["experiment_id"] for each in found}
        assert self.experiments.items() <= experiments.items()
        models = self._server.ask("logged-models/search", {"experiment_ids": ["0"], "max_results": 50})
        assert models["models"] or not self.models
        data = self._server.send("GET", f"{API}runs/get?run_id={self._run_id}").json["run"]["data"]
        assert set(self.tags) <= {tag["key"] for tag in data["tags"]}


@contextmanager
def asking(users: Users) -> Iterator[Users]:
    """Has the users at work while the block is worked through."""
    failed: list[BaseException] = []

    def work(what: Any) -> None:
        try:
            what()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(what,)) for what in (users.make, users.look)]
    for thread in threads:
        thread.start()
    try:
        yield users
    finally:
        users.end()
        for thread in threads:
            thread.join()
    if failed:
        raise failed[0]


def wait_until_ready(server: Server) -> None:
    """Waits until the server can do its work.

    Raises:
        AssertionError: it cannot.
    """

    def answer() -> Answer:
        return server.send("GET", "/readyz")

    wait_until(lambda: answer().status == 200, answer)

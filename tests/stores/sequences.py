"""Any sequence of calls, and playing it on two stores at once.

Ids are made by the stores, so a message names a run as ``#run0#`` (the first one made), and answers are compared after
their ids are replaced by such names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import strategies as st

from genesis_flow.errors import GenesisFlowError
from genesis_flow.search.ast import Expression, Order
from genesis_flow.search.fields import EXPERIMENTS, LOGGED_MODELS, MODEL_VERSIONS, REGISTERED_MODELS, RUNS, Grammar
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import INT64, UNKNOWN_EXPERIMENT, UNKNOWN_MODEL, UNKNOWN_RUN
from genesis_flow.values.message import Message
from genesis_flow.wire import codec
from genesis_flow.wire.operations import operation
from tests.search.expressions import NUMBERS, expressions, keys, orders, texts

MADE_BY_STORES = frozenset({"run_id", "artifact_uri", "model_id", "artifact_location", "source_run_id"})
"""Attributes that hold an id, by which two stores cannot be compared."""

SHORT = 5
"""Digits of an experiment's id that a store counts."""

UNKNOWN = {"experiment": UNKNOWN_EXPERIMENT, "run": UNKNOWN_RUN, "model": UNKNOWN_MODEL}
_NAME = re.compile("#(experiment|run|model)([0-9])#")

Fields = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A verb, and the fields of its message."""

    verb: str
    fields: Fields


def for_files(calls: list[Call]) -> list[Call]:
    """The calls with keys that a store of files can have, none of them the folder of another one."""
    return [Call(call.verb, _for_files(call.fields)) for call in calls]


def _for_files(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_files(one) for one in value]
    if not isinstance(value, dict):
        return value
    named = {"key", "tag_key"} & value.keys()
    return {k: _NO_FILE.sub("-", one) or "-" if k in named else _for_files(one) for k, one in value.items()}


_NO_FILE = re.compile(r"[^\w. -]|^[. ]+$")


def _names(noun: str) -> st.SearchStrategy[str]:
    return st.integers(0, 2).map(lambda number: f"#{noun}{number}#")


EXPERIMENT, RUN, MODEL = _names("experiment"), _names("run"), _names("model")
NUMBER = st.one_of(st.sampled_from([*map(float, NUMBERS), math.nan, -0.0]), st.floats()).map(
    lambda number: number if math.isfinite(number) else str(number).replace("inf", "Infinity").replace("nan", "NaN")
)
INTEGER = st.one_of(st.sampled_from(INT64), st.integers(0, 5))
SIZE = st.integers(1, 4)
DATASET = st.fixed_dictionaries(
    {"name": st.sampled_from("xy"), "digest": st.sampled_from("12"), "source_type": st.just("local"), "source": texts}
)
NAME = st.sampled_from(["a", "A", "b", "it's", "#"])


def _entries(key: str = "key", value: str = "value") -> st.SearchStrategy[list[Fields]]:
    return st.lists(st.fixed_dictionaries({key: keys, value: texts}), max_size=3, unique_by=lambda entry: entry[key])


def _metric() -> st.SearchStrategy[Fields]:
    plain: dict[str, st.SearchStrategy[Any]] = {
        "key": st.sampled_from(["m", "a.b"]),
        "value": NUMBER,
        "timestamp": st.integers(0, 3),
        "step": INTEGER,
    }
    on: dict[str, st.SearchStrategy[Any]] = {
        **plain,
        "model_id": MODEL,
        "dataset_name": st.sampled_from("xy"),
        "dataset_digest": st.sampled_from("12"),
    }
    return st.one_of(
        st.fixed_dictionaries(plain), st.fixed_dictionaries({**plain, "model_id": MODEL}), st.fixed_dictionaries(on)
    )


def comparable_expressions(grammar: Grammar) -> st.SearchStrategy[Expression]:
    """Any expression over what two stores have in common."""
    return expressions(grammar).filter(lambda found: not any(name in str(found) for name in MADE_BY_STORES))


def comparable_orders(grammar: Grammar) -> st.SearchStrategy[list[Order]]:
    """Any terms of an ordering over what two stores have in common."""
    return orders(grammar).map(lambda terms: [term for term in terms if term.field.key not in MADE_BY_STORES])


def _filter(grammar: Grammar) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), comparable_expressions(grammar).map(str))


def _orders(grammar: Grammar) -> st.SearchStrategy[list[str]]:
    return comparable_orders(grammar).map(lambda terms: [str(term) for term in terms])


def _model_order(term: Order) -> Fields:
    name = str(term.field).replace("`", "")
    return {"field_name": name, "ascending": term.ascending}


def _model_orders() -> st.SearchStrategy[list[Fields]]:
    on: st.SearchStrategy[Fields] = st.one_of(
        st.just({}), st.fixed_dictionaries({"dataset_name": st.sampled_from("xy")})
    )
    terms = comparable_orders(LOGGED_MODELS).map(lambda found: [_model_order(term) for term in found])
    return st.tuples(terms, on).map(lambda pair: [{**term, **pair[1]} for term in pair[0]])


def _call(verb: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    return st.builds(Call, st.just(verb), st.fixed_dictionaries(fields))


def _columns() -> st.SearchStrategy[list[str]]:
    """Fields that may be columns; an order knows them."""
    return comparable_orders(RUNS).map(lambda found: [str(order.field) for order in found])


VIEW = st.sampled_from(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"])
RUN_STATUS = st.sampled_from(["RUNNING", "FINISHED", "FAILED"])
MODEL_STATUS = st.sampled_from(["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"])
INPUT = st.fixed_dictionaries({"dataset": DATASET, "tags": _entries()})
CONTEXT = st.fixed_dictionaries(
    {
        "dataset": DATASET,
        "tags": st.sampled_from([[{"key": "mlflow.data.context", "value": text}] for text in ("train", "")]),
    }
)

REGISTERED = st.sampled_from(["a", "it's", "#", "none"])
VERSION = st.sampled_from(["1", "2", "3", "9"])
ALIAS = st.sampled_from(["champion", "Champion", "é"])
STAGE = st.sampled_from(["None", "production", "Staging"])
SOURCE = st.sampled_from(["s3://b/x", "models:/a/1", "models:/a@champion", "models:/it's/latest", "models:/a/Staging"])
EXPECTED = st.sampled_from(["", "1", "2", None])
AS_OF = st.integers(1_000, 1_035).map(str)

REGISTRY_CALLS: st.SearchStrategy[Call] = st.one_of(
    *[_call("create_registered_model", name=REGISTERED, tags=_entries(), description=texts)] * 3,
    *[_call("create_model_version", name=REGISTERED, source=SOURCE, tags=_entries(), description=texts)] * 6,
    *[_call("set_registered_model_alias", name=REGISTERED, alias=ALIAS, version=VERSION)] * 3,
    _call("get_registered_model", name=REGISTERED),
    _call("rename_registered_model", name=REGISTERED, new_name=REGISTERED),
    _call("update_registered_model", name=REGISTERED, description=texts),
    _call("delete_registered_model", name=REGISTERED),
    _call("get_latest_versions", name=REGISTERED, stages=st.lists(STAGE, max_size=2)),
    _call("get_model_version", name=REGISTERED, version=VERSION),
    _call("update_model_version", name=REGISTERED, version=VERSION, description=texts),
    _call(
        "transition_model_version_stage",
        name=REGISTERED,
        version=VERSION,
        stage=STAGE,
        archive_existing_versions=st.booleans(),
    ),
    _call("delete_model_version", name=REGISTERED, version=VERSION),
    _call("get_model_version_download_uri", name=REGISTERED, version=VERSION),
    _call("set_registered_model_tag", name=REGISTERED, key=keys, value=texts),
    _call("delete_registered_model_tag", name=REGISTERED, key=keys),
    _call("set_model_version_tag", name=REGISTERED, version=VERSION, key=keys, value=texts),
    _call("delete_model_version_tag", name=REGISTERED, version=VERSION, key=keys),
    _call("delete_registered_model_alias", name=REGISTERED, alias=ALIAS),
    _call("get_model_version_by_alias", name=REGISTERED, alias=ALIAS | st.just("latest")),
    _call(
        "promote_model_versions",
        name=REGISTERED,
        set=st.lists(
            st.fixed_dictionaries({"alias": ALIAS, "version": VERSION, "expected_version": EXPECTED}), max_size=2
        ),
        unset=st.lists(st.fixed_dictionaries({"alias": st.just("gone"), "expected_version": EXPECTED}), max_size=1),
    ),
    _call("resolve_model_alias", name=REGISTERED, alias=ALIAS, as_of=AS_OF),
    _call("resolve_model_alias", name=REGISTERED, alias=ALIAS),
    _call("get_model_timeline", name=REGISTERED, max_results=SIZE, since=AS_OF),
    _call("get_model_timeline", name=REGISTERED, max_results=SIZE, kind=st.sampled_from(["alias", "tag", "deleted"])),
    _call(
        "search_registered_models",
        filter=_filter(REGISTERED_MODELS),
        order_by=_orders(REGISTERED_MODELS),
        max_results=SIZE,
    ),
    _call("search_model_versions", filter=_filter(MODEL_VERSIONS), order_by=_orders(MODEL_VERSIONS), max_results=SIZE),
)

CALLS: st.SearchStrategy[Call] = st.one_of(
    # Each more often than the rest, so that there is something to write to.
    *[_call("create_experiment", name=NAME, tags=_entries())] * 2,
    *[_call("create_run", experiment_id=EXPERIMENT, run_name=texts.filter(bool), tags=_entries())] * 3,
    *[_call("log_batch", run_id=RUN, metrics=st.lists(_metric(), max_size=4), params=_entries(), tags=_entries())] * 6,
    *[_call("create_logged_model", experiment_id=EXPERIMENT, name=NAME, params=_entries(), tags=_entries())] * 2,
    _call("get_experiment", experiment_id=EXPERIMENT),
    _call("get_experiment_by_name", experiment_name=NAME),
    _call("update_experiment", experiment_id=EXPERIMENT, new_name=NAME),
    _call("delete_experiment", experiment_id=EXPERIMENT),
    _call("restore_experiment", experiment_id=EXPERIMENT),
    _call("set_experiment_tag", experiment_id=EXPERIMENT, key=keys, value=texts),
    _call("delete_experiment_tag", experiment_id=EXPERIMENT, key=keys),
    _call(
        "search_experiments",
        filter=_filter(EXPERIMENTS),
        order_by=_orders(EXPERIMENTS),
        max_results=SIZE,
        view_type=VIEW,
    ),
    _call("get_run", run_id=RUN),
    _call("update_run", run_id=RUN, status=RUN_STATUS, end_time=INTEGER),
    _call("update_run", run_id=RUN, run_name=texts),
    _call("delete_run", run_id=RUN),
    _call("restore_run", run_id=RUN),
    _call("delete_tag", run_id=RUN, key=keys),
    _call("log_inputs", run_id=RUN, datasets=st.lists(INPUT | CONTEXT, max_size=2)),
    _call(
        "log_outputs",
        run_id=RUN,
        models=st.lists(st.fixed_dictionaries({"model_id": st.sampled_from("ab"), "step": INTEGER})),
    ),
    _call("log_model", run_id=RUN, model_json=st.sampled_from(['{"a": 1}', "{}"])),
    _call(
        "search_runs",
        experiment_ids=st.lists(EXPERIMENT, max_size=3),
        filter=_filter(RUNS),
        order_by=_orders(RUNS),
        max_results=SIZE,
        run_view_type=VIEW,
    ),
    _call(
        "get_runs_table",
        experiment_ids=st.lists(EXPERIMENT, max_size=3),
        filter=_filter(RUNS),
        order_by=_orders(RUNS),
        run_view_type=VIEW,
        columns=_columns(),
        offset=st.integers(0, 4),
        limit=SIZE,
    ),
    _call("get_metric_history", run_id=RUN, metric_key=st.sampled_from(["m", "a.b"]), max_results=SIZE),
    _call(
        "get_metric_history_bulk_interval", run_ids=st.lists(RUN, max_size=2), metric_key=st.just("m"), max_results=SIZE
    ),
    _call("search_datasets", experiment_ids=st.lists(EXPERIMENT, max_size=3)),
    _call("get_logged_model", model_id=MODEL),
    _call("finalize_logged_model", model_id=MODEL, status=MODEL_STATUS),
    _call("delete_logged_model", model_id=MODEL),
    _call("set_logged_model_tags", model_id=MODEL, tags=_entries()),
    _call("delete_logged_model_tag", model_id=MODEL, tag_key=keys),
    _call("log_logged_model_params", model_id=MODEL, params=_entries()),
    _call(
        "search_logged_models",
        experiment_ids=st.lists(EXPERIMENT, max_size=3),
        filter=_filter(LOGGED_MODELS),
        datasets=st.lists(st.fixed_dictionaries({"dataset_name": st.sampled_from("xy")}), max_size=1),
        order_by=_model_orders(),
        max_results=SIZE,
    ),
)


@dataclass
class Player:
    """Plays calls on a store and knows the ids that it made.

    Attributes:
        ids: of each noun the ids, in the order in which they were made.
    """

    store: Store
    ids: dict[str, list[str]] = field(default_factory=lambda: {"experiment": ["0"], "run": [], "model": []})

    async def play(self, call: Call, number: int) -> list[str]:
        """What the store answers, page by page, with ids and page tokens replaced."""
        fields = {**call.fields, "start_time": 10 + number} if call.verb == "create_run" else call.fields
        message = codec.decode_body(
            self._with_ids(msgspec.json.encode(fields).decode()).encode(), operation(call.verb).request
        )
        answers: list[str] = []
        while True:
            try:
                reply: Message = codec.value(await getattr(self.store, call.verb)(message))
            except GenesisFlowError as error:
                return [*answers, self._without_ids(f"{type(error).__name__}: {error}")]
            self._note(reply)
            token = getattr(reply, "next_page_token", None)
            answers.append(self._without_ids(codec.encode(_ordered(reply, self._without_ids)).decode()))
            if not token:
                return answers
            assert len(answers) < 100
            message = msgspec.structs.replace(message, page_token=token)

    def _with_ids(self, text: str) -> str:
        def id_of(name: re.Match[str]) -> str:
            known, number = self.ids[name[1]], int(name[2])
            return known[number] if number < len(known) else UNKNOWN[name[1]]

        return _NAME.sub(id_of, text)

    def _without_ids(self, text: str) -> str:
        for noun in ("run", "model"):
            for number, id_ in enumerate(self.ids[noun]):
                text = text.replace(id_, f"#{noun}{number}#")
        for number, id_ in enumerate(self.ids["experiment"]):
            if len(id_) > SHORT:  # other stores count them
                text = text.replace(id_, str(number))
        return re.sub('"next_page_token":"[^"]*"', '"next_page_token":"#"', text)

    def _note(self, reply: Any) -> None:
        match type(reply).__name__:
            case "CreateExperimentResponse":
                self.ids["experiment"].append(reply.experiment_id)
            case "CreateRunResponse":
                self.ids["run"].append(reply.run.info.run_id)
            case "CreateLoggedModelResponse":
                self.ids["model"].append(reply.model.info.model_id)


def _ordered(reply: Any, named: Any) -> Any:
    """The reply with the points of models in an order that does not hang on the ids of runs."""
    match type(reply).__name__:
        case "GetLoggedModelResponse" | "FinalizeLoggedModelResponse":
            return msgspec.structs.replace(reply, model=_model(reply.model, named))
        case "SearchLoggedModelsResponse":
            return msgspec.structs.replace(reply, models=tuple(_model(model, named) for model in reply.models))
        case _:
            return reply


def _model(model: Any, named: Any) -> Any:
    metrics = tuple(sorted(model.data.metrics, key=lambda metric: named(repr(metric))))
    return msgspec.structs.replace(model, data=msgspec.structs.replace(model.data, metrics=metrics))


class FixedClock:
    """A clock that stands until it is set."""

    now = 1_000

    def __call__(self) -> int:
        return self.now


async def compare(calls: Sequence[Call], clock: FixedClock, left: Store, right: Store) -> None:
    """Plays the calls on both stores, a millisecond apart, and asserts that they answer the same."""
    players = Player(left), Player(right)
    for number, call in enumerate(calls):
        clock.now += 1
        one, other = [await player.play(call, number) for player in players]
        assert one == other, (call, one, other)

"""What is written to hurt a document database, and the requests that carry it to every field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.differential.call import DELETE, GET, PATCH, POST, Call
from tests.serving import TABLE

TEXTS = [
    # operators and variables of MongoDB
    *(
        '{"$ne": null}',
        '{"$where": "sleep(10000)"}',
        '[{"$match": {}}]',
        "$where",
        "$set",
        "$$ROOT",
        "$$REMOVE",
        "$_id",
    ),
    *("$params.v", "$[]", "$", "function() { return true }", "'; return true; //", '"}) ; db.dropDatabase() ; ({"'),
    *("1; sleep(9)", 'ObjectId("0123456789abcdef01234567")', "MinKey", "undefined", "null"),
    # paths: of documents, of arrays, of prototypes
    *("a.b", "a.$b", "a.0", ".", "..", ".a", "a.", "params.0.v", "metrics.$[].v", "_id", "__proto__", "toString"),
    # patterns, which are no regular expressions here
    *(
        ".*",
        "^",
        "(a+)+$",
        "[^a]",
        "a|b",
        "(?i)a",
        "\\Q.*\\E",
        "/a/i",
        "\\",
        "\\\\",
        "%",
        "_",
        "%_%",
        "a%b_c",
        "\\%",
        "\\_",
    ),
    # statements
    *("' OR '1'='1", "'; DROP TABLE runs; --", '" OR ""="', "`", ":name", "?1", "%(name)s", "{0}", "$1"),
    # letters that some databases take for others, and some cannot keep
    *("é", "e\u0301", "ß", "SS", "ſ", "K", "İ", "ﬁ", "Ａ", "a\u200b", "\u202ea", "\ufeff", "\ufffd", "👩‍👩‍👧"),
    *("\0", "a\0b", "\n", "a\tb", " a", "a ", "a" * 250, "a" * 251, "$" * 250, "é" * 250),
    *("0", "-1", "00", "1e5", "NaN", "Infinity", "9223372036854775808", "true"),
]

_DATASET = {"digest": "d", "source_type": "local", "source": "s"}


def requests(text: str, name: str) -> list[Call]:
    """The text in every place that takes one.

    Args:
        text: the hostile one.
        name: of the experiment that the requests make, for no two texts the same.
    """
    t = text.replace("$", "$$")
    return [
        POST("experiments/create", {"name": name}, save={"e": "experiment_id"}),
        POST("runs/create", _run("$e", 1), save={"r": "run.info.run_id"}),
        POST("runs/create", _run("$e", 2), save={"other": "run.info.run_id"}),
        POST("runs/log-batch", {"run_id": "$other", "metrics": [_point("m", 1)], "params": [_pair("p", "v")]}),
        POST("logged-models", {"experiment_id": "$e", "name": "m"}, save={"m": "model.info.model_id"}),
        *_names(t),
        *_values(t),
        *_models(t),
        *_ids(t),
        *_reads(t),
        *(_search_runs(filter=form) for form in _filters(t)),
        *_searches(t),
        # Nothing but what was sent to them is in them.
        GET("runs/get", {"run_id": "$r"}),
        GET("runs/get", {"run_id": "$other"}),
        GET("logged-models/$m"),
        GET("experiments/get", {"experiment_id": "$e"}),
        _search_runs(run_view_type="ALL"),
    ]


def _names(t: str) -> list[Call]:
    return [
        POST("experiments/create", {"name": t, "tags": [_pair(t, t)]}, save={"named": "experiment_id"}),
        GET("experiments/get-by-name", {"experiment_name": t}),
        POST("experiments/update", {"experiment_id": "$e", "new_name": t}),
        POST("runs/create", _run("$e", 3) | {"run_name": t, "user_id": t, "tags": [_pair(t, t)]}),
        POST("runs/update", {"run_id": "$other", "run_name": t}),
        POST("experiments/delete", {"experiment_id": "$named"}),
    ]


def _values(t: str) -> list[Call]:
    r = {"run_id": "$r"}
    return [
        POST("experiments/set-experiment-tag", {"experiment_id": "$e", "key": t, "value": t}),
        POST("runs/log-parameter", {**r, "key": t, "value": t}),
        POST("runs/log-parameter", {**r, "key": "p", "value": t}),
        POST("runs/log-parameter", {**r, "key": t, "value": "another"}),
        POST("runs/set-tag", {**r, "key": t, "value": t}),
        POST("runs/set-tag", {**r, "key": "t", "value": t}),
        POST("runs/log-metric", {**r, **_point(t, 1)}),
        POST("runs/log-metric", {**r, **_point(t, 0)}),
        POST("runs/log-metric", {**r, **_point("typed", 1), "value": t}),
        POST("runs/log-batch", {**r, "metrics": [_point(t, 2)], "params": [_pair(t, t)], "tags": [_pair(t, "b")]}),
        POST("runs/log-inputs", {**r, "datasets": [{"dataset": {**_DATASET, "name": t}, "tags": [_pair(t, t)]}]}),
        POST(
            "runs/log-inputs",
            {**r, "datasets": [{"dataset": {"name": "n", "digest": t, "source_type": t, "source": t}}]},
        ),
        POST("runs/delete-tag", {"run_id": "$other", "key": t}),
        POST("experiments/delete-experiment-tag", {"experiment_id": "$e", "key": t}),
    ]


def _models(t: str) -> list[Call]:
    pairs = {"params": [_pair(t, t)], "tags": [_pair(t, t)]}
    return [
        POST("logged-models", {"experiment_id": "$e", "name": t, "model_type": t, **pairs}),
        POST("logged-models/$m/params", {"model_id": "$m", "params": [_pair(t, t)]}),
        PATCH("logged-models/$m/tags", {"model_id": "$m", "tags": [_pair(t, t)]}),
        POST(
            "runs/log-metric",
            {"run_id": "$r", **_point(t, 5), "model_id": "$m", "dataset_name": t, "dataset_digest": t},
        ),
        DELETE(f"logged-models/$m/tags/{_segment(t)}"),
    ]


def _ids(t: str) -> list[Call]:
    return [
        GET("experiments/get", {"experiment_id": t}),
        GET("runs/get", {"run_id": t}),
        GET(f"logged-models/{_segment(t)}"),
        POST("runs/delete", {"run_id": t}),
        POST("runs/set-tag", {"run_id": t, "key": "k", "value": "v"}),
        POST("runs/log-metric", {"run_id": t, **_point("m", 1)}),
        POST("runs/log-batch", {"run_id": t, "metrics": [_point("m", 1)]}),
        POST("experiments/restore", {"experiment_id": t}),
        POST("runs/create", _run(t, 4) | {"experiment_id": t if t not in ("0", "00") else "x"}),
        POST("runs/search", {"experiment_ids": [t], "filter": "params.none = 'x'"}),
        POST("runs/log-metric", {"run_id": "$r", **_point("m", 1), "model_id": t}),
        POST("runs/outputs", {"run_id": "$r", "models": [{"model_id": t, "step": 1}]}),
    ]


def _reads(t: str) -> list[Call]:
    return [
        GET("metrics/get-history", {"run_id": "$r", "metric_key": t}),
        GET("metrics/get-history", {"run_id": "$r", "metric_key": "m", "page_token": t, "max_results": 1}),
        GET("/ajax-api/2.0/mlflow/metrics/get-history-bulk", {"run_id": "$r", "metric_key": t}),
        GET("/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval", {"run_ids": "$r", "metric_key": t}),
        POST("runs/search", {"experiment_ids": ["$e"], "page_token": t or "x"}),
        POST("experiments/search", {"max_results": 5, "page_token": t or "x"}),
        POST("logged-models/search", {"experiment_ids": ["$e"], "page_token": t or "x"}),
        *_tables(t),
    ]


def _tables(t: str) -> list[Call]:
    """Columns one by one, so that one that is refused hides no other."""
    columns = [f"{kind}.`{t}`" for kind in ("metrics", "params", "tags")]
    columns += [t, f"params.{t}", f'tags."{t}"', f"metrics.`{t}`.max", f"{t}.p", f"metrics.m {t}", f"attributes.`{t}`"]
    return [
        *(_table(columns=["attributes.run_id", column]) for column in columns),
        _table(order_by=[f"params.`{t}` DESC", "start_time"], columns=["params.p", "tags.t", "metrics.m"], offset=1),
        _table(filter=f"params.`{t}` = '{t}'", order_by=[f"metrics.`{t}`", "start_time"]),
        POST(TABLE, {"experiment_ids": [t], "columns": ["metrics.m"]}),
    ]


def _table(**message: Any) -> Call:
    return POST(TABLE, {"experiment_ids": ["$e"], "order_by": ["start_time"], **message})


def _search_runs(**message: Any) -> Call:
    return POST("runs/search", {"experiment_ids": ["$e"], "order_by": ["start_time"], **message})


def _filters(t: str) -> list[str]:
    return [
        *(t, f"tags.t = '{t}'", f'tags.t = "{t}"', f"params.`{t}` != '{t}'", f"tags.\"{t}\" = '{t}'", f"name = '{t}'"),
        *(f"params.p {operator} '{t}'" for operator in ("LIKE", "ILIKE", "NOT LIKE", "<", "RLIKE")),
        *(f"params.p IN ('{t}', 'v')", f"attributes.run_id IN ('{t}')", f"params.`{t}` IS NOT NULL"),
        *(f"metrics.`{t}` > 0", f"metrics.m = {t}", f"params.{t} = 'v'", f"{t}.p = 'v'", f"params.p {t} 'v'"),
    ]


def _searches(t: str) -> list[Call]:
    model = {"experiment_ids": ["$e"], "order_by": [{"field_name": "name"}]}
    orders = (t, f"params.`{t}`", f"metrics.`{t}` DESC", f"metrics.m {t}")
    return [
        *(_search_runs(order_by=[form, "start_time"]) for form in orders),
        *(
            POST("experiments/search", {"max_results": 1_000, "filter": form})
            for form in (t, f"name LIKE '{t}'", f"tags.`{t}` = '{t}'")
        ),
        *(
            POST("logged-models/search", {**model, "filter": form})
            for form in (t, f"name ILIKE '{t}'", f"params.`{t}` = '{t}'", f"metrics.`{t}` > 0")
        ),
        POST("experiments/search", {"max_results": 1_000, "order_by": [t]}),
        POST("logged-models/search", {**model, "order_by": [{"field_name": t}]}),
        POST("logged-models/search", {**model, "order_by": [{"field_name": f"metrics.{t}"}]}),
        POST("logged-models/search", {**model, "datasets": [{"dataset_name": t, "dataset_digest": t}]}),
    ]


def _run(experiment_id: str, start_time: int) -> dict[str, Any]:
    return {"experiment_id": experiment_id, "start_time": start_time, "run_name": f"run {start_time}"}


def _pair(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": value}


def _point(key: str, step: int) -> dict[str, Any]:
    return {"key": key, "value": step / 2, "timestamp": 1 + step, "step": step}


def _segment(t: str) -> str:
    """As one part of a path."""
    return t.replace("/", "-") or "-"


# --- objects where texts belong ------------------------------------------------------------------------------

WELL_FORMED: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "experiments/create", {"name": "o", "artifact_location": "mlflow-artifacts:/o", "tags": [_pair("k", "v")]}),
    ("POST", "experiments/update", {"experiment_id": "$e", "new_name": "o"}),
    ("POST", "experiments/delete", {"experiment_id": "$e"}),
    ("POST", "experiments/restore", {"experiment_id": "$e"}),
    ("POST", "experiments/set-experiment-tag", {"experiment_id": "$e", "key": "k", "value": "v"}),
    ("POST", "experiments/search", {"max_results": 5, "filter": "name = 'x'", "order_by": ["name"], "page_token": "t"}),
    ("POST", "runs/create", {"experiment_id": "$e", "user_id": "u", "run_name": "n", "tags": [_pair("k", "v")]}),
    ("POST", "runs/update", {"run_id": "$r", "status": "RUNNING", "run_name": "n"}),
    ("POST", "runs/delete", {"run_id": "$r"}),
    ("POST", "runs/restore", {"run_id": "$r"}),
    ("POST", "runs/log-metric", {"run_id": "$r", "key": "k", "value": 1, "timestamp": 1, "model_id": "$m"}),
    ("POST", "runs/log-parameter", {"run_id": "$r", "key": "k", "value": "v"}),
    ("POST", "runs/set-tag", {"run_id": "$r", "key": "k", "value": "v"}),
    ("POST", "runs/delete-tag", {"run_id": "$r", "key": "k"}),
    ("POST", "runs/log-batch", {"run_id": "$r", "metrics": [_point("k", 1)], "params": [_pair("k", "v")], "tags": []}),
    ("POST", "runs/log-inputs", {"run_id": "$r", "datasets": [{"dataset": {**_DATASET, "name": "n"}, "tags": [_pair("k", "v")]}]}),
    ("POST", "runs/log-inputs", {"run_id": "$r", "models": [{"model_id": "$m"}]}),
    ("POST", "runs/outputs", {"run_id": "$r", "models": [{"model_id": "$m", "step": 1}]}),
    ("POST", "runs/log-model", {"run_id": "$r", "model_json": "{}"}),
    ("POST", "runs/search", {"experiment_ids": ["$e"], "filter": "params.p = 'v'", "order_by": ["start_time"], "page_token": "t"}),
    ("POST", TABLE, {"experiment_ids": ["$e"], "filter": "params.p = 'v'", "order_by": ["start_time"], "columns": ["params.p"]}),
    ("POST", "logged-models", {"experiment_id": "$e", "name": "n", "model_type": "t", "source_run_id": "$r"}),
    ("POST", "logged-models", {"experiment_id": "$e", "name": "n", "params": [_pair("k", "v")], "tags": [_pair("k", "v")]}),
    ("POST", "logged-models/$m/params", {"params": [_pair("k", "v")]}),
    ("PATCH", "logged-models/$m/tags", {"tags": [_pair("k", "v")]}),
    ("PATCH", "logged-models/$m", {"status": "LOGGED_MODEL_READY"}),
    ("POST", "logged-models/search", {"experiment_ids": ["$e"], "filter": "name = 'x'", "order_by": [{"field_name": "name"}]}),
    ("POST", "logged-models/search", {"experiment_ids": ["$e"], "datasets": [{"dataset_name": "n", "dataset_digest": "d"}]}),
]  # fmt: skip


def objects() -> list[Call]:
    """Every text of every well-formed message replaced by an object, one at a time."""
    objects = [{"$$ne": None}, {"$$gt": ""}, {"$$where": "1"}, [{"$$ne": None}], {"$$regex": "."}]
    return [
        Call(method, verb, message=changed)
        for number, (method, verb, message) in enumerate(WELL_FORMED)
        for changed in _replaced(message, objects[number % len(objects)])
    ]


def _replaced(message: Any, by: Any) -> Iterator[Any]:
    """The message with one text after the other replaced."""
    match message:
        case str():
            yield by
        case dict():
            for key, value in message.items():
                yield from ({**message, key: changed} for changed in _replaced(value, by))
        case list():
            for place, value in enumerate(message):
                yield from ([*message[:place], changed, *message[place + 1 :]] for changed in _replaced(value, by))

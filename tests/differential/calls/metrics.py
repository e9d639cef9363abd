"""Metrics: the values a run answers with, odd numbers, and the three forms of history."""

from __future__ import annotations

from typing import Any

from tests.differential.call import GET, POST, Call, Sections

READ = GET("runs/get", {"run_id": "$r"})
# What we refuse and MLflow takes goes to a run that nothing reads, so that one difference stays one.
JUNK = "$junk"
BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"


def _log(key: Any, value: Any, timestamp: Any = 1, step: Any = 0, run: str = "$r") -> Call:
    return POST("runs/log-metric", {"run_id": run, "key": key, "value": value, "timestamp": timestamp, "step": step})


def _history(key: str, **rest: Any) -> Call:
    return GET("metrics/get-history", {"run_id": "$r", "metric_key": key, **rest})


def _bulk(*run_ids: str, **rest: Any) -> Call:
    return GET(BULK, {"run_id": list(run_ids), **rest})


def _interval(*run_ids: str, **rest: Any) -> Call:
    return GET("metrics/get-history-bulk-interval", {"run_ids": list(run_ids), **rest})


def _new_run(name: str, run: str = "r") -> Call:
    return POST(
        "runs/create",
        {"experiment_id": "$e", "start_time": 1, "run_name": name},
        save={run: "run.info.run_id"},
    )


def _steps(run: str, key: str, steps: list[int]) -> Call:
    points = [{"key": key, "value": s * 0.5, "timestamp": 1000 + s, "step": s} for s in steps]
    return POST("runs/log-batch", {"run_id": run, "metrics": points})


CALLS: Sections = {
    "a run answers with the latest value": [
        POST("experiments/create", {"name": "metrics"}, save={"e": "experiment_id"}),
        _new_run("junk", "junk"),
        _new_run("latest"),
        _log("m", 1, 10, 0),
        _log("m", 2, 20, 5),
        _log("m", 3, 30, 3),
        READ,
        _log("m", 4, 5, 5),
        READ,
        _log("m", 1.5, 20, 5),
        READ,
        _log("m", 9, 20, 5),
        READ,
        _history("m"),
    ],
    "repeats are kept or not": [
        _new_run("repeats"),
        _log("m", 1, 10, 0),
        _log("m", 1, 10, 0),
        _log("m", 2, 10, 0),
        _log("m", 1, 11, 0),
        _history("m"),
    ],
    "odd values": [
        _new_run("odd values"),
        _log("nan", "NaN"),
        _log("inf", "Infinity"),
        _log("minus", "-Infinity"),
        POST("runs/log-metric", body=b'{"run_id": "none", "key": "m", "value": NaN, "timestamp": 1, "step": 0}'),
        _log("text", "1.5"),
        _log("exp text", "1e3"),
        _log("int", 7),
        _log("bool", True, run=JUNK),
        _log("null", None),
        _log("word", "much"),
        _log("empty", ""),
        _log("nan lower", "nan", run=JUNK),
        _log("inf short", "inf", run=JUNK),
        _log("list", [1], run=JUNK),
        _log("big", 1e308),
        _log("too big", "1e309", run=JUNK),
        _log("small", 5e-324),
        _log("third", 1 / 3),
        _log("minus zero", -0.0),
        _log("large int", 2**53 + 1),
        _log("huge int", 10**40),
        READ,
        _history("nan"),
        _history("inf"),
        _history("minus"),
        _log("mixed", 1, 1, 0),
        _log("mixed", "NaN", 2, 1),
        _log("mixed", 2, 3, 2),
        _history("mixed"),
        _log("nan same step", "NaN", 1, 0),
        _log("nan same step", 0.5, 1, 0),
        _log("number same step", 0.5, 1, 0),
        _log("number same step", "NaN", 1, 0),
        READ,
    ],
    "numbers that JSON has no word for, bare": [
        _new_run("bare"),
        _log("nan", float("nan")),
        _log("inf", float("inf")),
        _log("minus", float("-inf")),
        READ,
    ],
    "odd steps and times": [
        _new_run("odd steps"),
        _log("max step", 1, 1, 2**63 - 1),
        _log("min step", 1, 1, -(2**63)),
        _log("step overflow", 1, 1, 2**63, run=JUNK),
        _log("step text", 1, 1, "12"),
        _log("step fraction", 1, 1, 1.5, run=JUNK),
        _log("step whole float", 1, 1, 2.0),
        _log("step word", 1, 1, "x"),
        _log("negative step", 1, 1, -5),
        _log("negative time", 1, -1, 0),
        _log("max time", 1, 2**63 - 1, 0),
        _log("time overflow", 1, 2**63, 0, run=JUNK),
        _log("time text", 1, "1700000000000", 0),
        _log("time fraction", 1, 1.5, 0, run=JUNK),
        _log("time null", 1, None, 0),
        _log("step null", 1, 1, None),
        POST("runs/log-metric", {"run_id": "$r", "key": "no step", "value": 1, "timestamp": 1}),
        POST("runs/log-metric", {"run_id": "$r", "key": "no time", "value": 1, "step": 1}),
        POST("runs/log-metric", {"run_id": "$r", "key": "no value", "timestamp": 1, "step": 1}),
        POST("runs/log-metric", {"run_id": "$r", "value": 1, "timestamp": 1, "step": 1}),
        POST("runs/log-metric", {"key": "no run", "value": 1, "timestamp": 1, "step": 1}),
        POST("runs/log-metric", {"run_uuid": "$r", "key": "by uuid", "value": 1, "timestamp": 1, "step": 1}),
        POST("runs/log-metric", {"run_id": "f" * 32, "key": "m", "value": 1, "timestamp": 1, "step": 1}),
        READ,
    ],
    "keys": [
        _new_run("keys"),
        _log("a/b.c d-e_f", 1),
        _log("ünï", 1),
        _log("a:b", 1),
        _log("k" * 250, 1),
        _log("k" * 251, 1),
        _log("", 1),
        _log("a$$", 1),
        _log("a%", 1),
        _log("../a", 1),
        _log("a/../b", 1),
        _log("/a", 1),
        _log(".", 1),
        _log(7, 1),
        READ,
    ],
    "history is paged": [
        _new_run("paged"),
        _steps("$r", "m", list(range(25))),
        _history("m"),
        _history("m", max_results=10),
        GET(
            "metrics/get-history",
            {"run_id": "$r", "metric_key": "m", "max_results": 10, "page_token": ""},
            save={"page": "next_page_token"},
        ),
        GET(
            "metrics/get-history",
            {"run_id": "$r", "metric_key": "m", "max_results": 10, "page_token": "$page"},
            save={"page": "next_page_token"},
        ),
        GET(
            "metrics/get-history",
            {"run_id": "$r", "metric_key": "m", "max_results": 10, "page_token": "$page"},
        ),
        _history("m", max_results=25),
        _history("m", max_results=26),
        _history("m", max_results=0),
        _history("m", max_results=-1),
        _history("m", max_results=25000),
        _history("m", max_results=25001),
        _history("m", max_results="x"),
        _history("m", page_token="bad", max_results=5),
        _history("m", page_token="bad"),
        _history("none"),
        _history(""),
        GET("metrics/get-history", {"run_uuid": "$r", "metric_key": "m", "max_results": 1}),
        GET("metrics/get-history", {"run_id": "$r"}),
        GET("metrics/get-history", {"metric_key": "m"}),
        GET("metrics/get-history", {"run_id": "f" * 32, "metric_key": "m"}),
    ],
    "history is ordered": [
        _new_run("order"),
        _steps("$r", "m", [5, 1, 3, 2, 4]),
        _log("m", 9, 7, 2),
        _log("m", 8, 7, 2),
        _history("m"),
        _history("m", max_results=3),
    ],
    "history in bulk": [
        _new_run("bulk 1", "b1"),
        _new_run("bulk 2", "b2"),
        _steps("$b1", "m", [0, 1, 2, 3]),
        _steps("$b2", "m", [0, 2, 4]),
        _bulk("$b1", "$b2", metric_key="m"),
        _bulk("$b2", "$b1", metric_key="m"),
        _bulk("$b1", metric_key="m", max_results=2),
        _bulk("$b1", "$b1", metric_key="m", max_results=3),
        _bulk("$b1", metric_key="none"),
        _bulk("$b1", "f" * 32, metric_key="m"),
        _bulk(metric_key="m"),
        _bulk("$b1"),
        _bulk("$b1", metric_key="m", max_results="x"),
        _bulk("$b1", metric_key="m", max_results=0),
        _bulk(*["$b1"] * 100, metric_key="m", max_results=1),
        _bulk(*["$b1"] * 101, metric_key="m", max_results=1),
        GET("metrics/get-history-bulk", {"run_id": "$b1", "metric_key": "m"}),
        GET("/api/2.0/mlflow/metrics/get-history-bulk", {"run_ids": "$b1", "metric_key": "m"}),
    ],
    "history in bulk by interval": [
        _interval("$b1", "$b2", metric_key="m"),
        _interval("$b1", "$b2", metric_key="m", max_results=2),
        _interval("$b1", "$b2", metric_key="m", start_step=1, end_step=3),
        _interval("$b1", metric_key="m", start_step=1, end_step=1),
        _interval("$b1", metric_key="m", start_step=1),
        _interval("$b1", metric_key="m", end_step=1),
        _interval("$b1", metric_key="m", start_step=3, end_step=1),
        _interval("$b1", metric_key="m", start_step=0, end_step=0),
        _interval("$b1", metric_key="m", max_results=0),
        _interval("$b1", metric_key="m", max_results=-1),
        _interval("$b1", metric_key="m", max_results=1),
        _interval("$b1", metric_key="m", max_results=2500),
        _interval("$b1", metric_key="m", max_results=2501),
        _interval("$b1", metric_key="m", max_results="x"),
        _interval("$b1", metric_key="none"),
        _interval("$b1"),
        _interval(metric_key="m"),
        _interval("f" * 32, metric_key="m"),
        _interval("$b1", "f" * 32, metric_key="m"),
        _interval(*["$b1"] * 100, metric_key="m", max_results=1),
        _interval(*["$b1"] * 101, metric_key="m", max_results=1),
        GET("metrics/get-history-bulk-interval", {"run_id": "$b1", "metric_key": "m"}),
        GET("/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval", {"run_ids": "$b1", "metric_key": "m"}),
    ],
    "a long history by interval": [
        _new_run("long", "b3"),
        _steps("$b3", "m", list(range(500))),
        POST("runs/log-metric", {"run_id": "$b3", "key": "m", "value": 99999, "timestamp": 1, "step": 77}),
        _interval("$b3", metric_key="m", max_results=10),
        _interval("$b3", metric_key="m", max_results=7, start_step=100, end_step=200),
        _interval("$b3", "$b2", metric_key="m", max_results=10),
        _interval("$b3", metric_key="m", max_results=499),
        _interval("$b3", metric_key="m", max_results=500),
        _interval("$b3", metric_key="m"),
    ],
}

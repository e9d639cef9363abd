"""Datasets and models that a run read and wrote: log-inputs, outputs, search-datasets."""

from __future__ import annotations

from typing import Any

from tests.differential.call import GET, POST, Call, Sections

READ = GET("runs/get", {"run_id": "$r"})
# MLflow serves this route to its page only.
SEARCH = "/ajax-api/2.0/mlflow/experiments/search-datasets"
# What we refuse and MLflow takes goes to a run that nothing reads, so that one difference stays one.
JUNK = "$junk"


def _dataset(name: Any, digest: Any, context: str | None = None, **rest: Any) -> dict[str, Any]:
    tags = [{"key": "mlflow.data.context", "value": context}] if context else []
    dataset = {"name": name, "digest": digest, "source_type": "local", "source": "file.csv", **rest}
    return {"tags": tags, "dataset": dataset}


def _inputs(*datasets: Any, run: str = "$r", **rest: Any) -> Call:
    return POST("runs/log-inputs", {"run_id": run, "datasets": list(datasets), **rest})


def _outputs(*models: Any, run: str = "$r") -> Call:
    return POST("runs/outputs", {"run_id": run, "models": list(models)})


def _search(*experiments: Any) -> Call:
    return POST(SEARCH, {"experiment_ids": list(experiments)})


def _new_run(name: str, run: str, experiment: str = "$e") -> Call:
    return POST(
        "runs/create",
        {"experiment_id": experiment, "start_time": 1, "run_name": name},
        save={run: "run.info.run_id"},
    )


CALLS: Sections = {
    "a run reads datasets": [
        POST("experiments/create", {"name": "datasets"}, save={"e": "experiment_id"}),
        POST("experiments/create", {"name": "datasets 2"}, save={"e2": "experiment_id"}),
        _new_run("junk", "junk"),
        _new_run("reader", "r"),
        _inputs(_dataset("iris", "d1", "train", schema='{"a": "long"}', profile='{"rows": 150}')),
        READ,
        _inputs(_dataset("iris", "d1", "train")),
        READ,
        _inputs(_dataset("iris", "d1", "eval")),
        READ,
        _inputs(_dataset("iris", "d2")),
        _inputs(_dataset("wine", "d1", "train", source="other.csv", schema="s2", profile="p2")),
        READ,
        _inputs(_dataset("both", "x", "train"), _dataset("both", "x", "test"), _dataset("both", "y")),
        READ,
        _inputs(),
        _inputs(_dataset("iris", "d1", source="changed", profile="changed")),
        READ,
    ],
    "tags of an input": [
        _new_run("tags", "r"),
        _inputs(
            {
                "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": ""}],
                "dataset": _dataset("t", "1")["dataset"],
            }
        ),
        _inputs(
            {
                "tags": [{"key": "a", "value": "2"}, {"key": "c", "value": "3"}],
                "dataset": _dataset("t", "1")["dataset"],
            }
        ),
        _inputs({"tags": [{"key": "k" * 255, "value": "v" * 500}], "dataset": _dataset("t", "2")["dataset"]}),
        _inputs({"tags": [{"key": "k" * 256, "value": "v"}], "dataset": _dataset("t", "3")["dataset"]}),
        _inputs({"tags": [{"key": "k", "value": "v" * 501}], "dataset": _dataset("t", "4")["dataset"]}),
        _inputs({"tags": [{"key": "", "value": "v"}], "dataset": _dataset("t", "5")["dataset"]}),
        _inputs({"tags": [{"key": "k"}], "dataset": _dataset("t", "6")["dataset"]}),
        _inputs({"tags": [{"value": "v"}], "dataset": _dataset("t", "7")["dataset"]}, run=JUNK),
        _inputs({"tags": "x", "dataset": _dataset("t", "8")["dataset"]}, run=JUNK),
        _inputs(
            {
                "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
                "dataset": _dataset("t", "9")["dataset"],
            }
        ),
        READ,
    ],
    "log-inputs refuses": [
        _new_run("refused", "r"),
        _inputs({"dataset": {}}),
        _inputs({"tags": []}),
        _inputs({}),
        _inputs({"dataset": {"name": "n"}}),
        _inputs({"dataset": {"name": "n", "digest": "d"}}),
        _inputs({"dataset": {"name": "n", "digest": "d", "source_type": "local"}}),
        _inputs({"dataset": {"digest": "d", "source_type": "local", "source": "s"}}),
        _inputs(_dataset("", "d")),
        _inputs(_dataset("n", "")),
        _inputs(_dataset("n", 7)),
        _inputs(_dataset("n" * 500, "d" * 36)),
        _inputs(_dataset("n" * 501, "d")),
        _inputs(_dataset("n", "d" * 37)),
        _inputs(_dataset("n", "d source type", source_type="")),
        _inputs(_dataset("n", "d source", source="")),
        _inputs(_dataset("n", "d2", source="s" * 65536)),
        _inputs(_dataset("n", "d3", schema="s" * 65535)),
        _inputs(_dataset("n", "d4", schema="s" * 65536)),
        _inputs(_dataset("n", "d4b", schema="s" * 1048576)),
        _inputs(_dataset("n", "d5", profile="p" * 65536)),
        _inputs("text"),
        POST("runs/log-inputs", {"run_id": "$r", "datasets": "text"}),
        POST("runs/log-inputs", {"run_id": "$r"}),
        POST("runs/log-inputs", {"datasets": [_dataset("n", "d")]}),
        _inputs(_dataset("n", "d"), run="f" * 32),
        _inputs(run="f" * 32),
        _inputs(*[_dataset(f"many {i}", "d") for i in range(200)]),
    ],
    "a run reads and writes models": [
        _new_run("models", "r"),
        POST("logged-models", {"experiment_id": "$e", "name": "m1"}, save={"m1": "model.info.model_id"}),
        POST("logged-models", {"experiment_id": "$e", "name": "m2"}, save={"m2": "model.info.model_id"}),
        POST("logged-models", {"experiment_id": "$e", "name": "m3"}, save={"m3": "model.info.model_id"}),
        POST("logged-models", {"experiment_id": "$e", "name": "m4"}, save={"m4": "model.info.model_id"}),
        POST("runs/log-inputs", {"run_id": "$r", "models": [{"model_id": "$m1"}]}),
        POST("runs/log-inputs", {"run_id": "$r", "models": [{"model_id": "$m1"}]}),
        READ,
        _outputs({"model_id": "$m2", "step": 5}),
        _outputs({"model_id": "$m2", "step": 5}),
        _outputs({"model_id": "$m2", "step": 7}),
        READ,
        _outputs({"model_id": "$m1"}, run=JUNK),
        _outputs({"model_id": "$m1", "step": "12"}),
        _outputs({"model_id": "$m3", "step": -1}),
        _outputs({"model_id": "$m4", "step": "x"}, run=JUNK),
        _outputs({"model_id": "m-" + "0" * 32, "step": 1}),
        _outputs({"step": 1}, run=JUNK),
        _outputs({}, run=JUNK),
        _outputs(),
        _outputs({"model_id": "$m1", "step": 1}, run="f" * 32),
        POST("runs/outputs", {"models": [{"model_id": "$m1", "step": 1}]}),
        POST("runs/outputs", {"run_id": "$r"}),
        POST("runs/log-inputs", {"run_id": "$r", "models": [{"model_id": "m-" + "0" * 32}]}),
        POST("runs/log-inputs", {"run_id": JUNK, "models": [{}]}),
        POST(
            "runs/log-inputs",
            {"run_id": "$r", "models": [{"model_id": "$m2"}], "datasets": [_dataset("with a model", "d")]},
        ),
        READ,
        POST("runs/delete", {"run_id": "$r"}),
        _outputs({"model_id": "$m1", "step": 9}),
        _inputs(_dataset("late", "d")),
        READ,
    ],
    "datasets of experiments": [
        POST("experiments/create", {"name": "datasets searched"}, save={"s": "experiment_id"}),
        _search("$s"),
        _new_run("s1", "s1", "$s"),
        _new_run("s2", "s2", "$s"),
        _new_run("s3", "s3", "$e2"),
        _inputs(_dataset("iris", "d1", "train"), run="$s1"),
        _search("$s"),
        _inputs(_dataset("iris", "d1", "train"), run="$s2"),
        _search("$s"),
        _inputs(_dataset("iris", "d1", "eval"), run="$s2"),
        _search("$s"),
        _inputs(_dataset("wine", "d9"), run="$s2"),
        _search("$s"),
        _inputs(_dataset("iris", "d1", "train"), run="$s3"),
        _search("$s", "$e2"),
        _search("$e2"),
        _search("$e2", "$e2"),
        POST("experiments/search-datasets", {"experiment_ids": ["$e2"]}),
        POST("/api/2.0mlflow/experiments/search-datasets", {"experiment_ids": ["$e2"]}),
        POST("/ajax-api/2.0mlflow/experiments/search-datasets", {"experiment_ids": ["$e2"]}),
        POST("runs/delete", {"run_id": "$s3"}),
        _search("$e2"),
        _search(),
        POST(SEARCH, {}),
        _search("987654321"),
        _search("abc"),
        _search(7),
        POST(SEARCH, {"experiment_ids": "$e2"}),
        _search(*["$e2"] * 20),
        _search(*["$e2"] * 21),
    ],
}

"""Search for runs: filters, order, pages, and the data frame."""

from __future__ import annotations

import math

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from tests.blackbox.script import check, finish, fresh_experiment, refused

client = MlflowClient()
experiment_id = fresh_experiment("search")

# name, accuracy, loss, optimizer, tags
RUNS: list[tuple[str, float | None, float, str, dict[str, str]]] = [
    ("alpha", 0.9, 1.0, "adam", {"stage": "prod", "owner": "ann"}),
    ("beta", 0.8, math.nan, "sgd", {"stage": "test", "owner": "bob"}),
    ("gamma", 0.7, 3.0, "Adam", {"stage": "prod", "odd key": "50%_off"}),
    ("delta", None, 2.0, "rmsprop", {"quote": 'it\'s "so"'}),
]
ids: dict[str, str] = {}


def fill() -> None:
    for number, (name, accuracy, loss, optimizer, tags) in enumerate(RUNS):
        run = client.create_run(experiment_id, start_time=1_000 + number, run_name=name)
        ids[name] = run.info.run_id
        metrics = [Metric("loss", loss, 1, 0), Metric("size in MB", float(number), 1, 0)]
        if accuracy is not None:
            metrics.append(Metric("val/accuracy", accuracy, 1, 0))
        client.log_batch(
            run.info.run_id,
            metrics=metrics,
            params=[Param("optimizer", optimizer), Param("layers.0", str(number))],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )
    client.set_terminated(ids["alpha"], "FINISHED", 5_000)
    client.set_terminated(ids["beta"], "FAILED", 6_000)


def found(filter_string: str = "", order_by: list[str] | None = None) -> list[str]:
    runs = client.search_runs([experiment_id], filter_string, order_by=order_by)
    return [run.info.run_name for run in runs]


def found_set(filter_string: str) -> set[str]:
    return set(found(filter_string))


@check
def runs_are_filled_in_and_come_newest_first() -> None:
    fill()
    assert found() == ["delta", "gamma", "beta", "alpha"]


@check
def metrics_are_compared() -> None:
    assert found_set("metrics.`val/accuracy` > 0.75") == {"alpha", "beta"}
    assert found_set('metrics."val/accuracy" >= 0.8 and metrics.loss < 2') == {"alpha"}
    assert found_set("metric.`val/accuracy` != 0.9") == {"beta", "gamma"}
    assert found_set("metrics.`size in MB` = 2") == {"gamma"}
    assert found_set("metrics.`size in MB` <= 1") == {"alpha", "beta"}
    assert found_set("metrics.loss > -1e3") >= {"alpha", "gamma", "delta"}
    assert found_set("metrics.unknown > 0") == set()


@check
def params_are_compared_as_texts() -> None:
    assert found_set("params.optimizer = 'adam'") == {"alpha"}
    assert found_set("params.optimizer != 'adam'") == {"beta", "gamma", "delta"}
    assert found_set("param.optimizer LIKE '%d%'") == {"alpha", "beta", "gamma"}
    assert found_set("params.optimizer LIKE 'A%'") == {"gamma"}
    assert found_set("params.optimizer ILIKE 'A%'") == {"alpha", "gamma"}
    assert found_set("params.`layers.0` = '2'") == {"gamma"}
    assert found_set("params.optimizer = 'none such'") == set()


@check
def tags_are_compared() -> None:
    assert found_set("tags.stage = 'prod'") == {"alpha", "gamma"}
    assert found_set("tags.stage = 'prod' AND tags.owner = 'ann'") == {"alpha"}
    assert found_set("tags.`odd key` LIKE '50%'") == {"gamma"}
    assert found_set("tag.owner ILIKE 'B%'") == {"beta"}
    assert found_set("tags.mlflow.runName = 'delta'") == {"delta"}
    assert found_set('tags.stage = "test"') == {"beta"}


@check
def attributes_are_compared() -> None:
    assert found_set("attributes.status = 'FINISHED'") == {"alpha"}
    assert found_set("status != 'RUNNING'") == {"alpha", "beta"}
    assert found_set("attributes.run_name LIKE '%ta'") == {"beta", "delta"}
    assert found_set("run_name = 'gamma'") == {"gamma"}
    assert found_set("attributes.start_time >= 1002") == {"gamma", "delta"}
    assert found_set("start_time < 1001 and attr.end_time = 5000") == {"alpha"}
    assert found_set(f"attributes.run_id = '{ids['beta']}'") == {"beta"}
    assert found_set(f"run_id IN ('{ids['beta']}', '{ids['delta']}')") == {"beta", "delta"}
    assert found_set(f"run_id NOT IN ('{ids['beta']}', '{ids['delta']}')") == {"alpha", "gamma"}
    assert found_set("attributes.artifact_uri LIKE '%artifacts'") == set(ids)


@check
def runs_are_ordered_by_any_field_and_nulls_come_last() -> None:
    accuracy = "metrics.`val/accuracy`"
    assert found(order_by=[f"{accuracy} ASC"]) == ["gamma", "beta", "alpha", "delta"]
    assert found(order_by=[f"{accuracy} DESC"]) == ["alpha", "beta", "gamma", "delta"]
    assert found("metrics.`size in MB` != 1", ["metrics.loss"]) == ["alpha", "delta", "gamma"]
    assert found(order_by=["params.`layers.0` DESC"]) == ["delta", "gamma", "beta", "alpha"]
    assert found(order_by=["tags.stage ASC", "start_time ASC"]) == ["alpha", "gamma", "beta", "delta"]
    assert found(order_by=["attributes.run_name ASC"]) == ["alpha", "beta", "delta", "gamma"]
    assert found(order_by=["start_time ASC"]) == ["alpha", "beta", "gamma", "delta"]
    assert found(order_by=["status ASC", "run_name ASC"]) == ["beta", "alpha", "delta", "gamma"]


@check
def a_run_found_has_all_its_values() -> None:
    (run,) = client.search_runs([experiment_id], "run_name = 'alpha'")
    assert run.to_dictionary() == client.get_run(ids["alpha"]).to_dictionary()
    (beta,) = client.search_runs([experiment_id], "run_name = 'beta'")
    assert math.isnan(beta.data.metrics["loss"])


@check
def a_bad_search_is_refused() -> None:
    for bad in (
        "metrics.loss",
        "metrics.loss > 'text'",
        "params.optimizer = 5",
        "unknown.key = 'x'",
        "attributes.unknown = 'x'",
        "metrics.loss LIKE 'x'",
        "params.optimizer > 'x'",
        "metrics.loss ~ 1",
        "'); DROP TABLE runs; --",
    ):
        with refused("INVALID_PARAMETER_VALUE"):
            client.search_runs([experiment_id], bad)
    for bad_order in ("loss", "metrics.loss SIDEWAYS", "attributes.unknown"):
        with refused("INVALID_PARAMETER_VALUE"):
            client.search_runs([experiment_id], order_by=[bad_order])
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment_id], max_results=1_000_000)
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment_id], page_token="no token of ours")


@check
def no_experiment_has_no_runs() -> None:
    assert list(client.search_runs([])) == []
    assert list(client.search_runs(["999999999"])) == []


@check
def pages_cover_250_runs_once_each() -> None:
    own_experiment_id = fresh_experiment("pages")
    made = [client.create_run(own_experiment_id, start_time=number // 3).info.run_id for number in range(250)]
    seen: list[str] = []
    sizes: list[int] = []
    token = None
    while not sizes or token:
        page = client.search_runs([own_experiment_id], max_results=40, page_token=token)
        seen += [run.info.run_id for run in page]
        sizes.append(len(page))
        token = page.token
    assert sizes == [40] * 6 + [10]
    assert sorted(seen) == sorted(made)
    starts = [client.get_run(run_id).info.start_time for run_id in seen[::25]]
    assert starts == sorted(starts, reverse=True)
    assert len(mlflow.search_runs([own_experiment_id], output_format="list", max_results=245)) == 245


@check
def a_data_frame_has_a_column_for_every_value() -> None:
    frame = mlflow.search_runs([experiment_id], order_by=["start_time ASC"])
    assert list(frame["run_id"]) == list(ids.values())
    assert list(frame["params.optimizer"]) == ["adam", "sgd", "Adam", "rmsprop"]
    assert list(frame["metrics.size in MB"]) == [0.0, 1.0, 2.0, 3.0]
    assert list(frame["metrics.val/accuracy"].isna()) == [False, False, False, True]
    assert list(frame["tags.stage"].fillna("-")) == ["prod", "test", "prod", "-"]
    assert list(frame["status"]) == ["FINISHED", "FAILED", "RUNNING", "RUNNING"]
    assert str(frame["start_time"].dtype).startswith("datetime64")
    assert mlflow.search_runs([experiment_id], "params.optimizer = 'none such'").empty


@check
def experiments_are_searched_by_name() -> None:
    name = client.get_experiment(experiment_id).name
    runs = mlflow.search_runs(experiment_names=[name], output_format="list", filter_string="metrics.loss > 2")
    assert [run.info.run_name for run in runs] == ["gamma"]


finish()

"""Params, metrics, tags and batches of a run, by MlflowClient."""

from __future__ import annotations

import math

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from tests.blackbox.script import check, finish, fresh_experiment, refused

client = MlflowClient()
experiment_id = fresh_experiment("values")
GREATEST_INT64 = 2**63 - 1


def new_run() -> str:
    return str(client.create_run(experiment_id).info.run_id)


@check
def params_are_texts_and_repeat_only_unchanged() -> None:
    run_id = new_run()
    assert client.log_param(run_id, "rate", 0.1) == 0.1
    client.log_param(run_id, "rate", 0.1)
    client.log_param(run_id, "empty", "")
    client.log_param(run_id, "none", None)
    client.log_param(run_id, "a/b .c-d_e", {"nested": [1, 2]})
    client.log_param(run_id, "long", "y" * 6_000)
    assert client.get_run(run_id).data.params == {
        "rate": "0.1",
        "empty": "",
        "none": "None",
        "a/b .c-d_e": "{'nested': [1, 2]}",
        "long": "y" * 6_000,
    }


@check
def a_changed_param_is_refused_and_the_first_value_stays() -> None:
    run_id = new_run()
    client.log_param(run_id, "depth", "3")
    with refused("INVALID_PARAMETER_VALUE", "depth", "'3'", "'4'"):
        client.log_param(run_id, "depth", "4")
    with refused("INVALID_PARAMETER_VALUE", "depth"):
        client.log_batch(run_id, params=[Param("depth", "5"), Param("width", "1")], tags=[RunTag("t", "1")])
    assert client.get_run(run_id).data.params["depth"] == "3"


@check
def the_last_step_of_a_metric_is_its_value() -> None:
    run_id = new_run()
    client.log_metric(run_id, "loss", 3.0, timestamp=1_000, step=2)
    client.log_metric(run_id, "loss", 5.0, timestamp=9_000, step=1)
    assert client.get_run(run_id).data.metrics == {"loss": 3.0}
    client.log_metric(run_id, "loss", 4.0, timestamp=2_000, step=2)
    assert client.get_run(run_id).data.metrics == {"loss": 4.0}
    history = client.get_metric_history(run_id, "loss")
    points = sorted((point.step, point.timestamp, point.value) for point in history)
    assert points == [(1, 9_000, 5.0), (2, 1_000, 3.0), (2, 2_000, 4.0)]
    assert {point.key for point in history} == {"loss"}


@check
def steps_and_timestamps_are_int64_and_may_be_negative() -> None:
    run_id = new_run()
    client.log_metric(run_id, "m", 1.0, timestamp=GREATEST_INT64, step=GREATEST_INT64)
    client.log_metric(run_id, "m", -1.0, timestamp=1, step=-5)
    history = {(point.step, point.timestamp): point.value for point in client.get_metric_history(run_id, "m")}
    assert history == {(GREATEST_INT64, GREATEST_INT64): 1.0, (-5, 1): -1.0}
    assert client.get_run(run_id).data.metrics == {"m": 1.0}


@check
def a_metric_without_step_and_time_gets_zero_and_now() -> None:
    run_id = new_run()
    client.log_metric(run_id, "m", 2)
    (point,) = client.get_metric_history(run_id, "m")
    assert (point.value, point.step) == (2.0, 0)
    assert point.timestamp >= client.get_run(run_id).info.start_time


@check
def values_that_are_no_finite_number_survive() -> None:
    run_id = new_run()
    client.log_metric(run_id, "nan", math.nan)
    client.log_metric(run_id, "plus", math.inf)
    client.log_batch(run_id, metrics=[Metric("minus", -math.inf, 1, 0), Metric("nan2", math.nan, 1, 0)])
    metrics = client.get_run(run_id).data.metrics
    assert math.isnan(metrics["nan"]), metrics
    assert math.isnan(metrics["nan2"]), metrics
    (nan,) = client.get_metric_history(run_id, "nan")
    assert math.isnan(nan.value)
    # MLflow on SQL keeps the greatest double in place of infinity.
    assert metrics["plus"] >= 1.7976931348623157e308
    assert metrics["minus"] <= -1.7976931348623157e308


@check
def numbers_come_back_to_the_last_bit() -> None:
    run_id = new_run()
    numbers = {
        "tenth": 0.1,
        "tiny": 5e-324,
        "great": 1.7976931348623157e308,
        "third": 1 / 3,
        "exact": 2.0**53,
    }
    client.log_batch(run_id, metrics=[Metric(key, value, 1, 0) for key, value in numbers.items()])
    assert client.get_run(run_id).data.metrics == numbers


@check
def a_batch_writes_all_kinds_at_once() -> None:
    run_id = new_run()
    client.log_batch(
        run_id,
        metrics=[Metric("loss", 1.0 / (step + 1), 1_000 + step, step) for step in range(700)],
        params=[Param(f"p{number}", str(number)) for number in range(100)],
        tags=[RunTag(f"t{number}", str(number)) for number in range(100)],
    )
    run = client.get_run(run_id)
    assert run.data.metrics == {"loss": 1.0 / 700}
    assert run.data.params == {f"p{number}": str(number) for number in range(100)}
    assert {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")} == {
        f"t{number}": str(number) for number in range(100)
    }
    assert len(client.get_metric_history(run_id, "loss")) == 700


@check
def an_empty_batch_is_accepted() -> None:
    client.log_batch(new_run())


@check
def the_same_point_twice_is_one_point() -> None:
    run_id = new_run()
    for _ in range(2):
        client.log_batch(run_id, metrics=[Metric("m", 1.5, 1_000, 3)])
    client.log_metric(run_id, "m", 1.5, timestamp=1_000, step=3)
    assert len(client.get_metric_history(run_id, "m")) == 1


@check
def a_thousand_steps_are_read_back_in_full() -> None:
    run_id = new_run()
    for step in range(1_000):
        client.log_metric(run_id, "curve", math.sin(step), timestamp=10_000 + step, step=step)
    history = client.get_metric_history(run_id, "curve")
    assert [(point.step, point.timestamp, point.value) for point in history] == [
        (step, 10_000 + step, math.sin(step)) for step in range(1_000)
    ]
    assert client.get_run(run_id).data.metrics == {"curve": math.sin(999)}


@check
def a_long_history_is_read_back_in_full() -> None:
    run_id = new_run()
    for start in range(0, 30_000, 1_000):
        points = [Metric("long", float(step), step, step) for step in range(start, start + 1_000)]
        client.log_batch(run_id, metrics=points)
    assert [point.step for point in client.get_metric_history(run_id, "long")] == list(range(30_000))


@check
def an_unknown_metric_has_no_history() -> None:
    assert list(client.get_metric_history(new_run(), "unknown")) == []


@check
def values_that_are_too_long_are_cut() -> None:
    run_id = new_run()
    client.log_param(run_id, "param", "x" * 6_001)
    client.set_tag(run_id, "tag", "y" * 8_001)
    run = client.get_run(run_id)
    assert run.data.params == {"param": "x" * 6_000}
    assert run.data.tags["tag"] == "y" * 8_000


@check
def bad_keys_are_refused() -> None:
    run_id = new_run()
    for key in ("a" * 251, "../up", "/absolute", "a//b", ""):
        with refused("INVALID_PARAMETER_VALUE"):
            client.log_metric(run_id, key, 1.0)
        with refused("INVALID_PARAMETER_VALUE"):
            client.log_param(run_id, key, "1")
        with refused("INVALID_PARAMETER_VALUE"):
            client.set_tag(run_id, key, "1")
    run = client.get_run(run_id)
    assert run.data.metrics == run.data.params == {}


@check
def a_param_twice_in_a_batch_is_refused() -> None:
    run_id = new_run()
    with refused("INVALID_PARAMETER_VALUE", "twice"):
        client.log_batch(run_id, params=[Param("twice", "1"), Param("twice", "2")])
    assert client.get_run(run_id).data.params == {}


finish()

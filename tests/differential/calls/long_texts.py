"""Long values of tags and params: which are kept, which are cut, and which are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.differential.call import GET, PATCH, POST, Call, Sections

LENGTHS = (5_000, 5_001, 20_000, 20_001, 100_000, 100_001)


def _pairs(text: str) -> list[dict[str, Any]]:
    return [{"key": f"k{len(text)}", "value": text}]


def _each(call: Callable[[str], Call], *read: Call) -> list[Call]:
    """A call for each length, and what is read afterwards."""
    return [*(call("v" * length) for length in LENGTHS), *read]


CALLS: Sections = {
    "what they belong to": [
        POST("experiments/create", {"name": "long texts"}, save={"e": "experiment_id"}),
        POST(
            "runs/create",
            {"experiment_id": "$e", "start_time": 1, "run_name": "long texts"},
            save={"r": "run.info.run_id"},
        ),
        POST("registered-models/create", {"name": "long texts"}),
        POST("model-versions/create", {"name": "long texts", "source": "s3://bucket/model"}),
        POST("logged-models", {"experiment_id": "$e", "name": "long"}, save={"m": "model.info.model_id"}),
    ],
    "tags of an experiment": _each(
        lambda text: POST("experiments/set-experiment-tag", {"experiment_id": "$e", **_pairs(text)[0]}),
        GET("experiments/get", {"experiment_id": "$e"}),
    ),
    "tags of a new experiment": [
        call
        for length in LENGTHS
        for call in (
            POST("experiments/create", {"name": f"long texts {length}", "tags": _pairs("v" * length)}),
            GET("experiments/get-by-name", {"experiment_name": f"long texts {length}"}),
        )
    ],
    "tags and params of a run": [
        *_each(lambda text: POST("runs/set-tag", {"run_id": "$r", **_pairs(text)[0]})),
        *_each(lambda text: POST("runs/log-parameter", {"run_id": "$r", **_pairs(text)[0]})),
        GET("runs/get", {"run_id": "$r"}),
    ],
    "tags and params of a run, in batches": [
        *_each(lambda text: POST("runs/log-batch", {"run_id": "$r", "tags": _pairs("b" + text[1:])})),
        *_each(
            lambda text: POST("runs/log-batch", {"run_id": "$r", "params": [{"key": f"b{len(text)}", "value": text}]})
        ),
        GET("runs/get", {"run_id": "$r"}),
    ],
    "tags of a new run": _each(
        lambda text: POST(
            "runs/create", {"experiment_id": "$e", "start_time": 2, "run_name": "tagged", "tags": _pairs(text)}
        )
    ),
    "tags of a registered model": _each(
        lambda text: POST("registered-models/set-tag", {"name": "long texts", **_pairs(text)[0]}),
        GET("registered-models/get", {"name": "long texts"}),
    ),
    "tags of a version": _each(
        lambda text: POST("model-versions/set-tag", {"name": "long texts", "version": "1", **_pairs(text)[0]}),
        GET("model-versions/get", {"name": "long texts", "version": "1"}),
    ),
    "tags and params of a logged model": [
        *_each(lambda text: PATCH("logged-models/$m/tags", {"model_id": "$m", "tags": _pairs(text)})),
        *_each(lambda text: POST("logged-models/$m/params", {"model_id": "$m", "params": _pairs(text)})),
        GET("logged-models/$m"),
    ],
}

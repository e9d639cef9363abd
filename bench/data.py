"""The runs that every system is filled with, and the answers that a correct search must give.

A run is a pure function of its index, so each system holds the same values and the expected answers
come from plain Python instead of from one of the systems.

The runs of the growth (``grown``) are wider: 50 params and 100 metrics of one point each.

- ``p0`` … ``p48`` are choices of a sweep: ``pN`` has 2 + N // 2 values, "0", "1" and so on, each as likely (``p7``
  has 5, ``p12`` has 8, ``p48`` has 26). ``p49`` is another in every run, as a commit or a folder is.
- ``m0`` … ``m49`` are scores, even between 0 and 1, so that a limit says what share of the runs it finds.
- ``m50`` … ``m99`` are losses and times: log-normal, most near 1 and some far above.
- Runs start a second apart. Values do not depend on each other.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

BASE_MS = 1_700_000_000_000
MODELS = ("tiny", "small", "base", "large", "huge")
TEAMS = ("nlp", "vision", "audio", "tabular", "robotics")
LOSS_LIMIT = 0.35
ORDERS = (("accuracy", "DESC"), ("val_loss", "ASC"), ("f1", "DESC"), ("latency_ms", "ASC"))

GROWN_PARAMS, GROWN_METRICS = 50, 100

_SCORES = ("accuracy", "f1", "precision", "recall", "auc", "top5", "train_accuracy", "test_accuracy")
_LOSSES = ("val_loss", "train_loss", "test_loss", "aux_loss", "kl")
_SYSTEM = ("latency_ms", "throughput", "gpu_memory", "gpu_utilization", "grad_norm", "epoch_s", "perplexity")


@dataclass(frozen=True)
class Run:
    """A training run: 20 params, 5 tags, 20 metrics of one point each."""

    index: int
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float]

    @property
    def name(self) -> str:
        return f"run-{self.index:05d}"

    @property
    def start_ms(self) -> int:
        return BASE_MS + self.index * 1000

    def create_message(self, experiment_id: str) -> dict[str, Any]:
        return {"experiment_id": experiment_id, "run_name": self.name, "start_time": self.start_ms}

    def batch_message(self) -> dict[str, Any]:
        """The `log-batch` message without its `run_id`."""
        return {
            "params": [{"key": key, "value": value} for key, value in self.params.items()],
            "tags": [{"key": key, "value": value} for key, value in self.tags.items()],
            "metrics": [
                {"key": key, "value": value, "timestamp": self.start_ms, "step": 0}
                for key, value in self.metrics.items()
            ],
        }


@cache
def run(index: int) -> Run:
    dice = random.Random(index)
    params = {
        "model": dice.choice(MODELS),
        "optimizer": dice.choice(("sgd", "adam", "adamw", "lion")),
        "lr": f"{10 ** dice.uniform(-5, -1):.3e}",
        "weight_decay": f"{10 ** dice.uniform(-6, -2):.3e}",
        "batch_size": str(dice.choice((16, 32, 64, 128, 256))),
        "dropout": str(dice.choice((0.0, 0.1, 0.2, 0.5))),
        "scheduler": dice.choice(("constant", "linear", "cosine")),
        "warmup_steps": str(dice.choice((0, 100, 500, 1000))),
        "epochs": str(dice.choice((1, 3, 10, 30, 100))),
        "layers": str(dice.choice((2, 4, 6, 12, 24))),
        "heads": str(dice.choice((4, 8, 16))),
        "hidden_size": str(dice.choice((128, 256, 512, 768, 1024))),
        "activation": dice.choice(("relu", "gelu", "silu")),
        "precision": dice.choice(("fp32", "fp16", "bf16")),
        "gradient_clip": str(dice.choice((0.5, 1.0, 5.0))),
        "augmentation": dice.choice(("none", "light", "heavy")),
        "max_length": str(dice.choice((128, 256, 512, 1024, 2048))),
        "dataset": f"s3://datasets/{dice.choice(('web', 'books', 'code', 'mixed'))}/v{dice.randint(1, 9)}",
        "seed": str(dice.randrange(10_000)),
        "commit": f"{dice.getrandbits(160):040x}",
    }
    tags = {
        "team": dice.choice(TEAMS),
        "stage": dice.choice(("exploration", "candidate", "final")),
        "owner": f"user-{dice.randrange(40):02d}",
        "host": f"gpu-{dice.randrange(64):02d}.cluster.local",
        "note": f"sweep {dice.randrange(200)} of the ablation over depth and width",
    }
    metrics = {name: dice.random() for name in _SCORES}
    metrics |= {name: dice.uniform(0.1, 1.1) for name in _LOSSES}
    metrics |= {name: dice.uniform(1.0, 1000.0) for name in _SYSTEM}
    return Run(index, params, tags, metrics)


def newest(runs: int, limit: int) -> list[str]:
    """Names of the last started among the first `runs`, latest first: a search without an order."""
    return [run(index).name for index in range(runs - 1, max(runs - limit, 0) - 1, -1)]


def filter_of(turn: int) -> tuple[str, str]:
    """Model and team asked for at this turn; 25 turns see every pair."""
    return MODELS[turn % 5], TEAMS[turn // 5 % 5]


@cache
def filtered(runs: int, model: str, team: str, limit: int) -> list[str]:
    """Names that the filter row must answer among the first `runs`, best accuracy first."""
    matching = [
        one
        for one in map(run, range(runs))
        if one.metrics["val_loss"] < LOSS_LIMIT and one.params["model"] == model and one.tags["team"] == team
    ]
    matching.sort(key=lambda one: -one.metrics["accuracy"])
    return [one.name for one in matching[:limit]]


@cache
def ordered(runs: int, metric: str, direction: str, limit: int) -> list[str]:
    """Names of the first `limit` of the first `runs` in the order of one metric."""
    ranked = sorted(map(run, range(runs)), key=lambda one: one.metrics[metric], reverse=direction == "DESC")
    return [one.name for one in ranked[:limit]]


def _grown_form() -> str:
    params = [f'{{"key":"p{n}","value":"%d"}}' for n in range(GROWN_PARAMS - 1)]
    params.append(f'{{"key":"p{GROWN_PARAMS - 1}","value":"run-%d"}}')
    metrics = [f'{{"key":"m{n}","value":%.17g,"timestamp":%d,"step":0}}' for n in range(GROWN_METRICS)]
    return f'{{"params":[{",".join(params)}],"metrics":[{",".join(metrics)}]}}'


_GROWN_FORM = _grown_form()


def grown(index: int) -> bytes:
    """The `log-batch` message of a run of the growth without its `run_id`.

    PERF: filled into a form, 0.1 ms a run; by `json.dumps` it was 0.33 ms, which the server would wait for.
    """
    dice = random.Random(index)
    start = BASE_MS + index * 1000
    values: list[float] = [int(dice.random() * (2 + n // 2)) for n in range(GROWN_PARAMS - 1)]
    values.append(index)
    for number in range(GROWN_METRICS):
        values += [dice.random() if number < 50 else dice.lognormvariate(0.0, 1.0), start]
    return (_GROWN_FORM % tuple(values)).encode()

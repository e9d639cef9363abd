"""Prints the tags that a client gives a run in some situations: ``python context.py mlflow SITUATIONS``.

The situations are JSON: a list of the program's name, the folder it runs in, and variables of the environment.
"""

from __future__ import annotations

import importlib
import json
import logging
import multiprocessing
import os
import sys


def tags_in(package: str, program: str | None, folder: str, environment: dict[str, str]) -> dict[str, str]:
    """The tags in one situation."""
    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = [] if program is None else [program]
    if package == "mlflow":
        found = importlib.import_module("mlflow.tracking.context.registry").resolve_tags()
    else:
        found = importlib.import_module(f"{package}.client.context").run_tags()
    return {key: str(value) for key, value in found.items()}


def main(package: str, situations: str) -> None:
    """Prints a list of tags as JSON, in the order of the situations."""
    logging.disable()
    if package == "mlflow":
        importlib.import_module("mlflow.tracking.context.registry")  # once, for all
    # A process each, because MLflow finds a commit once in a process.
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as processes:
        asked = [(package, *situation) for situation in json.loads(situations)]
        print(json.dumps(processes.starmap(tags_in, asked, chunksize=1)))


if __name__ == "__main__":
    main(*sys.argv[1:])

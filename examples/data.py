"""Data: which table a run was trained on and which one it was tried on, and a table of what it got wrong."""

from __future__ import annotations

import pandas as pd

import genesis_flow as mlflow


def main() -> None:
    table = pd.DataFrame({"size": range(40), "price": [size * 2 + size % 3 for size in range(40)]})
    training, validation = table.head(30), table.tail(10)
    mlflow.set_experiment("prices")
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(training, name="prices", targets="price"), context="training")
        mlflow.log_input(mlflow.data.from_pandas(validation, name="prices", targets="price"), context="validation")
        factor = training["price"].sum() / training["size"].sum()
        errors = (validation["size"] * factor - validation["price"]).abs()
        mlflow.log_metric("error", errors.mean())
        mlflow.log_table(validation.assign(error=errors), "errors.json")
    for used in mlflow.get_run(run.info.run_id).inputs.dataset_inputs:
        print(used.tags[0].value, used.dataset.name, used.dataset.digest)
    print(mlflow.load_table("errors.json", run_ids=[run.info.run_id])["error"].describe())


if __name__ == "__main__":
    main()

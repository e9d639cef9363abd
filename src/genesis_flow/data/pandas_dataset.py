"""Data frames of pandas as datasets."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from genesis_flow.client.context import run_tags
from genesis_flow.data.code_dataset_source import CodeDatasetSource
from genesis_flow.data.dataset import Dataset
from genesis_flow.data.dataset_source import DatasetSource
from genesis_flow.data.dataset_source_registry import resolve_dataset_source
from genesis_flow.data.digests import digest_of_frame
from genesis_flow.data.inference import schema_of_frame
from genesis_flow.data.schema import Schema
from genesis_flow.errors import InvalidParameter, NotYet

if TYPE_CHECKING:
    import pandas


def source_of(source: str | DatasetSource | None) -> DatasetSource:
    """The source that is meant; this program, if there is none."""
    if source is None:
        return CodeDatasetSource(dict(run_tags()))
    return source if isinstance(source, DatasetSource) else resolve_dataset_source(source)


class PandasDataset(Dataset):
    """A data frame.

    Args:
        df: the data, which must not change afterwards.
        source: where it comes from.
        targets: the column that is to be learned.
        name: what it is called.
        digest: what tells its contents from others; by default it is computed.
        predictions: the column with what a model said.

    Raises:
        InvalidParameter: it is no data frame, or has no such column.
    """

    def __init__(
        self,
        df: pandas.DataFrame,
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        if not hasattr(df, "columns"):
            raise InvalidParameter("df", type(df).__name__, "a pandas DataFrame")
        for parameter, column in (("targets", targets), ("predictions", predictions)):
            if column is not None and column not in df.columns:
                raise InvalidParameter(parameter, column, "a column of the data frame")
        super().__init__(source, name, digest)
        self._df, self._targets, self._predictions = df, targets, predictions

    def _compute_digest(self) -> str:
        return digest_of_frame(self._df)

    @property
    def df(self) -> pandas.DataFrame:
        """The data."""
        return self._df

    @property
    def targets(self) -> str | None:
        """The column that is to be learned."""
        return self._targets

    @property
    def predictions(self) -> str | None:
        """The column with what a model said."""
        return self._predictions

    @property
    def profile(self) -> dict[str, int]:
        """The numbers of rows and of values."""
        return {"num_rows": len(self._df), "num_elements": int(self._df.size)}

    @cached_property
    def schema(self) -> Schema | None:
        """The columns; None if MLflow's schemas have no word for one of them."""
        return schema_of_frame(self._df)

    def to_dict(self) -> dict[str, Any]:
        """The dataset as it is logged; source, schema and profile are JSON."""
        columns = None if self.schema is None else {"mlflow_colspec": self.schema.to_dict()}
        return {
            **super().to_dict(),
            "schema": None if columns is None else json.dumps(columns, default=str),
            "profile": json.dumps(self.profile),
        }

    def to_pyfunc(self) -> Any:
        """Comes with models."""
        raise NotYet("PandasDataset.to_pyfunc", "models and flavors")

    def to_evaluation_dataset(self, path: str | None = None, feature_names: list[str] | None = None) -> Any:
        """Comes with evaluation."""
        raise NotYet("PandasDataset.to_evaluation_dataset", "evaluation datasets")


def from_pandas(
    df: pandas.DataFrame,
    source: str | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """A data frame as a dataset.

    Args:
        df: the data, which must not change afterwards.
        source: where it comes from: a path, a URI, a source; this program, if it is left out.
        targets: the column that is to be learned.
        name: what it is called.
        digest: what tells its contents from others; by default it is computed.
        predictions: the column with what a model said.

    Raises:
        InvalidParameter: it is no data frame, or has no such column.
        UnknownDatasetSource: the source cannot be understood.
    """
    return PandasDataset(df, source_of(source), targets, name, digest, predictions)

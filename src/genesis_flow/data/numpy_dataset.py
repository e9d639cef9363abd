"""Arrays of NumPy as datasets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from genesis_flow.data.dataset import Dataset
from genesis_flow.data.dataset_source import DatasetSource
from genesis_flow.data.digests import digest_of_arrays
from genesis_flow.data.inference import schema_of_arrays
from genesis_flow.data.pandas_dataset import source_of
from genesis_flow.data.schema import TensorDatasetSchema
from genesis_flow.errors import InvalidParameter, NotYet

if TYPE_CHECKING:
    import numpy

    Arrays: TypeAlias = numpy.ndarray[Any, Any] | Mapping[str, numpy.ndarray[Any, Any]]


class NumpyDataset(Dataset):
    """Arrays.

    Args:
        features: an array, or arrays by name, which must not change afterwards.
        source: where they come from.
        targets: what is to be learned, in the same form.
        name: what it is called.
        digest: what tells its contents from others; by default it is computed.

    Raises:
        InvalidParameter: something is no array.
    """

    def __init__(
        self,
        features: Arrays,
        source: DatasetSource,
        targets: Arrays | None = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        _require_arrays("features", features)
        if targets is not None:
            _require_arrays("targets", targets)
        super().__init__(source, name, digest)
        self._features, self._targets = features, targets

    def _compute_digest(self) -> str:
        return digest_of_arrays(self._features, *(() if self._targets is None else (self._targets,)))

    @property
    def features(self) -> Arrays:
        """The arrays."""
        return self._features

    @property
    def targets(self) -> Arrays | None:
        """What is to be learned."""
        return self._targets

    @property
    def profile(self) -> dict[str, Any]:
        """Shapes, numbers of elements, and sizes in bytes."""
        profile = _profile("features", self._features)
        return profile if self._targets is None else {**profile, **_profile("targets", self._targets)}

    @cached_property
    def schema(self) -> TensorDatasetSchema | None:
        """The forms of the arrays; None if one has no dimension."""
        features = schema_of_arrays(self._features)
        targets = None if self._targets is None else schema_of_arrays(self._targets)
        if features is None or (targets is None and self._targets is not None):
            return None
        return TensorDatasetSchema(features, targets)

    def to_dict(self) -> dict[str, Any]:
        """The dataset as it is logged; source, schema and profile are JSON."""
        return {
            **super().to_dict(),
            "schema": None if self.schema is None else json.dumps(self.schema.to_dict()),
            "profile": json.dumps(self.profile),
        }

    def to_pyfunc(self) -> Any:
        """Comes with models."""
        raise NotYet("NumpyDataset.to_pyfunc", "models and flavors")

    def to_evaluation_dataset(self, path: str | None = None, feature_names: list[str] | None = None) -> Any:
        """Comes with evaluation."""
        raise NotYet("NumpyDataset.to_evaluation_dataset", "evaluation datasets")


def _require_arrays(parameter: str, arrays: Any) -> None:
    for one in arrays.values() if isinstance(arrays, Mapping) else [arrays]:
        if not hasattr(one, "dtype") or not hasattr(one, "reshape"):
            raise InvalidParameter(parameter, type(one).__name__, "a NumPy array, or a dictionary of arrays")


def _profile(prefix: str, arrays: Arrays) -> dict[str, Any]:
    measures: dict[str, Callable[[Any], Any]] = {
        "shape": lambda array: list(array.shape),
        "size": lambda array: int(array.size),
        "nbytes": lambda array: int(array.nbytes),
    }
    return {
        f"{prefix}_{name}": {key: measure(array) for key, array in arrays.items()}
        if isinstance(arrays, Mapping)
        else measure(arrays)
        for name, measure in measures.items()
    }


def from_numpy(
    features: Arrays,
    source: str | DatasetSource | None = None,
    targets: Arrays | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """Arrays as a dataset.

    Args:
        features: an array, or arrays by name, which must not change afterwards.
        source: where they come from: a path, a URI, a source; this program, if it is left out.
        targets: what is to be learned, in the same form.
        name: what it is called.
        digest: what tells its contents from others; by default it is computed, for which pandas has to be there.

    Raises:
        InvalidParameter: something is no array.
        UnknownDatasetSource: the source cannot be understood.
    """
    return NumpyDataset(features, source_of(source), targets, name, digest)

"""Where runs come from."""

from mlflow.tracking.context import abstract_context as abstract_context, registry as registry

"""Numbers of errors."""

from mlflow.protos import databricks_pb2 as databricks_pb2

"""Limits, and names of tags."""

from mlflow.utils import mlflow_tags as mlflow_tags, validation as validation

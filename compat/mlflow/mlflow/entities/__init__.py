"""Runs, experiments, metrics and their like; each also in a module of its own (``mlflow.entities.run_info``)."""

from genesis_flow.entities import *
from genesis_flow.entities.paged_list import PagedList as PagedList

from mlflow.entities import model_registry as model_registry

"""What the model registry holds; each also in a module of its own (``….model_registry.model_version``)."""

from genesis_flow.entities.model_registry import *

"""What the model registry holds."""

from __future__ import annotations

from genesis_flow.entities.model_registry.models import (
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelDeploymentJobState,
    RegisteredModelSearch,
    RegisteredModelTag,
)
from genesis_flow.entities.model_registry.versions import (
    ModelVersion,
    ModelVersionDeploymentJobState,
    ModelVersionSearch,
    ModelVersionTag,
)

__all__ = [
    "ModelVersion",
    "ModelVersionDeploymentJobState",
    "ModelVersionSearch",
    "ModelVersionTag",
    "RegisteredModel",
    "RegisteredModelAlias",
    "RegisteredModelDeploymentJobState",
    "RegisteredModelSearch",
    "RegisteredModelTag",
]

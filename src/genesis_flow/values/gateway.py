"""Values of the noun ``gateway``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from genesis_flow.values.message import Int32, Int64, Message
from genesis_flow.values.scorers import Scorer


GatewayModelLinkageType = Literal[
    "LINKAGE_TYPE_UNSPECIFIED",
    "PRIMARY",
    "FALLBACK",
]


RoutingStrategy = Literal[
    "ROUTING_STRATEGY_UNSPECIFIED",
    "REQUEST_BASED_TRAFFIC_SPLIT",
]


FallbackStrategy = Literal[
    "FALLBACK_STRATEGY_UNSPECIFIED",
    "SEQUENTIAL",
]


BudgetUnit = Literal[
    "BUDGET_UNIT_UNSPECIFIED",
    "USD",
]


BudgetDurationUnit = Literal[
    "DURATION_UNIT_UNSPECIFIED",
    "MINUTES",
    "HOURS",
    "DAYS",
    "WEEKS",
    "MONTHS",
]


BudgetTargetScope = Literal[
    "TARGET_SCOPE_UNSPECIFIED",
    "GLOBAL",
    "WORKSPACE",
    "ENDPOINT",
    "USER",
]


BudgetAction = Literal[
    "BUDGET_ACTION_UNSPECIFIED",
    "ALERT",
    "REJECT",
]


GuardrailStage = Literal[
    "GUARDRAIL_STAGE_UNSPECIFIED",
    "BEFORE",
    "AFTER",
]


GuardrailAction = Literal[
    "GUARDRAIL_ACTION_UNSPECIFIED",
    "VALIDATION",
    "SANITIZATION",
]


class GatewaySecretInfo(Message, frozen=True, kw_only=True):
    """``mlflow.GatewaySecretInfo``."""

    secret_id: str | None = None
    secret_name: str | None = None
    masked_values: dict[str, str] = msgspec.field(default_factory=dict)
    created_at: Int64 | None = None
    last_updated_at: Int64 | None = None
    provider: str | None = None
    created_by: str | None = None
    last_updated_by: str | None = None
    auth_config: dict[str, str] = msgspec.field(default_factory=dict)


class GatewayEndpointModelConfig(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayEndpointModelConfig``."""

    model_definition_id: str | None = None
    linkage_type: GatewayModelLinkageType | None = None
    weight: float | None = None
    fallback_order: Int32 | None = None


class FallbackConfig(Message, frozen=True, kw_only=True):
    """``mlflow.FallbackConfig``."""

    strategy: FallbackStrategy | None = None
    max_attempts: Int32 | None = None


class GatewayModelDefinition(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayModelDefinition``."""

    model_definition_id: str | None = None
    name: str | None = None
    secret_id: str | None = None
    secret_name: str | None = None
    provider: str | None = None
    model_name: str | None = None
    created_at: Int64 | None = None
    last_updated_at: Int64 | None = None
    created_by: str | None = None
    last_updated_by: str | None = None


class GatewayEndpointModelMapping(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayEndpointModelMapping``."""

    mapping_id: str | None = None
    endpoint_id: str | None = None
    model_definition_id: str | None = None
    model_definition: GatewayModelDefinition | None = None
    weight: float | None = None
    created_at: Int64 | None = None
    created_by: str | None = None
    linkage_type: GatewayModelLinkageType | None = None
    fallback_order: Int32 | None = None


class GatewayEndpointTag(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayEndpointTag``."""

    key: str | None = None
    value: str | None = None


class GatewayEndpoint(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayEndpoint``."""

    endpoint_id: str | None = None
    name: str | None = None
    created_at: Int64 | None = None
    last_updated_at: Int64 | None = None
    model_mappings: tuple[GatewayEndpointModelMapping, ...] = ()
    created_by: str | None = None
    last_updated_by: str | None = None
    tags: tuple[GatewayEndpointTag, ...] = ()
    routing_strategy: RoutingStrategy | None = None
    fallback_config: FallbackConfig | None = None
    experiment_id: str | None = None
    usage_tracking: bool | None = None


class GatewayEndpointBinding(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayEndpointBinding``."""

    endpoint_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    created_at: Int64 | None = None
    last_updated_at: Int64 | None = None
    created_by: str | None = None
    last_updated_by: str | None = None
    display_name: str | None = None


class BudgetDuration(Message, frozen=True, kw_only=True):
    """``mlflow.BudgetDuration``."""

    unit: BudgetDurationUnit | None = None
    value: Int32 | None = None


class GatewayBudgetPolicy(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayBudgetPolicy``."""

    budget_policy_id: str | None = None
    budget_unit: BudgetUnit | None = None
    budget_amount: float | None = None
    duration: BudgetDuration | None = None
    target_scope: BudgetTargetScope | None = None
    budget_action: BudgetAction | None = None
    created_by: str | None = None
    created_at: Int64 | None = None
    last_updated_by: str | None = None
    last_updated_at: Int64 | None = None
    target_value: str | None = None


class ListGatewayBudgetWindowsBudgetWindow(Message, frozen=True, kw_only=True):
    """``mlflow.ListGatewayBudgetWindows.BudgetWindow``."""

    budget_policy_id: str | None = None
    window_start_ms: Int64 | None = None
    window_end_ms: Int64 | None = None
    current_spend: float | None = None


class GatewayGuardrail(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayGuardrail``."""

    guardrail_id: str | None = None
    name: str | None = None
    scorer: Scorer | None = None
    stage: GuardrailStage | None = None
    action: GuardrailAction | None = None
    action_endpoint_id: str | None = None
    created_by: str | None = None
    created_at: Int64 | None = None
    last_updated_by: str | None = None
    last_updated_at: Int64 | None = None


class GatewayGuardrailConfig(Message, frozen=True, kw_only=True):
    """``mlflow.GatewayGuardrailConfig``."""

    endpoint_id: str | None = None
    guardrail_id: str | None = None
    execution_order: Int64 | None = None
    created_by: str | None = None
    created_at: Int64 | None = None
    guardrail: GatewayGuardrail | None = None


class GetSecretsConfig(Message, frozen=True, kw_only=True):
    """``mlflow.GetSecretsConfig``."""

"""Requests and responses of the noun ``gateway``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

import msgspec

from genesis_flow.values.gateway import BudgetAction, BudgetDuration, BudgetTargetScope, BudgetUnit, FallbackConfig, GatewayBudgetPolicy, GatewayEndpoint, GatewayEndpointBinding, GatewayEndpointModelConfig, GatewayEndpointModelMapping, GatewayGuardrail, GatewayGuardrailConfig, GatewayModelDefinition, GatewaySecretInfo, GuardrailAction, GuardrailStage, ListGatewayBudgetWindowsBudgetWindow, RoutingStrategy
from genesis_flow.values.message import Int64, Message


class CreateGatewaySecret(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/secrets/create``."""

    secret_name: str | None = None
    secret_value: dict[str, str] = msgspec.field(default_factory=dict)
    provider: str | None = None
    auth_config: dict[str, str] = msgspec.field(default_factory=dict)
    created_by: str | None = None


class CreateGatewaySecretResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateGatewaySecret.Response``."""

    secret: GatewaySecretInfo | None = None


class GetGatewaySecretInfo(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/secrets/get``."""

    secret_id: str | None = None
    secret_name: str | None = None


class GetGatewaySecretInfoResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetGatewaySecretInfo.Response``."""

    secret: GatewaySecretInfo | None = None


class UpdateGatewaySecret(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/secrets/update``."""

    secret_id: str | None = None
    secret_value: dict[str, str] = msgspec.field(default_factory=dict)
    auth_config: dict[str, str] = msgspec.field(default_factory=dict)
    updated_by: str | None = None


class UpdateGatewaySecretResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateGatewaySecret.Response``."""

    secret: GatewaySecretInfo | None = None


class DeleteGatewaySecret(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/gateway/secrets/delete``."""

    secret_id: str | None = None


class DeleteGatewaySecretResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteGatewaySecret.Response``."""


class ListGatewaySecretInfos(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/secrets/list``."""

    provider: str | None = None


class ListGatewaySecretInfosResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListGatewaySecretInfos.Response``."""

    secrets: tuple[GatewaySecretInfo, ...] = ()


class CreateGatewayEndpoint(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/endpoints/create``."""

    name: str | None = None
    model_configs: tuple[GatewayEndpointModelConfig, ...] = ()
    created_by: str | None = None
    routing_strategy: RoutingStrategy | None = None
    fallback_config: FallbackConfig | None = None
    experiment_id: str | None = None
    usage_tracking: bool | None = None


class CreateGatewayEndpointResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateGatewayEndpoint.Response``."""

    endpoint: GatewayEndpoint | None = None


class GetGatewayEndpoint(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/endpoints/get``."""

    endpoint_id: str | None = None
    name: str | None = None


class GetGatewayEndpointResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetGatewayEndpoint.Response``."""

    endpoint: GatewayEndpoint | None = None


class UpdateGatewayEndpoint(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/endpoints/update``."""

    endpoint_id: str | None = None
    name: str | None = None
    updated_by: str | None = None
    model_configs: tuple[GatewayEndpointModelConfig, ...] = ()
    routing_strategy: RoutingStrategy | None = None
    fallback_config: FallbackConfig | None = None
    experiment_id: str | None = None
    usage_tracking: bool | None = None


class UpdateGatewayEndpointResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateGatewayEndpoint.Response``."""

    endpoint: GatewayEndpoint | None = None


class DeleteGatewayEndpoint(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/gateway/endpoints/delete``."""

    endpoint_id: str | None = None


class DeleteGatewayEndpointResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteGatewayEndpoint.Response``."""


class ListGatewayEndpoints(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/endpoints/list``."""

    provider: str | None = None
    secret_id: str | None = None


class ListGatewayEndpointsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListGatewayEndpoints.Response``."""

    endpoints: tuple[GatewayEndpoint, ...] = ()


class CreateGatewayModelDefinition(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/model-definitions/create``."""

    name: str | None = None
    secret_id: str | None = None
    provider: str | None = None
    model_name: str | None = None
    created_by: str | None = None


class CreateGatewayModelDefinitionResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateGatewayModelDefinition.Response``."""

    model_definition: GatewayModelDefinition | None = None


class GetGatewayModelDefinition(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/model-definitions/get``."""

    model_definition_id: str | None = None


class GetGatewayModelDefinitionResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetGatewayModelDefinition.Response``."""

    model_definition: GatewayModelDefinition | None = None


class ListGatewayModelDefinitions(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/model-definitions/list``."""

    provider: str | None = None
    secret_id: str | None = None


class ListGatewayModelDefinitionsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListGatewayModelDefinitions.Response``."""

    model_definitions: tuple[GatewayModelDefinition, ...] = ()


class UpdateGatewayModelDefinition(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/model-definitions/update``."""

    model_definition_id: str | None = None
    name: str | None = None
    secret_id: str | None = None
    model_name: str | None = None
    updated_by: str | None = None
    provider: str | None = None


class UpdateGatewayModelDefinitionResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateGatewayModelDefinition.Response``."""

    model_definition: GatewayModelDefinition | None = None


class DeleteGatewayModelDefinition(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/gateway/model-definitions/delete``."""

    model_definition_id: str | None = None


class DeleteGatewayModelDefinitionResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteGatewayModelDefinition.Response``."""


class AttachModelToGatewayEndpoint(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/endpoints/models/attach``."""

    endpoint_id: str | None = None
    model_config: GatewayEndpointModelConfig | None = None
    created_by: str | None = None


class AttachModelToGatewayEndpointResponse(Message, frozen=True, kw_only=True):
    """``mlflow.AttachModelToGatewayEndpoint.Response``."""

    mapping: GatewayEndpointModelMapping | None = None


class DetachModelFromGatewayEndpoint(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/endpoints/models/detach``."""

    endpoint_id: str | None = None
    model_definition_id: str | None = None


class DetachModelFromGatewayEndpointResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DetachModelFromGatewayEndpoint.Response``."""


class CreateGatewayEndpointBinding(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/endpoints/bindings/create``."""

    endpoint_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    created_by: str | None = None


class CreateGatewayEndpointBindingResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateGatewayEndpointBinding.Response``."""

    binding: GatewayEndpointBinding | None = None


class DeleteGatewayEndpointBinding(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/gateway/endpoints/bindings/delete``."""

    endpoint_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None


class DeleteGatewayEndpointBindingResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteGatewayEndpointBinding.Response``."""


class ListGatewayEndpointBindings(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/endpoints/bindings/list``."""

    endpoint_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None


class ListGatewayEndpointBindingsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListGatewayEndpointBindings.Response``."""

    bindings: tuple[GatewayEndpointBinding, ...] = ()


class SetGatewayEndpointTag(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/endpoints/set-tag``."""

    endpoint_id: str | None = None
    key: str | None = None
    value: str | None = None


class SetGatewayEndpointTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetGatewayEndpointTag.Response``."""


class DeleteGatewayEndpointTag(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/gateway/endpoints/delete-tag``."""

    endpoint_id: str | None = None
    key: str | None = None


class DeleteGatewayEndpointTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteGatewayEndpointTag.Response``."""


class CreateGatewayBudgetPolicy(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/budgets/create``."""

    budget_unit: BudgetUnit | None = None
    budget_amount: float | None = None
    duration: BudgetDuration | None = None
    target_scope: BudgetTargetScope | None = None
    budget_action: BudgetAction | None = None
    created_by: str | None = None
    target_value: str | None = None


class CreateGatewayBudgetPolicyResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateGatewayBudgetPolicy.Response``."""

    budget_policy: GatewayBudgetPolicy | None = None


class GetGatewayBudgetPolicy(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/budgets/get``."""

    budget_policy_id: str | None = None


class GetGatewayBudgetPolicyResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetGatewayBudgetPolicy.Response``."""

    budget_policy: GatewayBudgetPolicy | None = None


class UpdateGatewayBudgetPolicy(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/budgets/update``."""

    budget_policy_id: str | None = None
    budget_unit: BudgetUnit | None = None
    budget_amount: float | None = None
    duration: BudgetDuration | None = None
    target_scope: BudgetTargetScope | None = None
    budget_action: BudgetAction | None = None
    updated_by: str | None = None
    target_value: str | None = None


class UpdateGatewayBudgetPolicyResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateGatewayBudgetPolicy.Response``."""

    budget_policy: GatewayBudgetPolicy | None = None


class DeleteGatewayBudgetPolicy(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/gateway/budgets/delete``."""

    budget_policy_id: str | None = None


class DeleteGatewayBudgetPolicyResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteGatewayBudgetPolicy.Response``."""


class ListGatewayBudgetPolicies(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/budgets/list``."""

    max_results: Int64 | None = None
    page_token: str | None = None


class ListGatewayBudgetPoliciesResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListGatewayBudgetPolicies.Response``."""

    budget_policies: tuple[GatewayBudgetPolicy, ...] = ()
    next_page_token: str | None = None


class ListGatewayBudgetWindows(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/budgets/windows``."""


class ListGatewayBudgetWindowsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListGatewayBudgetWindows.Response``."""

    windows: tuple[ListGatewayBudgetWindowsBudgetWindow, ...] = ()


class CreateGatewayGuardrail(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/guardrails/create``."""

    name: str | None = None
    scorer_id: str | None = None
    scorer_version: Int64 | None = None
    stage: GuardrailStage | None = None
    action: GuardrailAction | None = None
    action_endpoint_id: str | None = None


class CreateGatewayGuardrailResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateGatewayGuardrail.Response``."""

    guardrail: GatewayGuardrail | None = None


class GetGatewayGuardrail(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/guardrails/get``."""

    guardrail_id: str | None = None


class GetGatewayGuardrailResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetGatewayGuardrail.Response``."""

    guardrail: GatewayGuardrail | None = None


class DeleteGatewayGuardrail(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/gateway/guardrails/delete``."""

    guardrail_id: str | None = None


class DeleteGatewayGuardrailResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteGatewayGuardrail.Response``."""


class ListGatewayGuardrails(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/guardrails/list``."""

    max_results: Int64 | None = None
    page_token: str | None = None


class ListGatewayGuardrailsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListGatewayGuardrails.Response``."""

    guardrails: tuple[GatewayGuardrail, ...] = ()
    next_page_token: str | None = None


class AddGuardrailToEndpoint(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/gateway/guardrails/add-to-endpoint``."""

    endpoint_id: str | None = None
    guardrail_id: str | None = None
    execution_order: Int64 | None = None


class AddGuardrailToEndpointResponse(Message, frozen=True, kw_only=True):
    """``mlflow.AddGuardrailToEndpoint.Response``."""

    config: GatewayGuardrailConfig | None = None


class RemoveGuardrailFromEndpoint(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/gateway/guardrails/remove-from-endpoint``."""

    endpoint_id: str | None = None
    guardrail_id: str | None = None


class RemoveGuardrailFromEndpointResponse(Message, frozen=True, kw_only=True):
    """``mlflow.RemoveGuardrailFromEndpoint.Response``."""


class ListEndpointGuardrailConfigs(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/gateway/guardrails/list-for-endpoint``."""

    endpoint_id: str | None = None


class ListEndpointGuardrailConfigsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListEndpointGuardrailConfigs.Response``."""

    configs: tuple[GatewayGuardrailConfig, ...] = ()


class UpdateEndpointGuardrailConfig(Message, frozen=True, kw_only=True):
    """``PATCH /api/3.0/mlflow/gateway/guardrails/update-config``."""

    endpoint_id: str | None = None
    guardrail_id: str | None = None
    execution_order: Int64 | None = None


class UpdateEndpointGuardrailConfigResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateEndpointGuardrailConfig.Response``."""

    config: GatewayGuardrailConfig | None = None

"""What MLflow's client has and this one does not have yet: a clear error that names the page."""

from __future__ import annotations

from genesis_flow.errors import NotYet

TRACES = "traces"
PROMPTS = "prompts"
EVALUATION = "evaluation datasets"
WORKSPACES = "workspaces"
MCP = "the registry of MCP servers"

LATER: dict[str, str] = {
    **dict.fromkeys(
        "start_trace end_trace start_span end_span get_trace search_traces delete_traces set_trace_tag "
        "delete_trace_tag link_traces_to_run unlink_traces_from_run link_prompt_versions_to_trace".split(),
        TRACES,
    ),
    **dict.fromkeys(
        "create_prompt create_prompt_version delete_prompt delete_prompt_alias delete_prompt_tag delete_prompt_version "
        "delete_prompt_version_tag detach_prompt_from_run get_prompt get_prompt_version get_prompt_version_by_alias "
        "link_prompt_version_to_model link_prompt_version_to_run list_logged_prompts load_prompt parse_prompt_uri "
        "register_prompt search_prompt_versions search_prompts set_prompt_alias set_prompt_tag "
        "set_prompt_version_tag".split(),
        PROMPTS,
    ),
    **dict.fromkeys(
        "create_dataset delete_dataset delete_dataset_tag get_dataset search_datasets set_dataset_tags "
        "add_dataset_to_experiments remove_dataset_from_experiments".split(),
        EVALUATION,
    ),
    **dict.fromkeys(
        "create_workspace delete_workspace get_workspace get_workspace_store_uri list_workspaces "
        "update_workspace".split(),
        WORKSPACES,
    ),
    **dict.fromkeys(
        "create_mcp_access_endpoint create_mcp_server create_mcp_server_version delete_mcp_access_endpoint "
        "delete_mcp_server delete_mcp_server_alias delete_mcp_server_tag delete_mcp_server_version "
        "delete_mcp_server_version_tag get_latest_mcp_server_version get_mcp_access_endpoint get_mcp_server "
        "get_mcp_server_version get_mcp_server_version_by_alias refresh_mcp_server_version_tools "
        "search_mcp_access_endpoints search_mcp_server_versions search_mcp_servers set_mcp_server_alias "
        "set_mcp_server_tag set_mcp_server_version_tag update_mcp_access_endpoint update_mcp_server "
        "update_mcp_server_version".split(),
        MCP,
    ),
}
"""The methods of MLflow's client that are missing, and what they belong to."""


def missing(owner: str, name: str, names: dict[str, str] = LATER) -> Exception:
    """What to raise for an attribute that is not there."""
    if name in names:
        return NotYet(f"{owner}.{name}", names[name])
    return AttributeError(f"{owner!r} has no attribute {name!r}")


MODELS = "models"
TRACING = "traces"

FLUENT_LATER: dict[str, str] = {
    **dict.fromkeys(
        "add_trace context delete_trace_tag flush_trace_async_logging get_active_trace_id get_current_active_span "
        "get_last_active_trace_id get_trace log_trace search_sessions search_traces set_trace_tag start_span "
        "start_span_no_context trace update_current_trace get_assessment delete_assessment log_assessment "
        "update_assessment log_expectation log_feedback log_issue override_feedback tracing otel genai".split(),
        TRACING,
    ),
    **dict.fromkeys(
        "load_prompt register_prompt search_prompts set_prompt_alias delete_prompt_alias".split(),
        PROMPTS,
    ),
    **dict.fromkeys(
        "models pyfunc sklearn pytorch transformers types metrics evaluate "
        "validate_evaluation_results import_checkpoints projects run deployments gateway test".split(),
        MODELS,
    ),
    **dict.fromkeys(
        "create_workspace delete_workspace get_workspace list_workspaces set_workspace update_workspace login".split(),
        WORKSPACES,
    ),
}
"""The names of MLflow's package that are missing, and what they belong to."""

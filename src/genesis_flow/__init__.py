"""Genesis-Flow: a secure, light and fast ML operations platform that speaks MLflow's interface.

``import genesis_flow as mlflow`` runs what is written for MLflow's tracking, artifact and registry interface. Nothing
is loaded before it is used: the import itself takes no more than this page.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:  # PERF: without typing the import takes half as long (8 of 16 ms, 2 cores, November 2026)
    from typing import Any

__version__ = "0.1.0.dev0"

_NAMES = {
    "genesis_flow.client.client": "MlflowClient",
    "genesis_flow.client.uris": (
        "get_registry_uri get_tracking_uri is_tracking_uri_set set_registry_uri set_tracking_uri"
    ),
    "genesis_flow.diagnosis": "doctor",
    "genesis_flow.exceptions": "MlflowException",
    "genesis_flow.fluent.active": "ActiveRun active_run end_run last_active_run start_run",
    "genesis_flow.fluent.autologging": "autolog",
    "genesis_flow.client.images": "Image",
    "genesis_flow.fluent.artifacts": (
        "flush_artifact_async_logging load_table log_artifact log_artifacts log_dict log_figure log_image log_stream "
        "log_table log_text"
    ),
    "genesis_flow.fluent.experiments": (
        "create_experiment delete_experiment delete_experiment_tag get_experiment get_experiment_by_name "
        "restore_experiment search_experiments set_experiment set_experiment_tag set_experiment_tags"
    ),
    "genesis_flow.fluent.logging": (
        "delete_run delete_tag flush_async_logging get_artifact_uri get_parent_run get_run log_input log_inputs "
        "log_metric log_metrics log_outputs log_param log_params restore_run set_tag set_tags"
    ),
    "genesis_flow.fluent.models": (
        "ActiveModel clear_active_model create_external_model delete_logged_model_tag finalize_logged_model "
        "get_active_model_id get_logged_model initialize_logged_model last_logged_model log_model_params "
        "search_logged_models set_active_model set_logged_model_tags"
    ),
    "genesis_flow.fluent.registry": (
        "register_model search_model_versions search_registered_models set_model_version_tag"
    ),
    "genesis_flow.fluent.tables": "search_runs",
    "genesis_flow.system_metrics": (
        "disable_system_metrics_logging enable_system_metrics_logging set_system_metrics_node_id "
        "set_system_metrics_samples_before_logging set_system_metrics_sampling_interval"
    ),
}
_MODULES = frozenset(
    "artifacts client config data entities environment_variables exceptions system_metrics tracking".split()
)
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = globals()[name] = getattr(import_module(_HOME[name]), name)
        return value
    if name in _MODULES:
        return import_module(f"genesis_flow.{name}")
    if not name.startswith("_"):
        from genesis_flow.client.later import FLUENT_LATER, missing

        raise missing("genesis_flow", name, FLUENT_LATER)
    raise AttributeError(f"module 'genesis_flow' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*_HOME, *_MODULES, *(name for name in globals() if name.startswith("__"))]


if TYPE_CHECKING:  # the same names for whoever reads types; a test compares them
    from genesis_flow import (
        artifacts as artifacts,
        client as client,
        config as config,
        data as data,
        entities as entities,
        environment_variables as environment_variables,
        exceptions as exceptions,
        system_metrics as system_metrics,
        tracking as tracking,
    )
    from genesis_flow.client.client import MlflowClient as MlflowClient
    from genesis_flow.client.uris import (
        get_registry_uri as get_registry_uri,
        get_tracking_uri as get_tracking_uri,
        is_tracking_uri_set as is_tracking_uri_set,
        set_registry_uri as set_registry_uri,
        set_tracking_uri as set_tracking_uri,
    )
    from genesis_flow.diagnosis import doctor as doctor
    from genesis_flow.exceptions import MlflowException as MlflowException
    from genesis_flow.fluent.active import (
        ActiveRun as ActiveRun,
        active_run as active_run,
        end_run as end_run,
        last_active_run as last_active_run,
        start_run as start_run,
    )
    from genesis_flow.fluent.autologging import autolog as autolog
    from genesis_flow.client.images import Image as Image
    from genesis_flow.fluent.artifacts import (
        flush_artifact_async_logging as flush_artifact_async_logging,
        load_table as load_table,
        log_artifact as log_artifact,
        log_artifacts as log_artifacts,
        log_dict as log_dict,
        log_figure as log_figure,
        log_image as log_image,
        log_stream as log_stream,
        log_table as log_table,
        log_text as log_text,
    )
    from genesis_flow.fluent.experiments import (
        create_experiment as create_experiment,
        delete_experiment as delete_experiment,
        delete_experiment_tag as delete_experiment_tag,
        get_experiment as get_experiment,
        get_experiment_by_name as get_experiment_by_name,
        restore_experiment as restore_experiment,
        search_experiments as search_experiments,
        set_experiment as set_experiment,
        set_experiment_tag as set_experiment_tag,
        set_experiment_tags as set_experiment_tags,
    )
    from genesis_flow.fluent.logging import (
        delete_run as delete_run,
        delete_tag as delete_tag,
        flush_async_logging as flush_async_logging,
        get_artifact_uri as get_artifact_uri,
        get_parent_run as get_parent_run,
        get_run as get_run,
        log_input as log_input,
        log_inputs as log_inputs,
        log_metric as log_metric,
        log_metrics as log_metrics,
        log_outputs as log_outputs,
        log_param as log_param,
        log_params as log_params,
        restore_run as restore_run,
        set_tag as set_tag,
        set_tags as set_tags,
    )
    from genesis_flow.fluent.models import (
        ActiveModel as ActiveModel,
        clear_active_model as clear_active_model,
        create_external_model as create_external_model,
        delete_logged_model_tag as delete_logged_model_tag,
        finalize_logged_model as finalize_logged_model,
        get_active_model_id as get_active_model_id,
        get_logged_model as get_logged_model,
        initialize_logged_model as initialize_logged_model,
        last_logged_model as last_logged_model,
        log_model_params as log_model_params,
        search_logged_models as search_logged_models,
        set_active_model as set_active_model,
        set_logged_model_tags as set_logged_model_tags,
    )
    from genesis_flow.fluent.registry import (
        register_model as register_model,
        search_model_versions as search_model_versions,
        search_registered_models as search_registered_models,
        set_model_version_tag as set_model_version_tag,
    )
    from genesis_flow.fluent.tables import search_runs as search_runs
    from genesis_flow.system_metrics import (
        disable_system_metrics_logging as disable_system_metrics_logging,
        enable_system_metrics_logging as enable_system_metrics_logging,
        set_system_metrics_node_id as set_system_metrics_node_id,
        set_system_metrics_samples_before_logging as set_system_metrics_samples_before_logging,
        set_system_metrics_sampling_interval as set_system_metrics_sampling_interval,
    )

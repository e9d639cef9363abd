"""Events that did not happen, one of each kind, for those who test a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_flow.rules.webhooks import Kind
from genesis_flow.stores.webhook_events import Event

_MODEL: Mapping[str, Any] = {"name": "example_model"}
_PROMPT: Mapping[str, Any] = {"name": "example_prompt"}
_VERSION = {"version": "1"}
_ABOUT = {"tags": {"example_key": "example_value"}, "description": "An example"}
_ALIAS = {"alias": "example_alias"}
_KEY = {"key": "example_key"}
_TAG = {**_KEY, "value": "example_value"}
_RUN = {"run_id": "0" * 32, "run_name": "example", "experiment_id": "0", "start_time": 1, "end_time": 2, "user_id": ""}
_BUDGET = {"budget_policy_id": "bp-example", "budget_unit": "USD", "budget_amount": 100.0, "current_spend": 105.5}

_EXAMPLES: Mapping[Kind, Mapping[str, Any]] = {
    Kind("REGISTERED_MODEL", "CREATED"): {**_MODEL, **_ABOUT},
    Kind("MODEL_VERSION", "CREATED"): {**_MODEL, **_VERSION, "source": "s3://bucket/m", "run_id": None, **_ABOUT},
    Kind("MODEL_VERSION_TAG", "SET"): {**_MODEL, **_VERSION, **_TAG},
    Kind("MODEL_VERSION_TAG", "DELETED"): {**_MODEL, **_VERSION, **_KEY},
    Kind("MODEL_VERSION_ALIAS", "CREATED"): {**_MODEL, **_ALIAS, **_VERSION},
    Kind("MODEL_VERSION_ALIAS", "DELETED"): {**_MODEL, **_ALIAS},
    Kind("PROMPT", "CREATED"): {**_PROMPT, **_ABOUT},
    Kind("PROMPT_VERSION", "CREATED"): {**_PROMPT, **_VERSION, "template": "Hello {{name}}!", **_ABOUT},
    Kind("PROMPT_TAG", "SET"): {**_PROMPT, **_TAG},
    Kind("PROMPT_TAG", "DELETED"): {**_PROMPT, **_KEY},
    Kind("PROMPT_VERSION_TAG", "SET"): {**_PROMPT, **_VERSION, **_TAG},
    Kind("PROMPT_VERSION_TAG", "DELETED"): {**_PROMPT, **_VERSION, **_KEY},
    Kind("PROMPT_ALIAS", "CREATED"): {**_PROMPT, **_ALIAS, **_VERSION},
    Kind("PROMPT_ALIAS", "DELETED"): {**_PROMPT, **_ALIAS},
    Kind("BUDGET_POLICY", "EXCEEDED"): _BUDGET,
}


def example(kind: Kind) -> Event:
    """An event of this kind."""
    return Event(kind, _EXAMPLES.get(kind) or {**_RUN, "status": kind.action})

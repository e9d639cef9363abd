"""Webhooks: what may be one, what is answered of it, and how it changes."""

from __future__ import annotations

from typing import Any

from tests.differential.call import DELETE, GET, PATCH, POST, Call, Sections

# Nothing listens there.
URL = "http://127.0.0.1:1/in"
ENTITIES = (
    *("REGISTERED_MODEL", "MODEL_VERSION", "MODEL_VERSION_TAG", "MODEL_VERSION_ALIAS", "PROMPT", "PROMPT_VERSION"),
    *("PROMPT_TAG", "PROMPT_VERSION_TAG", "PROMPT_ALIAS", "BUDGET_POLICY"),
)
ACTIONS = ("CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED")
UNKNOWN = "00000000-0000-0000-0000-000000000000"


def _event(entity: Any, action: Any) -> dict[str, Any]:
    return {"entity": entity, "action": action}


ONE = [_event("REGISTERED_MODEL", "CREATED")]


def _create(name: Any = "hook", url: Any = URL, events: Any = ONE, save: Any = None, **rest: Any) -> Call:
    message = {"name": name, "url": url, "events": events, **rest}
    return POST("webhooks", message, save={save: "webhook.webhook_id"} if save else {})


def _change(webhook: str, **fields: Any) -> Call:
    return PATCH(f"webhooks/{webhook}", fields)


def _get(webhook: str) -> Call:
    return GET(f"webhooks/{webhook}")


def _list(**query: Any) -> Call:
    return GET("webhooks", query)


CALLS: Sections = {
    "a webhook is created and read": [
        _list(),
        _create(save="plain"),
        _get("$plain"),
        _create("full", description="d", secret="s", status="DISABLED", save="full"),
        _get("$full"),
        _create("numbered", status=2),
        _create("empty", description="", secret=""),
        _get(UNKNOWN),
        _get("x"),
    ],
    "names": [
        *(_create(name) for name in ("", "a", "1", "a.b_c-d", "A9", "x" * 63, "x" * 64)),
        *(_create(name) for name in (" ", "a b", "a/b", "-a", "a-", ".a", "_a", "é", "a\nb", "a!", None)),
    ],
    "addresses": [
        *(_create(url=url) for url in ("", "x", "ftp://hooks.example/", "http://", "https://", "/in", None)),
        *(_create(url=url) for url in ("https://hooks.example", "HTTPS://hooks.example/in?x=1", "http://[::1]:1/in")),
        _create(url="https://user:pw@hooks.example/"),
        _create(url="https://a b/"),
        _create(url=" https://hooks.example/"),
        _create(url="http://127.0.0.1:99999/"),
    ],
    "events": [
        _create(events=[]),
        _create(events=None),
        *(_create(events=[_event(entity, action)]) for entity in ENTITIES for action in ACTIONS),
        _create(events=[_event("PROMPT", "CREATED"), _event("MODEL_VERSION", "CREATED")]),
        _create(events=ONE + ONE),
        _create(events={"entity": "PROMPT", "action": "CREATED"}),
    ],
    "a webhook is changed": [
        _create("hook", description="d", secret="s", save="hook"),
        _change("$hook"),
        _change("$hook", name="other"),
        _change("$hook", name=""),
        _change("$hook", name="a b"),
        _change("$hook", url="https://hooks.example/"),
        _change("$hook", url=""),
        _change("$hook", url="ftp://hooks.example/"),
        _change("$hook", description="e"),
        _change("$hook", description=""),
        _change("$hook", events=[_event("PROMPT_TAG", "SET"), _event("MODEL_VERSION", "CREATED")]),
        _change("$hook", events=[]),
        _change("$hook", events=[_event("PROMPT_TAG", "CREATED")]),
        _change("$hook", status="DISABLED"),
        _change("$hook", secret="t"),
        _change("$hook", secret=""),
        _get("$hook"),
        _change(UNKNOWN, name="n"),
    ],
    "a webhook is deleted": [
        _create(save="hook"),
        DELETE("webhooks/$hook", {}),
        DELETE("webhooks/$hook", {}),
        DELETE("webhooks/x"),
        _get("$hook"),
        _change("$hook", name="n"),
        POST("webhooks/$hook/test", {}),
    ],
    "a list in pages": [
        *(_list(max_results=most) for most in (-1, 1001, "x")),
        _list(page_token="x"),
        _list(max_results=1, page_token="x"),
    ],
    "a test of an event that there is not": [
        _create(save="hook"),
        POST("webhooks/$hook/test", {"event": _event("MODEL_VERSION", "SET")}),
    ],
    "a test of a webhook that nobody answers for": [
        _create(save="hook"),
        POST("webhooks/$hook/test", {}),
    ],
    "an event that cannot be read": [
        _create(events=[_event("NONE", "CREATED")]),
        _create(events=[{"entity": "PROMPT"}]),
        _create(events=[{}]),
        _create(events=["PROMPT"]),
        _create(events=[_event("ENTITY_UNSPECIFIED", "ACTION_UNSPECIFIED")]),
        _create(status="SLEEPING"),
    ],
}

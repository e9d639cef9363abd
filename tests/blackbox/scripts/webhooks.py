"""Webhooks as MLflow's client makes, reads, changes and tries them."""

from __future__ import annotations

from typing import Any

from mlflow import MlflowClient

from tests.blackbox.script import check_if, finish, refused

client: Any = MlflowClient()
has_webhooks = hasattr(client, "create_webhook")
# An address of the Internet that needs no name, and that the script never calls.
URL = "https://1.1.1.1:1/in"


def new_webhook(**fields: Any) -> Any:
    given = {"name": "hook", "url": URL, "events": ["registered_model.created"], "status": "DISABLED"}
    return client.create_webhook(**(given | fields))


def names(webhook: Any) -> set[str]:
    return {str(event) for event in webhook.events}


@check_if(has_webhooks)
def a_webhook_is_read_as_it_was_created() -> None:
    made = new_webhook(description="d", secret="s", events=["model_version.created", "prompt_alias.deleted"])
    for webhook in (made, client.get_webhook(made.webhook_id)):
        assert (webhook.name, webhook.url, webhook.description) == ("hook", URL, "d")
        assert names(webhook) == {"model_version.created", "prompt_alias.deleted"}
        assert webhook.status.value == "DISABLED"
        assert webhook.creation_timestamp == webhook.last_updated_timestamp > 0
        assert webhook.secret is None


@check_if(has_webhooks)
def webhooks_are_listed_in_pages() -> None:
    made = {new_webhook().webhook_id for _ in range(3)}
    found: list[str] = []
    token = None
    while True:
        page = client.list_webhooks(max_results=2, page_token=token)
        found += [webhook.webhook_id for webhook in page]
        token = page.token
        if not token:
            break
    assert made <= set(found)
    assert len(found) == len(set(found))


@check_if(has_webhooks)
def a_webhook_is_changed_and_deleted() -> None:
    webhook_id = new_webhook().webhook_id
    changed = client.update_webhook(webhook_id, name="other", events=["prompt.created"], description="e")
    assert (changed.name, changed.description, names(changed)) == ("other", "e", {"prompt.created"})
    client.delete_webhook(webhook_id)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_webhook(webhook_id)


@check_if(has_webhooks)
def a_webhook_that_leads_inside_is_refused() -> None:
    for url in ("https://127.0.0.1/in", "https://10.0.0.1/", "http://1.1.1.1/", "https://169.254.169.254/"):
        with refused("INVALID_PARAMETER_VALUE"):
            new_webhook(url=url)


finish()

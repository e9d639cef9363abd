"""Requests and responses of MLflow's table with fields of ours beside its own. Written by hand.

A client that knows none of them asks as it always did and gets what it always got.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values import artifacts as artifact_values
from genesis_flow.values import webhooks as webhook_values
from genesis_flow.values.message import Int32, Message
from genesis_flow.wire.messages import artifacts, logged_models, webhooks

RunEvent = Literal["FINISHED", "FAILED", "KILLED"]


class ListArtifacts(artifacts.ListArtifacts, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/artifacts/list``.

    Attributes:
        max_results: how many entries a page has; without it and without a token everything is listed.
        digests: whether to tell what is known of the files' digests, which costs a look at each.
    """

    max_results: Int32 | None = None
    digests: bool | None = None


class ListLoggedModelArtifacts(logged_models.ListLoggedModelArtifacts, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/logged-models/{model_id}/artifacts/directories``; see ``ListArtifacts``."""

    max_results: Int32 | None = None
    digests: bool | None = None


class ListProxiedArtifacts(artifacts.ArtifactsListArtifacts, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow-artifacts/artifacts``; see ``ListArtifacts``."""

    page_token: str | None = None
    max_results: Int32 | None = None
    digests: bool | None = None


class FileInfo(artifact_values.FileInfo, frozen=True, kw_only=True):
    """An entry of a directory.

    Attributes:
        sha256: the digest of the file in hexadecimal, if it was asked for and is known.
    """

    sha256: str | None = None


class ListArtifactsResponse(artifacts.ListArtifactsResponse, frozen=True, kw_only=True):
    """A directory of a run or a model, or a page of it."""

    files: tuple[FileInfo, ...] = ()


class ListProxiedArtifactsResponse(Message, frozen=True, kw_only=True):
    """A directory of the proxy, or a page of it."""

    files: tuple[FileInfo, ...] = ()
    next_page_token: str | None = None


class Webhook(webhook_values.Webhook, frozen=True, kw_only=True):
    """A webhook.

    Attributes:
        run_events: with which statuses runs must end so that it hears of them.
    """

    run_events: tuple[RunEvent, ...] = ()


class CreateWebhook(webhooks.CreateWebhook, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/webhooks``; one of ``events`` and ``run_events`` must name some."""

    run_events: tuple[RunEvent, ...] = ()


class UpdateWebhook(webhooks.UpdateWebhook, frozen=True, kw_only=True):
    """``PATCH /api/2.0/mlflow/webhooks/{webhook_id}``.

    Attributes:
        run_events: those from now on, perhaps none; without it they stay.
    """

    run_events: tuple[RunEvent, ...] | None = None


class ListWebhooks(webhooks.ListWebhooks, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/webhooks``.

    Attributes:
        run_events: whether to list also webhooks that hear of nothing but runs; MLflow's client cannot read those.
    """

    run_events: bool = False


class TestWebhook(webhooks.TestWebhook, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/webhooks/{webhook_id}/test``.

    Attributes:
        run_event: sends an example of this one.
    """

    run_event: RunEvent | None = None


class WebhookResponse(Message, frozen=True, kw_only=True):
    """The answer of all verbs about one webhook."""

    webhook: Webhook | None = None


class ListWebhooksResponse(Message, frozen=True, kw_only=True):
    """A page of webhooks."""

    webhooks: tuple[Webhook, ...] = ()
    next_page_token: str | None = None

"""Values of the noun ``reviews``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message


ReviewQueueType = Literal[
    "REVIEW_QUEUE_TYPE_UNSPECIFIED",
    "USER",
    "CUSTOM",
]


ReviewItemType = Literal[
    "REVIEW_ITEM_TYPE_UNSPECIFIED",
    "TRACE",
]


ReviewStatus = Literal[
    "REVIEW_STATUS_UNSPECIFIED",
    "PENDING",
    "COMPLETE",
    "DECLINED",
]


class ReviewQueue(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.ReviewQueue``."""

    queue_id: str | None = None
    experiment_id: str | None = None
    name: str | None = None
    queue_type: ReviewQueueType | None = None
    created_by: str | None = None
    creation_time_ms: Int64 | None = None
    last_update_time_ms: Int64 | None = None
    users: tuple[str, ...] = ()
    schema_ids: tuple[str, ...] = ()


class ReviewQueueItem(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.ReviewQueueItem``."""

    queue_id: str | None = None
    item_type: ReviewItemType | None = None
    item_id: str | None = None
    status: ReviewStatus | None = None
    completed_by: str | None = None
    completed_time_ms: Int64 | None = None
    creation_time_ms: Int64 | None = None
    last_update_time_ms: Int64 | None = None

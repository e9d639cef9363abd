"""Requests and responses of the noun ``reviews``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int32, Message
from genesis_flow.values.reviews import ReviewItemType, ReviewQueue, ReviewQueueItem, ReviewQueueType, ReviewStatus


class CreateReviewQueue(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/review-queues/create``."""

    experiment_id: str
    name: str
    queue_type: ReviewQueueType
    created_by: str | None = None
    users: tuple[str, ...] = ()
    schema_ids: tuple[str, ...] = ()


class CreateReviewQueueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.CreateReviewQueue.Response``."""

    review_queue: ReviewQueue | None = None


class GetOrCreateUserQueue(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/review-queues/get-or-create-user``."""

    experiment_id: str
    user: str
    created_by: str | None = None


class GetOrCreateUserQueueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.GetOrCreateUserQueue.Response``."""

    review_queue: ReviewQueue | None = None


class GetReviewQueue(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/review-queues/get``."""

    queue_id: str


class GetReviewQueueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.GetReviewQueue.Response``."""

    review_queue: ReviewQueue | None = None


class GetReviewQueueByName(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/review-queues/get-by-name``."""

    experiment_id: str
    name: str


class GetReviewQueueByNameResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.GetReviewQueueByName.Response``."""

    review_queue: ReviewQueue | None = None


class ListReviewQueues(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/review-queues/list``."""

    experiment_id: str
    user: str | None = None
    max_results: Int32 | None = None
    page_token: str | None = None
    item_id: str | None = None


class ListReviewQueuesResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.ListReviewQueues.Response``."""

    review_queues: tuple[ReviewQueue, ...] = ()
    next_page_token: str | None = None


class UpdateReviewQueue(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/review-queues/update``."""

    queue_id: str
    update_users: bool | None = None
    users: tuple[str, ...] = ()
    update_schema_ids: bool | None = None
    schema_ids: tuple[str, ...] = ()
    name: str | None = None
    new_owner: str | None = None


class UpdateReviewQueueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.UpdateReviewQueue.Response``."""

    review_queue: ReviewQueue | None = None


class DeleteReviewQueue(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/review-queues/delete``."""

    queue_id: str


class DeleteReviewQueueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.DeleteReviewQueue.Response``."""


class AddItemsToReviewQueue(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/review-queues/items/add``."""

    queue_id: str
    item_type: ReviewItemType | None = None
    item_ids: tuple[str, ...] = ()


class AddItemsToReviewQueueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.AddItemsToReviewQueue.Response``."""

    items: tuple[ReviewQueueItem, ...] = ()


class RemoveItemsFromReviewQueue(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/review-queues/items/remove``."""

    queue_id: str
    item_ids: tuple[str, ...] = ()


class RemoveItemsFromReviewQueueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.RemoveItemsFromReviewQueue.Response``."""


class ListReviewQueueItems(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/review-queues/items/list``."""

    queue_id: str
    status: ReviewStatus | None = None
    max_results: Int32 | None = None
    page_token: str | None = None


class ListReviewQueueItemsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.ListReviewQueueItems.Response``."""

    items: tuple[ReviewQueueItem, ...] = ()
    next_page_token: str | None = None


class SetReviewQueueItemStatus(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/review-queues/items/set-status``."""

    queue_id: str
    item_id: str
    status: ReviewStatus
    completed_by: str | None = None


class SetReviewQueueItemStatusResponse(Message, frozen=True, kw_only=True):
    """``mlflow.review_queues.SetReviewQueueItemStatus.Response``."""

    item: ReviewQueueItem | None = None

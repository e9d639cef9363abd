"""Further headers of each request."""

from mlflow.tracking.request_header import abstract_request_header_provider as abstract_request_header_provider

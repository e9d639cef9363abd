"""Who asks the server."""

from mlflow.tracking.request_auth import abstract_request_auth_provider as abstract_request_auth_provider

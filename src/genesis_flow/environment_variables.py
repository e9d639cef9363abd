"""The environment variables that the client reads: MLflow's names, types and defaults.

Source: mlflow 3.17.2. A variable is read whenever it is asked for, so that a program may change it as it runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar, overload

T = TypeVar("T")

_TRUE, _FALSE = ("true", "1"), ("false", "0")


class Variable(Generic[T]):
    """A variable of the environment that has a type.

    Args:
        name: what it is called.
        read: its value from its text; raises ``ValueError`` for a text that has none.
        default: its value while it is not set.
    """

    def __init__(self, name: str, read: Callable[[str], T], default: T) -> None:
        self.name, self.default = name, default
        self._read = read

    def get(self) -> T:
        """Its value; raises ``ValueError`` if its text has none."""
        text = self.get_raw()
        if text is None:
            return self.default
        try:
            return self._read(text)
        except ValueError as error:
            raise ValueError(f"the environment variable {self.name} has a value that cannot be read: {error}") from None

    def get_raw(self) -> str | None:
        """Its text, if it is set."""
        return os.environ.get(self.name)

    def set(self, value: T) -> None:
        """Sets it, for this process and those that it starts."""
        os.environ[self.name] = str(value)

    def unset(self) -> None:
        """Removes it."""
        os.environ.pop(self.name, None)

    def is_set(self) -> bool:
        """Whether it is in the environment."""
        return self.name in os.environ

    def __repr__(self) -> str:
        return f"<{self.name}: {self.default!r} by default>"


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError("it must be true, false, 1 or 0")
    return text.lower() in _TRUE


@overload
def _text(name: str) -> Variable[str | None]: ...
@overload
def _text(name: str, default: str) -> Variable[str]: ...
def _text(name: str, default: str | None = None) -> Variable[str] | Variable[str | None]:
    return Variable(name, str, default)


def _switch(name: str, default: bool) -> Variable[bool]:
    return Variable(name, _boolean, default)


def _number(name: str, default: int) -> Variable[int]:
    return Variable(name, int, default)


# --- where and as whom ---
MLFLOW_TRACKING_URI = _text("MLFLOW_TRACKING_URI")
MLFLOW_REGISTRY_URI = _text("MLFLOW_REGISTRY_URI")
MLFLOW_TRACKING_USERNAME = _text("MLFLOW_TRACKING_USERNAME")
MLFLOW_TRACKING_PASSWORD = _text("MLFLOW_TRACKING_PASSWORD")
MLFLOW_TRACKING_TOKEN = _text("MLFLOW_TRACKING_TOKEN")
MLFLOW_TRACKING_AUTH = _text("MLFLOW_TRACKING_AUTH")
MLFLOW_TRACKING_INSECURE_TLS = _switch("MLFLOW_TRACKING_INSECURE_TLS", False)
MLFLOW_TRACKING_SERVER_CERT_PATH = _text("MLFLOW_TRACKING_SERVER_CERT_PATH")
MLFLOW_TRACKING_CLIENT_CERT_PATH = _text("MLFLOW_TRACKING_CLIENT_CERT_PATH")
MLFLOW_WORKSPACE = _text("MLFLOW_WORKSPACE")

# --- requests ---
MLFLOW_HTTP_REQUEST_TIMEOUT = _number("MLFLOW_HTTP_REQUEST_TIMEOUT", 120)
MLFLOW_HTTP_REQUEST_MAX_RETRIES = _number("MLFLOW_HTTP_REQUEST_MAX_RETRIES", 7)
MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR = _number("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", 2)
MLFLOW_HTTP_REQUEST_BACKOFF_JITTER = Variable("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", float, 1.0)
MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER = _switch("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", True)
MLFLOW_HTTP_POOL_MAXSIZE = _number("MLFLOW_HTTP_POOL_MAXSIZE", 10)

# --- runs ---
MLFLOW_EXPERIMENT_ID = _text("MLFLOW_EXPERIMENT_ID")
MLFLOW_EXPERIMENT_NAME = _text("MLFLOW_EXPERIMENT_NAME")
MLFLOW_RUN_ID = _text("MLFLOW_RUN_ID")
MLFLOW_RUN_NAME = _text("MLFLOW_RUN_NAME")
MLFLOW_RUN_CONTEXT = _text("MLFLOW_RUN_CONTEXT")
MLFLOW_ACTIVE_MODEL_ID = _text("MLFLOW_ACTIVE_MODEL_ID")
MLFLOW_TRUNCATE_LONG_VALUES = _switch("MLFLOW_TRUNCATE_LONG_VALUES", True)
MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT = _switch("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", False)
MLFLOW_PRINT_MODEL_URLS_ON_CREATION = _switch("MLFLOW_PRINT_MODEL_URLS_ON_CREATION", True)

# --- logging in the background ---
MLFLOW_ENABLE_ASYNC_LOGGING = _switch("MLFLOW_ENABLE_ASYNC_LOGGING", False)

# --- artifacts ---
MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR = _switch("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", True)
MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD = _switch("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", False)
MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD = _switch("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", False)
MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE = _number("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", 500 * 2**20)
MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE = _number("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", 10 * 2**20)
MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE = _number("MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE", 500 * 2**20)
MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT = Variable[int | None]("MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT", int, None)
MLFLOW_S3_ENDPOINT_URL = _text("MLFLOW_S3_ENDPOINT_URL")

# --- system metrics ---
MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING = _switch("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", False)
MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL = Variable[float | None]("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", float, None)
MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING = Variable[int | None](
    "MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING", int, None
)
MLFLOW_SYSTEM_METRICS_NODE_ID = _text("MLFLOW_SYSTEM_METRICS_NODE_ID")

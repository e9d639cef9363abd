"""The client, and where it keeps runs."""

from genesis_flow.tracking import *

from mlflow.tracking import (
    client as client,
    context as context,
    fluent as fluent,
    request_auth as request_auth,
    request_header as request_header,
)

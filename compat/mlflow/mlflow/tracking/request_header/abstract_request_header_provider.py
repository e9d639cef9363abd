"""What plugins in the group ``mlflow.request_header_provider`` inherit from."""

from genesis_flow.client.providers import RequestHeaderProvider as RequestHeaderProvider

"""What plugins in the group ``mlflow.request_auth_provider`` inherit from."""

from genesis_flow.client.providers import RequestAuthProvider as RequestAuthProvider

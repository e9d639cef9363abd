"""The client."""

from genesis_flow.client.client import MlflowClient as MlflowClient

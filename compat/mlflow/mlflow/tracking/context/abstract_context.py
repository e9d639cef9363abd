"""What plugins in the group ``mlflow.run_context_provider`` inherit from."""

from genesis_flow.client.providers import RunContextProvider as RunContextProvider

"""From a location to what reads and writes there."""

from genesis_flow.artifacts import get_artifact_repository as get_artifact_repository

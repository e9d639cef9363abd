"""What plugins in the group ``mlflow.artifact_repository`` inherit from."""

from genesis_flow.client.repositories.repository import ArtifactRepository as ArtifactRepository
from genesis_flow.entities import FileInfo as FileInfo

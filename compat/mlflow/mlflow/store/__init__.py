"""What plugins for stores of artifacts import."""

from mlflow.store import artifact as artifact, entities as entities

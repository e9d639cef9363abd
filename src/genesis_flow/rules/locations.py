"""Where the artifacts of a run or a model stand, below the location of its experiment."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def joined(root: str, *segments: str) -> str:
    """A location below ``root``; a query of the root stays behind the path."""
    parts = urlsplit(root)
    path = "/".join([parts.path.rstrip("/"), *segments])
    if not parts.scheme or len(parts.scheme) == 1:  # a plain path, or one that starts with a drive letter
        return "/".join([root.rstrip("/"), *segments])
    return urlunsplit(parts._replace(path=path))


def run_artifacts(experiment_location: str, run_id: str) -> str:
    """The location of a run's artifacts."""
    return joined(experiment_location, run_id, "artifacts")


def model_artifacts(experiment_location: str, model_id: str) -> str:
    """The location of a logged model's artifacts."""
    return joined(experiment_location, "models", model_id, "artifacts")

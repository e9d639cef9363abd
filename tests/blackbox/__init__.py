"""Unmodified MLflow clients from PyPI drive a running server."""

"""Tests of the second distribution, which provides the package ``mlflow``."""

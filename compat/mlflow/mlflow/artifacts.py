"""Functions of artifacts."""

from genesis_flow.artifacts import *

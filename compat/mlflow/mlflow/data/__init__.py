"""Datasets; each of their modules has its counterpart in ``genesis_flow.data``."""

from genesis_flow.data import *

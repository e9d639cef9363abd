"""Metrics of the machine."""

from genesis_flow.system_metrics import *

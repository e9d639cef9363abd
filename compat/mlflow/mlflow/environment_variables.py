"""The environment variables that the client reads."""

from genesis_flow.environment_variables import *

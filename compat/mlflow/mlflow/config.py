"""Settings of the client."""

from genesis_flow.config import *

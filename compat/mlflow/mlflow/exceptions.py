"""What the client raises."""

from genesis_flow.exceptions import *

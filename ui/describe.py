"""Prints the server's description of itself (OpenAPI), for openapi.mjs."""

import sys

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.server.openapi import document
from genesis_flow.service.service import Service
from genesis_flow.stores.memory import MemoryStore

sys.stdout.buffer.write(document(Service(MemoryStore(artifact_root=""), Roots()).implemented))

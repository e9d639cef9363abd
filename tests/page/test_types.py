"""The types that the page is built with are those that the server describes."""

from __future__ import annotations

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.server import openapi
from genesis_flow.service.service import Service
from genesis_flow.stores.memory import MemoryStore
from tests.page.browser import node


def test_the_types_of_the_page_are_those_of_the_server() -> None:
    document = openapi.document(Service(MemoryStore(artifact_root=""), Roots()).implemented)
    assert node("openapi.mjs", "--check", stdin=document) == (0, "")

"""A store in a fresh directory, next to a directory that is none of its business."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genesis_flow.artifact_stores.local import LocalArtifactStore
from genesis_flow.folders import HAS_FOLDER_HANDLES


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"SECRET")
    return outside


@pytest.fixture(params=["by handle", "by path"])
async def store(request: pytest.FixtureRequest, root: Path) -> AsyncIterator[LocalArtifactStore]:
    """Both ways down a tree: by handles, and by checked paths as on Windows."""
    by_handle = request.param == "by handle"
    if by_handle and not HAS_FOLDER_HANDLES:
        pytest.skip("this platform has no folder handles")
    store = LocalArtifactStore(str(root), by_handle=by_handle)
    yield store
    await store.close()

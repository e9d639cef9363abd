"""Links below the root, as an attacker plants them: nothing beyond one is read, listed, written or deleted."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from genesis_flow.artifact_stores.local import STAGING_NAME, LocalArtifactStore
from genesis_flow.artifact_stores.protocol import BLOCK_BYTES
from genesis_flow.errors import ArtifactNotFound, GenesisFlowError, InvalidPath
from genesis_flow.folders import HAS_FOLDER_HANDLES
from genesis_flow.rules.paths import SafeRelPath

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights of their own on Windows")

at = SafeRelPath.parse


async def bytes_in(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.fixture
def links(root: Path, outside: Path) -> list[str]:
    """Paths that lead outside, each through a link."""
    (root / "to_dir").symlink_to(outside)
    (root / "to_file").symlink_to(outside / "secret")
    (root / "relative").symlink_to("../outside")
    (root / "to_link").symlink_to("to_dir")
    (root / "deep").mkdir()
    (root / "deep" / "down").symlink_to(outside, target_is_directory=True)
    return ["to_dir/secret", "to_file", "relative/secret", "to_link/secret", "deep/down/secret"]


async def test_a_link_is_not_read(store: LocalArtifactStore, links: list[str]) -> None:
    for path in links:
        with pytest.raises(ArtifactNotFound):
            await store.open(at(path))
        assert not await store.exists(at(path))


async def test_a_link_is_not_listed(store: LocalArtifactStore, links: list[str]) -> None:
    assert [str(info.path) for info in await store.list(SafeRelPath.ROOT)] == ["deep"]
    for path in ("to_dir", "to_file", "relative", "to_link", "deep", "deep/down"):
        assert list(await store.list(at(path))) == []


async def test_nothing_is_written_through_a_link(
    store: LocalArtifactStore, root: Path, outside: Path, links: list[str]
) -> None:
    for path in [*links, "to_dir/new", "to_dir/new/below", "deep/down/new", "to_dir"]:
        with pytest.raises(InvalidPath):
            await store.write(at(path), bytes_in(b"ATTACK"))

    assert os.listdir(outside) == ["secret"]
    assert (outside / "secret").read_bytes() == b"SECRET"
    assert (root / "to_file").is_symlink()
    assert not (root / STAGING_NAME).exists()


async def test_nothing_is_deleted_through_a_link(
    store: LocalArtifactStore, root: Path, outside: Path, links: list[str]
) -> None:
    for path in links:
        await store.delete(at(path))
    assert (outside / "secret").read_bytes() == b"SECRET"

    await store.delete(at("deep"))
    await store.delete(at("to_dir"))

    assert (outside / "secret").read_bytes() == b"SECRET"
    assert not (root / "deep").exists()
    assert not (root / "to_dir").is_symlink()


async def test_a_link_that_leads_inside_is_not_followed_either(store: LocalArtifactStore, root: Path) -> None:
    await store.write(at("run1/f"), bytes_in(b"x"))
    (root / "run2").symlink_to("run1")

    with pytest.raises(ArtifactNotFound):
        await store.open(at("run2/f"))
    with pytest.raises(InvalidPath):
        await store.write(at("run2/f"), bytes_in(b"y"))


async def test_a_dangling_link_is_nothing(store: LocalArtifactStore, root: Path, outside: Path) -> None:
    (root / "dangling").symlink_to(outside / "new")

    with pytest.raises(ArtifactNotFound):
        await store.open(at("dangling"))
    with pytest.raises(InvalidPath):
        await store.write(at("dangling"), bytes_in(b"x"))

    assert os.listdir(outside) == ["secret"]


async def test_a_staging_folder_that_is_a_link_is_not_used(
    store: LocalArtifactStore, root: Path, outside: Path
) -> None:
    (root / STAGING_NAME).symlink_to(outside)
    (root / "dir").mkdir()

    with pytest.raises(InvalidPath):
        await store.write(at("f"), bytes_in(b"x"))
    await store.delete(at("dir"))
    store.sweep(now_s=1e12)

    assert os.listdir(outside) == ["secret"]


async def test_a_root_that_is_a_link_is_the_operators_choice(tmp_path: Path, root: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    for by_handle in {HAS_FOLDER_HANDLES, False}:
        store = LocalArtifactStore(str(tmp_path / "alias"), by_handle=by_handle)
        await store.write(at("f"), bytes_in(b"x"))
        assert await store.exists(at("f"))
        await store.close()


async def test_a_hard_link_is_replaced_and_not_written_through(
    store: LocalArtifactStore, root: Path, outside: Path
) -> None:
    os.link(outside / "secret", root / "hard")

    await store.write(at("hard"), bytes_in(b"new"))
    await store.delete(at("hard"))

    assert (outside / "secret").read_bytes() == b"SECRET"


async def test_a_pipe_is_neither_waited_for_nor_listed_nor_replaced(store: LocalArtifactStore, root: Path) -> None:
    os.mkfifo(root / "pipe")

    with pytest.raises(ArtifactNotFound):
        await store.open(at("pipe"))
    with pytest.raises(InvalidPath):
        await store.write(at("pipe"), bytes_in(b"x"))

    assert list(await store.list(SafeRelPath.ROOT)) == []
    assert not await store.exists(at("pipe"))


async def test_a_parent_swapped_for_a_link_during_an_upload_is_not_followed(
    store: LocalArtifactStore, root: Path, outside: Path
) -> None:
    (root / "run" / "model").mkdir(parents=True)

    async def swapping() -> AsyncIterator[bytes]:
        yield b"x" * (2 * BLOCK_BYTES)
        (root / "run").rename(root / "moved")
        (root / "run").symlink_to(outside)
        yield b"x"

    with pytest.raises(InvalidPath):
        await store.write(at("run/model/secret"), swapping())
    with pytest.raises(InvalidPath):
        await store.write(at("run/secret"), bytes_in(b"x"))

    assert os.listdir(outside) == ["secret"]
    assert (outside / "secret").read_bytes() == b"SECRET"
    assert os.listdir(root / STAGING_NAME) == []


async def test_a_target_swapped_for_a_link_during_an_upload_is_not_followed(
    store: LocalArtifactStore, root: Path, outside: Path
) -> None:
    async def swapping() -> AsyncIterator[bytes]:
        yield b"x"
        (root / "f").symlink_to(outside / "secret")

    with pytest.raises(InvalidPath):
        await store.write(at("f"), swapping())

    assert (outside / "secret").read_bytes() == b"SECRET"


@pytest.mark.skipif(not HAS_FOLDER_HANDLES, reason="this platform has no folder handles")
async def test_a_parent_swapped_again_and_again_never_leads_outside(root: Path, outside: Path) -> None:
    store = LocalArtifactStore(str(root), by_handle=True)
    (root / "run").mkdir()
    (root / "run" / "secret").write_bytes(b"inside")
    (outside / "only outside").touch()
    os.symlink(outside, root / "link")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            with suppress(OSError):
                os.rename(root / "run", root / "aside")
                os.rename(root / "link", root / "run")
                os.rename(root / "run", root / "link")
                os.rename(root / "aside", root / "run")

    attacker = threading.Thread(target=swap)
    attacker.start()
    read: set[bytes] = set()
    try:
        for index in range(150):
            with suppress(GenesisFlowError):
                read.add(b"".join([chunk async for chunk in (await store.open(at("run/secret"))).chunks()]))
            with suppress(GenesisFlowError):
                await store.write(at(f"run/new{index % 3}"), bytes_in(b"x"))
            for info in await store.list(at("run")):
                assert info.path.name != "only outside"
            await store.delete(at("run/new0"))
    finally:
        stop.set()
        attacker.join()
        await store.close()

    assert read <= {b"inside"}
    assert sorted(os.listdir(outside)) == ["only outside", "secret"]
    assert (outside / "secret").read_bytes() == b"SECRET"

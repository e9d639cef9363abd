"""Artifacts in a directory: what is written is read, whole or not at all."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from genesis_flow.artifact_stores.digests import DIGESTS_NAME
from genesis_flow.artifact_stores.local import DOOMED, STAGING_NAME, STALE_S, LocalArtifactStore
from genesis_flow.artifact_stores.protocol import BLOCK_BYTES
from genesis_flow.errors import ArtifactIsDirectory, InvalidPath, StorageFull
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.testing.artifacts import ArtifactSuite, at, bytes_in, cut_after, read


def staged(root: Path) -> list[str]:
    staging = root / STAGING_NAME
    return os.listdir(staging) if staging.exists() else []


class TestLocalArtifactStore(ArtifactSuite):
    """Both ways down a tree, by the fixture ``store``."""


# --- reading and writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a", "0/run/artifacts/model/MLmodel", "a b", "100%.txt", "50%20off", ".hidden", "日本/é", "x" * 255],
)
async def test_a_file_has_its_own_name_on_the_disk(store: LocalArtifactStore, root: Path, name: str) -> None:
    await store.write(at(name), bytes_in(b"hello ", b"", b"world"))

    assert root.joinpath(*name.split("/")).read_bytes() == b"hello world"
    assert staged(root) == []


async def test_a_file_of_many_blocks_is_read_in_blocks(store: LocalArtifactStore) -> None:
    content = os.urandom(3 * BLOCK_BYTES + 17)
    await store.write(at("big"), bytes_in(content[:5], content[5 : 2 * BLOCK_BYTES], content[2 * BLOCK_BYTES :]))
    reader = await store.open(at("big"))

    chunks = [chunk async for chunk in reader.chunks()]

    assert b"".join(chunks) == content
    assert max(map(len, chunks)) == BLOCK_BYTES


async def test_a_reader_knows_size_time_and_version(store: LocalArtifactStore, root: Path) -> None:
    await store.write(at("f"), bytes_in(b"one"))
    os.utime(root / "f", ns=(0, 1_700_000_000_123_456_789))
    first = await store.open(at("f"))
    again = await store.open(at("f"))
    await store.write(at("f"), bytes_in(b"two"))
    os.utime(root / "f", ns=(0, 1_700_000_000_123_456_789))
    second = await store.open(at("f"))

    assert (first.size_bytes, first.modified_ms) == (3, 1_700_000_000_123)
    assert first.etag == again.etag != second.etag
    assert first.etag.isalnum()
    for reader in (first, again, second):
        await reader.close()
        await reader.close()


async def test_a_file_that_shrinks_while_it_is_read_ends_in_an_error(store: LocalArtifactStore, root: Path) -> None:
    await store.write(at("f"), bytes_in(b"x" * (2 * BLOCK_BYTES)))
    chunks = (await store.open(at("f"))).chunks()
    await anext(chunks)

    os.truncate(root / "f", 10)

    with pytest.raises(EOFError):
        await anext(chunks)


async def test_a_reader_that_is_left_half_way_is_closed(store: LocalArtifactStore) -> None:
    await store.write(at("f"), bytes_in(b"x" * (2 * BLOCK_BYTES)))
    handles = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    chunks = (await store.open(at("f"))).chunks()
    await anext(chunks)

    await chunks.aclose()

    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == handles


# --- listing --------------------------------------------------------------------------------------------------


async def test_names_that_no_request_could_ask_for_are_left_out(store: LocalArtifactStore, root: Path) -> None:
    for name in ("fine", "a#b", "a\nb", "%2e%2e", "gnp\u202egpj.exe"):
        (root / name).touch()
    if sys.platform == "linux":
        (root / os.fsdecode(b"\xff")).touch()

    assert [str(info.path) for info in await store.list(SafeRelPath.ROOT)] == ["fine"]


async def test_a_root_that_is_not_there_is_empty_until_the_first_write(tmp_path: Path) -> None:
    store = LocalArtifactStore(str(tmp_path / "not" / "yet"))

    assert not await store.list(SafeRelPath.ROOT)
    assert not await store.exists(SafeRelPath.ROOT)
    await store.delete(at("x"))
    assert not (tmp_path / "not").exists()
    await store.write(at("a/b"), bytes_in(b"x"))
    assert await read(store, "a/b") == b"x"
    await store.close()


# --- writing, whole or not at all -----------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [[], [b"x"], [b"x" * (2 * BLOCK_BYTES)]], ids=["nothing", "little", "much"])
async def test_an_upload_that_is_cut_leaves_nothing(store: LocalArtifactStore, root: Path, sent: list[bytes]) -> None:
    with pytest.raises(ConnectionResetError):
        await store.write(at("dir/f"), cut_after(*sent))

    assert staged(root) == []
    assert not (root / "dir").exists()


async def test_an_upload_that_is_cut_leaves_the_file_that_was_there(store: LocalArtifactStore, root: Path) -> None:
    await store.write(at("f"), bytes_in(b"old"))

    with pytest.raises(ConnectionResetError):
        await store.write(at("f"), cut_after(b"new" * BLOCK_BYTES))

    assert await read(store, "f") == b"old"
    assert staged(root) == []


async def test_an_upload_is_invisible_until_it_is_whole(store: LocalArtifactStore, root: Path) -> None:
    seen: list[object] = []

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * (2 * BLOCK_BYTES)
        seen.extend([staged(root) != [], list(await store.list(SafeRelPath.ROOT)), await store.exists(at("f"))])
        yield b"y"

    await store.write(at("f"), chunks())

    assert seen == [True, [], False]
    assert await store.exists(at("f"))


async def test_an_upload_that_is_cancelled_leaves_nothing(store: LocalArtifactStore, root: Path) -> None:
    arrived = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield b"x" * (2 * BLOCK_BYTES)
        arrived.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(store.write(at("f"), stalled()))
    await arrived.wait()
    upload.cancel()

    with pytest.raises(asyncio.CancelledError):
        await upload
    assert staged(root) == []
    assert not await store.exists(at("f"))


async def test_an_upload_that_is_cancelled_at_any_moment_is_whole_or_not_there(
    store: LocalArtifactStore, root: Path
) -> None:
    content = b"x" * (4 * BLOCK_BYTES)
    for turns in range(40):
        upload = asyncio.create_task(store.write(at(f"f{turns}"), bytes_in(*[content[:BLOCK_BYTES]] * 4)))
        for _ in range(turns):
            await asyncio.sleep(0.0002)
        upload.cancel()
        await asyncio.wait([upload])

        assert staged(root) == []
        if await store.exists(at(f"f{turns}")):
            assert await read(store, f"f{turns}") == content
        await store.delete(at(f"f{turns}"))


async def test_concurrent_writers_of_one_path_leave_one_of_their_files(store: LocalArtifactStore, root: Path) -> None:
    contents = [bytes([65 + index]) * (BLOCK_BYTES + index) for index in range(16)]

    await asyncio.gather(*(store.write(at("dir/f"), bytes_in(c[:1000], c[1000:])) for c in contents))

    assert await read(store, "dir/f") in contents
    assert staged(root) == []
    assert os.listdir(root / "dir") == ["f"]


async def test_writers_and_a_deleter_of_one_directory_do_not_fail(store: LocalArtifactStore, root: Path) -> None:
    async def write(index: int) -> None:
        for _ in range(15):
            await store.write(at(f"a/b/c/{index}"), bytes_in(b"x"))

    async def delete() -> None:
        for _ in range(60):
            await store.delete(at("a"))

    await asyncio.gather(*(write(index) for index in range(4)), delete())
    await store.delete(at("a"))

    assert list(await store.list(SafeRelPath.ROOT)) == []
    assert staged(root) == []


async def test_a_place_that_cannot_be_written_is_refused_before_the_body_is_read(
    store: LocalArtifactStore,
) -> None:
    await store.write(at("dir/f"), bytes_in(b"x"))

    async def untouched() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    for path in ("dir", "dir/f/below"):
        with pytest.raises((ArtifactIsDirectory, InvalidPath)):
            await store.write(at(path), untouched())


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
async def test_a_file_gets_ordinary_permissions_and_the_staging_folder_private_ones(
    store: LocalArtifactStore, root: Path
) -> None:
    await store.write(at("f"), bytes_in(b"x"))
    mask = os.umask(0)
    os.umask(mask)

    assert stat.S_IMODE((root / "f").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE((root / STAGING_NAME).stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
async def test_a_disk_that_is_full_at_the_end_is_a_clear_error(
    store: LocalArtifactStore, root: Path, monkeypatch: pytest.MonkeyPatch, failing: str, code: int
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(code, "injected")

    await store.write(at("f"), bytes_in(b"old"))
    with monkeypatch.context() as faults:
        faults.setattr(os, failing, full)
        with pytest.raises(StorageFull):
            await store.write(at("f"), bytes_in(b"new"))

    assert staged(root) == []
    assert await read(store, "f") == b"old"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no permission to mount a small disk")
    yield small
    subprocess.run(["umount", str(small)], check=True)


async def test_a_disk_that_fills_up_is_a_clear_error_and_works_again(small_disk: Path) -> None:
    store = LocalArtifactStore(str(small_disk))

    with pytest.raises(StorageFull):
        await store.write(at("f"), bytes_in(*[b"x" * BLOCK_BYTES] * 8))

    assert staged(small_disk) == []
    assert (await store.write(at("f"), bytes_in(b"x" * BLOCK_BYTES))).size_bytes == BLOCK_BYTES
    await store.close()


async def test_memory_stays_flat_for_a_large_file(tmp_path: Path) -> None:
    store = LocalArtifactStore(str(tmp_path / "large"))
    size = 200 * BLOCK_BYTES

    async def small_chunks() -> AsyncIterator[bytes]:
        for _ in range(size // 65536):
            yield bytes(65536)

    tracemalloc.start()
    try:
        assert (await store.write(at("large"), small_chunks())).size_bytes == size
        reader = await store.open(at("large"))
        assert sum([len(chunk) async for chunk in reader.chunks()]) == size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        await store.delete(at("large"))
        await store.close()

    assert peak < 16 * BLOCK_BYTES


# --- digests ---------------------------------------------------------------------------------------------------


async def sha256_of(store: LocalArtifactStore, name: str) -> str | None:
    reader = await store.open(at(name))
    await reader.close()
    return reader.sha256


async def test_a_file_that_somebody_else_wrote_has_no_digest(store: LocalArtifactStore, root: Path) -> None:
    await store.write(at("dir/f"), bytes_in(b"old"))
    assert await sha256_of(store, "dir/f")

    (root / "dir" / "f").write_bytes(b"new")
    (root / "dir" / "g").write_bytes(b"new")

    assert await sha256_of(store, "dir/f") is None
    assert await sha256_of(store, "dir/g") is None


@pytest.mark.parametrize("spoilt", [b"", b"nonsense", b"0" * 97 + b"\n", None])
async def test_a_digest_that_was_spoilt_or_lost_is_not_told(
    store: LocalArtifactStore, root: Path, spoilt: bytes | None
) -> None:
    await store.write(at("f"), bytes_in(b"x"))
    kept = root / DIGESTS_NAME / "f"
    kept.unlink() if spoilt is None else kept.write_bytes(spoilt)

    assert await sha256_of(store, "f") is None
    assert await read(store, "f") == b"x"


async def test_a_digest_is_not_written_or_read_through_a_link(
    store: LocalArtifactStore, root: Path, outside: Path
) -> None:
    (root / DIGESTS_NAME).symlink_to(outside)

    await store.write(at("f"), bytes_in(b"x"))

    assert await sha256_of(store, "f") is None
    assert os.listdir(outside) == ["secret"]


async def test_a_digest_goes_with_its_file(store: LocalArtifactStore, root: Path) -> None:
    for name in ("a", "dir/b", "dir/sub/c", "d"):
        await store.write(at(name), bytes_in(b"x"))

    await store.delete(at("a"))
    await store.delete(at("dir"))
    await store.write(at("a/now a directory"), bytes_in(b"y"))

    assert sorted(os.listdir(root / DIGESTS_NAME)) == ["a", "d"]
    assert await sha256_of(store, "a/now a directory")


# --- deleting -------------------------------------------------------------------------------------------------


async def test_a_deleted_directory_takes_its_tree_along(store: LocalArtifactStore, root: Path) -> None:
    for name in ("a/b/c/d", "a/b/e", "a/f", "b"):
        await store.write(at(name), bytes_in(b"x"))

    await store.delete(at("a"))

    assert sorted(os.listdir(root)) == [DIGESTS_NAME, STAGING_NAME, "b"]
    assert os.listdir(root / DIGESTS_NAME) == ["b"]
    assert staged(root) == []


async def test_a_tree_deeper_than_any_stack_is_deleted(store: LocalArtifactStore, root: Path) -> None:
    for level in range(sys.getrecursionlimit() + 200):
        os.mkdir(f"{root}/top{'/d' * level}")

    await store.delete(at("top"))

    assert os.listdir(root) == [STAGING_NAME]
    assert staged(root) == []


# --- the staging folder ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [STAGING_NAME, STAGING_NAME.upper(), f"dir/{STAGING_NAME}", DIGESTS_NAME, f"dir/{DIGESTS_NAME.upper()}"]
)
async def test_the_folders_of_the_store_cannot_be_reached(store: LocalArtifactStore, root: Path, name: str) -> None:
    (root / name).mkdir(parents=True)
    (root / name / "upload").write_bytes(b"of somebody else")

    for path in (at(name), at(name + "/upload")):
        with pytest.raises(InvalidPath):
            await store.open(path)
        with pytest.raises(InvalidPath):
            await store.list(path)
        with pytest.raises(InvalidPath):
            await store.write(path, bytes_in(b"x"))
        with pytest.raises(InvalidPath):
            await store.delete(path)
        with pytest.raises(InvalidPath):
            await store.exists(path)
    assert at(name) not in [info.path for info in await store.list(at(name).parent)]
    assert (root / name / "upload").read_bytes() == b"of somebody else"


async def test_a_sweep_takes_what_is_stale_and_leaves_what_is_not(store: LocalArtifactStore, root: Path) -> None:
    tree = root / STAGING_NAME / "tree" / "with" / "branches"
    tree.mkdir(parents=True)
    (tree / "leaf").touch()
    (root / STAGING_NAME / "upload").touch()

    store.sweep()
    assert sorted(staged(root)) == ["tree", "upload"]

    store.sweep(now_s=time.time() + STALE_S + 60)
    assert staged(root) == []


async def test_a_sweep_goes_on_with_a_tree_that_somebody_was_deleting(store: LocalArtifactStore, root: Path) -> None:
    tree = root / STAGING_NAME / f"tree{DOOMED}" / "with"
    tree.mkdir(parents=True)
    (tree / "leaf").touch()

    store.sweep()

    assert staged(root) == []


async def test_a_sweep_of_a_root_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    store = LocalArtifactStore(str(tmp_path / "missing"))

    store.sweep()

    assert os.listdir(tmp_path) == []
    await store.close()

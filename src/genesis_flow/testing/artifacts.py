"""The suite that every artifact store passes.

To test a store, give it, empty::

    class TestMyArtifactStore(ArtifactSuite):
        @pytest.fixture
        async def store(self) -> AsyncIterator[ArtifactStore]:
            store = MyArtifactStore()
            yield store
            await store.close()

What a store does not say that it ``supports`` is not asked of it. None of the tests can be changed or left out.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator

import pytest

from genesis_flow.artifact_stores.protocol import BLOCK_BYTES, ArtifactStore, Capability, FileInfo, Usage
from genesis_flow.errors import ArtifactIsDirectory, ArtifactNotFound, DigestMismatch, InvalidPath
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.testing.suite import Suite

at = SafeRelPath.parse
MUCH = [b"x" * BLOCK_BYTES] * 18
"""More than any store sends or keeps as one piece."""


async def bytes_in(*chunks: bytes) -> AsyncIterator[bytes]:
    """A body."""
    for chunk in chunks:
        yield chunk


async def cut_after(*chunks: bytes) -> AsyncIterator[bytes]:
    """The body of a client that does not send the rest."""
    for chunk in chunks:
        yield chunk
    raise ConnectionResetError("the client went away")


async def read(store: ArtifactStore, path: str, start: int = 0, end: int | None = None) -> bytes:
    """What a file holds."""
    reader = await store.open(at(path))
    return b"".join([chunk async for chunk in reader.chunks(start, end)])


async def names(store: ArtifactStore, path: str = "") -> list[str]:
    """The paths that a directory lists."""
    return [str(info.path) for info in await store.list(at(path))]


def need(store: ArtifactStore, capability: Capability) -> None:
    """Skips the test on a store that cannot do this."""
    if capability not in store.supports:
        pytest.skip(f"this store has no {capability}")


class ArtifactSuite(Suite):
    """Everything that is asked of an artifact store."""

    # --- reading and writing ---------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "name",
        [
            "a",
            "0/run/artifacts/model/MLmodel",
            "a b",
            "100%.txt",
            "50%20off",
            ".hidden",
            "日本/é",
            "x" * 255,
            "a+b&c=d",
        ],
    )
    async def test_what_is_written_is_read(self, store: ArtifactStore, name: str) -> None:
        written = await store.write(at(name), bytes_in(b"hello ", b"", b"world"))

        assert written.size_bytes == 11
        assert written.sha256 == hashlib.sha256(b"hello world").hexdigest()
        assert await read(store, name) == b"hello world"
        assert await store.exists(at(name))
        assert await names(store, str(at(name).parent)) == [name]

    async def test_an_empty_file_is_a_file(self, store: ArtifactStore) -> None:
        assert (await store.write(at("empty"), bytes_in())).size_bytes == 0

        assert await read(store, "empty") == b""
        assert [(info.path, info.file_size) for info in await store.list(SafeRelPath.ROOT)] == [(at("empty"), 0)]

    async def test_a_large_file_is_read_in_blocks(self, store: ArtifactStore) -> None:
        content = os.urandom(BLOCK_BYTES) * 17 + b"the end"
        await store.write(at("big"), bytes_in(content[:5], content[5 : 2 * BLOCK_BYTES], content[2 * BLOCK_BYTES :]))
        reader = await store.open(at("big"))

        chunks = [chunk async for chunk in reader.chunks()]

        assert b"".join(chunks) == content
        assert reader.size_bytes == len(content)
        assert max(map(len, chunks)) <= 2 * BLOCK_BYTES

    @pytest.mark.parametrize(("start", "end"), [(0, 0), (0, 1), (3, 7), (9, 10), (10, 10), (0, 10), (4, None)])
    async def test_a_range_holds_its_start_and_not_its_end(
        self, store: ArtifactStore, start: int, end: int | None
    ) -> None:
        await store.write(at("digits"), bytes_in(b"0123456789"))

        assert await read(store, "digits", start, end) == b"0123456789"[start:end]

    @pytest.mark.parametrize(("start", "end"), [(-1, 3), (4, 3), (0, 11), (11, None)])
    async def test_a_range_outside_the_file_is_an_error(
        self, store: ArtifactStore, start: int, end: int | None
    ) -> None:
        await store.write(at("digits"), bytes_in(b"0123456789"))

        with pytest.raises(ValueError, match="no bytes"):
            await read(store, "digits", start, end)

    async def test_a_reader_knows_size_and_version(self, store: ArtifactStore) -> None:
        await store.write(at("f"), bytes_in(b"one"))
        first = await store.open(at("f"))
        again = await store.open(at("f"))
        await store.write(at("f"), bytes_in(b"two"))
        second = await store.open(at("f"))

        assert first.size_bytes == 3
        assert first.modified_ms > 1_700_000_000_000
        assert first.etag == again.etag != second.etag
        assert first.etag.isprintable()
        assert '"' not in first.etag
        for reader in (first, again, second):
            await reader.close()
            await reader.close()

    async def test_a_reader_that_has_begun_keeps_its_content(self, store: ArtifactStore) -> None:
        old = b"o" * (2 * BLOCK_BYTES)
        await store.write(at("f"), bytes_in(old))
        chunks = (await store.open(at("f"))).chunks()
        first = await anext(chunks)

        await store.write(at("f"), bytes_in(b"new"))
        await store.delete(at("f"))

        assert first + b"".join([chunk async for chunk in chunks]) == old

    async def test_a_reader_never_gives_another_version_than_it_opened(self, store: ArtifactStore) -> None:
        for change in ("replaced", "deleted"):
            await store.write(at("f"), bytes_in(b"old"))
            reader = await store.open(at("f"))
            await (store.write(at("f"), bytes_in(b"new")) if change == "replaced" else store.delete(at("f")))
            if "snapshots" in store.supports:
                assert b"".join([chunk async for chunk in reader.chunks()]) == b"old"
            else:
                with pytest.raises(EOFError):
                    await anext(reader.chunks())

    @pytest.mark.parametrize("path", ["missing", "missing/x", "dir/missing", "dir/f/below"])
    async def test_what_is_not_there_is_not_found(self, store: ArtifactStore, path: str) -> None:
        await store.write(at("dir/f"), bytes_in(b"x"))

        with pytest.raises(ArtifactNotFound):
            await store.open(at(path))
        assert not await store.exists(at(path))

    async def test_a_directory_is_not_read_as_a_file(self, store: ArtifactStore) -> None:
        await store.write(at("dir/f"), bytes_in(b"x"))

        for path in ("dir", ""):
            with pytest.raises(ArtifactIsDirectory):
                await store.open(at(path))
            assert await store.exists(at(path))

    # --- listing ---------------------------------------------------------------------------------------------

    async def test_a_listing_is_sorted_and_counts_from_the_root(self, store: ArtifactStore) -> None:
        for name in ("z", "B", "a", ".hid", "sub/x", "sub-x"):
            await store.write(at(f"dir/{name}"), bytes_in(b"123"))

        listed = await store.list(at("dir"))

        assert [(str(info.path), info.is_dir, info.file_size) for info in listed] == [
            ("dir/.hid", False, 3),
            ("dir/B", False, 3),
            ("dir/a", False, 3),
            ("dir/sub", True, None),
            ("dir/sub-x", False, 3),
            ("dir/z", False, 3),
        ]

    async def test_a_file_and_a_missing_directory_list_nothing(self, store: ArtifactStore) -> None:
        await store.write(at("f"), bytes_in(b"x"))
        await store.write(at("fg"), bytes_in(b"x"))

        assert [list(await store.list(at(path))) for path in ("f", "f/x", "missing", "missing/x")] == [[], [], [], []]

    @pytest.mark.parametrize("limit", [1, 3, 100])
    async def test_pages_hold_what_a_listing_holds_and_each_entry_once(self, store: ArtifactStore, limit: int) -> None:
        for name in ("z", "a", "a-b", "a.txt", "sub/x", "sub/y/z", "sub-x", "sub.d/x", "日本", ".hid"):
            await store.write(at(f"dir/{name}"), bytes_in(b"123"))
        await store.write(at("dira/x"), bytes_in(b"x"))

        for folder in ("dir", "", "dir/sub", "missing", "dir/a"):
            found: list[FileInfo] = []
            position, pages = "", 0
            while True:
                page = await store.list_page(at(folder), limit, position)
                assert len(page.files) <= limit
                found += page.files
                pages += 1
                if page.position is None:
                    break
                position = page.position
            assert sorted(found, key=lambda info: info.path.name) == list(await store.list(at(folder)))
            assert pages == max(1, -(-len(found) // limit))

    async def test_what_comes_and_goes_between_pages_moves_nothing_else(self, store: ArtifactStore) -> None:
        for name in "bdfh":
            await store.write(at(f"{name}/x"), bytes_in(b"x"))
        first = await store.list_page(SafeRelPath.ROOT, 2)
        assert first.position is not None

        for name in "bd":
            await store.delete(at(name))
        await store.write(at("a/x"), bytes_in(b"x"))
        second = await store.list_page(SafeRelPath.ROOT, 2, first.position)

        assert [str(info.path) for info in (*first.files, *second.files)] == ["b", "d", "f", "h"]

    # --- writing, whole or not at all ------------------------------------------------------------------------

    @pytest.mark.parametrize("sent", [[], [b"x"], MUCH], ids=["nothing", "little", "much"])
    async def test_an_upload_that_is_cut_leaves_nothing(self, store: ArtifactStore, sent: list[bytes]) -> None:
        with pytest.raises(ConnectionResetError):
            await store.write(at("dir/f"), cut_after(*sent))

        assert not await store.exists(at("dir/f"))
        assert await names(store) == []

    async def test_an_upload_that_is_cut_leaves_the_file_that_was_there(self, store: ArtifactStore) -> None:
        await store.write(at("f"), bytes_in(b"old"))

        with pytest.raises(ConnectionResetError):
            await store.write(at("f"), cut_after(*MUCH))

        assert await read(store, "f") == b"old"

    async def test_an_upload_is_invisible_until_it_is_whole(self, store: ArtifactStore) -> None:
        seen: list[object] = []

        async def chunks() -> AsyncIterator[bytes]:
            for chunk in MUCH:
                yield chunk
            seen.extend([await names(store), await store.exists(at("f"))])
            yield b"y"

        await store.write(at("f"), chunks())

        assert seen == [[], False]
        assert await read(store, "f") == b"".join(MUCH) + b"y"

    @pytest.mark.parametrize("sent", [[b"x"], MUCH], ids=["little", "much"])
    async def test_an_upload_that_is_cancelled_leaves_nothing(self, store: ArtifactStore, sent: list[bytes]) -> None:
        arrived = asyncio.Event()

        async def stalled() -> AsyncIterator[bytes]:
            for chunk in sent:
                yield chunk
            arrived.set()
            await asyncio.Event().wait()

        upload = asyncio.create_task(store.write(at("f"), stalled()))
        await arrived.wait()
        upload.cancel()

        with pytest.raises(asyncio.CancelledError):
            await upload
        assert not await store.exists(at("f"))

    async def test_an_upload_that_is_cancelled_at_any_moment_is_whole_or_not_there(self, store: ArtifactStore) -> None:
        for turns in range(20):
            upload = asyncio.create_task(store.write(at(f"f{turns}"), bytes_in(*MUCH)))
            for _ in range(turns):
                await asyncio.sleep(0.001)
            upload.cancel()
            await asyncio.wait([upload])

            if await store.exists(at(f"f{turns}")):
                assert await read(store, f"f{turns}") == b"".join(MUCH)
            await store.delete(at(f"f{turns}"))

    async def test_concurrent_writers_of_one_path_leave_one_of_their_files(self, store: ArtifactStore) -> None:
        contents = [bytes([65 + index]) * (BLOCK_BYTES + index) for index in range(8)]

        await asyncio.gather(*(store.write(at("dir/f"), bytes_in(c[:1000], c[1000:])) for c in contents))

        assert await read(store, "dir/f") in contents
        assert await names(store, "dir") == ["dir/f"]

    async def test_a_directory_is_not_replaced_by_a_file(self, store: ArtifactStore) -> None:
        need(store, "folders")
        await store.write(at("dir/f"), bytes_in(b"x"))

        with pytest.raises(ArtifactIsDirectory):
            await store.write(at("dir"), bytes_in(b"y"))

        assert await read(store, "dir/f") == b"x"

    async def test_a_file_is_not_a_directory_to_write_into(self, store: ArtifactStore) -> None:
        need(store, "folders")
        await store.write(at("f"), bytes_in(b"x"))

        for path in ("f/below", "f/far/below"):
            with pytest.raises(InvalidPath):
                await store.write(at(path), bytes_in(b"y"))

        assert await read(store, "f") == b"x"

    @pytest.mark.parametrize("sent", [[b"x"], MUCH], ids=["little", "much"])
    async def test_bytes_with_another_digest_than_announced_are_not_stored(
        self, store: ArtifactStore, sent: list[bytes]
    ) -> None:
        right = hashlib.sha256(b"".join(sent)).hexdigest()
        await store.write(at("f"), bytes_in(b"old"))

        with pytest.raises(DigestMismatch) as refusal:
            await store.write(at("f"), bytes_in(*sent), sha256=hashlib.sha256(b"other").hexdigest())
        assert right in refusal.value.message
        assert await read(store, "f") == b"old"

        assert (await store.write(at("f"), bytes_in(*sent), sha256=right)).sha256 == right
        assert await read(store, "f") == b"".join(sent)

    @pytest.mark.parametrize("sent", [[b"x"], MUCH], ids=["little", "much"])
    async def test_the_digest_of_a_file_is_told_with_it(self, store: ArtifactStore, sent: list[bytes]) -> None:
        right = hashlib.sha256(b"".join(sent)).hexdigest()
        for announced in (None, right):
            await store.write(at("f"), bytes_in(*sent), sha256=announced)
            reader = await store.open(at("f"))
            await reader.close()
            # A bucket may want to be told before it gets a large file.
            assert reader.sha256 == right or (reader.sha256, announced, sent) == (None, None, MUCH)

        await store.write(at("f"), bytes_in(b"other"))
        reader = await store.open(at("f"))
        await reader.close()
        assert reader.sha256 == hashlib.sha256(b"other").hexdigest()

    # --- deleting --------------------------------------------------------------------------------------------

    async def test_a_deleted_file_is_gone_and_its_neighbours_are_not(self, store: ArtifactStore) -> None:
        for name in ("a", "ab", "b"):
            await store.write(at(f"dir/{name}"), bytes_in(b"x"))

        await store.delete(at("dir/a"))

        assert await names(store, "dir") == ["dir/ab", "dir/b"]

    async def test_a_deleted_directory_takes_its_tree_along(self, store: ArtifactStore) -> None:
        for name in ("a/b/c/d", "a/b/e", "a/f", "b", "ab"):
            await store.write(at(name), bytes_in(b"x"))

        await store.delete(at("a"))

        assert await names(store) == ["ab", "b"]
        assert not await store.exists(at("a"))

    async def test_deleting_what_is_not_there_succeeds(self, store: ArtifactStore) -> None:
        await store.write(at("f"), bytes_in(b"x"))

        for path in ("missing", "missing/x", "f/below"):
            await store.delete(at(path))

        assert await read(store, "f") == b"x"

    async def test_what_is_deleted_is_counted_and_so_is_what_would_be(self, store: ArtifactStore) -> None:
        for path in ("a/f", "a/b/g", "a/b/c/h", "ab/i"):
            await store.write(at(path), bytes_in(b"12345"))
        assert await store.usage(SafeRelPath.ROOT) == Usage(4, 20)
        assert await store.usage(at("a/b/g")) == Usage(1, 5)
        for measured in (store.usage, store.delete):
            assert await measured(at("a/b")) == Usage(2, 10)
        for measured in (store.usage, store.delete):
            assert await measured(at("a/b")) == Usage()
        assert await store.delete(at("a/f")) == Usage(1, 5)
        assert await store.usage(SafeRelPath.ROOT) == Usage(1, 5)

    async def test_the_root_is_never_deleted_and_never_a_file(self, store: ArtifactStore) -> None:
        await store.write(at("f"), bytes_in(b"x"))

        with pytest.raises(InvalidPath):
            await store.delete(SafeRelPath.ROOT)
        with pytest.raises(InvalidPath):
            await store.write(SafeRelPath.ROOT, bytes_in(b"x"))

        assert await read(store, "f") == b"x"

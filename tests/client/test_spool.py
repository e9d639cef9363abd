"""The spool: what is written, read, settled, recovered and refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genesis_flow.client.spool import ABOUT, REFUSED, Spool, SpoolFull, spools
from genesis_flow.journals.framing import Record
from genesis_flow.rules.locations import without_credentials

Left = Callable[[Spool], Spool]


def record(first: int, items: int = 1, size: int = 10) -> Record:
    return Record(first, items, bytes([first % 256]) * size)


@pytest.fixture
def opened() -> Iterator[list[Spool]]:
    """Spools that are closed when a test ends."""
    found: list[Spool] = []
    yield found
    for spool in found:
        spool.close()


@pytest.fixture
def spool(tmp_path: Path, opened: list[Spool]) -> Spool:
    made = Spool(tmp_path / "mine", "http://user:secret@host:1/path?token=secret", segment_bytes=1_000)
    opened.append(made)
    return made


@pytest.fixture
def left(opened: list[Spool]) -> Left:
    """Makes of a spool what another process finds after this one died."""

    def recovered(spool: Spool) -> Spool:
        spool.close()
        found = Spool.recover(spool.folder)
        assert found is not None
        opened.append(found)
        return found

    return recovered


def numbers(records: list[Record]) -> list[int]:
    return [record.first for record in records]


def test_nothing_is_on_disk_before_the_first_record(spool: Spool) -> None:
    spool.append([])
    assert spool.read(10) == []
    assert not spool.folder.exists()


def test_records_are_read_in_order_across_segments(spool: Spool) -> None:
    written = [record(3 * i, 3, 90) for i in range(50)]
    for one in written:
        spool.append([one])
    assert len(list(spool.folder.glob("*.spool"))) > 3
    read: list[Record] = []
    while more := spool.read(10):
        assert 10 <= sum(one.items for one in more) <= 12 or more[-1].end == 150
        read += more
    assert read == written


def test_what_is_appended_while_it_is_read_is_read(spool: Spool) -> None:
    for i in range(40):
        spool.append([record(i, size=100)])
        assert numbers(spool.read(10)) == [i]
        assert spool.read(10) == []


def test_segments_that_are_settled_are_removed(spool: Spool) -> None:
    for i in range(100):
        spool.append([record(i, size=100)])
    spool.read(100)
    begin_at = sorted(int(path.stem) for path in spool.folder.glob("*.spool"))
    spool.settle(60)
    left = sorted(int(path.stem) for path in spool.folder.glob("*.spool"))
    assert left == begin_at[begin_at.index(left[0]) :]
    assert 50 < left[0] <= 60
    spool.settle(100)
    assert len(list(spool.folder.glob("*.spool"))) == 1
    spool.remove()
    assert not spool.folder.exists()


def test_what_is_not_settled_is_read_after_a_crash(spool: Spool, left: Left) -> None:
    for i in range(30):
        spool.append([record(i, size=100)])
    spool.read(30)
    spool.settle(17)
    found = left(spool)
    assert (found.settled, found.end) == (17, 30)
    assert numbers(found.read(100)) == list(range(17, 30))


@pytest.mark.parametrize("cut", [1, 8, 9, 20, 100])
def test_a_record_that_was_being_written_is_cut_off(spool: Spool, left: Left, cut: int) -> None:
    spool.append([record(0, size=100), record(1, size=100)])
    spool.close()
    (path,) = spool.folder.glob("*.spool")
    path.write_bytes(path.read_bytes()[:-cut])
    found = left(spool)
    assert found.end == 1
    assert numbers(found.read(10)) == [0]
    assert not found.damaged


def test_zeros_that_a_power_failure_left_at_the_end_are_no_records(spool: Spool, left: Left) -> None:
    spool.append([record(0)])
    spool.close()
    (path,) = spool.folder.glob("*.spool")
    path.write_bytes(path.read_bytes() + bytes(4_096))
    found = left(spool)
    assert numbers(found.read(10)) == [0]


def test_a_damaged_segment_loses_only_itself_and_is_kept(spool: Spool, left: Left) -> None:
    for i in range(30):
        spool.append([record(i, size=200)])
    spool.close()
    first, second, *_ = sorted(spool.folder.glob("*.spool"))
    content = bytearray(first.read_bytes())
    content[300] ^= 1
    first.write_bytes(content)
    found = left(spool)
    assert numbers(found.read(100)) == [0, *range(int(second.stem), 30)]
    assert found.damaged == [first.with_suffix(".damaged")]
    assert bytes(content).endswith(found.damaged[0].read_bytes())
    found.settle(30)
    found.remove()
    assert found.damaged[0].exists()


def test_a_damaged_note_of_what_is_settled_repeats_rather_than_loses(spool: Spool, left: Left) -> None:
    spool.append([record(0), record(1)])
    spool.read(2)
    spool.settle(1)
    (spool.folder / "settled").write_bytes(b"x" * 12)
    assert numbers(left(spool).read(10)) == [0, 1]


def test_a_spool_belongs_to_one_process_at_a_time(spool: Spool, left: Left) -> None:
    spool.append([record(0)])
    assert Spool.recover(spool.folder) is None
    found = left(spool)
    assert found.folder == spool.folder
    assert Spool.recover(spool.folder) is None


def test_a_full_spool_keeps_what_it_cannot_write_in_memory_and_in_order(tmp_path: Path, opened: list[Spool]) -> None:
    spool = Spool(tmp_path / "small", most_bytes=8_000)
    opened.append(spool)
    sent = 0
    while True:
        try:
            spool.append([record(sent, size=100)])
        except SpoolFull:
            break
        sent += 1
    assert spool.size_bytes <= 8_000
    with pytest.raises(SpoolFull):
        spool.append([record(sent + 1, size=100)])
    assert spool.held_bytes == 200
    found = numbers(spool.read(sent + 1))
    assert found == list(range(sent + 1))
    spool.settle(sent)
    assert spool.size_bytes < 1_000  # which makes room for the one that is left
    spool.append([])
    assert spool.held_bytes == 0
    assert numbers(spool.read(10)) == [sent + 1]


def test_no_credentials_are_on_disk(spool: Spool) -> None:
    spool.append([record(0)])
    assert json.loads((spool.folder / ABOUT).read_bytes())["tracking_uri"] == "http://host:1/path"
    assert not any(b"secret" in path.read_bytes() for path in spool.folder.iterdir())
    assert spool.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("sqlite:///a/b.db", "sqlite:///a/b.db"),
        ("sqlite:////a/b.db?key=secret", "sqlite:////a/b.db"),
        ("postgresql://me:secret@host/db?password=secret", "postgresql://host/db"),
        ("mongodb://u:se@cret@a,b/db", "mongodb://a,b/db"),
        ("./mlruns", "./mlruns"),
        ("https://token@host", "https://host"),
    ],
)
def test_credentials_are_no_part_of_an_address(uri: str, kept: str) -> None:
    assert without_credentials(uri) == kept


def test_what_was_refused_outlives_the_spool(spool: Spool) -> None:
    spool.append([record(0)])
    spool.read(1)
    spool.refuse(b'{"why": "because"}')
    spool.settle(1)
    spool.remove()
    assert (spool.folder / REFUSED).read_bytes() == b'{"why": "because"}\n'
    assert spools(spool.folder.parent) == [spool.folder]
    assert Spool.recover(spool.folder) is None


def test_a_folder_without_spools_has_none(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert spools(tmp_path) == []
    assert spools(tmp_path / "missing") == []
    assert Spool.recover(tmp_path / "other") is None
